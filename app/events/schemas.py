"""What forms and the API of events take and give."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from litestar.datastructures import UploadFile
from msgspec import Meta

from app.accounts.guards import LARGEST_ID
from app.events.enums import BadgePaper, EditionState, Part, PassKind, PrintWhat
from app.events.queries import EditionInfo, SessionInfo
from app.kernel.i18n import N_

Texts = Mapping[str, str]
Title = Annotated[str, Meta(max_length=160)]
Long = Annotated[str, Meta(max_length=4000)]
Clock = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]

ZONE_NAMES = {
    "Asia/Ho_Chi_Minh": N_("Hanoi, Ho Chi Minh City (UTC+7)"),
    "Asia/Jakarta": N_("Jakarta, western Indonesia (UTC+7)"),
    "Asia/Makassar": N_("Makassar, central Indonesia (UTC+8)"),
    "Asia/Jayapura": N_("Jayapura, eastern Indonesia (UTC+9)"),
    "Asia/Bangkok": N_("Bangkok (UTC+7)"),
    "Asia/Singapore": N_("Singapore (UTC+8)"),
    "UTC": N_("World time (UTC)"),
}
ZONES = tuple(ZONE_NAMES)
CURRENCIES = ("VND", "IDR", "USD", "EUR")


@dataclass(frozen=True, kw_only=True)
class EditionValues:
    """What an organiser says about an edition. Texts by language; hours as ``HH:MM`` of its own zone."""

    slug: str
    name: Texts
    starts_on: date
    ends_on: date
    intro: Texts = field(default_factory=dict)
    place: Texts = field(default_factory=dict)
    timezone: str = "Asia/Ho_Chi_Minh"
    currency: str = "VND"
    opens_at: str = "08:00"
    closes_at: str = "17:00"
    parts: Sequence[Part] = tuple(Part)
    venue_id: int | None = None
    organiser_id: int | None = None
    cover: str | None = None
    keep_months: int = 12


@dataclass(frozen=True, kw_only=True)
class SessionValues:
    """What a session is. Texts by language; times are instants; an empty track name means none."""

    title: Texts
    starts_at: datetime
    ends_at: datetime
    track: str = ""
    place: str = ""
    speaker: str = ""
    summary: Texts = field(default_factory=dict)


class EditionForm(msgspec.Struct, kw_only=True):
    """The settings of an edition."""

    name_vi: Title = ""
    name_id: Title = ""
    name_en: Title = ""
    slug: Annotated[str, Meta(max_length=80)] = ""
    starts_on: date
    ends_on: date
    opens_at: Clock
    closes_at: Clock
    place_vi: Title = ""
    place_id: Title = ""
    place_en: Title = ""
    venue_name: Title = ""
    venue_address: Annotated[str, Meta(max_length=300)] = ""
    intro_vi: Long = ""
    intro_id: Long = ""
    intro_en: Long = ""
    timezone: Annotated[str, Meta(pattern=r"^[A-Za-z_]+(/[A-Za-z_]+)?$")] = ZONES[0]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = CURRENCIES[0]
    parts: list[Part] = msgspec.field(default_factory=list)
    keep_months: Annotated[int, Meta(ge=1, le=120)] = 12

    def texts(self, name: str) -> dict[str, str]:
        """The three fields of a text by language."""
        return {code: getattr(self, f"{name}_{code}") for code in ("vi", "id", "en") if getattr(self, f"{name}_{code}")}

    def values(self, *, venue_id: int | None, organiser_id: int | None, cover: str | None) -> EditionValues:
        """What the service takes."""
        name = self.texts("name")
        return EditionValues(
            slug=self.slug or next(iter(name.values()), ""),
            name=name,
            intro=self.texts("intro"),
            place=self.texts("place"),
            timezone=self.timezone,
            currency=self.currency,
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            opens_at=self.opens_at,
            closes_at=self.closes_at,
            parts=self.parts,
            venue_id=venue_id,
            organiser_id=organiser_id,
            cover=cover,
            keep_months=self.keep_months,
        )


class CoverForm(msgspec.Struct):
    """The photo of an edition, sent with its settings."""

    cover: UploadFile | None = None


class CopyForm(msgspec.Struct, kw_only=True):
    """What a copy needs to be told."""

    name_vi: Title = ""
    name_id: Title = ""
    name_en: Title = ""
    starts_on: date
    slug: Annotated[str, Meta(max_length=80)] = ""

    def names(self) -> dict[str, str]:
        """The name by language, without the languages that were left empty."""
        named = {"vi": self.name_vi, "id": self.name_id, "en": self.name_en}
        return {code: name for code, name in named.items() if name}


class SessionForm(msgspec.Struct, kw_only=True):
    """One session of the programme."""

    title_vi: Title = ""
    title_id: Title = ""
    title_en: Title = ""
    starts_at: datetime
    ends_at: datetime
    track: Title = ""
    place: Title = ""
    speaker: Annotated[str, Meta(max_length=200)] = ""
    summary_vi: Long = ""
    summary_id: Long = ""
    summary_en: Long = ""

    def values(self) -> SessionValues:
        """What the service takes."""
        title = {"vi": self.title_vi, "id": self.title_id, "en": self.title_en}
        summary = {"vi": self.summary_vi, "id": self.summary_id, "en": self.summary_en}
        return SessionValues(
            title={code: words for code, words in title.items() if words},
            summary={code: words for code, words in summary.items() if words},
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            track=self.track,
            place=self.place,
            speaker=self.speaker,
        )


class ReasonForm(msgspec.Struct):
    """Why something is done."""

    reason: Annotated[str, Meta(max_length=200)] = ""


class BlockForm(msgspec.Struct):
    """Why something is blocked: whoever meets it later has to know."""

    reason: Annotated[str, Meta(min_length=1, max_length=200)]


class RevokeForm(ReasonForm):
    """Why a pass is withdrawn."""

    reason_code: Literal["withdrawn", "replaced", "leaked"] = "withdrawn"


class UploadForm(msgspec.Struct):
    """A sheet."""

    file: UploadFile


@dataclass(frozen=True, kw_only=True)
class EditionDTO:
    """An edition in the API. Texts by language; days are dates of its own zone; hours are ``HH:MM``."""

    id: int
    slug: str
    name: dict[str, str]
    intro: dict[str, str]
    place: dict[str, str]
    timezone: str
    currency: str
    starts_on: date
    ends_on: date
    opens_at: str
    closes_at: str
    parts: list[Part]
    state: EditionState

    @classmethod
    def of(cls, edition: EditionInfo) -> "EditionDTO":
        """The record as the API shows it."""
        return cls(
            id=edition.id,
            slug=edition.slug,
            name=dict(edition.name),
            intro=dict(edition.intro),
            place=dict(edition.place),
            timezone=edition.timezone,
            currency=edition.currency,
            starts_on=edition.starts_on,
            ends_on=edition.ends_on,
            opens_at=edition.opens_at,
            closes_at=edition.closes_at,
            parts=[part for part in Part if part in edition.parts],
            state=edition.state,
        )


@dataclass(frozen=True, kw_only=True)
class SessionDTO:
    """A session in the API. Times are UTC."""

    id: int
    title: dict[str, str]
    summary: dict[str, str]
    starts_at: datetime
    ends_at: datetime
    track: str
    place: str
    speaker: str

    @classmethod
    def of(cls, session: SessionInfo) -> "SessionDTO":
        """The record as the API shows it."""
        return cls(
            id=session.id,
            title=dict(session.title),
            summary=dict(session.summary),
            starts_at=session.starts_at,
            ends_at=session.ends_at,
            track=session.track,
            place=session.place,
            speaker=session.speaker,
        )


@dataclass(frozen=True, kw_only=True)
class PassKeyDTO:
    """A public key that verifies passes of an edition; ``public_key`` in hexadecimal.

    What it signed counts ``shift_minutes`` later than it says: the edition was postponed since.
    """

    key_id: int
    public_key: str
    shift_minutes: int


@dataclass(frozen=True, kw_only=True)
class PassCheckDTO:
    """What a code says of itself, nothing about its holder."""

    edition_id: int
    kind: str
    valid_from: datetime
    valid_until: datetime
    valid_now: bool
    revoked: bool


@dataclass(frozen=True, kw_only=True)
class PassCodeDTO:
    """A code as a scanner read it: the address of a pass, or the code alone."""

    code: str


class HandOutForm(msgspec.Struct, kw_only=True):
    """A pass that an organiser hands out."""

    kind: PassKind
    holder_name: Title
    label: Annotated[str, Meta(max_length=80)] = ""
    organisation: Annotated[str, Meta(max_length=160)] = ""
    phone: Annotated[str, Meta(max_length=40)] = ""
    email: Annotated[str, Meta(max_length=254)] = ""
    locale: Annotated[str, Meta(pattern="^(vi|id|en)$")] = "vi"
    first_day: date
    last_day: date


class TrackForm(msgspec.Struct):
    """The names of a track; the first one there is serves where a language has none."""

    name_vi: Title
    name_id: Title = ""
    name_en: Title = ""


class PrintForm(msgspec.Struct, kw_only=True):
    """What is to be printed of which passes; ``pass_id`` is of one alone."""

    what: PrintWhat = PrintWhat.BADGES
    paper: BadgePaper = BadgePaper.A6
    locale: Annotated[str, Meta(pattern="^(vi|id|en)$")] = "vi"
    kind: PassKind | None = None
    label: Annotated[str, Meta(max_length=80)] = ""
    organisation: Annotated[str, Meta(max_length=200)] = ""
    unprinted: bool = False
    pass_id: Annotated[int, Meta(ge=1, le=LARGEST_ID)] | None = None
