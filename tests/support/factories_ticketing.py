"""Factories of ticketing: an open edition, ticket types, orders, passes, gates and their phones."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from app.accounts.actor import SYSTEM, Actor
from app.accounts.services.devices import pair_device
from app.events.enums import PassKind
from app.events.passes.naming import forget_label_names
from app.events.passes.services import IssuedPass, issue_pass
from app.events.queries import EditionInfo
from app.events.services.editions import EditionValues, create_edition, open_edition
from app.kernel.database import fetch
from app.payments.enums import PaymentMethod, Settlement
from app.payments.lines import Line
from app.payments.queries import DocumentInfo
from app.payments.services.documents import open_document
from app.payments.services.issuing import payer_on
from ticketing.checkin.services.codes import forget_keys
from ticketing.checkin.services.gates import create_gate, create_list, forget_rules, invite_phone
from ticketing.checkin.services.labels import forget_labels
from ticketing.sales.enums import QuestionKind
from ticketing.sales.queries import order_by_id
from ticketing.sales.services import paying
from ticketing.sales.services.dearer import CHANGE_PURPOSE
from ticketing.sales.services.orders import Placed, place_order
from ticketing.sales.services.questions import QuestionValues, create_question
from ticketing.sales.services.ticket_types import TicketTypeValues, create_ticket_type
from ticketing.sales.tables_own import TicketChange

_numbers = count(1)


async def make_open_edition(*, now: datetime, **values: Any) -> EditionInfo:
    """Make an edition that everybody sees, from 16 to 18 October 2026 in Hanoi unless told."""
    number = next(_numbers)
    values = {
        "slug": f"hoi-cho-{number}",
        "name": {"vi": f"Hội chợ {number}", "en": f"Fair {number}"},
        "place": {"vi": "Hà Nội"},
        "starts_on": date(2026, 10, 16),
        "ends_on": date(2026, 10, 18),
        **values,
    }
    edition = await create_edition(values=EditionValues(**values), actor=SYSTEM, now=now)
    await open_edition(edition_id=edition.id, actor=SYSTEM, now=now)
    return edition


async def make_ticket_type(edition_id: int, *, now: datetime, **values: Any) -> int:
    """Make a free ticket type of ten places unless told; returns its id."""
    number = next(_numbers)
    values = {
        "code": f"T{number}",
        "name": {"vi": f"Vé {number}", "en": f"Ticket {number}"},
        "price_minor": 0,
        "currency": "VND",
        "quota": 10,
        **values,
    }
    return await create_ticket_type(edition_id=edition_id, values=TicketTypeValues(**values), actor=SYSTEM, now=now)


async def make_order(edition_id: int, counts: dict[int, int], *, now: datetime, **values: Any) -> Placed:
    """Place an order as a visitor with a phone number of her own."""
    number = next(_numbers)
    values = {
        "client_id": f"client-{number:06d}",
        "full_name": "Nguyễn Thị Hoa",
        "phone": f"+8491{number:07d}",
        "email": None,
        "locale": "vi",
        **values,
    }
    return await place_order(edition_id=edition_id, counts=counts, now=now, **values)


async def pay_order(
    *, order_id: int, edition_id: int, method: PaymentMethod, actor: Actor, now: datetime
) -> Settlement:
    """Take all of an order's money, as its page asks for it while nothing has come."""
    order = await order_by_id(order_id, edition_id)
    return await paying.pay_order(
        order_id=order_id,
        edition_id=edition_id,
        method=method,
        shown_minor=order["total_minor"] if order else 0,
        actor=actor,
        now=now,
    )


async def make_pass(edition: EditionInfo, *, now: datetime, **values: Any) -> IssuedPass:
    """Issue a visitor's pass for the edition's days."""
    valid_from, valid_until = edition.window
    values = {
        "kind": PassKind.VISITOR,
        "holder_name": "Trần Thị Mai",
        "valid_from": valid_from,
        "valid_until": valid_until,
        "label": "Vé tham quan",
        **values,
    }
    return await issue_pass(edition_id=edition.id, now=now, **values)


async def make_list(edition_id: int, *, now: datetime, name: str = "Cửa vào", **values: Any) -> int:
    """Make a check-in list that takes every kind of pass."""
    values.setdefault("pass_kinds", [])
    return await create_list(edition_id=edition_id, name=name, actor=SYSTEM, now=now, **values)


async def make_gate(edition_id: int, list_id: int, *, now: datetime, name: str = "Cổng A") -> tuple[int, Actor, str]:
    """Make a gate with a paired phone: (gate id, the phone as an actor, its token)."""
    forget_rules()
    forget_keys()
    forget_labels()
    forget_label_names(edition_id)
    gate_id = await create_gate(edition_id=edition_id, name=name, list_id=list_id, actor=SYSTEM, now=now)
    _device_id, address = await invite_phone(
        edition_id=edition_id, gate_id=gate_id, label=f"Máy {name}", actor=SYSTEM, now=now
    )
    device, token = await pair_device(invite_token=address.rpartition("/")[2], now=now)
    actor = Actor(device_id=device.id, device_kind="gate", edition_id=edition_id, subject_id=gate_id)
    return gate_id, actor, token


async def make_question(edition_id: int, *, now: datetime, **values: Any) -> int:
    """Make a question for a text that may be left open unless told; returns its id."""
    number = next(_numbers)
    values = {"kind": QuestionKind.TEXT, "wording": {"vi": f"Câu hỏi {number}", "en": f"Question {number}"}, **values}
    return await create_question(edition_id=edition_id, values=QuestionValues(**values), actor=SYSTEM, now=now)


async def make_change(item_id: int, type_id: int, *, invoice: DocumentInfo, now: datetime) -> tuple[int, int]:
    """Make a change of a ticket, whose order has an ``invoice``, that waits for its difference; returns its id and its
    invoice's. Its place is not counted: it is for pages alone.
    """
    (item,) = await fetch("SELECT ticket_type, price_minor FROM order_item WHERE id = {}", item_id)
    change = TicketChange(
        order_item=item_id,
        old_type=item["ticket_type"],
        ticket_type=type_id,
        price_minor=item["price_minor"] + 20_000,
        created_at=now,
        expires_at=now + timedelta(days=2),
    )
    await change.save()
    bill = await open_document(
        edition_id=invoice.edition_id,
        purpose=CHANGE_PURPOSE,
        subject_id=change.id,
        payer=payer_on(invoice),
        description=invoice.description,
        currency="VND",
        lines=[Line(description="Vé khác", unit_minor=20_000, with_tax=True)],
        now=now,
    )
    await fetch("UPDATE ticket_change SET payment_document = {} WHERE id = {}", bill.id, change.id)
    return change.id, bill.id
