"""What comes in: forms of pages and bodies of the API."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from app.judging.enums import PanelRole

Line = Annotated[str, Meta(max_length=160)]
Story = Annotated[str, Meta(max_length=4000)]
Prize = Annotated[str, Meta(max_length=120)]
CLIENT_ID = r"^[\w.-]{1,64}\Z"
HEAD = r"^([0-9a-f]{64})?\Z"
LANGUAGES = ("vi", "id", "en")


class _InLanguages(msgspec.Struct):
    """A form with texts in three languages: a field for each, ``name_vi`` and so on."""

    def texts(self, name: str) -> dict[str, str]:
        """The fields of a text by language, without empty ones."""
        found = {code: getattr(self, f"{name}_{code}") for code in LANGUAGES}
        return {code: text for code, text in found.items() if text}


class IdeaForm(msgspec.Struct):
    """First step: what it is and who is behind it."""

    title: Line
    team_name: Line
    category: Annotated[str, Meta(max_length=80)] = ""
    ward: Annotated[str, Meta(max_length=120)] = ""


class StoryForm(msgspec.Struct):
    """Second step: the idea itself."""

    summary: Annotated[str, Meta(max_length=1200)] = ""
    problem: Story = ""
    solution: Story = ""
    progress: Story = ""


class EnterForm(msgspec.Struct):
    """Who would like to enter an idea, and where the link goes."""

    full_name: Line
    contact: Annotated[str, Meta(min_length=1, max_length=254)]


class PersonForm(msgspec.Struct):
    """Somebody to be added, by name and a way to reach her."""

    full_name: Annotated[str, Meta(max_length=200)]
    phone: Annotated[str, Meta(max_length=30)] = ""
    email: Annotated[str, Meta(max_length=254)] = ""


class JudgeForm(PersonForm):
    """Somebody to be added to the jury."""

    organisation: Annotated[str, Meta(max_length=200)] = ""
    expertise: Annotated[str, Meta(max_length=200)] = ""
    role: PanelRole = PanelRole.JUDGE


class CallForm(msgspec.Struct):
    """The call for ideas: open or not, and until when."""

    action: str = ""
    entries_close_at: datetime | None = None


class OpenRoundForm(msgspec.Struct):
    """Until when a round is to be judged; empty for an open end."""

    closes_at: datetime | None = None


class AwardForm(_InLanguages, kw_only=True):
    """An award for an idea."""

    entry_id: int
    rank: Annotated[int, Meta(ge=1, le=99)]
    title_vi: Prize = ""
    title_id: Prize = ""
    title_en: Prize = ""


class PublishForm(msgspec.Struct):
    """Whether the chair has read what speaks against publishing."""

    confirmed: bool = False


class CardsForm(msgspec.Struct):
    """For whom cards are printed."""

    person: list[int] = []


class SentBallot(msgspec.Struct):
    """One version of a ballot, as a tablet sends it."""

    client_id: Annotated[str, Meta(min_length=8, max_length=64, pattern=CLIENT_ID)]
    assignment_id: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    base_hash: Annotated[str, Meta(pattern=HEAD)]
    scores: dict[str, int]
    scored_at: datetime
    comment_to_team: Annotated[str, Meta(max_length=4000)] = ""
    comment_to_jury: Annotated[str, Meta(max_length=4000)] = ""


class SentBallots(msgspec.Struct):
    """What a tablet has in its queue, in order: each item has the fields of :class:`SentBallot`.

    They are read one by one, so that one that cannot be read holds up no other.
    """

    ballots: Annotated[list[dict[str, Any]], Meta(max_length=100)]


class BallotReceipt(msgspec.Struct):
    """What became of one ballot: ``saved``, ``set_aside`` (with a reason) or ``refused`` (with code and sentence).

    ``number`` and ``head_hash`` are the server's head now; an answered ballot need not be sent again.
    """

    client_id: str
    status: str
    reason: str | None = None
    number: int = 0
    head_hash: str = ""
    code: str | None = None
    message: str | None = None


class BallotReceipts(msgspec.Struct):
    """An answer for each ballot, in the order in which they were sent."""

    server_time: datetime
    answers: list[BallotReceipt]


class AssignForm(msgspec.Struct):
    """One cell of the matrix: ``cell`` is ``idea:judge:1`` to give, ``idea:judge:0`` to take away."""

    cell: Annotated[str, Meta(pattern=r"^\d{1,9}:\d{1,9}:[01]$")]
    back: Annotated[str, Meta(max_length=300, pattern=r"^[\w=&%+.-]*$")] = ""

    def parts(self) -> tuple[int, int, bool]:
        """(idea, judge, give)."""
        entry_id, judge_id, give = self.cell.split(":")
        return int(entry_id), int(judge_id), give == "1"


class SettleForm(msgspec.Struct):
    """The chair's answer about a ballot that was set aside: ``accept`` or ``refuse``."""

    answer: Annotated[str, Meta(pattern="^(accept|refuse)$")]


class RecuseForm(msgspec.Struct):
    """Why a judge steps back."""

    reason: Annotated[str, Meta(max_length=300)]


class ContestForm(_InLanguages):
    """What an organiser says of the contest and its call."""

    name_vi: Line = ""
    name_id: Line = ""
    name_en: Line = ""
    intro_vi: Story = ""
    intro_id: Story = ""
    intro_en: Story = ""
    entries_open_at: datetime | None = None
    entries_close_at: datetime | None = None
    judges_per_entry: Annotated[int, Meta(ge=1, le=20)] = 3
    rounds: Annotated[int, Meta(ge=1, le=3)] = 3


class RoundForm(_InLanguages):
    """One round."""

    name_vi: Line = ""
    name_id: Line = ""
    name_en: Line = ""
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    advance_count: Annotated[int, Meta(ge=0, le=2000)] = 0


class CriterionForm(_InLanguages):
    """One criterion; the words for single scores are read apart, since how many there are depends on its scale."""

    name_vi: Line = ""
    name_id: Line = ""
    name_en: Line = ""
    explanation_vi: Annotated[str, Meta(max_length=1000)] = ""
    explanation_id: Annotated[str, Meta(max_length=1000)] = ""
    explanation_en: Annotated[str, Meta(max_length=1000)] = ""
    weight: Annotated[int, Meta(ge=1, le=100)] = 1
    min: Annotated[int, Meta(ge=0, le=9)] = 1
    max: Annotated[int, Meta(ge=1, le=10)] = 5


class MoveForm(msgspec.Struct):
    """One place up or down in a list."""

    direction: Annotated[str, Meta(pattern="^(up|down)$")]
