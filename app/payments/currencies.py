"""Amounts as Stripe counts them.

Stripe counts each currency in its smallest unit, by a list of its own: VND and JPY have no decimals there, IDR has two,
though nobody pays sen and amounts here are whole rupiah. Source: https://docs.stripe.com/currencies (minor units).
"""

from app.kernel.money import MOST, Money, decimals
from app.payments.errors_card import AmountNotWhole

_NO_DECIMALS = frozenset(("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF"))
_NO_DECIMALS |= {"VND", "VUV", "XAF", "XOF", "XPF"}
_THREE_DECIMALS = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))
#: The least that Stripe charges, in our units. For đồng and rupiah it is what half a dollar comes to, which moves with
#: the rate: a little more is asked for here. Source, also of the digits: https://docs.stripe.com/currencies (minimum
#: and maximum charge amounts).
_LEAST = {"VND": 15_000, "IDR": 10_000, "USD": 50, "EUR": 50}
#: How many digits an amount has in Stripe's units at the most.
_DIGITS, _DIGITS_OF = 8, {"IDR": 12}


def to_stripe(money: Money) -> int:
    """An amount in Stripe's units: 50.000 ₫ is 50000, Rp50.000 is 5000000, €12.50 is 1250."""
    return money.amount_minor * _factor(money.currency)


def is_charged(money: Money) -> bool:
    """Whether Stripe charges an amount at once: neither too little nor of too many digits."""
    most = 10 ** _DIGITS_OF.get(money.currency, _DIGITS)
    return money.amount_minor >= _LEAST.get(money.currency, 1) and to_stripe(money) < most


def from_stripe(amount: object, currency: str) -> Money:
    """An amount that Stripe told, ``currency`` in small letters or capitals.

    Raises AmountNotWhole when it is no positive whole number of our units, or beyond what anybody pays.
    """
    known = currency.upper()
    if not isinstance(amount, int) or isinstance(amount, bool) or not 0 < amount <= MOST or amount % _factor(known):
        raise AmountNotWhole(amount=amount, currency=known)
    return Money(amount // _factor(known), known)


def fee_from_stripe(amount: int, currency: str) -> Money:
    """What Stripe kept of a payment, rounded up to our units: its fee on rupiah may end in sen."""
    known = currency.upper()
    return Money(-(-amount // _factor(known)), known)


def payout_from_stripe(amount: int, currency: str) -> Money:
    """What Stripe pays out, of either sign, rounded down to our units: rupiah may end in sen."""
    known = currency.upper()
    return Money(amount // _factor(known), known)


def _factor(currency: str) -> int:
    """How many of Stripe's units one of ours is. Raises AmountNotWhole for a currency that is counted coarser there."""
    there = 0 if currency in _NO_DECIMALS else 3 if currency in _THREE_DECIMALS else 2
    finer = there - decimals(currency)
    if finer < 0:
        raise AmountNotWhole(amount=1, currency=currency)
    return int(10**finer)
