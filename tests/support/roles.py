"""The two roles of PostgreSQL, made with the script that the container runs."""

from __future__ import annotations

import fcntl
import os
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.postgres import installed_binaries

SCRIPT = Path(__file__).resolve().parents[2] / ".docker" / "roles.sql"
OWNER, SERVICE = "fairground_owner", "fairground_service"
PASSWORDS = {"DATABASE_OWNER_PASSWORD": "the owner's", "DATABASE_PASSWORD": "the service's"}


def make_roles(url: str) -> None:
    """Run the script in the database at ``url``, as its superuser.

    Roles belong to a whole server, which test processes share: one at a time. Raises RuntimeError with what psql said.
    """
    command = [str(installed_binaries() / "psql"), "--no-psqlrc", "--quiet", "--dbname", url, "--file", str(SCRIPT)]
    with Path(tempfile.gettempdir(), "fairground-roles.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(
            command, env=os.environ | PASSWORDS, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise RuntimeError(f"{SCRIPT.name}: {done.stderr}")


def as_role(url: str, role: str) -> str:
    """The same database, to be opened as this role."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{role}@{parts.hostname}:{parts.port}").geturl()
