"""``fairground doctor``: what is wrong with a set-up, in sentences. It looks, and changes nothing."""

import shutil
import sqlite3
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import aiosmtplib

from app.kernel.backup import last_backup_at
from app.kernel.channels.mail import mail_server
from app.kernel.clock import now
from app.kernel.database import dialect, fetch
from app.kernel.images import is_stored
from app.kernel.migrate import newer, pending_migrations, unknown_migrations
from app.kernel.nearby import is_near
from app.kernel.resealing import count_sealed
from app.kernel.roles import database_role
from app.kernel.settings import settings
from app.kernel.signing import KeyLocked, active_key
from app.kernel.tables import MediaFile, SigningKey
from app.kernel.waiting import all_waiting, in_words
from app.kernel.web import assets_built

LEAST_FREE_BYTES = 1 << 30
OLDEST_POSTGRES = 140_000
LONGEST_WAIT = timedelta(minutes=5)
OLDEST_BACKUP = timedelta(days=2)


@dataclass(frozen=True)
class Finding:
    """One sentence: ``fine``, something to ``mind``, or something ``wrong``."""

    level: Literal["fine", "mind", "wrong"]
    sentence: str


Look = Callable[[], Awaitable[list[Finding]]]
_looks: list[Look] = []


def add_look(look: Look) -> None:
    """Let a module say what is wrong with the set-up of what it does."""
    if look not in _looks:
        _looks.append(look)


async def examine() -> AsyncIterator[Finding]:
    """Look at everything, over an open database; one finding after the other."""
    for finding in (*_settings(), *_data_folder(), *_front_end()):
        yield finding
    yield await _database()
    for finding in await _role():
        yield finding
    if unknown := await unknown_migrations():
        yield Finding("wrong", newer(unknown))
        return
    pending = len(await pending_migrations())
    if pending:
        yield Finding("wrong", f"{pending} migrations are waiting. Run `fairground migrate`.")
        return  # what follows reads tables that may not be there
    for found in (await _keys(), await _sealed(), await _media(), await _mail(), _phones(), _bank(), *_cards()):
        yield found
    for look in _looks:
        for found in await look():
            yield found
    yield await _backup()
    async for finding in _work():
        yield finding


def _settings() -> list[Finding]:
    given, found = settings(), []
    local = _is_local(given.base_url)
    if given.base_url.startswith("http://") and not local:
        found.append(
            Finding(
                "wrong", f"BASE_URL {given.base_url} is not HTTPS: cameras and offline pages do not work on phones."
            )
        )
    elif local and not given.demo:
        found.append(Finding("mind", f"BASE_URL is {given.base_url}: nobody but this machine can follow links."))
    else:
        found.append(Finding("fine", f"People reach the service at {given.base_url}."))
    if given.demo and not local:
        found.append(Finding("wrong", "DEMO is on at a public address: everybody can read all messages."))
    if not given.require_two_step and not local and not given.demo:
        found.append(
            Finding("mind", "REQUIRE_TWO_STEP is off: whoever reads an owner's messages can sign in in her place.")
        )
    if given.clock_offset_seconds and not given.demo:
        found.append(Finding("wrong", "CLOCK_OFFSET_SECONDS is set: the service lives in another time."))
    if not given.key_encryption_key:
        found.append(
            Finding("mind", "KEY_ENCRYPTION_KEY is empty: who has SECRET_KEY and the database can sign passes.")
        )
    database = urlsplit(given.database_url)
    sealed = "verify-full" in parse_qs(database.query).get("sslmode", ())
    if database.scheme != "sqlite" and not sealed and not is_near(database.hostname or ""):
        found.append(
            Finding(
                "mind",
                f"What passes between here and the database at {database.hostname} can be read or forged on its way: "
                "DATABASE_URL wants ?sslmode=verify-full&sslrootcert=FILE.",
            )
        )
    return found


def _is_local(base_url: str) -> bool:
    return urlsplit(base_url).hostname in ("localhost", "127.0.0.1", "::1")


def _data_folder() -> list[Finding]:
    folder = settings().data_dir
    free = shutil.disk_usage(folder).free
    found = []
    if free < LEAST_FREE_BYTES:
        found.append(Finding("wrong", f"The disk of {folder} has {free >> 20} MiB left."))
    else:
        found.append(Finding("fine", f"The disk of {folder} has {free >> 30} GiB left."))
    secret = folder / "secret.key"
    if not settings().secret_key and secret.exists() and stat.S_IMODE(secret.stat().st_mode) & 0o077:
        found.append(Finding("wrong", f"{secret} can be read by others. Run `chmod 600 {secret}`."))
    given = Path(".env")
    if given.exists() and stat.S_IMODE(given.stat().st_mode) & 0o007:
        found.append(Finding("wrong", "Every account of this machine can read .env. Run `chmod 600 .env`."))
    return found


def _front_end() -> list[Finding]:
    if assets_built():
        return [Finding("fine", "The front end is built.")]
    return [Finding("wrong", "The scanner, the tablet and the plan editor are not built. Run `fairground assets`.")]


async def _database() -> Finding:
    if dialect() == "sqlite":
        try:
            answer = str((await fetch("PRAGMA quick_check(1)"))[0]["quick_check"])
        except sqlite3.DatabaseError as error:
            answer = str(error)
        if answer != "ok":
            return Finding("wrong", f"The SQLite file is damaged ({answer}). Restore the last backup.")
        return Finding("fine", "The SQLite file is whole.")
    row = (
        await fetch(
            "SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS code, "
            "clock_timestamp() AS clock"
        )
    )[0]
    apart = abs((now() - row["clock"]).total_seconds() - settings().clock_offset_seconds)
    if row["version"] < OLDEST_POSTGRES or row["code"] != "UTF8":
        return Finding("wrong", f"PostgreSQL 14 or newer in UTF8 is needed; this is {row['version']} in {row['code']}.")
    if apart > 2:
        return Finding("wrong", f"The clocks of this machine and of PostgreSQL are {apart:.0f} seconds apart.")
    return Finding("fine", f"PostgreSQL {row['version'] // 10_000} answers.")


async def _role() -> list[Finding]:
    role = await database_role()
    if role is None:
        return []
    if role.superuser or role.owns_tables:
        what = "is a superuser" if role.superuser else "owns the tables"
        return [
            Finding(
                "mind",
                f"The database role {role.name} {what}: whoever breaks into the service can change the log of changes. "
                "Give it rights on rows alone with .docker/roles.sql.",
            )
        ]
    return [Finding("fine", f"The database role {role.name} has rights on rows alone.")]


async def _keys() -> Finding:
    purposes = {
        row["purpose"] for row in await SigningKey.select(SigningKey.purpose).where(SigningKey.retired_at.is_null())
    }
    try:
        for purpose in purposes:
            await active_key(purpose)
    except KeyLocked as error:
        return Finding("wrong", error.sentence())
    return Finding("fine", f"{len(purposes)} signing keys can be opened.")


async def _sealed() -> Finding:
    counted = (await count_sealed()).values()
    unknown, old, present = (
        sum(sum(one.unknown.values()) for one in counted),
        sum(one.old for one in counted),
        sum(one.present for one in counted),
    )
    if unknown:
        return Finding(
            "wrong",
            f"{unknown} secrets are sealed under a key that is not set. Put it into KEY_ENCRYPTION_KEY_OLD and run "
            "`fairground keys reseal`.",
        )
    if old:
        return Finding(
            "mind",
            f"{old} secrets are sealed under an old key. Run `fairground keys reseal`, "
            "then take KEY_ENCRYPTION_KEY_OLD away.",
        )
    if settings().key_encryption_key_old:
        return Finding("mind", "Nothing is sealed under an old key any more: take KEY_ENCRYPTION_KEY_OLD away.")
    return Finding("fine", f"All {present} sealed secrets are under the present key.")


async def _media() -> Finding:
    digests = [row["hash"] for row in await MediaFile.select(MediaFile.hash)]
    missing = sum(not is_stored(digest) for digest in digests)
    if missing:
        return Finding("wrong", f"{missing} of {len(digests)} photos are not in the data folder. Restore them.")
    return Finding("fine", f"All {len(digests)} photos are there.")


def _bank() -> Finding:
    given = settings()
    if not given.bank_bin or not given.bank_account:
        return Finding("mind", "No BANK_BIN and BANK_ACCOUNT: payers are not told where to transfer money to.")
    if not given.bank_account_name:
        return Finding("mind", "No BANK_ACCOUNT_NAME: payers cannot compare the name that their bank shows.")
    return Finding("fine", f"People transfer money to {given.bank_account_name}, account {given.bank_account}.")


def _cards() -> list[Finding]:
    """Nothing where nobody pays by card: most fairs take cash and transfers."""
    given = settings()
    live, test = given.stripe_secret_key, given.stripe_test_secret_key
    if not live and not test:
        return []
    modes = "live, or in the sandbox where nobody chose" if live and test else "live" if live else "in the sandbox"
    found = [Finding("fine", f"People pay by card through Stripe, {modes}.")]
    if test and not live and not given.demo:
        found = [Finding("mind", "STRIPE_TEST_SECRET_KEY alone is set: cards are not charged.")]
    if live and given.demo:
        said = "STRIPE_SECRET_KEY is set and DEMO is on: real cards are charged for what nobody sells."
        found = [Finding("wrong", said)]
    elif live and _is_local(given.base_url):
        said = f"STRIPE_SECRET_KEY is set: real cards are charged, though BASE_URL is {given.base_url}."
        found = [Finding("mind", said)]
    if not given.stripe_webhook_secret:
        found.append(Finding("mind", "No STRIPE_WEBHOOK_SECRET: card payments are noticed minutes later."))
    return found


async def _mail() -> Finding:
    host = settings().smtp_host
    if not host:
        return Finding("mind", "No mail server is set (SMTP_HOST): mails wait.")
    client = mail_server()
    try:
        await client.connect()
    except (aiosmtplib.SMTPException, OSError) as error:
        return Finding("wrong", f"The mail server {host} does not take us: {type(error).__name__}.")
    finally:
        client.close()
    return Finding("fine", f"The mail server {host} takes us.")


def _phones() -> Finding:
    if settings().sms_url or settings().zalo_url:
        return Finding("fine", "People with a phone number and no mail address can be reached.")
    return Finding("mind", "Neither SMS_URL nor ZALO_URL is set: who has a phone number only gets no message.")


async def _backup() -> Finding:
    at = await last_backup_at()
    if at is None:
        return Finding("mind", "No backup was made yet. Run `fairground backup FILE --keys KEYFILE`.")
    level: Literal["fine", "mind"] = "mind" if now() - at > OLDEST_BACKUP else "fine"
    return Finding(level, f"The last backup was made at {at:%Y-%m-%d %H:%M} UTC.")


async def _work() -> AsyncIterator[Finding]:
    present = now()
    late = [
        waiting
        for waiting in await all_waiting(present)
        if waiting.since and (waiting.failed or present - waiting.since > LONGEST_WAIT)
    ]
    for waiting in late:
        yield Finding("wrong", f"{in_words(waiting)} since {waiting.since:%Y-%m-%d %H:%M} UTC.")
    if any(waiting.kind == "job" for waiting in late):
        where = "the service" if settings().jobs_inline else "`fairground worker`"
        yield Finding("wrong", f"Nobody does the background work: does {where} run?")
    if not late:
        yield Finding("fine", "Nothing waits.")
