"""Two records of one person or organisation made one, and two again.

Nothing is deleted and no id changes: what points at the one points at the other from then on, and which rows these
were is written down. A row for which there is no room there (the same role twice) stays where it is.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from piccolo.columns import Column

from app.accounts.actor import Actor
from app.accounts.enums import RecordKind, Role
from app.accounts.errors import (
    MergeLosesTwoStep,
    MergeNotLast,
    MergeNotYours,
    MergeOwnAccount,
    MergeUndone,
    MergeUpsideDown,
    NotMergeable,
)
from app.accounts.merging.likeness import likely_pairs
from app.accounts.merging.pointers import RECORDS, editions_beside, giving_way, hear_objectors, name_of, pointers
from app.accounts.merging.telling import tell_merged, tell_undone
from app.accounts.personal.registry import find_all
from app.accounts.personal.whom import whom_of
from app.accounts.queries import leads_into
from app.accounts.services.devices import forget_devices
from app.accounts.tables import HalfSignIn, NotTheSame, Organisation, Person, RecordMerge, Session, SignInToken, TwoStep
from app.kernel import audit
from app.kernel.database import after_commit, dialect, fetch, is_unique_violation, write_transaction
from app.kernel.errors import NotFound

CHUNK = 500
#: What the kept record takes over where it has nothing. Names, numbers and contacts by which one is known stay apart.
FILLED: dict[RecordKind, tuple[Column, ...]] = {
    RecordKind.PERSON: (Person.is_expert, Person.expertise),
    RecordKind.ORGANISATION: (
        Organisation.phone,
        Organisation.email,
        Organisation.address,
        Organisation.ward,
        Organisation.ward_code,
        Organisation.ward_before,
        Organisation.member_count,
        Organisation.contact,
    ),
}
#: What the log tells of both.
_TOLD = {
    RecordKind.PERSON: ("full_name", "phone", "email"),
    RecordKind.ORGANISATION: ("name", "ward", "phone", "email", "tax_number"),
}


async def known_in(kind: RecordKind, ids: Sequence[int]) -> dict[int, set[int | None]]:
    """The editions that know each record, by their columns (None: a role in every one)."""
    found: dict[int, set[int | None]] = {record_id: set() for record_id in ids}
    if not ids:
        return found
    listed = ", ".join(str(int(record_id)) for record_id in ids)
    for name, beside in editions_beside(kind).items():
        table, column = name.split(".")
        empty = "" if name == "role_grant.person" else f' AND "{beside}" IS NOT NULL'
        rows = await fetch(
            f'SELECT DISTINCT "{column}" AS record, "{beside}" AS edition FROM "{table}" '
            f'WHERE "{column}" IN ({listed}){empty}'
        )
        for row in rows:
            found[row["record"]].add(row["edition"])
    return found


def rules_all(actor: Actor, kind: RecordKind, editions: set[int | None]) -> bool:
    """Whether somebody may merge what these editions know: people as their owner, organisations as a manager, too."""
    ruled = actor.editions(Role.OWNER) if kind == RecordKind.PERSON else actor.editions(Role.OWNER, Role.MANAGER)
    return None in ruled or (bool(ruled) and editions <= ruled)


async def check_may_merge(kind: RecordKind, ids: Sequence[int], actor: Actor) -> None:
    """Raises MergeNotYours, and MergeOwnAccount for one's own."""
    known: set[int | None] = set()
    for editions in (await known_in(kind, ids)).values():
        known |= editions
    if kind == RecordKind.PERSON:
        if actor.person_id in ids:
            raise MergeOwnAccount
        for record_id in ids:  # what is told by no column of the table itself, such as the contest of an entry
            held = await find_all(await whom_of(record_id))
            known |= {row["edition_id"] for one in held for row in one.rows if row.get("edition_id") is not None}
    if not rules_all(actor, kind, known):
        raise MergeNotYours


async def merge_records(
    *, kind: RecordKind, kept_id: int, merged_id: int, edition_id: int, festival: str, actor: Actor, now: datetime
) -> int:
    """Make two records that look like one the one record; returns the merge.

    Both are told, sessions of the merged person open nothing any more, and the log has both as they were. Raises
    NotMergeable, MergeNotYours, MergeOwnAccount, MergeLosesTwoStep, MergeUpsideDown, and what modules object.
    ``festival`` is its name as the messages give it.
    """
    async with write_transaction():
        rows = await _hold(kind, kept_id, merged_id)
        await check_mergeable(kind, kept_id, merged_id, rows, actor)
        leads = kind == RecordKind.PERSON and await leads_into(merged_id, kept_id)
        table = RECORDS[kind]
        moved, renamed = await _move(kind, merged_id, kept_id)
        filled = {
            column._meta.name: rows[kept_id][column._meta.name]
            for column in FILLED[kind]
            if not rows[kept_id][column._meta.name] and rows[merged_id][column._meta.name]
        }
        if filled:
            taken: dict[Any, Any] = {name: rows[merged_id][name] for name in filled}
            await table.update(taken).where(table.id == kept_id)
        await table.update({table.merged_into: kept_id}).where(table.id == merged_id)
        merge = RecordMerge(
            kind=kind.value,
            kept=kept_id,
            merged=merged_id,
            edition_id=edition_id,
            moved=json.dumps(moved),
            renamed=json.dumps(renamed),
            filled=json.dumps(filled),
            merged_at=now,
            merged_by=actor.person_id,
        )
        await merge.save()
        await audit.record(
            actor=actor,
            action=f"{kind.value}.merge",
            subject_type=kind.value,
            subject_id=merged_id,
            edition_id=edition_id,
            before={key: rows[merged_id][key] for key in _TOLD[kind]},
            after={
                **{key: rows[kept_id][key] for key in _TOLD[kind]},
                "merged_into": kept_id,
                "records": _count(moved),
            },
            now=now,
        )
        await tell_merged(
            kind,
            rows[kept_id],
            rows[merged_id],
            merge_id=merge.id,
            leads=leads,
            edition_id=edition_id,
            festival=festival,
            now=now,
        )
        await after_commit(forget_devices)
    return int(merge.id)


async def check_mergeable(
    kind: RecordKind, kept_id: int, merged_id: int, rows: Mapping[int, Mapping[str, Any]], actor: Actor
) -> None:
    """Whether these two may become one. Raises as :func:`merge_records` does."""
    if len(rows) != 2 or any(row["merged_into"] is not None or row.get("erased_at") for row in rows.values()):
        raise NotMergeable
    if not await likely_pairs(kind, [kept_id, merged_id]):
        raise NotMergeable
    await check_may_merge(kind, [kept_id, merged_id], actor)
    if kind == RecordKind.PERSON:
        guarded = await TwoStep.select(TwoStep.person).where(
            TwoStep.person.is_in([kept_id, merged_id]) & TwoStep.confirmed_at.is_not_null()
        )
        if [row["person"] for row in guarded] == [merged_id]:
            raise MergeLosesTwoStep
    else:
        await _check_tree(kept_id, merged_id)
    await hear_objectors(kind, kept_id, merged_id)


async def _check_tree(kept_id: int, merged_id: int) -> None:
    above, seen = kept_id, {kept_id}
    while True:
        row = await Organisation.select(Organisation.parent).where(Organisation.id == above).first()
        if row is None or row["parent"] is None or row["parent"] in seen:
            return
        above = row["parent"]
        seen.add(above)
        if above == merged_id:
            raise MergeUpsideDown


async def undo_merge(*, merge_id: int, edition_id: int, festival: str, actor: Actor, now: datetime) -> RecordKind:
    """Make the records two again, as they were; returns of which kind they are.

    What was added since stays with the one that stayed, and so does what was changed since to lead elsewhere. Sessions
    and links of that one which began since the merge end: they may have been opened by the other's contact. Raises
    NotFound, MergeUndone, MergeNotLast, MergeNotYours.
    """
    async with write_transaction():
        found = (
            await RecordMerge.select()
            .where((RecordMerge.id == merge_id) & (RecordMerge.edition_id == edition_id))
            .first()
        )
        if found is None:
            raise NotFound
        kind, kept_id, merged_id = RecordKind(found["kind"]), found["kept"], found["merged"]
        rows = await _hold(kind, kept_id, merged_id)
        await check_may_merge(kind, [kept_id, merged_id], actor)
        if any(row.get("erased_at") for row in rows.values()):
            raise MergeUndone
        later = (RecordMerge.kept == kept_id) & (RecordMerge.id > merge_id) & RecordMerge.undone_at.is_null()
        if rows[kept_id]["merged_into"] is not None or await RecordMerge.exists().where(
            later & (RecordMerge.kind == kind.value)
        ):
            raise MergeNotLast
        won = (
            await RecordMerge.update({RecordMerge.undone_at: now, RecordMerge.undone_by: actor.person_id})
            .where((RecordMerge.id == merge_id) & RecordMerge.undone_at.is_null())
            .returning(RecordMerge.id)
        )
        if not won:
            raise MergeUndone
        back = await _move_back(kind, merged_id, kept_id, json.loads(found["moved"]), json.loads(found["renamed"]))
        table = RECORDS[kind]
        filled = json.loads(found["filled"])
        emptied: dict[Any, Any] = {
            name: old for name, old in filled.items() if rows[kept_id][name] == rows[merged_id][name]
        }
        if emptied:
            await table.update(emptied).where(table.id == kept_id)
        await table.update({table.merged_into: None}).where(table.id == merged_id)
        if kind == RecordKind.PERSON:
            since = found["merged_at"]
            await Session.delete().where((Session.person == kept_id) & (Session.created_at >= since))
            await HalfSignIn.delete().where((HalfSignIn.person == kept_id) & (HalfSignIn.created_at >= since))
            fresh = (SignInToken.person == kept_id) & (SignInToken.created_at >= since)
            await SignInToken.delete().where(fresh & SignInToken.used_at.is_null())
        await audit.record(
            actor=actor,
            action=f"{kind.value}.unmerge",
            subject_type=kind.value,
            subject_id=merged_id,
            edition_id=edition_id,
            before={"merged_into": kept_id},
            after={"merged_into": None, "records": back},
            now=now,
        )
        await tell_undone(
            kind, rows[kept_id], rows[merged_id], merge_id=merge_id, edition_id=edition_id, festival=festival, now=now
        )
        await after_commit(forget_devices)
    return kind


async def say_not_the_same(
    *, kind: RecordKind, first: int, second: int, edition_id: int, actor: Actor, now: datetime
) -> None:
    """Never propose these two again; saying it twice changes nothing. Raises NotMergeable, MergeNotYours."""
    low, high = sorted((first, second))
    async with write_transaction():
        rows = await _hold(kind, low, high)
        if len(rows) != 2:
            raise NotMergeable
        await check_may_merge(kind, [low, high], actor)
        said = NotTheSame(kind=kind.value, first=low, second=high, said_at=now, said_by=actor.person_id)
        made = await NotTheSame.insert(said).on_conflict(action="DO NOTHING").returning(NotTheSame.id)
        if made:
            await audit.record(
                actor=actor,
                action=f"{kind.value}.not_the_same",
                subject_type=kind.value,
                subject_id=low,
                edition_id=edition_id,
                after={"other": high},
                now=now,
            )


async def _hold(kind: RecordKind, *ids: int) -> dict[int, dict[str, Any]]:
    """Both records, which nobody else merges or points at before the caller's transaction ends."""
    table = RECORDS[kind]
    if dialect() == "postgres":
        for record_id in sorted(ids):  # in one order, lest two wait for each other
            await fetch(f'SELECT id FROM "{table._meta.tablename}" WHERE id = {{}} FOR UPDATE', record_id)
    return {row["id"]: row for row in await table.select().where(table.id.is_in(list(ids)))}


Moved = dict[str, list[int]]
Renamed = dict[str, dict[str, list[str]]]


async def _move(kind: RecordKind, merged_id: int, kept_id: int) -> tuple[Moved, Renamed]:
    """Let everything point at the kept record; what there is no room for stays."""
    moved: Moved = {}
    renamed: Renamed = {}
    for name, column in pointers(kind).items():
        table, key = column._meta.table, column._meta.table._meta.primary_key
        rows = await table.select(key).where(column == merged_id).order_by(key)
        ids = [row[key._meta.name] for row in rows if not (table is RECORDS[kind] and row[key._meta.name] == kept_id)]
        if not ids:
            continue
        values: dict[Any, Any] = {column: kept_id}
        done = await _change(column, ids, values)
        value = giving_way(name)
        if value is not None:
            for row_id in [one for one in ids if one not in done]:
                row = await table.select(value).where(key == row_id).first()
                old = str(row[value._meta.name]) if row else ""
                new = old[: (value.length or 0) - len(str(row_id)) - 1] + f"~{row_id}"
                if await _change(column, [row_id], {**values, value: new}):
                    done.append(row_id)
                    renamed.setdefault(name_of(value), {})[str(row_id)] = [old, new]
        if done:
            moved[name] = sorted(done)
    return moved, renamed


async def _move_back(kind: RecordKind, merged_id: int, kept_id: int, moved: Moved, renamed: Renamed) -> int:
    """Let what was moved, and still is where it was moved to, point at the merged record again; how many that were."""
    columns = pointers(kind)
    back = 0
    for name, ids in moved.items():
        column = columns[name]
        table, key = column._meta.table, column._meta.table._meta.primary_key
        value = giving_way(name)
        changed = renamed.get(name_of(value), {}) if value is not None else {}
        plain = [one for one in ids if str(one) not in changed]
        back += len(await _change(column, plain, {column: merged_id}, only=kept_id))
        for row_id, (old, new) in changed.items():
            if value is not None:
                done = await _change(column, [int(row_id)], {column: merged_id}, only=kept_id)
                back += len(done)
                if done:
                    await table.update({value: old}).where((key == int(row_id)) & (value == new))
    return back


async def _change(column: Column, ids: Sequence[int], values: dict[Any, Any], *, only: int | None = None) -> list[int]:
    """Change rows at once or, where there is no room for one of them, one by one; the ids of those that were changed.

    ``only`` leaves out rows that point elsewhere by now.
    """
    done: list[int] = []
    for start in range(0, len(ids), CHUNK):
        some = list(ids[start : start + CHUNK])
        changed = await _try(column, some, values, only)
        if changed is None:
            for row_id in some:
                done += await _try(column, [row_id], values, only) or []
        else:
            done += changed
    return done


async def _try(column: Column, ids: list[int], values: dict[Any, Any], only: int | None) -> list[int] | None:
    table = column._meta.table
    key = table._meta.primary_key
    condition = key.is_in(ids) if only is None else key.is_in(ids) & (column == only)
    await fetch("SAVEPOINT moving")
    try:
        rows = await table.update(values).where(condition).returning(key)
    except Exception as error:
        await fetch("ROLLBACK TO SAVEPOINT moving")
        await fetch("RELEASE SAVEPOINT moving")
        if is_unique_violation(error):
            return None
        raise
    await fetch("RELEASE SAVEPOINT moving")
    return [row[key._meta.name] for row in rows]


def _count(moved: Mapping[str, Sequence[int]]) -> int:
    return sum(len(ids) for ids in moved.values())
