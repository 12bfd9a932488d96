"""Fees of which others bear a part or all: what is billed to whom, what the books say of it, and how it ends."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.personal.whom import Whom
from app.events import slots
from app.events.queries import EditionInfo
from app.events.services.cancelling import cancel_edition
from app.kernel.audit import list_entries
from app.kernel.database import fetch
from app.kernel.money import Money
from app.kernel.tables import OutboxMessage
from app.payments import personal
from app.payments.enums import Account, DocumentState, PaymentMethod, Settlement, TaxMode
from app.payments.errors import AlreadyPaid, AmountOutOfRange, DocumentNotOpen, MoreThanBilled
from app.payments.lines import Line, Terms
from app.payments.papers import paper_of
from app.payments.pdf import PaperKind
from app.payments.queries import balances, invoices_for, lines_of, parts_of
from app.payments.queries_borne import borne_of
from app.payments.queries_exports import Span, by_rate, line_rows
from app.payments.services.bearing import record_borne, return_borne
from app.payments.services.closing import owe_all_back
from app.payments.services.corrections import credit_document, write_off
from app.payments.services.documents import cancel_document, open_document
from app.payments.services.issuing import Payer
from app.payments.services.reminding import remind_payers
from app.payments.services.terms import set_terms
from booths.allocation.enums import FEE_PURPOSE, ApplicationState, FeeState
from booths.allocation.errors import FeeBilled
from booths.allocation.queries import application
from booths.allocation.queries_fees import fee_of, fees, own_fees
from booths.allocation.services.closing import close_applications
from booths.allocation.services.fees import bill_booths, set_fee_plan
from booths.allocation.tables import Application
from booths.floorplan.closing import free_booths_of
from tests.booths.allocation.fair import PRICE, Fair, invoice_of, make_fair, pay, told
from tests.booths.allocation.test_fees import HALVES, TODAY, sum_of_ledger, waive
from tests.conftest import NOW
from tests.payments.books import check_books
from tests.support.client import Browser, sign_in
from tests.support.factories import make_owner

pytestmark = [pytest.mark.engines, pytest.mark.usefixtures("settled")]
CITY = "Thành phố"


async def add_tax(edition: EditionInfo, name: str = "vn_reduced") -> None:
    """Let tax be added to the prices of an edition: eight percent, unless it is another rate."""
    terms = Terms(tax_mode=TaxMode.ADDED, tax_name=name)
    await set_terms(edition_id=edition.id, terms=terms, actor=SYSTEM, now=NOW)


async def in_books(edition: EditionInfo) -> dict[tuple[str, str], int]:
    """What the ledger's accounts come to, without those that come to nothing."""
    rows = await balances(edition.id)
    return {(row["account"], row["detail"]): int(row["amount_minor"]) for row in rows if int(row["amount_minor"])}


async def borne_whole(fair: Fair) -> int:
    """An application with the first booth, billed, of whose fee the city bears all."""
    application_id = await fair.exhibitor(0)
    await waive(fair, application_id, PRICE, CITY)
    await fair.bill()
    return application_id


async def city_pays(application_id: int, amount: int = PRICE) -> None:
    """Let money of the city come for an application's fee."""
    await record_borne(
        document_id=(await invoice_of(application_id)).id,
        bearer=CITY,
        method=PaymentMethod.TRANSFER,
        amount=Money(amount, "VND"),
        actor=SYSTEM,
        now=NOW,
    )


async def test_a_fee_that_others_bear_whole_is_billed_and_nothing_of_it_is_to_be_paid() -> None:
    fair = await make_fair(2)
    await set_fee_plan(edition_id=fair.edition.id, plan=HALVES, actor=SYSTEM, now=NOW)
    other = await fair.exhibitor(1)
    application_id = await fair.exhibitor(0)
    await waive(fair, application_id, PRICE, CITY)
    (unbilled, _other) = sorted(await fees(fair.edition.id, TODAY, state=FeeState.UNBILLED), key=lambda one: one.booth)
    assert (unbilled.total.amount_minor, unbilled.to_pay.amount_minor, unbilled.document) == (PRICE, 0, None)
    billed = await bill_booths(edition_id=fair.edition.id, actor=SYSTEM, now=NOW)
    assert (billed.count, billed.borne) == (2, 1)
    assert await fair.bill() == 0
    document = await invoice_of(application_id)
    numbers = sorted(one.number[-5:] for one in (document, await invoice_of(other)))
    assert numbers == ["00001", "00002"]
    assert (document.state, document.settled_at, document.due_on) == (DocumentState.PAID, NOW, None)
    assert [one.amount_minor for one in (document.amount, document.tax, document.due, document.paid)] == [0] * 4
    assert [(line.unit_minor, line.funded_by) for line in await lines_of(document.id)] == [(PRICE, ""), (-PRICE, CITY)]
    assert await parts_of(document) == []
    (borne,) = await fees(fair.edition.id, TODAY, state=FeeState.BORNE)
    assert (borne.application_id, borne.waived.amount_minor, borne.waived_by) == (application_id, PRICE, CITY)
    (own,) = await own_fees(application_id)
    assert (own.borne, own.next.amount_minor, own.transfer) == ((CITY, Money(PRICE, "VND")), 0, None)
    books = await in_books(fair.edition)
    assert books[Account.SUBSIDY, CITY] == PRICE
    assert books[Account.REVENUE, ""] == -2 * PRICE
    assert await told(application_id) == ["borne"]
    message = await OutboxMessage.objects().get(OutboxMessage.unique_key == f"booth-fee:borne:{document.id}:")
    assert message is not None
    assert (CITY in message.subject, "3.000.000\xa0₫" in message.body_text) == (True, True)
    await check_books(fair.edition)


async def test_its_bearer_pays_all_of_it_and_it_stands_in_the_exports() -> None:
    fair = await make_fair(1)
    application_id = await borne_whole(fair)
    await city_pays(application_id, 1_000_000)
    await city_pays(application_id, 2_000_000)
    assert await in_books(fair.edition) == {(Account.BANK, ""): PRICE, (Account.REVENUE, ""): -PRICE}
    rows = {row.funded_by: row.net.amount_minor for row in by_rate(await line_rows(fair.edition.id, Span()))}
    assert rows == {"": PRICE, CITY: -PRICE}
    assert await told(application_id) == ["borne"]
    await check_books(fair.edition)


async def test_its_paper_says_who_bears_it_and_asks_for_nothing() -> None:
    fair = await make_fair(1)
    application_id = await borne_whole(fair)
    paper = await paper_of(await invoice_of(application_id))
    assert (paper.kind, paper.total, paper.still_due, paper.transfer) == (PaperKind.INVOICE, 0, 0, None)
    assert paper.note == "Không phải trả gì theo hóa đơn này: Thành phố chịu toàn bộ 3.000.000\xa0₫."
    await fair.take_back(0)
    paper = await paper_of(await invoice_of(application_id))
    assert (paper.note, paper.still_due, paper.state) == ("", None, DocumentState.CANCELLED)


async def test_it_takes_no_money_no_credit_note_no_reminder_and_is_not_written_off() -> None:
    fair = await make_fair(1)
    document = await invoice_of(await borne_whole(fair))
    with pytest.raises(AlreadyPaid):
        await pay(document, 100_000)
    with pytest.raises(MoreThanBilled):
        await credit_document(document_id=document.id, amount=Money(1, "VND"), reason="x", actor=SYSTEM, now=NOW)
    with pytest.raises(DocumentNotOpen):
        await write_off(document_id=document.id, actor=SYSTEM, now=NOW)
    await remind_payers(NOW)
    assert await fetch("SELECT id FROM payment_document WHERE reminded_at IS NOT NULL") == []
    with pytest.raises(FeeBilled):
        await waive(fair, document.subject_id, 0)
    await check_books(fair.edition)


@pytest.mark.parametrize("paid", [0, 1_000_000])
async def test_a_booth_that_is_taken_back_takes_it_with_it_and_its_bearer_gets_back_what_she_paid(paid: int) -> None:
    fair = await make_fair(1)
    application_id = await borne_whole(fair)
    if paid:
        await city_pays(application_id, paid)
    await fair.take_back(0)
    document = await invoice_of(application_id)
    assert (document.state, document.owed.amount_minor) == (DocumentState.CANCELLED, 0)
    (borne,) = await borne_of(document.id)
    assert (borne.share.amount_minor, borne.due_back.amount_minor) == (0, paid)
    assert await told(application_id) == ["borne", "borne_back"]
    await check_books(fair.edition)
    if paid:
        await return_borne(
            document_id=document.id,
            bearer=CITY,
            method=PaymentMethod.TRANSFER,
            amount=borne.due_back,
            actor=SYSTEM,
            now=NOW,
        )
    assert await in_books(fair.edition) == {}
    await check_books(fair.edition)
    await fair.give(application_id, 0)
    assert await fair.bill() == 1
    assert [one.state for one in await invoices_for(FEE_PURPOSE, [application_id])] == [
        DocumentState.CANCELLED,
        DocumentState.PAID,
    ]


async def test_finance_cancels_it_and_the_booth_is_billed_anew_to_others() -> None:
    fair = await make_fair(1)
    application_id = await borne_whole(fair)
    old = await invoice_of(application_id)
    for _time in range(2):
        await cancel_document(document_id=old.id, actor=SYSTEM, now=NOW)
    assert (await fair.code(application_id), await in_books(fair.edition)) == ("A1", {})
    assert await told(application_id) == ["borne"]  # nobody was asked for anything
    await waive(fair, application_id, 1_000_000, CITY)
    assert await fair.bill() == 1
    document = await invoice_of(application_id)
    assert (document.state, document.amount.amount_minor) == (DocumentState.OPEN, 2_000_000)
    late = await pay(old, 50_000, actor=None)
    assert (late.outcome, late.state) == (Settlement.REFUND, DocumentState.REFUND_DUE)
    await check_books(fair.edition)


async def test_a_festival_that_is_cancelled_takes_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "_closers", [owe_all_back, free_booths_of, close_applications])
    fair = await make_fair(1)
    application_id = await borne_whole(fair)
    await city_pays(application_id)
    await cancel_edition(edition_id=fair.edition.id, typed=fair.edition.slug, reason="Bão số 9", actor=SYSTEM, now=NOW)
    document = await invoice_of(application_id)
    assert (document.state, document.owed.amount_minor) == (DocumentState.CANCELLED, 0)
    assert (await borne_of(document.id))[0].due_back.amount_minor == PRICE
    assert (await application(fair.edition.id, application_id)).state == ApplicationState.CANCELLED
    await check_books(fair.edition)


async def test_late_money_for_an_older_invoice_goes_back_while_others_bear_the_fee() -> None:
    fair = await make_fair(1)
    application_id = await fair.exhibitor(0)
    await fair.bill()
    old = await invoice_of(application_id)
    await cancel_document(document_id=old.id, actor=SYSTEM, now=NOW)
    await waive(fair, application_id, PRICE, CITY)
    await fair.bill()
    assert (await pay(old)).outcome == Settlement.REFUND
    assert (await told(application_id))[-1] == "paid_anew"
    await check_books(fair.edition)


async def test_what_others_bear_is_what_they_pay_where_tax_is_added() -> None:
    fair = await make_fair(1, price_minor=5_900_000)
    application_id = await fair.exhibitor(0)
    await add_tax(fair.edition)
    await waive(fair, application_id, 5_000_000, CITY)
    before = await fee_of(fair.edition.id, TODAY, application_id)
    assert before is not None
    assert [one.amount_minor for one in (before.total, before.waived, before.to_pay)] == [
        6_372_000,
        5_000_000,
        1_372_000,
    ]
    await fair.bill()
    after = await fee_of(fair.edition.id, TODAY, application_id)
    assert after is not None
    assert (after.total, after.waived, after.to_pay) == (before.total, before.waived, before.to_pay)
    document = await invoice_of(application_id)
    assert document.amount == before.to_pay
    assert [line.net_minor + line.tax_minor for line in await lines_of(document.id)] == [6_372_000, -5_000_000]
    assert (await borne_of(document.id))[0].owed.amount_minor == 5_000_000
    books = await in_books(fair.edition)
    assert books == {
        (Account.RECEIVABLE, ""): 1_372_000,
        (Account.SUBSIDY, CITY): 5_000_000,
        (Account.REVENUE, ""): -5_900_000,
        (Account.TAX, ""): -472_000,
    }
    await check_books(fair.edition)


@pytest.mark.parametrize("mode", [TaxMode.ADDED, TaxMode.INCLUDED])
@pytest.mark.parametrize("price", [5_900_000, 999, 7])
async def test_all_of_a_fee_is_all_of_it_with_its_tax(mode: TaxMode, price: int) -> None:
    fair = await make_fair(1, price_minor=price)
    application_id = await fair.exhibitor(0)
    terms = Terms(tax_mode=mode, tax_name="vn_reduced")
    await set_terms(edition_id=fair.edition.id, terms=terms, actor=SYSTEM, now=NOW)
    await waive(fair, application_id, 99_000_000, CITY)
    await fair.bill()
    document = await invoice_of(application_id)
    assert (document.amount.amount_minor, document.tax.amount_minor, document.state) == (0, 0, DocumentState.PAID)
    (borne,) = await borne_of(document.id)
    fee = await fee_of(fair.edition.id, TODAY, application_id)
    assert fee is not None
    assert borne.owed == fee.total == fee.waived
    rows = by_rate(await line_rows(fair.edition.id, Span()))
    assert [sum(getattr(row, name).amount_minor for row in rows) for name in ("net", "tax")] == [0, 0]
    await check_books(fair.edition)


async def test_other_sellers_bill_nothing_that_others_bear_whole() -> None:
    fair = await make_fair(1)
    lines = [Line(description="Gian", unit_minor=10), Line(description="x", unit_minor=-10, funded_by=CITY)]
    named: dict[str, Any] = {"edition_id": fair.edition.id, "purpose": FEE_PURPOSE, "subject_id": 1, "now": NOW}
    named |= {"payer": Payer(name="Lan"), "description": "x", "currency": "VND"}
    with pytest.raises(AmountOutOfRange):
        await open_document(**named, lines=lines)
    for wrong in ([lines[0], Line(description="x", unit_minor=-10)], lines[1:], []):
        with pytest.raises(AmountOutOfRange):
            await open_document(**named, lines=wrong, may_be_borne=True)


async def test_who_is_erased_stays_on_the_bill_that_others_bear() -> None:
    fair = await make_fair(1)
    application_id = await borne_whole(fair)
    document = await invoice_of(application_id)
    (payments,) = [one for one in personal.DATA.held if one.key == "payments"]
    await payments.erase(Whom(person_id=document.payer_id), NOW)
    after = await invoice_of(application_id)
    assert (after.payer_name, after.payer_id) == (document.payer_name, None)


async def test_what_was_typed_before_without_tax_is_what_would_have_been_billed() -> None:
    taxed = await make_fair(1)
    application_id = await taxed.exhibitor(0)
    await waive(taxed, application_id, 1_000_000, CITY)
    migration = import_module("booths.allocation.migrations.allocation_2026_11_29t04_20_02_borne_with_tax")
    manager = await migration.forwards()
    await manager.raw[0]()
    assert (await application(taxed.edition.id, application_id)).waived_minor == 1_000_000
    await add_tax(taxed.edition, "vn_standard")
    await manager.raw[0]()
    assert (await application(taxed.edition.id, application_id)).waived_minor == 1_100_000


async def test_a_fee_borne_whole_is_written_down_with_what_is_borne_in_the_log() -> None:
    fair = await make_fair(1)
    application_id = await borne_whole(fair)
    log, _count = await list_entries(edition_id=fair.edition.id, action="application.bill", subject_id=application_id)
    assert [one["after"] for one in log] == [{"fee_minor": PRICE, "waived_minor": PRICE}]
    assert await sum_of_ledger(fair.edition.id) == 0


async def test_a_bearer_is_one_debtor_of_fees_and_invoices_however_she_is_spelled(client: Browser) -> None:
    fair = await make_fair(3)
    first, second = [await fair.exhibitor(number) for number in (0, 1)]
    await waive(fair, first, 1_000_000, "thanh pho")
    await waive(fair, first, 1_000_000, CITY)  # her own spelling is put right
    await waive(fair, second, 1_000_000, " thành  PHỐ")
    assert (await application(fair.edition.id, second)).waived_by == CITY
    await Application.update({Application.waived_by: "THÀNH PHỐ"}).where(Application.id == second)  # as of before
    assert await fair.bill() == 2
    assert await in_books(fair.edition) == {
        ("receivable", ""): 2 * PRICE - 2_000_000,
        ("revenue", ""): -2 * PRICE,
        ("subsidy", CITY): 2_000_000,
    }
    await sign_in(client, (await make_owner()).id)
    shown = (await client.get(f"/manage/{fair.edition.id}/booth-fees/{await fair.exhibitor(2)}")).text
    assert f'<datalist id="bearers"><option value="{CITY}"></datalist>' in shown
    assert 'name="waived_by" ' in shown
    assert ' list="bearers"' in shown
