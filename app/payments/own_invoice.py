"""An invoice as its payer's page shows it, whoever sold: how to pay what is due next, what came and went back."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.kernel.money import Money
from app.payments.enums import MAY_BE_PAID, DocumentState, Settlement
from app.payments.enums_legal import LegalFileKind
from app.payments.lines import TaxedLine, borne_whole
from app.payments.queries import (
    DocumentInfo,
    PartInfo,
    PaymentInfo,
    credit_notes_of,
    lines_of,
    parts_of,
    payments_of,
    terms_of,
    to_pay_next,
)
from app.payments.queries_legal import legal_files_of
from app.payments.queries_proof import ProofInfo, proofs_of
from app.payments.services.modes import mode_of
from app.payments.services.stripe_client import cards_on, cards_take
from app.payments.transfers import Transfer, transfer_of, transfers_on


@dataclass(frozen=True, kw_only=True)
class OwnInvoice:
    """An invoice as its payer sees it.

    ``payments`` are those that stand: no refund that failed after all, nor what was taken off again; ``came`` says
    whether any money came, taken off since or not. ``transfer`` and ``qris`` (the hash of the seller's picture) are
    ways to pay ``next``, while she is asked for it; ``live`` says whether a card is really charged. ``e_invoices`` are
    the files that are here of its legal e-invoice and of those of its ``credit_notes``: one over what somebody else
    bears takes nothing back for her, and is there only with its e-invoice.
    """

    document: DocumentInfo
    lines: list[TaxedLine]
    parts: list[PartInfo]
    next: Money
    payments: list[PaymentInfo]
    came: bool
    credit_notes: list[DocumentInfo]
    e_invoices: list[tuple[DocumentInfo, LegalFileKind]]
    transfer: Transfer | None
    live: bool
    qris: str
    proofs: list[ProofInfo]

    @property
    def card(self) -> bool:
        """Whether she can pay ``next`` by card."""
        return cards_take(self.next, self.live)

    @property
    def not_by_card(self) -> bool:
        """Whether cards are taken here, but not for ``next``: she is told why they are not offered to her."""
        return cards_on(self.live) and not self.card

    @property
    def takes_proof(self) -> bool:
        """Whether she may show that she sent a transfer: there is an account, and its money may still come."""
        may_come = self.document.state in MAY_BE_PAID and not self.document.is_borne
        return may_come and transfers_on(self.document.amount.currency)

    @property
    def went_back(self) -> list[PaymentInfo]:
        """The money that went back to her, and did not come again."""
        return [one for one in self.payments if one.amount.amount_minor < 0]

    @property
    def borne(self) -> tuple[str, Money] | None:
        """Who bears all of it, and how much that is; None where something is to be paid, or was."""
        if not self.document.is_borne:
            return None
        names, minor = borne_whole(self.lines)
        return names, Money(minor, self.document.amount.currency)


async def own_invoice(document: DocumentInfo, *, is_asked: bool) -> OwnInvoice:
    """What the payer of an invoice sees of it; ``is_asked``: she is asked for its money now.

    Who she is the page has to see to.
    """
    parts, payments = await parts_of(document), await payments_of(document.id)
    due = to_pay_next(document, parts)
    found = await credit_notes_of(document.id, DocumentState.ISSUED)
    notes = [one for one in found if one.amount.amount_minor or one.legal.number]
    return OwnInvoice(
        document=document,
        lines=await lines_of(document.id),
        parts=parts,
        next=due,
        payments=_standing(payments),
        came=any(one.amount.amount_minor > 0 for one in payments),
        credit_notes=notes,
        e_invoices=await legal_files_of([document, *notes]),
        transfer=transfer_of(document, due) if is_asked else None,
        live=await mode_of(document.edition_id),
        qris=(await terms_of(document.edition_id)).qris if is_asked else "",
        proofs=await proofs_of(document.id),
    )


def _standing(payments: Sequence[PaymentInfo]) -> list[PaymentInfo]:
    """Payments without refunds that failed, without what stands against those, and without what was taken off again."""
    against = {one.id: one.returns_id for one in payments if one.amount.amount_minor > 0 and one.returns_id}
    gone = {*against, *against.values()}
    return [one for one in payments if one.id not in gone and one.outcome != Settlement.MISTAKEN]
