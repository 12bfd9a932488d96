"""On what terms an edition sells."""

from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.events.queries import edition_by_id
from app.kernel import audit
from app.kernel.database import write_transaction
from app.kernel.errors import AppError
from app.kernel.images import store_image
from app.payments.enums import TaxMode
from app.payments.errors import QrisNotHere, TaxAndReason, TaxRateMissing
from app.payments.lines import Terms
from app.payments.queries import terms_of
from app.payments.tables import PaymentTerms
from app.payments.tax import RATES, country_of, is_tax_code, tax_code_error


def problems_of(terms: Terms, country: str) -> dict[str, AppError]:
    """All that is wrong with the terms of an edition in a country, by field.

    TaxCodeUnknown (CheckDigitWrong, NpwpUnknown in Indonesia), TaxRateMissing when tax is asked for without a rate,
    TaxAndReason when it is asked for beside a reason to take none.
    """
    problems: dict[str, AppError] = {}
    if terms.seller_tax_code and not is_tax_code(terms.seller_tax_code, country):
        problems["seller_tax_code"] = tax_code_error(terms.seller_tax_code, country)
    if terms.tax_mode != TaxMode.NONE and terms.tax_name not in RATES:
        problems["tax_name"] = TaxRateMissing()
    if terms.tax_mode != TaxMode.NONE and terms.exempt_reason:
        problems["exempt_reason"] = TaxAndReason()
    return problems


async def set_terms(*, edition_id: int, terms: Terms, actor: Actor, now: datetime) -> None:
    """Say who sells and how it is taxed: from now on, for documents that are issued from now on.

    Raises the first of :func:`problems_of`.
    """
    edition = await edition_by_id(edition_id)
    for problem in problems_of(terms, country_of(edition.timezone, edition.currency)).values():
        raise problem
    values: dict[str, Any] = {
        "seller_name": terms.seller_name,
        "seller_address": terms.seller_address,
        "seller_tax_code": terms.seller_tax_code,
        "tax_mode": terms.tax_mode.value,
        "tax_name": terms.tax_name,
        "exempt_reason": terms.exempt_reason,
        "due_days": terms.due_days,
        "use_drawers": terms.use_drawers,
        "remind_days": terms.remind_days,
    }
    async with write_transaction():
        before = await terms_of(edition_id)
        await PaymentTerms.insert(PaymentTerms(edition=edition_id, **values)).on_conflict(
            target=PaymentTerms.edition, action="DO UPDATE", values=[getattr(PaymentTerms, name) for name in values]
        )
        await audit.record(
            actor=actor,
            action="payment.terms",
            subject_type="payment_terms",
            subject_id=edition_id,
            edition_id=edition_id,
            before={name: getattr(before, name) for name in values},
            after=values,
            now=now,
        )


async def set_qris(*, edition_id: int, picture: bytes | None, actor: Actor, now: datetime) -> None:
    """Show payers a picture of the seller's QRIS code, encoded anew, or none any more. Outside of any transaction.

    Raises EditionNotFound, QrisNotHere when the edition is not in Rupiah, NotAPicture, PictureTooLarge.
    """
    if (await edition_by_id(edition_id)).currency != "IDR":
        raise QrisNotHere
    qris = await store_image(picture, now=now) if picture is not None else ""
    async with write_transaction():
        before = await terms_of(edition_id)
        await PaymentTerms.insert(PaymentTerms(edition=edition_id, qris=qris)).on_conflict(
            target=PaymentTerms.edition, action="DO UPDATE", values=[PaymentTerms.qris]
        )
        await audit.record(
            actor=actor,
            action="payment.terms",
            subject_type="payment_terms",
            subject_id=edition_id,
            edition_id=edition_id,
            before={"qris": before.qris},
            after={"qris": qris},
            now=now,
        )
