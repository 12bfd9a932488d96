"""The bank transfers that pay a document: one, or several where the amount is above what goes at once."""

from dataclasses import dataclass

from app.kernel.money import Money
from app.kernel.settings import settings
from app.payments.queries import DocumentInfo
from app.payments.vietqr import vietqr


@dataclass(frozen=True)
class TransferPart:
    """One transfer: its amount, and the text of the VietQR code that fills it in."""

    amount: Money
    code: str


def transfer_parts(document: DocumentInfo) -> tuple[TransferPart, ...]:
    """The transfers that together pay what is due of a document, each with its reference.

    Above ``INSTANT_TRANSFER_CEILING`` banks do not transfer at once, so there are several, of nearly one amount: none
    is so small that a bank refuses it. Nothing once all is paid, without a bank account here, or for another currency
    than VND.
    """
    here = settings()
    if not here.bank_bin or not here.bank_account or document.amount.currency != "VND":
        return ()
    if document.due.amount_minor <= 0:
        return ()
    amounts = split_evenly(document.due.amount_minor, here.instant_transfer_ceiling)
    return tuple(
        TransferPart(Money(amount, "VND"), vietqr(here.bank_bin, here.bank_account, amount, document.reference))
        for amount in amounts
    )


def split_evenly(amount: int, most: int) -> list[int]:
    """As few amounts of at most ``most`` as make up ``amount``; they differ by 1 at the most, the larger ones first."""
    count = -(-amount // most)
    least, left = divmod(amount, count)
    return [least + 1] * left + [least] * (count - left)
