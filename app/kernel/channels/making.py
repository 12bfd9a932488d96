"""Attachments that are made when their mail is sent: what causes a mail writes down only of what they are.

A mail never waits for one, nor fails with it: what is attached stands behind links in the mail, too.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from app.kernel.channels import Attachment, OutgoingMessage
from app.kernel.clock import now
from app.kernel.database import fetch
from app.kernel.enums import MessageState
from app.kernel.i18n import use_locale

#: Makes the file of records by their numbers, in the reader's language; None where there is nothing of them any more.
Maker = Callable[[Sequence[int]], Awaitable[bytes | None]]

#: For all attachments of a mail: less than its lease, which sending it also has to fit in.
SECONDS = 40.0
#: What mail servers take on the way; an attachment that would go beyond it is left out.
MOST_BYTES = 8_000_000

#: Where more mails than these wait, what is heavy to make is left out: one that lets somebody in may be among them,
#: and the gates run on the same machine.
MOST_WAITING = 40

log = logging.getLogger("fairground.outbox")
_makers: dict[str, Maker] = {}
_heavy: set[str] = set()


def add_maker(name: str, maker: Maker, *, heavy: bool = False) -> None:
    """Let a module make attachments under a name; ``heavy`` ones cost some tenths of a second of the processor each."""
    _makers[name] = maker
    if heavy:
        _heavy.add(name)


async def with_attachments_made(message: OutgoingMessage) -> OutgoingMessage:
    """The message with the attachments that could be made; what could not is left out, and said in the log."""
    if not any(one.made_by for one in message.attachments):
        return message
    left_out = _heavy if await _many_wait(message) else set()
    kept: list[Attachment] = []
    room = MOST_BYTES
    try:
        async with asyncio.timeout(SECONDS):
            for one in (one for one in message.attachments if one.made_by not in left_out):
                found = await _made(message, one) if one.made_by else one
                if found is not None and len(found.content) <= room:
                    room -= len(found.content)
                    kept.append(found)
    except TimeoutError:
        log.warning("message %s goes without all its attachments: they took too long", message.id)
    return replace(message, attachments=kept)


async def _made(message: OutgoingMessage, one: Attachment) -> Attachment | None:
    try:
        with use_locale(message.locale):
            content = await _makers[one.made_by](one.of)
    except Exception:
        log.exception("message %s goes without an attachment (%s)", message.id, one.made_by)
        return None
    return replace(one, content=content) if content else None


async def _many_wait(message: OutgoingMessage) -> bool:
    rows = await fetch(
        "SELECT 1 AS due FROM outbox_message WHERE channel = {} AND state = {} AND next_try_at <= {} LIMIT {}",
        message.channel.value,
        MessageState.WAITING.value,
        now(),
        MOST_WAITING + 1,
    )
    return len(rows) > MOST_WAITING
