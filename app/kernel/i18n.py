"""Words in three languages: one gettext domain for pages, scripts, documents and errors."""

import contextvars
import gettext as gettext_module
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import dates, numbers

LOCALES = ("vi", "id", "en")
LOCALE_NAMES = {"vi": "Tiếng Việt", "id": "Bahasa Indonesia", "en": "English"}
DOMAIN = "fairground"
LOCALE_DIR = Path(__file__).parents[1] / "web" / "locale"

_current: contextvars.ContextVar[str] = contextvars.ContextVar("locale", default="en")


def _compiled(po: Path) -> bytes:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with po.open("rb") as file:
        catalogue = read_po(file, locale=po.parents[1].name)  # its plural forms are lost without
    buffer = BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


@lru_cache(maxsize=8)
def catalogue(locale: str) -> gettext_module.NullTranslations:
    """The messages of a language; English needs no file. The installed ``.mo`` serves unless the ``.po`` is newer."""
    po = LOCALE_DIR / locale / "LC_MESSAGES" / f"{DOMAIN}.po"
    mo = po.with_suffix(".mo")
    if mo.exists() and (not po.exists() or mo.stat().st_mtime >= po.stat().st_mtime):
        with mo.open("rb") as file:
            return gettext_module.GNUTranslations(file)
    if po.exists():
        return gettext_module.GNUTranslations(BytesIO(_compiled(po)))
    return gettext_module.NullTranslations()


def current_locale() -> str:
    """Language of the reader this code is working for."""
    return _current.get()


@contextmanager
def use_locale(locale: str | None) -> Iterator[None]:
    """Work for a reader of this language; an unknown one falls back to English."""
    token = _current.set(locale if locale in LOCALES else "en")
    try:
        yield
    finally:
        _current.reset(token)


def _(message: str) -> str:
    """The message in the reader's language."""
    return catalogue(_current.get()).gettext(message) if message else ""


def N_(message: str) -> str:
    """Mark a message for translation later on; returns it unchanged."""
    return message


def ngettext(singular: str, plural: str, count: int) -> str:
    """The message for a count in the reader's language."""
    return catalogue(_current.get()).ngettext(singular, plural, count)


def pick(texts: Mapping[str, str] | None, locale: str | None = None) -> str:
    """One of the texts of an organiser: the reader's language, or the first there is in vi, en, id order."""
    if not texts:
        return ""
    for candidate in (locale or _current.get(), "vi", "en", "id"):
        if texts.get(candidate):
            return texts[candidate]
    return next((text for text in texts.values() if text), "")


def zone(name: str) -> tzinfo:
    """A time zone by its IANA name."""
    return ZoneInfo(name)


def _local(value: datetime, tz: str | tzinfo) -> datetime:
    return value.astimezone(ZoneInfo(tz) if isinstance(tz, str) else tz)


def _babel_locale() -> str:
    locale = _current.get()
    return "en_GB" if locale == "en" else locale


_DATE_PATTERNS = {"vi": "dd/MM/yyyy", "id": "d MMM yyyy", "en": "d MMM yyyy"}


def format_date(value: date | datetime, tz: str | tzinfo = UTC, *, weekday: bool = False) -> str:
    """A date as people of the language write it (vi: ``21/11/2026``), with the weekday if asked."""
    day = _local(value, tz).date() if isinstance(value, datetime) else value
    text = dates.format_date(day, _DATE_PATTERNS[_current.get()], locale=_babel_locale())
    if weekday:
        name = dates.format_date(day, "EEEE", locale=_babel_locale())
        return f"{name}, {text}"
    return text


def format_days(first: date, last: date) -> str:
    """Days from the first to the last as people write them: ``16–18/10/2026``, ``30 Oct 2026 – 2 Nov 2026``."""
    if first == last:
        return format_date(first, weekday=True)
    if (first.year, first.month) == (last.year, last.month):
        day = format_date(first)[:2].rstrip(" /")
        return f"{day}–{format_date(last)}"
    return f"{format_date(first)} – {format_date(last)}"


def format_time(value: datetime, tz: str | tzinfo) -> str:
    """Hours and minutes in the given zone, 24-hour."""
    return f"{_local(value, tz):%H:%M}"


def format_datetime(value: datetime, tz: str | tzinfo) -> str:
    """Date and time in the given zone."""
    return f"{format_date(value, tz)} {format_time(value, tz)}"


def half_up(value: float, places: int) -> Decimal:
    """A number as it is written with so many decimals, halves upwards as people round: 81.25 becomes 81.3."""
    return Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def format_number(value: int | float, places: int | None = None) -> str:
    """A number with the separators of the language; ``places`` fixes how many decimals it shows, rounded half up."""
    pattern = None if places is None else "#,##0" + ("." + "0" * places if places else "")
    shown = value if places is None else half_up(value, places)
    return str(numbers.format_decimal(shown, format=pattern, locale=_babel_locale()))


#: Names of the languages in the reader's own; marked, as everything that is translated later on.
LANGUAGE_NAMES = {"vi": N_("Vietnamese"), "id": N_("Indonesian"), "en": N_("English")}
