"""What exhibitors of the demo show: a drawn photo for each product, and their application's words as their story."""

import asyncio
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from app.kernel.child import Report as ChildReport
from app.kernel.child import run_in_child
from app.kernel.images import store_image
from app.kernel.placeholders import draw_placeholder
from booths.allocation.tables import Application
from booths.catalogue.tables import ExhibitorProfile, Product, ProductPhoto

SIZE = (400, 300)
DRAWING_SECONDS = 300.0
_BATCH = 200


async def start_drawing() -> asyncio.Task[list[bytes]]:
    """Begin to draw a photo of every product in a process of its own, while other sheets are loaded."""
    products = await Product.select(Product.name, Product.category).order_by(Product.id)
    wanted = [[_title(product["name"]), product["category"]] for product in products]
    return asyncio.create_task(_drawn(wanted))


async def _drawn(wanted: list[list[str]]) -> list[bytes]:
    answer = await run_in_child("app.demo.windows:draw_all", {"wanted": wanted}, timeout=DRAWING_SECONDS)
    photos: list[bytes] = answer["photos"]
    return photos


def draw_all(payload: dict[str, Any], _report: ChildReport) -> dict[str, Any]:
    """Draw what is ``wanted``, pairs of title and category; a drawing follows from its place in the list too."""
    return {
        "photos": [
            draw_placeholder(number, title, category, SIZE)
            for number, (title, category) in enumerate(payload["wanted"])
        ]
    }


async def add_photos(drawing: asyncio.Task[list[bytes]], now: datetime, report: Callable[[int, int], None]) -> None:
    """Store the photos and hang one to every product."""
    report(0, 1)
    photos = await drawing
    products = await Product.select(Product.id).order_by(Product.id)
    rows: list[ProductPhoto] = []
    for number, (product, photo) in enumerate(zip(products, photos, strict=True)):
        report(number, len(products))
        rows.append(ProductPhoto(product=product["id"], hash=await store_image(photo, now=now)))
    for start in range(0, len(rows), _BATCH):
        await ProductPhoto.insert(*rows[start : start + _BATCH])


async def add_stories(edition_id: int, now: datetime) -> None:
    """Let each exhibitor's page say what its application said."""
    query = Application.select(Application.organisation, Application.note).where(Application.edition == edition_id)
    profiles = [
        ExhibitorProfile(
            organisation=row["organisation"],
            story=json.dumps({"vi": row["note"]}, ensure_ascii=False),
            changed_at=now,
        )
        for row in await query.order_by(Application.id)
        if row["note"]
    ]
    if profiles:
        await ExhibitorProfile.insert(*profiles)


def _title(name: str) -> str:
    texts: dict[str, str] = json.loads(name)
    return texts["vi"]
