"""What a team does with its idea: begin it, change it, send it in, take it back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from piccolo.columns import Column

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.services.people import find_or_create_by_one_contact, grant_role
from app.events.short_codes import register_short_code
from app.judging.enums import ContestState, EntryState, MemberRole
from app.judging.errors import CallEnded, CallNotBegun, ContestNotOpen, EntryDecided, EntryIncomplete, EntryNotEditable
from app.judging.queries import contests as contest_queries
from app.judging.queries import entries as queries
from app.judging.queries.contests import ContestRow
from app.judging.queries.entries import EntryRow
from app.judging.services.messages import tell_received
from app.judging.tables import Entry, EntryMember
from app.kernel import audit
from app.kernel.database import write_transaction
from app.kernel.errors import NotFound, SignInNeeded
from app.kernel.i18n import N_, _, format_datetime
from app.kernel.names import clean_lines, search_text, text_key

SHORT_CODE_KIND = "idea"
TEXT_FIELDS = ("title", "team_name", "summary", "problem", "solution", "progress", "category", "ward")
NEEDED = {
    "title": N_("Please give the idea a name."),
    "team_name": N_("Please name the team."),
    "summary": N_("Please write what the idea is in two or three sentences."),
    "problem": N_("Please write which problem it solves, and for whom."),
    "solution": N_("Please write how it works."),
}


async def enter_idea(*, edition_id: int, values: Mapping[str, str], actor: Actor, now: datetime) -> int:
    """Begin an idea as a draft led by the actor; gives its id. ``values`` holds any of ``TEXT_FIELDS``.

    Raises ContestNotOpen while the edition takes no ideas, SignInNeeded without a person.
    """
    if actor.person_id is None:
        raise SignInNeeded
    async with write_transaction():
        contest = await contest_queries.contest_of_edition(edition_id)
        if contest is None:
            raise NotFound
        ensure_open(await contest_queries.hold_contest(contest.id), now)
        entry = await add_entry(contest_id=contest.id, values=values, created_by=actor.person_id, now=now)
        await add_member(entry_id=entry, person_id=actor.person_id, role=MemberRole.LEADER)
        await grant_role(person_id=actor.person_id, role=Role.TEAM_MEMBER, edition_id=edition_id, actor=actor, now=now)
        await _record(actor, "entry.create", entry, edition_id, now, after={"title": values.get("title", "")})
    return entry


async def update_idea(*, entry_id: int, values: Mapping[str, str], actor: Actor, now: datetime) -> None:
    """Change texts of the team's own idea. What was sent in can be changed until the call ends, a draft also later.

    Raises NotFound for another team's idea, ContestNotOpen after the call, EntryNotEditable when it was taken back,
    EntryIncomplete when it was sent in and a needed text would go.
    """
    async with write_transaction():
        before, contest = await _own(entry_id, actor, now)
        if before.state == EntryState.WITHDRAWN:
            raise EntryNotEditable
        merged = {name: clean_lines(values.get(name, getattr(before, name))) for name in TEXT_FIELDS}
        if before.state == EntryState.SUBMITTED:
            _ensure_complete(merged)
        await Entry.update({**columns_of(merged), Entry.updated_at: now}).where(Entry.id == entry_id)
        old, new = audit.changes({name: getattr(before, name) for name in TEXT_FIELDS}, merged)
        if new:
            await _record(actor, "entry.update", entry_id, contest.edition_id, now, before=old, after=new)


async def submit_idea(*, entry_id: int, actor: Actor, now: datetime) -> str:
    """Send the team's idea in; gives its short code. Sent in again it gives the same code.

    Raises EntryIncomplete with a sentence for each missing text, and as :func:`update_idea`.
    """
    async with write_transaction():
        entry, contest = await _own(entry_id, actor, now)
        if entry.state == EntryState.SUBMITTED:
            return entry.short_code
        ensure_open(contest, now)
        if entry.state == EntryState.WITHDRAWN:
            raise EntryNotEditable
        _ensure_complete({name: getattr(entry, name) for name in TEXT_FIELDS})
        code = await register_short_code(SHORT_CODE_KIND, entry_id, contest.edition_id, now)
        changed = (
            await Entry.update({Entry.state: EntryState.SUBMITTED, Entry.submitted_at: now, Entry.short_code: code})
            .where((Entry.id == entry_id) & (Entry.state == EntryState.DRAFT.value))
            .returning(Entry.id)
        )
        if changed:
            await _record(actor, "entry.submit", entry_id, contest.edition_id, now)
            await tell_received(contest=contest, entry=entry, now=now)
    return code


async def withdraw_idea(*, entry_id: int, actor: Actor, now: datetime) -> None:
    """Take the team's idea back, also after the call; its ballots stay in their chains but count no more.

    Raises NotFound for another team's idea, EntryDecided once the results of one of its rounds are out.
    """
    async with write_transaction():
        entry = await queries.own_entry(entry_id, actor.person_id)
        if await queries.is_decided(entry_id):
            raise EntryDecided
        contest = await contest_queries.contest_by_id(entry.contest_id)
        changed = (
            await Entry.update({Entry.state: EntryState.WITHDRAWN, Entry.withdrawn_at: now})
            .where((Entry.id == entry_id) & (Entry.state != EntryState.WITHDRAWN.value))
            .returning(Entry.id)
        )
        if changed:
            await _record(actor, "entry.withdraw", entry_id, contest.edition_id, now, before={"state": entry.state})


async def invite_member(
    *, entry_id: int, full_name: str, phone: str | None, email: str | None, actor: Actor, now: datetime
) -> None:
    """Add a person to the team's own idea; somebody who is in it already stays as she is.

    Raises as :func:`update_idea`, and ContactMissing without phone and mail.
    """
    async with write_transaction():
        entry, contest = await _own(entry_id, actor, now)
        person = await find_or_create_by_one_contact(
            full_name=full_name, phone=phone, email=email, locale=actor.locale, now=now
        )
        await add_member(entry_id=entry_id, person_id=person.id, role=MemberRole.MEMBER)
        await grant_role(
            person_id=person.id, role=Role.TEAM_MEMBER, edition_id=contest.edition_id, actor=actor, now=now
        )
        await _record(actor, "entry.member.add", entry_id, contest.edition_id, now, after={"person_id": person.id})
        if entry.state == EntryState.SUBMITTED:  # before, nobody is written to on a leader's word alone
            await tell_received(contest=contest, entry=entry, now=now)


async def remove_member(*, entry_id: int, member_id: int, actor: Actor, now: datetime) -> None:
    """Take a person, but not the leader, out of the team's own idea. Raises as :func:`update_idea`."""
    async with write_transaction():
        _entry, contest = await _own(entry_id, actor, now)
        gone = (
            await EntryMember.delete()
            .where(
                (EntryMember.id == member_id)
                & (EntryMember.entry == entry_id)
                & (EntryMember.role == MemberRole.MEMBER.value)
            )
            .returning(EntryMember.person)
        )
        for row in gone:
            await _record(
                actor, "entry.member.remove", entry_id, contest.edition_id, now, before={"person_id": row["person"]}
            )


async def add_entry(*, contest_id: int, values: Mapping[str, str], created_by: int | None, now: datetime) -> int:
    """Insert a draft in the caller's transaction; gives its id."""
    texts = {name: clean_lines(values.get(name, "")) for name in TEXT_FIELDS}
    entry = Entry(contest=contest_id, created_by=created_by, created_at=now, updated_at=now)
    for name, value in columns_of(texts).items():
        setattr(entry, str(name), value)
    await entry.save()
    return entry.id


async def add_member(*, entry_id: int, person_id: int, role: MemberRole) -> None:
    """Put a person into a team, once, in the caller's transaction."""
    await EntryMember.insert(EntryMember(entry=entry_id, person=person_id, role=role)).on_conflict(action="DO NOTHING")


def columns_of(texts: Mapping[str, str]) -> dict[Column | str, Any]:
    """The columns, by name, of an idea's texts with what is derived of them: its sort key and its search text."""
    values: dict[Column | str, Any] = {name: texts[name] for name in TEXT_FIELDS}
    values["title_key"] = text_key(texts["title"])[:400]
    values["search"] = search_text(texts["title"], texts["team_name"], texts["category"], texts["ward"])
    return values


def ensure_open(contest: ContestRow, now: datetime) -> None:
    """Raise ContestNotOpen unless the contest takes ideas now, CallNotBegun or CallEnded where a time tells why."""
    if contest.takes_ideas(now):
        return
    if contest.entries_close_at is not None and contest.is_late(now):
        raise CallEnded(time=format_datetime(contest.entries_close_at, contest.timezone))
    if contest.state == ContestState.OPEN and contest.entries_open_at is not None:
        raise CallNotBegun(time=format_datetime(contest.entries_open_at, contest.timezone))
    raise ContestNotOpen


def _ensure_complete(texts: Mapping[str, str]) -> None:
    missing = {name: _(sentence) for name, sentence in NEEDED.items() if not texts[name]}
    if missing:
        raise EntryIncomplete(fields=missing)


async def _own(entry_id: int, actor: Actor, now: datetime) -> tuple[EntryRow, ContestRow]:
    """The team's own idea and its contest, whose call stays as it is before the transaction ends."""
    entry = await queries.own_entry(entry_id, actor.person_id)
    contest = await contest_queries.hold_contest(entry.contest_id)
    if entry.state != EntryState.DRAFT:
        ensure_open(contest, now)
    return entry, contest


async def _record(
    actor: Actor,
    action: str,
    entry_id: int,
    edition_id: int,
    now: datetime,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> None:
    await audit.record(
        actor=actor,
        action=action,
        subject_type="entry",
        subject_id=entry_id,
        edition_id=edition_id,
        before=before,
        after=after,
        now=now,
    )
