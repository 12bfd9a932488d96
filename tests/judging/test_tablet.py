"""A judge's tablet: what it sends, what it is answered, and the plain pages it can do without its app."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.judging.controllers import judge as judge_pages
from app.judging.queries.ballots import tasks_of_judge
from app.judging.services.contests import open_round
from app.judging.services.panels import assign_judges, make_judge_cards
from app.judging.tables import Contest, Round
from tests.conftest import NOW
from tests.judging.scene import IDEA, browser_of, person, scene
from tests.support.client import Browser, new_browser

pytestmark = pytest.mark.usefixtures("frozen_now")


async def test_the_tablet_sends_its_queue_and_gets_an_answer_for_each(client: Browser, frozen_now: datetime) -> None:
    found = await scene(NOW, entries=2, judges=1, per_entry=1)
    judge = found.judges[0]
    assert judge.person_id is not None
    tablet = await browser_of(judge)
    bundle = (await tablet.get("/api/v1/judge/bundle")).json()
    assert len(bundle["tasks"]) == 2
    assert [one["open"] for one in bundle["rounds"]] == [True]
    assert bundle["rounds"][0]["criteria"][0]["anchors"]["5"]
    one, two = (task["assignment_id"] for task in bundle["tasks"])
    scores = {str(criterion["id"]): 3 for criterion in bundle["rounds"][0]["criteria"]}
    whole = {"base_hash": "", "scores": scores, "scored_at": "2026-10-16T01:00:00Z"}
    batch = [
        {"client_id": "aaaaaaaa", "assignment_id": one, **whole},
        {"client_id": "bbbbbbbb", "assignment_id": one, **whole},
        {"client_id": "cccccccc", "assignment_id": two, **whole, "scores": {}},
        {"client_id": "dddddddd", "assignment_id": 999999, **whole},
        {"client_id": "eeeeeeee"},
        {"client_id": "ffffffff", "assignment_id": two, **whole, "scored_at": "2026-10-16T01:00:00"},
    ]
    plain = {"x-csrftoken": "", "accept": "application/json"}
    for _turn in range(2):
        answer = await tablet.post("/api/v1/judge/ballots", json={"ballots": batch}, headers=plain)
        assert answer.status_code == 200
        told = [
            (item["client_id"], item["status"], item["reason"] or item["code"]) for item in answer.json()["answers"]
        ]
        assert told == [
            ("aaaaaaaa", "saved", None),
            ("bbbbbbbb", "set_aside", "conflict"),
            ("cccccccc", "refused", "ballot_invalid"),
            ("dddddddd", "refused", "not_found"),
            ("eeeeeeee", "refused", "invalid"),
            ("ffffffff", "refused", "invalid"),
        ]
    again = (await tablet.get("/api/v1/judge/bundle")).json()
    assert [task["head"] is not None for task in again["tasks"]] == [True, False]
    assert (await client.get("/api/v1/judge/bundle")).status_code == 401
    assert (await client.post("/api/v1/judge/ballots", json={"ballots": []})).status_code == 401


async def test_what_is_posted_after_the_end_is_kept_and_told(client: Browser, frozen_now: datetime) -> None:
    found = await scene(NOW, entries=1, judges=1, opened=False)
    leader = await person("Lò Thị Hiên", 77, NOW)
    team = await browser_of(leader)
    begun = await team.post(f"/team/{found.edition_id}/new", data={"title": "Khung cửi", "team_name": "Thoi Đưa"})
    idea = begun.headers["location"].removesuffix("/edit/2")
    sent_in = await browser_of(found.leaders[0])
    await Contest.update({Contest.entries_close_at: NOW}).where(Contest.id == found.contest_id)
    new = await team.post(f"/team/{found.edition_id}/new", data={"title": "Ví lụa", "team_name": "Thoi Đưa"})
    assert new.status_code == 409
    assert "Ví lụa" in new.text
    story = {key: IDEA[key] for key in ("summary", "problem", "solution")}
    assert (await team.post(f"{idea}/edit/2", data=story)).status_code == 303
    refused = await team.post(f"{idea}/submit")
    assert refused.status_code == 409
    assert "The call ended on" in refused.text
    assert "08:30" in refused.text
    assert IDEA["summary"] in (await team.get(f"{idea}/edit/4")).text
    own = f"/team/ideas/{found.entry_ids[0]}"
    told = await sent_in.get(f"{own}/edit/2", headers={"accept": "application/json"})
    assert (told.status_code, told.json()["code"]) == (409, "call_ended")
    assert (await sent_in.post(f"{own}/edit/2", data={**story, "summary": "Viết lại"})).status_code == 409

    await open_round(round_id=found.round_ids[0], actor=found.chair, now=NOW)
    await assign_judges(round_id=found.round_ids[0], actor=found.chair, now=NOW)
    (task,) = await tasks_of_judge(found.judges[0].person_id or 0)
    tablet = await browser_of(found.judges[0])
    path = f"/judge/entries/{task.assignment_id}"
    await Round.update({Round.closes_at: NOW + timedelta(hours=1)}).where(Round.id == found.round_ids[0])
    assert "Scores count until" in (await tablet.get(path)).text
    assert [one["open"] for one in (await tablet.get("/api/v1/judge/bundle")).json()["rounds"]] == [True]
    await Round.update({Round.closes_at: NOW}).where(Round.id == found.round_ids[0])
    assert "This round closed on" in (await tablet.get(path)).text
    (closed,) = (await tablet.get("/api/v1/judge/bundle")).json()["rounds"]
    assert (closed["open"], "08:30" in closed["closes"]) == (False, True)


async def test_a_judge_steps_back_on_the_plain_page(client: Browser, frozen_now: datetime) -> None:
    found = await scene(NOW, entries=1, judges=2, per_entry=1)
    given = {one.person_id: await tasks_of_judge(one.person_id or 0) for one in found.judges}
    judge = next(one for one in found.judges if given[one.person_id])
    assert judge.person_id is not None
    (task,) = await tasks_of_judge(judge.person_id)
    tablet = await browser_of(judge)
    path = f"/judge/entries/{task.assignment_id}"
    fold = '<details id="step-back"'
    assert f"{fold}>" in (await tablet.get(path)).text
    assert f"{fold} open>" in (await tablet.get(f"{path}?away=1")).text
    from_here = {"referer": f"{tablet.base_url}{path}?away=1"}
    empty = await tablet.post(f"{path}/recuse", data={"reason": ""}, headers=from_here)
    assert f'href="{path}?away=1&amp;lang=vi"' in empty.text  # /recuse itself cannot be asked for
    astray = {"referer": f"https://elsewhere.example{path}"}
    other = await tablet.post(f"{path}/recuse", data={"reason": ""}, headers=astray)
    assert 'href="?lang=vi"' in other.text
    assert (empty.status_code, f"{fold} open>" in empty.text) == (422, True)
    assert "/recuse#step-back" in empty.text  # the browser comes back to the fold
    assert (await tablet.post(f"{path}/recuse", data={"reason": "Chị em họ"})).headers["location"] == "/judge/"
    assert (await tablet.get(path)).status_code == 200
    assert (await tablet.get("/api/v1/judge/bundle")).json()["tasks"] == []
    other = next(one for one in found.judges if one is not judge)
    assert (await (await browser_of(other)).get(path)).status_code == 404
    assert (await client.get("/judge/manifest.webmanifest")).json()["scope"] == "/judge/"


@pytest.mark.parametrize("path", ["/judge", "/judge/"])
async def test_a_tablet_that_no_card_has_bound_is_told_of_the_card(client: Browser, path: str) -> None:
    sent_on = await client.get(path, headers={"accept": "text/html"})
    told = (await client.get(sent_on.headers["location"])).text
    assert "Scan the QR code of your card" in told
    assert "sign in with a password" not in told
    # What does not fit brings her back to the same page, and the code to her ideas.
    refused = (await client.post("/sign-in", data={"contact": "12", "next": path})).text
    assert "Scan the QR code of your card" in refused
    other = (await client.get("/sign-in?next=/judgement/")).text
    assert ("Scan the QR code" in other, "sign in with a password" in other) == (False, True)


async def test_a_bound_tablet_that_scans_its_used_card_is_led_on(client: Browser) -> None:
    found = await scene(NOW, entries=0, judges=1, opened=False)
    judge = found.judges[0]
    assert judge.person_id is not None
    (card,) = await make_judge_cards(
        contest_id=found.contest_id, person_ids=[judge.person_id], actor=found.chair, now=NOW
    )
    path = card.url.partition("testserver.local")[2]
    assert (await client.post(path)).headers["location"] == "/judge/"
    again = await client.get(path)
    assert (again.status_code, 'href="/judge/"' in again.text) == (410, True)
    assert (await client.post(path)).status_code == 410  # it binds nothing a second time
    async with new_browser() as stranger:
        refused = await stranger.get(path)
        assert (refused.status_code, 'href="/judge/"' in refused.text) == (410, False)


async def test_the_service_worker_is_there_when_the_front_end_is_built(
    client: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge_pages, "WORKER_FILE", tmp_path / "sw.js")
    assert (await client.get("/judge/sw.js")).status_code == 404
    (tmp_path / "sw.js").write_text("self.skipWaiting();")
    worker = await client.get("/judge/sw.js")
    assert (worker.status_code, worker.text) == (200, "self.skipWaiting();")
    assert worker.headers["cache-control"] == "no-cache"
