"""Prints a sign-in link of somebody who holds a role: ``python -m tests.journeys.support.links ROLE NEXT_PATH``.

Run in the environment of the installation. ``NEXT_PATH`` may name ``{edition_id}`` and ``{organisation_id}``: those
of the role that was found.
"""

from __future__ import annotations

import asyncio
import sys

from app.accounts.enums import Role
from app.accounts.services.sign_in import make_sign_in_link
from app.accounts.tables import RoleGrant
from app.kernel.clock import now
from app.kernel.database import close_database, fetch, open_database

A_YEAR = 365 * 24 * 60


async def link(role: Role, next_path: str) -> str:
    """Make a link, good once, for the first person who holds the role now.

    Raises LookupError when nobody does.
    """
    grant = (
        await RoleGrant.select(RoleGrant.person, RoleGrant.edition_id, RoleGrant.organisation)
        .where((RoleGrant.role == role.value) & RoleGrant.revoked_at.is_null())
        .order_by(RoleGrant.id)
        .first()
    )
    if grant is None:
        raise LookupError(f"nobody is {role}")
    edition_id = grant["edition_id"]
    if edition_id is None and "{edition_id}" in next_path:
        edition_id = (await fetch("SELECT id FROM edition ORDER BY id LIMIT 1"))[0]["id"]
    path = next_path.format(edition_id=edition_id, organisation_id=grant["organisation"])
    address, _code = await make_sign_in_link(person_id=grant["person"], next_path=path, now=now(), minutes=A_YEAR)
    return address


async def main(role: str, next_path: str) -> None:
    """Print one link."""
    await open_database()
    try:
        print(await link(Role(role), next_path))
    finally:
        await close_database()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
