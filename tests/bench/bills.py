"""What ``payments`` needs inside the installation: ``make``, ``bills``, ``statement``, ``papers`` COUNT, and ``wait``.

``python -m tests.bench.bills …`` in the environment of the installation prints one JSON object as its last line.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from app.events.enums import EditionState
from app.events.queries import EditionInfo, edition_by_id
from app.events.tables import Edition
from app.kernel import clock
from app.kernel.database import close_database, fetch, open_database, write_transaction
from app.kernel.money import Money
from app.kernel.sheets import SheetContext, batches
from app.main import register_modules
from app.payments.currencies import to_stripe
from app.payments.enums import Settlement
from app.payments.enums_card import AttemptState
from app.payments.lines import Line
from app.payments.papers import paper_of
from app.payments.pdf import render_invoices
from app.payments.queries import DocumentInfo, PaymentInfo, document_by_id
from app.payments.references import reference_of
from app.payments.services.assigning import match_new
from app.payments.services.card_checkout import LASTS
from app.payments.services.documents import Paid, open_document, register_settlement
from app.payments.services.issuing import Payer
from app.payments.sheets import DESK, STATEMENTS
from app.payments.tables import PaymentDocument
from app.payments.tables_card import CardAttempt
from tests.bench.notices import session_id
from tests.payments.statements.banks import BANKS
from tests.payments.statements.files import file_of, name_of
from tests.payments.statements.history import make_statement
from tests.payments.statements.make import truth_of
from tests.payments.statements.people import OpenInvoice, make_invoices
from ticketing.sales.services.orders import PURPOSE, place_order
from ticketing.sales.services.outcomes import settle_order, settle_orders
from ticketing.sales.tables import TicketType

BENCH = "bench"


async def the_edition() -> EditionInfo:
    """Return the demo festival's edition that is open."""
    row = await Edition.objects().where(Edition.state == EditionState.OPEN.value).order_by(Edition.id).first()
    assert row is not None
    return await edition_by_id(row.id)


async def make(count: int) -> dict[str, Any]:
    """Place so many orders of one ticket that costs something; the checkout of each is open and waits for its money."""
    edition = await the_edition()
    ticket = await TicketType.objects().where((TicketType.edition == edition.id) & (TicketType.price_minor > 0)).first()
    assert ticket is not None
    await fetch(
        "UPDATE quota SET size = size + {} WHERE id IN (SELECT quota FROM quota_type WHERE ticket_type = {})",
        count,
        ticket.id,
    )
    now = clock.now()
    for number in range(count):
        await place_order(
            edition_id=edition.id,
            client_id=f"bench-{number}",
            counts={ticket.id: 1},
            full_name=f"Nguyễn Thị Thử {number}",
            phone=None,
            email=f"thu{number}@example.vn",
            locale="vi",
            now=now,
        )
    rows = await fetch(
        "SELECT d.id, d.number, d.amount_minor, d.currency FROM payment_document d "
        "JOIN ticket_order o ON o.payment_document = d.id WHERE o.client_id LIKE 'bench-%' ORDER BY d.id"
    )
    async with write_transaction():
        return {"documents": [await led_to_stripe(row, now) for row in rows]}


async def led_to_stripe(row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Keep the checkout of a document as it is kept once Stripe has answered; gives what Stripe tells of it."""
    attempt = CardAttempt(
        document=row["id"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        locale="vi",
        idempotency_key=f"checkout-bench-{row['id']}",
        session_id=session_id(row["id"]),
        url=f"https://checkout.example/c/pay/{session_id(row['id'])}",
        state=AttemptState.OPEN.value,
        created_at=now,
        expires_at=now + LASTS,
        checked_at=now,
    )
    await attempt.save()
    amount = to_stripe(Money(row["amount_minor"], row["currency"]))
    return {**row, "attempt": attempt.id, "amount": amount}


async def wait() -> dict[str, Any]:
    """Wait until every notice had its effect; count the orders on which not exactly one took effect as it should."""
    while (await fetch("SELECT COUNT(*) AS n FROM payment_event WHERE handled_at IS NULL"))[0]["n"]:  # noqa: ASYNC110
        await asyncio.sleep(0.25)
    ended = time.time()
    return {"ended": ended, "misapplied": await misapplied()}


async def misapplied() -> int:
    """How many orders have not one payment, one paid attempt, one pass, and one bill and its money in the books.

    In the books: two postings, which bring the whole amount by card and leave nothing to be paid.
    """
    wrong = await fetch(
        "SELECT o.id FROM ticket_order o JOIN payment_document d ON d.id = o.payment_document "
        "LEFT JOIN (SELECT document, COUNT(*) AS n, SUM(amount_minor) AS came FROM payment GROUP BY document) p "
        "ON p.document = d.id LEFT JOIN (SELECT i.ticket_order, COUNT(i.event_pass) AS n FROM order_item i "
        "GROUP BY i.ticket_order) t ON t.ticket_order = o.id JOIN card_attempt a ON a.document = d.id "
        "LEFT JOIN (SELECT document, COUNT(DISTINCT posting) AS n, "
        "SUM(CASE WHEN account = 'card' THEN amount_minor ELSE 0 END) AS card, "
        "SUM(CASE WHEN account = 'receivable' THEN amount_minor ELSE 0 END) AS due "
        "FROM ledger_entry GROUP BY document) l ON l.document = d.id "
        "WHERE o.client_id LIKE 'bench-%' AND (o.state <> 'confirmed' OR d.state <> 'paid' OR a.state <> 'paid' "
        "OR a.payment_intent IS NULL OR d.paid_minor <> d.amount_minor OR COALESCE(p.n, 0) <> 1 "
        "OR p.came <> d.amount_minor OR COALESCE(t.n, 0) <> 1 "
        "OR COALESCE(l.n, 0) <> 2 OR l.card <> d.amount_minor OR l.due <> 0)"
    )
    return len(wrong)


async def bills(count: int) -> dict[str, Any]:
    """Open so many invoices, whose payers are going to transfer their money."""
    edition, now = await the_edition(), datetime(2026, 11, 1, 2, tzinfo=UTC)
    register_settlement(BENCH, keep, keep_all)
    for number, invoice in enumerate(invoices_of(count)):
        document = await open_document(
            edition_id=edition.id,
            purpose=BENCH,
            subject_id=number,
            payer=Payer(name=invoice.payer),
            description="Phí gian hàng",
            currency="VND",
            lines=[Line(description="Phí gian hàng", unit_minor=invoice.amount)],
            now=now,
        )
        await PaymentDocument.update({PaymentDocument.reference: invoice.reference}).where(
            PaymentDocument.id == document.id
        )
    return {"bills": count}


def invoices_of(count: int) -> list[OpenInvoice]:
    """The invoices, the same each time."""
    chance = Random(7)
    return make_invoices(
        count, seed=7, reference=lambda _chance: reference_of([chance.randrange(31) for _place in range(8)])
    )


async def keep(document: DocumentInfo, payment: PaymentInfo, now: datetime) -> Settlement:
    """Settle an invoice."""
    return Settlement.KEPT


async def keep_all(paid: Sequence[Paid], now: datetime) -> list[Settlement]:
    """Settle many."""
    return [Settlement.KEPT for _one in paid]


async def statement(count: int) -> dict[str, Any]:
    """Load a statement of so many lines against as many open invoices, a tenth mangled, and let it be matched.

    ``wrong`` counts invoices that got money of a line that was not theirs.
    """
    edition = await the_edition()
    register_settlement(BENCH, keep, keep_all)
    now = clock.now()
    first_day = (now - timedelta(days=30)).date()
    made = make_statement(BANKS[0], invoices_of(count), seed=7, lines=count, mangled=0.1, first_day=first_day, days=28)
    file = file_of(made)
    context = SheetContext(edition_id=edition.id, actor=None, now=now, currency="VND", desk=DESK)
    began = time.monotonic()
    batch = await batches.preview(STATEMENTS.name, file, name_of(made.bank), context)
    await batches.accept(batch.id, context, lay=True)
    read = time.monotonic() - began
    counts = await match_new(now)
    took = time.monotonic() - began
    rows = await fetch(
        "SELECT d.reference AS reference, m.amount_minor AS amount, e.purpose AS purpose, e.booked_at AS booked_at, "
        "e.amount_minor AS came FROM bank_match m JOIN payment_document d ON d.id = m.document "
        "JOIN bank_entry e ON e.id = m.entry"
    )
    meant = {pair for line in truth_of(made) for pair in zip(line.references, line.shares, strict=True)}
    wrong = [row for row in rows if (row["reference"], row["amount"]) not in meant]
    return {
        "seconds": round(took, 1),
        "seconds_reading": round(read, 1),
        "lines": len(made.lines),
        "matched": counts.get("matched", 0),
        "left": counts.get("left", 0),
        "wrong": len(wrong),
    }


async def papers(count: int) -> dict[str, Any]:
    """Set invoices as PDFs, from the database to their bytes: half of them paid, half open with a code to transfer by.

    As many as one child takes. The environment names the bank account that the codes lead to.
    """
    half = "SELECT id FROM payment_document WHERE kind = 'invoice' AND state = {} ORDER BY id LIMIT {}"
    rows = [*await fetch(half, "open", count // 2), *await fetch(half, "paid", count - count // 2)]
    began = time.monotonic()
    made = [await paper_of(await document_by_id(row["id"])) for row in rows]
    contents = await render_invoices(made)
    took = time.monotonic() - began
    assert all(content.startswith(b"%PDF") for content in contents)
    coded = sum(1 for paper in made if paper.transfer and any(one.picture for one in paper.transfer.transfers))
    return {"pdfs_per_second": round(len(contents) / took, 1), "pdfs": len(contents), "pdfs_with_code": coded}


async def main(what: str, *arguments: str) -> None:
    """Do one thing and print what came of it."""
    register_modules()
    register_settlement(PURPOSE, settle_order, settle_orders)
    await open_database()
    try:
        steps = {"make": make, "wait": wait, "bills": bills, "statement": statement, "papers": papers}
        print(json.dumps(await steps[what](*map(int, arguments))))
    finally:
        await close_database()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
