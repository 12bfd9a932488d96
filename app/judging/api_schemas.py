"""What the API takes and gives of ideas, rounds and awards; the tablet's ballots are in ``schemas.py``."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from app.judging.enums import ContestState, EntryState, RoundState
from app.judging.queries.contests import ContestRow, RoundRow
from app.judging.queries.entries import EntryRow, Feedback
from app.judging.queries.results import AwardRow, PublicEntry, RankedEntry
from app.kernel.names import clean_lines

Language = Literal["vi", "id", "en"]
Texts = dict[str, str]
Name = Annotated[str, Meta(min_length=1, max_length=160)]
Story = Annotated[str, Meta(max_length=4000)]
Moment = Annotated[datetime, Meta(tz=True)]
Row = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class _Sent(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A body of the API: a name that is unknown is refused."""


class _IdeaTexts(_Sent, kw_only=True):
    """The texts of an idea that may still be missing in a draft."""

    category: Annotated[str, Meta(max_length=80)] | None = None
    ward: Annotated[str, Meta(max_length=120)] | None = None
    summary: Annotated[str, Meta(max_length=1200)] | None = None
    problem: Story | None = None
    solution: Story | None = None
    progress: Story | None = None

    def texts(self) -> Texts:
        """What was sent, cleaned; what was not sent is not among it."""
        given = {name: getattr(self, name) for name in self.__struct_fields__}
        told = {name: clean_lines(text) for name, text in given.items() if text is not None}
        return {name: " ".join(text.split()) if name in ONE_LINE else text for name, text in told.items()}


#: Texts of an idea that have a single line.
ONE_LINE = frozenset({"title", "team_name", "category", "ward"})


class IdeaBody(_IdeaTexts, kw_only=True):
    """An idea to be begun as a draft."""

    title: Name
    team_name: Name


class IdeaChange(_IdeaTexts, kw_only=True):
    """What is to change of an idea; what is not sent stays."""

    title: Name | None = None
    team_name: Name | None = None


class OwnIdeaDTO(msgspec.Struct, kw_only=True):
    """An idea of one's own team in a list."""

    id: int
    edition_id: int
    title: str
    team: str
    summary: str
    category: str
    state: EntryState
    short_code: str
    submitted_at: datetime | None

    @classmethod
    def of(cls, entry: EntryRow, edition_id: int) -> "OwnIdeaDTO":
        """The idea as the API shows it."""
        return cls(
            id=entry.id,
            edition_id=edition_id,
            title=entry.title,
            team=entry.team_name,
            summary=entry.summary,
            category=entry.category,
            state=entry.state,
            short_code=entry.short_code,
            submitted_at=entry.submitted_at,
        )


class FeedbackDTO(msgspec.Struct, kw_only=True):
    """What a judge, who stays unnamed, wrote to the team in a published round."""

    round: Texts
    comment: str


class OwnIdeaDetailDTO(OwnIdeaDTO, kw_only=True):
    """An idea of one's own team with all its texts and what judges wrote to it."""

    ward: str
    problem: str
    solution: str
    progress: str
    feedback: list[FeedbackDTO]

    @classmethod
    def with_feedback(cls, entry: EntryRow, edition_id: int, feedback: Sequence[Feedback]) -> "OwnIdeaDetailDTO":
        """The idea as the API shows it."""
        return cls(
            **msgspec.structs.asdict(OwnIdeaDTO.of(entry, edition_id)),
            ward=entry.ward,
            problem=entry.problem,
            solution=entry.solution,
            progress=entry.progress,
            feedback=[FeedbackDTO(round=one.round_name, comment=one.comment) for one in feedback],
        )


class PublicIdeaDTO(msgspec.Struct, kw_only=True):
    """An idea that was sent in; ``award`` is its highest published one."""

    id: int
    title: str
    team: str
    summary: str
    category: str
    award: Texts | None

    @classmethod
    def of(cls, entry: PublicEntry) -> "PublicIdeaDTO":
        """The idea as the API shows it."""
        return cls(
            id=entry.id,
            title=entry.title,
            team=entry.team_name,
            summary=entry.summary,
            category=entry.category,
            award=entry.award,
        )


class PublicIdeaPageDTO(msgspec.Struct, kw_only=True):
    """A stretch of the ideas; ``total`` counts all that fit."""

    items: list[PublicIdeaDTO]
    total: int
    page: int


class PublicIdeaDetailDTO(msgspec.Struct, kw_only=True):
    """An idea that was sent in, with the awards that were published."""

    id: int
    title: str
    team: str
    summary: str
    category: str
    ward: str
    short_code: str
    awards: list[Texts]

    @classmethod
    def of(cls, entry: EntryRow, awards: Sequence[AwardRow]) -> "PublicIdeaDetailDTO":
        """The idea as the API shows it."""
        return cls(
            id=entry.id,
            title=entry.title,
            team=entry.team_name,
            summary=entry.summary,
            category=entry.category,
            ward=entry.ward,
            short_code=entry.short_code,
            awards=[award.title for award in awards if award.entry_id == entry.id],
        )


class CallBody(_Sent, kw_only=True):
    """The call for ideas: open or not, and until when it then is; no end leaves it open."""

    open: bool
    entries_close_at: Moment | None = None


class CallDTO(msgspec.Struct, kw_only=True):
    """How the call for ideas stands."""

    state: ContestState
    entries_close_at: datetime | None

    @classmethod
    def of(cls, contest: ContestRow) -> "CallDTO":
        """The call as the API shows it."""
        return cls(state=contest.state, entries_close_at=contest.entries_close_at)


class RoundOpening(_Sent, kw_only=True):
    """Until when a round is judged; without it until it was planned to."""

    closes_at: Moment | None = None


class RoundDTO(msgspec.Struct, kw_only=True):
    """A round; ``anchor`` seals its ballots once it is locked."""

    id: int
    number: int
    name: Texts
    state: RoundState
    opens_at: datetime | None
    closes_at: datetime | None
    advance_count: int
    anchor: str

    @classmethod
    def of(cls, round_: RoundRow) -> "RoundDTO":
        """The round as the API shows it."""
        return cls(**{name: getattr(round_, name) for name in cls.__struct_fields__})


class AssignedDTO(msgspec.Struct, kw_only=True):
    """How many assignments were added."""

    added: int


class RankedIdeaDTO(msgspec.Struct, kw_only=True):
    """An idea and where it stands. Marks go from 0 to 100; ``rank`` is null with too few of the expected ballots."""

    id: int
    title: str
    team: str
    category: str
    rank: int | None
    tied: bool
    mean: float | None
    median: float | None
    lowest: float | None
    highest: float | None
    ballots: int
    expected: int
    advanced: bool

    @classmethod
    def of(cls, entry: RankedEntry) -> "RankedIdeaDTO":
        """The idea as the API shows it."""
        standing = entry.standing
        return cls(
            id=standing.entry_id,
            title=entry.title,
            team=entry.team_name,
            category=entry.category,
            rank=standing.rank,
            tied=standing.tied,
            mean=standing.mean,
            median=standing.median,
            lowest=standing.low,
            highest=standing.high,
            ballots=standing.ballots,
            expected=standing.expected,
            advanced=entry.advanced,
        )


class AwardBody(_Sent, kw_only=True):
    """An award to be prepared; in a language without a title it has the usual one of its rank."""

    entry_id: Row
    rank: Annotated[int, Meta(ge=1, le=99)]
    title: dict[Language, Annotated[str, Meta(max_length=120)]] = {}


class AwardDTO(msgspec.Struct, kw_only=True):
    """An award of a round; nobody outside the jury room sees it before it is published."""

    id: int
    entry_id: int
    rank: int
    title: Texts
    published_at: datetime | None

    @classmethod
    def of(cls, award: AwardRow) -> "AwardDTO":
        """The award as the API shows it."""
        return cls(**{name: getattr(award, name) for name in cls.__struct_fields__})


class Publication(_Sent, kw_only=True):
    """Whether the chair knows what speaks against publishing now."""

    confirmed: bool = False


class RoundPublishedDTO(msgspec.Struct, kw_only=True):
    """How many awards were published; none: the teams read what was written to them."""

    awards: int
