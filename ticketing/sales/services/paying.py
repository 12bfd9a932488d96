"""How a held order can be paid: by a bank transfer that every banking app reads, or at the counter."""

from dataclasses import dataclass

from markupsafe import Markup

from app.kernel.documents.qr import qr_svg
from app.kernel.money import Money
from app.kernel.settings import settings
from app.payments.queries import DocumentInfo
from app.payments.vietqr import vietqr


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """A bank transfer as a page shows it; ``code`` is the VietQR code as SVG, if the currency has one."""

    bank_account: str
    account_name: str
    amount: Money
    reference: str
    code: Markup | None


def transfer_of(document: DocumentInfo) -> Transfer | None:
    """The transfer that pays a document; None while no bank account is configured."""
    known = settings()
    if not known.bank_account or not known.bank_bin:
        return None
    code = None
    if document.amount.currency == "VND":
        code = qr_svg(
            vietqr(known.bank_bin, known.bank_account, document.amount.amount_minor, document.reference),
            label="VietQR",
        )
    return Transfer(
        bank_account=known.bank_account,
        account_name=known.bank_account_name,
        amount=document.amount,
        reference=document.reference,
        code=code,
    )
