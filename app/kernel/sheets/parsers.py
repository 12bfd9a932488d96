"""Parsers of cells: each takes what stands in a cell that is not empty and gives a value, or raises CellError."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from app.kernel.i18n import LOCALES, N_
from app.kernel.money import MOST, Money, decimals, parse_money
from app.kernel.names import clean_text, normalise_email, normalise_phone
from app.kernel.sheets.columns import Parser, fold
from app.kernel.sheets.dates import day_of, moment_of
from app.kernel.sheets.model import SheetContext, Value, said, shown

Choice = TypeVar("Choice", bound=str)

YEARS = range(1900, 2200)
GROUPED = re.compile(r"[+-]?\d{1,3}([.,\u00a0 ]\d{3})+")
FREE = {fold(word) for word in ("free", "miễn phí", "gratis")}


class CellError(ValueError):
    """A cell cannot be taken: a stable code, and a marked sentence with its parameters."""

    def __init__(self, code: str, message: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.params = params

    def sentence(self) -> str:
        """Say it in the reader's language."""
        return said(self.message, self.params)


def plain(value: Value) -> str:
    """Write a cell as text: numbers without the ``.0`` of a float, times in ISO 8601."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def text(most: int = 200, *, lines: bool = False) -> Parser:
    """Text in NFC of at most ``most`` characters; ``lines`` keeps its line breaks."""

    def parse(value: Value, _context: SheetContext) -> str:
        raw = unicodedata.normalize("NFC", plain(value))
        found = "\n".join(clean_text(line) for line in raw.splitlines()).strip() if lines else clean_text(raw)
        if len(found) > most:
            raise CellError("too_long", N_("At most {most} characters fit here, this has {count}."),
                            most=most, count=len(found))  # fmt: skip
        return found

    return parse


def phone() -> Parser:
    """A phone number in E.164; a zero that the spreadsheet swallowed is given back, an apostrophe that kept it goes."""

    def parse(value: Value, context: SheetContext) -> str:
        try:
            return normalise_phone(plain(value).lstrip("'’"), context.region)
        except ValueError as error:
            raise CellError("not_a_phone", N_("This is no phone number. Write it like 0912 345 678 or +84 912 345 678.")
                            ) from error  # fmt: skip

    return parse


def email() -> Parser:
    """A mail address."""

    def parse(value: Value, _context: SheetContext) -> str:
        try:
            return normalise_email(plain(value).removeprefix("mailto:"))
        except ValueError as error:
            raise CellError("not_an_email", N_("This is no e-mail address. It looks like name@example.vn.")) from error

    return parse


def integer(least: int = 0, most: int = 1_000_000_000) -> Parser:
    """A whole number; ``1.250`` and ``1,250`` as text are thousands."""

    def parse(value: Value, _context: SheetContext) -> int:
        if isinstance(value, str):
            written = clean_text(value)
            written = re.sub(r"[.,\s]", "", written) if GROUPED.fullmatch(written) else written
            number = int(written) if re.fullmatch(r"[+-]?\d{1,300}", written) else None
        elif isinstance(value, bool) or not isinstance(value, int | float) or not float(value).is_integer():
            number = None
        else:
            number = int(value)
        if number is None:
            raise CellError("not_a_number", N_("This is no whole number."))
        if not least <= number <= most:
            raise CellError("out_of_range", N_("The number must lie between {least} and {most}."),
                            least=least, most=most)  # fmt: skip
        return number

    return parse


def money() -> Parser:
    """An amount in the edition's currency, as Money: ``1.250.000``, ``1,250,000 ₫``, ``miễn phí``."""

    def parse(value: Value, context: SheetContext) -> Money:
        try:
            if isinstance(value, str):
                written = clean_text(value)
                return Money(0, context.currency) if fold(written) in FREE else parse_money(written, context.currency)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(value)
            minor = round(value * 10 ** decimals(context.currency), 6)
            if minor < 0 or minor > MOST or not float(minor).is_integer():
                raise ValueError(value)
            return Money(int(minor), context.currency)
        except ValueError as error:
            raise CellError("not_money", N_("This is no amount in {currency}. Write it like 1.250.000."),
                            currency=context.currency) from error  # fmt: skip

    return parse


def day() -> Parser:
    """A date: a date cell, as people write it (day first, or by the month's name), or the spreadsheet's number."""

    def parse(value: Value, _context: SheetContext) -> date:
        found = day_of(value)
        if found is None or found.year not in YEARS:
            raise CellError("not_a_date", N_("This is no date. Write day, month and year like 16/10/2026."))
        return found

    return parse


def moment() -> Parser:
    """A date with a time in the edition's zone, given in UTC; without a time it is midnight."""

    def parse(value: Value, context: SheetContext) -> datetime:
        found = moment_of(value)
        if found is None or found.year not in YEARS:
            raise CellError("not_a_time", N_("This is no date and time. Write them like 16/10/2026 08:30."))
        if found.tzinfo is None:
            found = found.replace(tzinfo=ZoneInfo(context.timezone))
        return found.astimezone(UTC)

    return parse


def choice(labels: Mapping[Choice, Mapping[str, Sequence[str]]]) -> Parser:
    """One of a closed set, by its own name or any of its labels in three languages."""
    meanings: dict[str, Choice] = {}
    for key, languages in labels.items():
        for word in (str(key), *(word for words in languages.values() for word in words)):
            meanings.setdefault(fold(word), key)

    def parse(value: Value, _context: SheetContext) -> Choice:
        found = meanings.get(fold(plain(value)))
        if found is None:
            raise CellError("not_a_choice", N_("This is none of: {choices}."), choices=_choices(labels))
        return found

    return parse


def items(parse_item: Parser | None = None, *, most: int = 50) -> Parser:
    """A list: separated by ``;`` or line breaks, or by commas where there is neither. Each item is parsed alone."""
    one = parse_item or text()

    def parse(value: Value, context: SheetContext) -> list[Any]:
        written = plain(value)
        parts = re.split(r"[;\n]", written) if re.search(r"[;\n]", written) else written.split(",")
        kept = [part for part in parts if part.strip()]
        if len(kept) > most:
            raise CellError("too_many", N_("At most {most} items fit here."), most=most)
        return [one(part, context) for part in kept]

    return parse


def custom(function: Callable[[str], Any], code: str, message: str) -> Parser:
    """Whatever ``function`` makes of the cell's text; its ValueError becomes the marked ``message``."""

    def parse(value: Value, _context: SheetContext) -> Any:
        written = clean_text(plain(value))
        try:
            return function(written)
        except ValueError as error:
            raise CellError(code, message, value=shown(written)) from error

    return parse


def _choices(labels: Mapping[Choice, Mapping[str, Sequence[str]]]) -> dict[str, str]:
    """What may be written, in each language."""
    return {locale: ", ".join((own.get(locale) or (str(key),))[0] for key, own in labels.items()) for locale in LOCALES}
