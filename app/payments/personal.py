"""What payments hold of people: the names on bills. What was paid is kept as tax law wants it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.accounts.personal.registry import NUMBER_ONLY, Held, PersonalData, Rows
from app.accounts.personal.whom import NOBODY, Whom
from app.kernel.database import fetch
from app.kernel.i18n import N_
from app.kernel.names import search_text
from app.kernel.rows import among
from app.payments.enums import SERVICE_PURPOSE, STATE_NAMES
from app.payments.queries import invoices_for
from app.payments.tables import Drawer, Payment, PaymentDocument, PaymentEvent
from app.payments.tables_bank import BankEntry
from app.payments.tables_books import CashMove
from app.payments.tables_card import CardRefund
from app.payments.tables_payouts import Payout
from app.payments.tables_proof import PaymentProof
from app.payments.tables_service import ServiceInvoice

TRANSFERS_BY_LAW = N_("What the bank says of transfers: tax law wants it kept whole for ten years.")
DOCUMENT_SAYS = ("payer_name", "payer_address", "payer_tax_code", "search_text", "description")
#: Who sells is an organisation.
TERMS = ("seller_name", "seller_address", "seller_tax_code", "tax_name", "exempt_reason", "qris")
BY_LAW = N_("The name on bills that were paid: tax law wants them kept whole for ten years.")


def _billed_to(whom: Whom) -> Any:
    if whom.person_id is None:  # she is the payer of none, and not of those without one
        return PaymentDocument.id < 0
    return PaymentDocument.payer == whom.person_id


async def _documents(whom: Whom) -> Rows:
    return await PaymentDocument.select(
        PaymentDocument.edition.as_alias("edition_id"),
        PaymentDocument.number,
        PaymentDocument.payer_name,
        PaymentDocument.payer_address,
        PaymentDocument.payer_tax_code,
        PaymentDocument.description,
        PaymentDocument.amount_minor,
        PaymentDocument.currency,
        PaymentDocument.state,
        PaymentDocument.created_at,
        PaymentDocument.settled_at,
    ).where(_billed_to(whom))


async def _erase_documents(whom: Whom, now: datetime) -> int:
    """Take her name off bills for which no money ever came; she is no payer any more of any."""
    ids = [row["id"] for row in await PaymentDocument.select(PaymentDocument.id).where(_billed_to(whom))]
    await _take_name_off(ids, whom)
    await PaymentDocument.update({PaymentDocument.payer: None}).where(PaymentDocument.id.is_in(ids or [0]))
    return len(ids)


async def _take_name_off(document_ids: Sequence[int], whom: Whom) -> None:
    """Let nobody stand on documents as their payer, but for bills that were paid and the credit notes over these.

    Nor is a bill touched of which others bear all: it stands in the books as it was issued.
    """
    chosen, ids = among(document_ids)
    rows = await fetch(
        f"SELECT d.id, d.number, d.reference, d.description FROM payment_document d WHERE d.id {chosen} "
        "AND NOT EXISTS (SELECT 1 FROM payment p WHERE p.document = COALESCE(d.corrects, d.id)) "
        "AND d.amount_minor > 0",
        ids,
    )
    for row in rows:
        told = whom.redacted(row["description"])
        values: dict[Any, Any] = {
            PaymentDocument.payer_name: NOBODY,
            PaymentDocument.payer_address: "",
            PaymentDocument.payer_tax_code: "",
            PaymentDocument.description: told,
            PaymentDocument.search_text: search_text(row["number"], row["reference"], told)[:400],
        }
        await PaymentDocument.update(values).where(PaymentDocument.id == row["id"])


def _proofs_of(whom: Whom) -> Any:
    if whom.person_id is None:
        return PaymentProof.id < 0
    return (PaymentProof.document.payer == whom.person_id) | (PaymentProof.sent_by == whom.person_id)


async def _proofs(whom: Whom) -> Rows:
    return await PaymentProof.select(
        PaymentProof.document.edition.as_alias("edition_id"),
        PaymentProof.document.number.as_alias("number"),
        PaymentProof.sent_at,
    ).where(_proofs_of(whom))


async def _erase_proofs(whom: Whom, now: datetime) -> int:
    ids = [row["id"] for row in await PaymentProof.select(PaymentProof.id).where(_proofs_of(whom))]
    await PaymentProof.delete().where(PaymentProof.id.is_in(ids or [0]))
    return len(ids)


def _reached_at(whom: Whom) -> Any:
    addresses = list(whom.addresses)
    return ServiceInvoice.email.is_in(addresses) | ServiceInvoice.phone.is_in(addresses)


async def _reached(whom: Whom) -> Rows:
    if not whom.addresses:
        return []
    rows = await ServiceInvoice.select(ServiceInvoice.id, ServiceInvoice.email, ServiceInvoice.phone).where(
        _reached_at(whom)
    )
    of_row = {row["id"]: row for row in rows}
    return [
        {
            "edition_id": one.edition_id,
            "number": one.number,
            "email": of_row[one.subject_id]["email"],
            "phone": of_row[one.subject_id]["phone"],
            "payer_name": one.payer_name,
            "payer_address": one.payer_address,
            "payer_tax_code": one.payer_tax_code,
            "description": one.description,
            "amount_minor": one.amount.amount_minor,
            "currency": one.amount.currency,
            "state": one.state,
            "created_at": one.created_at,
            "settled_at": one.settled_at,
        }
        for one in await invoices_for(SERVICE_PURPOSE, of_row)
    ]


async def _erase_reached(whom: Whom, now: datetime) -> int:
    if not whom.addresses:
        return 0
    return await _forget_reached(_reached_at(whom), whom)


async def _forget_reached(chosen: Any, whom: Whom) -> int:
    """Forget how payers of services and sponsors were reached, and who they were where nothing was paid."""
    nowhere: dict[Any, Any] = {ServiceInvoice.email: "", ServiceInvoice.phone: ""}
    rows = await ServiceInvoice.update(nowhere).where(chosen).returning(ServiceInvoice.id)
    for_them = PaymentDocument.subject_id.is_in([row["id"] for row in rows] or [0])
    billed = await PaymentDocument.select(PaymentDocument.id).where(
        (PaymentDocument.purpose == SERVICE_PURPOSE) & for_them
    )
    await _take_name_off([row["id"] for row in billed], whom)
    return len(rows)


async def expire(edition_id: int, at_most: int) -> int:
    """Take away the proofs of an edition's transfers, and payers of its services and sponsors who paid nothing.

    How those who paid were reached goes, too; what was paid is in the books.
    """
    gone = await fetch(
        "DELETE FROM payment_proof WHERE id IN (SELECT p.id FROM payment_proof p JOIN payment_document d "
        "ON d.id = p.document WHERE d.edition = {} ORDER BY p.id LIMIT {}) RETURNING id",
        edition_id,
        at_most,
    )
    reached = await fetch(
        "SELECT id FROM payment_service_invoice WHERE edition = {} AND (email <> '' OR phone <> '') "
        "ORDER BY id LIMIT {}",
        edition_id,
        at_most - len(gone),
    )
    ids = [row["id"] for row in reached]
    return len(gone) + await _forget_reached(ServiceInvoice.id.is_in(ids or [0]), Whom())


DATA = PersonalData(
    held=(
        Held(
            key="proofs",
            title=N_("Proofs of transfers that you sent"),
            purpose=N_("To find your transfer on the bank account."),
            until=N_("As long as visitors' data of the festival are kept"),
            find=_proofs,
            erase=_erase_proofs,
        ),
        Held(
            key="service_invoices",
            title=N_("Invoices for services and sponsors that were sent to you"),
            purpose=N_("To send you the invoice, and to tell you of what was paid."),
            until=N_("As long as visitors' data of the festival are kept"),
            stays=BY_LAW,
            find=_reached,
            erase=_erase_reached,
            words={"state": STATE_NAMES.get},
        ),
        Held(
            key="payments",
            title=N_("Bills in your name"),
            purpose=N_("To bill what you ordered and to keep the books."),
            until=N_("Ten years, as tax law wants it"),
            stays=BY_LAW,
            find=_documents,
            erase=_erase_documents,
            words={"state": STATE_NAMES.get},
        ),
    ),
    erased=frozenset(
        {
            "payment_document.payer",
            "payment_proof.content",
            "payment_proof.sent_by",
            *(f"payment_service_invoice.{name}" for name in ("email", "phone")),
        }
    ),
    texts=(
        *(PaymentEvent.payload, PaymentEvent.error, Payment.note, Drawer.note),
        *(BankEntry.reason, CardRefund.note, Payout.note, Payout.taken_back_for, CashMove.reason),
    ),
    kept={
        **{f"payment_document.{name}": BY_LAW for name in DOCUMENT_SAYS},
        **{f"payment_line.{name}": BY_LAW for name in ("description", "exempt_reason", "funded_by")},
        "ledger_entry.detail": BY_LAW,
        "payment_day.totals": BY_LAW,
        "payment_day.closed_by": NUMBER_ONLY,
        "payment_payout.recorded_by": NUMBER_ONLY,
        "payment_payout.taken_back_by": NUMBER_ONLY,
        "payment_legal_file.stored_by": NUMBER_ONLY,
        "payment_service_invoice.made_by": NUMBER_ONLY,
        "payment_legal_file.digest": BY_LAW,
        "payment_legal_order.error": BY_LAW,
        "payment.recorded_by": NUMBER_ONLY,
        "payment.bearer": BY_LAW,
        "card_refund.asked_by": NUMBER_ONLY,
        "cash_drawer.cashier": NUMBER_ONLY,
        "cash_move.moved_by": NUMBER_ONLY,
        "payment_proof.looked_by": NUMBER_ONLY,
        **{
            f"bank_entry.{name}": TRANSFERS_BY_LAW
            for name in ("payer_name", "payer_account", "purpose", "search_text", "reversal_purpose")
        },
        "bank_entry.settled_by": NUMBER_ONLY,
    },
    impersonal=frozenset(
        {
            *(f"payment_document.{name}" for name in ("number", "currency", "purpose", "reference", "payer_language")),
            *(f"payment_document.seller_{name}" for name in ("name", "address", "tax_code")),
            *(f"payment_document.legal_{name}" for name in ("provider", "series", "number", "lookup")),
            *(f"payment_terms.{name}" for name in TERMS),
            *(f"ledger_entry.{name}" for name in ("posting", "currency")),
            *(f"payment_service_invoice.{name}" for name in ("client_id", "secret_hash")),
            "payment_series.series",
            "cash_drawer.currency",
            *(f"cash_move.{name}" for name in ("currency", "client_id")),
            *(f"payment.{name}" for name in ("currency", "provider_reference")),
            *(
                f"bank_entry.{name}"
                for name in (
                    *("account", "currency", "bank_reference", "fingerprint", "confirmed_by"),
                    "reversal_number",
                )
            ),
            *(f"payment_event.{name}" for name in ("provider", "event_id", "kind", "effect")),
            *(f"card_attempt.{name}" for name in ("currency", "locale", "idempotency_key", "session_id")),
            *(f"card_attempt.{name}" for name in ("payment_intent", "url", "error", "fee_currency")),
            *(f"card_refund.{name}" for name in ("currency", "idempotency_key", "refund_id", "error")),
            *(f"card_dispute.{name}" for name in ("dispute_id", "currency", "reason", "fee_currency")),
            "card_event_reading.provider",
            *(f"payment_payout.{name}" for name in ("reference", "currency", "error")),
            "payment_proof.mime",
        }
    ),
    expire=expire,
)
