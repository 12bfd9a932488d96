"""Exhibitors of an edition: organisations to which a booth was allocated. What is only held is nobody's business."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.accounts.enums import ORGANISATION_KIND_NAMES, OrganisationKind
from app.accounts.tables import Organisation
from app.kernel.database import fetch
from app.kernel.i18n import _
from app.kernel.names import search_text, show_phone
from booths.catalogue.errors import ExhibitorNotFound
from booths.catalogue.queries.searching import begins_words
from booths.catalogue.tables import Certificate, ExhibitorProfile

Texts = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class BoothPlace:
    """Where an exhibitor stands."""

    id: int
    code: str
    zone: str
    hall_id: int
    hall: str


@dataclass(frozen=True, kw_only=True)
class ExhibitorCard:
    """An exhibitor as lists show it. ``photo`` is its own, or its first product's."""

    id: int
    name: str
    kind: str
    ward: str
    booths: tuple[BoothPlace, ...]
    photo: str | None
    products: int
    categories: str = ""
    has_story: bool = False

    @property
    def booth_codes(self) -> str:
        """Codes of its booths."""
        return ", ".join(booth.code for booth in self.booths)

    @property
    def zones(self) -> set[str]:
        """Zones that it stands in."""
        return {booth.zone for booth in self.booths}

    @property
    def kind_name(self) -> str:
        """What it is, in the reader's language."""
        return _(ORGANISATION_KIND_NAMES[OrganisationKind(self.kind)])

    def fits(self, words: Iterable[str]) -> bool:
        """Whether every word begins one of what is known of it; words are those of ``words_of``."""
        return begins_words(words, search_text(self.name, self.ward, self.categories, self.booth_codes))


@dataclass(frozen=True, kw_only=True)
class CertificateInfo:
    """What somebody vouched for."""

    name: str
    year: int | None
    number: str = ""

    @property
    def title(self) -> str:
        """Name and year, as it is written on sheets."""
        return f"{self.name} {self.year}" if self.year else self.name


@dataclass(frozen=True, kw_only=True)
class ExhibitorInfo:
    """All that an exhibitor's page tells. Phone and mail are empty unless they may be shown."""

    id: int
    name: str
    kind: str
    ward: str
    member_count: int | None
    story: Texts = field(default_factory=dict)
    photo: str | None = None
    website: str = ""
    contact_public: bool = False
    phone: str = ""
    email: str = ""
    certificates: tuple[CertificateInfo, ...] = ()

    @property
    def phone_shown(self) -> str:
        """Its phone number as people write it."""
        return show_phone(self.phone) if self.phone else ""

    @property
    def kind_name(self) -> str:
        """What it is, in the reader's language."""
        return _(ORGANISATION_KIND_NAMES[OrganisationKind(self.kind)])


#: Who stands in which booth of an edition: one row for each pair.
_PLACES = (
    "SELECT DISTINCT cell_hold.organisation AS organisation, cell_hold.booth AS booth FROM cell_hold "
    "JOIN booth ON booth.id = cell_hold.booth "
    "WHERE booth.edition = {} AND cell_hold.live IS TRUE AND cell_hold.state = 'allocated'"
)

#: As ``_PLACES``, one row for each organisation.
FIRST_PLACES = (
    "SELECT cell_hold.organisation AS organisation, MIN(booth.id) AS booth FROM cell_hold "
    "JOIN booth ON booth.id = cell_hold.booth "
    "WHERE booth.edition = {} AND cell_hold.live IS TRUE AND cell_hold.state = 'allocated' "
    "GROUP BY cell_hold.organisation"
)


async def exhibitors_of(edition_id: int) -> list[ExhibitorCard]:
    """Every exhibitor of an edition by name, in one read."""
    rows = await fetch(
        "SELECT o.id AS id, o.name AS name, o.kind AS kind, o.ward AS ward, b.id AS booth, b.code AS code, "
        "b.zone AS zone, b.hall AS hall, h.name AS hall_name, profile.photo AS photo, profile.story AS story, "
        "goods.products AS products, goods.categories AS categories, "
        "(SELECT product_photo.hash FROM product_photo WHERE product_photo.product = goods.first_product "
        "ORDER BY product_photo.position, product_photo.id LIMIT 1) AS product_photo "
        f"FROM ({_PLACES}) place "
        "JOIN organisation o ON o.id = place.organisation "
        "JOIN booth b ON b.id = place.booth JOIN hall h ON h.id = b.hall "
        "LEFT JOIN exhibitor_profile profile ON profile.organisation = o.id "
        "LEFT JOIN (SELECT product.organisation AS organisation, COUNT(*) AS products, "
        "MIN(product.category) AS categories, MIN(product.id) AS first_product FROM product "
        "WHERE product.active IS TRUE GROUP BY product.organisation) goods ON goods.organisation = o.id "
        "ORDER BY o.sort_key, o.id, b.id",
        edition_id,
    )
    found: dict[int, ExhibitorCard] = {}
    for row in rows:
        place = BoothPlace(
            id=row["booth"], code=row["code"], zone=row["zone"], hall_id=row["hall"], hall=row["hall_name"]
        )
        known = found.get(row["id"])
        if known is not None:
            found[row["id"]] = replace(known, booths=(*known.booths, place))
            continue
        found[row["id"]] = ExhibitorCard(
            id=row["id"],
            name=row["name"],
            kind=row["kind"],
            ward=row["ward"],
            booths=(place,),
            photo=row["photo"] or row["product_photo"],
            products=row["products"] or 0,
            categories=row["categories"] or "",
            has_story=any(texts_of(row["story"]).values()),
        )
    return list(found.values())


async def booths_of_exhibitor(edition_id: int, organisation_id: int) -> tuple[BoothPlace, ...]:
    """The booths that were allocated to an organisation."""
    rows = await fetch(
        "SELECT DISTINCT b.id AS id, b.code AS code, b.zone AS zone, b.hall AS hall, h.name AS hall_name "
        "FROM cell_hold JOIN booth b ON b.id = cell_hold.booth JOIN hall h ON h.id = b.hall "
        "WHERE b.edition = {} AND cell_hold.organisation = {} AND cell_hold.live IS TRUE "
        "AND cell_hold.state = 'allocated' ORDER BY b.id",
        edition_id,
        organisation_id,
    )
    return tuple(
        BoothPlace(id=row["id"], code=row["code"], zone=row["zone"], hall_id=row["hall"], hall=row["hall_name"])
        for row in rows
    )


async def holder_of_booth(edition_id: int, booth_id: int) -> tuple[BoothPlace, int | None]:
    """A booth, and the organisation to which it was allocated. Raises ExhibitorNotFound for an unknown booth."""
    rows = await fetch(
        "SELECT b.id AS id, b.code AS code, b.zone AS zone, b.hall AS hall, h.name AS hall_name, "
        "(SELECT cell_hold.organisation FROM cell_hold WHERE cell_hold.booth = b.id AND cell_hold.live IS TRUE "
        "AND cell_hold.state = 'allocated' LIMIT 1) AS holder "
        "FROM booth b JOIN hall h ON h.id = b.hall WHERE b.id = {} AND b.edition = {}",
        booth_id,
        edition_id,
    )
    if not rows:
        raise ExhibitorNotFound
    row = rows[0]
    place = BoothPlace(id=row["id"], code=row["code"], zone=row["zone"], hall_id=row["hall"], hall=row["hall_name"])
    return place, row["holder"]


async def exhibitor_info(organisation_id: int, *, private: bool = False) -> ExhibitorInfo:
    """What an organisation says of itself. ``private`` gives its phone and mail even when they are not to be shown.

    Raises ExhibitorNotFound.
    """
    rows = await fetch(
        "SELECT o.id AS id, o.name AS name, o.kind AS kind, o.ward AS ward, o.member_count AS member_count, "
        "o.phone AS phone, o.email AS email, p.story AS story, p.photo AS photo, p.website AS website, "
        "CASE WHEN p.contact_public IS TRUE THEN 1 ELSE 0 END AS shown "
        "FROM organisation o LEFT JOIN exhibitor_profile p ON p.organisation = o.id WHERE o.id = {}",
        organisation_id,
    )
    if not rows:
        raise ExhibitorNotFound
    row = rows[0]
    shown = bool(row["shown"])
    certificates = (
        await Certificate.select(Certificate.name, Certificate.year, Certificate.number)
        .where((Certificate.organisation == organisation_id) & Certificate.product.is_null())
        .order_by(Certificate.id)
    )
    return ExhibitorInfo(
        id=row["id"],
        name=row["name"],
        kind=row["kind"],
        ward=row["ward"],
        member_count=row["member_count"],
        story=texts_of(row["story"]),
        photo=row["photo"],
        website=row["website"] or "",
        contact_public=shown,
        phone=(row["phone"] or "") if shown or private else "",
        email=(row["email"] or "") if shown or private else "",
        certificates=tuple(CertificateInfo(**certificate) for certificate in certificates),
    )


async def profile_of(organisation_id: int) -> ExhibitorProfile | None:
    """The stored profile, None before the first save."""
    return await ExhibitorProfile.objects().get(ExhibitorProfile.organisation == organisation_id)


async def organisation_names(organisation_ids: Iterable[int]) -> dict[int, str]:
    """Names by id."""
    wanted = sorted(set(organisation_ids))
    if not wanted:
        return {}
    rows = await Organisation.select(Organisation.id, Organisation.name).where(Organisation.id.is_in(wanted))
    return {row["id"]: row["name"] for row in rows}


def texts_of(value: Any) -> dict[str, str]:
    """A JSON column as it comes from either engine."""
    found: dict[str, str] = json.loads(value) if isinstance(value, str) else (value or {})
    return found
