"""What exhibitors are told about the fee of their booth."""

from datetime import datetime

from app.events.queries import edition_by_id
from app.kernel.i18n import N_, _, format_date, use_locale
from app.kernel.money import Money, format_money
from app.kernel.settings import settings
from app.payments.queries import DocumentInfo, parts_of
from app.payments.services.telling import Reached
from booths.allocation.enums import FeeNews
from booths.allocation.services.messages import contact_of, send_to

#: Subject and sentence of each news; ``{instead}`` is the booth that was given in place of ``{booth}``, or the invoice
#: that stands in place of ``{number}``, and ``{bearer}`` who bears all of a fee.
SENTENCES = {
    FeeNews.BILLED: (
        N_("The invoice for your booth: {amount}"),
        N_("Booth {booth} of {organisation} costs {amount}. To be paid by {day}. How to pay stands on your page."),
    ),
    FeeNews.BORNE: (
        N_("The fee of your booth is borne by {bearer}"),
        N_(
            "Booth {booth} of {organisation} costs {amount}. {bearer} bears all of it: you have nothing to pay. The "
            "invoice that says so stands on your page."
        ),
    ),
    FeeNews.KEPT: (
        N_("Your booth is paid"),
        N_("All of {amount} has come for {organisation}. Booth {booth} is yours. Thank you."),
    ),
    FeeNews.REPLACED: (
        N_("Your booth is now {instead}"),
        N_(
            "The money of {organisation} came when booth {booth} had gone to somebody else. Booth {instead}, of the "
            "same size and price and in the same zone, is yours in its place."
        ),
    ),
    FeeNews.GONE: (
        N_("Your booth is gone, and your money goes back"),
        N_(
            "The money of {organisation} came when booth {booth} was gone, and no booth like it is free. "
            "{amount} goes back to you: the organisers see to it."
        ),
    ),
    FeeNews.BILLED_ANEW: (
        N_("Please pay invoice {instead}: your money for {number} goes back"),
        N_(
            "The money of {organisation} came for invoice {number}, which was taken back. {amount} goes back to you: "
            "the organisers see to it. Booth {booth} was billed anew: please pay invoice {instead}."
        ),
    ),
    FeeNews.PAID_ANEW: (
        N_("Your booth is paid already, and your money goes back"),
        N_(
            "The money of {organisation} came for invoice {number}, which was taken back. Invoice {instead}, in its "
            "place, is paid already: {amount} goes back to you, and the organisers see to it."
        ),
    ),
    FeeNews.TAKEN_BACK: (
        N_("Your booth was taken back"),
        N_("{organisation} does not have booth {booth} any more. Its invoice is taken back: please do not pay it."),
    ),
    FeeNews.OWED_BACK: (
        N_("Your booth was taken back, and your money goes back"),
        N_(
            "{organisation} does not have booth {booth} any more. Its invoice is taken back, and {amount} goes back to "
            "you: the organisers see to it."
        ),
    ),
    FeeNews.BORNE_BACK: (
        N_("Your booth was taken back"),
        N_(
            "{organisation} does not have booth {booth} any more. Its invoice, of which you had nothing to pay, is "
            "void."
        ),
    ),
}
#: What stands in place of the first sentence where a fee is due in parts.
IN_PARTS = N_(
    "Booth {booth} of {organisation} costs {amount}. The first part, {first}, is to be paid by {day}, and the rest by "
    "{last_day}. How to pay stands on your page."
)


async def tell_fee(
    news: FeeNews,
    document: DocumentInfo,
    *,
    booth: str,
    amount: Money,
    now: datetime,
    instead: str = "",
    bearer: str = "",
    occasion: str = "",
) -> None:
    """Write to the contact of an invoice's application, in the caller's transaction: once for each occasion."""
    application_id = document.subject_id
    row = await contact_of(application_id)
    if row is None:
        return
    edition = await edition_by_id(document.edition_id)
    subject, sentence = SENTENCES[news]
    parts = await parts_of(document) if news == FeeNews.BILLED else []
    if len(parts) > 1:
        sentence = IN_PARTS
    with use_locale(row["locale"]):
        words = {
            "organisation": row["organisation"],
            "booth": booth,
            "instead": instead,
            "bearer": bearer,
            "number": document.number,
            "amount": format_money(amount),
            "day": format_date(document.due_on) if document.due_on else "",
            "first": format_money(parts[0].amount) if parts else "",
            "last_day": format_date(parts[-1].due_on) if parts else "",
        }
        await send_to(
            row,
            edition_id=edition.id,
            subject=_(subject).format(**words),
            said=_(sentence).format(**words),
            path=f"{edition.path}/apply/mine/{application_id}",
            unique_key=f"booth-fee:{news}:{document.id}:{occasion}",
            now=now,
        )


async def reach_exhibitor(document: DocumentInfo) -> Reached | None:
    """How payments reach the contact of an invoice's application: with the address of its page, after a sign-in."""
    row = await contact_of(document.subject_id)
    if row is None:
        return None
    edition = await edition_by_id(document.edition_id)
    page = f"{settings().base_url}{edition.path}/apply/mine/{document.subject_id}"
    return Reached(email=row["email"], phone=row["phone"], page=page, tells_gone=True)
