"""What payers are told of money that goes back to a card, in the transaction in which it happens."""

from datetime import datetime

from app.kernel.i18n import _, use_locale
from app.kernel.money import Money, format_money
from app.payments.queries import DocumentInfo
from app.payments.services.telling import send_to_payer


async def tell_back_on_card(document: DocumentInfo, refund_id: int, amount: Money, now: datetime) -> None:
    """Tell that money went back to the card that it came from."""
    with use_locale(document.payer_language):
        await send_to_payer(
            document,
            subject=_("Your money for {number} went back"),
            mail=_(
                "Dear {name},\n\n{amount} of what you paid for {what} ({edition}) went back to the card that you paid "
                "with. Banks take up to ten days to show it."
            ),
            short=_(
                "{edition}: {amount} for invoice {number} went back to the card that you paid with. "
                "Banks take up to ten days to show it."
            ),
            values={"amount": format_money(amount)},
            key=f"card-refund:{refund_id}",
            now=now,
        )


async def tell_not_on_card(document: DocumentInfo, refund_id: int, amount: Money, now: datetime) -> None:
    """Tell that money which went back to a card did not arrive, to who heard that it had gone."""
    with use_locale(document.payer_language):
        await send_to_payer(
            document,
            subject=_("Your money for {number} has not arrived"),
            mail=_(
                "Dear {name},\n\nthe bank of your card did not take the {amount} that went back to you, of what you "
                "paid for {what} ({edition}). The organisers send it again, and you are told when it has gone."
            ),
            short=_(
                "{edition}: the bank of your card did not take the {amount} for invoice {number} that went back to "
                "you. The organisers send it again, and you are told when it has gone."
            ),
            values={"amount": format_money(amount)},
            key=f"card-refund-failed:{refund_id}",
            now=now,
        )
