"""Card money arrives at the bank: each payout entered once, whoever tells of it, and split over its editions."""

from __future__ import annotations

from datetime import date

import pytest

from app.accounts.actor import SYSTEM
from app.events.queries import EditionInfo
from app.kernel import clock
from app.kernel.database import fetch
from app.kernel.i18n import use_locale
from app.kernel.money import Money
from app.payments.currencies import payout_from_stripe
from app.payments.enums import Account, EntryState, PaymentMethod, PayoutState
from app.payments.errors import (
    AmountOutOfRange,
    PayoutDiffers,
    PayoutKnown,
    PayoutReferenceNeeded,
    PayoutSettled,
)
from app.payments.errors_bank import TransferSettled
from app.payments.queries import balances
from app.payments.queries_bank import entry_by_id
from app.payments.queries_payouts import PayoutInfo, expected_payouts, payout_of_entry, payouts_like, payouts_of
from app.payments.services import payouts
from app.payments.services.assigning import match_new
from app.payments.services.card_watching import look_after_cards
from app.payments.services.inbox import apply_event
from app.payments.services.payout_matching import match_payout
from app.payments.services.payouts import record_payout
from app.payments.services.recording import record_payment
from app.payments.services.stripe_events import keep_event, read_webhook
from app.payments.tables_payouts import Payout
from app.payments.why import said
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.books import check_books
from tests.payments.cards import a_document, begun, later, paid, tell
from tests.payments.factories import make_document, make_entry
from tests.support.card_payments import StripeServer
from tests.support.race import ask_first, drop_index, drop_unique, losers, race, unguarded, winners

pytestmark = [pytest.mark.slow, pytest.mark.engines, pytest.mark.usefixtures("database", "seller")]
DAY = date(2026, 10, 18)


async def books(edition: EditionInfo) -> dict[str, int]:
    """Return what the accounts of money and fees come to, but those that are empty."""
    found: dict[str, int] = {}
    for row in await balances(edition.id):
        if row["account"] in ("card", "terminal", "bank", "fees", "loss", "disputes"):
            found[row["account"]] = found.get(row["account"], 0) + int(row["amount_minor"])
    return {name: amount for name, amount in found.items() if amount}


async def by_hand(
    edition: EditionInfo,
    taken: int = 50_000,
    fee: int = 1_000,
    reference: str = "batch-7",
    account: Account = Account.TERMINAL,
) -> int:
    """Write a payout down, whatever is expected."""
    return await record_payout(
        edition_id=edition.id,
        account=account,
        taken=Money(taken, "VND"),
        fee=Money(fee, "VND"),
        reference=reference,
        arrives_on=DAY,
        actor=SYSTEM,
        now=NOW,
        more=True,
    )


async def paid_out(stripe: StripeServer) -> str:
    """Let Stripe pay out what it holds, tell of it, and look after it; gives the payout's id."""
    made: str = stripe.control("balance", act="pay_out")["id"]
    await tell(stripe, "payout.paid")
    await look_after_cards(clock.now())
    return made


async def the_payout(edition: EditionInfo) -> PayoutInfo:
    """Return the one payout of an edition."""
    (found,) = await payouts_of(edition.id)
    return found


async def test_a_terminals_batch_is_written_down_with_its_fee() -> None:
    edition = await make_edition()
    document = await make_document(edition)
    await record_payment(
        document_id=document.id, method=PaymentMethod.TERMINAL, amount=document.amount, actor=SYSTEM, now=NOW
    )
    assert await expected_payouts(edition.id) == [(Account.TERMINAL, Money(50_000, "VND"))]
    await by_hand(edition)
    assert await books(edition) == {"bank": 49_000, "fees": 1_000}
    assert await expected_payouts(edition.id) == []
    found = await the_payout(edition)
    assert (found.reference, found.whole, found.here, found.fee, found.state, found.by_hand, found.arrives_on) == (
        "batch-7",
        Money(49_000, "VND"),
        Money(49_000, "VND"),
        Money(1_000, "VND"),
        PayoutState.BOOKED,
        False,  # nobody in particular
        DAY,
    )
    with pytest.raises(PayoutKnown):
        await by_hand(edition)
    await by_hand(await make_edition("other"))  # its terminal counts its own batches


async def test_a_payout_of_nothing_or_without_a_number_is_refused() -> None:
    edition = await make_edition()
    for taken, fee in ((0, 0), (100, 101), (10**15 + 1, 0)):
        with pytest.raises(AmountOutOfRange):
            await by_hand(edition, taken, fee)
    with pytest.raises(PayoutReferenceNeeded):
        await by_hand(edition, reference=" ")
    assert (await payouts_of(edition.id), await books(edition)) == ([], {})


async def test_what_stripe_pays_out_is_split_over_the_editions_whose_money_it_is(stripe: StripeServer) -> None:
    one, two = await make_edition("one"), await make_edition("two")
    stripe.control("set", page_size=2)
    for number, edition in enumerate((one, one, two)):
        await paid(stripe, await a_document(edition, subject_id=number + 1, amount=50_000 * (number + 1)))
    await look_after_cards(clock.now())  # learns the fees of some
    await paid(stripe, await a_document(two, subject_id=9))
    stripe.control(
        "balance", act="move", kind="stripe_fee", amount=-700, currency="vnd"
    )  # of the account, nobody's payment
    await paid_out(stripe)
    assert await books(one) == {"bank": 150_000 - 6_300, "fees": 6_300}
    assert await books(two) == {"bank": 200_000 - 8_400, "fees": 8_400}
    (found,) = await payouts_of(one.id)
    assert (found.whole, found.here) == (Money(350_000 - 14_000 - 700, "VND"), Money(143_700, "VND"))
    assert await expected_payouts(one.id) == await expected_payouts(two.id) == []


@pytest.mark.parametrize(("of_others", "borne"), [(0, 701), (50_000, 350), (150_000, 175)])
async def test_what_stripe_keeps_of_the_account_is_borne_by_how_much_money_moved(
    stripe: StripeServer, of_others: int, borne: int
) -> None:
    edition = await make_edition()
    await paid(stripe, await a_document(edition))
    if of_others:
        stranger = stripe.control("stranger")
        stripe.control("balance", act="move", kind="charge", amount=of_others, currency="vnd", source=stranger)
    for kind, amount in (("stripe_fee", -600), ("tax_fee", -101)):
        stripe.control("balance", act="move", kind=kind, amount=amount, currency="vnd")
    await paid_out(stripe)
    assert await books(edition) == {"bank": 48_000 - borne, "fees": 2_000 + borne}
    found = await the_payout(edition)
    assert (found.whole == found.here) == (not of_others)


async def test_refunds_and_claims_are_in_what_is_paid_out(stripe: StripeServer) -> None:
    edition = await make_edition()
    kept = await paid(stripe, await a_document(edition, subject_id=1, amount=100_000))
    back = await paid(stripe, await a_document(edition, subject_id=2))
    await look_after_cards(clock.now())
    stripe.control("refund", payment_intent=back)
    await tell(stripe, "refund.created")
    stripe.control("dispute", payment_intent=kept, status="needs_response", fee=300, kind="funds_withdrawn")
    await paid_out(stripe)
    # 100.000 and 50.000 came, 4.000 and 2.000 were kept of them; 50.000 went back, 100.000 and 300 were taken
    stripe.control("take")
    assert await books(edition) == {"bank": -6_300, "card": 100_300, "fees": 6_000}  # until the bank has decided
    stripe.control("dispute", payment_intent=kept, status="lost")
    await tell(stripe, "charge.dispute.closed")
    assert await books(edition) == {"bank": -6_300, "disputes": 100_000, "fees": 6_300}
    assert (await the_payout(edition)).whole == Money(-6_300, "VND")
    stripe.control("dispute", payment_intent=kept, status="won", fee=-300, kind="funds_reinstated")
    await tell(stripe, "charge.dispute.funds_reinstated")
    await paid_out(stripe)
    assert await books(edition) == {"bank": 94_000, "fees": 6_000}
    assert await expected_payouts(edition.id) == []


@pytest.mark.parametrize("kind", ["refund_failure", "payment_refund", "adjustment"])
async def test_a_refund_that_failed_after_all_is_paid_out_again(stripe: StripeServer, kind: str) -> None:
    edition = await make_edition()
    intent = await paid(stripe, await a_document(edition))
    await look_after_cards(clock.now())
    made = stripe.control("refund", payment_intent=intent)["id"]
    await tell(stripe, "refund.created")
    failed = stripe.control("end_refund", refund=made, status="failed")
    stripe.control("balance", act="of_kind", transaction=failed["failure_balance_transaction"], kind=kind)
    await tell(stripe, "refund.failed")
    await paid_out(stripe)
    assert await books(edition) == {"bank": 48_000, "fees": 2_000}
    assert await expected_payouts(edition.id) == []


async def test_what_stripe_pays_out_by_another_name_is_not_entered_as_anything(stripe: StripeServer) -> None:
    edition = await make_edition()
    intent = await paid(stripe, await a_document(edition))
    charge = stripe.control("charge", payment_intent=intent)["id"]
    stripe.control("balance", act="move", kind="payment_failure_refund", amount=-50_000, currency="vnd", source=charge)
    number = await paid_out(stripe)
    waiting = await the_payout(edition)
    assert (waiting.state, "payment_failure_refund" in waiting.error) == (PayoutState.TOLD, True)
    assert await books(edition) == {"card": 48_000, "fees": 2_000}
    await by_hand(edition, 48_000, 0, number, Account.CARD)
    assert await books(edition) == {"bank": 48_000, "fees": 2_000}


async def test_a_payout_told_twice_and_written_down_is_entered_once(stripe: StripeServer) -> None:
    edition = await make_edition()
    await paid(stripe, await a_document(edition))
    await look_after_cards(clock.now())
    number = await paid_out(stripe)
    assert await books(edition) == {"bank": 48_000, "fees": 2_000}
    with pytest.raises(PayoutKnown):
        await by_hand(edition, 48_000, 0, number, Account.CARD)
    await look_after_cards(later(hours=2))
    assert await books(edition) == {"bank": 48_000, "fees": 2_000}
    assert await fetch("SELECT COUNT(*) AS count FROM payment_payout_share") == [{"count": 1}]


async def test_a_payout_written_down_first_is_not_entered_when_it_is_told(stripe: StripeServer) -> None:
    edition = await make_edition()
    await paid(stripe, await a_document(edition))
    await look_after_cards(clock.now())
    number = stripe.control("balance", act="pay_out")["id"]
    await by_hand(edition, 48_000, 0, number, Account.CARD)
    assert await tell(stripe, "payout.paid") == ["ignored"]
    assert (await look_after_cards(clock.now()))["payouts"] == 0
    assert await books(edition) == {"bank": 48_000, "fees": 2_000}


async def test_what_cannot_be_entered_waits_with_its_reason_until_somebody_writes_it_down(
    stripe: StripeServer,
) -> None:
    edition = await make_edition()
    await paid(stripe, await a_document(edition))
    await look_after_cards(clock.now())
    number = stripe.control("balance", act="pay_out")["id"]
    assert stripe.control("balance", act="in_currency", payout=number, currency="usd") == 2
    await tell(stripe, "payout.paid")
    assert (await look_after_cards(clock.now()))["payouts"] == 0
    waiting = await the_payout(edition)
    told = set()
    for locale in ("en", "vi", "id"):
        with use_locale(locale):
            told.add(said(waiting.error))
    assert (waiting.state, len(told), ["USD" in one for one in told]) == (PayoutState.TOLD, 3, [True] * 3)
    asked = len(stripe.asked("GET /v1/balance_transactions"))
    await look_after_cards(later(minutes=30))
    assert len(stripe.asked("GET /v1/balance_transactions")) == asked  # not again within the hour
    await by_hand(edition, 48_000, 500, number, Account.CARD)
    assert await books(edition) == {"bank": 47_500, "fees": 2_500}
    assert (await the_payout(edition)).error == ""


async def test_somebody_elses_payout_concerns_no_edition(stripe: StripeServer) -> None:
    edition = await make_edition()
    stripe.control(
        "balance", act="move", kind="charge", amount=90_000, currency="vnd", source=stripe.control("stranger")
    )
    await paid_out(stripe)
    assert await payouts_of(edition.id) == []
    assert await Payout.select(Payout.state) == [{"state": PayoutState.FOREIGN.value}]


async def test_a_payment_that_is_not_known_yet_lets_its_payout_wait(stripe: StripeServer) -> None:
    edition = await make_edition()
    attempt = await begun(await a_document(edition))
    stripe.pay(attempt["session_id"])
    stripe.control("balance", act="pay_out")
    await tell(stripe, "payout.paid")  # that it was paid is lost
    stripe.control("set", events=[])
    assert (await look_after_cards(clock.now()))["payouts"] == 0
    assert (await the_payout(edition)).state == PayoutState.TOLD
    done = await look_after_cards(later(hours=2))
    assert (done["checkouts"], done["payouts"]) == (1, 1)
    assert await books(edition) == {"bank": 48_000, "fees": 2_000}


async def test_a_payout_that_the_bank_sends_back_is_taken_back_once(stripe: StripeServer) -> None:
    edition = await make_edition()
    await paid(stripe, await a_document(edition))
    number = await paid_out(stripe)
    assert await books(edition) == {"bank": 48_000, "fees": 2_000}
    stripe.control("balance", act="fail", payout=number)
    assert await tell(stripe, "payout.failed") == ["failed"]
    assert await books(edition) == {"card": 48_000, "fees": 2_000}
    stripe.control("balance", act="fail", payout=number)
    assert await tell(stripe, "payout.failed") == ["ignored"]
    assert await books(edition) == {"card": 48_000, "fees": 2_000}
    with pytest.raises(PayoutKnown):
        await by_hand(edition, 48_000, 0, number, Account.CARD)


async def test_one_that_failed_before_it_was_told_is_never_entered(stripe: StripeServer) -> None:
    edition = await make_edition()
    await paid(stripe, await a_document(edition))
    number = stripe.control("balance", act="pay_out")["id"]
    (told,) = stripe.events("payout.paid")
    stripe.control("balance", act="fail", payout=number)
    assert await tell(stripe, "payout.failed") == ["failed"]
    await keep_event(read_webhook(*told), clock.now())
    (row,) = await fetch("SELECT id FROM payment_event WHERE kind = 'payout.paid'")
    assert await apply_event(row["id"], clock.now()) == "ignored"
    assert (await look_after_cards(clock.now()))["payouts"] == 0


async def arrived(edition: EditionInfo, amount: int = 49_000) -> int:
    """Let a transfer of nobody in particular come in; gives its id."""
    entry = await make_entry("STRIPE PAYOUT", amount=amount, edition=edition)
    await match_new(NOW)
    return entry.id


async def match(edition: EditionInfo, entry_id: int, payout_id: int) -> None:
    """Say that a transfer is a payout."""
    await match_payout(edition_id=edition.id, entry_id=entry_id, payout_id=payout_id, actor=SYSTEM, now=NOW)


async def test_a_transfer_that_is_a_payout_is_not_to_be_assigned_any_more() -> None:
    edition = await make_edition()
    payout_id = await by_hand(edition)
    before = await books(edition)
    entry_id = await arrived(edition)
    assert await books(edition) != before  # until it is known what it is, it lies there as not assigned
    assert [one.id for one in await payouts_like(edition.id, Money(49_000, "VND"))] == [payout_id]
    await match(edition, entry_id, payout_id)
    assert (await entry_by_id(entry_id)).state == EntryState.PAYOUT
    found = await payout_of_entry(entry_id, edition.id)
    assert found is not None
    assert (found.id, found.entry_id) == (payout_id, entry_id)
    assert await payouts_like(edition.id, Money(49_000, "VND")) == []
    assert await books(edition) == before
    with pytest.raises(TransferSettled):
        await match(edition, entry_id, payout_id)
    with pytest.raises(PayoutSettled):
        await match(edition, await arrived(edition), payout_id)


async def test_a_transfer_of_another_amount_or_edition_is_not_that_payout() -> None:
    edition, other = await make_edition(), await make_edition("other")
    payout_id = await by_hand(edition)
    with pytest.raises(PayoutDiffers):
        await match(edition, await arrived(edition, 48_999), payout_id)
    with pytest.raises(PayoutSettled):
        await match(other, await arrived(other), payout_id)


async def test_what_was_taken_for_a_payout_that_failed_is_to_be_assigned_again(stripe: StripeServer) -> None:
    edition = await make_edition()
    await paid(stripe, await a_document(edition))
    number = await paid_out(stripe)
    entry_id = await arrived(edition, 48_000)
    await match(edition, entry_id, (await the_payout(edition)).id)
    stripe.control("balance", act="fail", payout=number)
    assert await tell(stripe, "payout.failed") == ["failed"]
    assert ((await entry_by_id(entry_id)).state, (await the_payout(edition)).entry_id) == (EntryState.LEFT, None)
    await check_books(edition)
    other = await by_hand(edition, 49_000, 1_000)
    await match(edition, entry_id, other)
    await check_books(edition)


@pytest.mark.race
async def test_of_many_who_find_a_payout_one_does() -> None:
    edition = await make_edition()
    payout_id = await by_hand(edition)
    entries = [await arrived(edition) for _number in range(4)]
    results = await race(4, lambda number: match(edition, entries[number], payout_id))
    assert len(winners(results)) == 1
    losers(results, PayoutSettled)
    assert [(await entry_by_id(one)).state for one in entries].count(EntryState.PAYOUT) == 1


@pytest.mark.race
async def test_many_who_write_one_payout_down_enter_it_once() -> None:
    edition = await make_edition()
    results = await race(6, lambda _number: by_hand(edition))
    assert len(winners(results)) == 1
    losers(results, PayoutKnown)
    assert await books(edition) == {"terminal": -50_000, "bank": 49_000, "fees": 1_000}


@pytest.mark.race
async def test_without_its_unique_number_a_payout_is_entered_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    edition = await make_edition()
    await drop_unique("payment_payout", "reference")
    assert len(winners(await race(2, lambda _number: by_hand(edition)))) == 2
    assert (await books(edition))["bank"] == 98_000


@pytest.mark.race
async def test_a_told_payout_is_entered_once_by_two_workers(stripe: StripeServer) -> None:
    edition = await make_edition()
    await paid(stripe, await a_document(edition))
    stripe.control("balance", act="pay_out")
    await tell(stripe, "payout.paid")
    winners(await race(4, lambda _number: look_after_cards(clock.now())))
    assert await books(edition) == {"bank": 48_000, "fees": 2_000}


@pytest.mark.race
async def test_without_the_claim_two_workers_enter_it_twice(
    stripe: StripeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = await make_edition()
    await paid(stripe, await a_document(edition))
    await look_after_cards(clock.now())
    stripe.control("balance", act="pay_out")
    await tell(stripe, "payout.paid")
    await drop_index("payment_payout_share_is_one")
    unguarded(monkeypatch, payouts)
    ask_first(monkeypatch, Payout, parties=2)
    winners(await race(2, lambda _number: look_after_cards(clock.now())))
    assert (await books(edition))["bank"] == 96_000


def test_rupiah_that_end_in_sen_are_rounded_down_on_their_way_to_the_bank() -> None:
    assert payout_from_stripe(4_799_950, "idr") == Money(47_999, "IDR")
    assert payout_from_stripe(-150, "idr") == Money(-2, "IDR")
    assert payout_from_stripe(1_250, "eur") == Money(1_250, "EUR")
