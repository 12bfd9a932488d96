"""What Stripe keeps of its account when hardly any money moved, and the sen that several editions have together."""

from __future__ import annotations

from typing import Any

import pytest

from app.events.queries import EditionInfo
from app.kernel import clock
from app.payments.enums import PayoutState
from app.payments.lines import Line
from app.payments.queries import DocumentInfo, balances
from app.payments.queries_payouts import expected_payouts, payouts_of
from app.payments.services.card_watching import look_after_cards
from app.payments.services.documents import open_document
from app.payments.services.issuing import Payer
from app.payments.services.payout_parts import Share, arrivals
from app.payments.tables_payouts import Payout
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.books import check_books
from tests.payments.cards import a_document, paid, tell
from tests.support.card_payments import StripeServer

pytestmark = [pytest.mark.engines, pytest.mark.usefixtures("database", "seller")]


async def books(edition: EditionInfo) -> dict[str, int]:
    """Return what the accounts of money and fees come to, but those that are empty."""
    found = {row["account"]: int(row["amount_minor"]) for row in await balances(edition.id)}
    return {name: found[name] for name in ("bank", "card", "fees") if found.get(name)}


def move(stripe: StripeServer, kind: str, amount: int, **values: Any) -> None:
    """Let Stripe's balance change."""
    stripe.control("balance", act="move", kind=kind, amount=amount, currency="vnd", **values)


async def paid_out(stripe: StripeServer) -> str:
    """Let Stripe pay out what it holds, tell of it, and look after it; gives the payout's id."""
    made: str = stripe.control("balance", act="pay_out")["id"]
    await tell(stripe, "payout.paid")
    await look_after_cards(clock.now())
    return made


async def test_a_fee_of_the_account_is_borne_alike_where_nobodys_money_moved(stripe: StripeServer) -> None:
    editions = [await make_edition("one"), await make_edition("two")]
    intents = [await paid(stripe, await a_document(edition)) for edition in editions]
    await paid_out(stripe)
    assert [await books(edition) for edition in editions] == [{"bank": 48_000, "fees": 2_000}] * 2
    for intent in intents:  # what a claim costs, before the bank took any money
        claim = stripe.control("dispute", payment_intent=intent, status="needs_response")
        move(stripe, "adjustment", 0, fee=300, source=claim["id"])
    move(stripe, "stripe_fee", -701)
    await paid_out(stripe)
    assert [await books(edition) for edition in editions] == [
        {"bank": 48_000 - 300 - fee, "card": 300, "fees": 2_000 + fee} for fee in (350, 351)
    ]
    assert sum([one.here.amount_minor for edition in editions for one in (await payouts_of(edition.id))[:1]]) == -1_301


@pytest.mark.parametrize("of_others", [0, 96_000])
async def test_a_payout_of_a_fee_alone_is_borne_as_the_one_before_arrived(stripe: StripeServer, of_others: int) -> None:
    one, two = await make_edition("one"), await make_edition("two")
    await paid(stripe, await a_document(one))
    await paid(stripe, await a_document(two, amount=150_000))
    if of_others:
        move(stripe, "charge", of_others, source=stripe.control("stranger"))
    await paid_out(stripe)
    move(stripe, "stripe_fee", -600)
    number = await paid_out(stripe)
    fees = (100, 300) if of_others else (150, 450)  # 48.000 and 144.000 had arrived, and 96.000 of others or nothing
    assert await books(one) == {"bank": 48_000 - fees[0], "fees": 2_000 + fees[0]}
    assert await books(two) == {"bank": 144_000 - fees[1], "fees": 6_000 + fees[1]}
    for edition in (one, two):
        await check_books(edition)
        assert await expected_payouts(edition.id) == []
    stripe.control("balance", act="fail", payout=number)
    assert await tell(stripe, "payout.failed") == ["failed"]
    assert (await books(one), await books(two)) == (
        {"bank": 48_000, "fees": 2_000},
        {"bank": 144_000, "fees": 6_000},
    )


async def test_a_fee_alone_is_somebody_elses_where_nothing_of_ours_was_ever_paid_out(stripe: StripeServer) -> None:
    edition = await make_edition()
    move(stripe, "stripe_fee", -600)
    await paid_out(stripe)
    assert await payouts_of(edition.id) == []
    assert await Payout.select(Payout.state) == [{"state": PayoutState.FOREIGN.value}]


async def in_rupiah(edition: EditionInfo) -> DocumentInfo:
    """An open document over Rp50.001, of which what is left of a fee is no whole rupiah."""
    return await open_document(
        edition_id=edition.id,
        purpose="order",
        subject_id=1,
        payer=Payer(name="Sari", language="id"),
        description="Tiket",
        currency="IDR",
        lines=[Line(description="Tiket", unit_minor=50_001)],
        now=NOW,
    )


async def test_editions_enter_together_every_rupiah_that_arrives(stripe: StripeServer) -> None:
    editions = [await make_edition("one"), await make_edition("two")]
    for edition in editions:
        await paid(stripe, await in_rupiah(edition))
    await paid_out(stripe)
    found = [one for edition in editions for one in await payouts_of(edition.id)]
    assert ([one.whole.amount_minor for one in found], [one.here.amount_minor for one in found]) == (
        [96_001, 96_001],
        [48_001, 48_000],
    )
    for edition in editions:
        await check_books(edition)
        assert await expected_payouts(edition.id) == []


@pytest.mark.parametrize(
    ("nets", "arrive"),
    [
        ({1: 150, 2: 250}, {1: 2, 2: 2}),
        ({1: 120, 2: 190, 3: 190}, {1: 1, 2: 2, 3: 2}),
        ({1: -150, 2: -150}, {1: -1, 2: -2}),
        ({1: -150, 2: 150}, {1: -1, 2: 1}),
        ({1: 199}, {1: 1}),
        ({}, {}),
    ],
)
def test_what_is_a_rupiah_only_together_is_given_where_most_would_be_lost(
    nets: dict[int, int], arrive: dict[int, int]
) -> None:
    assert arrivals({number: Share(net=net) for number, net in nets.items()}, "IDR") == arrive
