"""Payment documents: issued by whoever sells, taken back, corrected by credit notes.

What a document says is never changed once it stands. A module that sells registers ``settle`` for its purpose. It is
called inside the transaction that records the money which completes the document, and says whether the payer keeps
what the document was for, gets something in its place, or gets the money back.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from app.accounts.actor import Actor
from app.events.queries import edition_by_id, hold_edition, hold_editions
from app.kernel import audit
from app.kernel.database import fetch, hold_rows, write_transaction
from app.kernel.i18n import pick
from app.kernel.money import MOST, Money
from app.kernel.rows import among
from app.payments.enums import SERVICE_PURPOSE, TAKES, Account, DocumentKind, DocumentState, Posting, Settlement
from app.payments.errors import (
    DocumentDiffers,
    DocumentNotFound,
    DocumentNotOpen,
    NothingSettles,
    PartsDiffer,
    out_of_range,
)
from app.payments.lines import Line, TaxedLine, taxed
from app.payments.queries import (
    DocumentInfo,
    PaymentInfo,
    credit_notes_of,
    document_by_id,
    document_info,
    lines_of,
    open_document_for,
    terms_of,
)
from app.payments.queries_legal import is_legal
from app.payments.services.claims_back import count_claims
from app.payments.services.credit_notes import forget_credits, issue_credit, part_of_rest
from app.payments.services.issuing import (
    Content,
    Part,
    Payer,
    Seller,
    give_back_number,
    issue,
    next_number,
    post_content,
    sides_of_lines,
)
from app.payments.services.ledger import day_of, post
from app.payments.services.owing import owe_back
from app.payments.services.telling import tell_taken_back, tell_void
from app.payments.tables import PaymentDocument

Settle = Callable[[DocumentInfo, PaymentInfo, datetime], Awaitable[Settlement]]
Paid = tuple[DocumentInfo, PaymentInfo]
SettleMany = Callable[[Sequence[Paid], datetime], Awaitable[Sequence[Settlement]]]
_settlements: dict[str, Settle] = {}
_many_at_once: dict[Settle, SettleMany] = {}
TakenBack = Callable[[DocumentInfo, Money, Actor | None, datetime], Awaitable[None]]
_taken_back: dict[str, TakenBack] = {}


def register_settlement(purpose: str, settle: Settle, settle_many: SettleMany | None = None) -> None:
    """Say what a paid document of a purpose leads to.

    ``settle(document, payment, now)`` runs inside the transaction that records the payment: what it writes and the
    payment stand or fall together. It must call nothing outside. ``settle_many`` does for many documents at once, of
    several editions perhaps, what ``settle`` does for each in their order, and answers in that order. Raises ValueError
    when the purpose is taken.
    """
    if _settlements.setdefault(purpose, settle) != settle:
        raise ValueError(f"payments for {purpose} are settled by another module already")
    if settle_many is not None:
        _many_at_once[settle] = settle_many


def register_taken_back(purpose: str, taken_back: TakenBack) -> None:
    """Say what follows when somebody else than its seller takes a paid document of a purpose back as a whole.

    ``taken_back(document, owed, actor, now)`` runs inside the transaction that does so, after its money was owed back:
    what the document was for has to go, too, and its payer is told that ``owed`` goes back, which is without what was
    too much and told before. ``actor`` is nobody for who did it at a provider. It must call nothing outside. Raises
    ValueError when the purpose is taken.
    """
    if _taken_back.setdefault(purpose, taken_back) != taken_back:
        raise ValueError(f"documents of {purpose} are taken back by another module already")


def settlement_of(document: DocumentInfo) -> Settle:
    """What a paid document leads to. Raises NothingSettles."""
    settle = _settlements.get(document.purpose)
    if settle is None:
        raise NothingSettles(number=document.number)
    return settle


async def settle_all(paid: Sequence[Paid], now: datetime) -> list[Settlement]:
    """What paid documents lead to, in their order; each seller is asked once, or for one after the other.

    In the transaction that records the payments. Raises NothingSettles, and what sellers raise.
    """
    places_of: dict[str, list[int]] = {}
    for place, (document, _payment) in enumerate(paid):
        places_of.setdefault(document.purpose, []).append(place)
    answers: dict[int, Settlement] = {}
    for _purpose, places in sorted(places_of.items()):  # two who do this take what sellers hold in one order
        of_seller = [paid[place] for place in places]
        settle = settlement_of(of_seller[0][0])
        many = _many_at_once.get(settle)
        given = [await settle(*one, now) for one in of_seller] if many is None else await many(of_seller, now)
        answers |= dict(zip(places, given, strict=True))
    return [answers[place] for place in range(len(paid))]


async def open_document(
    *,
    edition_id: int,
    purpose: str,
    subject_id: int,
    payer: Payer,
    description: str,
    currency: str,
    lines: Sequence[Line],
    now: datetime,
    parts: Sequence[Part] = (),
    due_on: date | None = None,
    may_be_borne: bool = False,
) -> DocumentInfo:
    """Bill something, in the caller's transaction; billing it again gives the open document.

    Lines are priced and taxed as the edition's terms have it; ``parts`` are due one after another and sum to the whole.
    Without parts it is due on ``due_on``, or as many days from now as the terms give. With ``may_be_borne`` others may
    bear all of it: such a document is paid as it is issued, has no parts, and whoever bills it sees to it that there is
    one alone. Raises DocumentDiffers when it is open with another amount, NothingSettles for a purpose nobody
    registered, AmountOutOfRange when nothing is to be paid or too much, PartsDiffer.
    """
    if purpose not in _settlements:
        raise NothingSettles(number=purpose)
    terms = await terms_of(edition_id)
    today = await day_of(edition_id, now)
    taxed_lines = [taxed(line, terms, today) for line in lines]
    is_borne = may_be_borne and _is_borne(taxed_lines)
    content = Content(
        kind=DocumentKind.INVOICE,
        edition_id=edition_id,
        purpose=purpose,
        subject_id=subject_id,
        description=description,
        currency=currency,
        payer=payer,
        seller=Seller(
            name=terms.seller_name or pick((await edition_by_id(edition_id)).name, payer.language),
            address=terms.seller_address,
            tax_code=terms.seller_tax_code,
        ),
        lines=taxed_lines,
        state=DocumentState.PAID if is_borne else DocumentState.OPEN,
        due_on=None if is_borne else parts[0].due_on if parts else due_on or today + timedelta(days=terms.due_days),
        parts=parts,
    )
    if not is_borne and not 0 < content.amount_minor <= MOST:
        raise out_of_range(Money(content.amount_minor, currency))
    if parts and (sum(part.amount_minor for part in parts) != content.amount_minor or _out_of_order(parts)):
        raise PartsDiffer
    async with write_transaction():
        await hold_edition(edition_id)  # before the series: who cancels an edition takes them in this order
        number = await next_number(content, today)  # its row locks: one opener of a series at a time
        if found := await open_document_for(purpose, subject_id):
            await give_back_number(content, today)
            if found.amount != Money(content.amount_minor, currency):
                raise DocumentDiffers(number=found.number)
            return found
        document_id = await issue(content, number, now)
        await post(
            Posting.INVOICE,
            sides_of_lines(content.lines),
            edition_id=edition_id,
            currency=currency,
            document_id=document_id,
            now=now,
        )
    return await document_by_id(document_id)


def _is_borne(lines: Sequence[TaxedLine]) -> bool:
    """Whether others bear all of what is sold, and that is something."""
    gross = [(line.net_minor + line.tax_minor, line.funded_by) for line in lines]
    sold = sum(minor for minor, bearer in gross if not bearer)
    return 0 < sold <= MOST and sold == -sum(minor for minor, bearer in gross if bearer)


def _out_of_order(parts: Sequence[Part]) -> bool:
    days = [part.due_on for part in parts]
    return days != sorted(days) or any(part.amount_minor <= 0 for part in parts)


async def move_document(
    document_id: int, before: DocumentState, after: DocumentState, *, action: str, actor: Actor | None, now: datetime
) -> DocumentInfo | None:
    """Change a document's state in the caller's transaction; gives it as it was, None when it stood elsewhere."""
    changed = (
        await PaymentDocument.update({PaymentDocument.state: after.value})
        .where((PaymentDocument.id == document_id) & (PaymentDocument.state == before.value))
        .returning(PaymentDocument.edition)
    )
    if not changed:
        return None
    await audit.record(
        actor=actor,
        action=action,
        subject_type="payment_document",
        subject_id=document_id,
        edition_id=changed[0]["edition"],
        before={"state": before},
        after={"state": after},
        now=now,
    )
    return replace(await document_by_id(document_id), state=before)


async def hold_documents(document_ids: Iterable[int]) -> dict[int, DocumentInfo]:
    """As :func:`hold_document`, for several, in the order of their ids: whoever takes several does it so.

    In the caller's transaction, before anything that hangs on one of them. Raises DocumentNotFound.
    """
    ids = sorted(set(document_ids))
    chosen, values = among(ids)
    editions = await fetch(f"SELECT DISTINCT edition FROM payment_document WHERE id {chosen}", values)
    await hold_editions(row["edition"] for row in editions)
    held = await hold_rows("payment_document", f"id {chosen}", values, alone=True)
    if len(held) != len(ids):
        raise DocumentNotFound
    return {row["id"]: document_info(row) for row in held}


async def _hold_edition_of(document_id: int) -> None:
    """Hold the edition before the document, as everybody does: who cancels an edition takes its documents after it."""
    await hold_edition((await document_by_id(document_id)).edition_id)


async def cancel_document(*, document_id: int, actor: Actor | None, now: datetime, tell: bool = True) -> None:
    """Take back an open document, or one that was written off; what came for it has to go back, and the payer is told.

    Not with ``tell`` false, for a seller who tells it herself. One that others bear as a whole is taken back so, too;
    of a booth's nobody is told, who was asked for nothing. Has it an e-invoice (it was paid, and its payment was taken
    off), a credit note takes back what that says was sold, and it does not stand again: what comes for it goes back.
    Cancelled twice changes nothing.

    Raises DocumentNotFound, DocumentNotOpen.
    """
    async with write_transaction():
        await _hold_edition_of(document_id)
        is_borne = (await document_by_id(document_id)).is_borne
        for before in (DocumentState.PAID,) if is_borne else TAKES:
            was = await move_document(
                document_id, before, DocumentState.CANCELLED, action="payment.cancel", actor=actor, now=now
            )
            if was is not None:
                break
        if was is None:
            found = await document_by_id(document_id)
            if found.state != DocumentState.CANCELLED:
                raise DocumentNotOpen(number=found.number)
            return
        if was.state == DocumentState.WRITTEN_OFF:
            await restore_due(was, now)
        if await is_legal(was.id):
            await _credit_rest(was, now)
        else:
            await post_content(Posting.CANCEL, was, now, sign=-1)
            await forget_credits(was, now)
        owed = await _owe_all(was, now)
        if tell and owed.amount_minor:
            await tell_taken_back(await document_by_id(was.id), owed, now)
        elif tell and not was.paid.amount_minor and not (is_borne and was.purpose != SERVICE_PURPOSE):
            await tell_void(was, now)


async def restore_due(document: DocumentInfo, now: datetime) -> None:
    """Enter that what was written off of a document is to be paid after all, in the caller's transaction."""
    due = document.due.amount_minor
    await post(
        Posting.RESTORE,
        {Account.RECEIVABLE: due, Account.LOSS: -due},
        edition_id=document.edition_id,
        currency=document.amount.currency,
        document_id=document.id,
        now=now,
    )


async def take_back(*, document_id: int, actor: Actor | None, now: datetime) -> None:
    """Take back a paid document as :func:`require_refund` does, for somebody else than its seller, who is told.

    In the caller's transaction. Raises DocumentNotFound, and what the seller raises.
    """
    async with write_transaction():
        owed = await require_refund(document_id=document_id, actor=actor, now=now)
        if owed is None:
            return
        document = await document_by_id(document_id)
        taken_back = _taken_back.get(document.purpose)
        if taken_back is not None:
            await taken_back(document, owed, actor, now)
        elif owed.amount_minor:
            await tell_taken_back(document, owed, now)


async def require_refund(*, document_id: int, actor: Actor | None, now: datetime) -> Money | None:
    """Take back a paid document by a credit note, since what it was for was taken back: its money has to go back.

    For its seller; for others see :func:`take_back`. In the caller's transaction; gives what has to go back since,
    without what a lost claim took already, and None for a document that is not paid, which is left as it is. One that
    others bear as a whole is cancelled: nobody paid it. Raises DocumentNotFound.
    """
    async with write_transaction():
        await _hold_edition_of(document_id)
        if (await document_by_id(document_id)).is_borne:
            await cancel_document(document_id=document_id, actor=actor, now=now, tell=False)
            return None
        was = await move_document(
            document_id, DocumentState.PAID, DocumentState.REFUND_DUE, action="payment.owe_back", actor=actor, now=now
        )
        if was is None:
            await document_by_id(document_id)
            return None
        await _credit_rest(was, now)
        return await _owe_all(was, now)


async def _credit_rest(was: DocumentInfo, now: datetime) -> None:
    """Take back by a credit note what others have left of an invoice, in the caller's transaction."""
    if not await credit_notes_of(was.id, DocumentState.ISSUED):
        await issue_credit(was, await lines_of(was.id), was.description, now)
    elif was.left.amount_minor:
        await issue_credit(was, await part_of_rest(was, was.left.amount_minor, was.description), was.description, now)


async def _owe_all(was: DocumentInfo, now: datetime) -> Money:
    """Let all that came for a document go back, in the caller's transaction; gives what no claim has taken of it."""
    if not was.paid.amount_minor:
        return was.paid
    await owe_back(was, was.paid.amount_minor, now)
    counted = await count_claims(was, now)
    return Money(was.paid.amount_minor - counted.amount_minor, was.paid.currency)
