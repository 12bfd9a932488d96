"""Cells of bank statements: days, hours, amounts and currencies, as banks write them."""

import re
from datetime import datetime, time
from typing import Any

from babel.numbers import list_currencies

from app.kernel.i18n import N_
from app.kernel.money import MOST, decimals
from app.kernel.names import clean_text, search_text
from app.kernel.sheets import CellError, SheetContext
from app.kernel.sheets.columns import Parser
from app.kernel.sheets.model import Value
from app.kernel.sheets.parsers import moment, plain

NOT_AN_AMOUNT = N_("This is no amount. Banks write it like 1,500,000 or -250.000.")
NOT_A_CLOCK = N_("This is no time of the day. Banks write it like 14:02:37.")
AMOUNT = re.compile(r"([+\-−]?)(\d{1,3}(?:[., ']\d{3})+|\d+)(?:([.,])(\d{1,2}))?([\-−]?)")
CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
CURRENCY_WORD = re.compile(r"(?i)vnđ|₫|đồng|dong|đ|rp\.?|(?<![a-z])[a-z]{3}(?![a-z])|[$€]")
CURRENCY_WORDS = {
    "VNĐ": "VND",
    "₫": "VND",
    "ĐỒNG": "VND",
    "DONG": "VND",
    "Đ": "VND",
    "RP": "IDR",
    "$": "USD",
    "€": "EUR",
}
DOLLARS = {"AUD", "CAD", "HKD", "NZD", "SGD", "USD"}
OTHER_CURRENCY = N_(
    "This is in {currency}, and the festival sells in {expected}. Load the statement of the other account."
)
#: What stands in the place of an amount where there is none.
NOTHING = re.compile(r"[\s.\-–—−_]*|n/?a|nil|null|khong( co)?|không( có)?|tidak ada|vnd|vnđ|₫|đồng", re.IGNORECASE)
CREDIT_WORDS = {"c", "cr", "co", "credit", "in", "kredit", "ghi co", "tien vao", "+", "thu"}
DEBIT_WORDS = {"d", "dr", "no", "debit", "out", "ghi no", "tien ra", "-", "chi", "debet"}


def booked() -> Parser:
    """A day with or without its time; words in its place, as totals have them, are nothing."""
    read = moment()

    def parse(value: Value, context: SheetContext) -> Any:
        if isinstance(value, str) and not re.search(r"\d", value):
            return ""
        return read(value, context)

    return parse


def clock() -> Parser:
    """A time of the day; words in its place are nothing."""

    def parse(value: Value, _context: SheetContext) -> Any:
        if isinstance(value, datetime):
            return value.time()
        if isinstance(value, time):
            return value
        if not re.search(r"\d", plain(value)):
            return ""
        found = CLOCK.fullmatch(clean_text(plain(value)))
        hour, minute, second = (int(part or 0) for part in found.groups()) if found else (24, 0, 0)
        if hour > 23 or minute > 59 or second > 59:
            raise CellError("not_a_time", NOT_A_CLOCK)
        return time(hour, minute, second)

    return parse


def amount() -> Parser:
    """A count of minor units, below zero for money that went: ``+1,500,000``, ``1.500.000,00``, ``(250.000)``.

    Words or a dash in its place are nothing here; on a line of a transfer :func:`is_nothing` says which may be.
    """

    def parse(value: Value, context: SheetContext) -> Any:
        places = decimals(context.currency)
        if isinstance(value, str):
            if not re.search(r"\d", value):
                if "#" in value:  # a spreadsheet whose column was too narrow has saved that in an amount's place
                    raise CellError("not_money", NOT_AN_AMOUNT)
                return ""
            written = CURRENCY_WORD.sub(lambda found: _without_currency(found[0], context), clean_text(value))
            minor = _minor_of(written.strip(), places)
        elif isinstance(value, bool) or not isinstance(value, int | float):
            minor = None
        else:
            exact = round(value * 10**places, 6)
            minor = int(exact) if float(exact).is_integer() else None
        if minor is None or abs(minor) > MOST:
            raise CellError("not_money", NOT_AN_AMOUNT)
        return minor

    return parse


def is_nothing(value: Value) -> bool:
    """Whether a cell without an amount says so: it is empty, holds a dash, or a word for nothing."""
    return value is None or (isinstance(value, str) and NOTHING.fullmatch(value.strip()) is not None)


def currency() -> Parser:
    """The currency of a line, which must be the festival's; words that name none are nothing."""

    def parse(value: Value, context: SheetContext) -> str:
        word = clean_text(plain(value)).strip("()[]: ")
        return "" if _without_currency(word, context) else word

    return parse


def _without_currency(word: str, context: SheetContext) -> str:
    """Nothing for a word that names the festival's currency, the word itself for one that names none.

    Raises CellError for another currency.
    """
    bare = word.upper().rstrip(".")
    code = CURRENCY_WORDS.get(bare, bare)
    if code == context.currency or (bare == "$" and context.currency in DOLLARS):
        return ""
    if code in list_currencies():
        raise CellError("other_currency", OTHER_CURRENCY, currency=code, expected=context.currency)
    return word


def _minor_of(written: str, places: int) -> int | None:
    in_brackets = written.startswith("(") and written.endswith(")")
    found = AMOUNT.fullmatch(written.strip("()").strip() if in_brackets else re.sub(r"([+\-−])\s+", r"\1", written))
    if found is None:
        return None
    before, whole, mark, fraction, after = found.groups()
    marks = set(re.sub(r"\d", "", whole))
    if len(marks) > 1 or (mark and mark in marks):
        return None
    fraction = (fraction or "").ljust(places, "0")
    if fraction[places:].strip("0"):
        return None
    minor: int = int(re.sub(r"\D", "", whole)) * 10**places + int(fraction[:places] or 0)
    return -minor if in_brackets or "-" in (before, after) or "−" in (before, after) else minor


def direction() -> Parser:
    """Whether money came (``in``) or went (``out``); other words are nothing."""

    def parse(value: Value, _context: SheetContext) -> str:
        word = search_text(plain(value)).strip(" .")
        return "in" if word in CREDIT_WORDS else "out" if word in DEBIT_WORDS else ""

    return parse
