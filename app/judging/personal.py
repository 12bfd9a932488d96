"""What judging holds of people: teams, juries and their ballots.

The chains of ballots stay whole. They know a judge by her pseudonym; after an erasure nothing leads from it to her:
her place in the jury and her assignments pass to a stand-in of whom nothing is known.
"""

from datetime import datetime
from typing import Any

from app.accounts.personal.registry import Held, PersonalData, Rows
from app.accounts.personal.whom import NOBODY, Whom
from app.accounts.tables import Person
from app.judging.enums import AssignmentState
from app.judging.tables import Assignment, BallotRevision, Entry, EntryMember, PanelMember, SetAside
from app.judging.words import MEMBER_ROLES, PANEL_ROLES
from app.kernel.database import fetch
from app.kernel.i18n import N_
from app.kernel.names import text_key


async def _ideas(whom: Whom) -> Rows:
    return await fetch(
        "SELECT c.edition AS edition_id, e.title, e.team_name AS team, m.role FROM contest_entry_member m "
        "JOIN contest_entry e ON e.id = m.entry JOIN contest c ON c.id = e.contest WHERE m.person = {} ORDER BY m.id",
        whom.person_id,
    )


async def _leave_ideas(whom: Whom, now: datetime) -> int:
    gone = await EntryMember.delete().where(EntryMember.person == whom.person_id).returning(EntryMember.id)
    nobody: dict[Any, Any] = {Entry.created_by: None}
    await Entry.update(nobody).where(Entry.created_by == whom.person_id)
    for row in await whom.rows_naming(Entry.title):
        title = whom.redacted(str(row["title"]))[:160]
        await Entry.update({Entry.title: title, Entry.title_key: text_key(title)[:400]}).where(Entry.id == row["id"])
    return len(gone)


async def _juries(whom: Whom) -> Rows:
    return await fetch(
        "SELECT c.edition AS edition_id, m.role, m.organisation, m.expertise, m.added_at, m.removed_at "
        "FROM contest_panel_member m JOIN contest c ON c.id = m.contest WHERE m.person = {} ORDER BY m.id",
        whom.person_id,
    )


async def _ballots(whom: Whom) -> Rows:
    return await fetch(
        "SELECT c.edition AS edition_id, e.title AS idea, v.number, v.scores, v.comment_to_team, v.comment_to_jury, "
        "v.scored_at FROM contest_ballot_revision v JOIN contest_ballot b ON b.id = v.ballot "
        "JOIN contest_assignment a ON a.id = b.assignment JOIN contest_entry e ON e.id = a.entry "
        "JOIN contest c ON c.id = e.contest WHERE a.judge = {} ORDER BY v.id",
        whom.person_id,
    )


async def _sever(whom: Whom, now: datetime) -> int:
    """Give her place in the juries and her ballots to a stand-in; ideas that she has not scored are free again."""
    open_: Any = (Assignment.judge == whom.person_id) & (Assignment.state == AssignmentState.ASSIGNED.value)
    await Assignment.update({Assignment.state: AssignmentState.REMOVED}).where(open_)
    stepped: Any = (Assignment.judge == whom.person_id) & (Assignment.recused != "")
    await Assignment.update({Assignment.recused: NOBODY}).where(stepped)
    nobody: dict[Any, Any] = {SetAside.settled_by: None}
    await SetAside.update(nobody).where(SetAside.settled_by == whom.person_id)
    for row in await whom.rows_naming(BallotRevision.comment_to_team, BallotRevision.comment_to_jury):
        values: dict[Any, Any] = {
            BallotRevision.comment_to_team: whom.redacted(str(row["comment_to_team"])),
            BallotRevision.comment_to_jury: whom.redacted(str(row["comment_to_jury"])),
            BallotRevision.comments_salt: "",
        }
        await BallotRevision.update(values).where(BallotRevision.id == row["id"])
    judged = await Assignment.exists().where(Assignment.judge == whom.person_id)
    sat = await PanelMember.exists().where(PanelMember.person == whom.person_id)
    if whom.person_id is None or not (judged or sat):
        return 0
    stand_in = Person(full_name=NOBODY, sort_key="", search_text="", created_at=None, erased_at=now)
    await stand_in.save()
    moved = (
        await Assignment.update({Assignment.judge: stand_in.id})
        .where(Assignment.judge == whom.person_id)
        .returning(Assignment.id)
    )
    places: dict[Any, Any] = {PanelMember.person: stand_in.id, PanelMember.organisation: "", PanelMember.expertise: ""}
    await PanelMember.update({PanelMember.removed_at: now}).where(
        (PanelMember.person == whom.person_id) & PanelMember.removed_at.is_null()
    )
    await PanelMember.update(places).where(PanelMember.person == whom.person_id)
    return len(moved)


DATA = PersonalData(
    held=(
        Held(
            key="ideas",
            title=N_("Ideas that you entered with your team"),
            purpose=N_("To tell the team where its idea stands."),
            until=N_("Until you ask for erasure"),
            stays=N_("The idea itself: it is the team's."),
            find=_ideas,
            erase=_leave_ideas,
            words={"role": MEMBER_ROLES.get},
        ),
        Held(
            key="juries",
            title=N_("Juries in which you sat"),
            purpose=N_("To give you ideas to score that you have no part in."),
            until=N_("Until you ask for erasure"),
            find=_juries,
            words={"role": PANEL_ROLES.get},
        ),
        Held(
            key="ballots",
            title=N_("What you scored"),
            purpose=N_("To rank the ideas, in a way that can be proved."),
            until=N_("As long as the contest's results stand"),
            stays=N_("Scores and comments, under a pseudonym from which nothing leads to you: results rest on them."),
            find=_ballots,
            erase=_sever,
        ),
    ),
    erased=frozenset(
        {
            "contest_entry.created_by",
            "contest_entry.title",
            "contest_entry.title_key",
            "contest_entry_member.person",
            *(f"contest_panel_member.{name}" for name in ("person", "organisation", "expertise")),
            *(f"contest_assignment.{name}" for name in ("judge", "recused")),
            *(f"contest_ballot_revision.{name}" for name in ("comment_to_team", "comment_to_jury", "comments_salt")),
            "contest_set_aside.settled_by",
        }
    ),
    texts=(
        Entry.search,
        Entry.summary,
        Entry.problem,
        Entry.solution,
        Entry.progress,
        Entry.team_name,
        Assignment.recused,
        SetAside.comment_to_team,
        SetAside.comment_to_jury,
    ),
    kept={
        name: N_("A pseudonym: nothing leads from it to anybody any more.")
        for name in ("contest_panel_member.pseudonym", "contest_ballot_revision.pseudonym")
    },
    impersonal=frozenset(
        {
            *(f"contest.{name}" for name in ("name", "intro")),
            *(f"contest_round.{name}" for name in ("name", "anchor")),
            *(f"contest_criterion.{name}" for name in ("name", "explanation", "anchors")),
            *(f"contest_entry.{name}" for name in ("category", "ward", "short_code")),
            "contest_ballot.head_hash",
            *(f"contest_ballot_revision.{name}" for name in ("client_id", "scores", "comments_hash", "prev_hash")),
            "contest_ballot_revision.hash",
            *(f"contest_set_aside.{name}" for name in ("client_id", "base_hash", "scores")),
            *(f"contest_round_anchor.{name}" for name in ("heads", "prev_digest", "digest")),
            "contest_award.title",
        }
    ),
    ties=(EntryMember.person, PanelMember.person),
)
