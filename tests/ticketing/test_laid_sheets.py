"""Attendees of a sheet that stand ready: nobody sees them until all do, whoever is killed meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.services.people_bulk import PersonValues
from app.accounts.tables import Person, SignInToken
from app.events.errors import EditionIsCancelled, PassNotFound
from app.events.passes.queries import genuine, pass_by_id, pass_by_typed, passes_of_edition, state_of
from app.events.queries import EditionInfo
from app.events.services.cancelling import cancel_edition
from app.kernel.database import fetch
from app.kernel.staging import LaidInVain, Pace
from tests.conftest import NOW
from tests.faults.reconcile import NEVER
from tests.support.factories_ticketing import make_gate, make_list, make_open_edition, make_order, make_ticket_type
from ticketing.checkin.enums import Verdict
from ticketing.checkin.services.labels import forget_labels, labels_of
from ticketing.checkin.services.redeeming import redeem_pass
from ticketing.sales.errors import OrderNotFound, SoldOut
from ticketing.sales.queries import find_orders, order_by_id, order_id_of, totals_of
from ticketing.sales.services.attendees import Attendee, lay_attendees, take_over_attendees
from ticketing.sales.services.laid import SILENT, drop_laid, look_after_laid, show_laid
from ticketing.sales.services.outcomes import cancel_order

pytestmark = pytest.mark.engines
COUNT = 23
LATER = NOW + SILENT + timedelta(seconds=1)


class Festival(NamedTuple):
    """An edition with one ticket type."""

    edition: EditionInfo
    type_id: int

    async def lay(self, people: list[PersonValues] | None = None) -> int:
        """Let attendees stand ready."""
        attendees = [Attendee(person=one, ticket_type_id=self.type_id) for one in people or guests()]
        return await lay_attendees(
            edition_id=self.edition.id, attendees=attendees, now=NOW, report=lambda _done, _total: None
        )

    async def take_over(self, laid: int) -> tuple[int, int, int]:
        """Take over what stands ready."""
        return await take_over_attendees(laid_id=laid, edition_id=self.edition.id, actor=SYSTEM, now=NOW)

    async def seen(self) -> tuple[int, int, int]:
        """How many passes and orders people see, and how many places are sold."""
        passes = await passes_of_edition(self.edition.id)
        _orders, count = await find_orders(self.edition.id)
        return passes.total, count, (await totals_of(self.edition.id))["sold"]


def guests(count: int = COUNT) -> list[PersonValues]:
    """People whom nobody knows, the last of whom stands in the sheet twice: once by phone, once by mail."""
    found = [
        PersonValues(full_name=f"Lê Thị Số {number}", phone=f"+8490{number:07d}", email=f"a{number}@example.vn")
        for number in range(count)
    ]
    return [*found, PersonValues(full_name="Lê Thị Hai", email=f"a{count - 1}@example.vn")]


@pytest.fixture
async def festival(database: str, frozen_now: Any, monkeypatch: pytest.MonkeyPatch) -> Festival:
    """A festival whose sheets are written in pieces of twelve rows."""
    monkeypatch.setattr(Pace, "HOLD", 0.0)
    monkeypatch.setattr(Pace, "LEAST", 3)
    monkeypatch.setattr(Pace, "MOST", 12)
    edition = await make_open_edition(now=NOW)
    return Festival(edition, await make_ticket_type(edition.id, code="NGAY", quota=100, now=NOW))


DROPPING = """
import asyncio, sys
from app.kernel.database import open_database
from ticketing.sales.services.laid import drop_laid

async def main():
    await open_database()
    for line in iter(sys.stdin.readline, ""):
        await drop_laid(int(line))
        print(line, end="", flush=True)

asyncio.run(main())
"""


@contextlib.asynccontextmanager
async def other_process(url: str) -> AsyncIterator[Callable[[int], Awaitable[None]]]:
    """A process beside this one that drops sheets: what is laid ready belongs to the one connection of who laid it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", DROPPING), stdin=PIPE, stdout=PIPE, env={**os.environ, "DATABASE_URL": url}
    )
    assert process.stdin is not None
    assert process.stdout is not None
    asked, answers = process.stdin, process.stdout

    async def drop(laid: int) -> None:
        asked.write(f"{laid}\n".encode())
        assert int(await answers.readline()) == laid

    try:
        await drop(0)  # it is up, and there is no such sheet
        yield drop
    finally:
        asked.close()
        assert await process.wait() == 0


async def rows() -> list[int]:
    """How many rows there are of people, passes, orders, tickets and sheets that stand ready."""
    tables = ("person", "pass", "ticket_order", "order_item", "laid_sheet")
    return [(await fetch(f"SELECT COUNT(*) AS n FROM {table}"))[0]["n"] for table in tables]


async def test_people_and_passes_stand_in_the_order_of_the_sheet(festival: Festival) -> None:
    """However it is cut into pieces, and whichever types its rows have: the same sheet gives the same rows."""
    other = await make_ticket_type(festival.edition.id, code="GIADINH", quota=100, now=NOW)
    people = guests()[:COUNT]
    attendees = [
        Attendee(person=one, ticket_type_id=(other, festival.type_id)[number % 2]) for number, one in enumerate(people)
    ]
    await lay_attendees(edition_id=festival.edition.id, attendees=attendees, now=NOW, report=lambda _done, _total: None)
    found = await Person.select(Person.full_name).order_by(Person.id)
    assert [one["full_name"] for one in found] == [one.full_name for one in people]
    passes = await fetch("SELECT holder_name, serial, type_no FROM pass ORDER BY id")
    assert [(one["holder_name"], one["serial"], one["type_no"]) for one in passes] == [
        (one.person.full_name, serial, one.ticket_type_id) for serial, one in enumerate(attendees, start=1)
    ]


async def test_nobody_sees_what_stands_ready_until_all_of_it_is_taken_over(festival: Festival) -> None:
    edition_id = festival.edition.id
    _gate_id, phone, _token = await make_gate(edition_id, await make_list(edition_id, now=NOW), now=NOW)
    laid = await festival.lay()
    assert await rows() == [COUNT, COUNT, COUNT, COUNT, 1]
    assert await festival.seen() == (0, 0, 0)
    (own,) = await fetch('SELECT id, code, short_code FROM "pass" LIMIT 1')
    (order,) = await fetch("SELECT id, reference FROM ticket_order LIMIT 1")
    for number, typed in enumerate((own["code"], own["short_code"])):
        answer = await redeem_pass(actor=phone, client_id=f"scan-000{number}", code=typed, now=NOW)
        assert answer.verdict == Verdict.UNKNOWN
    assert [row["event_pass"] for row in await fetch("SELECT event_pass FROM scan")] == [None, None]
    with pytest.raises(PassNotFound):
        await pass_by_id(own["id"])
    with pytest.raises(PassNotFound):
        await pass_by_typed(own["short_code"], edition_id)
    with pytest.raises(PassNotFound):
        await state_of(await genuine(own["code"]))
    assert (await order_by_id(order["id"], edition_id), await order_id_of(order["reference"], edition_id)) == (
        None,
        None,
    )
    with pytest.raises(OrderNotFound):
        await cancel_order(order_id=order["id"], edition_id=edition_id, actor=SYSTEM, now=NOW)
    assert await festival.take_over(laid) == (COUNT, 0, 1)
    await show_laid(laid)
    assert await festival.seen() == (COUNT, COUNT, COUNT)
    assert await rows() == [COUNT, COUNT, COUNT, COUNT, 0]
    answer = await redeem_pass(actor=phone, client_id="scan-0009", code=own["code"], now=NOW)
    assert answer.verdict == Verdict.ADMITTED


async def test_what_a_killed_process_took_over_is_shown(festival: Festival) -> None:
    laid = await festival.lay()
    await festival.take_over(laid)
    assert await festival.seen() == (0, 0, COUNT)
    assert await look_after_laid(now=NOW) == 0  # somebody may be at it
    assert await look_after_laid(now=LATER) == 1
    assert await festival.seen() == (COUNT, COUNT, COUNT)
    assert (await look_after_laid(now=LATER), await rows()) == (0, [COUNT, COUNT, COUNT, COUNT, 0])


async def test_what_a_killed_process_did_not_take_over_is_dropped(festival: Festival) -> None:
    known = await make_order(festival.edition.id, {festival.type_id: 1}, phone="+84900000000", now=NOW)
    laid = await festival.lay()
    (signed_in,) = await fetch("SELECT id FROM person WHERE phone = '+84900000005'")
    await SignInToken(person=signed_in["id"], token_hash="a" * 64, created_at=NOW, expires_at=NOW).save()
    assert (await look_after_laid(now=NOW), (await rows())[4]) == (0, 1)
    assert await look_after_laid(now=LATER) == 1
    people = await Person.select(Person.phone).order_by(Person.phone)
    assert [row["phone"] for row in people] == ["+84900000000", "+84900000005"]
    assert await rows() == [2, 1, 1, 1, 0]
    assert await order_by_id(known.order_id, festival.edition.id) is not None
    with pytest.raises(LaidInVain):
        await festival.take_over(laid)
    assert await festival.seen() == (1, 1, 1)


async def test_what_was_taken_over_is_not_dropped_any_more(festival: Festival) -> None:
    laid = await festival.lay()
    await festival.take_over(laid)
    await drop_laid(laid)
    await show_laid(laid)
    assert await festival.seen() == (COUNT, COUNT, COUNT)


async def test_a_sheet_that_is_given_up_for_dead_meanwhile_is_either_shown_or_dropped(
    festival: Festival, database: str
) -> None:
    async def take_over(laid: int) -> bool:
        try:
            await festival.take_over(laid)
        except LaidInVain:
            return False
        await show_laid(laid)
        return True

    async with other_process(database) as drop:
        for _round in range(4):
            before = await rows()
            laid = await festival.lay([PersonValues(full_name="Lê Thị Mới", phone=f"+84911{before[0]:06d}")])
            taken_over, _dropped = await asyncio.gather(take_over(laid), drop(laid))
            assert await rows() == [*(count + taken_over for count in before[:4]), 0]


async def test_a_ticket_that_was_bought_meanwhile_is_not_given_twice(festival: Festival) -> None:
    laid = await festival.lay()
    await make_order(festival.edition.id, {festival.type_id: 1}, phone="+84900000003", now=NOW)
    with pytest.raises(LaidInVain):
        await festival.take_over(laid)
    await drop_laid(laid)
    laid = await festival.lay()
    assert await festival.take_over(laid) == (COUNT - 1, 1, 1)  # under the name that the sheet has
    await show_laid(laid)
    assert await festival.seen() == (COUNT, COUNT, COUNT)


async def test_a_ticket_that_was_cancelled_meanwhile_is_given_anew(festival: Festival) -> None:
    placed = await make_order(festival.edition.id, {festival.type_id: 1}, phone="+84900000003", now=NOW)
    laid = await festival.lay()
    await cancel_order(order_id=placed.order_id, edition_id=festival.edition.id, actor=SYSTEM, now=NOW)
    with pytest.raises(LaidInVain):
        await festival.take_over(laid)
    await drop_laid(laid)
    laid = await festival.lay()
    assert await festival.take_over(laid) == (COUNT, 0, 1)
    await show_laid(laid)
    assert await festival.seen() == (COUNT + 1, COUNT + 1, COUNT)


async def serials() -> tuple[int, int, list[Any]]:
    """How many serials were given out, how many of them never became a pass, and what the reconciliation says."""
    (row,) = await fetch("SELECT issued, unused FROM pass_counter")
    return row["issued"], row["unused"], await fetch(NEVER["serials_not_dense"])


async def test_serials_of_a_dropped_sheet_are_given_out_again(festival: Festival) -> None:
    laid = await festival.lay()
    await drop_laid(laid)
    await drop_laid(laid)
    assert await serials() == (0, 0, [])
    laid = await festival.lay()
    await festival.take_over(laid)
    await show_laid(laid)
    assert await serials() == (COUNT + 1, 1, [])  # one stood in the sheet twice
    assert [row["serial"] for row in await fetch("SELECT serial FROM pass ORDER BY id")] == list(range(1, COUNT + 1))


async def test_serials_of_a_dropped_sheet_are_counted_where_others_came_after_them(festival: Festival) -> None:
    laid = await festival.lay()
    await make_order(festival.edition.id, {festival.type_id: 1}, phone="+84900000003", now=NOW)
    await drop_laid(laid)
    assert await serials() == (COUNT + 2, COUNT + 1, [])
    await make_order(festival.edition.id, {festival.type_id: 1}, phone="+84900000004", now=NOW)
    assert await serials() == (COUNT + 3, COUNT + 1, [])
    (row,) = await fetch("SELECT MAX(serial) AS last FROM pass")
    assert row["last"] == COUNT + 3


async def test_a_phone_learns_the_type_of_a_serial_from_the_pass_that_has_it_in_the_end(festival: Festival) -> None:
    forget_labels()
    laid = await festival.lay()
    assert await labels_of(festival.edition.id) == ([], "")
    await drop_laid(laid)
    other = await make_ticket_type(festival.edition.id, code="VIP", name={"vi": "Vé VIP"}, now=NOW)
    await make_order(festival.edition.id, {other: 1}, phone="+84900000003", now=NOW)
    assert await labels_of(festival.edition.id) == (["Vé VIP"], "AA==")


async def test_places_that_are_gone_leave_nothing(festival: Festival) -> None:
    laid = await festival.lay()
    await fetch("UPDATE quota SET size = {}", COUNT - 1)
    with pytest.raises(SoldOut):
        await festival.take_over(laid)
    await drop_laid(laid)
    assert (await rows(), await festival.seen()) == ([0, 0, 0, 0, 0], (0, 0, 0))


async def test_an_edition_that_is_cancelled_meanwhile_gets_none(festival: Festival) -> None:
    laid = await festival.lay()
    await cancel_edition(
        edition_id=festival.edition.id, typed=festival.edition.slug, reason="Bão", actor=SYSTEM, now=NOW
    )
    with pytest.raises(EditionIsCancelled):
        await festival.take_over(laid)
    await drop_laid(laid)
    assert await rows() == [0, 0, 0, 0, 0]


async def test_what_fails_in_the_middle_is_dropped_at_once(festival: Festival, monkeypatch: pytest.MonkeyPatch) -> None:
    def report(done: int, _total: int) -> None:
        raise RuntimeError(f"at {done}")

    attendees = [Attendee(person=one, ticket_type_id=festival.type_id) for one in guests()]
    with pytest.raises(RuntimeError, match="at 0"):
        await lay_attendees(edition_id=festival.edition.id, attendees=attendees, now=NOW, report=report)
    assert await rows() == [0, 0, 0, 0, 0]
    monkeypatch.setattr("ticketing.sales.services.attendees.settle_people", _failing_at(2))
    with pytest.raises(RuntimeError, match="at 2"):
        await festival.lay()
    assert await rows() == [0, 0, 0, 0, 0]


def _failing_at(number: int) -> Any:
    """Settle people as ever, but for one piece."""
    from app.accounts.services.people_bulk import settle_people

    calls = iter(range(1, number + 1))

    async def settle(table: str, **values: Any) -> None:
        if next(calls) == number:
            raise RuntimeError(f"at {number}")
        await settle_people(table, **values)

    return settle
