"""Juries: who judges, who is given which idea, who steps back."""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.accounts.enums import DeviceKind, Role
from app.accounts.services.devices import make_device_invite, revoke_device
from app.accounts.services.people import find_or_create_person, grant_role, revoke_role
from app.accounts.tables import Device, RoleGrant
from app.judging.balancing import propose
from app.judging.enums import AssignmentState, PanelRole, RoundState
from app.judging.errors import AlreadyScored, JudgeInConflict, RoundStateWrong
from app.judging.queries import contests as contest_queries
from app.judging.queries import panels as queries
from app.judging.queries.results import entries_of_round
from app.judging.services.contests import progress_channel
from app.judging.tables import Assignment, PanelMember, RoundEntry
from app.kernel import audit, live
from app.kernel.database import write_transaction
from app.kernel.errors import NotFound
from app.kernel.names import clean_text

_OPEN_TO_CHANGE = (RoundState.DRAFT, RoundState.OPEN)
_LIVE = (AssignmentState.ASSIGNED, AssignmentState.SCORED)


@dataclass(frozen=True)
class JudgeCard:
    """What is printed for one judge's tablet: a code that binds one device, once."""

    person_id: int
    full_name: str
    organisation: str
    url: str


async def add_judge(
    *,
    contest_id: int,
    full_name: str,
    phone: str | None,
    email: str | None,
    organisation: str = "",
    expertise: str = "",
    role: PanelRole = PanelRole.JUDGE,
    locale: str = "vi",
    actor: Actor,
    now: datetime,
) -> int:
    """Put a person into the jury, or change what the jury list says of her; gives her id.

    Raises ContactMissing without phone and mail.
    """
    async with write_transaction():
        contest = await contest_queries.contest_by_id(contest_id)
        person = await find_or_create_person(full_name=full_name, phone=phone, email=email, locale=locale, now=now)
        texts = (clean_text(organisation), clean_text(expertise))
        before = await _told(contest_id, person.id)
        known = (
            await PanelMember.update(
                {
                    PanelMember.role: role,
                    PanelMember.organisation: texts[0],
                    PanelMember.expertise: texts[1],
                    PanelMember.removed_at: None,
                }
            )
            .where((PanelMember.contest == contest_id) & (PanelMember.person == person.id))
            .returning(PanelMember.id)
        )
        if not known:
            member = PanelMember(
                contest=contest_id,
                person=person.id,
                role=role,
                pseudonym=secrets.token_hex(16),
                organisation=texts[0],
                expertise=texts[1],
                added_at=now,
            )
            await member.save()
        wanted = Role.JURY_CHAIR if role == PanelRole.CHAIR else Role.JUDGE
        await grant_role(person_id=person.id, role=wanted, edition_id=contest.edition_id, actor=actor, now=now)
        await _end_roles(person.id, contest.edition_id, keep=wanted, actor=actor, now=now)
        told = await _told(contest_id, person.id) or {}
        old, new = audit.changes(before or {}, told)
        if new:
            await audit.record(
                actor=actor,
                action="panel.add" if before is None else "panel.update",
                subject_type="person",
                subject_id=person.id,
                edition_id=contest.edition_id,
                before=old or None,
                after=new,
                now=now,
            )
    return int(person.id)


async def assign_judges(*, round_id: int, actor: Actor, now: datetime, per_entry: int | None = None) -> int:
    """Fill every idea of a round up to ``per_entry`` judges (None: as the contest says); gives how many were added.

    Loads are even, nobody is given an idea of her own team or organisation, chairs are given none, and what was
    assigned by hand, scored or stepped back from stays. Raises RoundStateWrong once the round is sealed.
    """
    async with write_transaction():
        # Held alone: of two who press at once the second finds nothing missing any more.
        round_ = await contest_queries.hold_round(round_id, alone=True)
        contest = await contest_queries.contest_by_id(round_.contest_id)
        if round_.state not in _OPEN_TO_CHANGE:
            raise RoundStateWrong
        panel = await queries.panel_of(contest.id)
        judges = [member.person_id for member in panel if member.role == PanelRole.JUDGE]
        entries = [entry["id"] for entry in await entries_of_round(round_id)]
        forbidden = await queries.conflicts(contest.id, judges, organiser_id=contest.organiser_id)
        existing = await queries.assignments_of(round_id)
        kept = {(cell.entry_id, cell.judge_id) for cell in existing if cell.state in _LIVE}
        refused = {(cell.entry_id, cell.judge_id) for cell in existing if cell.state not in _LIVE}
        pairs = await asyncio.to_thread(  # a second or so for thousands of ideas
            propose,
            entries,
            judges,
            per_entry=per_entry or contest.judges_per_entry,
            forbidden=forbidden | refused,
            kept=kept,
        )
        for start in range(0, len(pairs), 200):
            await Assignment.insert(
                *(
                    Assignment(round=round_id, entry=entry_id, judge=judge_id, assigned_at=now)
                    for entry_id, judge_id in pairs[start : start + 200]
                )
            )
        await audit.record(
            actor=actor,
            action="round.assign",
            subject_type="round",
            subject_id=round_id,
            edition_id=contest.edition_id,
            after={"added": len(pairs)},
            now=now,
        )
        await live.publish(progress_channel(round_id), {"changed": "assignments"})
    return len(pairs)


async def set_assignment(
    *, round_id: int, entry_id: int, judge_id: int, assigned: bool, actor: Actor, now: datetime
) -> None:
    """Give an idea to a judge by hand, or take it away; what it is already changes nothing.

    Raises JudgeInConflict, AlreadyScored for taking away what was scored, RoundStateWrong once the round is sealed,
    NotFound for an idea that is not in the round or a person who is not in the jury.
    """
    async with write_transaction():
        round_ = await contest_queries.hold_round(round_id)
        contest = await contest_queries.contest_by_id(round_.contest_id)
        if round_.state not in _OPEN_TO_CHANGE:
            raise RoundStateWrong
        panel = {member.person_id: member for member in await queries.panel_of(contest.id)}
        in_round = await RoundEntry.exists().where((RoundEntry.round == round_id) & (RoundEntry.entry == entry_id))
        if judge_id not in panel or not in_round:
            raise NotFound
        cell = (Assignment.round == round_id) & (Assignment.entry == entry_id) & (Assignment.judge == judge_id)
        was = await Assignment.exists().where(cell & Assignment.state.is_in([state.value for state in _LIVE]))
        if assigned:
            if (entry_id, judge_id) in await queries.conflicts(
                contest.id, [judge_id], organiser_id=contest.organiser_id
            ):
                raise JudgeInConflict(judge=panel[judge_id].full_name)
            await Assignment.insert(
                Assignment(round=round_id, entry=entry_id, judge=judge_id, assigned_at=now)
            ).on_conflict(action="DO NOTHING")
            # A chair who judges an idea herself needs the tablet, too.
            await grant_role(person_id=judge_id, role=Role.JUDGE, edition_id=contest.edition_id, actor=actor, now=now)
            await Assignment.update({Assignment.state: AssignmentState.ASSIGNED, Assignment.recused: ""}).where(
                cell & Assignment.state.is_in([AssignmentState.RECUSED.value, AssignmentState.REMOVED.value])
            )
        else:
            # First the change, then the look: a ballot that comes at this moment is waited for.
            taken = (
                await Assignment.update({Assignment.state: AssignmentState.REMOVED})
                .where(cell & (Assignment.state == AssignmentState.ASSIGNED.value))
                .returning(Assignment.id)
            )
            scored = cell & (Assignment.state == AssignmentState.SCORED.value)
            if not taken and await Assignment.exists().where(scored):
                raise AlreadyScored
        if was == assigned:
            return
        await audit.record(
            actor=actor,
            action="assignment.set",
            subject_type="entry",
            subject_id=entry_id,
            edition_id=contest.edition_id,
            before={"round_id": round_id, "judge_id": judge_id, "assigned": was},
            after={"round_id": round_id, "judge_id": judge_id, "assigned": assigned},
            now=now,
        )
        await live.publish(progress_channel(round_id), {"changed": "assignments"})


async def recuse(*, assignment_id: int, reason: str, actor: Actor, now: datetime) -> None:
    """Step back from an idea, with the reason; a ballot given before counts no more. Again it changes nothing.

    Raises NotFound for an idea the actor was not given, RoundStateWrong once the round is sealed.
    """
    async with write_transaction():
        row = (
            await Assignment.select(Assignment.id, Assignment.round, Assignment.entry)
            .where((Assignment.id == assignment_id) & (Assignment.judge == actor.person_id))
            .first()
        )
        if row is None or actor.person_id is None:
            raise NotFound
        round_ = await contest_queries.hold_round(row["round"])
        contest = await contest_queries.contest_by_id(round_.contest_id)
        if round_.state not in _OPEN_TO_CHANGE:
            raise RoundStateWrong
        gone = [AssignmentState.REMOVED.value, AssignmentState.RECUSED.value]
        stepped = (
            await Assignment.update(
                {Assignment.state: AssignmentState.RECUSED, Assignment.recused: clean_text(reason)[:300]}
            )
            .where((Assignment.id == assignment_id) & Assignment.state.not_in(gone))
            .returning(Assignment.id)
        )
        if not stepped:
            return
        await audit.record(
            actor=actor,
            action="assignment.recuse",
            subject_type="entry",
            subject_id=row["entry"],
            edition_id=contest.edition_id,
            after={"round_id": row["round"], "judge_id": actor.person_id},
            now=now,
        )
        await live.publish(progress_channel(round_.id), {"changed": "assignments"})


async def remove_judge(*, contest_id: int, person_id: int, actor: Actor, now: datetime) -> None:
    """Take a person out of the jury: her roles and open assignments end, tablets are shut out, ballots given stay.

    Raises NotFound for somebody who is not in it.
    """
    async with write_transaction():
        contest = await contest_queries.contest_by_id(contest_id)
        before = await _told(contest_id, person_id)
        gone = (
            await PanelMember.update({PanelMember.removed_at: now})
            .where(
                (PanelMember.contest == contest_id)
                & (PanelMember.person == person_id)
                & PanelMember.removed_at.is_null()
            )
            .returning(PanelMember.id)
        )
        if not gone:
            raise NotFound
        for round_ in await contest_queries.rounds_of(contest_id):
            await Assignment.update({Assignment.state: AssignmentState.REMOVED}).where(
                (Assignment.round == round_.id)
                & (Assignment.judge == person_id)
                & (Assignment.state == AssignmentState.ASSIGNED.value)
            )
        await _end_roles(person_id, contest.edition_id, keep=None, actor=actor, now=now)
        for device in await queries.devices_of_judges(contest.edition_id):
            if device.person_id == person_id:
                await revoke_device(device_id=device.id, actor=actor, now=now)
        await audit.record(
            actor=actor,
            action="panel.remove",
            subject_type="person",
            subject_id=person_id,
            edition_id=contest.edition_id,
            before=before,
            now=now,
        )


async def make_judge_cards(
    *, contest_id: int, person_ids: Sequence[int], actor: Actor, now: datetime
) -> list[JudgeCard]:
    """A new card for each of these members of the jury; cards of theirs that nobody has used yet end.

    Tablets that are bound stay bound.
    """
    cards = []
    async with write_transaction():
        contest = await contest_queries.contest_by_id(contest_id)
        wanted = set(person_ids)
        for device in await queries.devices_of_judges(contest.edition_id):
            if device.person_id in wanted and device.paired_at is None:
                await revoke_device(device_id=device.id, actor=actor, now=now)
        for member in await queries.panel_of(contest_id):
            if member.person_id not in wanted:
                continue
            _device_id, url = await make_device_invite(
                kind=DeviceKind.JUDGE,
                edition_id=contest.edition_id,
                label=member.full_name[:120],
                person_id=member.person_id,
                actor=actor,
                now=now,
            )
            cards.append(JudgeCard(member.person_id, member.full_name, member.organisation, url))
    return cards


async def withdraw_judge_device(*, contest_id: int, device_id: int, actor: Actor, now: datetime) -> None:
    """Shut a judge's tablet out, or end a card. Raises NotFound for a device of another edition or kind."""
    contest = await contest_queries.contest_by_id(contest_id)
    mine = (
        (Device.id == device_id) & (Device.edition_id == contest.edition_id) & (Device.kind == DeviceKind.JUDGE.value)
    )
    if not await Device.exists().where(mine & (Device.id == device_id)):
        raise NotFound
    await revoke_device(device_id=device_id, actor=actor, now=now)


async def _told(contest_id: int, person_id: int) -> dict[str, Any] | None:
    """A member of the jury as the log tells her; None when she is not in it."""
    return (
        await PanelMember.select(PanelMember.role, PanelMember.organisation, PanelMember.expertise)
        .where(
            (PanelMember.contest == contest_id) & (PanelMember.person == person_id) & PanelMember.removed_at.is_null()
        )
        .first()
    )


async def _end_roles(person_id: int, edition_id: int, *, keep: Role | None, actor: Actor, now: datetime) -> None:
    """Take back the roles of the jury that a person has in an edition, all but ``keep``."""
    ending = [role.value for role in (Role.JUDGE, Role.JURY_CHAIR) if role is not keep]
    rows = await RoleGrant.select(RoleGrant.id).where(
        (RoleGrant.person == person_id)
        & (RoleGrant.edition_id == edition_id)
        & RoleGrant.role.is_in(ending)
        & RoleGrant.revoked_at.is_null()
    )
    for row in rows:
        await revoke_role(grant_id=row["id"], edition_id=edition_id, actor=actor, now=now)
