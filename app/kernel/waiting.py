"""What waits to be done by the service, and since when: counted once, shown on the status page and in the metrics."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from app.kernel.database import as_moment, fetch
from app.kernel.i18n import ngettext


@dataclass(frozen=True)
class Waiting:
    """``count`` things of a kind, the oldest since ``since``; ``failed`` ones wait for a person."""

    kind: str
    count: int
    since: datetime | None
    failed: bool = False


Provider = Callable[[datetime], Awaitable[list[Waiting]]]
Words = Callable[[int], str]

_providers: list[Provider] = []
_words: dict[str, Words] = {}


def add_waiting(provider: Provider, words: dict[str, Words]) -> None:
    """Let a module count what waits in it. ``words`` says a number of each kind in the reader's language."""
    if provider not in _providers:
        _providers.append(provider)
    _words.update(words)


async def all_waiting(now: datetime) -> list[Waiting]:
    """What every module counts; kinds of which nothing waits are there with 0."""
    return [waiting for provider in _providers for waiting in await provider(now)]


def in_words(waiting: Waiting) -> str:
    """How many of what, as ``3 mails wait``."""
    return _words[waiting.kind](waiting.count)


async def counted(kind: str, sql: str, *args: object, failed: bool = False) -> Waiting:
    """A count by a statement that gives ``count`` and ``since``."""
    row = (await fetch(sql, *args))[0]
    since = None if row["since"] is None else as_moment(row["since"])
    return Waiting(kind, row["count"], since, failed)


async def kernel_waiting(now: datetime) -> list[Waiting]:
    """Messages by channel, messages given up, jobs that are due, jobs that failed."""
    oldest = "SELECT COUNT(*) AS count, MIN(created_at) AS since FROM"
    mails = f"{oldest} outbox_message WHERE channel = {{}} AND state IN ('waiting', 'sending')"
    return [
        await counted("mail", mails, "mail"),
        await counted("sms", mails, "sms"),
        await counted("zalo", mails, "zalo"),
        await counted("message_failed", f"{oldest} outbox_message WHERE state = 'failed'", failed=True),
        await counted(
            "job",
            "SELECT COUNT(*) AS count, MIN(run_at) AS since FROM job WHERE state = 'queued' AND run_at <= {}",
            now,
        ),
        await counted("job_failed", f"{oldest} job WHERE state = 'failed'", failed=True),
    ]


KERNEL_WORDS: dict[str, Words] = {
    "mail": lambda count: ngettext("%(num)s mail waits", "%(num)s mails wait", count) % {"num": count},
    "sms": lambda count: ngettext("%(num)s SMS waits", "%(num)s SMS wait", count) % {"num": count},
    "zalo": lambda count: ngettext("%(num)s Zalo message waits", "%(num)s Zalo messages wait", count) % {"num": count},
    "message_failed": lambda count: (
        ngettext("%(num)s message could not be sent", "%(num)s messages could not be sent", count) % {"num": count}
    ),
    "job": lambda count: ngettext("%(num)s task waits", "%(num)s tasks wait", count) % {"num": count},
    "job_failed": lambda count: ngettext("%(num)s task failed", "%(num)s tasks failed", count) % {"num": count},
}
