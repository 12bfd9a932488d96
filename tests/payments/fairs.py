"""The same fair as often as one likes: random documents, orders and transfers, and all that stands in the tables."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.events.queries import EditionInfo
from app.events.services.cancelling import cancel_edition
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.bank_lines import BankLine
from app.payments.enums import DocumentState, EntrySource, PaymentMethod, Settlement
from app.payments.errors import DocumentNotOpen
from app.payments.lines import Line
from app.payments.plugin import start as start_payments
from app.payments.queries import DocumentInfo, PaymentInfo, document_by_id
from app.payments.references import LEAST_CUT, reference_of
from app.payments.services import documents, issuing
from app.payments.services.corrections import credit_document, write_off
from app.payments.services.documents import Paid, cancel_document, open_document, register_settlement
from app.payments.services.entries import keep_entries
from app.payments.services.issuing import Part, Payer
from app.payments.services.recording import record_payment
from app.payments.tables import PaymentDocument
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.factories import OVERDUE
from tests.support.factories_ticketing import make_order, make_ticket_type
from tests.test_migrations import all_tables
from ticketing.sales.plugin import start as start_sales
from ticketing.sales.services.outcomes import expire_orders
from ticketing.sales.tables import TicketOrder, TicketType

AMOUNTS = (20_000, 50_000, 70_000)
PURPOSES = ("order", "fee")
#: What is drawn at random, or counted in the order in which things happen.
NOT_COMPARED = {
    "ledger_entry": {"posting"},
    "pass": {"serial", "code", "short_code", "secret_seed", "secret_hash", "search_text", "key_id"},
    "job": {"payload", "unique_key"},
}
SKIPPED = {"signing_key", "payment_series"}


async def settle(document: DocumentInfo, _payment: PaymentInfo, _now: datetime) -> Settlement:
    """A seller who keeps most promises, and breaks some in every way there is."""
    match document.subject_id % 13:
        case 3:
            return Settlement.REFUND
        case 5:
            return Settlement.REPLACED
        case 7:
            raise DocumentNotOpen(number=document.number)
        case 9:
            raise RuntimeError("out of order")
    return Settlement.KEPT


async def settle_fee(document: DocumentInfo, payment: PaymentInfo, now: datetime) -> Settlement:
    """Another such seller."""
    return await settle(document, payment, now)


async def settle_fees(paid: Sequence[Paid], now: datetime) -> list[Settlement]:
    """The same one, asked for many."""
    return [await settle(document, payment, now) for document, payment in paid]


def open_shops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let these sellers and the ticket office settle, for this test alone."""
    monkeypatch.setattr(documents, "_settlements", {})
    monkeypatch.setattr(documents, "_many_at_once", {})
    start_payments()
    start_sales()
    register_settlement("order", settle)
    register_settlement("fee", settle_fee, settle_fees)


class Fair:
    """Two editions with documents and orders, and transfers that pay for them well or badly."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.documents: list[DocumentInfo] = []
        self.editions: list[EditionInfo] = []
        self.lines: list[BankLine] = []

    async def set_up(self, monkeypatch: pytest.MonkeyPatch, *, bills: int = 20, orders: int = 6) -> None:
        """Make all of it; the same seed makes the same."""
        references = Random(1)
        monkeypatch.setattr(
            issuing, "new_reference", lambda: reference_of([references.randrange(31) for _place in range(8)])
        )
        self.editions = [await make_edition(slug) for slug in ("mot", "hai")]
        for number in range(bills):
            await self._bill(number)
        for number in range(orders):
            await self._order(number)
        rows = await PaymentDocument.select(PaymentDocument.id).order_by(PaymentDocument.id)
        self.documents = [await document_by_id(row["id"]) for row in rows]
        for number in range(len(self.documents) * 3 // 2):
            self._transfer(number)
        await keep_entries(self.lines, source=EntrySource.STATEMENT, now=NOW)

    def _edition(self) -> EditionInfo:
        """The first more often than the second, which may be cancelled."""
        return self.editions[self.chance.randrange(3) // 2]

    async def _bill(self, number: int) -> None:
        chance = self.chance
        amount = chance.choice(AMOUNTS)
        day = NOW.date() + timedelta(days=9)
        parts = [Part(due_on=day, amount_minor=5_000), Part(due_on=day, amount_minor=amount - 5_000)]
        document = await open_document(
            edition_id=self._edition().id,
            purpose=chance.choice(PURPOSES),
            subject_id=number,
            payer=Payer(name=chance.choice(("Lê Thị Lan", "Trần Thị Mai"))),
            description="Phí",
            currency="VND",
            lines=[Line(description="Phí", unit_minor=amount)],
            parts=chance.choice(((), (), parts)),
            now=NOW,
        )
        match chance.randrange(9):
            case 4:  # somebody was shown that it was sent, and wrote it down
                half: dict[str, Any] = {"amount": Money(amount // 2, "VND"), "actor": SYSTEM, "now": NOW}
                await record_payment(document_id=document.id, method=PaymentMethod.TRANSFER, **half)
            case 0:
                await self._pay_cash(document.id, amount // 2)
            case 1:
                part = Money(amount // 4, "VND")
                await credit_document(document_id=document.id, amount=part, reason="Bớt", actor=SYSTEM, now=NOW)
            case 2:
                await write_off(document_id=document.id, actor=SYSTEM, now=OVERDUE)
            case 3:
                await cancel_document(document_id=document.id, actor=SYSTEM, now=NOW)

    async def _order(self, number: int) -> None:
        """An order that is held, or is just being cancelled, or let go while its bill is still open."""
        chance = self.chance
        edition = self._edition()
        types = [row["id"] for row in await TicketType.select(TicketType.id).where(TicketType.edition == edition.id)]
        for place in range(len(types), 2):
            name = {"vi": f"Vé {place}"}
            code = f"{edition.slug}{place}"
            types.append(
                await make_ticket_type(edition.id, now=NOW, code=code, name=name, price_minor=50_000, quota=100)
            )
        given = {"client_id": f"client-{number:06d}", "phone": None, "email": f"hoa{number}@example.vn"}
        counts = {type_id: chance.randrange(1, 3) for type_id in chance.sample(types, chance.randrange(1, 3))}
        placed = await make_order(edition.id, counts, now=NOW, **given)
        fate = chance.choice(("held", "held", "held", "expired", "cancelled"))
        if fate != "held":
            await TicketOrder.update({TicketOrder.state: fate}).where(TicketOrder.id == placed.order_id)
            for type_id, count in counts.items():
                await TicketType.update({TicketType.held: TicketType.held - count}).where(TicketType.id == type_id)

    def _transfer(self, number: int) -> None:
        chance = self.chance
        document, other = chance.sample(self.documents, 2)
        if number < len(self.documents):  # something comes for each
            document = self.documents[number]
        due, currency, purpose = document.due.amount_minor or 1, "VND", f"CT {document.reference.lower()} cam on"
        match chance.randrange(16):
            case 0:
                due = due // 2
            case 1:
                due += 1_000
            case 2:
                currency = "IDR"
            case 3 | 4:
                due, purpose = due + other.due.amount_minor, f"{document.reference} {other.reference}"
            case 5 | 6:
                purpose = document.reference[: LEAST_CUT + 1]
            case 7:
                purpose = "chuyen tien"
        self.lines.append(
            BankLine(
                account="0011001932418",
                booked_at=NOW + timedelta(minutes=number),
                day=NOW.date(),
                amount=Money(due, currency),
                purpose=purpose,
                payer_name="LE THI LAN",
                number=f"FT26331{number:09d}",
            )
        )

    async def _pay_cash(self, document_id: int, amount: int) -> None:
        given = {"method": PaymentMethod.CASH, "actor": None, "now": NOW, "amount": Money(amount, "VND")}
        try:
            await record_payment(document_id=document_id, provider_reference=f"cash:{document_id}", **given)  # type: ignore[arg-type]
        except (DocumentNotOpen, RuntimeError):
            """Her seller would not have it."""

    async def meanwhile(self) -> None:
        """What others do after it was decided what each transfer is for, and before it is booked."""
        for document in self.chance.sample(self.documents, 4):
            now = await document_by_id(document.id)
            if now.state == DocumentState.OPEN:
                await self._pay_cash(document.id, now.due.amount_minor)
        for document in self.chance.sample(self.documents, 3):
            if (await document_by_id(document.id)).state == DocumentState.OPEN:
                await cancel_document(document_id=document.id, actor=SYSTEM, now=NOW)
        if self.chance.random() < 0.5:
            await expire_orders(now=NOW + timedelta(hours=1), at_most=2)
        if self.chance.random() < 0.5:
            gone = self.editions[1]
            await cancel_edition(edition_id=gone.id, typed=gone.slug, reason="Bão", actor=SYSTEM, now=NOW)


async def everything() -> dict[str, Counter[str]]:
    """All rows of all tables, told by what they say and not by their ids; postings are compared as wholes."""
    rows = {
        table._meta.tablename: await fetch(f'SELECT * FROM "{table._meta.tablename}"')
        for table in all_tables()
        if table._meta.tablename not in SKIPPED
    }
    labels = _labels(rows)
    found: dict[str, Counter[str]] = {}
    postings: dict[str, list[str]] = {}
    for name, of_table in rows.items():
        told = [(row, _told(name, row, labels)) for row in of_table]
        found[name] = Counter(text for _row, text in told)
        if name == "ledger_entry":
            for row, text in told:
                postings.setdefault(row["posting"], []).append(text)
    found["postings"] = Counter(repr(sorted(texts)) for texts in postings.values())
    return found


Labels = dict[str, dict[int, Any]]
#: Which columns lead to what may have another id.
LEADS = {"document": "document", "corrects": "document", "payment": "payment", "returns": "payment"}


def _labels(rows: dict[str, list[dict[str, Any]]]) -> Labels:
    notes = {
        row["id"]: ("credit of", row["corrects"], row["amount_minor"]) if row["corrects"] else row["id"]
        for row in rows["payment_document"]
    }
    payments = {row["id"]: (row["document"], row["provider_reference"], row["amount_minor"]) for row in rows["payment"]}
    passes = {row["event_pass"]: row["id"] for row in rows["order_item"] if row["event_pass"]}
    return {"document": notes, "payment": payments, "pass": passes}


def _told(table: str, row: dict[str, Any], labels: Labels) -> str:
    left_out = {"id"} | NOT_COMPARED.get(table, set())
    values = {name: value for name, value in row.items() if name not in left_out}
    for name, kind in LEADS.items():
        if values.get(name) is not None:
            values[name] = labels[kind][values[name]]
    about, _colon, number = str(values.get("unique_key")).partition(":")
    if about.startswith("payment-"):
        values["unique_key"] = (about, labels["payment"].get(int(number)))
    if table == "order_item":
        values["event_pass"] = values["event_pass"] is not None
    if table == "pass":
        values["of"] = labels["pass"].get(row["id"])
    if table == "payment_document" and row["corrects"]:  # notes are numbered and named in the order of things
        for name in ("number", "reference", "search_text"):
            del values[name]
    if table == "outbox_message":
        values["body_text"] = re.sub(r"/pass/\S+", "/pass/…", values["body_text"])
        attached = json.loads(values["attachments"])
        values["attachments"] = [{**one, "of": [labels["pass"][of] for of in one["of"]]} for one in attached]
    return repr(sorted(values.items()))
