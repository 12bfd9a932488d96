"""What is counted: scans, leads, exhibitors that have nothing to show yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.events.queries import Page
from app.kernel.database import contains, fetch
from app.kernel.names import searched, show_phone
from booths.catalogue.queries.exhibitors import ExhibitorCard, texts_of
from booths.catalogue.tables import Lead

LEADS_A_PAGE = 50


@dataclass(frozen=True, kw_only=True)
class LeadInfo:
    """A contact that a visitor left."""

    id: int
    name: str
    phone: str
    email: str
    message: str
    product: dict[str, str]
    created_at: datetime

    @property
    def phone_shown(self) -> str:
        """The phone number as people write it."""
        return show_phone(self.phone) if self.phone else ""


async def leads_of(
    edition_id: int, organisation_id: int, *, search: str = "", offset: int = 0, limit: int | None = LEADS_A_PAGE
) -> Page:
    """Contacts that visitors left with an exhibitor, the newest first."""
    chosen: Any = (Lead.edition == edition_id) & (Lead.organisation == organisation_id)
    if search:
        chosen = chosen & contains(searched(search), "lead.name", "lead.phone", "lead.email", "lead.message")
    query = (
        Lead.select(
            Lead.id,
            Lead.name,
            Lead.phone,
            Lead.email,
            Lead.message,
            Lead.created_at,
            Lead.product.name.as_alias("product"),
        )
        .where(chosen)
        .order_by(Lead.id, ascending=False)
    )
    if limit is not None:
        query = query.limit(limit).offset(offset)
    rows = await query
    total = await Lead.count().where(chosen) if limit is not None else len(rows)
    found = [LeadInfo(**{**row, "product": texts_of(row["product"])}) for row in rows]
    return Page(list(found), total, offset + 1, limit or max(total, 1))


async def lead_count(edition_id: int, organisation_id: int) -> int:
    """How many contacts an exhibitor has."""
    found: int = await Lead.count().where((Lead.edition == edition_id) & (Lead.organisation == organisation_id))
    return found


async def scans_of(edition_id: int, kind: str, target_ids: Sequence[int]) -> list[tuple[date, int]]:
    """(day, browsers) that opened codes of these targets, in order of time."""
    if not target_ids:
        return []
    marks = ", ".join("{}" for _one in target_ids)
    rows = await fetch(
        "SELECT code_scan.day AS day, COUNT(DISTINCT code_scan.visitor) AS visitors FROM code_scan "
        f"WHERE code_scan.edition = {{}} AND code_scan.kind = {{}} AND code_scan.target_id IN ({marks}) "
        "GROUP BY code_scan.day ORDER BY code_scan.day",
        edition_id,
        kind,
        *target_ids,
    )
    return [(row["day"], row["visitors"]) for row in rows]


def without_products(exhibitors: Sequence[ExhibitorCard]) -> list[ExhibitorCard]:
    """Exhibitors that have no product to show."""
    return [exhibitor for exhibitor in exhibitors if exhibitor.products == 0]


def without_story(exhibitors: Sequence[ExhibitorCard]) -> list[ExhibitorCard]:
    """Exhibitors that have not told their story."""
    return [exhibitor for exhibitor in exhibitors if not exhibitor.has_story]
