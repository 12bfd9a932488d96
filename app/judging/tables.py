"""Tables of judging: contests, ideas, juries, ballots, awards."""

from piccolo.columns import JSON, ForeignKey, Integer, OnDelete, Serial, SmallInt, Text, Timestamptz, Varchar
from piccolo.table import Table

from app.accounts.tables import Person
from app.events.tables import Edition
from app.judging.enums import (
    AnchorReason,
    AsideReason,
    AsideState,
    AssignmentState,
    ContestState,
    EntryState,
    MemberRole,
    PanelRole,
    RoundState,
)


class Contest(Table, tablename="contest"):
    """The startup contest of an edition."""

    id: Serial
    edition = ForeignKey(Edition, on_delete=OnDelete.restrict, null=False, unique=True)
    name = JSON(default="{}")
    intro = JSON(default="{}")
    state = Varchar(length=12, choices=ContestState, default=ContestState.DRAFT)
    entries_open_at = Timestamptz(default=None, null=True)
    entries_close_at = Timestamptz(default=None, null=True)
    judges_per_entry = SmallInt(default=3)
    created_at = Timestamptz(default=None)


class Round(Table, tablename="contest_round"):
    """One round of judging; ``anchor`` is the newest digest over the heads of its ballots."""

    id: Serial
    contest = ForeignKey(Contest, on_delete=OnDelete.restrict, null=False)
    number = SmallInt()
    name = JSON(default="{}")
    state = Varchar(length=12, choices=RoundState, default=RoundState.DRAFT)
    opens_at = Timestamptz(default=None, null=True)
    closes_at = Timestamptz(default=None, null=True)
    advance_count = Integer(default=0)
    anchor = Varchar(length=64, default="")
    locked_at = Timestamptz(default=None, null=True)
    published_at = Timestamptz(default=None, null=True)


class Criterion(Table, tablename="contest_criterion"):
    """What a round's judges score. ``explanation`` says what to look for, ``anchors`` maps a score to what it means,
    both in three languages."""

    id: Serial
    round = ForeignKey(Round, on_delete=OnDelete.restrict, null=False)
    name = JSON(default="{}")
    explanation = JSON(default="{}")
    weight = SmallInt(default=1)
    min = SmallInt(default=1)
    max = SmallInt(default=5)
    anchors = JSON(default="{}")
    position = SmallInt(default=0)


class Entry(Table, tablename="contest_entry"):
    """An idea that a team enters; ``title_key`` sorts and ``search`` finds it."""

    id: Serial
    contest = ForeignKey(Contest, on_delete=OnDelete.restrict, null=False)
    title = Varchar(length=160)
    title_key = Varchar(length=400, index=True)
    search = Text()
    summary = Text()
    problem = Text()
    solution = Text()
    progress = Text()
    team_name = Varchar(length=160)
    category = Varchar(length=80)
    ward = Varchar(length=120)
    member_count = SmallInt(default=None, null=True)
    state = Varchar(length=12, choices=EntryState, default=EntryState.DRAFT)
    short_code = Varchar(length=16, default="")
    created_by = ForeignKey(Person, on_delete=OnDelete.restrict, null=True)
    created_at = Timestamptz(default=None)
    updated_at = Timestamptz(default=None)
    submitted_at = Timestamptz(default=None, null=True)
    withdrawn_at = Timestamptz(default=None, null=True)


class EntryMember(Table, tablename="contest_entry_member"):
    """A person in the team of an idea."""

    id: Serial
    entry = ForeignKey(Entry, on_delete=OnDelete.cascade, null=False)
    person = ForeignKey(Person, on_delete=OnDelete.restrict, null=False)
    role = Varchar(length=12, choices=MemberRole, default=MemberRole.MEMBER)


class RoundEntry(Table, tablename="contest_round_entry"):
    """An idea that takes part in a round."""

    id: Serial
    round = ForeignKey(Round, on_delete=OnDelete.restrict, null=False)
    entry = ForeignKey(Entry, on_delete=OnDelete.restrict, null=False)


class PanelMember(Table, tablename="contest_panel_member"):
    """A person in the jury. ``pseudonym`` stands for her in the chains of ballots, which outlive personal data."""

    id: Serial
    contest = ForeignKey(Contest, on_delete=OnDelete.restrict, null=False)
    person = ForeignKey(Person, on_delete=OnDelete.restrict, null=False)
    role = Varchar(length=12, choices=PanelRole, default=PanelRole.JUDGE)
    pseudonym = Varchar(length=32, unique=True)
    organisation = Varchar(length=200)
    expertise = Varchar(length=200)
    added_at = Timestamptz(default=None)
    removed_at = Timestamptz(default=None, null=True)


class Assignment(Table, tablename="contest_assignment"):
    """One judge and one idea in one round."""

    id: Serial
    round = ForeignKey(Round, on_delete=OnDelete.restrict, null=False)
    entry = ForeignKey(Entry, on_delete=OnDelete.restrict, null=False)
    judge = ForeignKey(Person, on_delete=OnDelete.restrict, null=False)
    state = Varchar(length=12, choices=AssignmentState, default=AssignmentState.ASSIGNED)
    recused = Varchar(length=300, default="", help_text="Why the judge stepped back; empty while she has not")
    assigned_at = Timestamptz(default=None)


class Ballot(Table, tablename="contest_ballot"):
    """The head of one chain of revisions."""

    id: Serial
    assignment = ForeignKey(Assignment, on_delete=OnDelete.restrict, null=False, unique=True)
    head_hash = Varchar(length=64, default="")
    revision_count = Integer(default=0)


class BallotRevision(Table, tablename="contest_ballot_revision"):
    """One version of a ballot, never changed. ``hash`` covers what stands beside it; comments only by salted hash,
    so that they can be erased while the chain still holds."""

    id: Serial
    ballot = ForeignKey(Ballot, on_delete=OnDelete.restrict, null=False)
    number = Integer()
    client_id = Varchar(length=64, unique=True)
    scores = JSON(default="{}")
    comment_to_team = Text()
    comment_to_jury = Text()
    comments_salt = Varchar(length=32)
    comments_hash = Varchar(length=64)
    pseudonym = Varchar(length=32)
    scored_at = Timestamptz(default=None)
    received_at = Timestamptz(default=None)
    prev_hash = Varchar(length=64)
    hash = Varchar(length=64, unique=True)


class SetAside(Table, tablename="contest_set_aside"):
    """A ballot that came late or in conflict: kept for the chair to settle."""

    id: Serial
    assignment = ForeignKey(Assignment, on_delete=OnDelete.restrict, null=False)
    client_id = Varchar(length=64, unique=True)
    reason = Varchar(length=12, choices=AsideReason)
    base_hash = Varchar(length=64)
    scores = JSON(default="{}")
    comment_to_team = Text()
    comment_to_jury = Text()
    scored_at = Timestamptz(default=None)
    received_at = Timestamptz(default=None)
    state = Varchar(length=12, choices=AsideState, default=AsideState.WAITING)
    settled_by = ForeignKey(Person, on_delete=OnDelete.restrict, null=True)
    settled_at = Timestamptz(default=None, null=True)


class RoundAnchor(Table, tablename="contest_round_anchor"):
    """The heads of a round's ballots at one moment, and one digest over them and the anchor before."""

    id: Serial
    round = ForeignKey(Round, on_delete=OnDelete.restrict, null=False)
    number = Integer()
    reason = Varchar(length=12, choices=AnchorReason)
    heads = JSON(default="[]")
    prev_digest = Varchar(length=64)
    digest = Varchar(length=64)
    made_at = Timestamptz(default=None)


class Award(Table, tablename="contest_award"):
    """An award of a round; the public sees it from ``published_at`` on."""

    id: Serial
    round = ForeignKey(Round, on_delete=OnDelete.restrict, null=False)
    entry = ForeignKey(Entry, on_delete=OnDelete.restrict, null=False)
    rank = SmallInt()
    title = JSON(default="{}")
    created_at = Timestamptz(default=None)
    published_at = Timestamptz(default=None, null=True)


TABLES: list[type[Table]] = [
    Contest,
    Round,
    Criterion,
    Entry,
    EntryMember,
    RoundEntry,
    PanelMember,
    Assignment,
    Ballot,
    BallotRevision,
    SetAside,
    RoundAnchor,
    Award,
]
