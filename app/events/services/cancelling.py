"""An edition is cancelled: what is open of it closes, for good, and everybody concerned is told."""

from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.events import slots
from app.events.enums import EditionState, PassReason, PassState
from app.events.errors import AddressDiffers, EditionIsCancelled, EditionIsClosed
from app.events.passes.states import STANDING
from app.events.queries import EditionInfo, hold_edition
from app.events.services.telling import tell_later
from app.events.tables import Edition, Pass
from app.kernel import audit
from app.kernel.database import write_transaction
from app.kernel.names import clean_text


async def cancel_edition(*, edition_id: int, typed: str, reason: str, actor: Actor, now: datetime) -> None:
    """Cancel an edition for good and queue the job that tells everybody; all of it closes or nothing does.

    ``typed`` is its address, which the organiser wrote to confirm. Raises EditionNotFound, EditionIsClosed,
    EditionIsCancelled, AddressDiffers.
    """
    async with write_transaction(), audit.gathered():
        edition = await hold_edition(edition_id, alone=True)
        if edition.state == EditionState.CANCELLED:
            raise EditionIsCancelled
        if edition.state == EditionState.CLOSED:
            raise EditionIsClosed
        if typed.strip() != edition.slug:
            raise AddressDiffers(slug=edition.slug)
        why = clean_text(reason)[:500]
        await Edition.update(
            {
                Edition.state: EditionState.CANCELLED.value,
                Edition.closed_at: now,
                Edition.change_reason: why,
            }
        ).where(Edition.id == edition_id)
        closed = await slots.close_parts(edition, actor, now)
        closed["passes"] = await _withdraw_passes(edition, now)  # last, as in an order that is cancelled by itself
        await audit.record(
            actor=actor,
            action="edition.cancel",
            subject_type="edition",
            subject_id=edition_id,
            edition_id=edition_id,
            before={"state": edition.state},
            after={"state": EditionState.CANCELLED, "reason": why, **closed},
            now=now,
        )
        await tell_later(edition_id=edition_id, change=EditionState.CANCELLED.value, actor=actor, now=now)


async def _withdraw_passes(edition: EditionInfo, now: datetime) -> int:
    """Withdraw every pass of a cancelled edition; they are too many for an entry each in the log."""
    values: dict[Any, Any] = {
        Pass.state: PassState.REVOKED.value,
        Pass.state_reason: PassReason.CANCELLED.value,
        Pass.revoked_at: now,
        Pass.revoked_reason: "edition cancelled",
    }
    gone = (
        await Pass.update(values)
        .where((Pass.edition == edition.id) & Pass.state.is_in([state.value for state in STANDING]))
        .returning(Pass.id)
    )
    return len(gone)
