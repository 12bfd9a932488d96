"""Certificates as people write them: ``OCOP 4 sao 2025; VietGAP``."""

import re
from collections.abc import Iterable

from app.kernel.names import clean_text

MOST = 12
NAME_LENGTH = 120
_YEAR_LAST = re.compile(r"^(.+?)[\s,(]+((?:19|20)\d\d)\)?$")


def parse_certificates(written: str) -> list[tuple[str, int | None]]:
    """(name, year) of each certificate; they stand apart by ``;`` or line breaks, a year stands last.

    Raises ValueError when there are more than twelve, or one is longer than 120 characters.
    """
    found: list[tuple[str, int | None]] = []
    for part in re.split(r"[;\n]", written):
        text = clean_text(part)
        if not text:
            continue
        match = _YEAR_LAST.match(text)
        name, year = (match[1].strip(), int(match[2])) if match and match[1].strip() else (text, None)
        if len(name) > NAME_LENGTH:
            raise ValueError(name)
        if (name, year) not in found:
            found.append((name, year))
    if len(found) > MOST:
        raise ValueError(written)
    return found


def show_certificates(certificates: Iterable[tuple[str, int | None]]) -> str:
    """Certificates as they are written."""
    return "; ".join(f"{name} {year}" if year else name for name, year in certificates)
