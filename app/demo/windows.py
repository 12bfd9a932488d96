"""What exhibitors of the demo show: a drawn photo for each product, and their application's words as their story."""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from app.kernel.images import store_image
from app.kernel.placeholders import draw_placeholder
from booths.allocation.tables import Application
from booths.catalogue.tables import ExhibitorProfile, Product, ProductPhoto

SIZE = (400, 300)
DRAWING_THREADS = 2
_BATCH = 200


async def add_photos(now: datetime, report: Callable[[int, int], None]) -> None:
    """Draw, store and hang a photo for every product; the drawing follows its place in the list, not its id."""
    products = await Product.select(Product.id, Product.name, Product.category).order_by(Product.id)
    loop = asyncio.get_running_loop()
    rows: list[ProductPhoto] = []
    with ThreadPoolExecutor(DRAWING_THREADS, thread_name_prefix="drawing") as pool:
        drawings = [
            loop.run_in_executor(pool, draw_placeholder, number, _title(product["name"]), product["category"], SIZE)
            for number, product in enumerate(products)
        ]
        for number, (product, drawing) in enumerate(zip(products, drawings, strict=True)):
            report(number, len(products))
            rows.append(ProductPhoto(product=product["id"], hash=await store_image(await drawing, now=now)))
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
