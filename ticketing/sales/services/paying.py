"""How a held order can be paid: by a bank transfer that every banking app reads, or at the counter."""

from dataclasses import dataclass

from markupsafe import Markup

from app.kernel.documents.qr import qr_svg
from app.kernel.money import Money
from app.kernel.settings import settings
from app.payments.queries import DocumentInfo
from app.payments.transfers import transfer_parts


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """A bank transfer as a page shows it; ``codes`` are VietQR codes as SVG, if the currency has them.

    There are several, each with its amount, where banks do not transfer the whole at once.
    """

    bank_account: str
    account_name: str
    amount: Money
    reference: str
    codes: tuple[tuple[Money, Markup], ...]


def transfer_of(document: DocumentInfo) -> Transfer | None:
    """The transfer that pays a document; None while no bank account is configured."""
    known = settings()
    if not known.bank_account or not known.bank_bin:
        return None
    return Transfer(
        bank_account=known.bank_account,
        account_name=known.bank_account_name,
        amount=document.amount,
        reference=document.reference,
        codes=tuple((part.amount, qr_svg(part.code, label="VietQR")) for part in transfer_parts(document)),
    )
