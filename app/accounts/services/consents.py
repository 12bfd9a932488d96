"""The ledger of consents: given or withdrawn with one press, each a new row; nothing is ever preset."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.accounts.enums import ConsentPurpose, GivenThrough
from app.accounts.tables import Consent
from app.kernel import audit
from app.kernel.database import write_transaction
from app.kernel.errors import NotFound

Effect = Callable[[int, bool], Awaitable[None]]

_effects: dict[ConsentPurpose, Effect] = {}


def register_effect(purpose: ConsentPurpose, effect: Effect) -> None:
    """Have ``effect(person_id, given)`` called in the transaction in which a consent changes."""
    _effects[purpose] = effect


async def consents_of(person_id: int) -> list[dict[str, Any]]:
    """The ledger of a person, the newest row first; ``current`` marks the row that counts for its purpose."""
    rows = await Consent.select().where(Consent.person == person_id).order_by(Consent.id, ascending=False)
    seen: set[tuple[str, int | None]] = set()
    for row in rows:
        key = (row["purpose"], row["edition_id"])
        row["current"] = key not in seen
        seen.add(key)
    return rows


async def change_consent(*, consent_id: int, given: bool, actor: Actor, now: datetime) -> None:
    """Withdraw a consent of one's own, or give it again in the same words. Pressed twice it is kept once.

    One that an officer wrote down is confirmed by giving it oneself.

    Raises NotFound for another's, and for a row that no longer counts.
    """
    assert actor.person_id is not None
    async with write_transaction():
        rows = await consents_of(actor.person_id)
        row = next((row for row in rows if row["id"] == consent_id and row["current"]), None)
        if row is None:
            raise NotFound
        confirmed = given and row["given"] and row["given_through"] != GivenThrough.HERSELF
        if row["given"] == given and not confirmed:
            return
        purpose = ConsentPurpose(row["purpose"])
        await Consent(
            person=actor.person_id,
            purpose=purpose,
            edition_id=row["edition_id"],
            given=given,
            wording=row["wording"],
            at=now,
        ).save()
        if purpose in _effects:
            await _effects[purpose](actor.person_id, given)
        await audit.record(
            actor=actor,
            action="consent.confirm" if confirmed else "consent.give" if given else "consent.withdraw",
            subject_type="person",
            subject_id=actor.person_id,
            edition_id=row["edition_id"],
            now=now,
        )
