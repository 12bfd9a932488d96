"""Background work of events."""

from typing import Any

from app.accounts.services.sessions import tidy_sign_ins
from app.events.passes.prints import tidy_files
from app.events.services.retention import expire_visitors_data
from app.kernel.clock import now
from app.kernel.jobs import JobContext

RETENTION = "events.retention"


async def run_retention(job: JobContext) -> dict[str, Any]:
    """Erase visitors' data whose time is over, after sessions that are over: those tie nobody to anything."""
    at = now()
    ended = await tidy_sign_ins(now=at)
    files = await tidy_files(now=at)
    return {"sessions": ended, "files": files, "editions": await expire_visitors_data(now=at)}
