"""The way into the contest for somebody whom nobody knows yet, and the way out that closes with the results."""

import re
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.limits import TRIES, Tries, Way
from app.accounts.services.people import create_person
from app.accounts.tables import Person
from app.judging.enums import ContestState
from app.judging.errors import EntryDecided
from app.judging.services.contests import create_contest, set_contest_state
from app.judging.services.entries import withdraw_idea
from app.judging.tables import Round
from app.kernel.database import fetch
from app.kernel.tables import OutboxMessage
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.client import Browser, new_browser, sign_in
from tests.support.festival import make_festival


@pytest.fixture(autouse=True)
def now(frozen_now: Any) -> None:
    """The first morning of the festival."""


async def open_call() -> str:
    """An edition whose contest takes ideas; gives the address of the way in."""
    edition = await make_edition()
    contest_id = await create_contest(edition_id=edition.id, actor=SYSTEM, now=NOW)
    await set_contest_state(contest_id=contest_id, state=ContestState.OPEN, actor=SYSTEM, now=NOW)
    return f"{edition.path}/contest/enter"


async def test_a_new_team_comes_in_by_the_link_that_is_sent(client: Browser) -> None:
    way_in = await open_call()
    assert way_in in (await client.get(way_in.removesuffix("/enter"))).text
    assert "what you write is saved at each step." in (await client.get(way_in)).text
    sent = await client.post(way_in, data={"full_name": "Vàng Thị Mai", "contact": "0912 345 678"})
    assert (sent.status_code, "0912 345 678" in sent.text) == (200, True)
    (message,) = await OutboxMessage.select()
    assert (message["to_address"], message["secret"]) == ("+84912345678", True)
    link = re.search(r"/sign-in/\S+", message["body_text"])
    assert link is not None
    entered = await client.post(link[0])
    assert re.fullmatch(r"/team/\d+/new", entered.headers["location"])
    assert (await client.get(entered.headers["location"])).status_code == 200
    assert (await client.get(way_in)).headers["location"] == entered.headers["location"]


async def test_who_comes_back_to_the_first_step_is_shown_the_draft(client: Browser) -> None:
    way_in = await open_call()
    team = await create_person(full_name="Vàng Thị Mai", phone="+84912345678", now=NOW)
    await sign_in(client, team.id)
    first = (await client.get(way_in)).headers["location"]
    begun = "You have begun an idea already."
    assert begun not in (await client.get(first)).text
    saved = await client.post(first, data={"title": "Giấy sắn", "team_name": "Thoi Đưa"})
    draft = saved.headers["location"].removesuffix("/edit/2")
    again = (await client.get(first)).text
    assert (begun in again, f'<a href="{draft}/edit/1">Giấy sắn</a>' in again) == (True, True)
    async with new_browser() as stranger:
        await sign_in(stranger, (await create_person(full_name="Ai đó", phone="+84912345679", now=NOW)).id)
        assert "Giấy sắn" not in (await stranger.get(first)).text


async def test_a_known_person_gets_the_same_answer(client: Browser) -> None:
    way_in = await open_call()
    known = await create_person(full_name="Vàng Thị Mai", phone="+84912345678", now=NOW)
    sent = await client.post(way_in, data={"full_name": "Ai đó", "contact": "0912345678"})
    assert sent.status_code == 200
    (message,) = await OutboxMessage.select()
    assert message["person_id"] == known.id
    assert await Person.count() == 1


@pytest.mark.parametrize("given", [{"full_name": "", "contact": "0912345678"}, {"full_name": "A", "contact": "12"}])
async def test_what_cannot_be_answered(client: Browser, given: dict[str, str]) -> None:
    way_in = await open_call()
    answer = await client.post(way_in, data=given)
    assert (answer.status_code, await OutboxMessage.count()) == (422, 0)


async def test_all_that_does_not_fit_is_said_at_once(client: Browser) -> None:
    answer = await client.post(await open_call(), data={"full_name": "", "contact": "12"})
    assert re.findall(r'id="field-(\w+)-error"', answer.text) == ["full_name", "contact"]


async def test_one_browser_cannot_write_to_everybody(client: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TRIES, Way.ASK, Tries(per_account=5, per_browser=2))
    way_in = await open_call()
    statuses = [
        (await client.post(way_in, data={"full_name": "A", "contact": f"091234567{number}"})).status_code
        for number in range(3)
    ]
    assert (statuses, await OutboxMessage.count()) == ([200, 200, 429], 2)
    refused = await client.post(f"{way_in}?lang=en", data={"full_name": "Trần Thị Mơ", "contact": "0912345679"})
    assert "Please wait 15 minutes" in refused.text
    assert [f'value="{value}"' in refused.text for value in ("Trần Thị Mơ", "0912345679")] == [True, True]
    async with new_browser() as neighbour:
        given = {"full_name": "A", "contact": "0912345672"}
        assert (await neighbour.post(way_in, data=given)).status_code == 200


async def test_no_way_in_without_a_call(client: Browser) -> None:
    edition = await make_edition()
    assert (await client.get(f"{edition.path}/contest/enter")).status_code == 404
    await create_contest(edition_id=edition.id, actor=SYSTEM, now=NOW)
    answer = await client.post(f"{edition.path}/contest/enter", data={"full_name": "A", "contact": "0912345678"})
    assert (answer.status_code, await OutboxMessage.count()) == (409, 0)


@pytest.mark.engines
async def test_an_idea_is_not_taken_back_once_the_results_are_out(client: Browser) -> None:
    festival = await make_festival(NOW)
    team = festival.people["team_member"]
    (idea,) = await fetch(
        "SELECT m.entry AS id, t.round AS round FROM contest_entry_member m "
        "JOIN contest_round_entry t ON t.entry = m.entry WHERE m.person = {} LIMIT 1",
        team.person_id,
    )
    await sign_in(client, team.person_id or 0)
    assert "/withdraw" in (await client.get(f"/team/ideas/{idea['id']}")).text
    await Round.update({Round.published_at: NOW}).where(Round.id == idea["round"])
    with pytest.raises(EntryDecided):
        await withdraw_idea(entry_id=idea["id"], actor=team, now=NOW)
    assert "/withdraw" not in (await client.get(f"/team/ideas/{idea['id']}")).text
