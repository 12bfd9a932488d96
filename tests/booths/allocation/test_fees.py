"""Booth fees: billed once, in parts, with what others bear; and what becomes of money that comes late."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.events import slots
from app.events.services.cancelling import cancel_edition
from app.kernel.database import fetch
from app.kernel.tables import OutboxMessage
from app.payments.enums import Account, DocumentState, Settlement, TaxMode
from app.payments.lines import Terms
from app.payments.queries import balances, invoices_for, lines_of, parts_of
from app.payments.services import recording
from app.payments.services.closing import owe_all_back
from app.payments.services.corrections import write_off
from app.payments.services.documents import cancel_document
from app.payments.services.terms import set_terms
from booths.allocation.enums import FEE_PURPOSE, ApplicationState, FeeState
from booths.allocation.errors import FeeBilled
from booths.allocation.queries import application
from booths.allocation.queries_fees import Plan, fees, own_fees
from booths.allocation.services import fees as services
from booths.allocation.services import settling
from booths.allocation.services.by_hand import hold_for_application
from booths.allocation.services.closing import close_applications
from booths.allocation.services.fees import bill_booths, parts_for, set_fee_plan, waive_fee
from booths.floorplan.closing import free_booths_of
from booths.floorplan.tables import Booth, CellHold
from tests.booths.allocation.fair import PRICE, Fair, invoice_of, make_fair, pay, told
from tests.booths.factories import OTHER_ZONE
from tests.conftest import NOW
from tests.payments.factories import OVERDUE
from tests.support.factories import make_person
from tests.support.race import drop_index, meet_after, overtaken, race, unguarded, winners

pytestmark = [pytest.mark.engines, pytest.mark.usefixtures("settled")]

TODAY = date(2026, 10, 16)
HALVES = Plan(first_percent=50, first_days=7, rest_due_on=date(2026, 11, 2))


async def waive(fair: Fair, application_id: int, amount: int, by: str = "Ngân hàng Chính sách xã hội") -> None:
    """Let somebody bear an amount."""
    await waive_fee(
        edition_id=fair.edition.id,
        application_id=application_id,
        waived_minor=amount,
        waived_by=by,
        actor=SYSTEM,
        now=NOW,
    )


async def sum_of_ledger(edition_id: int) -> int:
    """What all accounts of the ledger come to together."""
    return sum(int(row["amount_minor"]) for row in await balances(edition_id))


async def test_each_allocated_booth_with_a_price_is_billed_once() -> None:
    fair = await make_fair(3)
    await Booth.update({Booth.price_minor: 0}).where(Booth.id == fair.booths[1])
    first, free, third = [await fair.exhibitor(number) for number in range(3)]
    await fair.exhibitor(None)
    assert await fair.bill() == 2
    assert await fair.bill() == 0
    assert await invoices_for(FEE_PURPOSE, [free]) == []
    document = await invoice_of(first)
    who = await application(fair.edition.id, first)
    assert (document.payer_name, document.payer_id, document.amount.amount_minor) == (
        who.organisation,
        who.contact_id,
        PRICE,
    )
    assert (document.state, document.description, document.reference[:2]) == (DocumentState.OPEN, "Gian hàng A1", "FG")
    assert (await told(first), await told(third)) == (["billed"], ["billed"])
    message = await OutboxMessage.objects().get(OutboxMessage.unique_key == f"booth-fee:billed:{document.id}:")
    assert message is not None
    assert ("3.000.000\xa0₫" in message.subject, f"/apply/mine/{first}" in message.body_text) == (True, True)


async def test_a_paid_or_written_off_invoice_is_not_billed_again_and_a_cancelled_one_is() -> None:
    fair = await make_fair(3)
    paid, given_up, cancelled = [await fair.exhibitor(number) for number in range(3)]
    await fair.bill()
    await pay(await invoice_of(paid))
    await write_off(document_id=(await invoice_of(given_up)).id, actor=SYSTEM, now=OVERDUE)
    await cancel_document(document_id=(await invoice_of(cancelled)).id, actor=SYSTEM, now=NOW)
    assert await fair.bill() == 1
    assert [one.state for one in await invoices_for(FEE_PURPOSE, [cancelled])] == [
        DocumentState.CANCELLED,
        DocumentState.OPEN,
    ]
    await fair.take_back(1)
    await fair.give(given_up, 1)
    assert await fair.bill() == 0  # it was given up for this very booth
    await fair.take_back(1)
    await fair.take_back(2)
    await fair.give(given_up, 2)
    assert await fair.bill() == 1


async def test_parts_follow_the_plan() -> None:
    fair = await make_fair(1, price_minor=2_500_001)
    application_id = await fair.exhibitor(0)
    await set_fee_plan(edition_id=fair.edition.id, plan=Plan(first_percent=30), actor=SYSTEM, now=NOW)
    await set_fee_plan(edition_id=fair.edition.id, plan=replace(HALVES, first_percent=40), actor=SYSTEM, now=NOW)
    await fair.bill()
    document = await invoice_of(application_id)
    assert [(part.due_on, part.amount.amount_minor) for part in await parts_of(document)] == [
        (date(2026, 10, 23), 1_000_000),
        (date(2026, 11, 2), 1_500_001),
    ]
    (own,) = await own_fees(application_id)
    assert own.next.amount_minor == 1_000_000
    await pay(document, 400_000)
    assert (await own_fees(application_id))[0].next.amount_minor == 600_000
    await pay(document, 600_000)
    assert (await own_fees(application_id))[0].next.amount_minor == 1_500_001
    assert (await pay(document, 1_500_001)).state == DocumentState.PAID
    assert await told(application_id) == ["billed", "kept"]


@pytest.mark.parametrize(
    ("total", "plan", "parts"),
    [
        (1_000, Plan(first_percent=100, first_days=3), [(date(2026, 10, 19), 1_000)]),
        (1_001, HALVES, [(date(2026, 10, 23), 500), (date(2026, 11, 2), 501)]),
        (1, HALVES, [(date(2026, 10, 23), 1)]),
        (1_000, replace(HALVES, rest_due_on=date(2026, 10, 1)), [(date(2026, 10, 23), 500)] * 2),
    ],
)
def test_parts_sum_to_the_whole_and_stand_in_their_order(total: int, plan: Plan, parts: list[Any]) -> None:
    assert [(part.due_on, part.amount_minor) for part in parts_for(total, plan, TODAY)] == parts


async def test_tax_that_is_added_is_in_the_parts() -> None:
    fair = await make_fair(1)
    application_id = await fair.exhibitor(0)
    terms = Terms(tax_mode=TaxMode.ADDED, tax_name="vn_standard")
    await set_terms(edition_id=fair.edition.id, terms=terms, actor=SYSTEM, now=NOW)
    await set_fee_plan(edition_id=fair.edition.id, plan=HALVES, actor=SYSTEM, now=NOW)
    await waive(fair, application_id, 1_000_000)
    await fair.bill()
    document = await invoice_of(application_id)
    assert (document.amount.amount_minor, document.tax.amount_minor) == (2_300_000, 209_091)
    assert [part.amount.amount_minor for part in await parts_of(document)] == [1_150_000, 1_150_000]


async def test_what_others_bear_is_a_line_that_names_them_and_their_debt_in_the_ledger() -> None:
    fair = await make_fair(2)
    first, second = [await fair.exhibitor(number) for number in range(2)]
    await waive(fair, first, 1_200_000)
    await waive(fair, second, 9_000_000)
    assert await fair.bill() == 2
    (borne,) = await fees(fair.edition.id, TODAY, state=FeeState.BORNE)
    assert (borne.application_id, borne.to_pay.amount_minor) == (second, 0)
    document = await invoice_of(first)
    assert document.amount.amount_minor == 1_800_000
    assert [(line.unit_minor, line.funded_by) for line in await lines_of(document.id)] == [
        (3_000_000, ""),
        (-1_200_000, "Ngân hàng Chính sách xã hội"),
    ]
    owed = {(row["account"], row["detail"]): int(row["amount_minor"]) for row in await balances(fair.edition.id)}
    assert owed[Account.SUBSIDY, "Ngân hàng Chính sách xã hội"] == 1_200_000 + 3_000_000
    assert owed[Account.REVENUE, ""] == -6_000_000
    with pytest.raises(FeeBilled):
        await waive(fair, first, 0)


async def test_a_booth_that_is_taken_back_takes_its_open_invoice_with_it() -> None:
    fair = await make_fair(2)
    unpaid, part_paid = [await fair.exhibitor(number) for number in range(2)]
    await fair.bill()
    await pay(await invoice_of(part_paid), 1_000_000)
    await fair.take_back(0)
    await fair.take_back(1)
    first, second = await invoice_of(unpaid), await invoice_of(part_paid)
    assert (first.state, first.owed.amount_minor) == (DocumentState.CANCELLED, 0)
    assert (second.state, second.owed.amount_minor) == (DocumentState.CANCELLED, 1_000_000)
    assert (await told(unpaid), await told(part_paid)) == (["billed", "taken_back"], ["billed", "owed_back"])
    assert await sum_of_ledger(fair.edition.id) == 0


async def test_a_paid_booth_that_is_taken_back_is_owed_back() -> None:
    fair = await make_fair(1)
    application_id = await fair.exhibitor(0)
    await fair.bill()
    await pay(await invoice_of(application_id))
    await fair.take_back(0)
    document = await invoice_of(application_id)
    assert (document.state, document.owed.amount_minor) == (DocumentState.REFUND_DUE, PRICE)
    assert await told(application_id) == ["billed", "kept", "owed_back"]
    (own,) = await own_fees(application_id)
    assert [note.amount.amount_minor for note in own.credit_notes] == [PRICE]
    assert await sum_of_ledger(fair.edition.id) == 0


async def test_an_edition_that_is_cancelled_takes_its_booths_invoices_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "_closers", [owe_all_back, free_booths_of, close_applications])
    fair = await make_fair(2)
    unpaid, paid = [await fair.exhibitor(number) for number in range(2)]
    await fair.bill()
    await pay(await invoice_of(paid))
    await cancel_edition(edition_id=fair.edition.id, typed=fair.edition.slug, reason="Bão số 9", actor=SYSTEM, now=NOW)
    assert (await invoice_of(unpaid)).state == DocumentState.CANCELLED
    assert (await invoice_of(paid)).owed.amount_minor == PRICE
    late = await pay(await invoice_of(unpaid), actor=None)
    assert (late.outcome, late.state) == (Settlement.REFUND, DocumentState.REFUND_DUE)
    assert (await application(fair.edition.id, unpaid)).state == ApplicationState.CANCELLED
    assert await fair.code(unpaid) == ""


async def test_money_for_a_cancelled_invoice_is_kept_while_the_booth_is_still_hers() -> None:
    fair = await make_fair(1)
    application_id = await fair.exhibitor(0)
    await fair.bill()
    document = await invoice_of(application_id)
    await cancel_document(document_id=document.id, actor=SYSTEM, now=NOW)
    late = await pay(document)
    assert (late.outcome, late.state) == (Settlement.KEPT, DocumentState.PAID)
    assert await told(application_id) == ["billed", "kept"]
    assert await fair.bill() == 0


async def test_late_money_gets_its_own_booth_again_if_it_is_free() -> None:
    fair = await make_fair(2)
    application_id = await fair.exhibitor(1)
    await fair.bill()
    await fair.take_back(1)
    late = await pay(await invoice_of(application_id))
    assert (late.outcome, await fair.code(application_id)) == (Settlement.KEPT, "A2")
    assert (await application(fair.edition.id, application_id)).state == ApplicationState.ALLOCATED
    assert await told(application_id) == ["billed", "taken_back", "kept"]
    assert await sum_of_ledger(fair.edition.id) == 0


async def test_late_money_in_two_transfers_gets_its_own_booth_again_if_it_is_free() -> None:
    fair = await make_fair(2)
    application_id = await fair.exhibitor(1)
    await fair.bill()
    await fair.take_back(1)
    document = await invoice_of(application_id)
    first = await pay(document, PRICE // 3, actor=None)
    assert (first.outcome, await fair.code(application_id)) == (Settlement.REFUND, "")
    late = await pay(document, PRICE - PRICE // 3, actor=None)
    assert (late.outcome, late.state, await fair.code(application_id)) == (Settlement.KEPT, DocumentState.PAID, "A2")
    assert (await invoice_of(application_id)).owed.amount_minor == 0
    assert await told(application_id) == ["billed", "taken_back", "kept"]
    assert await sum_of_ledger(fair.edition.id) == 0


async def test_late_money_gets_an_equal_booth_when_its_own_is_taken() -> None:
    fair = await make_fair(6)
    application_id = await fair.exhibitor(0)
    await fair.bill()
    await fair.take_back(0)
    await fair.exhibitor(0)
    await Booth.update({Booth.zone: OTHER_ZONE}).where(Booth.id == fair.booths[1])
    await Booth.update({Booth.price_minor: PRICE + 1}).where(Booth.id == fair.booths[2])
    await Booth.update({Booth.price_minor: PRICE - 1}).where(Booth.id == fair.booths[3])
    await Booth.update({Booth.power_watts: 100}).where(Booth.id == fair.booths[4])
    late = await pay(await invoice_of(application_id))
    assert (late.outcome, await fair.code(application_id)) == (Settlement.REPLACED, "A6")
    assert await told(application_id) == ["billed", "taken_back", "replaced"]
    subjects = await OutboxMessage.select(OutboxMessage.subject).order_by(OutboxMessage.id, ascending=False).limit(1)
    assert "A6" in subjects[0]["subject"]
    await fair.take_back(5)  # what it is for now is A6
    assert (await invoice_of(application_id)).state == DocumentState.REFUND_DUE


async def test_late_money_goes_back_when_nothing_equal_is_free() -> None:
    fair = await make_fair(2)
    application_id = await fair.exhibitor(0)
    await fair.bill()
    await fair.take_back(0)
    await fair.exhibitor(0)
    await fair.exhibitor(1)
    late = await pay(await invoice_of(application_id))
    assert (late.outcome, late.state) == (Settlement.REFUND, DocumentState.REFUND_DUE)
    assert (await invoice_of(application_id)).owed.amount_minor == PRICE
    assert await told(application_id) == ["billed", "taken_back", "gone"]
    assert await sum_of_ledger(fair.edition.id) == 0


async def test_late_money_goes_back_when_only_a_cheaper_booth_is_free() -> None:
    fair = await make_fair(2)
    application_id = await fair.exhibitor(0)
    await fair.bill()
    await fair.take_back(0)
    await fair.exhibitor(0)
    await Booth.update({Booth.price_minor: PRICE * 3 // 5}).where(Booth.id == fair.booths[1])
    late = await pay(await invoice_of(application_id))
    assert (late.outcome, await fair.code(application_id)) == (Settlement.REFUND, "")
    assert (await invoice_of(application_id)).owed.amount_minor == PRICE
    assert await told(application_id) == ["billed", "taken_back", "gone"]
    assert await sum_of_ledger(fair.edition.id) == 0


async def test_late_money_settles_what_is_held_by_hand_meanwhile() -> None:
    fair = await make_fair(2)
    application_id = await fair.exhibitor(0)
    await fair.bill()
    await fair.take_back(0)
    await hold_for_application(
        edition_id=fair.edition.id,
        booth_id=fair.booths[1],
        application_id=application_id,
        actor=SYSTEM,
        now=NOW,
    )
    assert (await pay(await invoice_of(application_id))).outcome == Settlement.REPLACED
    found = await application(fair.edition.id, application_id)
    assert (found.state, found.booth) == (ApplicationState.ALLOCATED, "A2")


async def test_money_for_an_old_invoice_goes_back_when_the_booth_was_billed_anew() -> None:
    fair = await make_fair(1)
    application_id = await fair.exhibitor(0)
    await fair.bill()
    old = await invoice_of(application_id)
    await cancel_document(document_id=old.id, actor=SYSTEM, now=NOW)
    await fair.bill()
    assert (await pay(old)).outcome == Settlement.REFUND
    assert (await invoice_of(application_id)).state == DocumentState.OPEN
    shown = await own_fees(application_id)
    assert [one.document.state for one in shown] == [DocumentState.OPEN, DocumentState.REFUND_DUE]


async def test_without_a_contact_nobody_is_told_and_all_else_is_the_same() -> None:
    fair = await make_fair(1)
    application_id = await fair.exhibitor(0)
    await fetch("UPDATE application SET contact = NULL WHERE id = {}", application_id)
    assert await fair.bill() == 1
    assert (await pay(await invoice_of(application_id))).outcome == Settlement.KEPT
    assert await told(application_id) == []


@pytest.mark.race
async def test_two_organisers_at_once_bill_each_booth_once() -> None:
    fair = await make_fair(3)
    everybody = [await fair.exhibitor(number) for number in range(3)]
    people = [await make_person(now=NOW) for _number in range(6)]
    results = await race(
        6,
        lambda number: bill_booths(
            edition_id=fair.edition.id, actor=replace(SYSTEM, person_id=people[number].id), now=NOW
        ),
    )
    assert sorted(one.count for one in winners(results)) == [0, 0, 0, 0, 0, 3]
    assert len(await invoices_for(FEE_PURPOSE, everybody)) == 3


@pytest.mark.race
async def test_without_the_edition_held_a_booth_that_was_just_paid_is_billed_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fair = await make_fair(1)
    application_id = await fair.exhibitor(0)
    unguarded(monkeypatch, services)

    async def billed_and_paid() -> None:
        await fair.bill()
        await pay(await invoice_of(application_id))

    await overtaken(monkeypatch, services, "fees", fair.bill, billed_and_paid)
    states = [one.state for one in await invoices_for(FEE_PURPOSE, [application_id])]
    assert states == [DocumentState.PAID, DocumentState.OPEN]


async def two_who_pay_late(fair: Fair) -> list[int]:
    """Two exhibitors who lost their booths, and one booth like them that is free: A3."""
    late = [await fair.exhibitor(number) for number in range(2)]
    await fair.bill()
    for number in range(2):
        await fair.take_back(number)
        await fair.exhibitor(number)
    return late


@pytest.mark.race
async def test_one_free_booth_is_given_once_to_two_who_pay_late_at_once() -> None:
    fair = await make_fair(3)
    late = await two_who_pay_late(fair)
    documents = [await invoice_of(one) for one in late]
    results = await race(2, lambda number: pay(documents[number]))
    assert sorted(one.outcome for one in winners(results)) == [Settlement.REFUND, Settlement.REPLACED]
    assert sorted([await fair.code(one) for one in late]) == ["", "A3"]
    assert await sum_of_ledger(fair.edition.id) == 0


@pytest.mark.race
async def test_without_lock_and_index_it_is_given_to_both(monkeypatch: pytest.MonkeyPatch) -> None:
    fair = await make_fair(3)
    late = await two_who_pay_late(fair)
    documents = [await invoice_of(one) for one in late]
    await drop_index("cell_one_live_holder")
    unguarded(monkeypatch, recording)
    meet_after(monkeypatch, settling, "first_free", parties=2)
    results = await race(2, lambda number: pay(documents[number]))
    assert [one.outcome for one in winners(results)] == [Settlement.REPLACED] * 2
    holds = await CellHold.select(CellHold.organisation).where(
        (CellHold.booth == fair.booths[2]) & CellHold.live.eq(True)
    )
    assert len({hold["organisation"] for hold in holds}) == 2
