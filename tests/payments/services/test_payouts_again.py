"""Card money that comes to the bank later than it was paid out: after a payout failed, and out of a reserve."""

from __future__ import annotations

from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.events.queries import EditionInfo
from app.kernel import clock
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.enums import Account, PayoutState
from app.payments.queries import balances
from app.payments.queries_payouts import expected_payouts, payouts_of, payouts_to_book, reserves
from app.payments.services import payouts
from app.payments.services.card_watching import look_after_cards
from app.payments.services.inbox import apply_event
from app.payments.services.payout_matching import match_payout
from app.payments.services.stripe_events import keep_event, read_webhook
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.books import check_books
from tests.payments.cards import a_document, paid, tell
from tests.payments.factories import make_entry
from tests.support.card_payments import StripeServer
from tests.support.race import race, winners

pytestmark = [pytest.mark.slow, pytest.mark.engines, pytest.mark.usefixtures("database", "seller")]
MONEY = ("bank", "card", "disputes", "fees", "loss", "reserved", "unassigned")


async def books(edition: EditionInfo) -> dict[str, int]:
    """Return what the accounts of money and fees come to, but those that are empty; the books fit all else."""
    await check_books(edition)
    found = {row["account"]: int(row["amount_minor"]) for row in await balances(edition.id)}
    return {name: found[name] for name in MONEY if found.get(name)}


def move(stripe: StripeServer, kind: str, amount: int, **values: Any) -> None:
    """Let Stripe's balance change for no payment in particular."""
    stripe.control("balance", act="move", kind=kind, amount=amount, currency="vnd", **values)


async def paid_out(stripe: StripeServer) -> str:
    """Let Stripe pay out what it holds, tell of it, and look after it; gives the payout's id."""
    made: str = stripe.control("balance", act="pay_out")["id"]
    await tell(stripe, "payout.paid")
    await look_after_cards(clock.now())
    return made


async def states(edition: EditionInfo) -> list[PayoutState]:
    """Where the payouts of an edition stand, the oldest first."""
    return [one.state for one in reversed(await payouts_of(edition.id))]


@pytest.mark.parametrize("status", ["failed", "canceled"])
async def test_what_came_back_is_entered_with_the_payout_in_which_it_is_sent_again(
    stripe: StripeServer, status: str
) -> None:
    edition = await make_edition()
    await paid(stripe, await a_document(edition))
    number = await paid_out(stripe)
    assert await books(edition) == {"bank": 48_000, "fees": 2_000}
    stripe.control("balance", act="fail", payout=number, status=status)
    assert await tell(stripe, f"payout.{status}") == ["failed"]
    assert await books(edition) == {"card": 48_000, "fees": 2_000}
    await paid(stripe, await a_document(edition, subject_id=2, amount=100_000))
    await paid_out(stripe)
    assert await books(edition) == {"bank": 144_000, "fees": 6_000}
    assert (await expected_payouts(edition.id), await states(edition)) == ([], [PayoutState.FAILED, PayoutState.BOOKED])
    again = (await payouts_of(edition.id))[0]
    assert again.whole == again.here == Money(144_000, "VND")
    entry = await make_entry("STRIPE PAYOUT", amount=144_000, edition=edition)
    await match_payout(edition_id=edition.id, entry_id=entry.id, payout_id=again.id, actor=SYSTEM, now=NOW)
    assert await books(edition) == {"bank": 144_000, "fees": 6_000}


async def test_it_is_taken_back_by_who_finds_it_within_a_later_one_if_nobody_told(stripe: StripeServer) -> None:
    edition = await make_edition()
    await paid(stripe, await a_document(edition))
    number = await paid_out(stripe)
    stripe.control("balance", act="fail", payout=number)
    (told,) = stripe.events("payout.failed")  # it comes late
    await paid_out(stripe)
    assert await books(edition) == {"bank": 48_000, "fees": 2_000}
    assert await states(edition) == [PayoutState.FAILED, PayoutState.BOOKED]
    await keep_event(read_webhook(*told), clock.now())
    (row,) = await fetch("SELECT id FROM payment_event WHERE kind = 'payout.failed'")
    assert await apply_event(row["id"], clock.now()) == "ignored"
    assert await books(edition) == {"bank": 48_000, "fees": 2_000}


async def test_one_that_failed_before_it_was_entered_is_entered_with_the_later_one(stripe: StripeServer) -> None:
    edition = await make_edition()
    await paid(stripe, await a_document(edition))
    number = stripe.control("balance", act="pay_out")["id"]
    stripe.control("balance", act="fail", payout=number)
    assert await tell(stripe, "payout.failed") == ["failed"]
    await paid_out(stripe)
    assert await books(edition) == {"bank": 48_000, "fees": 2_000}


async def test_what_fails_again_and_again_arrives_once(stripe: StripeServer) -> None:
    edition = await make_edition()
    await paid(stripe, await a_document(edition))
    for _time in range(2):
        stripe.control("balance", act="fail", payout=await paid_out(stripe))
        await tell(stripe, "payout.failed")
        assert await books(edition) == {"card": 48_000, "fees": 2_000}
    await paid_out(stripe)
    assert await books(edition) == {"bank": 48_000, "fees": 2_000}


async def test_each_edition_bears_the_same_fees_as_if_it_had_not_failed(stripe: StripeServer) -> None:
    one, two = await make_edition("one"), await make_edition("two")
    await paid(stripe, await a_document(one))
    await paid(stripe, await a_document(two, subject_id=2, amount=100_000))
    move(stripe, "charge", 50_000, source=stripe.control("stranger"))
    move(stripe, "stripe_fee", -600)
    number = await paid_out(stripe)
    before = [await books(one), await books(two)]
    assert before == [{"bank": 47_850, "fees": 2_150}, {"bank": 95_700, "fees": 4_300}]
    stripe.control("balance", act="fail", payout=number)
    await tell(stripe, "payout.failed")
    await paid_out(stripe)
    assert [await books(one), await books(two)] == before


async def test_somebody_elses_that_failed_concerns_nobody(stripe: StripeServer) -> None:
    edition = await make_edition()
    move(stripe, "charge", 90_000, source=stripe.control("stranger"))
    stripe.control("balance", act="fail", payout=await paid_out(stripe))
    assert await tell(stripe, "payout.failed") == ["ignored"]
    await paid_out(stripe)
    assert (await payouts_of(edition.id), await books(edition)) == ([], {})


async def test_what_does_not_come_to_what_came_back_waits_for_a_person(stripe: StripeServer) -> None:
    edition = await make_edition()
    await paid(stripe, await a_document(edition))
    failed = stripe.control("balance", act="fail", payout=await paid_out(stripe))
    again = failed["failure_balance_transaction"]
    stripe.control("balance", act="of_net", transaction=again, net=47_999)
    await tell(stripe, "payout.failed")
    await paid_out(stripe)
    waiting = (await payouts_of(edition.id))[0]
    assert (waiting.state, "payout_failure" in waiting.error) == (PayoutState.TOLD, True)
    assert await books(edition) == {"card": 48_000, "fees": 2_000}


@pytest.mark.parametrize(
    ("held", "released"), [("reserve_transaction", "reserve_transaction"), ("reserve_hold", "reserve_release")]
)
async def test_what_is_held_back_is_expected_until_it_is_released(
    stripe: StripeServer, held: str, released: str
) -> None:
    edition = await make_edition()
    await paid(stripe, await a_document(edition))
    move(stripe, held, -10_000)
    await paid_out(stripe)
    assert await books(edition) == {"bank": 38_000, "fees": 2_000, "reserved": 10_000}
    assert await expected_payouts(edition.id) == [(Account.RESERVED, Money(10_000, "VND"))]
    found = (await payouts_of(edition.id))[0]
    assert found.whole == found.here == Money(38_000, "VND")
    move(stripe, released, 10_000)
    await paid_out(stripe)
    assert await books(edition) == {"bank": 48_000, "fees": 2_000}
    assert (await expected_payouts(edition.id), await states(edition)) == ([], [PayoutState.BOOKED] * 2)


async def test_what_rolls_is_released_to_whom_it_was_held_of(stripe: StripeServer) -> None:
    old, new = await make_edition("old"), await make_edition("new")
    await paid(stripe, await a_document(old))
    move(stripe, "reserved_funds", -10_000)
    await paid_out(stripe)
    await paid(stripe, await a_document(new, subject_id=2, amount=100_000))
    move(stripe, "reserved_funds", -20_000)
    move(stripe, "reserved_funds", 10_000)
    await paid_out(stripe)
    assert await books(old) == {"bank": 48_000, "fees": 2_000}
    assert await books(new) == {"bank": 76_000, "fees": 4_000, "reserved": 20_000}
    move(stripe, "reserved_funds", 20_000)
    await paid_out(stripe)
    assert await books(new) == {"bank": 96_000, "fees": 4_000}


async def test_others_on_the_account_bear_their_part_of_a_reserve(stripe: StripeServer) -> None:
    edition = await make_edition()
    await paid(stripe, await a_document(edition))
    move(stripe, "charge", 50_000, source=stripe.control("stranger"))
    move(stripe, "reserve_transaction", -10_000)
    await paid_out(stripe)
    assert await books(edition) == {"bank": 43_000, "fees": 2_000, "reserved": 5_000}
    move(stripe, "reserve_transaction", 10_000)
    await paid_out(stripe)
    assert await books(edition) == {"bank": 48_000, "fees": 2_000}
    move(stripe, "reserve_transaction", 10_000)
    await paid_out(stripe)
    assert await books(edition) == {"bank": 48_000, "fees": 2_000}  # nothing is held of ours any more


async def test_a_reserve_goes_with_the_payout_that_failed(stripe: StripeServer) -> None:
    edition = await make_edition()
    await paid(stripe, await a_document(edition))
    move(stripe, "reserve_transaction", -10_000)
    stripe.control("balance", act="fail", payout=await paid_out(stripe))
    await tell(stripe, "payout.failed")
    assert await books(edition) == {"card": 48_000, "fees": 2_000}
    move(stripe, "reserve_transaction", 10_000)
    await paid_out(stripe)
    assert await books(edition) == {"bank": 48_000, "fees": 2_000}


@pytest.mark.race
async def test_two_payouts_that_release_at_once_release_no_more_than_is_held(stripe: StripeServer) -> None:
    edition = await make_edition()
    await paid(stripe, await a_document(edition))
    move(stripe, "reserve_transaction", -10_000)
    await paid_out(stripe)
    for _payout in range(2):
        move(stripe, "reserve_transaction", 10_000)  # one of them is somebody else's
        stripe.control("balance", act="pay_out")
    await tell(stripe, "payout.paid")
    rows = await payouts_to_book(clock.now(), False, 9)
    assert winners(await race(2, lambda number: payouts._book(rows[number], clock.now()))) == [True, True]
    assert await books(edition) == {"bank": 48_000, "fees": 2_000}
    assert await reserves("VND") == {}
    assert await fetch("SELECT state FROM payment_payout ORDER BY state") == [
        *({"state": "booked"}, {"state": "booked"}, {"state": "foreign"}),
    ]
