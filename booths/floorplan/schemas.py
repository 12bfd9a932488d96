"""What forms and the API of the floor plan take and give."""

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from app.kernel.i18n import N_
from booths.floorplan.enums import BoothState
from booths.floorplan.queries import Plan, PlanBooth
from booths.floorplan.squares import FARTHEST, Square, show_squares

Place = Annotated[int, Meta(ge=0, le=FARTHEST)]
#: The most that a booth costs, in the minor unit; more is a slip of the hand.
DEAREST = 2_000_000_000
TOO_DEAR = N_("No booth costs that much. Is there a zero too many?")
Watts = Annotated[int, Meta(ge=0, le=100_000)]


class BoothForm(msgspec.Struct):
    """A booth, edited without the plan editor."""

    code: Annotated[str, Meta(max_length=12)]
    cells: Annotated[str, Meta(max_length=400)]
    zone: Annotated[str, Meta(max_length=80)] = ""
    power_watts: Watts = 0
    price: Annotated[str, Meta(max_length=20)] = ""
    hall: int = 0


class HallForm(msgspec.Struct):
    """A hall, made or changed next to the plan; its size in cells."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    width: Annotated[int, Meta(ge=1, le=FARTHEST + 1)]
    depth: Annotated[int, Meta(ge=1, le=FARTHEST + 1)]


class BoothChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A booth as the plan editor saves it; ``cells`` are (x, y) from 0."""

    code: Annotated[str, Meta(min_length=1, max_length=12)]
    cells: Annotated[list[tuple[Place, Place]], Meta(min_length=1, max_length=100)]
    zone: Annotated[str, Meta(max_length=80)] = ""
    power_watts: Watts = 0
    price_minor: Annotated[int, Meta(ge=0, le=DEAREST)] = 0


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A booth as a sheet wants it; what is None the sheet does not mention, so it stays."""

    hall_id: int
    code: str
    squares: list[Square]
    zone: str | None = None
    power_watts: int | None = None
    price_minor: int | None = None

    @property
    def key(self) -> tuple[int, str]:
        """Which booth it is: its hall, and its code without regard to case."""
        return self.hall_id, self.code.casefold()

    def values(self) -> dict[str, Any]:
        """What is mentioned, by name of the column."""
        named = {"zone": self.zone, "power_watts": self.power_watts, "price_minor": self.price_minor}
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class BoothDTO:
    """A booth as everybody may know it; ``exhibitor`` is empty until its allocation is published."""

    id: int
    code: str
    zone: str
    cells: list[Square]
    exhibitor: str

    @classmethod
    def of(cls, booth: PlanBooth) -> "BoothDTO":
        """The record as the API shows it."""
        return cls(
            id=booth.id,
            code=booth.code,
            zone=booth.zone,
            cells=list(booth.squares),
            exhibitor=booth.organisation if booth.state == BoothState.ALLOCATED else "",
        )


@dataclass(frozen=True, kw_only=True)
class HallDTO:
    """A hall and its booths; ``width`` and ``depth`` in cells."""

    id: int
    name: str
    width: int
    depth: int
    booths: list[BoothDTO]

    @classmethod
    def of(cls, plan: Plan) -> "HallDTO":
        """The record as the API shows it."""
        booths = [BoothDTO.of(booth) for booth in plan.booths]
        return cls(id=plan.hall_id, name=plan.name, width=plan.width, depth=plan.depth, booths=booths)


@dataclass(frozen=True, kw_only=True)
class DeskBoothDTO:
    """A booth as organisers see it. Money in the currency's minor unit."""

    id: int
    hall_id: int
    code: str
    zone: str
    cells: list[Square]
    written: str
    power_watts: int
    price_minor: int
    currency: str
    state: BoothState
    organisation_id: int | None
    organisation: str

    @classmethod
    def of(cls, hall_id: int, booth: PlanBooth) -> "DeskBoothDTO":
        """The record as the API shows it."""
        return cls(
            id=booth.id,
            hall_id=hall_id,
            code=booth.code,
            zone=booth.zone,
            cells=list(booth.squares),
            written=show_squares(booth.squares),
            power_watts=booth.power_watts,
            price_minor=booth.price_minor,
            currency=booth.currency,
            state=booth.state,
            organisation_id=booth.organisation_id,
            organisation=booth.organisation,
        )


@dataclass(frozen=True, kw_only=True)
class DeskHallDTO:
    """A hall as organisers see it."""

    id: int
    name: str
    width: int
    depth: int
    booths: list[DeskBoothDTO]

    @classmethod
    def of(cls, plan: Plan) -> "DeskHallDTO":
        """The record as the API shows it."""
        booths = [DeskBoothDTO.of(plan.hall_id, booth) for booth in plan.booths]
        return cls(id=plan.hall_id, name=plan.name, width=plan.width, depth=plan.depth, booths=booths)
