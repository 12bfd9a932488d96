"""Applications that were begun and never sent: their writer is reminded once, then they are deleted."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from piccolo.table import Table

from app.accounts.tables import Organisation, Person, RoleGrant, SignInToken
from app.kernel import audit
from app.kernel.database import write_transaction
from app.kernel.settings import settings
from app.kernel.tables import OutboxMessage
from booths.allocation.enums import ApplicationState
from booths.allocation.services.messages import draft_key, tell_draft
from booths.allocation.tables import Allocation, Application, BoothBill

REMINDED_BEFORE = timedelta(days=3)


def deleted_at(changed_at: datetime) -> datetime:
    """When a draft goes that nobody touches any more."""
    return changed_at + timedelta(days=settings().application_draft_days)


async def tidy_drafts(*, now: datetime) -> dict[str, int]:
    """Remind the writers of drafts that go in three days, and delete the drafts whose time is over.

    With a draft goes what was only made for it: the organisation, the contact's role in it, and the contact, as far as
    nothing else speaks of them. Returns how many were ``reminded`` and ``deleted``.
    """
    kept = timedelta(days=settings().application_draft_days)
    reminded = deleted = 0
    for row in await _untouched_since(now - kept + REMINDED_BEFORE):
        if row["changed_at"] <= now - kept:
            deleted += await _delete(row, now)
        else:
            reminded += await _remind(row, now)
    return {"reminded": reminded, "deleted": deleted}


async def _untouched_since(moment: datetime) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (
        await Application.select(
            Application.id,
            Application.edition,
            Application.organisation,
            Application.contact,
            Application.changed_at,
        )
        .where((Application.state == ApplicationState.DRAFT.value) & (Application.changed_at <= moment))
        .order_by(Application.id)
    )
    return rows


async def _remind(row: dict[str, Any], now: datetime) -> bool:
    if await OutboxMessage.exists().where(OutboxMessage.unique_key == draft_key(row["id"], row["changed_at"])):
        return False
    async with write_transaction():
        return await tell_draft(
            edition_id=row["edition"],
            application_id=row["id"],
            changed_at=row["changed_at"],
            until=deleted_at(row["changed_at"]),
            now=now,
        )


async def _delete(row: dict[str, Any], now: datetime) -> bool:
    """Delete a draft unless it was taken up meanwhile; one once placed or billed is withdrawn, for the record."""
    mine = (
        (Application.id == row["id"])
        & (Application.state == ApplicationState.DRAFT.value)
        & (Application.changed_at == row["changed_at"])
    )
    placed_once = await Allocation.exists().where(Allocation.application == row["id"]) or (
        await BoothBill.exists().where(BoothBill.application == row["id"])
    )
    async with write_transaction():
        if placed_once:
            values: dict[Any, Any] = {Application.state: ApplicationState.WITHDRAWN.value, Application.changed_at: now}
            gone = await Application.update(values).where(mine).returning(Application.id)
        else:
            gone = await Application.delete().where(mine).returning(Application.id)
        if not gone:
            return False
        await audit.record(
            actor=None,
            action="application.expire",
            subject_type="application",
            subject_id=row["id"],
            edition_id=row["edition"],
            before={"state": ApplicationState.DRAFT.value},
            now=now,
        )
    if not placed_once:
        await _delete_what_was_made_for_it(row)
    return True


async def _delete_what_was_made_for_it(row: dict[str, Any]) -> None:
    """Delete the organisation and the contact of a deleted draft when nothing else in the database speaks of them."""
    organisation_id, contact_id = row["organisation"], row["contact"]
    async with write_transaction():
        mine = RoleGrant.organisation == organisation_id
        if await _spoken_of(Organisation, organisation_id, apart_from=[RoleGrant]) or await RoleGrant.exists().where(
            mine & ((RoleGrant.edition_id != row["edition"]) | (RoleGrant.person != contact_id))
        ):
            return
        await RoleGrant.delete().where(mine)
        await Organisation.delete().where(Organisation.id == organisation_id)
        if contact_id is not None and not await _spoken_of(Person, contact_id, apart_from=[SignInToken]):
            await SignInToken.delete().where(SignInToken.person == contact_id)
            await Person.delete().where(Person.id == contact_id)


async def _spoken_of(table: type[Table], number: int, *, apart_from: Sequence[type[Table]]) -> bool:
    """Whether any row of any table refers to this one; foreign keys cascade, so this must be asked before a delete."""
    for column in table._meta.foreign_key_references:
        other = column._meta.table
        if other not in apart_from and await other.exists().where(column == number):
            return True
    return False
