"""What a big sheet's own process does: ``app.kernel.sheets.apart`` starts it, ``app.kernel.child`` talks with it."""

import asyncio
import os
from collections.abc import Callable
from typing import Any

from app.accounts.actor import SYSTEM
from app.accounts.queries import actor_of_person
from app.kernel.clock import now
from app.kernel.database import close_database, open_database
from app.kernel.sheets.apart import STEPS, work_on
from app.kernel.sheets.model import SheetContext
from app.main import register_modules, start_modules

NICENESS = 10


def work_on_sheet(request: dict[str, Any], report: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Read or load the batch that ``request`` names, behind whoever is in a hurry on this machine."""
    os.nice(NICENESS)
    register_modules()
    return asyncio.run(_work_on_sheet(request, report))


async def _work_on_sheet(request: dict[str, Any], report: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    await open_database()
    try:
        await start_modules()
        person_id = request["person_id"]
        context = SheetContext(
            edition_id=request["edition_id"],
            actor=SYSTEM if person_id is None else await actor_of_person(person_id),
            now=now(),
            timezone=request["timezone"],
            currency=request["currency"],
            desk=request.get("desk", ""),
            report=_Passes(report),
        )
        return {"state": await work_on(request["batch_id"], context)}
    finally:
        await close_database()


class _Passes:
    """Makes one way of several passes over the rows, each of which begins at 0: half of what is left, half again."""

    def __init__(self, report: Callable[[dict[str, Any]], None]) -> None:
        self._report = report
        self._from = 0.0
        self._width = 0.0

    def __call__(self, done: int, total: int) -> None:
        if done == 0:
            self._from += self._width
            self._width = (1 - self._from) / 2
        self._report({"done": int(STEPS * (self._from + self._width * done / max(1, total)))})
