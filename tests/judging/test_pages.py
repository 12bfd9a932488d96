"""The walk: a team enters an idea, the chair assigns, a judge scores, the award is public. And who sees what."""

import re
from datetime import datetime

import pytest

from app.accounts.enums import Role
from app.accounts.services.people import grant_role
from app.judging.enums import ContestState
from app.judging.queries.ballots import tasks_of_judge
from app.judging.queries.contests import criteria_of
from app.judging.services.contests import lock_round, open_round, set_contest_state
from app.judging.services.entries import enter_idea
from app.judging.services.panels import assign_judges, make_judge_cards
from tests.conftest import NOW
from tests.judging.scene import IDEA, ballot, browser_of, person, scene
from tests.support.client import Browser, new_browser

pytestmark = pytest.mark.usefixtures("frozen_now")


async def test_the_walk_from_idea_to_public_award(client: Browser, frozen_now: datetime) -> None:
    found = await scene(NOW, entries=0, judges=0, opened=False)
    base = f"/manage/{found.edition_id}/contest"
    assert found.chair.person_id is not None
    await grant_role(
        person_id=found.chair.person_id,
        role=Role.JURY_CHAIR,
        edition_id=found.edition_id,
        actor=found.chair,
        now=NOW,
    )
    chair = await browser_of(found.chair)
    leader = await person("Lò Thị Hiên", 77, NOW)
    team = await browser_of(leader)

    # The team writes its idea in four steps.
    public = await client.get("/e/sang-tao/contest")
    assert (public.status_code, '/contest" aria-current="page"' in public.text) == (200, True)
    assert (await team.get("/team/")).status_code == 200
    assert (await team.get(f"/team/{found.edition_id}/new")).status_code == 200
    empty = await team.post(f"/team/{found.edition_id}/new", data={"title": ""})
    assert empty.status_code == 422
    assert "Please fill this in." in empty.text or "field-error" in empty.text
    begun = await team.post(f"/team/{found.edition_id}/new", data={"title": "Khung cửi mượn", "team_name": "Thoi Đưa"})
    assert begun.status_code == 303
    idea = begun.headers["location"].removesuffix("/edit/2")
    entry_id = int(idea.rpartition("/")[2])
    for part in (1, 2, 3, 4):
        assert (await team.get(f"{idea}/edit/{part}")).status_code == 200
    early = await team.post(f"{idea}/submit")
    assert early.status_code == 422
    assert re.findall(r'href="[^"]+/edit/(\d#field-\w+)"', early.text) == [
        "2#field-summary",
        "2#field-problem",
        "2#field-solution",
    ]
    wrong = await team.post(f"{idea}/members", data={"full_name": "Vàng Thị Mai", "phone": "12"})
    assert wrong.status_code == 422
    nobody = await team.post(f"{idea}/members", data={"full_name": "Vàng Thị Mai"})
    assert nobody.status_code == 422
    assert "one of the two is needed" in nobody.text
    assert "(optional)" not in nobody.text
    added = await team.post(f"{idea}/members", data={"full_name": "Vàng Thị Mai", "phone": "0912345678"})
    assert added.status_code == 303
    story = {key: IDEA[key] for key in ("summary", "problem", "solution")}
    long = await team.post(f"{idea}/edit/2?lang=en", data={**story, "summary": "Lụa " * 400})
    assert (long.status_code, "Please write at most 1200 characters." in long.text) == (422, True)
    assert [long.text.count(part) for part in ("At most 1,200 ", 'maxlength="', "Lụa " * 399)] == [1, 0, 1]
    assert (await team.post(f"{idea}/edit/2", data=story)).headers["location"] == f"{idea}/edit/3"
    assert (await client.get(f"/e/sang-tao/contest/{entry_id}")).status_code == 404
    assert (await team.post(f"{idea}/submit")).headers["location"] == idea
    assert "Khung cửi mượn" in (await team.get(idea)).text
    shown = (await client.get(f"/e/sang-tao/contest/{entry_id}")).text
    assert IDEA["summary"] in shown
    assert IDEA["problem"] not in shown
    code = re.search(r'class="qr-code">([\w-]+)<', shown)
    assert code is not None
    assert (await client.get(f"/s/{code[1]}")).headers["location"] == f"/e/sang-tao/contest/{entry_id}"

    # The chair names a judge, opens the round and gives her the idea.
    listed = await chair.post(f"{base}/judges/add", data={"full_name": "Lê Văn K", "phone": "x", "role": "judge"})
    assert listed.status_code == 422
    assert (await chair.post(f"{base}/judges/add", data={"full_name": "Lê Văn K", "role": "judge"})).status_code == 422
    judge_form = {"full_name": "Lê Văn K", "phone": "0921111111", "role": "judge"}
    assert (await chair.post(f"{base}/judges/add", data=judge_form)).status_code == 303
    overview = await chair.get(base)
    assert overview.status_code == 200
    round_id = found.round_ids[0]
    opened = await chair.post(f"{base}/{round_id}/open")
    assert opened.headers["location"] == f"{base}/{round_id}/assign"
    assert (await chair.get(opened.headers["location"])).status_code == 200
    assert (await chair.post(f"{base}/{round_id}/assign/propose")).status_code == 303
    matrix = (await chair.get(f"{base}/{round_id}/assign?q=khung")).text
    cell = re.search(r'name="cell" value="(\d+:\d+:0)"', matrix)
    assert cell is not None
    assert (
        await chair.post(f"{base}/{round_id}/assign", data={"cell": cell[1], "back": "page=1&q="})
    ).status_code == 303
    given = cell[1][:-1] + "1"
    assert (await chair.post(f"{base}/{round_id}/assign", data={"cell": given})).status_code == 303

    # The judge binds her tablet by the printed card and scores.
    judge_id = int(cell[1].split(":")[1])
    (card,) = await make_judge_cards(contest_id=found.contest_id, person_ids=[judge_id], actor=found.chair, now=NOW)
    tablet = new_browser()
    paired = await tablet.post(card.url.partition("testserver.local")[2])
    assert paired.headers["location"] == "/judge/"
    home = await tablet.get("/judge/")
    assert "Khung cửi mượn" in home.text
    (task,) = await tasks_of_judge(judge_id)
    page = await tablet.get(f"/judge/entries/{task.assignment_id}")
    assert IDEA["problem"] in page.text
    criteria = await criteria_of(round_id)
    scores = {f"score_{criterion.id}": "4" for criterion in criteria}
    incomplete = dict(list(scores.items())[1:])
    assert (await tablet.post(f"/judge/entries/{task.assignment_id}", data=incomplete)).status_code == 422
    sent = {**scores, "client_id": "form-1", "base_hash": "", "comment_to_team": "Hãy thử ở hai xã."}
    for _turn in range(2):
        answer = await tablet.post(f"/judge/entries/{task.assignment_id}", data=sent)
        assert answer.headers["location"] == "/judge/"
    assert (await tablet.get(f"/judge/entries/{task.assignment_id}")).text.count(" checked") == len(criteria)

    # The chair sees the ranking, seals, awards and publishes.
    provisional = (await chair.get(f"{base}/{round_id}/ranking")).text
    assert "Provisional." in provisional
    assert "1 of 1 ballot is in." in provisional
    for room in ("progress", "ranking", "assign"):
        assert (await chair.get(f"{base}/{round_id}/{room}")).status_code == 200
    assert "Hãy thử ở hai xã." not in (await team.get(idea)).text
    assert (await chair.post(f"{base}/{round_id}/lock")).status_code == 303
    late = await tablet.post(f"/judge/entries/{task.assignment_id}", data={**sent, "client_id": "form-2"})
    assert late.status_code == 303
    wall = (await chair.get(f"{base}/{round_id}/progress")).text
    aside = re.search(r"/asides/(\d+)", wall)
    assert aside is not None
    settled = await chair.post(f"{base}/{round_id}/asides/{aside[1]}", data={"answer": "refuse"})
    assert settled.status_code == 303
    assert (await chair.post(f"{base}/{round_id}/asides/{aside[1]}", data={"answer": "accept"})).status_code == 404
    sealed = (await chair.get(f"{base}/{round_id}/ranking")).text
    order = [sealed.index(part) for part in (f'action="{base}/{round_id}/advance"', 'id="awards"', 'class="bands"')]
    assert order == sorted(order)
    # Twenty were planned for; as many as have a place are said to go on.
    assert "Only 1 idea has a place, so it alone goes on; there was room for 20." in sealed
    assert "The first 20" not in sealed
    assert (await chair.post(f"{base}/{round_id}/advance")).status_code == 303
    gone_on = (await chair.get(f"{base}/{round_id}/ranking")).text
    assert (gone_on.count("/advance"), gone_on.count("1 idea was sent on.")) == (0, 1)
    awarded = await chair.post(f"{base}/{round_id}/awards", data={"entry_id": str(entry_id), "rank": "1"})
    assert awarded.status_code == 303
    ranking = await chair.get(f"{base}/{round_id}/ranking")
    assert "75.0" in ranking.text or "75,0" in ranking.text
    assert "Giải Nhất" not in (await client.get("/e/sang-tao/contest?lang=vi")).text
    warned = await chair.post(f"{base}/{round_id}/publish")
    assert (warned.status_code, "This is not the last round" in warned.text) == (409, True)
    assert "Giải Nhất" not in (await client.get("/e/sang-tao/contest?lang=vi")).text
    assert (await chair.post(f"{base}/{round_id}/publish", data={"confirmed": "on"})).status_code == 303
    for address in ("/e/sang-tao", "/e/sang-tao/contest", f"/e/sang-tao/contest/{entry_id}"):
        assert "Giải Nhất" in (await client.get(address)).text
    mine = (await team.get(idea)).text
    assert "Hãy thử ở hai xã." in mine
    results = (await client.get("/api/v1/editions/sang-tao/contest/results")).json()
    assert [(one["rank"], one["title"], one["round"]) for one in results] == [(1, "Khung cửi mượn", 1)]
    contest = (await client.get("/api/v1/editions/sang-tao/contest")).json()
    assert [one["published"] for one in contest["rounds"]] == [True, False, False]
    own = (await team.get("/api/v1/entries")).json()
    assert [(one["id"], one["state"]) for one in own] == [(entry_id, "submitted")]
    assert (await team.post(f"{idea}/withdraw")).status_code == 409  # the results are out
    assert (await client.get(f"/e/sang-tao/contest/{entry_id}")).status_code == 200


async def test_a_draft_gives_the_filter_no_category_and_a_chair_no_empty_progress(
    client: Browser, frozen_now: datetime
) -> None:
    found = await scene(NOW, entries=3, judges=1, opened=False)
    owner = await person("Quản Lý", 55, NOW)
    assert owner.person_id is not None
    await grant_role(person_id=owner.person_id, role=Role.OWNER, actor=found.chair, now=NOW)
    chair = await browser_of(owner)
    await enter_idea(
        edition_id=found.edition_id, values={**IDEA, "category": "Chưa gửi"}, actor=found.leaders[0], now=NOW
    )
    base = f"/manage/{found.edition_id}/contest"
    shown = (await chair.get(base)).text
    assert '<option value="Chưa gửi"' not in shown
    data = {"full_name": "Lê Thị Chủ", "phone": "0921111119", "role": "chair"}
    assert (await chair.post(f"{base}/judges/add", data=data)).status_code == 303
    await open_round(round_id=found.round_ids[0], actor=found.chair, now=NOW)
    await assign_judges(round_id=found.round_ids[0], actor=found.chair, now=NOW)
    for view in ("assign", "progress"):
        shown = (await chair.get(f"{base}/{found.round_ids[0]}/{view}")).text
        assert "chair, scores no ideas" in shown
        assert not re.search(r"\b0 ?/ ?0\b", shown)


async def test_a_conflicted_chair_and_strangers_are_kept_out(client: Browser, frozen_now: datetime) -> None:
    found = await scene(NOW, entries=1, judges=1)
    leader = found.leaders[0]
    assert leader.person_id is not None
    await grant_role(
        person_id=leader.person_id,
        role=Role.JURY_CHAIR,
        edition_id=found.edition_id,
        actor=found.chair,
        now=NOW,
    )
    chair = await browser_of(leader)
    base = f"/manage/{found.edition_id}/contest"
    round_id = found.round_ids[0]
    for address in ("", "/export", "/judges", f"/entries/{found.entry_ids[0]}"):
        refused = await chair.get(base + address, headers={"accept": "application/json"})
        assert (refused.status_code, refused.json()["code"]) == (403, "chair_in_conflict")
    for room in ("assign", "progress", "progress/live", "ranking", "ranking/export"):
        assert (await chair.get(f"{base}/{round_id}/{room}")).status_code == 403
    home = (await chair.get(f"/manage/{found.edition_id}")).text
    assert f"{base}/{round_id}" not in home
    judge = await browser_of(found.judges[0])
    manager = await person("Quản Lý", 55, NOW)
    assert manager.person_id is not None
    await grant_role(
        person_id=manager.person_id, role=Role.MANAGER, edition_id=found.edition_id, actor=found.chair, now=NOW
    )
    organiser = await browser_of(manager)
    assert (await organiser.get(base)).status_code == 200
    assert (await organiser.get(f"{base}/entries/{found.entry_ids[0]}")).status_code == 200
    home = (await organiser.get(f"/manage/{found.edition_id}")).text
    assert (f'"{base}"' in home, f"{base}/{round_id}" in home) == (True, False)
    for room in ("assign", "progress", "ranking"):
        assert (await organiser.get(f"{base}/{round_id}/{room}")).status_code == 403
        assert (await judge.get(f"{base}/{round_id}/{room}")).status_code == 403
    assert (await judge.get(f"/team/ideas/{found.entry_ids[0]}")).status_code == 404


async def test_the_organiser_sets_up_calls_and_exports(client: Browser, frozen_now: datetime) -> None:
    found = await scene(NOW, entries=2, judges=1, opened=False)
    from app.events.tables import Edition

    other = Edition(slug="khac", parts='["contest"]', starts_on=NOW.date(), ends_on=NOW.date(), created_at=NOW)
    await other.save()
    manager = await person("Quản Lý", 55, NOW)
    assert manager.person_id is not None
    await grant_role(person_id=manager.person_id, role=Role.OWNER, actor=found.chair, now=NOW)
    owner = await browser_of(manager)
    assert (await owner.get(f"/manage/{other.id}/contest")).status_code == 200
    assert (await owner.post(f"/manage/{other.id}/contest/create")).status_code == 303
    call = {"action": "open", "entries_close_at": "2026-10-01T17:00"}
    late = await owner.post(f"/manage/{other.id}/contest/call?lang=en", data=call)
    assert (late.status_code, 'value="2026-10-01T17:00"' in late.text, "has already passed" in late.text) == (
        422,
        True,
        True,
    )
    call = {"action": "open", "entries_close_at": "2026-11-01T17:00"}
    assert (await owner.post(f"/manage/{other.id}/contest/call", data=call)).status_code == 303
    assert "01/11/2026 17:00" in (await owner.get(f"/manage/{other.id}/contest?lang=vi")).text
    assert (await owner.post(f"/manage/{other.id}/contest/call", data={"action": "close"})).status_code == 303
    base = f"/manage/{found.edition_id}/contest"
    sheet = await owner.get(f"{base}/export?q=giay")
    assert sheet.content[:2] == b"PK"
    await set_contest_state(contest_id=found.contest_id, state=ContestState.CLOSED, actor=found.chair, now=NOW)
    assert (await owner.get(f"{base}?q=khongco")).status_code == 200
    assert (await owner.post(f"{base}/judges/cards", data={})).status_code == 200
    assert (await owner.get(f"{base}/judges/export")).content[:2] == b"PK"
    assert "Lê Văn K" not in (await owner.get(f"{base}/judges?q=khong+co")).text
    listed = (await owner.get(f"{base}/judges?q=le+van")).text
    device = re.search(r"/devices/(\d+)/withdraw", listed)
    assert device is not None
    assert (await owner.post(f"{base}/judges/devices/{device[1]}/withdraw")).status_code == 303
    assert (await owner.post(f"{base}/judges/{found.judges[0].person_id}/remove")).status_code == 303
    opening = f"{base}/{found.round_ids[0]}/open"
    asks = re.search(r'data-confirm="([^"]+)"', (await owner.get(f"{base}?lang=en")).text)
    assert (asks and asks[1]) == "Every idea that was sent in goes to the jury."
    late = await owner.post(opening, data={"closes_at": "2026-10-01T17:00"})
    assert (late.status_code, 'id="field-closes_at-error"' in late.text, 'value="2026-10-01T17:00"' in late.text) == (
        422,
        True,
        True,
    )
    until = {"closes_at": "2026-10-20T17:00"}
    assert (await owner.post(f"{base}/{found.round_ids[0]}/open", data=until)).status_code == 303
    assert "20/10/2026 17:00" in (await owner.get(f"{base}/{found.round_ids[0]}/progress?lang=vi")).text
    round_path = f"{base}/{found.round_ids[0]}"
    assert (await owner.get(f"{round_path}/assign")).status_code == 200
    assert (await owner.post(f"{round_path}/assign/propose")).status_code == 303
    await lock_round(round_id=found.round_ids[0], actor=found.chair, now=NOW)
    assert (await owner.get(f"{round_path}/ranking/export")).content[:2] == b"PK"
    award = {"entry_id": str(found.entry_ids[0]), "rank": "2"}
    long = await owner.post(f"{round_path}/awards", data={**award, "title_vi": "Giải " * 30})
    assert (long.status_code, 'id="field-title_vi-error"' in long.text, "Giải Giải" in long.text) == (422, True, True)
    assert f'<option value="{found.entry_ids[0]}" selected>' in long.text
    assert '<option value="2" selected>' in long.text
    assert (await owner.post(f"{round_path}/awards", data=award)).status_code == 303
    drop = re.search(r"/awards/(\d+)/take-back", (await owner.get(f"{round_path}/ranking")).text)
    assert drop is not None
    assert (await owner.post(f"{round_path}/awards/{drop[1]}/take-back")).status_code == 303
    assert (await owner.post(f"{round_path}/publish")).status_code == 409  # every team would hear that it is out
    assert (await owner.post(f"{round_path}/publish", data={"confirmed": "on"})).status_code == 303
    assert (await owner.get(f"{base}/{found.round_ids[1]}/ranking")).status_code == 200
    assert (await owner.get(f"/manage/{other.id}/contest/{found.round_ids[0]}/ranking")).status_code == 404


@pytest.mark.parametrize("locale", ["vi", "id", "en"])
async def test_pages_speak_each_language(client: Browser, frozen_now: datetime, locale: str) -> None:
    found = await scene(NOW, entries=1, judges=1)
    team = await browser_of(found.leaders[0])
    for address in (f"/team/?lang={locale}", f"/team/ideas/{found.entry_ids[0]}?lang={locale}"):
        answer = await team.get(address)
        assert answer.status_code == 200
        assert f'lang="{locale}"' in answer.text


async def test_lists_do_not_grow_a_query_for_each_row(client: Browser, frozen_now: datetime) -> None:
    from tests.support.queries import counted_queries

    found = await scene(NOW, entries=3, judges=2)
    judge = found.judges[0]
    assert judge.person_id is not None
    tasks = await tasks_of_judge(judge.person_id)
    assert len(tasks) == 3
    assert (await ballot(tasks[0], NOW)).scores
    with counted_queries() as many:
        await client.get("/e/sang-tao/contest")
    with counted_queries() as one:
        await client.get("/e/sang-tao/contest?q=giay")
    assert len(many) == len(one)
