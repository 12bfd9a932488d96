"""Transfers find what they paid: by themselves where that is certain, by the finance desk where it is not.

A transfer is claimed by a conditional update and each of its shares recorded as a payment, in one transaction: all of
it stands or falls together. Those that pay exactly what is due share a transaction, in which all of them are booked by
a few statements. A payment is known by the transfer's fingerprint, so nothing is recorded twice.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from app.accounts.actor import Actor
from app.kernel import audit
from app.kernel.database import write_transaction
from app.kernel.errors import AppError
from app.kernel.money import Money
from app.kernel.settings import settings
from app.kernel.staging import Pace
from app.payments.bank_lines import is_ours
from app.payments.enums import DocumentState, EntryState, PaymentMethod
from app.payments.errors import DocumentNotFound, InvoiceChanged, PerhapsRecorded
from app.payments.errors_bank import SharesDiffer, TransferNotFound, TransferSettled
from app.payments.queries import document_by_id
from app.payments.queries_bank import (
    EntryInfo,
    PayableDocument,
    TypedTransfer,
    documents_of_ids,
    documents_with,
    entry_by_id,
    new_entries,
    payable_documents,
    payable_of,
    typed_transfers,
)
from app.payments.queries_borne import borne_on_lines
from app.payments.queries_due import due_now
from app.payments.services.bearing import record_transfer_of
from app.payments.services.documents import hold_documents
from app.payments.services.matching import Incoming, Payable, Reason, Share, Verdict, match, references_in
from app.payments.services.paying_together import NOTE_LENGTH, keep_match, pay_together, reference_anew
from app.payments.services.recording import WRITTEN_BEFORE, record_payment
from app.payments.services.unassigned import keep_unassigned, leave_together, take_out
from app.payments.tables import PaymentDocument
from app.payments.tables_bank import BankEntry

AT_ONCE = 5_000

Decided = tuple[EntryInfo, Verdict]

log = logging.getLogger("fairground.payments")


class _Changed(Exception):
    """What a verdict was made from is no longer so."""


async def match_new(now: datetime) -> dict[str, int]:
    """Assign every transfer that nobody has looked at, or leave it to a person; gives how many of each.

    What cannot be applied for a reason that a person can see to is left with the reason's code. Raises the last of
    whatever else went wrong, when the others are done: those transfers stay as they are for the next time.
    """
    counts: Counter[str] = Counter()
    failed: Exception | None = None
    stuck: set[int] = set()
    pace = Pace()
    while found := [one for one in await new_entries(AT_ONCE + len(stuck)) if one.id not in stuck]:
        decided = list(zip(found, await verdicts_on(found), strict=True))
        together, own_way = _first_of_their_documents(decided)
        while together:
            some, together = together[: pace.rows], together[pace.rows :]
            others = await _pay_together(some, pace, now)
            own_way += others
            if len(others) < len(some):
                counts[EntryState.MATCHED] += len(some) - len(others)
        plain = [one for one in own_way if _is_left_plainly(one[1])]
        own_way = [one for one in own_way if not _is_left_plainly(one[1])]
        while plain:
            some, plain = plain[: pace.rows], plain[pace.rows :]
            try:
                counts[EntryState.LEFT] += await _leave_together(some, pace, now)
            except Exception:
                log.info("%s transfers are left one by one", len(some), exc_info=True)
                own_way += some
        for entry, verdict in sorted(own_way, key=lambda one: one[0].id):
            try:
                async with pace.small():
                    counts[await _apply(entry, verdict, now)] += 1
            except _Changed:
                continue  # it is looked at anew
            except Exception as error:
                log.exception("a transfer could not be assigned", extra={"entry": entry.id})
                failed = error
                stuck.add(entry.id)
    if failed is not None:
        raise failed
    return dict(counts)


async def verdicts_on(found: Sequence[EntryInfo], edition_id: int | None = None) -> list[Verdict]:
    """What would become of some transfers now, in their order; documents of all editions count, or of one."""
    payables = {one.id: one for one in await payable_documents(edition_id)}
    known = {one.reference for one in payables.values()}
    references = await asyncio.to_thread(references_in, [one.purpose for one in found]) - known
    payables |= {one.id: one for one in await documents_with(references, edition_id)}
    account = settings().bank_account
    incoming = [Incoming(one.id, one.left, one.purpose, one.payer_name, is_ours(account, one.account)) for one in found]
    return await _of_parts(await asyncio.to_thread(match, incoming, [_payable(one) for one in payables.values()]))


async def _of_parts(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Verdicts, of which those on a reference that is not whole say whether the amount is the part to be paid next."""
    damaged = [one for one in verdicts if one.reason == Reason.DAMAGED]
    due = await due_now([suggestion.document_id for one in damaged for suggestion in one.suggestions])
    parts = {one.incoming.id for one in damaged if due.get(one.suggestions[0].document_id) == one.incoming.amount}
    return [replace(one, reason=Reason.PART) if one.incoming.id in parts else one for one in verdicts]


def _payable(document: PayableDocument) -> Payable:
    is_open = document.state == DocumentState.OPEN
    return Payable(document.id, document.reference, document.number, document.payer_name, document.due, is_open)


def _first_of_their_documents(decided: Sequence[Decided]) -> tuple[list[Decided], list[Decided]]:
    """Transfers that are each the first to pay what they pay, and those that have to come after them."""
    first: list[Decided] = []
    others: list[Decided] = []
    named: set[int] = set()
    for entry, verdict in decided:
        documents = {share.document_id for share in verdict.shares}
        (first if documents and not documents & named else others).append((entry, verdict))
        named |= documents
    return first, others


async def _pay_together(decided: Sequence[Decided], pace: Pace, now: datetime) -> list[Decided]:
    """Pay what transfers are for, many in a transaction; gives those that have to go their own way.

    When something about one of them is wrong nothing is done, and each half is tried by itself.
    """
    try:
        async with pace.piece():
            done = await pay_together(decided, now)
    except Exception:
        log.info("%s transfers are assigned in halves", len(decided), exc_info=True)
        if len(decided) == 1:
            return list(decided)
        middle = len(decided) // 2
        return [
            *await _pay_together(decided[:middle], pace, now),
            *await _pay_together(decided[middle:], pace, now),
        ]
    await pace.rest()
    return [one for one in decided if one[0].id not in done]


def _is_left_plainly(verdict: Verdict) -> bool:
    """Whether a person has to look at it whatever else is known, so that it may be left along with others."""
    return not verdict.shares and verdict.reason != Reason.SEVERAL


async def _leave_together(decided: Sequence[Decided], pace: Pace, now: datetime) -> int:
    """Leave transfers to a person, many in a transaction; gives how many nobody had dealt with meanwhile."""
    async with pace.piece():
        left = await leave_together({entry.id: verdict.reason or "" for entry, verdict in decided}, now)
    await pace.rest()
    return left


async def _apply(entry: EntryInfo, verdict: Verdict, now: datetime) -> EntryState:
    """Do what a verdict says; gives where the transfer stands then. Raises _Changed, and what settling raises."""
    reason = verdict.reason.value if verdict.reason else ""
    if verdict.shares:
        try:
            async with write_transaction():
                await _claim(entry.id, (EntryState.NEW,), EntryState.MATCHED, now, None)
                if verdict.fitting and not await _still_due(verdict.shares):
                    raise _Changed
                await _record(entry, verdict.shares, now)
            return EntryState.MATCHED
        except TransferSettled:
            return EntryState.MATCHED
        except AppError as error:
            reason = error.code
    if typed := await typed_together(entry, verdict):
        if await _link_together(entry, typed, now):
            return EntryState.MATCHED
        reason = PerhapsRecorded.code
    async with write_transaction():
        left = (
            await BankEntry.update({BankEntry.state: EntryState.LEFT.value, BankEntry.reason: reason})
            .where((BankEntry.id == entry.id) & (BankEntry.state == EntryState.NEW.value))
            .returning(BankEntry.id)
        )
        if left:
            await keep_unassigned(entry.id, now)
    return EntryState.LEFT


async def assign_entry(
    *,
    edition_id: int,
    entry_id: int,
    amounts: Mapping[int, Money],
    actor: Actor,
    now: datetime,
    stood: Mapping[int, str] | None = None,
    borne: Mapping[int, Money] | None = None,
    borne_stood: Mapping[int, str] | None = None,
) -> None:
    """Assign what is left of a transfer to documents of an edition by hand: how much of it goes to which (by its id).

    ``borne`` goes to what others bear of documents, by the id of the line that names them (``Borne.line_id``). The bank
    took the money already: what is more than is due goes back, of one that is paid all of it. ``stood`` and
    ``borne_stood`` are where each stood when the person was told so. It is recorded anew, whatever was written down by
    hand: what was is said by :func:`link_entry`. Raises TransferNotFound, DocumentNotFound, TransferSettled when
    somebody was faster, SharesDiffer, InvoiceChanged when one stands elsewhere by now, and what recording a payment
    raises.
    """
    entry, theirs = await entry_by_id(entry_id, edition_id), borne or {}
    shares = [Share(document_id, amount) for document_id, amount in sorted(amounts.items())]
    async with write_transaction():
        await _claim(entry_id, (EntryState.NEW, EntryState.LEFT), EntryState.MATCHED, now, actor)
        _check_sum((await entry_by_id(entry_id)).left, [*(share.amount for share in shares), *theirs.values()])
        for share in shares:
            await document_by_id(share.document_id, edition_id)
        of_others = await borne_on_lines(theirs, edition_id)
        if len(of_others) != len(theirs):
            raise DocumentNotFound
        await hold_documents([*amounts, *(one.document_id for one in of_others)])
        for document in await documents_of_ids(list(amounts), edition_id):
            if stood and stood.get(document.id, document.stand) != document.stand:
                raise InvoiceChanged(number=document.number)
        for one in await borne_on_lines(theirs, edition_id):  # as it is now that it is held
            if borne_stood and borne_stood.get(one.line_id, one.stand) != one.stand:
                raise InvoiceChanged(number=one.number)
            await record_transfer_of(one, theirs[one.line_id], entry, now)
        if shares:
            await _record(entry, shares, now, anew=True)
        await _belongs(entry.id, edition_id)
        await _note(entry, edition_id, actor, now)


async def link_entry(
    *, edition_id: int, entry_id: int, payment_ids: Sequence[int], actor: Actor, now: datetime
) -> None:
    """Say that a transfer is what somebody wrote down by hand as payments of an edition; nothing is recorded again.

    Raises TransferNotFound, also for payments that are a transfer's already, SharesDiffer when they do not make up what
    came, TransferSettled.
    """
    entry = await entry_by_id(entry_id, edition_id)
    async with write_transaction():
        await _claim(entry_id, (EntryState.NEW, EntryState.LEFT), EntryState.MATCHED, now, actor)
        found = [one for one in await typed_transfers(edition_id=edition_id) if one.payment_id in payment_ids]
        if {one.payment_id for one in found} != set(payment_ids):
            raise TransferNotFound
        await _link(entry, found, now)
        await _note(entry, edition_id, actor, now)


async def _link(entry: EntryInfo, typed: Sequence[TypedTransfer], now: datetime) -> None:
    """Join a claimed transfer to payments that were written down. Raises SharesDiffer, TransferNotFound."""
    _check_sum((await entry_by_id(entry.id)).left, [one.amount for one in typed])
    documents = [one.document_id for one in typed]
    await hold_documents(documents)
    still = {one.payment_id for one in await typed_transfers(documents)}  # as it is now that they are held
    for one in typed:
        if one.payment_id not in still:
            raise TransferNotFound
        await keep_match(entry.id, one.document_id, one.payment_id, one.amount.amount_minor, bearer=one.bearer)
    await _belongs(entry.id, (await document_by_id(documents[0])).edition_id)


def _check_sum(left: Money, amounts: Sequence[Money]) -> None:
    """See to it that amounts make up what is left of a transfer. Raises SharesDiffer."""
    given = sum(one.amount_minor for one in amounts)
    if given != left.amount_minor or any(one.currency != left.currency for one in amounts):
        raise SharesDiffer(given=Money(given, left.currency), came=left)


async def typed_together(entry: EntryInfo, verdict: Verdict) -> list[TypedTransfer]:
    """What was written down by hand for the several documents that a transfer names, if together it is the transfer."""
    if verdict.reason != Reason.SEVERAL:
        return []
    named = [one.document_id for one in verdict.suggestions]
    typed = await typed_transfers(named, since=entry.booked_at - WRITTEN_BEFORE, of_payers=True)
    alone = {one.document_id for one in typed} == set(named) and len(typed) == len(named)
    same = sum(one.amount.amount_minor for one in typed) == entry.left.amount_minor
    return typed if alone and same else []


async def _link_together(entry: EntryInfo, typed: Sequence[TypedTransfer], now: datetime) -> bool:
    """Join a transfer to what was written down, where none of its documents would take the same amount once more."""
    try:
        async with write_transaction():
            await _claim(entry.id, (EntryState.NEW,), EntryState.MATCHED, now, None)
            await hold_documents([one.document_id for one in typed])
            for one in typed:
                document = await document_by_id(one.document_id)
                if document.state == DocumentState.OPEN and document.due.amount_minor >= one.amount.amount_minor:
                    raise PerhapsRecorded(number=document.number)
            await _link(entry, typed, now)
    except AppError:
        return False
    return True


async def _note(entry: EntryInfo, edition_id: int, actor: Actor, now: datetime) -> None:
    await audit.record(
        actor=actor,
        action="bank.assign",
        subject_type="bank_entry",
        subject_id=entry.id,
        edition_id=edition_id,
        before={"state": entry.state},
        after={"state": EntryState.MATCHED},
        now=now,
    )


async def _belongs(entry_id: int, edition_id: int) -> None:
    """From now on a transfer belongs to the edition of what it paid."""
    await BankEntry.update({BankEntry.edition: edition_id, BankEntry.reason: ""}).where(BankEntry.id == entry_id)


async def _claim(
    entry_id: int, before: tuple[EntryState, ...], after: EntryState, now: datetime, actor: Actor | None
) -> None:
    """Take the right to deal with a transfer: of many one gets it. Raises TransferSettled."""
    claimed = (
        await BankEntry.update(
            {
                BankEntry.state: after.value,
                BankEntry.settled_at: now if after in (EntryState.MATCHED, EntryState.IGNORED) else None,
                BankEntry.settled_by: actor.person_id if actor else None,
            }
        )
        .where((BankEntry.id == entry_id) & BankEntry.state.is_in([one.value for one in before]))
        .returning(BankEntry.id)
    )
    if not claimed:
        raise TransferSettled
    if after == EntryState.MATCHED and EntryState.LEFT in before:
        await take_out(entry_id, now)


async def _still_due(shares: Sequence[Share]) -> bool:
    """Whether each share is still exactly what is open of its document."""
    rows = await PaymentDocument.select().where(PaymentDocument.id.is_in([share.document_id for share in shares]))
    due = {one.id: one.due for one in map(payable_of, rows) if one.state == DocumentState.OPEN}
    return all(due.get(share.document_id) == share.amount for share in shares)


async def _record(entry: EntryInfo, shares: Sequence[Share], now: datetime, *, anew: bool = False) -> None:
    """Record the payments of a claimed transfer, which from now on belongs to the edition of what it paid.

    All documents are held before the first is paid: what its seller then holds is held by others after theirs.
    """
    await hold_documents([share.document_id for share in shares])
    edition_id = 0
    for share in sorted(shares, key=lambda one: one.document_id):
        recorded = await record_payment(
            document_id=share.document_id,
            method=PaymentMethod.TRANSFER,
            amount=share.amount,
            actor=None,
            provider_reference=await reference_anew(entry, share.document_id),
            note=entry.purpose[:NOTE_LENGTH],
            received_at=entry.booked_at,
            anew=anew,
            now=now,
        )
        await keep_match(entry.id, share.document_id, recorded.payment_id, share.amount.amount_minor)
        edition_id = edition_id or recorded.edition_id
    await _belongs(entry.id, edition_id)
