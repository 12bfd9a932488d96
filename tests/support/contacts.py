"""What was sent to a contact, and the code and the link in it."""

from __future__ import annotations

import re

from app.kernel.tables import OutboxMessage


async def last_body(address: str) -> str:
    """Return the text of the latest message to an address."""
    row = (
        await OutboxMessage.select(OutboxMessage.body_text)
        .where(OutboxMessage.to_address == address)
        .order_by(OutboxMessage.id, ascending=False)
        .first()
    )
    assert row is not None
    return str(row["body_text"])


async def told(address: str) -> list[str]:
    """Return the texts of all messages to an address, the oldest first."""
    rows = (
        await OutboxMessage.select(OutboxMessage.body_text)
        .where(OutboxMessage.to_address == address)
        .order_by(OutboxMessage.id)
    )
    return [row["body_text"] for row in rows]


def code_sent(body: str) -> str:
    """Return the six digits in a message."""
    (code,) = re.findall(r"\b\d{6}\b", body)
    return str(code)


def token_sent(body: str) -> str:
    """Return the token of the link in a message that confirms a contact."""
    (token,) = re.findall(r"/account/contacts/link/([\w-]+)", body)
    return str(token)
