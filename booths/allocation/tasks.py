"""Jobs of allocation."""

from typing import Any

from app.kernel.clock import now
from app.kernel.jobs import JobContext
from booths.allocation.services.runs import solve_allocation


async def solve(job: JobContext) -> dict[str, Any]:
    """Work out a proposal."""
    return await solve_allocation(job, now=now())


JOBS = {"allocation.solve": solve}
