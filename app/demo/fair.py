"""Exhibitors and their products, from the word files."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from app.demo.lines import fields, lines

FILES = ("crafts", "textile", "food_north", "food_delta", "herbs", "tech", "cuisine")
HOME = ", Hà Nội"
KINDS = {
    "household": "Hộ kinh doanh",
    "artisan": "Nghệ nhân",
    "cooperative": "Hợp tác xã",
    "company": "Doanh nghiệp",
}


@dataclass(frozen=True)
class Product:
    """One product; the price is in VND."""

    name: str
    price: int
    unit: str
    certificates: str
    name_en: str
    name_id: str
    description: str


@dataclass(frozen=True)
class Exhibitor:
    """One exhibitor with what it asks for."""

    kind: str
    organisation: str
    contact: str
    ward: str
    category: str
    zone: str
    cells: int
    watts: int
    members: int | None
    note: str
    products: list[Product] = field(default_factory=list)


def exhibitors() -> list[Exhibitor]:
    """The 95 exhibitors with their 320 products."""
    return [exhibitor for name in FILES for exhibitor in read(name)]


def read(name: str) -> Iterator[Exhibitor]:
    """Read one word file: a line with ``=`` is an exhibitor, the lines with ``-`` below it are its products."""
    current: Exhibitor | None = None
    for line in lines(name):
        if line.startswith("- ") and current is not None:
            title, price, unit, certificates, english, indonesian, description = fields(line[2:])
            product = Product(title, int(price) * 1000, unit, certificates, english, indonesian, description)
            current.products.append(product)
        else:
            if current is not None:
                yield current
            current = _exhibitor(fields(line[2:]))
    if current is not None:
        yield current


def _exhibitor(parts: list[str]) -> Exhibitor:
    kind, organisation, contact, ward, category, zone, cells, watts, members, note = parts
    return Exhibitor(
        kind,
        organisation,
        contact,
        ward,
        category,
        zone,
        int(cells),
        int(watts),
        int(members) if members else None,
        note,
    )
