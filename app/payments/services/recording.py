"""Money that came and money that went back: recorded once, applied in the transaction that records it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from app.accounts.actor import Actor
from app.kernel import audit
from app.kernel.database import is_unique_violation, write_transaction
from app.kernel.money import MOST, Money
from app.kernel.names import clean_text
from app.payments.enums import TAKES, Account, DocumentKind, DocumentState, PaymentMethod, Posting, Settlement
from app.payments.errors import (
    AlreadyPaid,
    AmountDiffers,
    BilledAgain,
    CurrencyDiffers,
    DocumentNotOpen,
    PerhapsRecorded,
    ToldAlready,
    out_of_range,
)
from app.payments.queries import (
    OVER,
    DocumentInfo,
    PaymentInfo,
    document_by_id,
    hold_document,
    open_document_for,
    payment_by_id,
)
from app.payments.queries_bank import is_told_of, typed_transfers
from app.payments.queries_sent import payment_sent_before
from app.payments.services.documents import require_refund, restore_due, settlement_of
from app.payments.services.drawers import drawer_for
from app.payments.services.given_up import cancel_what_is_gone
from app.payments.services.issuing import post_content
from app.payments.services.late_parts import keep_after_all, may_be_paid, taken_late
from app.payments.services.ledger import post_payment
from app.payments.services.telling import tell_owed, tell_part
from app.payments.tables import Payment, PaymentDocument

#: How long before the bank booked a transfer somebody may have written it down: the payer had shown that it is sent.
#: And how long after that somebody may be about to write down what is recorded already.
WRITTEN_BEFORE = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What came of a payment: its row, what the seller said, where the document stands now, and what was too much."""

    payment_id: int
    edition_id: int
    outcome: Settlement
    state: DocumentState
    over_minor: int = 0


@dataclass(frozen=True, kw_only=True)
class _Money:
    """A payment on its way into the books."""

    method: PaymentMethod
    amount: Money
    actor: Actor | None
    now: datetime
    received_at: datetime
    provider_reference: str | None
    note: str
    anew: bool
    moved: PaymentInfo | None
    stood: str


def _recorded(
    document: DocumentInfo, payment_id: int, outcome: Settlement, state: DocumentState, over_minor: int = 0
) -> Recorded:
    return Recorded(
        payment_id=payment_id, edition_id=document.edition_id, outcome=outcome, state=state, over_minor=over_minor
    )


async def record_payment(
    *,
    document_id: int,
    method: PaymentMethod,
    amount: Money,
    actor: Actor | None,
    now: datetime,
    provider_reference: str | None = None,
    note: str = "",
    received_at: datetime | None = None,
    anew: bool = False,
    moved: PaymentInfo | None = None,
    stood: str = "",
) -> Recorded:
    """Record money that came, in one transaction; what completes a document settles it.

    Less than is due leaves it open, and its payer is told. A cancelled document may be paid late, as a whole, for which
    what came before and is still here counts: its seller then says what becomes of the money. ``provider_reference``
    names the payment at its provider; the same one again gives the first answer. Money that is too much, or comes a
    second time, is refused when a person records it, and kept to go back when a provider (``actor`` None) already took
    it. A transfer that the bank tells of and somebody wrote down by hand before is that payment, where the document
    takes no other one; where it could be either, PerhapsRecorded. One that a person writes down after the bank told of
    one like it raises ToldAlready. With ``anew`` a person has said that it is another one. ``moved`` is the payment as
    which it stood on a document that it was not for: its cash lies where it lay, in a drawer that was counted, say.
    ``stood`` is where the document stood when its page was opened (``stand_of``): the same sent from there again gives
    the first answer, and anything else that happened since raises StandsElsewhere. Raises DocumentNotFound,
    DocumentNotOpen for a credit note, AmountOutOfRange, CurrencyDiffers, AmountDiffers, AlreadyPaid, BilledAgain,
    DrawerNeeded, NothingSettles, and whatever the seller's settle raises.
    """
    if not 0 < amount.amount_minor <= MOST:
        raise out_of_range(amount)
    money = _Money(
        method=method,
        amount=amount,
        actor=actor,
        now=now,
        received_at=received_at or now,
        provider_reference=provider_reference,
        note=note,
        anew=anew,
        moved=moved,
        stood=stood,
    )
    try:
        async with write_transaction():
            if provider_reference is not None and (known := await known_payment(provider_reference)):
                return known
            return await _record(document_id, money)
    except Exception as error:
        if (
            provider_reference is not None
            and is_unique_violation(error)
            and (known := await known_payment(provider_reference))
        ):
            return known
        raise


async def _record(document_id: int, money: _Money) -> Recorded:
    document = await hold_document(document_id)
    given: dict[str, Any] = {"method": money.method, "note": money.note, "actor": money.actor}
    if sent := await payment_sent_before(document, money.stood, money.amount.amount_minor, **given):
        return _recorded(document, sent.id, sent.outcome, document.state)
    document = await cancel_what_is_gone(document, money.amount, actor=money.actor, now=money.now)
    kept = await _kept(document, money)
    if written := await _written_before(document, money, kept):
        return written
    await _check_told(document, money)
    over = beyond = money.amount.amount_minor - kept
    if kept and document.state not in TAKES:
        recorded = await _take_late(document, money, kept)
    elif kept:
        recorded = await _take(document, money, kept)
    else:
        payment_id = await _owe(document, money, over, money.provider_reference)
        recorded = _recorded(document, payment_id, Settlement.REFUND, document.state, over)
        over = 0
        if document.state in (DocumentState.CANCELLED, DocumentState.REFUNDED):
            recorded = await _stands_at(document, DocumentState.REFUND_DUE, recorded)
    if over:
        await _owe(document, money, over, money.provider_reference and f"{money.provider_reference}{OVER}")
    await audit.record(
        actor=money.actor,
        action="payment.record",
        subject_type="payment_document",
        subject_id=document_id,
        edition_id=document.edition_id,
        before={"state": document.state},
        after={
            "state": recorded.state,
            "method": money.method,
            "amount_minor": money.amount.amount_minor,
            "outcome": recorded.outcome,
        },
        now=money.now,
    )
    if recorded.state == DocumentState.OPEN:
        await tell_part(await document_by_id(document_id), money.amount, recorded.payment_id, money.now)
    elif over or recorded.outcome == Settlement.REFUND:
        await say_owed(document, money.amount, recorded.payment_id, money.now, beyond_minor=beyond)
    return replace(recorded, over_minor=over or recorded.over_minor)


async def say_owed(before: DocumentInfo, came: Money, payment_id: int, now: datetime, *, beyond_minor: int = 0) -> None:
    """Tell the payer what has to go back since money came; ``before`` is the document as it stood then.

    ``beyond_minor`` of it is no money that the seller was asked about.
    """
    after = await document_by_id(before.id)
    owed = Money(beyond_minor, after.owed.currency)
    if after.state == DocumentState.REFUND_DUE:  # with what came before, or with all of it
        owed = Money(after.owed.amount_minor - before.owed.amount_minor, after.owed.currency)
    await tell_owed(after, came, owed, payment_id, now, beyond=Money(beyond_minor, owed.currency))


async def _written_before(document: DocumentInfo, money: _Money, kept: int) -> Recorded | None:
    """The payment as which somebody wrote this transfer down before the bank told of it; the oldest, if she did more.

    Raises PerhapsRecorded where the document would take the same amount once more.
    """
    if money.actor is not None or money.method != PaymentMethod.TRANSFER or money.anew:
        return None
    since = money.received_at - WRITTEN_BEFORE
    typed = await typed_transfers([document.id], money.amount, since=since, of_payers=True)
    if not typed:
        return None
    if kept == money.amount.amount_minor:
        raise PerhapsRecorded(number=document.number)
    return _recorded(document, typed[0].payment_id, typed[0].outcome, document.state)


async def _check_told(document: DocumentInfo, money: _Money) -> None:
    """Refuse what somebody writes down as a transfer where the bank told of one of the same amount before.

    Raises ToldAlready.
    """
    if money.actor is None or money.method != PaymentMethod.TRANSFER or money.anew:
        return
    if await is_told_of(document.id, money.amount, since=money.received_at - WRITTEN_BEFORE):
        raise ToldAlready(amount=money.amount, number=document.number)


async def _kept(document: DocumentInfo, money: _Money) -> int:
    """How much of the money the document takes.

    One that was written off takes none once its subject is billed anew: what a card paid goes back, a transfer is left
    to the desk, which knows the other invoice.
    """
    if document.kind != DocumentKind.INVOICE:
        raise DocumentNotOpen(number=document.number)
    amount, due = money.amount, document.due
    if amount.currency != due.currency:
        raise CurrencyDiffers(number=document.number, due=due.currency, given=amount.currency)
    by_hand = money.actor is not None
    if document.state == DocumentState.WRITTEN_OFF and (
        anew := await open_document_for(document.purpose, document.subject_id)
    ):
        if by_hand or money.method == PaymentMethod.TRANSFER:
            raise BilledAgain(number=document.number, anew=anew.number)
        return 0
    if document.state in TAKES:
        if by_hand and amount.amount_minor > due.amount_minor:
            raise AmountDiffers(number=document.number, due=due, given=amount)
        return min(amount.amount_minor, due.amount_minor)
    if await may_be_paid(document):
        return await taken_late(document, amount, by_hand=by_hand)
    if by_hand:
        raise AlreadyPaid(number=document.number)
    return 0


async def _take(document: DocumentInfo, money: _Money, kept: int) -> Recorded:
    """Let an open document take money; the rest that was due settles it."""
    complete = kept == document.due.amount_minor
    state = DocumentState.PAID if complete else DocumentState.OPEN
    if not await _claim(document, kept, state, money.now):
        raise AlreadyPaid(number=document.number)
    if document.state == DocumentState.WRITTEN_OFF:
        await restore_due(document, money.now)
    payment_id = await _save(document, money, kept, money.provider_reference, Settlement.KEPT)
    await _book(document, money, kept, payment_id, Account.RECEIVABLE)
    if not complete:
        return _recorded(document, payment_id, Settlement.KEPT, state)
    return await settle(document, payment_id, actor=money.actor, now=money.now)


async def _take_late(document: DocumentInfo, money: _Money, kept: int) -> Recorded:
    """Ask the seller what becomes of money that makes up a cancelled document; one that is kept stands again.

    What is not new of it came before, and does not go back then.
    """
    if not await _claim(document, kept, DocumentState.PAID, money.now):
        raise AlreadyPaid(number=document.number)
    payment_id = await _save(document, money, kept, money.provider_reference, Settlement.KEPT)
    outcome = await settlement_of(document)(document, await payment_by_id(payment_id), money.now)
    if outcome != Settlement.REFUND:
        await post_content(Posting.RESTORE, document, money.now, sign=1)
        await _book(document, money, kept, payment_id, Account.RECEIVABLE)
        await Payment.update({Payment.outcome: outcome.value}).where(Payment.id == payment_id)
        if before := document.amount.amount_minor - kept:
            await keep_after_all(document, before, money.now)
        return _recorded(document, payment_id, outcome, DocumentState.PAID)
    await _book(document, money, kept, payment_id, Account.PAYABLE)
    await Payment.update({Payment.outcome: outcome.value, Payment.owed_minor: kept}).where(Payment.id == payment_id)
    await PaymentDocument.update(
        {
            PaymentDocument.paid_minor: PaymentDocument.paid_minor - kept,
            PaymentDocument.owed_minor: PaymentDocument.owed_minor + kept,
            PaymentDocument.state: DocumentState.REFUND_DUE.value,
        }
    ).where(PaymentDocument.id == document.id)
    return _recorded(document, payment_id, outcome, DocumentState.REFUND_DUE)


async def settle(document: DocumentInfo, payment_id: int, *, actor: Actor | None, now: datetime) -> Recorded:
    """Ask the seller what becomes of a document that is paid as a whole, in the caller's transaction."""
    outcome = await settlement_of(document)(document, await payment_by_id(payment_id), now)
    return await follow(document, payment_id, outcome, actor=actor, now=now)


async def follow(
    document: DocumentInfo, payment_id: int, outcome: Settlement, *, actor: Actor | None, now: datetime
) -> Recorded:
    """Do what the seller said of a document that is paid as a whole, in the caller's transaction."""
    if outcome == Settlement.REFUND:
        await require_refund(document_id=document.id, actor=actor, now=now)
        return _recorded(document, payment_id, outcome, DocumentState.REFUND_DUE)
    if outcome != Settlement.KEPT:  # as it was written
        await Payment.update({Payment.outcome: outcome.value}).where(Payment.id == payment_id)
    return _recorded(document, payment_id, outcome, DocumentState.PAID)


async def _claim(document: DocumentInfo, kept: int, state: DocumentState, now: datetime) -> bool:
    """Take money into a document by one conditional update: never more than is due, however many pay at once."""
    claimed = (
        await PaymentDocument.update(
            {
                PaymentDocument.paid_minor: PaymentDocument.paid_minor + kept,
                PaymentDocument.state: state.value,
                PaymentDocument.settled_at: now if state == DocumentState.PAID else document.settled_at,
            }
        )
        .where(
            (PaymentDocument.id == document.id)
            & (PaymentDocument.state == document.state.value)
            & (PaymentDocument.paid_minor == document.paid.amount_minor)
            & (PaymentDocument.credited_minor == document.credited.amount_minor)
        )
        .returning(PaymentDocument.id)
    )
    return bool(claimed)


async def _owe(document: DocumentInfo, money: _Money, over: int, provider_reference: str | None) -> int:
    """Keep money that has to go back; returns its row."""
    payment_id = await _save(document, money, over, provider_reference, Settlement.REFUND)
    await _book(document, money, over, payment_id, Account.PAYABLE)
    await PaymentDocument.update({PaymentDocument.owed_minor: PaymentDocument.owed_minor + over}).where(
        PaymentDocument.id == document.id
    )
    return payment_id


async def _stands_at(document: DocumentInfo, state: DocumentState, recorded: Recorded) -> Recorded:
    await PaymentDocument.update({PaymentDocument.state: state.value}).where(PaymentDocument.id == document.id)
    return replace(recorded, state=state)


async def _save(
    document: DocumentInfo, money: _Money, amount_minor: int, reference: str | None, outcome: Settlement
) -> int:
    """Write a payment's row; returns its id."""
    row = Payment(
        document=document.id,
        method=money.method.value,
        amount_minor=amount_minor,
        currency=money.amount.currency,
        outcome=outcome.value,
        provider_reference=reference,
        owed_minor=amount_minor if outcome == Settlement.REFUND else 0,
        drawer=money.moved.drawer_id if money.moved else await drawer_for(document, money.method, money.actor),
        note=clean_text(money.note)[:200],
        received_at=money.received_at,
        recorded_by=money.actor.person_id if money.actor else None,
    )
    await row.save()
    return int(row.id)


async def _book(document: DocumentInfo, money: _Money, amount_minor: int, payment_id: int, against: Account) -> None:
    await post_payment(
        Posting.PAYMENT,
        Money(amount_minor, money.amount.currency),
        against,
        method=money.method,
        edition_id=document.edition_id,
        document_id=document.id,
        payment_id=payment_id,
        now=money.now,
    )


async def known_payment(provider_reference: str) -> Recorded | None:
    """What came of a payment that is known by its name at its provider."""
    document = Payment.document
    columns = (Payment.id, Payment.outcome, document.state.as_alias("state"), document.edition.as_alias("edition"))
    rows = await Payment.select(*columns).where(Payment.provider_reference == provider_reference)
    if not rows:
        return None
    return Recorded(
        payment_id=rows[0]["id"],
        edition_id=rows[0]["edition"],
        outcome=Settlement(rows[0]["outcome"]),
        state=DocumentState(rows[0]["state"]),
    )
