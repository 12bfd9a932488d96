"""Money: an integer count of the currency's minor unit beside its ISO 4217 code."""

import re
from dataclasses import dataclass

from babel import numbers

from app.kernel.i18n import current_locale

#: Decimals shown and stored. VND and IDR have none in use (ISO 4217 gives IDR two, nobody pays sen).
DECIMALS = {"VND": 0, "IDR": 0, "JPY": 0, "KRW": 0}
#: The highest amount that is taken from outside, in minor units: more than any fair takes, and far below 2^53, up to
#: which JSON is exact everywhere.
MOST = 10**15
#: Between an amount and its currency: no line ends there.
NO_BREAK = "\N{NO-BREAK SPACE}"
_LOCALE_OF_CURRENCY = {"VND": "vi", "IDR": "id"}


@dataclass(frozen=True)
class Money:
    """``amount_minor`` units of ``currency`` (1 VND = 1 unit, 1.00 EUR = 100 units)."""

    amount_minor: int
    currency: str

    def __str__(self) -> str:
        return format_money(self)


class TooMuchMoney(ValueError):
    """An amount above ``MOST``."""


def decimals(currency: str) -> int:
    """How many decimals amounts of a currency carry."""
    return DECIMALS.get(currency, 2)


def format_money(money: Money, locale: str | None = None) -> str:
    """As people write it: ``1.250.000 ₫``, ``Rp1.250.000``, ``€12.50``; VND and IDR in their own country's form.

    No line breaks before the currency.
    """
    places = decimals(money.currency)
    language = _LOCALE_OF_CURRENCY.get(money.currency, locale or current_locale())
    number = numbers.format_decimal(
        money.amount_minor / 10**places if places else money.amount_minor,
        format="#,##0" + ("." + "0" * places if places else ""),
        locale="en_GB" if language == "en" else language,
    )
    if money.currency == "VND":
        return f"{number}{NO_BREAK}₫"
    if money.currency == "IDR":
        return f"Rp{number}"
    return f"{number}{NO_BREAK}{money.currency}"


def typed_money(money: Money) -> str:
    """As one types it into a field: ``1.250.000``, ``12.50``; :func:`parse_money` reads it again."""
    places = decimals(money.currency)
    if places:
        return f"{money.amount_minor / 10**places:.{places}f}"
    return f"{money.amount_minor:,}".replace(",", ".")


def parse_money(text: str, currency: str) -> Money:
    """An amount as typed: ``1.250.000``, ``1,250,000 ₫``, ``Rp 50.000``, ``12.50`` for a currency with decimals.

    Raises ValueError when it is no amount, is negative or has decimals that the currency lacks, TooMuchMoney above
    ``MOST``.
    """
    cleaned = re.sub(r"(?i)(₫|đ|vnd|vnđ|rp|idr|[a-z]{3}$|\s|\u00a0)", "", text)
    places = decimals(currency)
    if places == 0:
        if not re.fullmatch(r"\d+|\d{1,3}([.,]\d{3})+", cleaned):
            raise ValueError(text)
        amount = int(re.sub(r"[.,]", "", cleaned))
    else:
        match = re.fullmatch(r"(\d{1,3}(?:[.,]\d{3})*|\d+)(?:[.,](\d{1," + str(places) + r"}))?", cleaned)
        if not match:
            raise ValueError(text)
        whole = int(re.sub(r"[.,]", "", match[1]))
        amount = whole * 10**places + int((match[2] or "").ljust(places, "0"))
    if amount > MOST:
        raise TooMuchMoney(text)
    return Money(amount, currency)
