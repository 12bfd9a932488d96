"""Background work of sales."""

from typing import Any

from app.kernel.clock import now
from app.kernel.jobs import JobContext
from ticketing.sales.services.orders import expire_orders

EXPIRE = "sales.expire_orders"


async def run_expire_orders(job: JobContext) -> dict[str, Any]:
    """Let held orders go whose time is over."""
    return {"expired": await expire_orders(now=now())}
