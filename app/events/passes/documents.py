"""A pass as QR code, picture, PDF and calendar entry."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup

from app.events.passes.codec import PassPayload, qr_text
from app.events.passes.queries import PassInfo
from app.events.queries import EditionInfo
from app.events.typed_codes import show_code
from app.kernel import audit
from app.kernel.documents.pdf import compile_pdf
from app.kernel.documents.qr import qr_png, qr_svg
from app.kernel.i18n import _
from app.kernel.settings import settings
from app.kernel.web import STATIC_DIR

PNG_BOX = 16
PNG_FONT = STATIC_DIR / "build" / "fonts" / "ttf" / "BeVietnamPro-SemiBold.ttf"
PNG_PPI = 240.0
#: Pixels left free on either side of what is written under a pass's code.
MARGIN = 40
#: A time in UTC as calendars write it.
STAMP = "%Y%m%dT%H%M%SZ"


def pass_qr_svg(code: str) -> Markup:
    """The QR code of a pass as SVG."""
    return qr_svg(qr_text(code, settings().base_url), label=_("QR code of the pass"))


async def pass_png(found: PassInfo, edition: EditionInfo) -> bytes:
    """A pass as PNG, as wide as a phone's screen: the QR code, and under it what a gate reads or types.

    Where the front end, which brings the typeface, is not built it is the page of the PDF. Raises DocumentFailed.
    """
    if PNG_FONT.exists():
        return await asyncio.to_thread(_drawn, found, edition)
    return await pass_pdf([found], edition, ppi=PNG_PPI)


def _drawn(found: PassInfo, edition: EditionInfo) -> bytes:
    from PIL import Image, ImageDraw, ImageFont

    code = Image.open(BytesIO(qr_png(qr_text(found.code, settings().base_url), PNG_BOX))).convert("L")

    def font(size: int) -> Any:
        return ImageFont.truetype(str(PNG_FONT), size)

    below = (found.holder_name, found.label, edition.title, edition.where)
    written = [(show_code(found.short_code), 64), (validity(found, edition), 40)]
    written += [(text, 40) for text in below if text]
    lines = [
        (line, size) for text, size in written for line in wrapped(text, font(size).getlength, code.width - 2 * MARGIN)
    ]
    picture = Image.new("L", (code.width, code.height + sum(size + 24 for _text, size in lines) + 24), 255)
    picture.paste(code, (0, 0))
    draw, top = ImageDraw.Draw(picture), code.height
    for text, size in lines:
        draw.text((code.width / 2, top), text, fill=0, font=font(size), anchor="ma")
        top += size + 24
    buffer = BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def wrapped(text: str, length: Callable[[str], float], width: float) -> list[str]:
    """A text in lines of at most ``width`` by ``length``, broken between words, or inside one that is wider itself."""
    lines, line = [], ""
    for word in text.split():
        joined = f"{line} {word}" if line else word
        if length(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        while length(word) > width and len(word) > 1:
            fits = next(end for end in range(len(word) - 1, 0, -1) if end == 1 or length(word[:end]) <= width)
            lines.append(word[:fits])
            word = word[fits:]
        line = word
    return [*lines, line]


def validity(found: PassInfo | PassPayload, edition: EditionInfo) -> str:
    """The days for which a pass counts, in the edition's zone."""
    return edition.days_within(found.valid_from, found.valid_until)


async def pass_pdf(
    passes: Sequence[PassInfo], edition: EditionInfo, *, ppi: float | None = None, tagged: bool = True
) -> bytes:
    """One A6 page for each pass, some hundred at most, to be printed or shown; with ``ppi`` the one page as PNG.

    Raises DocumentFailed.
    """
    pages = [
        {
            "image": f"{number}.svg",
            "name": found.holder_name,
            "label": found.label,
            "code": show_code(found.short_code),
            "validity": validity(found, edition),
        }
        for number, found in enumerate(passes)
    ]
    data = {
        "edition": edition.title,
        "when": edition.when,
        "hours": f"{edition.opens_at}–{edition.closes_at}",
        "where": edition.where,
        "passes": pages,
    }
    codes = {f"{number}.svg": qr_text(found.code, settings().base_url) for number, found in enumerate(passes)}
    return await compile_pdf("events/pass.typ", data, codes=codes, ppi=ppi, tagged=tagged)


async def passes_calendar(passes: Sequence[tuple[PassInfo, str]], edition: EditionInfo, now: datetime) -> str:
    """A calendar (RFC 5545) with the hours of each day of some passes of an edition, each with its address.

    A day that several count on stands there once. An entry is known by its pass and by which of its days it is, and
    has a higher number after each change to the edition: when that is put off the entry moves, and is not doubled.
    """
    _entries, changes = await audit.list_entries(edition_id=edition.id, subject_type="edition", per_page=1)
    days: dict[datetime, list[str]] = {}
    for found, address in passes:
        led = _("Your pass: {link}").format(link=address)
        for number, (begins, ends) in enumerate(edition.hours_within(found.valid_from, found.valid_until), start=1):
            days.setdefault(
                begins,
                [
                    "BEGIN:VEVENT",
                    f"UID:pass-{found.edition_id}-{found.serial}-{number}@{_site()}",
                    f"SEQUENCE:{changes}",
                    f"DTSTAMP:{now:{STAMP}}",
                    f"DTSTART:{begins:{STAMP}}",
                    f"DTEND:{ends:{STAMP}}",
                    f"SUMMARY:{_escaped(edition.title)}",
                    f"LOCATION:{_escaped(edition.where)}",
                    f"DESCRIPTION:{_escaped(led)}",
                    f"URL:{address}",
                    "END:VEVENT",
                ],
            )
    events = [line for _begins, entry in sorted(days.items()) for line in entry]
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Fairground//EN", "METHOD:PUBLISH", *events, "END:VCALENDAR"]
    return "\r\n".join(part for line in lines for part in _folded(line)) + "\r\n"


def _site() -> str:
    return urlsplit(settings().base_url).hostname or "fairground"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> list[str]:
    """Lines of at most 75 bytes, as the format wants them; continued ones begin with a blank."""
    parts, current = [], ""
    for character in line:
        if len((current + character).encode()) > 74:
            parts.append(current)
            current = " "
        current += character
    return [*parts, current]
