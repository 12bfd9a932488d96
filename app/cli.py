"""The ``fairground`` command. An older Python than it needs can read this file, so as to be refused in a sentence."""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from app.commands import build_parser

#: What is imported stays: looking through it for garbage as often as Python does is a sixth of the start.
SELDOM = (50_000, 20, 20)
LONGEST_NAME = 200


class Refusal(SystemExit):
    """Something that cannot be done, said in one sentence on standard error; exit status 1."""

    def __init__(self, sentence: str) -> None:
        print(f"fairground: {sentence}", file=sys.stderr)
        super().__init__(1)


def main(arguments: list[str] | None = None) -> None:
    """Entry point of ``fairground``."""
    if sys.version_info < (3, 11):  # noqa: UP036 - a checkout run without pip has not been refused yet
        raise Refusal(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")
    options = build_parser().parse_args(arguments)
    gc.set_threshold(*SELDOM)
    os.environ.setdefault("PICCOLO_CONF", "app.piccolo_conf")
    from pydantic import ValidationError

    from app.kernel.database import DatabaseUnreachable
    from app.kernel.migrate import DatabaseIsNewer
    from app.kernel.roles import MayNotMigrate

    handlers: dict[str, Callable[[argparse.Namespace], None]] = {
        "demo": _demo,
        "serve": _serve,
        "worker": _worker,
        "migrate": _migrate,
        "assets": _assets,
        "keys": _keys,
        "doctor": _doctor,
        "backup": _backup,
        "restore": _restore,
        "import": _import,
        "admin": _admin,
        "sessions": _sessions,
    }
    _check_settings_file()
    try:
        handlers[options.command](options)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise Refusal(f"the setting {name} is not right: {first['msg'].removeprefix('Value error, ')}.") from error
    except DatabaseUnreachable as error:
        raise Refusal(f"the database cannot be reached: {error}.") from error
    except (MayNotMigrate, DatabaseIsNewer) as error:
        raise Refusal(str(error)) from error
    except PermissionError as error:
        raise Refusal(f"no permission to write {error.filename or 'here'}.") from error


def _check_settings_file() -> None:
    """Refuse a ``.env`` that cannot be read, as an editor leaves it that saves UTF-16."""
    try:
        Path(".env").read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Refusal("the file .env is no text in UTF-8; save it as one.") from error
    except PermissionError as error:
        raise Refusal("no permission to read the file .env.") from error
    except OSError:
        return  # there is none


def _check_writable() -> None:
    """Refuse a data folder, or a file of SQLite, that this user or its disk lets nobody write."""
    from app.kernel.database import file_of
    from app.kernel.settings import settings

    folder = settings().data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refusal(f"the data folder {folder} cannot be made: {error.strerror}.") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Refusal(f"no permission to write in the data folder {folder}.")
    file = file_of(settings().database_url)
    if file is not None and file.exists():
        if not os.access(file, os.W_OK):
            raise Refusal(f"no permission to write the database {file}.")
        if not os.access(file.parent, os.W_OK | os.X_OK):  # SQLite keeps its log beside it
            raise Refusal(f"no permission to write in the folder of the database, {file.parent}.")


def _check_file(path: Path) -> None:
    if not path.is_file():
        raise Refusal(f"{path} is not a file.")
    if not os.access(path, os.R_OK):
        raise Refusal(f"no permission to read {path}.")


def _demo(options: argparse.Namespace) -> None:
    from app.demo.command import run_demo
    from app.kernel.serve import check_port

    if not options.no_serve:
        check_port(options.host, options.port, Refusal)
    run_demo(options, _check_writable, Refusal)


def _serve(options: argparse.Namespace) -> None:
    from app.kernel.serve import check_port, serve

    check_port(options.host, options.port, Refusal)
    _check_writable()
    _say_assets()
    _in_database(_migrated)
    serve(options.host, options.port, options.workers)


def _say_assets() -> None:
    from app.kernel.web import assets_built

    if not assets_built():
        print(
            "The front end is not built: the scanner, the tablet's offline mode and the plan editor are off. "
            "`fairground assets` builds it.",
            file=sys.stderr,
        )


def _in_database(work: Callable[[], object]) -> None:
    from app.kernel.database import close_database, open_database

    async def run() -> None:
        await open_database()
        try:
            result = work()
            if asyncio.iscoroutine(result):
                await result
        finally:
            await close_database()

    asyncio.run(run())


async def _migrated() -> int:
    from app.kernel.migrate import migrate

    return await migrate()


def _migrate(_options: argparse.Namespace) -> None:
    _check_writable()

    async def work() -> None:
        count = await _migrated()
        print(f"{count} migrations ran." if count else "The database is up to date.")

    _in_database(work)


def _worker(_options: argparse.Namespace) -> None:
    from app.main import run_worker_process

    _check_writable()
    _in_database(run_worker_process)


def _assets(_options: argparse.Namespace) -> None:
    from app.kernel.web import build_assets

    problem = build_assets()
    if problem:
        raise Refusal(f"the front end could not be built: {problem}")
    print("The front end is built. A service that is running has it once it is started again.")


def _backup(options: argparse.Namespace) -> None:
    from app.kernel.backup import back_up

    async def work() -> None:
        from app.kernel.clock import now

        _say_copied(await back_up(options.file, media=not options.no_media, keys=options.keys, now=now()), "written")
        if options.keys is None:
            print("The keys are not in it. Write them with --keys FILE, and keep that file somewhere else.")

    _said(work)


def _restore(options: argparse.Namespace) -> None:
    from app.kernel.restore import restore

    _check_writable()
    _check_file(options.file)
    if options.keys is not None:
        _check_file(options.keys)

    async def work() -> None:
        from app.kernel.clock import now

        done = await restore(options.file, keys=options.keys, without_keys=options.without_keys, now=now())
        _say_copied(done, "restored")

    _said(work)


def _doctor(_options: argparse.Namespace) -> None:
    from app.kernel.doctor import examine
    from app.main import register_modules, start_modules

    _check_writable()
    register_modules()
    marks = {"fine": "  ", "mind": "? ", "wrong": "! "}

    async def work() -> None:
        await start_modules()
        await _stand_in_the_demos_days()
        wrong = 0
        async for finding in examine():
            print(marks[finding.level] + finding.sentence, flush=True)
            wrong += finding.level == "wrong"
        if wrong:
            raise SystemExit(1)

    _in_database(work)


async def _stand_in_the_demos_days() -> None:
    from app.demo.command import SLUG, stand_in_its_days
    from app.events.tables import Edition

    if await Edition.table_exists() and await Edition.select(Edition.id).where(Edition.slug == SLUG).first():
        stand_in_its_days()


def _keys(options: argparse.Namespace) -> None:
    from app.accounts.actor import SYSTEM
    from app.events.passes.reissuing import replace_leaked_key
    from app.kernel.clock import now
    from app.kernel.signing import KeyUnknown, list_keys, rotate_key

    _check_writable()
    if options.action == "reseal":
        _reseal(leave_unknown=options.leave_unknown)
        return

    async def work() -> None:
        await _stand_in_the_demos_days()  # else the demo's job would be due when its festival is long over
        if options.action == "list":
            for key in await list_keys():
                print(f"{key.key_id:>5}  {key.purpose:<24}  made {key.created_at:%Y-%m-%d}  {key.state}")
        elif options.action == "leaked":
            job = await replace_leaked_key(key_id=options.key, actor=SYSTEM, now=now())
            print(f"Key {options.key} counts no more. The service issues its passes again as job {job}.")
        else:
            purposes = {key.key_id: key.purpose for key in await list_keys()}
            if options.key not in purposes:
                raise KeyUnknown(key=options.key)
            print(f"Key {(await rotate_key(purposes[options.key], now())).key_id} signs from now on.")

    _said(work)


def _reseal(*, leave_unknown: bool) -> None:
    from app.kernel.resealing import reseal
    from app.main import register_modules

    register_modules()

    async def work() -> None:
        for name, counted in (await reseal(leave_unknown=leave_unknown)).items():
            left = sum(counted.unknown.values())
            print(
                f"{name}: {counted.anew:,} sealed anew, {counted.present:,} were under the present key already"
                + (f", {left:,} left that no key opens." if left else ".")
            )

    _said(work)


def _say_copied(done: object, how: str) -> None:
    from app.kernel.backup import Summary

    assert isinstance(done, Summary)
    print(f"{done.rows:,} rows of {done.tables} tables and {done.files:,} files {how}.")


def _said(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do something in the database; what it refuses is said in one sentence."""
    from app.kernel.errors import AppError

    async def refusing() -> None:
        try:
            await work()
        except AppError as error:
            raise Refusal(error.sentence()) from error

    _in_database(refusing)


def _import(options: argparse.Namespace) -> None:
    os.environ["DATABASE_POOL_SIZE"] = "1"  # rows are laid ready in a table that belongs to one connection
    from app.importing import load_sheet
    from app.kernel.errors import AppError
    from app.main import register_modules, start_modules

    _check_writable()
    _check_file(options.file)
    register_modules()

    async def work() -> None:
        await _migrated()
        await start_modules()
        await _stand_in_the_demos_days()
        try:
            loaded = await load_sheet(options, Refusal)
        except AppError as error:
            raise Refusal(error.sentence()) from error
        if not loaded:
            raise SystemExit(2)

    _in_database(work)


def _admin(options: argparse.Namespace) -> None:
    from app.accounts.services.bootstrap import create_admin, unlock
    from app.kernel.names import clean_name

    if options.action == "create" and not 1 <= len(clean_name(options.name)) <= LONGEST_NAME:
        raise Refusal(f"a name of 1 to {LONGEST_NAME} characters is needed.")
    _check_writable()

    async def work() -> None:
        await _migrated()
        if options.action == "reset-totp":
            name, had_it = await unlock(email=options.email, phone=options.phone)
            print(f"{name} signs in without a second step now." if had_it else f"{name} has no second step.")
            return
        name, link = await create_admin(full_name=options.name, email=options.email, phone=options.phone)
        print(f"{name} is an owner of every edition. Sign in within a day:\n{link}")

    _said(work)


def _sessions(options: argparse.Namespace) -> None:
    from app.accounts.services.bootstrap import sign_out

    _check_writable()

    async def work() -> None:
        name, ended = await sign_out(email=options.email, phone=options.phone)
        print(f"{name or 'Everybody'} is signed out everywhere. Sessions that ended: {ended}.")

    _said(work)


if __name__ == "__main__":
    main()
