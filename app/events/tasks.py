"""Background work of events."""

from typing import Any

from app.events.services.retention import expire_visitors_data
from app.kernel.clock import now
from app.kernel.jobs import JobContext

RETENTION = "events.retention"


async def run_retention(job: JobContext) -> dict[str, Any]:
    """Erase visitors' data whose time is over."""
    return {"editions": await expire_visitors_data(now=now())}
