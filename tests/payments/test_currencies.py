"""Amounts in Stripe's units, each currency by its own vector."""

import pytest

from app.kernel.money import Money
from app.payments.currencies import fee_from_stripe, from_stripe, is_charged, to_stripe
from app.payments.errors_card import AmountNotWhole


@pytest.mark.parametrize(
    ("ours", "currency", "theirs"),
    [
        (1, "VND", 1),
        (1_250_000, "VND", 1_250_000),
        (1, "IDR", 100),
        (50_000, "IDR", 5_000_000),
        (1_250, "USD", 1_250),
        (99, "EUR", 99),
        (500, "JPY", 500),
        (500, "KRW", 500),
        (1_000, "KWD", 10_000),
    ],
)
def test_an_amount_there_and_back(ours: int, currency: str, theirs: int) -> None:
    assert to_stripe(Money(ours, currency)) == theirs
    assert from_stripe(theirs, currency.lower()) == Money(ours, currency)


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        (0, "vnd"),
        (-5, "vnd"),
        (2**53, "usd"),
        (150_050, "idr"),
        ("50", "vnd"),
        (True, "vnd"),
        (1.5, "eur"),
        (None, "vnd"),
    ],
)
def test_what_is_no_amount_is_refused(amount: object, currency: str) -> None:
    with pytest.raises(AmountNotWhole):
        from_stripe(amount, currency)


def test_a_currency_counted_coarser_there_is_not_taken() -> None:
    with pytest.raises(AmountNotWhole):
        to_stripe(Money(100, "CLP"))


def test_a_fee_is_rounded_up() -> None:
    assert fee_from_stripe(150_050, "idr") == Money(1501, "IDR")
    assert fee_from_stripe(0, "usd") == Money(0, "USD")


@pytest.mark.parametrize(
    ("currency", "least", "most"),
    [("VND", 15_000, 99_999_999), ("IDR", 10_000, 9_999_999_999), ("EUR", 50, 99_999_999), ("JPY", 1, 99_999_999)],
)
def test_what_stripe_charges_at_once(currency: str, least: int, most: int) -> None:
    amounts = (0, least - 1, least, most, most + 1)
    assert [is_charged(Money(one, currency)) for one in amounts] == [False, False, True, True, False]
