"""How messages leave: one adapter for each channel, all behind the same protocol."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from app.kernel.enums import ChannelKind


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file that goes with a mail: ``path`` is relative to the data folder.

    One that is ``made_by`` a maker has none: it is made of the records whose numbers stand in ``of`` when the mail is
    sent (:mod:`app.kernel.channels.making`), and is then in ``content``.
    """

    filename: str
    mime: str
    path: str = ""
    made_by: str = ""
    of: Sequence[int] = ()
    content: bytes = field(default=b"", repr=False)

    def as_written(self) -> dict[str, Any]:
        """As it is kept in the message's row."""
        return {
            "filename": self.filename,
            "mime": self.mime,
            "path": self.path,
            "made_by": self.made_by,
            "of": [*self.of],
        }


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
