"""Money of booth fees that goes back: exhibitors are told of all of it, once, and see what became of it."""

from dataclasses import replace
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.enums import DocumentState, PaymentMethod, Settlement
from app.payments.errors import DocumentNotOpen
from app.payments.queries import DocumentInfo, balances, invoices_for
from app.payments.services.card_refunds import apply_refund
from app.payments.services.corrections import credit_document, write_off
from app.payments.services.documents import cancel_document
from app.payments.services.recording import record_payment
from app.payments.services.taking_off import take_off
from booths.allocation.enums import FEE_PURPOSE, ApplicationState
from booths.allocation.queries import application
from booths.allocation.queries_fees import own_fees
from booths.allocation.services.fees import set_fee_plan
from booths.floorplan.services import release_booth
from tests.booths.allocation.fair import PRICE, Fair, invoice_of, make_fair, pay, told
from tests.booths.allocation.test_fees import HALVES
from tests.conftest import NOW
from tests.payments.books import check_books
from tests.payments.factories import OVERDUE
from tests.support.factories import make_person
from tests.support.race import race, winners

pytestmark = [pytest.mark.engines, pytest.mark.usefixtures("settled")]
#: What Stripe tells of the money that went back, but for where it stands.
REFUND = {"id": "re_1", "payment_intent": "pi_1", "amount": PRICE, "currency": "vnd", "created": 1}


async def sent(key: str) -> list[dict[str, Any]]:
    """Messages whose key begins so, the oldest first."""
    rows = await fetch("SELECT unique_key, to_address, subject, body_text FROM outbox_message ORDER BY id")
    return [row for row in rows if (row["unique_key"] or "").startswith(key)]


async def gone(fair: Fair) -> tuple[int, DocumentInfo]:
    """An application that lost its booth to others after it was billed, and its invoice."""
    application_id = await fair.exhibitor(0)
    await fair.bill()
    await fair.take_back(0)
    await fair.exhibitor(0)
    return application_id, await invoice_of(application_id)


async def by_card(document: DocumentInfo) -> None:
    """Let all of a fee come by card."""
    await record_payment(
        document_id=document.id,
        method=PaymentMethod.CARD,
        amount=Money(PRICE, "VND"),
        actor=None,
        provider_reference="stripe:pi_1",
        now=NOW,
    )


async def test_a_part_that_comes_for_a_booth_that_was_taken_back_is_told() -> None:
    fair = await make_fair(1)
    application_id, document = await gone(fair)
    late = await pay(document, 1_000_000, actor=None)
    assert (late.outcome, late.state) == (Settlement.REFUND, DocumentState.REFUND_DUE)
    (message,) = await sent("payment-owed:")
    assert (message["body_text"].count("1.000.000\xa0₫"), f"/apply/mine/{application_id}" in message["body_text"]) == (
        2,
        True,
    )
    assert document.number in message["body_text"]
    assert await told(application_id) == ["billed", "taken_back"]


async def test_what_comes_once_more_for_a_booth_that_is_gone_is_told_each_time() -> None:
    application_id, document = await gone(await make_fair(1))
    await pay(document, actor=None)
    assert await told(application_id) == ["billed", "taken_back", "gone"]
    assert await sent("payment-owed:") == []  # of this much the booths tell
    await by_card(document)
    (message,) = await sent("payment-owed:")
    assert message["body_text"].count("3.000.000\xa0₫") == 2


async def test_what_is_too_much_beside_late_money_is_told_and_nothing_twice() -> None:
    application_id, document = await gone(await make_fair(1))
    late = await pay(document, PRICE + 7_000, actor=None)
    assert (late.outcome, late.over_minor) == (Settlement.REFUND, 7_000)
    assert await told(application_id) == ["billed", "taken_back", "gone"]
    (message,) = await sent("payment-owed:")
    assert "7.000\xa0₫" in message["body_text"].replace("3.007.000\xa0₫", "")
    (mine,) = [row for row in await sent("booth-fee:gone") if row]
    assert "3.000.000\xa0₫" in mine["body_text"]


async def test_the_last_part_for_a_booth_that_is_gone_brings_all_parts_back() -> None:
    fair = await make_fair(1)
    application_id = await fair.exhibitor(0)
    await set_fee_plan(edition_id=fair.edition.id, plan=HALVES, actor=SYSTEM, now=NOW)
    await fair.bill()
    document = await invoice_of(application_id)
    await pay(document, 1_000_000)
    await fetch("UPDATE application SET state = 'withdrawn' WHERE id = {}", application_id)
    assert (await pay(document, 2_000_000)).outcome == Settlement.REFUND
    assert (await invoice_of(application_id)).owed.amount_minor == PRICE
    (message,) = await sent("booth-fee:gone")
    assert "3.000.000\xa0₫" in message["body_text"]


@pytest.mark.parametrize("to_others", [False, True])
async def test_the_rest_of_a_fee_whose_booth_was_taken_back_buys_it_again_or_brings_both_parts_back(
    to_others: bool,
) -> None:
    fair = await make_fair(1)
    application_id = await fair.exhibitor(0)
    await set_fee_plan(edition_id=fair.edition.id, plan=HALVES, actor=SYSTEM, now=NOW)
    await fair.bill()
    await pay(await invoice_of(application_id), 1_000_000)
    await fair.take_back(0)
    if to_others:
        await fair.exhibitor(0)
    late = await pay(await invoice_of(application_id), 2_000_000, actor=None)
    document = await invoice_of(application_id)
    stands = (late.outcome, document.state, document.paid.amount_minor, document.owed.amount_minor)
    if to_others:
        assert stands == (Settlement.REFUND, DocumentState.REFUND_DUE, 0, PRICE)
        (message,) = await sent("booth-fee:gone")
        assert ("2.000.000\xa0₫" in message["body_text"], "3.000.000\xa0₫" in message["body_text"]) == (True, False)
    else:
        assert stands == (Settlement.KEPT, DocumentState.PAID, PRICE, 0)
        assert await fair.code(application_id) == "A1"
    assert await told(application_id) == ["billed", "owed_back", "gone" if to_others else "kept"]
    await check_books(fair.edition)


async def test_money_that_comes_when_the_fair_is_over_buys_no_booth_but_pays_for_the_one_she_had() -> None:
    fair = await make_fair(2)
    lost, had = await fair.exhibitor(0), await fair.exhibitor(1)
    await fair.bill()
    await fair.take_back(0)
    outcomes = []
    for number, application_id in enumerate((lost, had)):
        document = await invoice_of(application_id)
        recorded = await record_payment(
            document_id=document.id,
            method=PaymentMethod.TRANSFER,
            amount=document.amount,
            actor=None,
            provider_reference=f"bank:{number}",
            now=fair.edition.window[1],
        )
        outcomes.append(recorded.outcome)
    assert outcomes == [Settlement.REFUND, Settlement.KEPT]
    assert [await fair.code(one) for one in (lost, had)] == ["", "A2"]
    assert await told(lost) == ["billed", "taken_back", "gone"]
    await check_books(fair.edition)


async def test_a_refund_to_a_card_is_told_and_one_that_failed_is_taken_back_and_told() -> None:
    fair = await make_fair(1)
    application_id = await fair.exhibitor(0)
    await fair.bill()
    await by_card(await invoice_of(application_id))
    await fair.take_back(0)
    for _time in range(2):
        await apply_refund({**REFUND, "status": "succeeded"}, NOW)
    (back,) = await sent("card-refund")
    assert ("3.000.000\xa0₫" in back["body_text"], f"/apply/mine/{application_id}" in back["body_text"]) == (True, True)
    (own,) = await own_fees(application_id)
    assert [one.amount.amount_minor for one in own.payments] == [PRICE, -PRICE]
    for _time in range(2):
        await apply_refund({**REFUND, "status": "failed"}, NOW)
    assert [row["unique_key"].split(":")[0] for row in await sent("card-refund")] == [
        "card-refund",
        "card-refund-failed",
    ]
    (own,) = await own_fees(application_id)
    assert ([one.amount.amount_minor for one in own.payments], own.document.owed.amount_minor) == ([PRICE], PRICE)


@pytest.mark.parametrize("over", [0, 7_000])
async def test_a_fee_that_finance_takes_back_as_a_whole_takes_its_booth_with_it(over: int) -> None:
    fair = await make_fair(1)
    application_id = await fair.exhibitor(0)
    await fair.bill()
    document = await invoice_of(application_id)
    await pay(document, PRICE + over, actor=None)
    who = await make_person(now=NOW)
    finance = replace(SYSTEM, person_id=who.id)
    await credit_document(document_id=document.id, amount=document.amount, reason="x", actor=finance, now=NOW)
    found = await application(fair.edition.id, application_id)
    assert (found.state, found.booth) == (ApplicationState.WAITING, "")
    assert await told(application_id) == ["billed", "kept", "owed_back"]
    (message,) = await sent("booth-fee:owed_back")
    assert "3.000.000\xa0₫" in message["body_text"]  # what was too much was told when it came
    assert len(await sent("payment-owed:")) == (over > 0)
    assert await fair.bill() == 0
    assert len(await invoices_for(FEE_PURPOSE, [application_id])) == 1
    rows = await fetch("SELECT action, actor_person_id FROM audit_entry ORDER BY id")
    assert [row["action"] for row in rows if row["actor_person_id"] == who.id].count("booth.release") == 1
    await fair.exhibitor(0)  # it is free for others


async def test_a_fee_of_which_finance_takes_a_part_back_leaves_the_booth() -> None:
    fair = await make_fair(1)
    application_id = await fair.exhibitor(0)
    await fair.bill()
    document = await invoice_of(application_id)
    await pay(document)
    await credit_document(document_id=document.id, amount=Money(1, "VND"), reason="x", actor=SYSTEM, now=NOW)
    assert await fair.code(application_id) == "A1"
    rest = Money(PRICE - 1, "VND")
    await credit_document(document_id=document.id, amount=rest, reason="x", actor=SYSTEM, now=NOW)
    assert await fair.code(application_id) == ""


async def test_of_a_fee_that_was_credited_in_part_the_rest_is_all_that_has_come() -> None:
    fair = await make_fair(1)
    application_id = await fair.exhibitor(0)
    await fair.bill()
    document = await invoice_of(application_id)
    await pay(document, 2_000_000)
    rest = Money(PRICE - 2_000_000, "VND")
    await credit_document(document_id=document.id, amount=rest, reason="x", actor=SYSTEM, now=NOW)
    (message,) = await sent("booth-fee:kept")
    assert ("2.000.000\xa0₫" in message["body_text"], "3.000.000\xa0₫" in message["body_text"]) == (True, False)


async def test_who_pays_the_old_invoice_of_a_booth_that_was_billed_anew_is_told_which_one_to_pay() -> None:
    fair = await make_fair(1)
    application_id = await fair.exhibitor(0)
    await fetch("UPDATE person SET locale = 'en' RETURNING id")
    olds = []
    for _number in range(2):
        await fair.bill()
        olds.append(await invoice_of(application_id))
        await cancel_document(document_id=olds[-1].id, actor=SYSTEM, now=NOW)
    await fair.bill()
    stands = await invoice_of(application_id)
    assert (await pay(olds[0], actor=None)).outcome == Settlement.REFUND
    (message,) = await sent("booth-fee:billed_anew")
    assert f"Please pay invoice {stands.number}: your money for {olds[0].number} goes back" in message["subject"]
    assert f"please pay invoice {stands.number}." in message["body_text"]
    assert "3.000.000\xa0₫ goes back to you" in message["body_text"]
    await pay(stands)
    await pay(olds[1], actor=None)
    (message,) = await sent("booth-fee:paid_anew")
    assert f"Invoice {stands.number}, in its place, is paid already: 3.000.000\xa0₫ goes back" in message["body_text"]
    assert await sent("booth-fee:gone") == []
    assert await fair.code(application_id) == "A1"


async def test_an_exhibitor_whose_bill_finance_takes_back_is_told_not_to_pay_it() -> None:
    fair = await make_fair(1)
    application_id = await fair.exhibitor(0)
    await fetch("UPDATE person SET locale = 'en' RETURNING id")
    await fair.bill()
    document = await invoice_of(application_id)
    await cancel_document(document_id=document.id, actor=SYSTEM, now=NOW)
    (message,) = [row for row in await sent("") if row["subject"].startswith(f"Invoice {document.number}")]
    assert "over 3.000.000\xa0₫" in message["body_text"]
    assert "was taken back: please do not pay it." in message["body_text"]
    assert f"/apply/mine/{application_id}" in message["body_text"]


async def test_money_that_is_given_back_at_its_provider_releases_the_booth() -> None:
    fair = await make_fair(1)
    application_id = await fair.exhibitor(0)
    await fair.bill()
    await by_card(await invoice_of(application_id))
    await apply_refund({**REFUND, "status": "succeeded"}, NOW)
    assert (await invoice_of(application_id)).state == DocumentState.REFUNDED
    assert (await application(fair.edition.id, application_id)).state == ApplicationState.WAITING
    assert await told(application_id) == ["billed", "kept", "owed_back"]
    assert await fair.bill() == 0


async def test_taking_a_fee_back_whose_booth_is_gone_already_frees_nobody_elses() -> None:
    fair = await make_fair(1)
    application_id = await fair.exhibitor(0)
    await fair.bill()
    document = await invoice_of(application_id)
    await pay(document)
    await release_booth(booth_id=fair.booths[0], actor=SYSTEM, now=NOW)
    other = await fair.exhibitor(0)
    await credit_document(document_id=document.id, amount=document.amount, reason="x", actor=SYSTEM, now=NOW)
    assert await fair.code(other) == "A1"


@pytest.mark.race
async def test_finance_and_who_takes_the_booth_back_at_once_do_so_once() -> None:
    fair = await make_fair(1)
    application_id = await fair.exhibitor(0)
    await fair.bill()
    document = await invoice_of(application_id)
    await pay(document)

    async def take_back(number: int) -> None:
        if number % 2:
            await fair.take_back(0)
        else:
            await credit_document(document_id=document.id, amount=document.amount, reason="x", actor=SYSTEM, now=NOW)

    results = await race(6, take_back)
    assert winners(results)
    assert all(one is None or isinstance(one, int | DocumentNotOpen) for one in results), results
    assert (await invoice_of(application_id)).owed.amount_minor == PRICE
    assert await told(application_id) == ["billed", "kept", "owed_back"]
    assert (await application(fair.edition.id, application_id)).state == ApplicationState.WAITING


async def test_what_came_of_a_fee_goes_back_though_its_rest_was_written_off() -> None:
    fair = await make_fair(2)
    in_part, unpaid = [await fair.exhibitor(number) for number in range(2)]
    await fair.bill()
    await pay(await invoice_of(in_part), 1_000_000)
    for one in (in_part, unpaid):
        await write_off(document_id=(await invoice_of(one)).id, actor=SYSTEM, now=OVERDUE)
    await fair.take_back(0)
    await fair.take_back(1)
    document = await invoice_of(in_part)
    assert (document.state, document.owed.amount_minor) == (DocumentState.CANCELLED, 1_000_000)
    assert await told(in_part) == ["billed", "owed_back"]
    assert ((await invoice_of(unpaid)).state, await told(unpaid)) == (DocumentState.WRITTEN_OFF, ["billed"])
    assert sum(int(row["amount_minor"]) for row in await balances(fair.edition.id)) == 0


@pytest.mark.parametrize("moved", [False, True])
async def test_a_part_for_a_written_off_fee_of_a_booth_that_is_gone_goes_back_and_is_told(moved: bool) -> None:
    fair = await make_fair(2)
    application_id = await fair.exhibitor(0)
    await fair.bill()
    await write_off(document_id=(await invoice_of(application_id)).id, actor=SYSTEM, now=OVERDUE)
    await fair.take_back(0)
    if moved:
        await fair.give(application_id, 1)
    late = await pay(await invoice_of(application_id), 1_000_000, actor=None)
    assert (late.outcome, late.state) == (Settlement.REFUND, DocumentState.REFUND_DUE)
    (message,) = await sent("payment-owed:")
    assert "1.000.000\xa0₫" in message["body_text"]
    accounts = {row["account"]: int(row["amount_minor"]) for row in await balances(fair.edition.id)}
    assert {name: amount for name, amount in accounts.items() if amount} == {"bank": 1_000_000, "payable": -1_000_000}


async def test_a_part_for_a_written_off_fee_is_kept_while_the_booth_is_hers_and_all_of_it_asks_for_another() -> None:
    fair = await make_fair(2)
    hers, gone = await fair.exhibitor(0), await fair.exhibitor(1)
    await fair.bill()
    for one in (hers, gone):
        await write_off(document_id=(await invoice_of(one)).id, actor=SYSTEM, now=OVERDUE)
    part = await pay(await invoice_of(hers), 1_000_000, actor=None)
    assert (part.outcome, part.state) == (Settlement.KEPT, DocumentState.OPEN)
    await fair.take_back(1)
    whole = await pay(await invoice_of(gone), actor=None)
    assert (whole.outcome, whole.state) == (Settlement.KEPT, DocumentState.PAID)
    assert await fair.code(gone)


async def test_a_booth_that_is_taken_back_twice_is_told_twice() -> None:
    fair = await make_fair(1)
    application_id = await fair.exhibitor(0)
    await fair.bill()
    document = await invoice_of(application_id)
    await pay(document, 1_000_000)
    await fair.take_back(0)
    await pay(document)
    await fair.take_back(0)
    assert await told(application_id) == ["billed", "owed_back", "kept", "owed_back"]


async def test_each_part_of_a_fee_that_comes_is_confirmed_with_what_is_left_and_by_when() -> None:
    fair = await make_fair(1)
    application_id = await fair.exhibitor(0)
    await set_fee_plan(edition_id=fair.edition.id, plan=HALVES, actor=SYSTEM, now=NOW)
    await fair.bill()
    document = await invoice_of(application_id)
    for amount in (1_000_000, 500_000, 1_500_000):
        await pay(document, amount)
    first, second = [message["body_text"] for message in await sent("payment-part:")]
    assert [
        part for part in ("1.000.000\xa0₫", "2.000.000\xa0₫", "500.000\xa0₫", "23/10/2026") if part not in first
    ] == []
    assert [part for part in ("500.000\xa0₫", "1.500.000\xa0₫", "02/11/2026") if part not in second] == []
    assert len(await sent("booth-fee:kept")) == 1


async def test_the_bill_of_a_fee_in_parts_names_the_first_and_that_the_rest_follows() -> None:
    fair = await make_fair(1)
    await fair.exhibitor(0)
    await set_fee_plan(edition_id=fair.edition.id, plan=HALVES, actor=SYSTEM, now=NOW)
    await fair.bill()
    (message,) = await sent("booth-fee:billed")
    words = (
        "3.000.000\xa0₫",
        "1.500.000\xa0₫",
        "23/10/2026",
        "02/11/2026",
    )
    assert [word for word in words if word not in message["body_text"]] == []


async def test_a_fee_whose_money_was_for_something_else_is_unpaid_again_and_keeps_its_booth() -> None:
    fair = await make_fair(1)
    application_id = await fair.exhibitor(0)
    await fair.bill()
    document = await invoice_of(application_id)
    recorded = await pay(document)
    await take_off(document_id=document.id, payment_id=recorded.payment_id, reason="Nhầm", actor=SYSTEM, now=NOW)
    assert (await invoice_of(application_id)).state == DocumentState.OPEN
    assert await fair.code(application_id) != ""
    (fee,) = await own_fees(application_id)
    assert (fee.payments, fee.next.amount_minor) == ([], PRICE)
    (said,) = await sent("payment-taken-off:")
    assert f"{application_id}" in said["body_text"]
    await pay(document)
    assert await told(application_id) == ["billed", "kept", "kept"]
