"""Amounts that are none, at every form that takes one: nothing is recorded, and the form says what is wrong."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any

import pytest

from app.accounts.actor import SYSTEM, Actor
from app.accounts.enums import Role
from app.accounts.queries import actor_of_person
from app.events.queries import EditionInfo
from app.kernel.database import fetch
from app.kernel.money import MOST, Money
from app.payments.enums import SERVICE_PURPOSE, PaymentMethod
from app.payments.lines import Line
from app.payments.queries import DocumentInfo, payments_of
from app.payments.queries_bank import EntryInfo
from app.payments.queries_borne import Borne, borne_of
from app.payments.services import documents
from app.payments.services.assigning import match_new
from app.payments.services.documents import require_refund
from app.payments.services.drawers import open_drawer
from app.payments.services.recording import record_payment
from app.payments.services.service_invoices import settle_service
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.controllers.service_invoices import TYPED
from tests.payments.factories import Seller, make_document, make_entry
from tests.support.client import Browser, sign_in
from tests.support.factories import make_holder

pytestmark = [pytest.mark.slow, pytest.mark.engines]
#: None of these is an amount that anybody can pay; the first is one that may lie in a drawer, or be a fee.
NONE = ("0", "-1", "-0", str(MOST + 1), str(2**53 + 1), "9" * 29, "1e9", "NaN", "0x10", "1.5", "1.00", "½", "")


@dataclass
class Desk:
    """A finance desk with something at which each of its forms can be sent."""

    client: Browser
    edition: EditionInfo
    actor: Actor
    open: DocumentInfo
    owed: DocumentInfo
    entry: EntryInfo

    @property
    def base(self) -> str:
        """Where payments stand."""
        return f"/manage/{self.edition.id}/payments"


@pytest.fixture
async def desk(client: Browser, seller: Seller, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Finance, an open invoice, one whose money has to go back, and a transfer that nobody knows."""
    monkeypatch.setitem(documents._settlements, SERVICE_PURPOSE, settle_service)
    edition = await make_edition()
    person = await make_holder(Role.FINANCE, edition_id=edition.id)
    await sign_in(client, person.id)
    actor = await actor_of_person(person.id)
    owed = await make_document(edition, subject_id=2)
    await record_payment(document_id=owed.id, method=PaymentMethod.CASH, amount=owed.amount, actor=actor, now=NOW)
    await require_refund(document_id=owed.id, actor=SYSTEM, now=NOW)
    entry = await make_entry(edition=edition)
    await match_new(NOW)
    return Desk(client, edition, actor, await make_document(edition), owed, entry)


async def entered() -> list[dict[str, Any]]:
    """Everything that was ever entered, and every invoice."""
    return [
        *await fetch("SELECT id, account, amount_minor FROM ledger_entry ORDER BY id"),
        *await fetch("SELECT id, state, paid_minor, owed_minor, credited_minor FROM payment_document ORDER BY id"),
        *await fetch("SELECT id, float_minor, counted_minor FROM cash_drawer ORDER BY id"),
    ]


@pytest.mark.parametrize("amount", NONE)
@pytest.mark.parametrize("form", ["payments", "credits", "refunds", "payouts", "assign", "new"])
async def test_what_is_no_amount_is_refused_and_nothing_is_entered(desk: Desk, form: str, amount: str) -> None:
    (payment,) = await payments_of(desk.owed.id)
    path, data = {
        "payments": (f"/{desk.open.id}/payments", {"method": "cash", "amount": amount}),
        "credits": (f"/{desk.open.id}/credits", {"credit": amount, "reason": "Sai"}),
        "refunds": (f"/{desk.owed.id}/refunds/{payment.id}", {"method": "cash", "amount": amount}),
        "payouts": (
            "/payouts",
            {"account": "terminal", "taken": amount, "fee": "0", "reference": "LO-1", "arrives_on": "2026-11-20"},
        ),
        "assign": (f"/bank/{desk.entry.id}/assign", {f"amount_{desk.open.id}": amount}),
        "new": ("/new", {**TYPED, "line_price-1": amount}),
    }[form]
    before = await entered()
    answer = await desk.client.post(f"{desk.base}{path}?lang=en", data=data)
    assert answer.status_code in (409, 422), answer.text
    assert await entered() == before
    if form == "payments":
        assert "<form" in answer.text  # what else she typed is there still
        assert f'action="{desk.base}{path}"' in answer.text


@pytest.mark.parametrize("amount", NONE[1:])
async def test_what_lies_in_a_drawer_is_an_amount(desk: Desk, amount: str) -> None:
    before = await entered()
    assert (await desk.client.post(f"{desk.base}/drawers", data={"amount": amount})).status_code == 422
    assert await entered() == before
    drawer_id = await open_drawer(edition_id=desk.edition.id, float_=Money(50_000, "VND"), actor=desk.actor, now=NOW)
    before = await entered()
    closed = await desk.client.post(f"{desk.base}/drawers/{drawer_id}/close", data={"amount": amount})
    assert closed.status_code == 422
    assert await entered() == before


async def test_shares_that_are_the_transfer_only_together_are_each_an_amount(desk: Desk) -> None:
    other = await make_document(desk.edition, subject_id=3)
    before = await entered()
    answer = await desk.client.post(
        f"{desk.base}/bank/{desk.entry.id}/assign",
        data={f"amount_{desk.open.id}": "100.000", f"amount_{other.id}": "-50.000"},
    )
    assert answer.status_code == 422
    assert await entered() == before


@pytest.mark.parametrize("page", ["9" * 20, "9" * 5_000, "-1", "x"])
async def test_any_page_of_the_list_is_answered(desk: Desk, page: str) -> None:
    assert (await desk.client.get(f"{desk.base}?page={page}")).status_code in (200, 303)


@pytest.mark.parametrize("form", ["payments", "credits", "refunds", "payouts", "fee", "assign", "new", "line", "borne"])
async def test_an_amount_far_too_large_is_said_to_be_so_at_its_field(desk: Desk, form: str) -> None:
    (payment,) = await payments_of(desk.owed.id)
    borne = await _borne_by_a_bank(desk.edition)
    amount, payout = "9" * 20, {"account": "terminal", "reference": "LO-1", "arrives_on": "2026-11-20"}
    field, path, data = {
        "payments": ("amount", f"/{desk.open.id}/payments", {"method": "cash"}),
        "credits": ("credit", f"/{desk.open.id}/credits", {"reason": "Sai"}),
        "refunds": ("amount", f"/{desk.owed.id}/refunds/{payment.id}", {"method": "cash"}),
        "payouts": ("taken", "/payouts", {**payout, "fee": "0"}),
        "fee": ("fee", "/payouts", {**payout, "taken": "5.000"}),
        "assign": (f"amount_{desk.open.id}", f"/bank/{desk.entry.id}/assign", {}),
        "new": ("line_price-1", "/new", TYPED),
        "line": ("line_borne-1", "/new", {**TYPED, "line_borne_by-1": "Quỹ Bình Minh"}),
        "borne": ("borne_amount", f"/{borne.document_id}/payments", _of_bearer(borne)),
    }[form]
    before = await entered()
    answer = await desk.client.post(f"{desk.base}{path}?lang=en", data={**data, field: amount})
    assert answer.status_code == 422, answer.text
    assert "The amount is more than 1.000.000.000.000.000\xa0₫" in _at(field, answer.text)
    assert await entered() == before


@pytest.mark.parametrize(
    ("form", "said"), [("line", "Please say how much of it, or leave"), ("borne", "The amount has to be above zero.")]
)
async def test_nothing_that_somebody_bears_is_refused_at_its_field(desk: Desk, form: str, said: str) -> None:
    borne = await _borne_by_a_bank(desk.edition)
    field, path, data = {
        "line": ("line_borne-1", "/new", {**TYPED, "line_borne_by-1": "Quỹ Bình Minh"}),
        "borne": ("borne_amount", f"/{borne.document_id}/payments", _of_bearer(borne)),
    }[form]
    before = await entered()
    answer = await desk.client.post(f"{desk.base}{path}?lang=en", data={**data, field: "0"})
    assert (answer.status_code, said in _at(field, answer.text)) == (422, True), answer.text
    assert await entered() == before


async def _borne_by_a_bank(edition: EditionInfo) -> Borne:
    """What a bank bears of an invoice: 30.000 of 90.000 ₫."""
    lines = [
        Line(description="Gian hàng", unit_minor=90_000),
        Line(description="Ngân hàng chịu", unit_minor=-30_000, funded_by="Ngân hàng"),
    ]
    document = await make_document(edition, subject_id=7, lines=lines)
    (borne,) = await borne_of(document.id)
    return borne


def _of_bearer(borne: Borne) -> dict[str, str]:
    return {"borne_by": str(borne.line_id), "borne_method": "transfer"}


def _at(field: str, shown: str) -> str:
    """What a page says at a field."""
    found = re.search(rf'id="field-{re.escape(field)}[^"]*-error"[^>]*>.*?<span>(.*?)</span>', shown, re.DOTALL)
    return html.unescape(found[1]) if found else ""
