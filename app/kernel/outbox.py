"""The outbox: messages are rows of the transaction they tell about, and leave after it.

A message is sent at least once: a process can die between the other side's yes and our stamp. Each try carries the
same id, so that the receiver can tell. What waits for a channel that is not configured goes on waiting.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.kernel.audit import AuditActor, record
from app.kernel.channels import Attachment, Channel, DeliveryFailed, OutgoingMessage
from app.kernel.channels.http import HttpChannel
from app.kernel.channels.mail import MailChannel
from app.kernel.channels.screen import ScreenChannel
from app.kernel.database import after_commit, contains, fetch, write_transaction
from app.kernel.enums import ChannelKind, MessageState
from app.kernel.errors import AppError
from app.kernel.i18n import N_
from app.kernel.names import searched
from app.kernel.paging import page_number
from app.kernel.rows import insert_rows
from app.kernel.settings import settings
from app.kernel.tables import OutboxMessage

MOST_TRIES = 8
LEASE = timedelta(seconds=120)
TIMEOUT_SECONDS = 60.0
BATCH = 8
ROUND_SECONDS = 10.0
COLUMNS = (
    *(OutboxMessage.channel, OutboxMessage.to_address, OutboxMessage.person_id, OutboxMessage.subject),
    *(OutboxMessage.body_text, OutboxMessage.body_html, OutboxMessage.attachments, OutboxMessage.locale),
    *(OutboxMessage.secret, OutboxMessage.unique_key, OutboxMessage.state, OutboxMessage.attempts),
    *(OutboxMessage.next_try_at, OutboxMessage.error, OutboxMessage.created_at, OutboxMessage.shown_on_screen),
    OutboxMessage.edition_id,
)

log = logging.getLogger("fairground.outbox")

_wakers: set[Callable[[], None]] = set()


class MessageNotFailed(AppError):
    """Only a failed message can be sent again."""

    code = "message_not_failed"
    status = 409
    message = N_("Only a message that failed can be sent again.")


@dataclass(frozen=True, kw_only=True)
class NewMessage:
    """A message to be written. ``secret`` marks one-time links and codes: the body is cleared when it has been sent.

    Of one with a ``unique_key`` that was used before nothing comes.
    """

    to: str
    channel: ChannelKind
    subject: str
    body: str
    locale: str
    body_html: str = ""
    person_id: int | None = None
    edition_id: int | None = None
    unique_key: str | None = None
    attachments: Sequence[Attachment] = ()
    secret: bool = False


async def send_message(
    *,
    to: str,
    channel: ChannelKind,
    subject: str,
    body: str,
    body_html: str = "",
    locale: str,
    person_id: int | None = None,
    edition_id: int | None = None,
    unique_key: str | None = None,
    attachments: Sequence[Attachment] = (),
    secret: bool = False,
    now: datetime,
) -> int | None:
    """Write a message in the caller's transaction; returns its id, or None when ``unique_key`` was used before.

    ``secret`` marks one-time links and codes: the body is cleared when it has been sent.
    """
    message = NewMessage(
        to=to,
        channel=channel,
        subject=subject,
        body=body,
        body_html=body_html,
        locale=locale,
        person_id=person_id,
        edition_id=edition_id,
        unique_key=unique_key,
        attachments=attachments,
        secret=secret,
    )
    made = await send_messages([message], now=now)
    return made[0] if made else None


async def send_messages(messages: Sequence[NewMessage], *, now: datetime) -> list[int]:
    """Write messages in the caller's transaction, in few statements; returns the ids of those that are new."""
    rows = [
        (
            *(ChannelKind(one.channel).value, one.to, one.person_id, one.subject[:300], one.body, one.body_html),
            json.dumps([attachment.as_written() for attachment in one.attachments], ensure_ascii=False),
            *(one.locale, one.secret, one.unique_key, MessageState.WAITING.value, 0, now, "", now, False),
            one.edition_id,
        )
        for one in messages
    ]
    async with write_transaction():
        made = await insert_rows(OutboxMessage, COLUMNS, rows, returning=[OutboxMessage.id], pass_over_known=True)
        await after_commit(wake)
    return [int(row["id"]) for row in made]


async def free_key(unique_key: str) -> None:
    """Let a key be used once more, in the caller's transaction: what was told under it is not so any more.

    The message keeps it with its own id behind (``KEY:was-ID``), so that it is still known what it was about.
    """
    await fetch(
        "UPDATE outbox_message SET unique_key = unique_key || ':was-' || CAST(id AS VARCHAR) WHERE unique_key = {} "
        "RETURNING id",
        unique_key,
    )


def wake() -> None:
    """Make this process's worker look for messages now."""
    for call in list(_wakers):
        call()


def on_wake(call: Callable[[], None]) -> Callable[[], None]:
    """Have something called when a message is written here; returns what takes it off again."""
    _wakers.add(call)
    return lambda: _wakers.discard(call)


def way_to(*, email: str | None, phone: str | None) -> tuple[ChannelKind, str]:
    """How to reach a person, and at which address: by mail, else by Zalo where its gateway is set, else by SMS."""
    if email:
        return ChannelKind.MAIL, email
    return ChannelKind.ZALO if settings().zalo_url else ChannelKind.SMS, phone or ""


def channel_for(kind: ChannelKind) -> Channel | None:
    """The adapter of a channel: the configured one, in the demo the screen, else None (messages wait)."""
    known = settings()
    if kind == ChannelKind.MAIL and known.smtp_host:
        return MailChannel()
    if kind == ChannelKind.SMS and known.sms_url:
        return HttpChannel(known.sms_url, known.sms_token)
    if kind == ChannelKind.ZALO and known.zalo_url:
        return HttpChannel(known.zalo_url, known.zalo_token)
    return ScreenChannel() if known.demo else None


def open_channels(only: ChannelKind | None = None) -> list[ChannelKind]:
    """The channels that can deliver now, of all or of one."""
    return [kind for kind in ChannelKind if only in (None, kind) and channel_for(kind) is not None]


def back_off(tries: int) -> timedelta:
    """Time to the next try after so many: 30 s, 2 min, 8 min, 32 min, 2 h 8 min, then 6 h."""
    return min(timedelta(seconds=30 * 4 ** (tries - 1)), timedelta(hours=6))


async def is_message_due(now: datetime, only: ChannelKind | None = None) -> bool:
    """Whether any message could be delivered now: one cheap read, no lock."""
    channels = open_channels(only)
    if not channels:
        return False
    places = ", ".join("{}" for _channel in channels)
    rows = await fetch(f"SELECT 1 AS due FROM outbox_message WHERE {_claimable(places)} LIMIT 1", *channels, now, now)
    return bool(rows)


async def claim_messages(now: datetime, limit: int = BATCH, only: ChannelKind | None = None) -> list[dict[str, Any]]:
    """Take messages that are due, under a lease; one conditional update, so that each is taken by one claimer.

    A message whose lease ran out was perhaps sent: it is tried again while it has tries left, else it is failed.
    """
    channels = open_channels(only)
    places = ", ".join("{}" for _channel in channels)
    arguments = [*channels, now, now]
    async with write_transaction():
        await OutboxMessage.update(
            {OutboxMessage.state: MessageState.FAILED, OutboxMessage.error: "The worker vanished while it was sent."}
        ).where(
            (OutboxMessage.state == MessageState.SENDING)
            & (OutboxMessage.lease_until < now)
            & (OutboxMessage.attempts >= MOST_TRIES)
        )
        return await fetch(
            f"UPDATE outbox_message SET state = 'sending', attempts = attempts + 1, lease_until = {{}} WHERE id IN "
            f"(SELECT id FROM outbox_message WHERE {_claimable(places)} ORDER BY next_try_at, id LIMIT {{}}) "
            f"AND {_claimable(places)} RETURNING id, channel, to_address, subject, body_text, body_html, attachments, "
            "locale, secret, attempts",
            now + LEASE,
            *arguments,
            limit,
            *arguments,
        )


def _claimable(places: str) -> str:
    return (
        f"channel IN ({places}) AND ((state = 'waiting' AND next_try_at <= {{}}) "
        "OR (state = 'sending' AND lease_until < {}))"
    )


async def deliver(row: dict[str, Any], now: datetime) -> None:
    """Send one claimed message, outside of any transaction, and write down how it went."""
    channel = channel_for(ChannelKind(row["channel"]))
    extra = {"channel": row["channel"], "attempt": row["attempts"]}
    try:
        if channel is None:
            raise DeliveryFailed("the channel is not configured any more")
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await channel.deliver(_outgoing(row))
    except TimeoutError:
        await _write_failure(row, "no answer in time", lasting=False, now=now)
        log.warning("message %s: no answer in time", row["id"], extra=extra)
    except DeliveryFailed as error:
        await _write_failure(row, str(error), lasting=error.lasting, now=now)
        log.warning("message %s was not taken: %s", row["id"], error, extra=extra)
    except Exception as error:
        await _write_failure(row, type(error).__name__, lasting=False, now=now)
        log.exception("message %s could not be sent", row["id"], extra=extra)
    else:
        await _write_sent(row, on_screen=isinstance(channel, ScreenChannel), now=now)


def _outgoing(row: dict[str, Any]) -> OutgoingMessage:
    return OutgoingMessage(
        id=row["id"],
        channel=ChannelKind(row["channel"]),
        to_address=row["to_address"],
        subject=row["subject"],
        body_text=row["body_text"],
        body_html=row["body_html"],
        locale=row["locale"],
        attachments=[Attachment(**attachment) for attachment in json.loads(row["attachments"])],
    )


def _claimed(row: dict[str, Any]) -> Any:
    return (
        (OutboxMessage.id == row["id"])
        & (OutboxMessage.state == MessageState.SENDING)
        & (OutboxMessage.attempts == row["attempts"])
    )


async def _write_sent(row: dict[str, Any], *, on_screen: bool, now: datetime) -> None:
    values: dict[Any, Any] = {
        OutboxMessage.state: MessageState.SENT,
        OutboxMessage.sent_at: now,
        OutboxMessage.lease_until: None,
        OutboxMessage.error: "",
        OutboxMessage.shown_on_screen: on_screen,
    }
    if row["secret"] and not on_screen:
        values |= {OutboxMessage.body_text: "", OutboxMessage.body_html: ""}
    async with write_transaction():
        await OutboxMessage.update(values).where(_claimed(row))


async def _write_failure(row: dict[str, Any], reason: str, *, lasting: bool, now: datetime) -> None:
    given_up = lasting or row["attempts"] >= MOST_TRIES
    async with write_transaction():
        await OutboxMessage.update(
            {
                OutboxMessage.state: MessageState.FAILED if given_up else MessageState.WAITING,
                OutboxMessage.next_try_at: now + back_off(row["attempts"]),
                OutboxMessage.lease_until: None,
                OutboxMessage.error: reason[:500],
            }
        ).where(_claimed(row))


async def retry(message_id: int, *, actor: AuditActor | None, now: datetime) -> None:
    """Let a failed message be tried again, eight times. Raises MessageNotFailed when it is not a failed one."""
    async with write_transaction():
        changed = (
            await OutboxMessage.update(
                {OutboxMessage.state: MessageState.WAITING, OutboxMessage.attempts: 0, OutboxMessage.next_try_at: now}
            )
            .where((OutboxMessage.id == message_id) & (OutboxMessage.state == MessageState.FAILED))
            .returning(OutboxMessage.edition_id)
        )
        if not changed:
            raise MessageNotFailed
        await record(
            actor=actor,
            action="message.retry",
            subject_type="message",
            subject_id=message_id,
            edition_id=changed[0]["edition_id"],
            before={"state": MessageState.FAILED},
            after={"state": MessageState.WAITING},
            now=now,
        )
        await after_commit(wake)


async def clear_shown_secrets(before: datetime) -> None:
    """Clear the bodies of one-time links and codes that were shown on screen, or given up, before a time."""
    async with write_transaction():
        await OutboxMessage.update({OutboxMessage.body_text: "", OutboxMessage.body_html: ""}).where(
            OutboxMessage.secret.eq(True)
            & (OutboxMessage.created_at < before)
            & OutboxMessage.state.is_in([MessageState.SENT, MessageState.FAILED])
        )


async def deliver_due(now: datetime, only: ChannelKind | None = None) -> int:
    """Deliver what is due on all channels or one, a few at a time; returns how many messages were tried.

    Where one is answered slowly the others go on beside it, for some seconds; then the caller looks around.
    """
    tried = 0
    ends = time.monotonic() + ROUND_SECONDS
    running: set[asyncio.Task[None]] = set()
    failed: list[BaseException] = []
    try:
        while True:
            if time.monotonic() < ends and await is_message_due(now, only):
                rows = await claim_messages(now, BATCH - len(running), only)
                running |= {asyncio.create_task(deliver(row, now)) for row in rows}
                tried += len(rows)
            if not running:
                break
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            failed += [error for task in done if (error := task.exception())]
    finally:
        for task in running:  # only when this is cancelled
            task.cancel()
    if failed:
        raise failed[0]
    return tried


async def is_on_its_way(unique_key: str) -> bool:
    """Whether the message with a key was sent, or waits for nothing but its turn: not for a channel, nor given up."""
    rows = await fetch("SELECT channel, state FROM outbox_message WHERE unique_key = {}", unique_key)
    return any(
        row["state"] == MessageState.SENT
        or (row["state"] != MessageState.FAILED and channel_for(ChannelKind(row["channel"])) is not None)
        for row in rows
    )


async def list_messages(
    *,
    edition_id: int | None = None,
    channel: ChannelKind | None = None,
    state: MessageState | None = None,
    search: str = "",
    page: int = 1,
    per_page: int = 50,
) -> tuple[list[dict[str, Any]], int]:
    """Messages that fit every given filter, newest first, and how many there are on all pages.

    ``search`` looks in the address and the subject.
    """
    condition: Any = OutboxMessage.id > 0
    for column, value in (
        (OutboxMessage.edition_id, edition_id),
        (OutboxMessage.channel, channel),
        (OutboxMessage.state, state),
    ):
        if value is not None:
            condition = condition & (column == value)
    if search:
        condition = condition & contains(searched(search), "to_address", "subject")
    total = await OutboxMessage.count().where(condition)
    rows = (
        await OutboxMessage.select()
        .where(condition)
        .order_by(OutboxMessage.id, ascending=False)
        .limit(per_page)
        .offset((page_number(page) - 1) * per_page)
    )
    return [_shown(row) for row in rows], total


async def get_message(message_id: int) -> dict[str, Any] | None:
    """One message with its ``attachments`` decoded, or None."""
    row = await OutboxMessage.select().where(OutboxMessage.id == message_id).first()
    return None if row is None else _shown(row)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "attachments": json.loads(row["attachments"])}
