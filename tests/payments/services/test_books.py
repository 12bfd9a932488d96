"""The books balance: over random histories the ledger comes to what its documents and payments say."""

from __future__ import annotations

import contextlib
import random
from datetime import timedelta

import pytest

from app.accounts.actor import SYSTEM
from app.events.queries import EditionInfo
from app.kernel.database import fetch, write_transaction
from app.kernel.errors import AppError
from app.kernel.money import Money
from app.payments.enums import Account, DocumentState, PaymentMethod, Posting, Settlement
from app.payments.lines import Line
from app.payments.queries import document_by_id, payments_of
from app.payments.services.corrections import credit_document, write_off
from app.payments.services.documents import cancel_document, require_refund
from app.payments.services.ledger import Unbalanced, post
from app.payments.services.recording import record_payment
from app.payments.services.refunding import record_refund
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.factories import Seller, make_document, put_on_sale

pytestmark = pytest.mark.engines
KINDS = list(Settlement)[:3]


async def account(edition: EditionInfo, name: Account) -> int:
    """What an account of an edition comes to."""
    (row,) = await fetch(
        "SELECT COALESCE(SUM(amount_minor), 0) AS total FROM ledger_entry WHERE edition = {} AND account = {}",
        edition.id,
        name.value,
    )
    return int(row["total"])


async def check_books(edition: EditionInfo) -> None:
    """Every posting sums to nothing, and each account comes to what documents and payments say."""
    assert await fetch("SELECT posting FROM ledger_entry GROUP BY posting HAVING SUM(amount_minor) <> 0") == []
    documents = await fetch("SELECT * FROM payment_document WHERE edition = {} AND kind = 'invoice'", edition.id)
    payments = await fetch(
        "SELECT p.* FROM payment p JOIN payment_document d ON d.id = p.document WHERE d.edition = {}", edition.id
    )
    still_open = [row for row in documents if row["state"] == DocumentState.OPEN]
    dues = [row["amount_minor"] - row["credited_minor"] - row["paid_minor"] for row in still_open]
    assert min(dues, default=1) > 0  # with nothing left to pay it is paid, and its seller was asked
    due = sum(dues)
    assert await account(edition, Account.RECEIVABLE) == due
    owed = sum(row["owed_minor"] - row["returned_minor"] for row in payments if row["amount_minor"] > 0)
    assert await account(edition, Account.PAYABLE) == -owed
    assert sum(row["owed_minor"] for row in documents) == owed
    money = sum([await account(edition, name) for name in (Account.CASH, Account.BANK, Account.CARD)])
    assert money == sum(row["amount_minor"] for row in payments)
    assert sum(row["paid_minor"] for row in documents) + owed == money
    sold = sum(
        row["amount_minor"] - row["credited_minor"]
        for row in documents
        if row["state"] not in (DocumentState.CANCELLED, DocumentState.REFUND_DUE, DocumentState.REFUNDED)
    )
    given_up = sum(
        row["amount_minor"] - row["credited_minor"] - row["paid_minor"]
        for row in documents
        if row["state"] == DocumentState.WRITTEN_OFF
    )
    earned = [await account(edition, name) for name in (Account.REVENUE, Account.TAX, Account.SUBSIDY)]
    assert (-sum(earned), await account(edition, Account.LOSS)) == (sold, given_up)
    for row in documents:
        assert 0 <= row["paid_minor"] <= row["amount_minor"] - row["credited_minor"] or row["state"] in (
            DocumentState.REFUND_DUE,
            DocumentState.REFUNDED,
        )


@pytest.mark.parametrize("seed", range(6))
async def test_the_ledger_comes_to_its_documents_whatever_happens(
    database: str, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    seller = Seller()
    put_on_sale(monkeypatch, seller)
    edition = await make_edition()
    ids: list[int] = []
    happened: set[str] = set()
    for step in range(60):
        now = NOW + timedelta(hours=step)
        seller.answer = chance.choice(KINDS)
        what = chance.choice(["bill", "pay", "pay", "provider", "cancel", "refund", "credit", "write_off", "owe"])
        if what == "bill" or not ids:
            lines = [Line(description="Gian hàng", unit_minor=chance.randrange(1_000, 90_000) * 100)]
            if chance.random() < 0.3:
                lines.append(Line(description="Miễn", unit_minor=-50_000, funded_by="Quỹ phụ nữ"))
            ids.append((await make_document(edition, subject_id=len(ids) + 1, lines=lines)).id)
            continue
        document = await document_by_id(chance.choice(ids))
        part = Money(max(1, int(document.amount.amount_minor * chance.choice([0.3, 0.5, 1, 1.2]))), "VND")
        method = chance.choice([PaymentMethod.CASH, PaymentMethod.TRANSFER, PaymentMethod.CARD])
        with contextlib.suppress(AppError):
            if what == "pay":
                await record_payment(document_id=document.id, method=method, amount=part, actor=SYSTEM, now=now)
            elif what == "provider":
                await record_payment(
                    document_id=document.id,
                    method=method,
                    amount=part,
                    actor=None,
                    provider_reference=f"x{chance.randrange(40)}",
                    now=now,
                )
            elif what == "cancel":
                await cancel_document(document_id=document.id, actor=SYSTEM, now=now)
            elif what == "credit":
                await credit_document(document_id=document.id, amount=part, reason="Sai", actor=SYSTEM, now=now)
            elif what == "write_off":
                await write_off(document_id=document.id, actor=SYSTEM, now=now)
            elif what == "owe":
                await require_refund(document_id=document.id, actor=SYSTEM, now=now)
            else:
                for payment in await payments_of(document.id):
                    if payment.due_back.amount_minor:
                        back = Money(max(1, payment.due_back.amount_minor // chance.choice([1, 2])), "VND")
                        await record_refund(payment_id=payment.id, method=method, amount=back, actor=SYSTEM, now=now)
            happened.add(what)
        await check_books(edition)
    assert len(happened) >= 6


async def test_the_check_notices_money_that_is_in_no_book(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    put_on_sale(monkeypatch, Seller())
    edition = await make_edition()
    document = await make_document(edition)
    await check_books(edition)
    await fetch("UPDATE payment_document SET paid_minor = 10 WHERE id = {}", document.id)
    with pytest.raises(AssertionError):
        await check_books(edition)


async def test_a_posting_that_does_not_balance_is_refused(database: str) -> None:
    edition = await make_edition()
    with pytest.raises(Unbalanced):
        async with write_transaction():
            await post(
                Posting.FEE, {Account.FEES: 100, Account.CARD: -99}, edition_id=edition.id, currency="VND", now=NOW
            )


@pytest.mark.parametrize(
    "statement", ["UPDATE ledger_entry SET amount_minor = amount_minor + 1", "DELETE FROM ledger_entry"]
)
async def test_entries_are_kept_as_they_are(database: str, monkeypatch: pytest.MonkeyPatch, statement: str) -> None:
    put_on_sale(monkeypatch, Seller())
    await make_document(await make_edition())
    before = await fetch("SELECT * FROM ledger_entry ORDER BY id")
    with pytest.raises(Exception, match="kept as they are"):
        await fetch(statement)
    assert await fetch("SELECT * FROM ledger_entry ORDER BY id") == before != []
