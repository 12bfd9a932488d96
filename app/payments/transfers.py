"""The bank transfers that pay a document: one, or several where the amount is above what goes at once."""

from base64 import b64encode
from dataclasses import dataclass

from app.kernel.documents.qr import qr_png
from app.kernel.money import Money, decimals, typed_money
from app.kernel.settings import settings
from app.payments.banks import bank_name
from app.payments.queries import DocumentInfo, terms_of
from app.payments.services.stripe_client import cards_on
from app.payments.vietqr import vietqr

#: Nobody scans more codes than this: what would need more is transferred at a bank's counter.
MOST_TRANSFERS = 20


@dataclass(frozen=True)
class TransferPart:
    """One transfer: its amount, and the text of the VietQR code that fills it in."""

    amount: Money
    code: str

    @property
    def picture(self) -> str:
        """The code as a picture inside of a page: the phone that shows it cannot scan it, but can save it."""
        return "data:image/png;base64," + b64encode(qr_png(self.code)).decode()


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """A bank transfer as a page shows it; ``codes`` are its VietQR codes, if the currency has them.

    There are several, each with its amount, where banks do not transfer the whole at once.
    """

    bank: str
    bank_account: str
    account_name: str
    amount: Money
    reference: str
    codes: tuple[TransferPart, ...]

    @property
    def amount_to_copy(self) -> str:
        """The amount as banks' apps take it: without dots between its thousands."""
        return typed_money(self.amount) if decimals(self.amount.currency) else str(self.amount.amount_minor)


@dataclass(frozen=True, kw_only=True)
class BankAccount:
    """The account that transfers go to; ``example`` is its VietQR code without an amount, if the currency has codes."""

    bank: str
    number: str
    holder: str
    example: TransferPart | None


def transfers_on() -> bool:
    """Whether a bank account is configured that transfers go to."""
    return bool(settings().bank_account and settings().bank_bin)


def transfer_of(document: DocumentInfo, amount: Money | None = None) -> Transfer | None:
    """The transfer that pays a document, or ``amount`` of it; None while no bank account is configured."""
    here = settings()
    if not transfers_on():
        return None
    return Transfer(
        bank=bank_name(here.bank_bin),
        bank_account=here.bank_account,
        account_name=here.bank_account_name,
        amount=amount or document.due,
        reference=document.reference,
        codes=transfer_parts(document, amount),
    )


def account_of(currency: str) -> BankAccount | None:
    """The account as finance looks it over, for an edition in a currency; None while none is configured."""
    here = settings()
    if not transfers_on():
        return None
    none = Money(0, currency)
    return BankAccount(
        bank=bank_name(here.bank_bin),
        number=here.bank_account,
        holder=here.bank_account_name,
        example=TransferPart(none, vietqr(here.bank_bin, here.bank_account, 0, "")) if currency == "VND" else None,
    )


async def lacks_ways_to_pay(edition_id: int) -> bool:
    """Whether payers of an edition can pay at no place but a desk: no account, no cards, no QRIS picture."""
    return not transfers_on() and not cards_on() and not (await terms_of(edition_id)).qris


def transfer_parts(document: DocumentInfo, amount: Money | None = None) -> tuple[TransferPart, ...]:
    """The transfers that together pay what is due of a document, or ``amount`` of it, each with its reference.

    Above ``INSTANT_TRANSFER_CEILING`` banks do not transfer at once, so there are several, of nearly one amount: none
    is so small that a bank refuses it. Nothing once all is paid, without a bank account here, for another currency
    than VND, or where there would be more than ``MOST_TRANSFERS``.
    """
    here = settings()
    if not here.bank_bin or not here.bank_account or document.amount.currency != "VND":
        return ()
    asked = (amount or document.due).amount_minor
    if not 0 < asked <= MOST_TRANSFERS * here.instant_transfer_ceiling:
        return ()
    return tuple(
        TransferPart(Money(one, "VND"), vietqr(here.bank_bin, here.bank_account, one, document.reference))
        for one in split_evenly(asked, here.instant_transfer_ceiling)
    )


def split_evenly(amount: int, most: int) -> list[int]:
    """As few amounts of at most ``most`` as make up ``amount``; they differ by 1 at the most, the larger ones first."""
    count = -(-amount // most)
    least, left = divmod(amount, count)
    return [least + 1] * left + [least] * (count - left)
