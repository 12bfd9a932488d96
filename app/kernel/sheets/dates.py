"""Dates and times as people write them into cells, in three languages: a day is always before its month.

Two digits of a year are never guessed at: 12/03/26 may be of the twelfth or of the twenty-sixth.
"""

import re
from datetime import date, datetime, time, timedelta, timezone

from app.kernel.names import clean_text, search_text
from app.kernel.sheets.model import Value

EXCEL_EPOCH = date(1899, 12, 30)  # day 0 of serial dates from March 1900 on (ECMA-376 part 1, 18.17.4.1)
SERIAL_DAYS = range(20_000, 80_000)  # 1954 to 2119
SERIAL = re.compile(r"\d{5}([.,]\d+)?")
#: Names of months without accents; written short, by their first three letters or as below.
_MONTHS = (
    ("january", "januari"),
    ("february", "februari"),
    ("march", "maret"),
    ("april",),
    ("may", "mei"),
    ("june", "juni"),
    ("july", "juli"),
    ("august", "agustus", "ags", "agt"),
    ("september", "sept"),
    ("october", "oktober"),
    ("november",),
    ("december", "desember"),
)
_VIETNAMESE = ("mot", "hai", "ba", "tu", "nam", "sau", "bay", "tam", "chin", "muoi", "muoi mot", "muoi hai")
MONTHS = {word: number for number, words in enumerate(_MONTHS, 1) for name in words for word in (name, name[:3])}
MONTHS |= {word: number for number, word in enumerate(_VIETNAMESE, 1)} | {"gieng": 1, "chap": 12}
_NAME = "|".join(sorted((name for name in MONTHS if name not in _VIETNAMESE), key=len, reverse=True))
_WORD = "|".join(sorted((*_VIETNAMESE, "gieng", "chap"), key=len, reverse=True))
_D, _SIGN, _Y = r"(?<!\d)(?P<d>\d{1,2})", r"\s*[/.\-]\s*", r"(?P<y>\d{4})(?!\d)"
_DAYS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_D}{_SIGN}(?P<m>\d{{1,2}}){_SIGN}{_Y}",
        rf"(?<!\d)(?P<y>\d{{4}}){_SIGN}(?P<m>\d{{1,2}}){_SIGN}(?P<d>\d{{1,2}})(?!\d)",
        rf"{_D}\s+thang\s+(?P<m>\d{{1,2}}|{_WORD})(?:\s*,|\s+nam|\s*/)?\s*{_Y}",
        rf"{_D}(?:st|nd|rd|th)?(?:\s+of)?[\s.\-]*\b(?P<m>{_NAME})\b[\s.,\-]*{_Y}",
        rf"\b(?P<m>{_NAME})\b\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[\s,]+{_Y}",
    )
)
#: What stands beside a date and says nothing that it does not say itself.
_BESIDE = re.compile(
    r"\b(?:thu (?:hai|ba|tu|nam|sau|bay|[2-7])|chu nhat|senin|selasa|rabu|kamis|jum'?at|sabtu|minggu|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|mon|tue|wed|thu|fri|sat|sun|ngay|hari|tanggal|tgl|luc|pukul|jam|at)\b"
)
_CLOCK = re.compile(
    r"(?P<hour>\d{1,2})(?:\s*(?:[:.h]|gio|g)\s*(?:(?P<minute>\d{2}|\d(?=\s*phut))(?:[:.](?P<second>\d{2}))?"
    r"(?:\s*phut)?)?|(?=\s*[ap]m))\s*(?P<half>am|pm|sa|ch)?\s*(?P<zone>wib|wita|wit)?"
)
_MIDNIGHT = re.compile(r"t?00?:00(?::00)?")
#: The three zones of Indonesia, in hours before UTC.
_ZONES = {"wib": 7, "wita": 8, "wit": 9}


def day_of(value: Value) -> date | None:
    """The date in a cell: a date cell, a serial number, or a text that says a whole date and nothing else."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        written = clean_text(value)
        if SERIAL.fullmatch(written):
            return day_of(int(written)) if written.isdigit() else None
        found, beside = _split(written)
        return found if not beside or _MIDNIGHT.fullmatch(beside) else None
    if isinstance(value, int) and not isinstance(value, bool) and value in SERIAL_DAYS:
        return EXCEL_EPOCH + timedelta(days=value)
    return None


def moment_of(value: Value) -> datetime | None:
    """The moment in a cell, naive where no zone was written; a date without a time is its midnight."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, float) and SERIAL_DAYS.start <= value < SERIAL_DAYS.stop:
        return datetime.combine(EXCEL_EPOCH, time()) + timedelta(seconds=round(value * 86_400))
    if isinstance(value, str):
        written = clean_text(value)
        if SERIAL.fullmatch(written) and not written.isdigit():
            return moment_of(float(written.replace(",", ".")))
        if re.match(r"\d{4}-\d\d-\d\dT", written) or re.search(r"[+-]\d\d:\d\d$", written):
            try:
                return datetime.fromisoformat(written)
            except ValueError:
                return None
        found, beside = _split(written)
        if found is not None and beside:
            return _at(found, beside)
    day = day_of(value)
    return None if day is None else datetime.combine(day, time())


def _split(written: str) -> tuple[date | None, str]:
    """The one date in a text, and what else stands there."""
    folded = search_text(written)
    for pattern in _DAYS:
        match = pattern.search(folded)
        if match is None:
            continue
        month = match["m"]
        try:
            found = date(int(match["y"]), int(month) if month.isdigit() else MONTHS[month], int(match["d"]))
        except ValueError:
            return None, ""
        rest = _BESIDE.sub(" ", f"{folded[: match.start()]} {folded[match.end() :]}")
        return found, " ".join(rest.split()).strip(" ,.-–()")
    return None, ""


def _at(day: date, beside: str) -> datetime | None:
    clock = _CLOCK.fullmatch(beside)
    if clock is None:
        return None
    hour, minute, second = (int(clock[part] or 0) for part in ("hour", "minute", "second"))
    if clock["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if clock["half"] in ("pm", "ch") else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    zone = timezone(timedelta(hours=_ZONES[clock["zone"]])) if clock["zone"] else None
    return datetime.combine(day, time(hour, minute, second, tzinfo=zone))
