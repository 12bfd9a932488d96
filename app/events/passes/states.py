"""Whether a pass counts: withdrawn for good, or blocked until somebody lifts that."""

from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.events.enums import PassReason, PassState
from app.events.errors import PassIsBlocked, PassNotFound, PassRevoked
from app.events.passes.services import IssuedPass, PassRequest, issue_passes_bulk
from app.events.tables import Pass
from app.kernel import audit
from app.kernel.database import hold_rows, write_transaction

#: States that a pass may be withdrawn from.
STANDING = (PassState.ISSUED, PassState.BLOCKED, PassState.STOCK)
LONGEST_WORDS = 200


async def revoke_pass(
    *, pass_id: int, reason: str, reason_code: PassReason = PassReason.WITHDRAWN, actor: Actor, now: datetime
) -> None:
    """Withdraw a pass for good, one that is blocked too; withdrawn twice changes nothing. Raises PassNotFound.

    ``reason_code`` is what gates and pages may say of it, ``reason`` what somebody wrote.
    """
    words = reason[:LONGEST_WORDS]
    async with write_transaction():
        state, edition_id = await _held(pass_id)
        if state not in STANDING:
            return
        values: dict[Any, Any] = {
            Pass.state: PassState.REVOKED.value,
            Pass.state_reason: reason_code.value,
            Pass.revoked_at: now,
            Pass.revoked_reason: words,
        }
        await Pass.update(values).where(Pass.id == pass_id)
        await audit.record(
            actor=actor,
            action="pass.revoke",
            subject_type="pass",
            subject_id=pass_id,
            edition_id=edition_id,
            before={"state": state},
            after={"state": PassState.REVOKED, "state_reason": reason_code, "reason": words},
            now=now,
        )


async def replace_pass(
    *, pass_id: int, edition_id: int, request: PassRequest, reason: str, actor: Actor, now: datetime
) -> IssuedPass:
    """Issue a pass with a code of its own in place of one that stands, which is withdrawn, in one transaction.

    Raises PassNotFound, PassRevoked, PassIsBlocked, EditionIsCancelled.
    """
    async with write_transaction():
        state, _edition = await _held(pass_id)
        require_valid(state)
        (issued,) = await issue_passes_bulk(edition_id=edition_id, requests=[request], now=now)
        await Pass.update({Pass.replaces: pass_id}).where(Pass.id == issued.id)
        await revoke_pass(pass_id=pass_id, reason=reason, reason_code=PassReason.REPLACED, actor=actor, now=now)
    return issued


async def block_pass(*, pass_id: int, reason: str, actor: Actor, now: datetime) -> None:
    """Let a pass open no gate until :func:`unblock_pass`; blocked twice changes nothing.

    Who and why stand in the log. Raises PassNotFound, and PassRevoked for one that was withdrawn.
    """
    await _move(pass_id, PassState.ISSUED, PassState.BLOCKED, reason=reason, actor=actor, now=now)


async def unblock_pass(*, pass_id: int, reason: str, actor: Actor, now: datetime) -> None:
    """Let a blocked pass count again, under the code that it has; for one that counts nothing changes.

    Raises PassNotFound, and PassRevoked for one that was withdrawn meanwhile.
    """
    await _move(pass_id, PassState.BLOCKED, PassState.ISSUED, reason=reason, actor=actor, now=now)


async def blocked_by(pass_id: int, edition_id: int) -> dict[str, Any] | None:
    """The entry of the log that says who blocked a pass last, when and why."""
    entries, _total = await audit.list_entries(
        edition_id=edition_id, subject_type="pass", subject_id=pass_id, action="pass.block", per_page=1
    )
    return entries[0] if entries else None


def require_valid(state: PassState) -> None:
    """Raises PassRevoked or PassIsBlocked for a pass that opens no gate."""
    if state == PassState.BLOCKED:
        raise PassIsBlocked
    if state != PassState.ISSUED:
        raise PassRevoked


async def _move(pass_id: int, before: PassState, after: PassState, *, reason: str, actor: Actor, now: datetime) -> None:
    async with write_transaction():
        state, edition_id = await _held(pass_id)
        if state == after:
            return
        if state != before:
            raise PassRevoked
        await Pass.update({Pass.state: after.value}).where(Pass.id == pass_id)
        await audit.record(
            actor=actor,
            action="pass.block" if after == PassState.BLOCKED else "pass.unblock",
            subject_type="pass",
            subject_id=pass_id,
            edition_id=edition_id,
            before={"state": before},
            after={"state": after, "reason": reason[:LONGEST_WORDS]},
            now=now,
        )


async def _held(pass_id: int) -> tuple[PassState, int]:
    """State and edition of a pass, which stays as it is until the transaction ends. Raises PassNotFound."""
    for row in await hold_rows("pass", "id = {} AND state <> {}", pass_id, PassState.LAID.value, alone=True):
        return PassState(row["state"]), row["edition"]
    raise PassNotFound
