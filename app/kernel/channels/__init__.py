"""How messages leave: one adapter for each channel, all behind the same protocol."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from app.kernel.enums import ChannelKind


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file that goes with a mail; ``path`` is relative to the data folder."""

    filename: str
    mime: str
    path: str


@dataclass(frozen=True, kw_only=True)
class OutgoingMessage:
    """What an adapter delivers. ``id`` is the same at every try, so that receivers can tell a repeated one."""

    id: int
    channel: ChannelKind
    to_address: str
    subject: str
    body_text: str
    body_html: str
    locale: str
    attachments: Sequence[Attachment] = ()


class DeliveryFailed(Exception):
    """The message was not taken. ``lasting`` means that trying again cannot help.

    The text says why, and holds nothing of the message.
    """

    def __init__(self, reason: str, *, lasting: bool = False) -> None:
        super().__init__(reason)
        self.lasting = lasting


class Channel(Protocol):
    """Delivers messages of one kind."""

    async def deliver(self, message: OutgoingMessage) -> None:
        """Hand the message over; returns when the other side has taken it. Raises DeliveryFailed."""
