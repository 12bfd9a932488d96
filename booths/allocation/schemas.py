"""What forms and the API of allocation take and give."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from app.accounts.enums import OrganisationKind
from booths.allocation.enums import ApplicationState, RunState
from booths.allocation.queries import ApplicationInfo
from booths.allocation.queries_proposals import Placement

MOST_CELLS = 12

Name = Annotated[str, Meta(max_length=200)]
CellCount = Annotated[int, Meta(ge=1, le=MOST_CELLS)]
Watts = Annotated[int, Meta(ge=0, le=100_000)]
Note = Annotated[str, Meta(max_length=2000)]


class ApplicationForm(msgspec.Struct):
    """An application that an organiser writes down."""

    organisation: Name
    contact_name: Name
    phone: Annotated[str, Meta(max_length=40)] = ""
    email: Annotated[str, Meta(max_length=254)] = ""
    kind: OrganisationKind = OrganisationKind.HOUSEHOLD
    ward: Annotated[str, Meta(max_length=120)] = ""
    cells_wanted: CellCount = 1
    zone_wanted: Annotated[str, Meta(max_length=80)] = ""
    power_watts: Watts = 0
    category: Annotated[str, Meta(max_length=120)] = ""
    note: Note = ""


class BoothChoice(msgspec.Struct):
    """Whom a booth is held for."""

    application: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    tell_now: bool = False


class FeePlanForm(msgspec.Struct):
    """In which parts booth fees are due."""

    first_percent: Annotated[int, Meta(ge=1, le=100)] = 100
    first_days: Annotated[int, Meta(ge=0, le=365)] = 14
    rest_due_on: date | None = None


class WaiverForm(msgspec.Struct):
    """What of a fee somebody else bears, as people type amounts, and who; left empty the exhibitor pays all of it."""

    amount: Annotated[str, Meta(max_length=30)] = ""
    waived_by: Annotated[str, Meta(max_length=120)] = ""


class WhoStep(msgspec.Struct):
    """First step of applying: who it is for."""

    organisation: Name = ""
    kind: OrganisationKind = OrganisationKind.HOUSEHOLD
    ward: Annotated[str, Meta(max_length=120)] = ""
    organisation_id: int = 0


class WishStep(msgspec.Struct):
    """Second step: which booth."""

    cells_wanted: CellCount
    zone_wanted: Annotated[str, Meta(max_length=80)] = ""
    power_watts: Watts = 0


class GoodsStep(msgspec.Struct):
    """Third step: what is shown there."""

    category: Annotated[str, Meta(max_length=120)]
    note: Annotated[str, Meta(max_length=1000)] = ""


class ContactStep(msgspec.Struct):
    """Last step: whom we write to."""

    contact_name: Name
    contact: Annotated[str, Meta(max_length=254)]


@dataclass(frozen=True, kw_only=True)
class ApplicationDTO:
    """An application in the API. ``power_watts`` in watts, ``cells_wanted`` in cells of the plan."""

    id: int
    organisation_id: int
    organisation: str
    contact: str
    phone: str
    email: str
    cells_wanted: int
    zone_wanted: str
    power_watts: int
    category: str
    note: str
    state: ApplicationState
    submitted_at: datetime | None
    booth_id: int | None
    booth: str

    @classmethod
    def of(cls, found: ApplicationInfo) -> "ApplicationDTO":
        """The record as the API shows it."""
        return cls(**{name: getattr(found, name) for name in cls.__dataclass_fields__})


@dataclass(frozen=True, kw_only=True)
class ApplicationListDTO:
    """A stretch of the applications; ``total`` counts all that fit."""

    items: list[ApplicationDTO]
    total: int
    page: int


@dataclass(frozen=True, kw_only=True)
class PlacementDTO:
    """One line of a proposal, with its reasons as sentences."""

    application_id: int
    organisation: str
    booth_id: int
    booth: str
    reasons: list[str]

    @classmethod
    def of(cls, line: Placement) -> "PlacementDTO":
        """The record as the API shows it."""
        return cls(
            application_id=line.application_id,
            organisation=line.organisation,
            booth_id=line.booth_id,
            booth=line.booth,
            reasons=line.sentences,
        )


@dataclass(frozen=True, kw_only=True)
class RunDTO:
    """A run of the optimiser. ``gap``: how far from the best possible plan it can be at most, 0 to 1."""

    id: int
    state: RunState
    placed: int
    unplaced: int
    gap: float | None
    seconds: float | None
    started_at: datetime
    finished_at: datetime | None
    published_at: datetime | None
    placements: list[PlacementDTO]

    @classmethod
    def of(cls, run: dict[str, Any], lines: list[Placement]) -> "RunDTO":
        """The record as the API shows it."""
        names = ("id", "placed", "unplaced", "gap", "seconds", "started_at", "finished_at", "published_at")
        placements = [PlacementDTO.of(line) for line in lines]
        return cls(**{name: run[name] for name in names}, state=RunState(run["state"]), placements=placements)


@dataclass(frozen=True, kw_only=True)
class PublishedDTO:
    """How many exhibitors got a booth and were told."""

    placed: int
