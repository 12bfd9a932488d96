"""Money of those who bear a part of an invoice: it makes their debt smaller, and nothing of what its payer owes.

It is a payment of that invoice under the bearer's name (``payment.bearer``), entered against her debt. Where a credit
note leaves her less to bear than she has paid, her account says what has to go back to her, and that is recorded as a
payment below zero, never over more than that; or what is too much counts for another invoice of hers.
"""

from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.kernel import audit
from app.kernel.database import write_transaction
from app.kernel.money import MOST, Money
from app.kernel.names import clean_text, text_key
from app.payments.enums import Account, PaymentMethod, Posting, Settlement
from app.payments.errors import CurrencyDiffers, DocumentNotFound, MoreThanOwed, ToldAlready, out_of_range
from app.payments.errors_borne import MoreThanBorne, NothingToCount, WhyCountedBack
from app.payments.errors_off import PartWentBack
from app.payments.queries import DocumentInfo, PaymentInfo, document_by_id, hold_document, payment_by_id, payment_info
from app.payments.queries_bank import EntryInfo, is_told_of
from app.payments.queries_borne import Borne, borne_of, borne_on_lines
from app.payments.queries_sent import payment_sent_before
from app.payments.services.documents import hold_documents
from app.payments.services.drawers import drawer_for
from app.payments.services.ledger import ACCOUNT_OF, Entered, post, post_across
from app.payments.services.paying_together import NOTE_LENGTH, keep_match, reference_anew
from app.payments.services.recording import WRITTEN_BEFORE
from app.payments.tables import Payment


async def record_borne(
    *,
    document_id: int,
    bearer: str,
    method: PaymentMethod,
    amount: Money,
    actor: Actor | None,
    now: datetime,
    provider_reference: str | None = None,
    note: str = "",
    received_at: datetime | None = None,
    anew: bool = False,
    stood: str = "",
) -> int:
    """Record money that came from who bears a part of an invoice, wholly or in parts; returns the payment's id.

    More than she owes of it is refused when a person writes it down, and taken from a transfer (which has a
    ``provider_reference``): it has to go back to her. A transfer that a person writes down after the bank told of one
    like it raises ToldAlready, unless she says (``anew``) that it is another one. The same sent again from a page that
    was opened when the document ``stood`` there gives the first answer; another payment of hers since raises
    StandsElsewhere. Raises DocumentNotFound where nobody of that name bears anything, AmountOutOfRange,
    CurrencyDiffers, MoreThanBorne, DrawerNeeded.
    """
    if not 0 < amount.amount_minor <= MOST:
        raise out_of_range(amount)
    async with write_transaction():
        document = await hold_document(document_id)
        borne = await _borne_by(document, bearer)
        if amount.currency != borne.owed.currency:
            raise CurrencyDiffers(number=document.number, due=borne.owed.currency, given=amount.currency)
        given: dict[str, Any] = {"method": method, "note": note, "actor": actor, "bearer": bearer}
        if sent := await payment_sent_before(document, stood, amount.amount_minor, **given):
            return sent.id
        came_at = received_at or now
        if provider_reference is None:
            if amount.amount_minor > borne.due.amount_minor:
                raise MoreThanBorne(bearer=bearer, owed=borne.due, number=document.number, given=amount)
            since = came_at - WRITTEN_BEFORE
            told = method == PaymentMethod.TRANSFER and not anew
            if told and await is_told_of(document.id, amount, since=since, bearer=bearer):
                raise ToldAlready(amount=amount, number=document.number)
        row = Payment(
            document=document.id,
            bearer=bearer,
            method=method.value,
            amount_minor=amount.amount_minor,
            currency=amount.currency,
            outcome=Settlement.KEPT.value,
            provider_reference=provider_reference,
            drawer=await drawer_for(document, method, actor),
            note=clean_text(note)[:200],
            received_at=came_at,
            recorded_by=actor.person_id if actor else None,
        )
        await row.save()
        return await _enter(Posting.PAYMENT, row, document, actor, now)


async def record_transfer_of(borne: Borne, amount: Money, entry: EntryInfo, now: datetime) -> None:
    """Record what of a transfer pays what somebody bears of a document, in the transaction that holds both."""
    payment_id = await record_borne(
        document_id=borne.document_id,
        bearer=borne.bearer,
        method=PaymentMethod.TRANSFER,
        amount=amount,
        actor=None,
        provider_reference=await reference_anew(entry, borne.document_id, borne.line_id),
        note=entry.purpose[:NOTE_LENGTH],
        received_at=entry.booked_at,
        now=now,
    )
    await keep_match(entry.id, borne.document_id, payment_id, amount.amount_minor, bearer=borne.bearer)


async def return_borne(
    *,
    document_id: int,
    bearer: str,
    method: PaymentMethod,
    amount: Money,
    actor: Actor,
    now: datetime,
    note: str = "",
    stood: str = "",
) -> int:
    """Record money that went back to who bears a part of an invoice, since she paid more than that; returns its row.

    ``stood`` as for :func:`record_borne`. Raises StandsElsewhere, DocumentNotFound, CurrencyDiffers, MoreThanOwed,
    DrawerNeeded, RefundShort.
    """
    async with write_transaction():
        document = await hold_document(document_id)
        borne = await _borne_by(document, bearer)
        if amount.currency != borne.owed.currency:
            raise CurrencyDiffers(number=document.number, due=borne.owed.currency, given=amount.currency)
        given: dict[str, Any] = {"method": method, "note": note, "actor": actor, "bearer": bearer}
        if sent := await payment_sent_before(document, stood, -amount.amount_minor, **given):
            return sent.id
        if not 0 < amount.amount_minor <= borne.due_back.amount_minor:
            raise MoreThanOwed(owed=borne.due_back, given=amount)
        row = Payment(
            document=document.id,
            bearer=bearer,
            method=method.value,
            amount_minor=-amount.amount_minor,
            currency=amount.currency,
            outcome=Settlement.RETURNED.value,
            returns=borne.payment_id,
            drawer=await drawer_for(document, method, actor, out=amount),
            note=clean_text(note)[:200],
            received_at=now,
            recorded_by=actor.person_id,
        )
        await row.save()
        return await _enter(Posting.REFUND, row, document, actor, now)


async def count_for_another(
    *, document_id: int, bearer: str, line_id: int, actor: Actor, now: datetime
) -> tuple[Money, str]:
    """Count what somebody paid too much of one invoice for what she owes of another: as much as both of them allow.

    ``line_id`` names that (``Borne.line_id``). No money moves: a row stands at either invoice, and one posting over
    both on the account of what others bear. Gives the amount and the other invoice's number. Raises DocumentNotFound,
    also for what is another bearer's or another edition's, NothingToCount.
    """
    async with write_transaction():
        edition_id = (await document_by_id(document_id)).edition_id
        others = await borne_on_lines([line_id], edition_id)
        held = await hold_documents([document_id, *(one.document_id for one in others)])
        mine, theirs = await _borne_by(held[document_id], bearer), await borne_on_lines([line_id], edition_id)
        if not theirs or theirs[0].document_id == document_id or not _are_one(mine, theirs[0]):
            raise DocumentNotFound
        other = theirs[0]
        minor = min(mine.due_back.amount_minor, other.due.amount_minor)
        if not minor or mine.payment_id is None:
            raise NothingToCount(bearer=mine.bearer, number=mine.number, other=other.number)
        method = (await payment_by_id(mine.payment_id)).method
        given_id = await _counted(mine, -minor, mine.payment_id, other.number, method, actor, now)
        taken_id = await _counted(other, minor, given_id, mine.number, method, actor, now)
        await post_across(
            Posting.COUNT_FOR,
            [
                _entered(mine, minor, edition_id, given_id),
                _entered(other, -minor, edition_id, taken_id),
            ],
            now=now,
        )
        await audit.record(
            actor=actor,
            action="payment.count_for",
            subject_type="payment_document",
            subject_id=document_id,
            edition_id=edition_id,
            after={"bearer": mine.bearer, "amount_minor": minor, "invoice": other.number},
            now=now,
        )
    return Money(minor, mine.owed.currency), other.number


async def count_back(
    *, document_id: int, payment_id: int, reason: str, actor: Actor, now: datetime
) -> tuple[Money, str]:
    """Take back that something counts for another invoice, named by its row at either of the two; once.

    A row stands against each of the two rows, with the reason, and a posting against the posting: it is too much of the
    one invoice again, and owed of the other. Gives the amount and the number of the invoice for which it counted. Taken
    back twice changes nothing. Raises WhyCountedBack, DocumentNotFound, also for what counts for nothing, PartWentBack
    where some of it went back from there, or counts for a third invoice.
    """
    why = clean_text(reason)[:200]
    if not why:
        raise WhyCountedBack
    async with write_transaction():
        given, taken = await _counted_pair(await payment_by_id(payment_id, document_id))
        held = await hold_documents([given.document_id, taken.document_id])
        mine = await _borne_by(held[given.document_id], given.bearer)
        theirs = await _borne_by(held[taken.document_id], taken.bearer)
        minor, told = taken.amount.amount_minor, (taken.amount, theirs.number)
        undone = (Payment.returns == given.id) & (Payment.outcome == Settlement.MISTAKEN.value)
        if await Payment.exists().where(undone):
            return told
        if (gone := minor - theirs.came.amount_minor) > 0:
            currency = taken.amount.currency
            raise PartWentBack(returned=Money(gone, currency), amount=taken.amount, number=theirs.number)
        edition_id, how = held[given.document_id].edition_id, (taken.method, actor, now)
        again_id = await _counted(mine, minor, given.id, why, *how, outcome=Settlement.MISTAKEN)
        off_id = await _counted(theirs, -minor, taken.id, why, *how, outcome=Settlement.MISTAKEN)
        sides = [_entered(mine, -minor, edition_id, again_id), _entered(theirs, minor, edition_id, off_id)]
        await post_across(Posting.COUNT_FOR, sides, now=now)
        await audit.record(
            actor=actor,
            action="payment.count_back",
            subject_type="payment_document",
            subject_id=given.document_id,
            edition_id=edition_id,
            after={"bearer": mine.bearer, "amount_minor": minor, "invoice": theirs.number, "reason": why},
            now=now,
        )
    return told


async def _counted_pair(payment: PaymentInfo) -> tuple[PaymentInfo, PaymentInfo]:
    """The rows at the invoice that gave and at the one for which it counts, of one of them. Raises DocumentNotFound."""
    if payment.outcome != Settlement.COUNTED or payment.returns_id is None:
        raise DocumentNotFound
    if payment.amount.amount_minor > 0:
        return await payment_by_id(payment.returns_id), payment
    taken = (Payment.returns == payment.id) & (Payment.outcome == Settlement.COUNTED.value)
    return payment, payment_info((await Payment.select().where(taken))[0])


def _are_one(one: Borne, other: Borne) -> bool:
    """Whether two debts are of one bearer and in one currency."""
    return (text_key(one.bearer), one.owed.currency) == (text_key(other.bearer), other.owed.currency)


async def _counted(
    borne: Borne,
    minor: int,
    of_payment: int,
    note: str,
    method: PaymentMethod,
    actor: Actor,
    now: datetime,
    *,
    outcome: Settlement = Settlement.COUNTED,
) -> int:
    """Write that something counts for (or, below zero, no more for) what somebody bears; ``note`` is the other invoice.

    ``method`` is how the money came that it is about. ``mistaken`` it takes that back, and ``note`` says why. Returns
    the row's id.
    """
    row = Payment(
        document=borne.document_id,
        bearer=borne.bearer,
        method=method.value,
        amount_minor=minor,
        currency=borne.owed.currency,
        outcome=outcome.value,
        returns=of_payment,
        note=note,
        received_at=now,
        recorded_by=actor.person_id,
    )
    await row.save()
    return int(row.id)


def _entered(borne: Borne, minor: int, edition_id: int, payment_id: int) -> Entered:
    return Entered(
        edition_id=edition_id,
        currency=borne.owed.currency,
        sides={(Account.SUBSIDY, borne.bearer): minor},
        document_id=borne.document_id,
        payment_id=payment_id,
    )


async def _borne_by(document: DocumentInfo, bearer: str) -> Borne:
    """What somebody bears of a document that is held. Raises DocumentNotFound."""
    found = [one for one in await borne_of(document.id) if one.bearer == bearer]
    if not found:
        raise DocumentNotFound
    return found[0]


async def _enter(kind: Posting, row: Payment, document: DocumentInfo, actor: Actor | None, now: datetime) -> int:
    """Enter a bearer's payment and write the log; returns its id."""
    method = PaymentMethod(row.method)
    await post(
        kind,
        {ACCOUNT_OF[method]: row.amount_minor, (Account.SUBSIDY, row.bearer): -row.amount_minor},
        edition_id=document.edition_id,
        currency=row.currency,
        document_id=document.id,
        payment_id=row.id,
        now=now,
    )
    await audit.record(
        actor=actor,
        action="payment.record" if kind == Posting.PAYMENT else "payment.refund",
        subject_type="payment_document",
        subject_id=document.id,
        edition_id=document.edition_id,
        after={"bearer": row.bearer, "method": method, "amount_minor": abs(row.amount_minor)},
        now=now,
    )
    return int(row.id)
