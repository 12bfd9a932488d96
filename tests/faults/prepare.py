"""What the load needs besides passes and phones: ``python -m tests.faults.prepare sales|all``, in a home's environment.

Prints, as JSON, ``documents`` that wait for their money; with ``all`` besides, which changes what people see of the
festival, ``ideas`` with the tablets of their judges, and ``holds``: booths and applications, with an organiser's
session.
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import datetime
from typing import Any

from app.accounts.actor import SYSTEM
from app.accounts.enums import DeviceKind, Role
from app.accounts.services.devices import make_device_invite, pair_device
from app.accounts.services.sign_in import start_session
from app.judging.queries.contests import criteria_of
from app.judging.services.contests import open_round
from app.judging.services.panels import assign_judges
from app.kernel.clock import now
from app.kernel.database import close_database, fetch, open_database
from app.main import register_modules, start_modules
from tests.journeys.support.installation import holder
from ticketing.sales.services.orders import place_order

DOCUMENTS = 60


async def documents(edition_id: int, present: datetime) -> list[dict[str, Any]]:
    """Order so many tickets that cost something; returns what is to be paid for each."""
    (paid,) = await fetch("SELECT id FROM ticket_type WHERE price_minor > 0 ORDER BY id LIMIT 1")
    for number in range(DOCUMENTS):
        await place_order(
            edition_id=edition_id,
            client_id=f"to-be-paid-{number}",
            counts={paid["id"]: 1},
            full_name="Nguyễn Thị Trả",
            phone=None,
            email=f"to-be-paid-{number}@example.com",
            locale="vi",
            now=present,
        )
    return await fetch(
        "SELECT d.id, d.amount_minor, d.currency FROM payment_document d JOIN ticket_order o "
        "ON o.payment_document = d.id WHERE o.client_id LIKE 'to-be-paid-%' ORDER BY d.id"
    )


async def ideas(edition_id: int, present: datetime) -> list[dict[str, Any]]:
    """Let judging begin and bind a tablet for every judge; returns each one's ideas."""
    (first,) = await fetch("SELECT id FROM contest_round ORDER BY number LIMIT 1")
    await open_round(round_id=first["id"], actor=SYSTEM, now=present)
    await assign_judges(round_id=first["id"], actor=SYSTEM, now=present)
    criteria = [criterion.id for criterion in await criteria_of(first["id"])]
    tokens: dict[int, str] = {}
    found = await fetch("SELECT id, judge FROM contest_assignment ORDER BY id")
    for judge_id in {row["judge"] for row in found}:
        _id, address = await make_device_invite(
            kind=DeviceKind.JUDGE,
            edition_id=edition_id,
            label=f"fault {judge_id}",
            person_id=judge_id,
            actor=SYSTEM,
            now=present,
        )
        _device, tokens[judge_id] = await pair_device(invite_token=address.rpartition("/")[2], now=present)
    return [{"assignment": row["id"], "token": tokens[row["judge"]], "criteria": criteria} for row in found]


async def holds(edition_id: int) -> list[dict[str, int]]:
    """Return free booths, each with an application that waits for one, of an organisation that has none."""
    booths = await fetch(
        "SELECT id FROM booth b WHERE b.edition = {} AND NOT EXISTS "
        "(SELECT 1 FROM cell_hold h WHERE h.booth = b.id AND h.live IS TRUE) ORDER BY id",
        edition_id,
    )
    applications = await fetch(
        "SELECT MIN(a.id) AS id FROM application a WHERE a.edition = {} AND a.state IN ('submitted', 'waiting') "
        "AND NOT EXISTS (SELECT 1 FROM cell_hold h WHERE h.organisation = a.organisation AND h.live IS TRUE) "
        "GROUP BY a.organisation ORDER BY 1",
        edition_id,
    )
    return [{"booth": booth["id"], "application": one["id"]} for booth, one in zip(booths, applications, strict=False)]


async def prepare(*, everything: bool) -> dict[str, Any]:
    """Make what is asked for."""
    register_modules()
    await start_modules()
    (edition,) = await fetch("SELECT id FROM edition ORDER BY id LIMIT 1")
    found: dict[str, Any] = {"edition_id": edition["id"], "documents": await documents(edition["id"], now())}
    if everything:
        token = await start_session(person_id=await holder(Role.OWNER), browser="fault", old_token=None, now=now())
        found |= {"ideas": await ideas(edition["id"], now()), "holds": await holds(edition["id"]), "session": token}
    return found


async def main(what: str) -> None:
    """Print it."""
    await open_database()
    try:
        print(json.dumps(await prepare(everything=what == "all")))
    finally:
        await close_database()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
