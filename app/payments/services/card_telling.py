"""What payers are told of money that goes back to a card, in the transaction in which it happens."""

from datetime import datetime

from app.kernel.i18n import N_, _, use_locale
from app.kernel.money import Money, format_money
from app.payments.queries import DocumentInfo
from app.payments.services.telling import send_to_payer


async def tell_back_on_card(document: DocumentInfo, refund_id: int, amount: Money, now: datetime) -> None:
    """Tell that money went back to the card that it came from."""
    await _tell(
        document,
        subject=N_("Your money for {number} went back"),
        mail=N_(
            "Dear {name},\n\n{amount} of what you paid for {what} ({edition}) went back to the card that you paid "
            "with. Banks take up to ten days to show it."
        ),
        short=N_(
            "{edition}: {amount} for invoice {number} went back to the card that you paid with. "
            "Banks take up to ten days to show it."
        ),
        amount=amount,
        key=f"card-refund:{refund_id}",
        now=now,
    )


async def tell_not_on_card(document: DocumentInfo, refund_id: int, amount: Money, now: datetime) -> None:
    """Tell that money which went back to a card did not arrive, to who heard that it had gone."""
    await _tell(
        document,
        subject=N_("Your money for {number} has not arrived"),
        mail=N_(
            "Dear {name},\n\nthe bank of your card did not take the {amount} that went back to you, of what you "
            "paid for {what} ({edition}). The organisers send it again, and you are told when it has gone."
        ),
        short=N_(
            "{edition}: the bank of your card did not take the {amount} for invoice {number} that went back to "
            "you. The organisers send it again, and you are told when it has gone."
        ),
        amount=amount,
        key=f"card-refund-failed:{refund_id}",
        now=now,
    )


async def tell_by_claim(document: DocumentInfo, amount: Money, payment_id: int, now: datetime) -> None:
    """Tell that what has to go back is with her already, since her bank took it back for her."""
    await _tell(
        document,
        subject=N_("Your bank has given you the money for {number}"),
        mail=N_(
            "Dear {name},\n\nof what you paid for {what} (invoice {number}, {edition}), {amount} has to go back to "
            "you. Your bank has given it to you already, as you claimed it there: it does not come a second time."
        ),
        short=N_(
            "{edition}: your bank has given you {amount} of invoice {number} already, as you claimed it there. It "
            "does not come a second time."
        ),
        amount=amount,
        key=f"payment-by-claim:{payment_id}",
        now=now,
    )


async def tell_claim_won(document: DocumentInfo, amount: Money, payment_id: int, now: datetime) -> None:
    """Tell that what her bank had taken back for her is here again, and has to go back to her."""
    await _tell(
        document,
        subject=N_("Your payment for {number} goes back to you"),
        mail=N_(
            "Dear {name},\n\nyour bank has decided on your claim of {amount} for {what} (invoice {number}, "
            "{edition}): the money is with us again. It has to go back to you: the organisers see to it, and you "
            "are told when it has gone."
        ),
        short=N_(
            "{edition}: your bank has decided on your claim of {amount} for invoice {number}: the money is with us "
            "again. It goes back to you."
        ),
        amount=amount,
        key=f"payment-claim-won:{payment_id}",
        now=now,
    )


async def _tell(
    document: DocumentInfo, *, subject: str, mail: str, short: str, amount: Money, key: str, now: datetime
) -> None:
    """Send what is said of an ``amount``, in the payer's language, once for its ``key``."""
    with use_locale(document.payer_language):
        await send_to_payer(
            document,
            subject=_(subject),
            mail=_(mail),
            short=_(short),
            values={"amount": format_money(amount)},
            key=key,
            now=now,
        )
