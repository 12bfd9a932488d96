"""Jobs of allocation."""

from typing import Any

from app.kernel.clock import now
from app.kernel.jobs import JobContext
from booths.allocation.services.drafts import tidy_drafts
from booths.allocation.services.runs import solve_allocation


async def solve(job: JobContext) -> dict[str, Any]:
    """Work out a proposal."""
    return await solve_allocation(job, now=now())


async def tidy(_job: JobContext) -> dict[str, Any]:
    """Remind writers of drafts that nobody sent, and delete those whose time is over."""
    return dict(await tidy_drafts(now=now()))


TIDY = "allocation.tidy_drafts"
TIDY_SECONDS = 6 * 3600

JOBS = {"allocation.solve": solve, TIDY: tidy}
