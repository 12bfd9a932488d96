"""A message and what it tells about stand or fall together: it is written in its cause's transaction.

The message is written and then its sender fails. Written in one transaction, neither is left; a cause that was
committed before the message, or a message committed before its cause, would be.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest
from piccolo.table import Table

from app.accounts.actor import SYSTEM
from app.accounts.services import sign_in
from app.accounts.tables import SignInToken
from app.kernel import outbox
from app.kernel.tables import OutboxMessage
from booths.allocation.enums import RunState
from booths.allocation.services import messages as booth_messages
from booths.allocation.services import runs
from booths.allocation.tables import Allocation, AllocationRun
from booths.floorplan.tables import CellHold
from tests.booths.factories import make_application, make_row
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.factories import make_person
from tests.support.factories_ticketing import make_open_edition, make_order, make_ticket_type
from tests.support.race import unguarded
from ticketing.sales.services import messages as ticket_messages
from ticketing.sales.services import placing
from ticketing.sales.tables import TicketOrder

pytestmark = pytest.mark.engines
Act = Callable[[], Awaitable[object]]


class Torn(Exception):
    """What breaks off right behind the message."""


@dataclass(frozen=True)
class Sender:
    """A service that sends: what makes its scene and gives the call, the table of its cause, and its modules."""

    prepare: Callable[[], Awaitable[Act]]
    cause: type[Table]
    calls: ModuleType
    begins: ModuleType
    #: By which of the outbox's functions it sends.
    sends: str = "send_message"


async def ticket_order() -> Act:
    """A free ticket, taken online."""
    edition = await make_open_edition(now=NOW)
    type_id = await make_ticket_type(edition.id, now=NOW)
    return lambda: make_order(edition.id, {type_id: 1}, now=NOW)


async def sign_in_link() -> Act:
    """A known person, who asks for a link."""
    person = await make_person(phone="+84912345678")
    return lambda: sign_in.request_sign_in(contact=person.phone or "", next_path="/me", now=NOW)


async def booth_published() -> Act:
    """A proposal with one booth for one application."""
    edition = await make_edition()
    (booth_id,) = await make_row(edition.id, 1)
    application_id, _organisation = await make_application(edition.id, name="Anh")
    run = AllocationRun(edition=edition.id, state=RunState.PROPOSED, started_at=NOW, finished_at=NOW)
    await run.save()
    await Allocation(run=run.id, application=application_id, booth=booth_id).save()
    return lambda: runs.publish_run(run_id=run.id, edition_id=edition.id, actor=SYSTEM, now=NOW)


SENDERS = {
    "ticket order": Sender(ticket_order, TicketOrder, ticket_messages, placing, "send_messages"),
    "sign-in": Sender(sign_in_link, SignInToken, sign_in, sign_in),
    "booth published": Sender(booth_published, CellHold, booth_messages, runs),
}


@pytest.fixture(params=SENDERS.values(), ids=SENDERS.keys())
def sender(request: pytest.FixtureRequest) -> Sender:
    """Each of the senders."""
    found: Sender = request.param
    return found


async def torn_after_the_message(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> tuple[bool, bool]:
    """Have a sender break off when its message is written; gives whether its cause is there, and the message."""
    act = await sender.prepare()
    written = []

    real = getattr(outbox, sender.sends)

    async def torn(*args: Any, **given: Any) -> None:
        written.append(await real(*args, **given))
        raise Torn

    monkeypatch.setattr(sender.calls, sender.sends, torn)
    with pytest.raises(Torn):
        await act()
    assert len(written) == 1
    return await sender.cause.count() > 0, await OutboxMessage.count() > 0


async def test_neither_is_there_without_the_other(
    database: str, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await torn_after_the_message(sender, monkeypatch) == (False, False)


async def test_without_the_transaction_both_are_left_of_what_failed(
    database: str, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""
    unguarded(monkeypatch, sender.begins)
    assert await torn_after_the_message(sender, monkeypatch) == (True, True)


async def test_unbroken_both_are_there(database: str, sender: Sender) -> None:
    await (await sender.prepare())()
    assert (await sender.cause.count() > 0, await OutboxMessage.count()) == (True, 1)
