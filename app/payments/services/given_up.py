"""Documents that were written off, for which a part comes after all: kept only while what they were for is there."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from app.accounts.actor import Actor
from app.kernel.money import Money
from app.payments.enums import DocumentState
from app.payments.queries import DocumentInfo, document_by_id, open_document_for
from app.payments.services.documents import cancel_document

IsThere = Callable[[DocumentInfo], Awaitable[bool]]
_is_there: dict[str, IsThere] = {}


def register_given_up(purpose: str, is_there: IsThere) -> None:
    """Say whether what a written-off document of a purpose was for is still its payer's.

    ``is_there(document)`` runs inside the transaction that records the money. Raises ValueError when the purpose is
    taken.
    """
    if _is_there.setdefault(purpose, is_there) != is_there:
        raise ValueError(f"documents of {purpose} that were written off are known to another module already")


async def cancel_what_is_gone(
    document: DocumentInfo, amount: Money, *, actor: Actor | None, now: datetime
) -> DocumentInfo:
    """Cancel a written-off document of which a part comes though what it was for is gone; gives it as it stands then.

    In the caller's transaction, which holds it. All that is due leaves it as it is, for its seller to say what becomes
    of that; so does what was billed anew.
    """
    is_there = _is_there.get(document.purpose)
    if (
        is_there is None
        or document.state != DocumentState.WRITTEN_OFF
        or amount.amount_minor >= document.due.amount_minor
        or await open_document_for(document.purpose, document.subject_id)
        or await is_there(document)
    ):
        return document
    await cancel_document(document_id=document.id, actor=actor, now=now, tell=False)
    return await document_by_id(document.id)
