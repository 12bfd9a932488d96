"""Editions for tests."""

from datetime import date, datetime
from typing import Any

from app.accounts.actor import SYSTEM, Actor
from app.events.queries import EditionInfo
from app.events.services.editions import EditionValues, create_edition, open_edition
from tests.conftest import NOW

WOMEN = {"vi": "Phụ nữ sáng tạo 2026", "id": "Perempuan Kreatif 2026", "en": "Creative Women 2026"}
PARK = {"vi": "Công viên Thống Nhất, Hà Nội", "en": "Thống Nhất Park, Hanoi"}


async def make_edition(
    slug: str = "phu-nu-sang-tao-2026",
    *,
    opened: bool = True,
    actor: Actor = SYSTEM,
    now: datetime = NOW,
    **changes: Any,
) -> EditionInfo:
    """An edition of three days in October 2026 in Hanoi, open unless told otherwise."""
    given: dict[str, Any] = {
        "slug": slug,
        "name": WOMEN,
        "place": PARK,
        "intro": {"vi": "Ba ngày hội chợ.", "en": "Three days of fair."},
        "starts_on": date(2026, 10, 16),
        "ends_on": date(2026, 10, 18),
        **changes,
    }
    edition = await create_edition(values=EditionValues(**given), actor=actor, now=now)
    if opened:
        await open_edition(edition_id=edition.id, actor=actor, now=now)
    return edition
