"""``fairground demo``: the demo festival, loaded once, served again and again."""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

#: The demo begins on the festival's first morning, 08:30 in Hanoi; its clock runs on from there.
STARTS_AT = datetime(2026, 10, 16, 1, 30, tzinfo=UTC)
SLUG = "phu-nu-sang-tao-2026"
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound


def run_demo(
    options: argparse.Namespace, check_writable: Callable[[], None], refusal: Callable[[str], BaseException]
) -> None:
    """Load what is not there yet, print one sign-in link per role, and serve."""
    _environment(options)
    from app.kernel.serve import is_being_served
    from app.kernel.settings import settings
    from app.kernel.web import assets_built

    check_writable()
    database = asyncio.run(_whose_database())
    if database == "other":
        raise refusal(
            "the database holds people or a festival that are not the demo's, so nothing was touched; "
            "name another database with DATABASE_URL."
        )
    if options.reset:
        if is_being_served():
            raise refusal("the demo is being served from this data folder; stop it before you begin again.")
        _reset(drop=database == "demo")
    _clock()
    links, loaded = asyncio.run(_prepare())
    print(f"\nThe demo festival stands at {settings().base_url}/ — sign in as:\n", flush=True)
    width = max(len(role) for role, _address in links)
    for role, address in links:
        print(f"  {role:<{width}}  {address}", flush=True)
    if options.host in EVERYWHERE and settings().base_url == f"http://127.0.0.1:{options.port}":
        print("\nThese links open on this machine alone. For phones, name its address in their network with --host.")
    if options.host not in ("127.0.0.1", "::1", "localhost"):
        print("\nIt is a demo: whoever reaches it reads its messages, and the links in them.")
    print(f"\nMessages that would be sent: {settings().base_url}/dev/outbox\n", flush=True)
    if not assets_built() and (options.no_serve or not loaded):  # `fairground serve` says it too
        print(
            "The front end is not built (no npm registry?): the scanner, the tablet's offline mode and the plan editor "
            "are off. `fairground assets` builds it.",
            flush=True,
        )
    if not options.no_serve:
        _serve(options, fresh=loaded)


def _serve(options: argparse.Namespace, *, fresh: bool) -> None:
    """Serve; after loading in a ``fresh`` image of this process, so that no worker inherits the memory it took."""
    if not fresh:
        from app.kernel.serve import serve

        serve(options.host, options.port, options.workers)
        return
    workers = [] if options.workers is None else ["--workers", str(options.workers)]
    command = ["serve", "--host", options.host, "--port", str(options.port), *workers]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", "app.cli", *command])  # noqa: S606 - ourselves, no shell


def _environment(options: argparse.Namespace) -> None:
    from app.kernel.settings import Settings

    host = "127.0.0.1" if options.host in EVERYWHERE else options.host
    shown = f"[{host}]" if ":" in host else host
    given = Settings().model_fields_set  # in the environment or the file `.env`, which the environment would overrule
    for name, value in (("base_url", f"http://{shown}:{options.port}"), ("log_level", "WARNING")):
        if name not in given:
            os.environ[name.upper()] = value
    os.environ["DEMO"] = "true"


def _state_file() -> Path:
    from app.kernel.settings import settings

    return settings().data_dir / "demo.json"


async def _whose_database() -> Literal["empty", "demo", "other"]:
    """Whether nobody is in the database, or it is one that ``demo`` itself made, or it is somebody's own.

    The demo's own has left ``demo.json`` in the data folder, and holds its organiser, whose address is nobody's else.
    Only ids are asked for: migrations may still have columns to add.
    """
    from app.accounts.tables import Person
    from app.demo.festival import ORGANISER
    from app.events.tables import Edition
    from app.kernel.database import close_database, open_database

    await open_database()
    try:
        edited, peopled = await Edition.table_exists(), await Person.table_exists()
        edition = await Edition.select(Edition.id).first() if edited else None
        people = Person.select(Person.id)
        if edition is None and not (peopled and await people.first()):
            return "empty"
        ours = peopled and await people.where(Person.email == ORGANISER[2]).first()
        return "demo" if ours and _state_file().exists() else "other"
    finally:
        await close_database()


def _reset(*, drop: bool) -> None:
    """Forget the demo's data: the SQLite file or every table if these are to ``drop``, the photos, the clock.

    Without ``demo.json`` the data folder holds nothing of the demo.
    """
    from app.kernel.settings import settings

    if not _state_file().exists():
        return
    if drop:
        _drop_database()
    shutil.rmtree(settings().media_dir, ignore_errors=True)
    _state_file().unlink()


def _drop_database() -> None:
    from app.kernel.database import close_database, engine, fetch
    from app.kernel.settings import settings

    if settings().database_url.startswith("sqlite"):
        path = Path(str(getattr(engine(), "path", "")))
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                path.with_name(path.name + suffix).unlink()
    else:

        async def drop() -> None:
            await fetch("DROP SCHEMA public CASCADE")
            await fetch("CREATE SCHEMA public")
            await close_database()

        asyncio.run(drop())


def _clock() -> None:
    """Let the clock of this process and its workers stand in the festival's own days."""
    from app.kernel.settings import settings

    path = _state_file()
    if not path.exists():
        path.write_text(json.dumps({"clock_offset_seconds": int(STARTS_AT.timestamp() - time.time())}))
    os.environ["CLOCK_OFFSET_SECONDS"] = str(json.loads(path.read_text())["clock_offset_seconds"])
    settings.cache_clear()


def stand_in_its_days() -> None:
    """Let another command that works on the demo festival share its clock, where a demo keeps one."""
    if _state_file().exists():
        _clock()


class Progress:
    """One line on the terminal that fills up; plain lines where there is no terminal."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._last = ""

    def __call__(self, what: str, done: int, total: int) -> None:
        """``done`` of ``total`` steps of ``what``."""
        if not self._terminal:
            if what != self._last:
                print(f"  {what}", file=sys.stderr, flush=True)
        else:
            filled = int(28 * done / total) if total else 28
            bar = "█" * filled + "░" * (28 - filled)
            print(f"\r\033[K  {bar} {what}", end="", file=sys.stderr, flush=True)
        self._last = what

    def finish(self) -> None:
        """Leave the line."""
        if self._terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


async def _prepare() -> tuple[list[tuple[str, str]], bool]:
    """The sign-in links, and whether the festival had to be loaded."""
    from app.demo.loader import load_demo, sign_in_links
    from app.events.tables import Edition
    from app.kernel.clock import freeze, now
    from app.kernel.database import close_database, open_database
    from app.kernel.migrate import migrate
    from app.main import register_modules, start_modules

    progress = Progress()
    await open_database()
    try:
        register_modules()
        await migrate(lambda name, done, total: progress(f"database: {name}", done, total))
        await start_modules()
        missing = not await Edition.exists().where(Edition.slug == SLUG)
        if missing:
            with freeze(STARTS_AT):  # the same festival every time, to the second
                await load_demo(progress, STARTS_AT)
        progress.finish()
        return await sign_in_links(now()), missing
    finally:
        await close_database()
