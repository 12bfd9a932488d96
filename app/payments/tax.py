"""Tax on what is sold: which rate holds on a day, and how an amount falls apart into net and tax.

Rates are whole hundredths of a percent: 1000 is ten percent. Sources: Vietnam, Law 48/2024/QH15 on value added tax
(ten percent) and Resolution 204/2025/QH15 (eight percent from 1 July 2025 to the end of 2026); Indonesia, UU 7/2021
(eleven percent from April 2022; PMK 131/2024 keeps that effective rate from 2025 for all but luxuries).
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from app.kernel.i18n import N_, _, format_number
from app.payments.enums import TaxMode
from app.payments.errors import CheckDigitWrong, NpwpUnknown, TaxCodeUnknown

WHOLE = 10_000
#: So long before a rate's last day finance is told what is still open at it.
SOON = timedelta(days=60)
_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)
_TEN_DIGITS = re.compile(r"\d{10}(-\d{3})?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """A rate of tax from one day to another, both included; ``None`` is for good."""

    rate: int
    since: date
    until: date | None = None


#: By the name that an edition's terms hold, in the order of the days from which they hold.
RATES: dict[str, tuple[Rate, ...]] = {
    "vn_standard": (Rate(rate=1_000, since=date(2009, 1, 1)),),
    "vn_reduced": (
        Rate(rate=800, since=date(2025, 7, 1), until=date(2026, 12, 31)),
        Rate(rate=1_000, since=date(2027, 1, 1)),
    ),
    "vn_five": (Rate(rate=500, since=date(2009, 1, 1)),),
    "id_standard": (Rate(rate=1_100, since=date(2022, 4, 1)),),
}
RATE_NAMES = {
    "vn_standard": N_("Vietnam, standard rate"),
    "vn_reduced": N_("Vietnam, reduced standard rate"),
    "vn_five": N_("Vietnam, low rate"),
    "id_standard": N_("Indonesia, standard rate"),
}


def rate_on(name: str, day: date) -> int:
    """The rate of this name on a day, in hundredths of a percent. Raises KeyError when none holds."""
    for one in RATES[name]:
        if _holds(one, day):
            return one.rate
    raise KeyError(name)


def _holds(rate: Rate, day: date) -> bool:
    return rate.since <= day and (rate.until is None or day <= rate.until)


def last_day_of(rate: int) -> date | None:
    """The last day on which so many hundredths of a percent hold under any name; None for good, or when none is known.

    What a document was billed at stands on it without the name.
    """
    ends = [one.until for holding in RATES.values() for one in holding if one.rate == rate]
    known = [day for day in ends if day is not None]
    return max(known) if known and len(known) == len(ends) else None


def rates_ending(day: date) -> dict[int, date]:
    """Rates that hold no more ``SOON`` from a day, each with its last day, which may be over."""
    rates = {one.rate for holding in RATES.values() for one in holding}
    last_days = {rate: last for rate in sorted(rates) if (last := last_day_of(rate))}
    return {rate: last for rate, last in last_days.items() if last <= day + SOON}


def rates_in(country: str, day: date, *, standing: str = "") -> list[tuple[str, str]]:
    """What may be chosen in a country (``VN``, ``ID``; of all where it is not known): each name with its words.

    The words say how many percent it is on a day. ``standing`` stays among them, wherever it is from.
    """
    found = []
    for key, name in RATE_NAMES.items():
        if key.startswith(country.lower()) or key == standing:
            percent = next((one.rate / 100 for one in RATES[key] if _holds(one, day)), None)
            found.append((key, _(name) if percent is None else f"{_(name)} ({format_number(percent)}%)"))
    return found


def net_and_tax(amount_minor: int, rate: int, mode: TaxMode) -> tuple[int, int]:
    """What is net and what is tax of an amount as it was priced, in whole minor units; halves go away from zero.

    A negative amount falls apart as the positive one does, so that what takes a line back takes back all of it.
    """
    if mode == TaxMode.NONE or rate == 0:
        return amount_minor, 0
    sign, size = (-1, -amount_minor) if amount_minor < 0 else (1, amount_minor)
    if mode == TaxMode.INCLUDED:
        tax = _halves_up(size * rate, WHOLE + rate)
        return sign * (size - tax), sign * tax
    return sign * size, sign * _halves_up(size * rate, WHOLE)


def _halves_up(above: int, below: int) -> int:
    return (2 * above + below) // (2 * below)


#: Where an edition is, by its zone; by its currency where the zone does not say it.
COUNTRIES = {
    "Asia/Ho_Chi_Minh": "VN",
    **dict.fromkeys(("Asia/Jakarta", "Asia/Pontianak", "Asia/Makassar", "Asia/Jayapura"), "ID"),
    "VND": "VN",
    "IDR": "ID",
}


def country_of(timezone: str, currency: str) -> str:
    """Whose tax codes an edition's seller has: ``VN``, ``ID``, or empty where it is not known."""
    return COUNTRIES.get(timezone) or COUNTRIES.get(currency, "")


def is_tax_code(text: str, country: str = "VN") -> bool:
    """Whether it is a tax code of a country; where that is not known (empty), of either."""
    forms = {"VN": (_is_vietnamese,), "ID": (_is_npwp,)}.get(country, (_is_vietnamese, _is_npwp))
    return any(fits(text) for fits in forms)


def tax_code_error(text: str, country: str = "VN") -> TaxCodeUnknown:
    """What is wrong with a tax code that is none of a country (``is_tax_code``): its form, or its check digit."""
    if country == "ID":
        return NpwpUnknown()
    return CheckDigitWrong() if _TEN_DIGITS.fullmatch(text) else TaxCodeUnknown()


def _is_vietnamese(text: str) -> bool:
    """Ten digits whose last one checks, with ``-001`` for a branch, or a household's or person's twelve-digit personal
    number.

    The check digit is ten less the weighted sum modulo eleven (Circular 86/2024/TT-BTC keeps the code's form).
    """
    if re.fullmatch(r"\d{12}", text):
        return True
    if not _TEN_DIGITS.fullmatch(text):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text[:9], _WEIGHTS, strict=True))
    return int(text[9]) == 10 - total % 11


def _is_npwp(text: str) -> bool:
    """An Indonesian NPWP: fifteen digits, as ``01.234.567.8-901.000`` or plain, or sixteen as it is since 2024.

    Sixteen are the fifteen behind a 0, or a person's NIK (PMK 112/2022). Of the fifteen the ninth checks the eight
    before it, by Luhn's sum.
    """
    digits = re.sub(r"[.\- ]", "", text)
    if not re.fullmatch(r"\d{15,16}", digits):
        return False
    if len(digits) == 16:
        if not digits.startswith("0"):
            return True
        digits = digits[1:]
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits[:9]))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def is_payers_tax_code(text: str, currency: str) -> bool:
    """Whether it can be the tax code of somebody who pays in a currency.

    In đồng it is a Vietnamese one; in Rupiah an NPWP of 15 or 16 digits (PMK 112/PMK.03/2022), written with points and
    a hyphen or without. Of other countries nothing but letters, digits and signs between them is known.
    """
    if currency == "VND":
        return is_tax_code(text)
    if currency == "IDR":
        return is_tax_code(text, "ID")
    return re.fullmatch(r"[A-Za-z0-9./-]{4,20}", text) is not None
