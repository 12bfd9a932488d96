"""A signing key that leaked: nothing it signed counts any more, and every pass of it gets a new code in one job.

Serial, short code, link and what was admitted stay; only the signed code changes, so a holder opens her link again and
sees the new one. What was printed or saved as a picture ends.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.events.enums import PassKind, PassState
from app.events.passes.codec import PassPayload, sign_code
from app.events.passes.queries import edition_of_purpose, key_purpose
from app.events.passes.services import secret_of
from app.events.passes.states import STANDING
from app.events.queries import EditionInfo, edition_by_id, hold_edition
from app.events.slots import contacts_of_passes
from app.events.tables import Pass
from app.kernel import audit
from app.kernel.clock import now as clock_now
from app.kernel.database import write_transaction
from app.kernel.i18n import _, use_locale
from app.kernel.jobs import JobContext, enqueue
from app.kernel.outbox import send_message, way_to
from app.kernel.settings import settings
from app.kernel.signing import Signer, active_key, ensure_key, retire_leaked_key

JOB = "events.reissue_passes"
CHUNK = 500


async def replace_leaked_key(*, key_id: int, actor: Actor, now: datetime) -> int:
    """Retire a key that leaked and queue the job that issues its passes again; returns the job's id.

    Raises KeyLeakedBefore, and KeyUnknown, also for a key that does not sign passes.
    """
    async with write_transaction():
        purpose = await retire_leaked_key(key_id, now)
        edition_id = edition_of_purpose(purpose)
        await audit.record(
            actor=actor,
            action="key.leaked",
            subject_type="edition",
            subject_id=edition_id,
            edition_id=edition_id,
            after={"key_id": key_id},
            now=now,
        )
        return await enqueue(
            JOB,
            {"edition_id": edition_id, "key_id": key_id},
            unique_key=f"{JOB}:{key_id}",
            edition_id=edition_id,
            actor=actor,
            now=now,
        )


async def reissue_passes(job: JobContext) -> dict[str, Any]:
    """Sign every pass of a leaked key anew, some hundred in a transaction, and tell their holders.

    Passes that were done in an earlier attempt carry the new key and are left alone.
    """
    edition = await edition_by_id(job.payload["edition_id"])
    standing: Any = Pass.state.is_in([state.value for state in STANDING])  # one that is blocked may count again
    mine = (Pass.edition == edition.id) & (Pass.key_id == job.payload["key_id"]) & standing
    await ensure_key(key_purpose(edition.id), clock_now())
    total, done = await Pass.count().where(mine), 0
    while not job.cancelled():
        async with write_transaction():
            await hold_edition(edition.id)  # its passes move with it, and another key signs from then on
            signer = await active_key(key_purpose(edition.id))
            rows = await Pass.select().where(mine).order_by(Pass.id).limit(CHUNK)
            for row in rows:
                await Pass.update({Pass.code: _signed(row, signer), Pass.key_id: signer.key_id}).where(
                    (Pass.id == row["id"]) & mine
                )
            if rows:
                await _tell(edition, rows, signer.key_id)
        if not rows:
            break
        done += len(rows)
        await job.progress(done, total)
    return {"passes": done}


def _signed(row: dict[str, Any], signer: Signer) -> str:
    payload = PassPayload(
        key_id=signer.key_id,
        edition_id=row["edition"],
        serial=row["serial"],
        kind=PassKind(row["kind"]),
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
    )
    return sign_code(payload, signer.sign)


async def _tell(edition: EditionInfo, rows: Sequence[dict[str, Any]], key_id: int) -> None:
    """Write to those who can be reached and whose pass counts; a pass is told of once for each new key."""
    counting = [row["id"] for row in rows if row["state"] == PassState.ISSUED]
    contacts = await contacts_of_passes(counting) if counting else {}
    for row in rows:
        contact = contacts.get(row["id"])
        if contact is None:
            continue
        with use_locale(contact.locale):
            channel, address = way_to(email=contact.email, phone=contact.phone)
            await send_message(
                channel=channel,
                to=address,
                person_id=contact.person_id,
                subject=_("Your pass has a new code: {festival}").format(festival=edition.title),
                body=_(
                    "{name}, the code of your pass for {festival} was replaced for safety. Open it again and show the "
                    "new one; pictures and prints of the old code do not open the gate any more:\n{link}"
                ).format(
                    name=row["holder_name"],
                    festival=edition.title,
                    link=f"{settings().base_url}/pass/{secret_of(row['secret_seed'])}",
                ),
                locale=contact.locale,
                edition_id=edition.id,
                secret=True,
                unique_key=f"pass.reissued:{row['id']}:{key_id}",
                now=clock_now(),
            )
