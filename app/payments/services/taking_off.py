"""A payment is taken off an invoice that it was not for: the books mirror it, and a transfer waits to be assigned anew.

What was written down by hand can be recorded for the right invoice by the same step. Cash of a drawer that was counted
goes no other way: it lies where it was counted, and what that count came to stays (decision 0040).

Nothing that was recorded changes: a row stands against the payment, and a posting against its posting, on the day on
which it is done. Who is told that a paid document is open again registers for its purpose.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.events.queries import hold_edition
from app.kernel import audit
from app.kernel.database import hold_row, hold_rows, is_unique_violation, write_transaction
from app.kernel.money import Money
from app.kernel.names import clean_text
from app.payments.enums import (
    HAVE_AN_END,
    TAKES,
    Account,
    DocumentState,
    EntryState,
    PaymentMethod,
    Posting,
    Settlement,
)
from app.payments.errors import InvoiceChanged
from app.payments.errors_off import (
    AssignedAtBank,
    BilledInPlace,
    DrawerCounted,
    NotCounted,
    NotTakenOff,
    PartWentBack,
    RestHasAnEnd,
    RightInvoiceUnknown,
    WhyTakenOff,
)
from app.payments.queries import (
    OVER,
    DocumentInfo,
    PaymentInfo,
    document_by_id,
    invoice_by_number,
    open_document_for,
    payment_by_id,
    payments_of,
)
from app.payments.queries_bank import MatchInfo, match_of
from app.payments.queries_borne import borne_of
from app.payments.queries_drawers import drawer_by_id
from app.payments.services.documents import hold_documents, restore_due
from app.payments.services.late_parts import keep_what_waits
from app.payments.services.ledger import ACCOUNT_OF, Side, post
from app.payments.services.recording import record_payment
from app.payments.services.telling import tell_taken_off
from app.payments.services.unassigned import leave_share
from app.payments.tables import Payment, PaymentDocument

#: Why such a transfer waits, as stands on its row.
TAKEN_OFF = "taken_off"
BY_BANK = "bank:"

Reopened = Callable[[DocumentInfo, Actor, datetime], Awaitable[bool]]
Hold = Callable[[Sequence[DocumentInfo]], Awaitable[None]]
_reopened: dict[str, Reopened] = {}
_holds: dict[str, Hold] = {}


def register_reopened(purpose: str, reopened: Reopened, hold: Hold | None = None) -> None:
    """Say what follows when a paid document of a purpose is open again, since what had come was not for it.

    ``reopened(document, actor, now)`` runs inside the transaction that does so, with the document as it stands then; it
    gives whether it told the payer itself, and raises where what was sold cannot be unpaid any more. It must call
    nothing outside. ``hold(documents)`` takes what changes with several of them, in the order in which everybody takes
    it, before a payment goes from one of them to another. Raises ValueError when the purpose is taken.
    """
    if _reopened.setdefault(purpose, reopened) != reopened:
        raise ValueError(f"documents of {purpose} that are open again are known to another module already")
    if hold is not None:
        _holds[purpose] = hold


def may_be_taken_off(payment: PaymentInfo) -> bool:
    """Whether a payment is one that a person wrote down or a transfer of the bank, is there still, and is no rest."""
    name = payment.provider_reference
    told = name is None or (name.startswith(BY_BANK) and not name.endswith(OVER))
    kept = payment.returns_id is None and payment.outcome != Settlement.MISTAKEN
    return told and kept and payment.amount.amount_minor > 0 and payment.method != PaymentMethod.CARD


async def take_off(
    *,
    document_id: int,
    payment_id: int,
    reason: str,
    actor: Actor,
    now: datetime,
    instead: str = "",
    missing: bool = False,
) -> int | None:
    """Take a payment off an invoice that it was not for, with all of it that was more than due; once.

    A transfer waits to be assigned again: gives its id, None for what was written down by hand. The invoice takes what
    it has to give back already in its place, and is open again over the rest; one that was taken back stays so. Taken
    off twice changes nothing. ``instead`` is the number of the invoice that it was for: it is recorded there. Cash of a
    drawer that was counted has that, or was ``missing`` when it was counted, so that it lessens that difference.
    Raises DocumentNotFound, WhyTakenOff, NotTakenOff, PartWentBack, DrawerCounted, NotCounted, RightInvoiceUnknown,
    AssignedAtBank, RestHasAnEnd, BilledInPlace, InvoiceChanged when it becomes a transfer's at this moment, what its
    seller raises, and what :func:`record_payment` does of the right invoice.
    """
    why = clean_text(reason)[:200]
    if not why:
        raise WhyTakenOff(fields={"why": WhyTakenOff().sentence()})
    try:
        async with write_transaction():
            right = await _right_invoice(document_id, instead)
            return await _take_off(document_id, payment_id, right, missing, why, actor, now)
    except Exception as error:
        if not is_unique_violation(error):
            raise
        await _refuse_billed_anew(await document_by_id(document_id))  # at this very moment
        raise


async def _right_invoice(document_id: int, instead: str) -> DocumentInfo | None:
    """The invoice that somebody says a payment was for. Raises RightInvoiceUnknown."""
    number = clean_text(instead)
    if not number:
        return None
    right = await invoice_by_number(number, (await document_by_id(document_id)).edition_id)
    if right is None or right.id == document_id:
        error = RightInvoiceUnknown(number=number)
        raise RightInvoiceUnknown(number=number, fields={"instead": error.sentence()})
    return right


async def _take_off(
    document_id: int,
    payment_id: int,
    right: DocumentInfo | None,
    missing: bool,
    why: str,
    actor: Actor,
    now: datetime,
) -> int | None:
    match = await match_of(payment_id)
    if match is not None:  # whoever assigns holds the transfer before its documents
        (entry,) = await hold_rows("bank_entry", "id = {}", match.entry_id, alone=True)
        if entry["state"] in HAVE_AN_END:
            raise RestHasAnEnd
        if entry["books"] is not None:
            await hold_edition(entry["books"])
    held = await hold_documents([document_id, *([right.id] if right else [])])
    before = held[document_id]
    if right is not None:
        for purpose in sorted({one.purpose for one in held.values()} & _holds.keys()):
            await _holds[purpose]([one for one in held.values() if one.purpose == purpose])
    payment = await payment_by_id(payment_id, document_id)
    entry_id = match.entry_id if match else None
    if payment.outcome == Settlement.MISTAKEN and payment.amount.amount_minor > 0:
        return entry_id
    if await match_of(payment_id) != match:
        raise InvoiceChanged(number=before.number)
    rows = await _all_of(payment)
    counted = await _check(before, payment, rows)
    _check_where(match, right, missing, counted=counted)
    if payment.bearer:  # her debt is there again, and nothing of what its payer owes has changed
        await _mirror(before, payment, why, actor, now, missing=missing)
        after = before
    else:
        after = await _without(before, rows, why, actor, now, missing=missing)
    if match is not None:
        await _leave(match, sum(row.amount.amount_minor for row in rows), why, before.edition_id, actor, now)
    await _note(before, after, payment.method, rows, why, actor, now)
    if not payment.bearer:
        await _tell(before, after, rows, actor, now)
    if right is not None:
        await record_payment(
            document_id=right.id,
            method=payment.method,
            amount=payment.amount,
            actor=actor,
            note=why,
            received_at=payment.received_at,
            moved=payment,
            now=now,
        )
    return entry_id


async def _all_of(payment: PaymentInfo) -> list[PaymentInfo]:
    """A payment, and what of the same transfer its document did not take."""
    rest = f"{payment.provider_reference}{OVER}"
    return [
        payment,
        *(one for one in await payments_of(payment.document_id) if one.provider_reference == rest),
    ]


async def _check(document: DocumentInfo, payment: PaymentInfo, rows: Sequence[PaymentInfo]) -> bool:
    """That a payment can be taken off; gives whether it is cash of a drawer that was counted.

    Raises NotTakenOff, PartWentBack.
    """
    if not may_be_taken_off(payment):
        raise NotTakenOff
    currency = payment.amount.currency
    returned = sum(row.returned.amount_minor for row in rows)
    if payment.bearer:  # what went back to her is no payment's own
        came = sum(one.came.amount_minor for one in await borne_of(document.id) if one.bearer == payment.bearer)
        returned = max(0, payment.amount.amount_minor - came)
    if returned:
        whole = sum(row.amount.amount_minor for row in rows)
        raise PartWentBack(returned=Money(returned, currency), amount=Money(whole, currency), number=document.number)
    if payment.drawer_id is None:
        return False
    await hold_row("cash_drawer", payment.drawer_id)
    return (await drawer_by_id(payment.drawer_id, document.edition_id)).closed_at is not None


def _check_where(match: MatchInfo | None, right: DocumentInfo | None, missing: bool, *, counted: bool) -> None:
    """That it is said of counted cash where it belongs, and of a transfer not. Raises as :func:`take_off` does."""
    if match is not None and right is not None:
        raise AssignedAtBank(fields={"instead": AssignedAtBank().sentence()})
    if missing and not counted:
        raise NotCounted(fields={"missing": NotCounted().sentence()})
    if counted and missing == (right is not None):
        raise DrawerCounted(fields={"instead": DrawerCounted().sentence()})


async def _without(
    before: DocumentInfo, rows: Sequence[PaymentInfo], why: str, actor: Actor, now: datetime, *, missing: bool
) -> DocumentInfo:
    """Mirror payments of a document in its rows and in the ledger; gives it as it stands then."""
    if before.state == DocumentState.WRITTEN_OFF:
        await restore_due(before, now)
    for row in rows:
        await _mirror(before, row, why, actor, now, missing=missing)
    owed = sum(row.due_back.amount_minor for row in rows)
    kept = sum(row.amount.amount_minor for row in rows) - owed
    await PaymentDocument.update(
        {
            PaymentDocument.paid_minor: PaymentDocument.paid_minor - kept,
            PaymentDocument.owed_minor: PaymentDocument.owed_minor - owed,
        }
    ).where(PaymentDocument.id == before.id)
    document = await document_by_id(before.id)
    if before.state == DocumentState.PAID:
        await keep_what_waits(document, document.due.amount_minor, now)
        document = await document_by_id(before.id)
    state = _state_of(document)
    if state == before.state:
        return document
    if state == DocumentState.OPEN:
        await _refuse_billed_anew(before)
    values: dict[Any, Any] = {PaymentDocument.state: state.value}
    if state == DocumentState.OPEN:
        values[PaymentDocument.settled_at] = None
    await PaymentDocument.update(values).where(PaymentDocument.id == before.id)
    return await document_by_id(before.id)


async def _refuse_billed_anew(document: DocumentInfo) -> None:
    """See to it that no other document is open for the same thing. Raises BilledInPlace."""
    if anew := await open_document_for(document.purpose, document.subject_id):
        raise BilledInPlace(number=document.number, anew=anew.number)


def _state_of(document: DocumentInfo) -> DocumentState:
    """Where a document stands without what was taken off: open again, or as taken back as it was."""
    if document.state in (*TAKES, DocumentState.PAID):
        return DocumentState.OPEN if document.due.amount_minor else DocumentState.PAID
    if document.owed.amount_minor:
        return document.state
    return DocumentState.REFUNDED if document.credited.amount_minor else DocumentState.CANCELLED


async def _mirror(
    document: DocumentInfo, payment: PaymentInfo, why: str, actor: Actor, now: datetime, *, missing: bool
) -> None:
    """Write what stands against a payment; all of it is away from the document then.

    What was ``missing`` stands in the difference of its drawer, and is no cash that went out of it.
    """
    minor, owed = payment.amount.amount_minor, payment.due_back.amount_minor
    row = Payment(
        document=document.id,
        bearer=payment.bearer,
        method=payment.method.value,
        amount_minor=-minor,
        currency=payment.amount.currency,
        outcome=Settlement.MISTAKEN.value,
        returns=payment.id,
        drawer=None if missing else payment.drawer_id,
        note=why,
        received_at=now,
        recorded_by=actor.person_id,
    )
    await row.save()
    await Payment.update(
        {
            Payment.outcome: Settlement.MISTAKEN.value,
            Payment.owed_minor: minor,
            Payment.returned_minor: minor,
        }
    ).where(Payment.id == payment.id)
    against: dict[Side, int] = {Account.RECEIVABLE: minor - owed, Account.PAYABLE: owed}
    if payment.bearer:
        against = {(Account.SUBSIDY, payment.bearer): minor}
    await post(
        Posting.TAKE_OFF,
        {Account.OVER_SHORT if missing else ACCOUNT_OF[payment.method]: -minor, **against},
        edition_id=document.edition_id,
        currency=payment.amount.currency,
        document_id=document.id,
        payment_id=row.id,
        now=now,
    )


async def _leave(match: MatchInfo, minor: int, why: str, edition_id: int, actor: Actor, now: datetime) -> None:
    """Let the transfer wait again with this share of it, which nothing assigns but a person."""
    await leave_share(match.entry_id, minor, TAKEN_OFF, now, edition_id=edition_id)
    await audit.record(
        actor=actor,
        action="bank.take_off",
        subject_type="bank_entry",
        subject_id=match.entry_id,
        edition_id=edition_id,
        before={"state": EntryState.MATCHED},
        after={"state": EntryState.LEFT, "reason": why},
        now=now,
    )


async def _note(
    before: DocumentInfo,
    after: DocumentInfo,
    method: PaymentMethod,
    rows: Sequence[PaymentInfo],
    why: str,
    actor: Actor,
    now: datetime,
) -> None:
    await audit.record(
        actor=actor,
        action="payment.take_off",
        subject_type="payment_document",
        subject_id=before.id,
        edition_id=before.edition_id,
        before={"state": before.state},
        after={
            "state": after.state,
            "method": method,
            "amount_minor": sum(row.amount.amount_minor for row in rows),
            "reason": why,
        },
        now=now,
    )


async def _tell(
    before: DocumentInfo, after: DocumentInfo, rows: Sequence[PaymentInfo], actor: Actor, now: datetime
) -> None:
    """Ask the seller of what was paid and is open again; tell the payer, who was told that the money came."""
    told = False
    if before.state == DocumentState.PAID and after.state == DocumentState.OPEN:
        reopened = _reopened.get(before.purpose)
        told = reopened is not None and await reopened(after, actor, now)
    if not told:
        came = Money(sum(row.amount.amount_minor for row in rows), after.amount.currency)
        await tell_taken_off(after, came, rows[0].id, now)
