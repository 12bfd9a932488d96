"""What an order is known by: its secret for the buyer, its short name for people."""

import hmac

from app.kernel.settings import secret_key

_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def order_secret(client_id: str) -> str:
    """The secret of an order, found again from the client's own id, so that a repeated order gets the same answer."""
    return hmac.digest(secret_key(), b"ticket-order\0" + client_id.encode(), "sha256").hex()[:40]


def order_reference(client_id: str) -> str:
    """Eight letters and digits that people can read out; without 0, 1, I, L, O."""
    digest = int.from_bytes(hmac.digest(secret_key(), b"order-reference\0" + client_id.encode(), "sha256")[:8])
    letters = []
    for _position in range(8):
        digest, rest = divmod(digest, len(_LETTERS))
        letters.append(_LETTERS[rest])
    return "".join(letters)
