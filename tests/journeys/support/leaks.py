"""Looks for secrets in every table: ``python -m tests.journeys.support.leaks FILE``, FILE a JSON list of them.

Run in the environment of an installation; prints, as JSON, in which columns one stands. The text of a message holds the
link that it brings, and nothing else may hold one.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from app.kernel.database import close_database, fetch, open_database
from tests.test_migrations import all_tables

CARRIERS = {"outbox_message.body_text", "outbox_message.body_html"}


async def leaks(secrets: list[str]) -> list[str]:
    """Return each column, with its table, in which a secret stands."""
    found = set()
    for table in all_tables():
        name = table._meta.tablename
        for row in await fetch(f'SELECT * FROM "{name}"'):
            for column, value in row.items():
                if isinstance(value, str) and any(secret in value for secret in secrets):
                    found.add(f"{name}.{column}")
    return sorted(found - CARRIERS)


async def main() -> None:
    """Print what is found."""
    await open_database()
    try:
        print(json.dumps(await leaks(json.loads(Path(sys.argv[1]).read_text()))))
    finally:
        await close_database()


if __name__ == "__main__":
    asyncio.run(main())
