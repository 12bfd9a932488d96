"""Quotas as an organiser sets them: how many places there are, and which ticket types draw on them.

What several types sell stands in each quota that they draw on. Whoever changes that holds the type before its quotas,
like whoever takes places.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.events.queries import hold_edition_going_on
from app.kernel import audit
from app.kernel.database import fetch, hold_row, hold_rows, write_transaction
from ticketing.sales.errors import QuotaInUse, QuotaMissing, QuotaTooFull, QuotaTooSmall, UnknownQuota
from ticketing.sales.queries import quotas_of
from ticketing.sales.tables import Quota, QuotaType


@dataclass(frozen=True, kw_only=True)
class QuotaValues:
    """What an organiser says about a quota."""

    name: str
    size: int


async def create_quota(*, edition_id: int, values: QuotaValues, actor: Actor, now: datetime) -> int:
    """Add a quota that no ticket type draws on yet. Raises EditionNotFound, EditionIsCancelled."""
    async with write_transaction():
        await hold_edition_going_on(edition_id)
        made = Quota(edition=edition_id, name=values.name, size=values.size)
        await made.save()
        await audit.record(
            actor=actor,
            action="quota.create",
            subject_type="quota",
            subject_id=made.id,
            edition_id=edition_id,
            after={"name": values.name, "size": values.size},
            now=now,
        )
    return int(made.id)


async def update_quota(*, quota_id: int, edition_id: int, values: QuotaValues, actor: Actor, now: datetime) -> None:
    """Change the name and the size of a quota that types share; that of a type's own is changed with the type.

    Raises UnknownQuota, QuotaTooSmall (below what is sold and held), EditionIsCancelled.
    """
    async with write_transaction():
        await hold_edition_going_on(edition_id)
        before = await _quota(quota_id, edition_id)
        await _resize(before, values.size, values.name)
        old, new = audit.changes(
            {"name": before["name"], "size": before["size"]}, {"name": values.name, "size": values.size}
        )
        if new:
            await audit.record(
                actor=actor,
                action="quota.update",
                subject_type="quota",
                subject_id=quota_id,
                edition_id=edition_id,
                before=old,
                after=new,
                now=now,
            )


async def delete_quota(*, quota_id: int, edition_id: int, actor: Actor, now: datetime) -> None:
    """Delete a quota that no ticket type draws on. Raises UnknownQuota, QuotaInUse."""
    async with write_transaction():
        before = await _quota(quota_id, edition_id)
        if before["types"]:
            raise QuotaInUse
        await Quota.delete().where(Quota.id == quota_id)
        await audit.record(
            actor=actor,
            action="quota.delete",
            subject_type="quota",
            subject_id=quota_id,
            edition_id=edition_id,
            before={"name": before["name"], "size": before["size"]},
            now=now,
        )


async def draw_on(
    *, ticket_type: dict[str, Any], name: str, quota: int | None, quotas: Sequence[int] | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Let a ticket type draw on a quota of its own of this size, if any, and on others; gives both states for the log.

    Call it inside a transaction that holds the type, whose row is ``ticket_type``. ``quotas`` are ids; None leaves them
    as they are. What is sold and held of the type counts in what it joins, and no more in what it leaves.
    Raises QuotaMissing, UnknownQuota, QuotaTooSmall, QuotaTooFull.
    """
    type_id, sold, held = ticket_type["id"], ticket_type["sold"], ticket_type["held"]
    await hold_rows("quota", "edition = {}", ticket_type["edition"], alone=True)
    known = {row["id"]: row for row in await quotas_of(ticket_type["edition"])}
    own = next((one for one in known.values() if one["own_of"] == type_id), None)
    shared = {one["id"] for one in known.values() if one["own_of"] is None}
    others = {quota_id for quota_id in shared if type_id in known[quota_id]["types"]}
    wanted = others if quotas is None else set(quotas)
    if quota is None and not wanted:
        raise QuotaMissing
    if wanted - shared:
        raise UnknownQuota
    for quota_id in sorted(others - wanted):
        await _leave(quota_id, type_id, sold, held)
    for quota_id in sorted(wanted - others):
        await _join(known[quota_id], type_id, sold, held)
    if own is None and quota is not None:
        if sold + held > quota:
            raise QuotaTooSmall(taken=sold + held)
        made = Quota(edition=ticket_type["edition"], name=name[:120], size=quota, sold=sold, held=held)
        await made.save()
        await QuotaType.insert(QuotaType(quota=made.id, ticket_type=type_id, own=True))
    elif own is not None and quota is not None:
        await _resize(own, quota, name[:120])
    elif own is not None:
        await _leave(own["id"], type_id, sold, held)
        await Quota.delete().where(Quota.id == own["id"])
    return (
        {"quota": own["size"] if own else None, "quotas": sorted(others)},
        {"quota": quota, "quotas": sorted(wanted)},
    )


async def _quota(quota_id: int, edition_id: int) -> dict[str, Any]:
    """A quota that types share, which nobody else changes before the transaction ends. Raises UnknownQuota."""
    await hold_row("quota", quota_id, alone=True)
    for row in await quotas_of(edition_id):
        if row["id"] == quota_id and row["own_of"] is None:
            return row
    raise UnknownQuota


async def _resize(quota: dict[str, Any], size: int, name: str) -> None:
    changed = await fetch(
        "UPDATE quota SET size = {}, name = {} WHERE id = {} AND sold + held <= {} RETURNING id",
        size,
        name,
        quota["id"],
        size,
    )
    if not changed:
        raise QuotaTooSmall(taken=quota["sold"] + quota["held"])


async def _join(quota: dict[str, Any], type_id: int, sold: int, held: int) -> None:
    changed = await fetch(
        "UPDATE quota SET sold = sold + {}, held = held + {} WHERE id = {} AND sold + held + {} <= size RETURNING id",
        sold,
        held,
        quota["id"],
        sold + held,
    )
    if not changed:
        taken = quota["sold"] + quota["held"] + sold + held
        raise QuotaTooFull(name=quota["name"], size=quota["size"], taken=taken)
    await QuotaType.insert(QuotaType(quota=quota["id"], ticket_type=type_id))


async def _leave(quota_id: int, type_id: int, sold: int, held: int) -> None:
    await QuotaType.delete().where((QuotaType.quota == quota_id) & (QuotaType.ticket_type == type_id))
    await fetch("UPDATE quota SET sold = sold - {}, held = held - {} WHERE id = {} RETURNING id", sold, held, quota_id)
