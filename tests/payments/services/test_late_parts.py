"""Late money that comes in several payments: what came before, and is still here, counts when the rest comes."""

from __future__ import annotations

import itertools

import pytest

from app.accounts.actor import SYSTEM
from app.events.queries import EditionInfo
from app.kernel.money import Money
from app.kernel.tables import OutboxMessage
from app.payments.enums import Account, DocumentState, PaymentMethod, Settlement
from app.payments.enums_card import RefundState
from app.payments.errors import AlreadyPaid, AmountDiffers
from app.payments.queries import DocumentInfo, document_by_id, payments_of
from app.payments.queries_bank import documents_of_ids
from app.payments.services import telling
from app.payments.services.assigning import match_new
from app.payments.services.documents import cancel_document, require_refund
from app.payments.services.recording import Recorded, record_payment
from app.payments.services.refunding import record_refund
from app.payments.tables_card import CardRefund
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.books import account, check_books
from tests.payments.factories import Seller, make_document, make_entry
from tests.support.race import race, winners

pytestmark = pytest.mark.engines
NUMBERS = itertools.count(1)


@pytest.fixture
async def edition(database: str, seller: Seller) -> EditionInfo:
    """A festival."""
    return await make_edition()


async def cancelled(edition: EditionInfo, *, came: int = 0) -> DocumentInfo:
    """An invoice over 50.000 ₫ that was taken back, after a part of it had come."""
    document = await make_document(edition)
    if came:
        await comes(document, came)
    await cancel_document(document_id=document.id, actor=SYSTEM, now=NOW)
    return await document_by_id(document.id)


async def comes(document: DocumentInfo, amount: int, *, by_hand: bool = False) -> Recorded:
    """Let money come that the bank took already, or that somebody counts."""
    return await record_payment(
        document_id=document.id,
        method=PaymentMethod.CASH if by_hand else PaymentMethod.TRANSFER,
        amount=Money(amount, "VND"),
        actor=SYSTEM if by_hand else None,
        provider_reference=None if by_hand else f"bank:{next(NUMBERS)}",
        now=NOW,
    )


async def stands(document: DocumentInfo) -> tuple[DocumentState, int, int]:
    """Where an invoice stands, what of its money is kept and what has to go back."""
    found = await document_by_id(document.id)
    return found.state, found.paid.amount_minor, found.owed.amount_minor


async def test_two_transfers_that_our_own_codes_asked_for_are_late_money_together(
    edition: EditionInfo, seller: Seller
) -> None:
    document = await cancelled(edition)
    await make_entry(document.reference, amount=30_000)
    assert await match_new(NOW) == {"matched": 1}
    assert (await stands(document), seller.settled) == ((DocumentState.REFUND_DUE, 0, 30_000), [])
    await check_books(edition)
    (seen,) = await documents_of_ids([document.id], edition.id)
    assert seen.takes == Money(20_000, "VND")
    await make_entry(document.reference, amount=20_000)
    assert await match_new(NOW) == {"matched": 1}
    assert await stands(document) == (DocumentState.PAID, 50_000, 0)
    assert len(seller.settled) == 1
    assert [one.outcome for one in await payments_of(document.id)] == [Settlement.KEPT] * 2
    assert (await account(edition, Account.PAYABLE), await account(edition, Account.BANK)) == (0, 50_000)
    await check_books(edition)


@pytest.mark.parametrize("by_hand", [True, False])
async def test_what_came_before_it_was_taken_back_counts(edition: EditionInfo, by_hand: bool) -> None:
    document = await cancelled(edition, came=20_000)
    assert await stands(document) == (DocumentState.CANCELLED, 0, 20_000)
    late = await comes(document, 30_000, by_hand=by_hand)
    assert (late.outcome, late.over_minor) == (Settlement.KEPT, 0)
    assert await stands(document) == (DocumentState.PAID, 50_000, 0)
    await check_books(edition)


async def test_the_seller_is_asked_once_and_what_she_does_not_have_goes_back(
    edition: EditionInfo, seller: Seller
) -> None:
    seller.answer = Settlement.REFUND
    document = await cancelled(edition, came=20_000)
    assert (await comes(document, 30_000)).outcome == Settlement.REFUND
    assert await stands(document) == (DocumentState.REFUND_DUE, 0, 50_000)
    seller.answer = Settlement.KEPT
    assert (await comes(document, 50_000)).outcome == Settlement.REFUND
    assert await stands(document) == (DocumentState.REFUND_DUE, 0, 100_000)
    assert len(seller.settled) == 1
    await check_books(edition)


async def test_what_went_back_does_not_count(edition: EditionInfo, seller: Seller) -> None:
    document = await cancelled(edition, came=20_000)
    (first,) = await payments_of(document.id)
    await record_refund(
        payment_id=first.id, method=PaymentMethod.TRANSFER, amount=Money(5_000, "VND"), actor=SYSTEM, now=NOW
    )
    assert (await comes(document, 30_000)).outcome == Settlement.REFUND
    assert (await stands(document), seller.settled) == ((DocumentState.REFUND_DUE, 0, 45_000), [])
    assert (await comes(document, 5_000)).outcome == Settlement.KEPT
    assert await stands(document) == (DocumentState.PAID, 50_000, 0)
    first = (await payments_of(document.id))[0]
    assert (first.owed.amount_minor, first.due_back.amount_minor, first.outcome) == (5_000, 0, Settlement.KEPT)
    await check_books(edition)


async def test_what_is_on_its_way_to_a_card_does_not_count(edition: EditionInfo, seller: Seller) -> None:
    document = await cancelled(edition, came=20_000)
    (first,) = await payments_of(document.id)
    await CardRefund(
        payment=first.id,
        amount_minor=15_000,
        currency="VND",
        idempotency_key="refund-1",
        state=RefundState.STARTED.value,
        created_at=NOW,
    ).save()
    await comes(document, 30_000)
    assert (await stands(document), seller.settled) == ((DocumentState.REFUND_DUE, 0, 50_000), [])
    assert (await comes(document, 15_000)).outcome == Settlement.KEPT  # beside the 35.000 that are here
    assert await stands(document) == (DocumentState.PAID, 50_000, 15_000)
    assert len(seller.settled) == 1
    await check_books(edition)


async def test_what_is_more_than_the_rest_goes_back(edition: EditionInfo) -> None:
    document = await cancelled(edition, came=20_000)
    late = await comes(document, 45_000)
    assert (late.outcome, late.over_minor) == (Settlement.KEPT, 15_000)
    assert await stands(document) == (DocumentState.PAID, 50_000, 15_000)
    await check_books(edition)


async def test_all_of_it_at_once_is_kept_and_the_part_of_before_goes_back(edition: EditionInfo) -> None:
    document = await cancelled(edition)
    await comes(document, 20_000)
    assert (await comes(document, 50_000)).outcome == Settlement.KEPT
    assert await stands(document) == (DocumentState.PAID, 50_000, 20_000)
    await check_books(edition)


async def test_by_hand_it_is_all_of_it_or_the_rest(edition: EditionInfo) -> None:
    document = await cancelled(edition, came=20_000)
    for wrong in (10_000, 40_000, 60_000):
        with pytest.raises(AmountDiffers) as refused:
            await comes(document, wrong, by_hand=True)
        assert refused.value.params["due"] == Money(30_000, "VND")
    assert (await comes(document, 30_000, by_hand=True)).state == DocumentState.PAID


async def test_one_that_was_paid_and_taken_back_does_not_stand_again(edition: EditionInfo, seller: Seller) -> None:
    document = await make_document(edition)
    paid = await comes(document, 50_000)
    await require_refund(document_id=document.id, actor=SYSTEM, now=NOW)
    await record_refund(
        payment_id=paid.payment_id, method=PaymentMethod.CASH, amount=Money(30_000, "VND"), actor=SYSTEM, now=NOW
    )
    with pytest.raises(AlreadyPaid):
        await comes(document, 30_000, by_hand=True)
    assert (await comes(document, 30_000)).outcome == Settlement.REFUND
    assert await stands(document) == (DocumentState.REFUND_DUE, 0, 50_000)
    assert len(seller.settled) == 1
    await check_books(edition)


@pytest.mark.race
async def test_of_two_who_send_the_rest_at_once_one_makes_it_up(edition: EditionInfo, seller: Seller) -> None:
    document = await cancelled(edition)
    await comes(document, 25_000)
    results = await race(2, lambda _number: comes(document, 25_000))
    assert sorted(one.outcome for one in winners(results)) == [Settlement.KEPT, Settlement.REFUND]
    assert await stands(document) == (DocumentState.PAID, 50_000, 25_000)
    assert len(seller.settled) == 1
    await check_books(edition)


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let payers be written to."""

    async def reach(_document: DocumentInfo) -> telling.Reached:
        return telling.Reached(email="lan@example.vn")

    monkeypatch.setattr(telling, "_reach", {"order": reach})


async def newest_message() -> str:
    """What was written last."""
    newest = await OutboxMessage.select().order_by(OutboxMessage.id, ascending=False).first()
    assert newest is not None
    return str(newest["body_text"])


@pytest.mark.usefixtures("reached")
async def test_a_payer_hears_that_a_part_goes_back_unless_the_rest_comes(edition: EditionInfo, seller: Seller) -> None:
    seller.answer = Settlement.REFUND
    document = await cancelled(edition)
    await comes(document, 20_000)
    assert ("20.000\xa0₫ sẽ được hoàn lại" in await newest_message(), "trừ khi" in await newest_message()) == (
        True,
        True,
    )
    await comes(document, 30_000)
    assert ("30.000\xa0₫ sẽ được hoàn lại" in await newest_message(), "trừ khi" in await newest_message()) == (
        True,
        False,
    )


@pytest.mark.usefixtures("reached")
async def test_a_payer_hears_of_what_is_more_than_the_rest_alone(edition: EditionInfo) -> None:
    document = await cancelled(edition, came=20_000)
    await comes(document, 45_000)
    assert "15.000\xa0₫ sẽ được hoàn lại" in await newest_message()
