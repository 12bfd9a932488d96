"""The books balance: over random histories the ledger comes to what its documents and payments say."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from app.accounts.actor import SYSTEM, Actor
from app.accounts.enums import Role
from app.accounts.queries import actor_of_person
from app.events.queries import EditionInfo
from app.kernel.database import fetch, write_transaction
from app.kernel.errors import AppError
from app.kernel.money import Money
from app.kernel.security import new_token
from app.payments.enums import (
    FOR_NOTHING_OF_OURS,
    Account,
    CashWay,
    DocumentState,
    PaymentMethod,
    Posting,
    Settlement,
    TaxMode,
)
from app.payments.lines import Line, Terms, taxed
from app.payments.queries import DocumentInfo, LegalInvoice, document_by_id, lines_of, next_due, payments_of, terms_of
from app.payments.queries_bank import entry_by_id
from app.payments.queries_borne import Borne, borne_in, payments_of_bearers
from app.payments.queries_drawers import moves_of, open_drawer_of
from app.payments.queries_payouts import payouts_of
from app.payments.services.assigning import assign_entry, match_new
from app.payments.services.bearing import count_back, count_for_another, record_borne, return_borne
from app.payments.services.card_disputes import apply_dispute
from app.payments.services.cash_moves import move_cash, take_back_move
from app.payments.services.corrections import credit_document, write_off
from app.payments.services.documents import cancel_document, require_refund
from app.payments.services.drawers import close_drawer, expected_in, open_drawer
from app.payments.services.for_nothing import set_aside, take_up_again
from app.payments.services.issuing import Part
from app.payments.services.ledger import Unbalanced, post
from app.payments.services.legal import note_legal_invoice
from app.payments.services.payout_matching import match_payout, part_from_payout
from app.payments.services.payouts import record_payout
from app.payments.services.payouts_back import take_back_payout
from app.payments.services.recording import record_payment
from app.payments.services.refunding import record_refund, reverse_refund
from app.payments.services.taking_off import take_off
from app.payments.services.terms import set_terms
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.books import check_books
from tests.payments.factories import Seller, make_document, make_entry, put_on_sale
from tests.support.factories import make_holder

T = TypeVar("T")
pytestmark = [pytest.mark.slow, pytest.mark.engines]
KINDS = list(Settlement)[:3]
#: Stripe's words for where a claim stands.
CLAIMS = ("needs_response", "under_review", "won", "lost")


class NothingThereError(Exception):
    """There is nothing to which this could happen."""


class Fair:
    """A festival at which anything may happen next, of what its finance desk, the bank and Stripe do."""

    def __init__(self, edition: EditionInfo, cashier: Actor, seller: Seller, seed: int) -> None:
        self.edition, self.cashier, self.seller = edition, cashier, seller
        self.chance = random.Random(seed)
        self.now = NOW
        self.ids: list[int] = []
        self.refunds: list[str] = []
        self.happened: set[str] = set()

    async def step(self) -> None:
        """Let something be tried; what may not be is refused."""
        self.now += timedelta(hours=1)
        self.seller.answer = self.chance.choice(KINDS)
        does = (
            *(
                self.bill,
                self.pay,
                self.pay,
                self.provider,
                self.cancel,
                self.give_back,
                self.fail,
                self.credit,
                self.credit,
            ),
            *(self.write_off, self.owe, self.transfer, self.assign, self.drawer, self.move, self.payout, self.claim),
            *(self.payout, self.join),
            *(
                self.bear,
                self.bear,
                self.credit_borne,
                self.credit_borne,
                self.give_back_borne,
                self.take_off,
                self.take_off,
                self.e_invoice,
            ),
            *(self.count_for, self.count_back),
        )
        what = self.chance.choice(does) if self.ids else self.bill
        with contextlib.suppress(AppError, NothingThereError):
            await what()
            self.happened.add(what.__name__)

    def one(self, found: Sequence[T]) -> T:
        """Return one of several. Raises NothingThereError where there is none."""
        if not found:
            raise NothingThereError
        return self.chance.choice(found)

    def some(self, amount: Money) -> Money:
        """Return a part of an amount, all of it, or more."""
        return Money(max(1, int(amount.amount_minor * self.chance.choice([0.3, 0.5, 1, 1.2]))), "VND")

    async def document(self) -> DocumentInfo:
        """Return one of the newest invoices, so that more than one thing happens to each."""
        return await document_by_id(self.one(self.ids[-4:]))

    async def bill(self) -> None:
        """Issue an invoice, some with a line that others bear, some of which they bear all, some in parts."""
        lines = [Line(description="Gian hàng", unit_minor=self.chance.randrange(1_000, 90_000) * 100)]
        if self.chance.random() < 0.1:
            lines.append(replace(lines[0], unit_minor=-lines[0].unit_minor, funded_by="Thành phố"))
            whole = await make_document(self.edition, subject_id=len(self.ids) + 1, lines=lines, may_be_borne=True)
            self.ids.append(whole.id)
            return
        if self.chance.random() < 0.3:
            lines.append(Line(description="Miễn", unit_minor=-50_000, funded_by="Quỹ phụ nữ"))
        if self.chance.random() < 0.3:
            lines.insert(1, Line(description="Băng rôn", unit_minor=70_000, tax_name="vn_reduced"))
        terms = await terms_of(self.edition.id)
        whole = sum(one.net_minor + one.tax_minor for one in (taxed(line, terms, NOW.date()) for line in lines))
        days = [(NOW + timedelta(days=30 * number)).date() for number in range(3)]
        parts = [Part(due_on=day, amount_minor=whole // 3 + (whole % 3 if day == days[0] else 0)) for day in days]
        given = parts if self.chance.random() < 0.4 else ()
        made = await make_document(self.edition, subject_id=len(self.ids) + 1, lines=lines, parts=given)
        self.ids.append(made.id)

    async def pay(self) -> None:
        """Write money down; cash lies in the cashier's drawer if she has one open."""
        document = await self.document()
        method = self.one([PaymentMethod.CASH, PaymentMethod.TERMINAL, PaymentMethod.TRANSFER])
        amount = self.one([self.some(document.amount), await next_due(document)])
        await record_payment(document_id=document.id, method=method, amount=amount, actor=self.cashier, now=self.now)

    async def provider(self) -> None:
        """Let Stripe tell of money, perhaps once more."""
        document = await self.document()
        await record_payment(
            document_id=document.id,
            method=PaymentMethod.CARD,
            amount=self.some(document.amount),
            actor=None,
            provider_reference=f"stripe:pi_{self.chance.randrange(40)}",
            now=self.now,
        )

    async def cancel(self) -> None:
        """Take an invoice back that is open."""
        await cancel_document(document_id=self.one(self.ids), actor=SYSTEM, now=self.now)

    async def credit(self) -> None:
        """Take a part of an invoice back."""
        document = await self.document()
        part = self.some(self.one([document.amount, document.due, document.due]))
        line = self.chance.choice([None, None, 1, 2, 3])
        given: dict[str, Any] = {"reason": "Sai", "line": line, "actor": SYSTEM, "now": self.now}
        await credit_document(document_id=document.id, amount=part, **given)

    async def credit_borne(self) -> None:
        """Take a part back of what somebody bears of an invoice, perhaps of one that is borne whole."""
        borne = await self.borne()
        lines = enumerate(await lines_of(borne.document_id), start=1)
        line = self.one([position for position, one in lines if one.funded_by == borne.bearer])
        given: dict[str, Any] = {"reason": "Sai", "line": line, "actor": SYSTEM, "now": self.now}
        await credit_document(document_id=borne.document_id, amount=self.some(borne.due), **given)

    async def e_invoice(self) -> None:
        """Write down the e-invoice of an invoice that is paid: what is taken back of it is credited from then on."""
        document = await self.document()
        if document.state != DocumentState.PAID:
            raise NothingThereError
        legal = LegalInvoice(provider="", series="1C26TFG", number=str(document.id), lookup="")
        await note_legal_invoice(document_id=document.id, legal=legal, actor=SYSTEM, now=self.now)

    async def write_off(self) -> None:
        """Give up what is due."""
        late = self.now + timedelta(days=90)
        await write_off(document_id=self.one(self.ids), actor=SYSTEM, now=late)

    async def owe(self) -> None:
        """Take back what was paid."""
        await require_refund(document_id=self.one(self.ids), actor=SYSTEM, now=self.now)

    async def give_back(self) -> None:
        """Give back what has to go back, or half of it; at the desk, or as a provider does it."""
        owed = [one for one in await payments_of(self.one(self.ids)) if one.due_back.amount_minor]
        payment = self.one(owed)
        name = self.chance.choice([None, f"refund:{len(self.refunds)}"])
        await record_refund(
            payment_id=payment.id,
            method=payment.method,
            amount=Money(max(1, payment.due_back.amount_minor // self.chance.choice([1, 2])), "VND"),
            actor=None if name else self.cashier,
            provider_reference=name,
            now=self.now,
        )
        if name:
            self.refunds.append(name)

    async def fail(self) -> None:
        """Let a refund fail after all, perhaps one that did so before."""
        async with write_transaction():
            await reverse_refund(provider_reference=self.one(self.refunds), reason="closed", now=self.now)

    async def transfer(self) -> None:
        """Let a transfer come in that names an invoice, or nothing."""
        document = await self.document()
        purpose = self.chance.choice([document.reference, "chuyen tien"])
        await make_entry(purpose, amount=self.some(document.amount).amount_minor, edition=self.edition)
        await match_new(self.now)

    async def assign(self) -> None:
        """Let the desk deal with a transfer that was left, or that it said was for nothing of ours."""
        row = self.one(await fetch("SELECT id, state FROM bank_entry WHERE state <> 'matched' ORDER BY id"))
        named: dict[str, Any] = {"edition_id": self.edition.id, "entry_id": row["id"], "actor": SYSTEM, "now": self.now}
        becomes = self.chance.choice(FOR_NOTHING_OF_OURS)
        if row["state"] != "left" and self.chance.random() < 0.6:
            await take_up_again(**named)
        elif row["state"] != "left" or self.chance.random() < 0.4:
            await set_aside(**named, reason="Lãi", becomes=becomes)
        elif self.chance.random() < 0.3:
            amount = (await entry_by_id(row["id"])).amount
            await assign_entry(**named, amounts={}, borne={(await self.borne()).line_id: amount})
        else:
            left = (await entry_by_id(row["id"])).left
            part = Money(max(1, left.amount_minor // 3), left.currency)
            rest = Money(left.amount_minor - part.amount_minor, left.currency)
            first, second = self.one(self.ids), self.one(self.ids)
            await assign_entry(**named, amounts={first: left} if first == second else {first: part, second: rest})

    async def take_off(self) -> None:
        """Take a payment off an invoice, perhaps one that cannot be, or that was taken off before."""
        ids = self.ids[-6:]
        found = [one for number in ids for one in await payments_of(number)]
        found += [one for number in ids for _bearer, one in await payments_of_bearers(number)]
        payment = self.one(found)
        right = (await self.document()).number if self.chance.random() < 0.5 else ""
        await take_off(
            document_id=payment.document_id,
            payment_id=payment.id,
            reason="Nhầm",
            instead=right,
            missing=self.chance.random() < 0.3,
            actor=self.cashier,
            now=self.now,
        )

    async def borne(self) -> Borne:
        """Return what somebody bears of one of the newest invoices that others bear something of."""
        return self.one((await borne_in(self.edition.id))[-4:])

    async def bear(self) -> None:
        """Write down money that came from who bears a part of an invoice."""
        borne = await self.borne()
        await record_borne(
            document_id=borne.document_id,
            bearer=borne.bearer,
            method=self.one([PaymentMethod.CASH, PaymentMethod.TERMINAL, PaymentMethod.TRANSFER]),
            amount=self.some(borne.due),
            actor=self.cashier,
            now=self.now,
        )

    async def give_back_borne(self) -> None:
        """Give back to who bears a part what has to go back to her, or half of it."""
        borne = self.one([one for one in await borne_in(self.edition.id) if one.due_back.amount_minor])
        await return_borne(
            document_id=borne.document_id,
            bearer=borne.bearer,
            method=PaymentMethod.TRANSFER,
            amount=Money(max(1, borne.due_back.amount_minor // self.chance.choice([1, 2])), "VND"),
            actor=self.cashier,
            now=self.now,
        )

    async def count_for(self) -> None:
        """Let what a bearer paid too much of one invoice count for another one of hers."""
        found = await borne_in(self.edition.id)
        over = self.one([one for one in found if one.due_back.amount_minor])
        other = self.one([one for one in found if one.bearer == over.bearer and one.due.amount_minor])
        await count_for_another(
            document_id=over.document_id, bearer=over.bearer, line_id=other.line_id, actor=SYSTEM, now=self.now
        )

    async def count_back(self) -> None:
        """Say that something counts for another invoice in error, perhaps once more."""
        row = self.one(await fetch("SELECT id, document FROM payment WHERE outcome = 'counted' ORDER BY id"))
        await count_back(document_id=row["document"], payment_id=row["id"], reason="Nhầm", actor=SYSTEM, now=self.now)

    async def drawer(self) -> None:
        """Open the cashier's drawer, or count it, often not what should lie in it."""
        own = await open_drawer_of(self.edition.id, self.cashier.person_id)
        named: dict[str, Any] = {"edition_id": self.edition.id, "actor": self.cashier, "now": self.now}
        if own is None:
            await open_drawer(**named, float_=Money(200_000, "VND"))
        else:
            counted = max(0, (await expected_in(own)).amount_minor + self.chance.choice([0, -7_000, 3_000]))
            why = self.chance.choice(["", "Đếm hai lần"])
            await close_drawer(**named, drawer_id=own.id, counted=Money(counted, "VND"), note=why, sure=bool(why))

    async def move(self) -> None:
        """Put cash into the cashier's drawer, or take some of it to the safe or the bank; or say that nobody did."""
        own = await open_drawer_of(self.edition.id, self.cashier.person_id)
        drawer_id = self.one([own] if own else []).id
        moved = await moves_of(drawer_id)
        if moved and self.chance.random() < 0.4:
            named = {"drawer_id": drawer_id, "edition_id": self.edition.id, "move_id": self.one(moved).id}
            await take_back_move(**named, reason="Nhầm", actor=self.cashier, now=self.now)
            return
        await move_cash(
            drawer_id=drawer_id,
            edition_id=self.edition.id,
            client_id=new_token(),
            way=self.one(list(CashWay)),
            amount=Money(self.chance.randrange(1, 90) * 10_000, "VND"),
            reason="Tiền lẻ",
            actor=self.cashier,
            now=self.now,
        )

    async def payout(self) -> None:
        """Write down that card money arrived, or that cash was brought to the bank; or that neither was so."""
        if self.chance.random() < 0.3:
            wrong = self.one(await payouts_of(self.edition.id))
            named: dict[str, Any] = {"edition_id": self.edition.id, "payout_id": wrong.id}
            await take_back_payout(**named, reason="Nhầm", actor=self.cashier, now=self.now)
            return
        await record_payout(
            edition_id=self.edition.id,
            account=self.one([Account.CARD, Account.TERMINAL, Account.SAFE, Account.CASH]),
            taken=Money(self.chance.randrange(1_000, 90_000), "VND"),
            fee=Money(self.chance.randrange(1_000), "VND"),
            reference=f"po_{self.chance.randrange(9)}",
            arrives_on=NOW.date(),
            actor=self.cashier,
            now=self.now,
            more=self.chance.random() < 0.5,
        )

    async def join(self) -> None:
        """Find a payout on the bank account, or say of a transfer that it is not that payout."""
        joined = await fetch("SELECT id FROM bank_entry WHERE state = 'payout' ORDER BY id")
        named: dict[str, Any] = {"edition_id": self.edition.id, "actor": self.cashier, "now": self.now}
        if joined and self.chance.random() < 0.5:
            await part_from_payout(**named, entry_id=self.one(joined)["id"])
            return
        payout = self.one([one for one in await payouts_of(self.edition.id) if one.entry_id is None])
        entry = await make_entry("QUYET TOAN", amount=payout.whole.amount_minor, edition=self.edition)
        if self.chance.random() < 0.5:
            await match_new(self.now)
        await match_payout(**named, entry_id=entry.id, payout_id=payout.id)

    async def claim(self) -> None:
        """Let a cardholder's bank claim money, and later decide."""
        rows = await fetch(
            "SELECT provider_reference AS name, amount_minor FROM payment WHERE method = 'card' ORDER BY id"
        )
        row = self.one([one for one in rows if one["amount_minor"] > 0 and (one["name"] or "").startswith("stripe:")])
        intent = row["name"].partition(":")[2]
        told = {"id": f"dp_{intent}", "payment_intent": intent, "amount": row["amount_minor"], "currency": "vnd"}
        fees = [{"fee": 300, "currency": "vnd"}] if self.chance.random() < 0.5 else []
        await apply_dispute(
            told | {"status": self.one(CLAIMS), "balance_transactions": fees, "created": 0}, self.now, self.now
        )


@pytest.mark.parametrize("seed", range(6))
async def test_the_ledger_comes_to_its_documents_whatever_happens(
    database: str, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    seller = Seller()
    put_on_sale(monkeypatch, seller)
    edition = await make_edition()
    if mode := (TaxMode.NONE, TaxMode.ADDED, TaxMode.INCLUDED)[seed % 3]:
        terms = Terms(seller_name="Hội LHPN", tax_mode=mode, tax_name="vn_standard", use_drawers=seed > 2)
        await set_terms(edition_id=edition.id, terms=terms, actor=SYSTEM, now=NOW)
    cashier = await actor_of_person((await make_holder(Role.FINANCE, edition_id=edition.id)).id)
    fair = Fair(edition, cashier, seller, seed)
    for _step in range(150):
        await fair.step()
        await check_books(edition)
    assert len(fair.happened) >= 12, fair.happened


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
