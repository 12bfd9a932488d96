"""Telling open pages that something happened at the gates, at most once a second for each edition and process.

A message for every scan would cost more than the scan; pages fetch the present state when they hear of it.
"""

import asyncio
import logging

from app.kernel.live import publish

PAUSE_SECONDS = 1.0
log = logging.getLogger("fairground.checkin")
_waiting: dict[int, asyncio.Task[None]] = {}


def channel_of(edition_id: int) -> str:
    """Name of the channel on which an edition's gates are heard."""
    return f"edition:{edition_id}:gates"


def note_scan(edition_id: int) -> None:
    """Tell open pages within a second; costs nothing when that is under way already."""
    task = _waiting.get(edition_id)
    if task is None or task.done():
        _waiting[edition_id] = asyncio.get_running_loop().create_task(_tell(edition_id))


async def _tell(edition_id: int) -> None:
    await asyncio.sleep(PAUSE_SECONDS)
    _waiting.pop(edition_id, None)
    try:
        await publish(channel_of(edition_id), {"kind": "scan"})
    except Exception:
        log.warning("open pages could not be told of a scan", exc_info=True)
