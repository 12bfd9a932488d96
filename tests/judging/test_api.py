"""The JSON API of the contest: what everybody reads, what a team does with its idea, what the chair does."""

from typing import Any

import pytest

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.services.people import grant_role
from app.events.tables import Edition
from app.judging.enums import ContestState
from app.judging.queries.ballots import tasks_of_judge
from app.judging.services.ballots import submit_ballot
from app.judging.services.contests import set_contest_state
from app.judging.services.entries import enter_idea, withdraw_idea
from tests.conftest import NOW
from tests.judging.scene import IDEA, Scene, ballot, browser_of, person, scene
from tests.support.client import CSRF_HEADER, Browser

pytestmark = [pytest.mark.usefixtures("frozen_now"), pytest.mark.engines]
PUBLIC = "/api/v1/editions/sang-tao/contest"
OWN = "/api/v1/entries"


async def chair_of(found: Scene, role: Role = Role.JURY_CHAIR) -> tuple[Browser, str]:
    """The chair's browser, or that of somebody else of the organiser's, and where the jury room is."""
    actor = found.chair if role == Role.JURY_CHAIR else await person("Quản Lý", 55, NOW)
    assert actor.person_id is not None
    await grant_role(person_id=actor.person_id, role=role, edition_id=found.edition_id, actor=found.chair, now=NOW)
    return await browser_of(actor), f"/api/v1/manage/{found.edition_id}/contest"


async def score_everything(judges: list[Actor], marks: dict[int, int]) -> None:
    """Let every judge give each of her ideas its mark, 3 unless told."""
    for judge in judges:
        for task in await tasks_of_judge(judge.person_id or 0):
            given = await ballot(
                task, NOW, client_id=f"{judge.person_id}-{task.entry['id']}", score=marks.get(task.entry["id"], 3)
            )
            await submit_ballot(assignment_id=task.assignment_id, ballot=given, actor=judge, now=NOW)


async def test_everybody_reads_ideas_that_were_sent_in(client: Browser) -> None:
    found = await scene(NOW, entries=3, judges=0, opened=False)
    paper, dress, tea = found.entry_ids
    draft = await enter_idea(
        edition_id=found.edition_id, values={**IDEA, "title": "Nháp"}, actor=found.leaders[0], now=NOW
    )
    await withdraw_idea(entry_id=tea, actor=found.leaders[2], now=NOW)
    ideas = (await client.get(f"{PUBLIC}/entries")).json()
    assert (ideas["total"], ideas["page"], [item["id"] for item in ideas["items"]]) == (2, 1, [dress, paper])
    assert ideas["items"][1] == {
        "id": paper,
        "title": "Giấy sắn",
        "team": "Nhóm 0",
        "summary": IDEA["summary"],
        "category": "Môi trường",
        "award": None,
    }
    for query, total in (("q=giay", 1), ("q=xyz", 0), ("category=Lụa", 0), ("category=Môi trường", 2), ("page=9", 2)):
        assert (await client.get(f"{PUBLIC}/entries?{query}")).json()["total"] == total, query
    one = (await client.get(f"{PUBLIC}/entries/{paper}")).json()
    assert (one["title"], one["ward"], one["awards"]) == ("Giấy sắn", IDEA["ward"], [])
    assert one.keys().isdisjoint({"problem", "solution", "progress"})
    for missing in (draft, tea, 999):
        answer = await client.get(f"{PUBLIC}/entries/{missing}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    await Edition.update({Edition.parts: '["fair"]'}).where(Edition.id == found.edition_id)
    assert (await client.get(f"{PUBLIC}/entries")).status_code == 404


async def test_a_team_begins_changes_sends_in_and_takes_back(client: Browser) -> None:
    found = await scene(NOW, entries=1, judges=0, opened=False)
    team = await browser_of(await person("Lò Thị Hiên", 77, NOW))
    assert (await client.post(f"{PUBLIC}/entries", json={"title": "a", "team_name": "b"})).status_code == 401
    begun = await team.post(f"{PUBLIC}/entries", json={"title": " Khung\x00 cửi\nmượn ", "team_name": "Thoi Đưa"})
    assert begun.status_code == 201
    idea = begun.json()
    assert (idea["title"], idea["state"], idea["edition_id"]) == ("Khung cửi mượn", "draft", found.edition_id)
    at = f"{OWN}/{idea['id']}"
    refused = await team.post(f"{at}/submit")
    assert (refused.status_code, refused.json()["code"], sorted(refused.json()["fields"])) == (
        422,
        "entry_incomplete",
        ["problem", "solution", "summary"],
    )
    texts = {name: IDEA[name] for name in ("summary", "problem", "solution")}
    changed = (await team.patch(at, json={**texts, "progress": "Một.\r\nHai."})).json()
    assert (changed["title"], changed["summary"], changed["progress"]) == (
        "Khung cửi mượn",
        IDEA["summary"],
        "Một.\nHai.",
    )
    sent = (await team.post(f"{at}/submit")).json()
    assert (sent["state"], sent["submitted_at"], bool(sent["short_code"])) == (
        "submitted",
        "2026-10-16T01:30:00Z",
        True,
    )
    assert (await team.post(f"{at}/submit")).json() == sent
    assert (await team.get(at)).json() == sent
    assert [one["id"] for one in (await team.get(OWN)).json()] == [idea["id"]]
    assert (await client.get(f"{PUBLIC}/entries/{idea['id']}")).json()["title"] == "Khung cửi mượn"
    assert (await team.post(f"{at}/withdraw")).json()["state"] == "withdrawn"
    late = await team.patch(at, json={"title": "Khác"})
    assert (late.status_code, late.json()["code"]) == (409, "entry_not_editable")


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({"title": "Khung cửi"}, 400, "team_name"),
    ({"title": "", "team_name": "b"}, 400, "title"),
    ({"title": " \u200b", "team_name": "b"}, 422, "title"),
    ({"title": "x" * 161, "team_name": "b"}, 400, "title"),
    ({"title": "a", "team_name": "b", "summary": "x" * 1201}, 400, "summary"),
    ({"title": "a", "team_name": "b", "state": "submitted"}, 400, ""),
]


@pytest.mark.parametrize(("sent", "status", "field"), WRONG)
async def test_an_idea_that_does_not_fit_is_refused(
    client: Browser, sent: dict[str, Any], status: int, field: str
) -> None:
    await scene(NOW, entries=0, judges=0, opened=False)
    team = await browser_of(await person("Lò Thị Hiên", 77, NOW))
    answer = await team.post(f"{PUBLIC}/entries", json=sent)
    assert answer.status_code == status
    if field:
        assert list(answer.json()["fields"]) == [field]
    assert (await team.get(OWN)).json() == []


async def test_another_teams_idea_and_a_closed_call_are_out_of_reach(client: Browser) -> None:
    found = await scene(NOW, entries=1, judges=0, opened=False)
    stranger = await browser_of(await person("Lò Thị Hiên", 77, NOW))
    at = f"{OWN}/{found.entry_ids[0]}"
    for answer in (
        await stranger.get(at),
        await stranger.patch(at, json={"title": "Của tôi"}),
        await stranger.post(f"{at}/submit"),
        await stranger.post(f"{at}/withdraw"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    forged = await stranger.post(f"{PUBLIC}/entries", json={"title": "a", "team_name": "b"}, headers={CSRF_HEADER: "x"})
    assert (forged.status_code, forged.json()["code"]) == (403, "form_expired")
    await set_contest_state(contest_id=found.contest_id, state=ContestState.CLOSED, actor=found.chair, now=NOW)
    closed = await stranger.post(f"{PUBLIC}/entries", json={"title": "a", "team_name": "b"})
    assert (closed.status_code, closed.json()["code"]) == (409, "contest_not_open")


async def test_the_chair_leads_a_round_from_the_call_to_the_awards(client: Browser) -> None:
    found = await scene(NOW, entries=3, judges=3, opened=False)
    paper, dress, tea = found.entry_ids
    chair, base = await chair_of(found)
    assert (await chair.post(f"{base}/call", json={"open": False})).json() == {
        "state": "closed",
        "entries_close_at": None,
    }
    again = await chair.post(f"{base}/call", json={"open": True, "entries_close_at": "2026-10-20T17:00:00+07:00"})
    assert again.json() == {"state": "open", "entries_close_at": "2026-10-20T10:00:00Z"}
    rounds = (await chair.get(f"{base}/rounds")).json()
    assert [(one["number"], one["state"]) for one in rounds] == [(1, "draft"), (2, "draft"), (3, "draft")]
    at = f"{base}/rounds/{rounds[0]['id']}"
    opened = (await chair.post(f"{at}/open", json={"closes_at": "2026-10-18T00:00:00Z"})).json()
    assert (opened["state"], opened["closes_at"]) == ("open", "2026-10-18T00:00:00Z")
    assert (await chair.post(f"{at}/assignments")).json() == {"added": 9}
    assert (await chair.post(f"{at}/assignments")).json() == {"added": 0}
    await score_everything(found.judges, {dress: 5, tea: 4})
    ranked = (await chair.get(f"{at}/ranking")).json()
    assert [(one["rank"], one["id"], one["ballots"]) for one in ranked] == [(1, dress, 3), (2, tea, 3), (3, paper, 3)]
    assert (ranked[0]["mean"], ranked[0]["lowest"], ranked[0]["team"]) == (100.0, 100.0, "Nhóm 1")
    early = await chair.post(f"{at}/awards", json={"entry_id": dress, "rank": 1})
    assert (early.status_code, early.json()["code"]) == (409, "round_state_wrong")
    sealed = (await chair.post(f"{at}/seal")).json()
    assert (sealed["state"], len(sealed["anchor"])) == ("locked", 64)
    gold = {"vi": "Giải Vàng", "en": "Gold"}
    called = {"id": "Juara I", **gold}
    award = await chair.post(f"{at}/awards", json={"entry_id": dress, "rank": 1, "title": gold})
    assert award.status_code == 201
    assert award.json() == {
        "id": award.json()["id"],
        "entry_id": dress,
        "rank": 1,
        "title": called,
        "published_at": None,
    }
    usual = (await chair.post(f"{at}/awards", json={"entry_id": tea, "rank": 2})).json()
    assert usual["title"]["en"] == "Second prize"
    assert [one["entry_id"] for one in (await chair.get(f"{at}/awards")).json()] == [dress, tea]
    assert (await client.get(f"{PUBLIC}/results")).json() == []
    doubtful = await chair.post(f"{at}/publish", json={})
    assert (doubtful.status_code, doubtful.json()["code"]) == (409, "publish_unconfirmed")
    assert (await chair.post(f"{at}/publish", json={"confirmed": True})).json() == {"awards": 2}
    assert [one["title"] for one in (await client.get(f"{PUBLIC}/results")).json()] == [
        "Áo dài cho bà",
        "Trà sen ướp lạnh",
    ]
    assert (await client.get(f"{PUBLIC}/entries")).json()["items"][0]["award"] == called
    leader = await browser_of(found.leaders[1])
    feedback = (await leader.get(f"{OWN}/{dress}")).json()["feedback"]
    assert [one["comment"] for one in feedback] == ["Rõ ràng."] * 3


async def test_a_round_without_awards_tells_only_its_teams(client: Browser) -> None:
    found = await scene(NOW, entries=2, judges=2, per_entry=2)
    await score_everything(found.judges, {})
    chair, base = await chair_of(found)
    at = f"{base}/rounds/{found.round_ids[0]}"
    await chair.post(f"{at}/seal")
    assert (await chair.post(f"{at}/publish", json={"confirmed": True})).json() == {"awards": 0}
    leader = await browser_of(found.leaders[0])
    assert len((await leader.get(f"{OWN}/{found.entry_ids[0]}")).json()["feedback"]) == 2


REFUSED: list[tuple[str, dict[str, Any], int, str]] = [
    ("/call", {"open": True, "entries_close_at": "2026-10-01T00:00:00Z"}, 422, "end_passed"),
    ("/call", {"open": True, "entries_close_at": "2026-11-01T00:00:00"}, 400, "bad_request"),
    ("/call", {"open": True, "entries_close_at": "0001-01-01T00:00:00+14:00"}, 422, "invalid"),
    ("/call", {"open": True, "entries_close_at": "9999-12-31T23:59:59-14:00"}, 422, "invalid"),
    ("/rounds/{first}/open", {"closes_at": "2026-10-01T00:00:00Z"}, 422, "end_passed"),
    ("/rounds/{first}/open", {"closes_at": "0001-01-01T00:00:00+14:00"}, 422, "invalid"),
    ("/rounds/{second}/open", {}, 409, "round_state_wrong"),
    ("/rounds/{first}/seal", {}, 409, "round_state_wrong"),
    ("/rounds/{first}/publish", {}, 409, "round_state_wrong"),
    ("/rounds/{first}/publish", {"sure": True}, 400, "bad_request"),
    ("/rounds/{first}/awards", {"entry_id": 2**40, "rank": 1}, 400, "bad_request"),
    ("/rounds/{first}/awards", {"entry_id": 1, "rank": 0}, 400, "bad_request"),
    ("/rounds/999/assignments", {}, 404, "not_found"),
]


@pytest.mark.parametrize(("path", "sent", "status", "code"), REFUSED)
async def test_refusals_are_named(client: Browser, path: str, sent: dict[str, Any], status: int, code: str) -> None:
    found = await scene(NOW, entries=1, judges=1, opened=False)
    chair, base = await chair_of(found)
    first, second, _third = found.round_ids
    answer = await chair.post(base + path.format(first=first, second=second), json=sent)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_manager_opens_the_round_and_sees_no_ranking(client: Browser) -> None:
    found = await scene(NOW, entries=1, judges=1, opened=False)
    manager, base = await chair_of(found, Role.MANAGER)
    at = f"{base}/rounds/{found.round_ids[0]}"
    assert (await manager.post(f"{at}/open", json={})).json()["state"] == "open"
    for path in ("ranking", "awards"):
        assert (await manager.get(f"{at}/{path}")).status_code == 403
    for path in ("assignments", "seal", "awards", "publish"):
        assert (await manager.post(f"{at}/{path}", json={})).status_code == 403
    assert (await client.get(f"{base}/rounds")).status_code == 401


async def test_a_chair_with_a_stake_sees_nothing_of_it(client: Browser) -> None:
    found = await scene(NOW, entries=1, judges=1, opened=False)
    found.chair = found.leaders[0]
    chair, base = await chair_of(found)
    at = f"{base}/rounds/{found.round_ids[0]}"
    for answer in (
        await chair.get(f"{base}/rounds"),
        await chair.get(f"{at}/ranking"),
        await chair.get(f"{at}/awards"),
        await chair.post(f"{base}/call", json={"open": False}),
        await chair.post(f"{at}/open", json={}),
        await chair.post(f"{at}/assignments"),
        await chair.post(f"{at}/publish", json={}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "chair_in_conflict")
