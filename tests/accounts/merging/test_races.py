"""Two merges at once, a merge beside a sign-in and beside an order: each with the control that takes a guard away."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import httpx
import pytest

from app.accounts import queries
from app.accounts.actor import Actor
from app.accounts.enums import RecordKind, Role
from app.accounts.errors import LinkUsed, MergeUndone, NotMergeable
from app.accounts.queries import actor_of_person, actor_of_session
from app.accounts.services import merging, people
from app.accounts.services.merging import merge_records, undo_merge
from app.accounts.services.sign_in import start_session
from app.accounts.tables import Person, RecordMerge, Session
from app.kernel.database import dialect
from app.kernel.security import hash_token
from tests.events.factories import make_edition
from tests.support.factories import make_holder, make_person
from tests.support.factories_ticketing import make_order, make_ticket_type
from tests.support.race import losers, meet_after, race, winners
from ticketing.sales.tables import TicketOrder

pytestmark = pytest.mark.race

PHONE, TYPED_ABROAD = "+84981234567", "+62981234567"


@dataclass
class Scene:
    """Two records of one person, and two owners who both see them."""

    edition_id: int
    one: int
    other: int
    owners: list[Actor]

    async def merge(self, kept: int, merged: int, now: datetime, *, owner: int = 0) -> int:
        """Merge two records as one of the owners."""
        return await merge_records(
            kind=RecordKind.PERSON,
            kept_id=kept,
            merged_id=merged,
            edition_id=self.edition_id,
            festival="Hội chợ",
            actor=self.owners[owner],
            now=now,
        )

    async def led(self) -> list[int | None]:
        """Return where both records lead."""
        rows = (
            await Person.select(Person.merged_into).where(Person.id.is_in([self.one, self.other])).order_by(Person.id)
        )
        return [row["merged_into"] for row in rows]


@pytest.fixture
async def scene(database: str, frozen_now: datetime) -> Scene:
    """Make them."""
    edition = await make_edition(now=frozen_now)
    owners = [await make_holder(Role.OWNER, edition_id=edition.id, now=frozen_now) for _ in range(2)]
    one = await make_person(phone=PHONE, now=frozen_now)
    other = await make_person(phone=TYPED_ABROAD, now=frozen_now)
    return Scene(edition.id, one.id, other.id, [await actor_of_person(owner.id) for owner in owners])


async def test_of_two_who_merge_the_same_two_one_does(scene: Scene, frozen_now: datetime) -> None:
    results = await race(2, lambda number: scene.merge(scene.one, scene.other, frozen_now, owner=number))
    assert len(winners(results)) == 1
    losers(results, NotMergeable)
    assert await scene.led() == [None, scene.one]
    assert await RecordMerge.count() == 1


async def test_merged_both_ways_at_once_one_way_wins(scene: Scene, frozen_now: datetime) -> None:
    both = ((scene.one, scene.other), (scene.other, scene.one))
    results = await race(2, lambda number: scene.merge(*both[number], frozen_now, owner=number))
    assert len(winners(results)) == 1
    losers(results, NotMergeable)
    assert sorted(one is None for one in await scene.led()) == [False, True]


async def test_without_the_look_at_both_they_lead_in_a_ring(
    scene: Scene, frozen_now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_args: object) -> None: ...

    monkeypatch.setattr(merging, "check_mergeable", nothing)
    both = ((scene.one, scene.other), (scene.other, scene.one))
    results = await race(2, lambda number: scene.merge(*both[number], frozen_now, owner=number))
    assert len(winners(results)) == 2
    assert await scene.led() == [scene.other, scene.one]


async def test_without_the_hold_on_both_the_look_comes_too_early(
    scene: Scene, frozen_now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL alone: on SQLite the transaction itself keeps the second one waiting."""
    monkeypatch.setattr(merging, "dialect", lambda: "sqlite")
    meet_after(monkeypatch, merging, "check_mergeable", parties=2)
    both = ((scene.one, scene.other), (scene.other, scene.one))
    results = await race(2, lambda number: scene.merge(*both[number], frozen_now, owner=number))
    assert len(winners(results)) == (2 if dialect() == "postgres" else 1)


async def test_of_two_who_undo_one_does(scene: Scene, frozen_now: datetime) -> None:
    merge_id = await scene.merge(scene.one, scene.other, frozen_now)

    async def undo(number: int) -> None:
        await undo_merge(
            merge_id=merge_id,
            edition_id=scene.edition_id,
            festival="Hội chợ",
            actor=scene.owners[number],
            now=frozen_now,
        )

    results = await race(2, undo)
    assert len(winners(results)) == 1
    losers(results, MergeUndone)
    assert await scene.led() == [None, None]


async def sign_in_and_merge(scene: Scene, now: datetime) -> list[str | int | BaseException]:
    """Sign in as the record that goes while it goes."""

    async def one(number: int) -> str | int:
        if number:
            return await scene.merge(scene.one, scene.other, now)
        return await start_session(person_id=scene.other, browser="Chrome", old_token=None, now=now)

    return await race(2, one)


async def test_no_session_of_the_merged_record_opens_anything(scene: Scene, frozen_now: datetime) -> None:
    before = await start_session(person_id=scene.other, browser="Safari", old_token=None, now=frozen_now)
    results = await sign_in_and_merge(scene, frozen_now)
    losers(results, LinkUsed)
    tokens = [before, *(result for result in winners(results) if isinstance(result, str))]
    assert [await actor_of_session(hash_token(token), frozen_now) for token in tokens] == [None] * len(tokens)
    with pytest.raises(LinkUsed):
        await start_session(person_id=scene.other, browser="Chrome", old_token=None, now=frozen_now)


async def test_without_the_rule_for_sessions_the_old_one_stays_open(
    scene: Scene, frozen_now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await start_session(person_id=scene.other, browser="Safari", old_token=None, now=frozen_now)
    await scene.merge(scene.one, scene.other, frozen_now)
    monkeypatch.setattr(queries, "_NOT_MERGED", "")
    found = await actor_of_session(hash_token(before), frozen_now)
    assert found is not None
    assert found[0].person_id == scene.other


async def order_and_merge(scene: Scene, now: datetime) -> int | None:
    """Order under the contact that goes while it goes; returns whose the order is."""
    type_id = await make_ticket_type(scene.edition_id, now=now)

    async def one(number: int) -> object:
        if number:
            return await scene.merge(scene.one, scene.other, now)
        return await make_order(scene.edition_id, {type_id: 1}, now=now, full_name="Lê Thị Lan", phone=TYPED_ABROAD)

    results = await race(2, one)
    assert len(winners(results)) == 2, results
    order = await TicketOrder.select(TicketOrder.buyer).first()
    assert order is not None
    buyer: int | None = order["buyer"]
    return buyer


@pytest.mark.parametrize("_turn", range(5))
async def test_an_order_is_never_left_behind(scene: Scene, frozen_now: datetime, _turn: int) -> None:
    assert await order_and_merge(scene, frozen_now) == scene.one


@pytest.mark.parametrize("held", [True, False])
async def test_without_the_hold_on_her_an_order_is_left_behind(
    scene: Scene, frozen_now: datetime, monkeypatch: pytest.MonkeyPatch, held: bool
) -> None:
    """The merge comes between finding her and the order; on SQLite the transaction keeps it out either way."""
    merged, found, real = asyncio.Event(), asyncio.Event(), people.survivor_of

    async def slowly(kind: RecordKind, record_id: int) -> int:
        kept = await real(kind, record_id)
        found.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(merged.wait(), 2)
        return kept

    async def nothing(*_args: object) -> None: ...

    async def one(number: int) -> object:
        if not number:
            return await make_order(scene.edition_id, {type_id: 1}, now=frozen_now, full_name="Lan", phone=TYPED_ABROAD)
        await found.wait()
        await scene.merge(scene.one, scene.other, frozen_now)
        return merged.set()

    type_id = await make_ticket_type(scene.edition_id, now=frozen_now)
    monkeypatch.setattr(people, "survivor_of", slowly)
    if not held:
        monkeypatch.setattr(people, "hold_row", nothing)
    assert len(winners(await race(2, one))) == 2
    order = await TicketOrder.select(TicketOrder.buyer).first()
    left_behind = not held and dialect() == "postgres"
    assert order == {"buyer": scene.other if left_behind else scene.one}


async def test_a_session_that_began_since_ends_with_the_merge(
    client: httpx.AsyncClient, scene: Scene, frozen_now: datetime
) -> None:
    merge_id = await scene.merge(scene.one, scene.other, frozen_now)
    await start_session(person_id=scene.one, browser="Chrome", old_token=None, now=frozen_now)
    await undo_merge(
        merge_id=merge_id,
        edition_id=scene.edition_id,
        festival="Hội chợ",
        actor=scene.owners[0],
        now=frozen_now,
    )
    assert await Session.count() == 0
