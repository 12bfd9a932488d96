"""Short codes of booths and products: what they lead to, and how often they are scanned."""

from collections.abc import Sequence
from datetime import datetime

from app.events.queries import edition_by_id
from app.events.short_codes import register_short_code, register_short_codes
from app.events.slots import Scan
from app.kernel.database import fetch, write_transaction
from booths.catalogue.enums import CodeKind
from booths.floorplan.tables import Booth


async def booth_code(*, booth_id: int, edition_id: int, now: datetime) -> str:
    """The short code of a booth, made at the first call."""
    return await register_short_code(CodeKind.BOOTH, booth_id, edition_id, now)


async def product_codes(*, product_ids: Sequence[int], edition_id: int, now: datetime) -> dict[int, str]:
    """The short codes of several products by their ids, missing ones made."""
    return await register_short_codes(CodeKind.PRODUCT, product_ids, edition_id, now)


async def resolve_booth(booth_id: int) -> str | None:
    """Where the short code of a booth leads."""
    booth = await Booth.select(Booth.edition).where(Booth.id == booth_id).first()
    if booth is None:
        return None
    edition = await edition_by_id(booth["edition"])
    return f"{edition.path}/booths/{booth_id}"


async def resolve_product(product_id: int) -> str | None:
    """Where the short code of a product leads: to the latest edition in which its maker has a booth."""
    rows = await fetch(
        "SELECT edition.slug AS slug FROM product "
        "JOIN cell_hold ON cell_hold.organisation = product.organisation AND cell_hold.live IS TRUE "
        "AND cell_hold.state = 'allocated' "
        "JOIN booth ON booth.id = cell_hold.booth JOIN edition ON edition.id = booth.edition "
        "WHERE product.id = {} AND product.active IS TRUE AND edition.state <> 'draft' "
        "ORDER BY edition.starts_on DESC, edition.id DESC LIMIT 1",
        product_id,
    )
    return f"/e/{rows[0]['slug']}/products/{product_id}" if rows else None


async def count_scan(scan: Scan) -> None:
    """Count that a booth's or a product's code was opened, once for each browser and day, and how often."""
    if scan.kind not in set(CodeKind):
        return
    edition = await edition_by_id(scan.edition_id)
    async with write_transaction():
        await fetch(
            "INSERT INTO code_scan (edition, kind, target_id, day, visitor, times, first_at) "
            "VALUES ({}, {}, {}, {}, {}, 1, {}) ON CONFLICT (edition, kind, target_id, day, visitor) "
            "DO UPDATE SET times = code_scan.times + 1",
            scan.edition_id,
            scan.kind,
            scan.target_id,
            edition.today(scan.at),
            scan.visitor,
            scan.at,
        )
