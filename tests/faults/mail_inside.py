"""What ``tests.faults.mail`` asks of an installation, in its environment: ``postpone N``, or ``states``."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import timedelta

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.accounts.services.people import find_or_create_person, grant_role
from app.events.queries import editions
from app.events.services.postponing import postpone_edition
from app.events.services.telling import JOB
from app.events.slots import people_concerned
from app.kernel.clock import now
from app.kernel.database import close_database, fetch, open_database, write_transaction
from app.main import register_modules, start_modules
from tests.faults.mail import GONE

CHUNK = 500


async def postpone(people: int) -> int:
    """Add so many people with a mail address and a role, one in fifty with one that is gone, and put the edition off.

    Returns how many are concerned in all and have an address.
    """
    register_modules()
    await start_modules()
    (edition,) = await editions()
    for start in range(0, people, CHUNK):
        async with write_transaction():
            for number in range(start, min(start + CHUNK, people)):
                person = await find_or_create_person(
                    full_name=f"Nguyễn Thị {number}",
                    email=f"{GONE if number % 50 == 0 else 'hoa-'}{number}@example.com",
                    locale=("vi", "id", "en")[number % 3],
                    now=now(),
                )
                await grant_role(
                    person_id=person.id, role=Role.TEAM_MEMBER, edition_id=edition.id, actor=SYSTEM, now=now()
                )
    later = edition.starts_on + timedelta(days=14)
    await postpone_edition(
        edition_id=edition.id, starts_on=later, seen=edition.starts_on, reason="Bão số 9", actor=SYSTEM, now=now()
    )
    reached = {row["id"] for row in await fetch("SELECT id FROM person WHERE email IS NOT NULL")}
    return len(reached & await people_concerned(edition.id))


async def states() -> dict[str, list[str]]:
    """Addresses of mails about the new days by state; ``untold`` names what has still to write them."""
    found: dict[str, list[str]] = {"waiting": [], "sending": [], "sent": [], "failed": []}
    for row in await fetch(
        "SELECT to_address, state FROM outbox_message WHERE channel = 'mail' AND unique_key LIKE 'edition.change:%'"
    ):
        found[row["state"]].append(row["to_address"])
    jobs = await fetch("SELECT state FROM job WHERE kind = {} AND state IN ('queued', 'running')", JOB)
    return {**found, "untold": [row["state"] for row in jobs]}


async def main() -> None:
    """Answer."""
    await open_database()
    try:
        print(json.dumps(await (postpone(int(sys.argv[2])) if sys.argv[1] == "postpone" else states())))
    finally:
        await close_database()


if __name__ == "__main__":
    asyncio.run(main())
