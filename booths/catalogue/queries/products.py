"""Products: of an edition for everybody, and of one organisation for itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.events.queries import Page
from app.kernel.database import fetch
from app.kernel.money import Money
from app.kernel.names import text_key
from app.kernel.tables import MediaFile
from booths.catalogue.errors import ProductNotFound
from booths.catalogue.queries.exhibitors import FIRST_PLACES, CertificateInfo, Texts, texts_of
from booths.catalogue.queries.searching import spaced_column
from booths.catalogue.tables import Certificate, Product, ProductPhoto

PAGE_SIZE = 24


@dataclass(frozen=True, kw_only=True)
class ProductCard:
    """A product as lists show it. The booth is empty where it is not asked for."""

    id: int
    name: Texts
    price: Money | None
    unit: str
    category: str
    photo: str | None
    organisation_id: int
    organisation: str = ""
    booth: str = ""
    zone: str = ""
    active: bool = True
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class Photo:
    """A stored photo with its own size in pixels."""

    id: int
    hash: str
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class ProductInfo:
    """All that is known of a product."""

    id: int
    organisation_id: int
    code: str
    name: Texts
    description: Texts
    price: Money | None
    unit: str
    category: str
    active: bool
    photos: tuple[Photo, ...]
    certificates: tuple[CertificateInfo, ...]


@dataclass(frozen=True)
class Facet:
    """How many products of what was searched for are in a category and a zone."""

    category: str
    zone: str
    amount: int


TEXT = spaced_column("p.search_text")

_FROM = (
    f"FROM product p JOIN ({FIRST_PLACES}) place ON place.organisation = p.organisation "
    "JOIN booth b ON b.id = place.booth "
)

_PHOTO = (
    "(SELECT product_photo.hash FROM product_photo WHERE product_photo.product = p.id "
    "ORDER BY product_photo.position, product_photo.id LIMIT 1) AS photo"
)

_COLUMNS = (
    "SELECT p.id AS id, p.name AS name, p.price_minor AS price_minor, p.currency AS currency, p.unit AS unit, "
    "p.category AS category, p.organisation AS organisation, o.name AS maker, b.code AS booth, b.zone AS zone, "
    + _PHOTO
)


def _searched(words: Sequence[str], organisation_ids: Sequence[int]) -> tuple[str, list[Any]]:
    """The condition of a search: each word begins one of the product's, or its maker is among those found."""
    if not words:
        return "", []
    escaped = [word.replace("!", "!!").replace("%", "!%").replace("_", "!_") for word in words]
    likes = " AND ".join(f"{TEXT} LIKE {{}} ESCAPE '!'" for _word in escaped)
    values: list[Any] = [f"% {word}%" for word in escaped]
    if organisation_ids:
        likes = f"({likes}) OR p.organisation IN ({', '.join('{}' for _one in organisation_ids)})"
        values += organisation_ids
    return f" AND ({likes})", values


async def facets(edition_id: int, words: Sequence[str] = (), organisation_ids: Sequence[int] = ()) -> list[Facet]:
    """Products that fit a search, counted by category and zone."""
    condition, values = _searched(words, organisation_ids)
    rows = await fetch(
        f"SELECT p.category AS category, b.zone AS zone, COUNT(*) AS amount {_FROM} "
        f"WHERE p.active IS TRUE{condition} GROUP BY p.category, b.zone ORDER BY p.category, b.zone",
        edition_id,
        *values,
    )
    return [Facet(row["category"], row["zone"], row["amount"]) for row in rows]


async def products_of_edition(
    edition_id: int,
    *,
    words: Sequence[str] = (),
    organisation_ids: Sequence[int] = (),
    category: str = "",
    zone: str = "",
    offset: int = 0,
    limit: int = PAGE_SIZE,
) -> list[ProductCard]:
    """A stretch of the products that fit. The first of every exhibitor come first, then the second, and so on."""
    condition, values = _searched(words, organisation_ids)
    if category:
        condition, values = condition + " AND p.category = {}", [*values, category]
    if zone:
        condition, values = condition + " AND b.zone = {}", [*values, zone]
    # What is shown is read only for the rows of the page: the inner statement sorts ids alone.
    rows = await fetch(
        f"{_COLUMNS} FROM (SELECT p.id AS id, b.id AS booth {_FROM} WHERE p.active IS TRUE{condition} "
        "ORDER BY p.position, b.id, p.id LIMIT {} OFFSET {}) chosen "
        "JOIN product p ON p.id = chosen.id JOIN booth b ON b.id = chosen.booth "
        "JOIN organisation o ON o.id = p.organisation ORDER BY p.position, b.id, p.id",
        edition_id,
        *values,
        limit,
        offset,
    )
    return [_card(row) for row in rows]


async def products_by_ids(edition_id: int, product_ids: Sequence[int]) -> list[ProductCard]:
    """Those of the products that are shown in the edition, in the order asked for."""
    if not product_ids:
        return []
    marks = ", ".join("{}" for _one in product_ids)
    rows = await fetch(
        f"{_COLUMNS} {_FROM} JOIN organisation o ON o.id = p.organisation WHERE p.active IS TRUE AND p.id IN ({marks})",
        edition_id,
        *product_ids,
    )
    found = {row["id"]: _card(row) for row in rows}
    return [found[product_id] for product_id in product_ids if product_id in found]


async def products_of_organisation(organisation_id: int, *, hidden: bool = False) -> list[ProductCard]:
    """What an organisation makes, in its own order; ``hidden`` adds what it does not show."""
    rows = await fetch(
        "SELECT p.id AS id, p.name AS name, p.price_minor AS price_minor, p.currency AS currency, p.unit AS unit, "
        "p.category AS category, p.organisation AS organisation, p.code AS code, "
        f"CASE WHEN p.active IS TRUE THEN 1 ELSE 0 END AS shown, {_PHOTO} FROM product p "
        f"WHERE p.organisation = {{}}{'' if hidden else ' AND p.active IS TRUE'} ORDER BY p.position, p.id",
        organisation_id,
    )
    return [_card(row) for row in rows]


async def product_info(product_id: int, *, organisation_id: int | None = None, hidden: bool = False) -> ProductInfo:
    """One product. Raises ProductNotFound, also for one of another organisation, and for one that is not shown
    unless ``hidden``."""
    rows = await Product.select().where(Product.id == product_id).output(load_json=True)
    row = rows[0] if rows else None
    if (
        row is None
        or (organisation_id is not None and row["organisation"] != organisation_id)
        or not (row["active"] or hidden)
    ):
        raise ProductNotFound
    photos = await fetch(
        "SELECT product_photo.id AS id, product_photo.hash AS hash, m.width AS width, m.height AS height "
        "FROM product_photo LEFT JOIN media_file m ON m.hash = product_photo.hash "
        "WHERE product_photo.product = {} ORDER BY product_photo.position, product_photo.id",
        product_id,
    )
    certificates = (
        await Certificate.select(Certificate.name, Certificate.year, Certificate.number)
        .where(Certificate.product == product_id)
        .order_by(Certificate.id)
    )
    return ProductInfo(
        id=row["id"],
        organisation_id=row["organisation"],
        code=row["code"],
        name=row["name"],
        description=row["description"],
        price=_price(row),
        unit=row["unit"],
        category=row["category"],
        active=row["active"],
        photos=tuple(
            Photo(id=photo["id"], hash=photo["hash"], width=photo["width"] or 640, height=photo["height"] or 480)
            for photo in photos
        ),
        certificates=tuple(CertificateInfo(**certificate) for certificate in certificates),
    )


async def categories_of_edition(edition_id: int) -> list[str]:
    """Categories that products of the edition have, for suggestions."""
    return sorted({facet.category for facet in await facets(edition_id) if facet.category}, key=text_key)


async def page_of_products(
    edition_id: int,
    *,
    words: Sequence[str],
    organisation_ids: Sequence[int],
    counted: Sequence[Facet],
    category: str,
    zone: str,
    number: int,
    size: int = PAGE_SIZE,
) -> Page:
    """A page of what fits, counted from 1; ``counted`` are the facets of the same search."""
    total = sum(
        facet.amount
        for facet in counted
        if (not category or facet.category == category) and (not zone or facet.zone == zone)
    )
    offset = (max(number, 1) - 1) * size
    items = (
        await products_of_edition(
            edition_id,
            words=words,
            organisation_ids=organisation_ids,
            category=category,
            zone=zone,
            offset=offset,
            limit=size,
        )
        if total > offset
        else []
    )
    return Page(list(items), total, offset + 1, size)


async def photo_size(digest: str | None) -> tuple[int, int]:
    """Width and height of a stored photo; 4 by 3 when it is not known."""
    row = await MediaFile.select(MediaFile.width, MediaFile.height).where(MediaFile.hash == digest).first()
    return (row["width"], row["height"]) if row else (640, 480)


async def photos_of(product_id: int) -> list[ProductPhoto]:
    """Photos of a product in their order."""
    return (
        await ProductPhoto.objects()
        .where(ProductPhoto.product == product_id)
        .order_by(ProductPhoto.position)
        .order_by(ProductPhoto.id)
    )


def _price(row: Mapping[str, Any]) -> Money | None:
    return None if row["price_minor"] is None else Money(row["price_minor"], row["currency"])


def _card(row: Mapping[str, Any]) -> ProductCard:
    return ProductCard(
        id=row["id"],
        name=texts_of(row["name"]),
        price=_price(row),
        unit=row["unit"],
        category=row["category"],
        photo=row["photo"],
        organisation_id=row["organisation"],
        organisation=row.get("maker", ""),
        booth=row.get("booth", ""),
        zone=row.get("zone", ""),
        active=bool(row.get("shown", True)),
        code=row.get("code", ""),
    )
