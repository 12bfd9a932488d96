"""Passes of an edition that is postponed: they count on the new days, under the codes that people have.

A code carries its days, signed, and hangs printed round people's necks. So a code stays, and its key says by how much
what it signed has moved: the service and the phones at the gates add that before they look at the clock. From then on
a new key signs.
"""

from datetime import timedelta

from app.events.moving import Shift
from app.events.passes.queries import key_purpose, key_shifts
from app.events.tables import Pass, PassShift
from app.kernel.signing import rotate_key
from app.kernel.tables import SigningKey


async def move_passes(shift: Shift) -> None:
    """Let every pass count on the new days, in the caller's transaction, which holds the edition alone.

    All move by the same time, so that phones without a network say the same as the service.
    """
    edition_id = shift.edition.id
    mine = Pass.edition == edition_id
    if not await Pass.exists().where(mine):
        return
    first = shift.edition.window[0]
    by = shift.of(first) - first
    windows = await Pass.select(Pass.valid_from, Pass.valid_until).where(mine).distinct()
    # The latest first, so that none is moved onto another one that still waits to be moved.
    for row in sorted(windows, key=lambda row: row["valid_from"], reverse=True):
        old = (Pass.valid_from == row["valid_from"]) & (Pass.valid_until == row["valid_until"])
        await Pass.update({Pass.valid_from: row["valid_from"] + by, Pass.valid_until: row["valid_until"] + by}).where(
            mine & old
        )
    minutes = by // timedelta(minutes=1)
    purpose = key_purpose(edition_id)
    known = await key_shifts(edition_id)
    for key in await SigningKey.select(SigningKey.key_id).where(SigningKey.purpose == purpose):
        key_id = key["key_id"]
        if key_id in known:
            await PassShift.update({PassShift.minutes: known[key_id] + minutes}).where(PassShift.key_id == key_id)
        else:
            await PassShift(edition=edition_id, key_id=key_id, minutes=minutes).save()
    await rotate_key(purpose, shift.now)
