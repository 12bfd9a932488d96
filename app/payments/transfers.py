"""The bank transfers that pay a document: one, or several where the amount is above what goes at once."""

from base64 import b64encode
from dataclasses import dataclass

from app.events.queries import edition_by_id
from app.kernel.documents.qr import qr_png
from app.kernel.money import Money
from app.kernel.settings import settings
from app.payments.banks import bank_name
from app.payments.queries import DocumentInfo, terms_of
from app.payments.services.modes import mode_of
from app.payments.services.stripe_client import cards_on, cards_take
from app.payments.vietqr import vietqr

#: Nobody scans more codes than this: what would need more is transferred at a bank's counter.
MOST_TRANSFERS = 20

#: What the account of the settings takes: NAPAS gave its bank's code, so it is a Vietnamese one.
CURRENCY = "VND"


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
    """A bank transfer as a page shows it; ``codes`` are its VietQR codes.

    There are several, each with its amount, where banks do not transfer the whole at once, and none where there would
    be too many.
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
        return str(self.amount.amount_minor)


@dataclass(frozen=True, kw_only=True)
class BankAccount:
    """The account that transfers go to; ``example`` is its VietQR code without an amount."""

    bank: str
    number: str
    holder: str
    example: TransferPart


def transfers_on(currency: str) -> bool:
    """Whether a bank account is configured that transfers in a currency go to: they are in đồng alone."""
    return bool(settings().bank_account and settings().bank_bin) and currency == CURRENCY


def transfer_of(document: DocumentInfo, amount: Money | None = None) -> Transfer | None:
    """The transfer that pays a document, or ``amount`` of it; None while no account takes its currency."""
    here = settings()
    if not transfers_on(document.amount.currency):
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
    """The account as finance looks it over, for an edition in a currency; None while none takes it."""
    here = settings()
    if not transfers_on(currency):
        return None
    return BankAccount(
        bank=bank_name(here.bank_bin),
        number=here.bank_account,
        holder=here.bank_account_name,
        example=TransferPart(Money(0, currency), vietqr(here.bank_bin, here.bank_account, 0, "")),
    )


async def lacks_ways_to_pay(edition_id: int, amount: Money | None = None) -> bool:
    """Whether payers of an edition can pay at no place but a desk: no account for its money, no cards, no QRIS.

    Of an ``amount`` cards are a way if they take that.
    """
    live = await mode_of(edition_id)
    by_card = cards_take(amount, live) if amount else cards_on(live)
    if by_card or transfers_on((await edition_by_id(edition_id)).currency):
        return False
    return not (await terms_of(edition_id)).qris


def transfer_parts(document: DocumentInfo, amount: Money | None = None) -> tuple[TransferPart, ...]:
    """The transfers that together pay what is due of a document, or ``amount`` of it, each with its reference.

    Above ``INSTANT_TRANSFER_CEILING`` banks do not transfer at once, so there are several, of nearly one amount: none
    is so small that a bank refuses it. Nothing once all is paid, without a bank account here, for another currency
    than VND, or where there would be more than ``MOST_TRANSFERS``.
    """
    here = settings()
    if not transfers_on(document.amount.currency):
        return ()
    asked = (amount or document.due).amount_minor
    if not 0 < asked <= MOST_TRANSFERS * here.instant_transfer_ceiling:
        return ()
    return tuple(
        TransferPart(Money(one, CURRENCY), vietqr(here.bank_bin, here.bank_account, one, document.reference))
        for one in split_evenly(asked, here.instant_transfer_ceiling)
    )


def split_evenly(amount: int, most: int) -> list[int]:
    """As few amounts of at most ``most`` as make up ``amount``; they differ by 1 at the most, the larger ones first."""
    count = -(-amount // most)
    least, left = divmod(amount, count)
    return [least + 1] * left + [least] * (count - left)
