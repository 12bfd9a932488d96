"""Administrative units: what a field for a ward offers while somebody types, and the JSON API."""

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from litestar import Controller, Response, get
from litestar.params import FromQuery, QueryParameter

from app.accounts.guards import public
from app.accounts.places.reading import Standing, read_ward
from app.accounts.places.searching import find_units, find_wards
from app.accounts.places.units import Unit
from app.accounts.places.wards import said_of
from app.kernel.sheets.model import said
from app.kernel.web import page

MOST_TYPED = 200
Typed = Annotated[str, QueryParameter(max_length=MOST_TYPED)]


@get("/places/wards", guards=[public], include_in_schema=False)
async def offer_wards(ward: FromQuery[str] = "") -> Response[Any]:
    """Wards of today for what was typed so far, and what became of one that is no more."""
    typed = ward[:MOST_TYPED]
    offered = await asyncio.to_thread(find_wards, typed) if typed else []
    reading = read_ward(typed) if typed else None
    told = reading is not None and reading.standing in (Standing.MOVED, Standing.OPEN)
    sentence = said(*said_of(typed, reading)) if reading is not None and told else ""
    return page("accounts/wards_offered.html", offered=offered, sentence=sentence)


@dataclass(frozen=True, kw_only=True)
class UnitNameDTO:
    """A unit of today: its level (``province``, ``district``, ``ward``), its official code and its name."""

    level: str
    code: int
    name: str
    full_name: str

    @classmethod
    def named(cls, unit: Unit) -> "UnitNameDTO":
        """The unit as the API names it."""
        return UnitNameDTO(level=unit.level, code=unit.code, name=unit.name, full_name=unit.full)


@dataclass(frozen=True, kw_only=True)
class UnitDTO(UnitNameDTO):
    """A unit with the days of its validity, both included; null: not known, or not ended.

    ``into`` names the units of today that have all or a part of one that ended.
    """

    valid_from: date | None
    valid_to: date | None
    into: list[UnitNameDTO]

    @classmethod
    def of(cls, unit: Unit) -> "UnitDTO":
        """The unit as the API shows it."""
        return cls(
            level=unit.level,
            code=unit.code,
            name=unit.name,
            full_name=unit.full,
            valid_from=unit.valid_from,
            valid_to=unit.valid_to,
            into=[UnitNameDTO.named(one) for one in unit.into],
        )


@dataclass(frozen=True, kw_only=True)
class WardReadingDTO:
    """What a written ward means: ``standing`` is ``today``, ``moved`` (one ward has it now), ``open`` (somebody must
    choose among ``wards``) or ``unknown``; ``former`` are the units that it names and that are no more."""

    standing: Standing
    wards: list[UnitNameDTO]
    former: list[UnitDTO]
    message: str


class PlacesApi(Controller):
    """``/api/v1/places``."""

    path = "/api/v1/places"
    guards = [public]
    tags = ["Places"]

    @get("/", summary="Administrative units of Vietnam, former ones too")
    async def find(self, q: Typed = "", on: FromQuery[date | None] = None) -> list[UnitDTO]:
        """At most twenty that ``q`` means or begins; ``on`` keeps those in force on that day."""
        found = await asyncio.to_thread(find_units, q, on=on)
        return [UnitDTO.of(unit) for unit in found]

    @get("/ward", summary="Which ward of today an address means")
    async def read(self, q: Typed = "") -> WardReadingDTO:
        """``q`` as people write it, such as "P. Hàng Bạc, Q. Hoàn Kiếm"."""
        reading = await asyncio.to_thread(read_ward, q)
        told = reading.standing in (Standing.MOVED, Standing.OPEN)
        return WardReadingDTO(
            standing=reading.standing,
            wards=[UnitNameDTO.named(ward) for ward in reading.wards],
            former=[UnitDTO.of(unit) for unit in reading.former],
            message=said(*said_of(q, reading)) if told else "",
        )
