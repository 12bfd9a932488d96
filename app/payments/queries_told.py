"""What was written to a document's payer about it: when, and whether it left; not what it says, nor where it went."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.kernel.database import contains
from app.kernel.enums import ChannelKind, MessageState
from app.kernel.tables import OutboxMessage
from app.payments.queries import DocumentInfo

#: So many are shown, the newest.
MOST_TOLD = 20
COLUMNS = (
    *(OutboxMessage.subject, OutboxMessage.body_text, OutboxMessage.channel, OutboxMessage.state),
    *(OutboxMessage.created_at, OutboxMessage.sent_at),
)
NewsKeys = Callable[[DocumentInfo], Sequence[str]]
_news: dict[str, NewsKeys] = {}


@dataclass(frozen=True, kw_only=True)
class Told:
    """A message that names a document."""

    subject: str
    channel: ChannelKind
    state: MessageState
    written_at: datetime
    sent_at: datetime | None


def register_news(purpose: str, keys: NewsKeys) -> None:
    """Say how the messages are known that a purpose's own module writes about what a document is for.

    ``keys(document)`` gives patterns of the messages' keys, as LIKE takes them. Raises ValueError when the purpose is
    taken.
    """
    if _news.setdefault(purpose, keys) != keys:
        raise ValueError(f"news of {purpose} are known to another module already")


async def told_of(document: DocumentInfo) -> list[Told]:
    """Messages whose subject names a document, and those to its payer that do elsewhere; the newest first.

    Elsewhere is the text, and the key of what a purpose's own module writes: ``booth-fee:NEWS:DOCUMENT:…``, or what it
    registered. What is cleared once it is sent, such as the link of a pass, names none in its text any more.
    """
    named: Any = contains(document.number, "subject")
    key = f"{document.purpose.replace('_', '-')}:%:{document.id}:%"
    if document.payer_id is not None:
        hers: Any = contains(document.number, "body_text") | OutboxMessage.unique_key.like(key)
        named = named | ((OutboxMessage.person_id == document.payer_id) & hers)
    if document.purpose in _news:
        for pattern in _news[document.purpose](document):
            named = named | OutboxMessage.unique_key.like(pattern)
    rows = (
        await OutboxMessage.select(*COLUMNS)
        .where((OutboxMessage.edition_id == document.edition_id) & named)
        .order_by(OutboxMessage.id, ascending=False)
        .limit(MOST_TOLD)
    )
    longer = re.compile(re.escape(document.number) + r"\d")
    return [
        Told(
            subject=row["subject"],
            channel=ChannelKind(row["channel"]),
            state=MessageState(row["state"]),
            written_at=row["created_at"],
            sent_at=row["sent_at"],
        )
        for row in rows
        if not longer.search(f"{row['subject']}\n{row['body_text']}")
    ]
