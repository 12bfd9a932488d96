"""Where payers want money that goes back, as whoever sells was told by them."""

from collections.abc import Awaitable, Callable

from app.payments.queries import DocumentInfo

BackTo = Callable[[DocumentInfo], Awaitable[str]]
_back_to: dict[str, BackTo] = {}


def register_back_to(purpose: str, back_to: BackTo) -> None:
    """Say where the money of a purpose goes back to.

    ``back_to(document)`` gives the account in words for who sends it, empty where the payer named none. Raises
    ValueError when the purpose is taken.
    """
    if _back_to.setdefault(purpose, back_to) != back_to:
        raise ValueError(f"where money of {purpose} goes back to is said by another module already")


async def back_to(document: DocumentInfo) -> str:
    """The account that a document's payer wants her money on, in words; empty where nobody knows one."""
    known = _back_to.get(document.purpose)
    return await known(document) if known else ""
