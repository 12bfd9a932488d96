"""Jobs of accounts."""

from app.accounts.services.contacts import tidy_contacts
from app.kernel.clock import now
from app.kernel.jobs import JobContext

TIDY = "accounts.tidy"
TIDY_SECONDS = 1800


async def tidy(_job: JobContext) -> dict[str, int]:
    """Delete new contacts that nobody confirmed in time."""
    return {"contacts": await tidy_contacts(now=now())}


JOBS = {TIDY: tidy}
