"""What Stripe keeps of card payments, entered once for each."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.events.queries import hold_edition
from app.kernel.database import write_transaction
from app.kernel.money import Money
from app.payments.enums import Account, Posting
from app.payments.queries import document_by_id
from app.payments.services.ledger import post
from app.payments.tables_card import CardAttempt


async def note_fee(attempt: Mapping[str, Any], fee: Money, now: datetime) -> None:
    """Note what Stripe kept of a paid checkout, and enter it into the ledger; once, whoever learns it first."""
    async with write_transaction():
        document = await document_by_id(attempt["document"])
        await hold_edition(document.edition_id)
        learnt = (
            await CardAttempt.update({CardAttempt.fee_minor: fee.amount_minor, CardAttempt.fee_currency: fee.currency})
            .where((CardAttempt.id == attempt["id"]) & CardAttempt.fee_minor.is_null())
            .returning(CardAttempt.id)
        )
        if learnt:
            await post(
                Posting.FEE,
                {Account.FEES: fee.amount_minor, Account.CARD: -fee.amount_minor},
                edition_id=document.edition_id,
                currency=fee.currency,
                document_id=document.id,
                now=now,
            )


async def give_up_fee(attempt: Mapping[str, Any]) -> None:
    """Ask no more what was kept of a payment that Stripe does not know, as one that was made in another account."""
    unknown = (CardAttempt.id == attempt["id"]) & CardAttempt.fee_minor.is_null()
    values: dict[Any, Any] = {CardAttempt.fee_minor: 0, CardAttempt.fee_currency: attempt["currency"]}
    await CardAttempt.update(values).where(unknown)
