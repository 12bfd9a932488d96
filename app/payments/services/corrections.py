"""What corrects an invoice that stands: a credit note over a part of it, or writing off what nobody will pay."""

from datetime import datetime

from app.accounts.actor import Actor
from app.events.queries import edition_by_id
from app.kernel import audit
from app.kernel.database import write_transaction
from app.kernel.money import Money
from app.kernel.names import clean_text
from app.payments.enums import STANDS, Account, DocumentState, Posting
from app.payments.errors import (
    CurrencyDiffers,
    DocumentNotFound,
    DocumentNotOpen,
    MoreThanBilled,
    MoreThanLine,
    NotOverdue,
    RestOnOthers,
)
from app.payments.lines import TaxedLine, part_of_bearer, part_of_line, room_of_bearer
from app.payments.queries import (
    DocumentInfo,
    credit_notes_of,
    document_by_id,
    hold_document,
    is_overdue,
    parts_of,
    payments_of,
)
from app.payments.queries_sent import credit_sent_before
from app.payments.services.claims_back import count_claims
from app.payments.services.credit_notes import issue_credit, lines_left, part_of_rest
from app.payments.services.documents import cancel_document, move_document, take_back
from app.payments.services.ledger import post
from app.payments.services.owing import owe_back
from app.payments.services.recording import settle
from app.payments.services.telling import tell_credited, tell_less
from app.payments.tables import PaymentDocument


async def credit_document(
    *,
    document_id: int,
    amount: Money,
    reason: str,
    actor: Actor,
    now: datetime,
    line: int | None = None,
    stood: str = "",
    tell: bool = True,
) -> int:
    """Take a part of an invoice back by a credit note; what came for that part has to go back. Returns the note's id.

    The note has a line for each rate of tax, and for whoever bears a share, in the proportion of what is left of them;
    or it is over the invoice's ``line`` at that position alone, at its rate, and what others bear stays as it is. Over
    a bearer's line it lowers what she bears, and prices at its rate by as much; the payer owes the same, and is not
    told. The payer is told what goes back, or what is still to be paid; not with ``tell`` false, for a seller who tells
    her what goes back herself. Taking all of it back is what cancelling an open invoice and refunding a paid one does,
    and is done so: then the id is the invoice's own for an open one, unless a note takes back its e-invoice. Of a paid
    one its seller is told, and takes back what it was for. The same sent again from a page that was opened when the
    invoice ``stood`` there gives the first answer; what else happened since raises StandsElsewhere. Raises
    DocumentNotFound, DocumentNotOpen, CurrencyDiffers, MoreThanBilled, MoreThanLine,
    RestOnOthers.
    """
    async with write_transaction():
        document = await hold_document(document_id)
        if (sent := await credit_sent_before(document, stood, amount, reason, line)) is not None:
            return sent
        if document.state not in STANDS:
            raise DocumentNotOpen(number=document.number)
        if amount.currency != document.amount.currency:
            raise CurrencyDiffers(number=document.number, due=document.amount.currency, given=amount.currency)
        if document.is_borne:  # nothing is left of it for its payer, so a note over a bearer's share is no part of it
            raise MoreThanBilled(number=document.number, left=document.left, given=amount)
        if line is not None and (theirs := await _of_bearer(document, line, amount, clean_text(reason))):
            note_id = await issue_credit(document, theirs, reason, now)
            await audit.record(
                actor=actor,
                action="payment.credit",
                subject_type="payment_document",
                subject_id=document_id,
                edition_id=document.edition_id,
                after={"bearer": theirs[0].funded_by, "amount_minor": amount.amount_minor},
                now=now,
            )
            return note_id
        if not 0 < amount.amount_minor <= document.left.amount_minor:
            raise MoreThanBilled(number=document.number, left=document.left, given=amount)
        lines = [] if line is None else await _of_line(document, line, amount, clean_text(reason))
        if amount == document.left:
            if document.state == DocumentState.OPEN:
                await cancel_document(document_id=document_id, actor=actor, now=now)
            else:
                await take_back(document_id=document_id, actor=actor, now=now)
            notes = await credit_notes_of(document_id, DocumentState.ISSUED)
            return max((note.id for note in notes), default=document_id)
        lines = lines or await part_of_rest(document, amount.amount_minor, clean_text(reason))
        note_id = await issue_credit(document, lines, reason, now)
        document = await document_by_id(document_id)
        if (over := -document.due.amount_minor) > 0:
            await owe_back(document, over, now)
            over -= (await count_claims(document, now)).amount_minor
            if over and tell:
                await tell_credited(document, amount, Money(over, amount.currency), now)
            document = await document_by_id(document_id)
        elif document.due.amount_minor:
            await tell_less(document, amount, note_id, now)
        if document.state == DocumentState.OPEN and not document.due.amount_minor:
            await PaymentDocument.update(
                {PaymentDocument.state: DocumentState.PAID.value, PaymentDocument.settled_at: now}
            ).where(PaymentDocument.id == document_id)
            came = [one for one in await payments_of(document_id) if one.returns_id is None]
            kept = [one for one in came if one.owed.amount_minor < one.amount.amount_minor]
            await settle(document, kept[-1].id, actor=actor, now=now)
        await audit.record(
            actor=actor,
            action="payment.credit",
            subject_type="payment_document",
            subject_id=document_id,
            edition_id=document.edition_id,
            before={"credited_minor": document.credited.amount_minor - amount.amount_minor},
            after={"credited_minor": document.credited.amount_minor},
            now=now,
        )
        return note_id


async def _of_line(document: DocumentInfo, position: int, amount: Money, reason: str) -> list[TaxedLine]:
    """The line of a credit note over one line of an invoice that is held. Raises DocumentNotFound, MoreThanLine,
    RestOnOthers.
    """
    left = dict(enumerate(await lines_left(document), start=1))
    mine = left.pop(position, None)
    if mine is None:
        raise DocumentNotFound
    if amount.amount_minor > mine.gross_minor:
        raise MoreThanLine(left=Money(mine.gross_minor, amount.currency), given=amount)
    if amount == document.left and any(one.gross_minor for one in left.values()):
        raise RestOnOthers(number=document.number)
    return [part_of_line(mine, position, amount.amount_minor, reason)]


async def _of_bearer(document: DocumentInfo, position: int, amount: Money, reason: str) -> list[TaxedLine]:
    """The lines of a credit note over what somebody bears of an invoice that is held; none for a line that is sold.

    Raises MoreThanLine.
    """
    left = await lines_left(document)
    if not 0 < position <= len(left) or not left[position - 1].funded_by:
        return []
    most = sum(room_of_bearer(left, position))
    if not 0 < amount.amount_minor <= most:
        raise MoreThanLine(left=Money(most, amount.currency), given=amount)
    return part_of_bearer(left, position, amount.amount_minor, reason)


async def write_off(*, document_id: int, actor: Actor, now: datetime) -> None:
    """Give up what is still due of an open invoice, when all of it is overdue; money that comes after all is taken.

    Twice changes nothing. Raises DocumentNotFound, DocumentNotOpen, NotOverdue.
    """
    async with write_transaction():
        document = await hold_document(document_id)
        today = (await edition_by_id(document.edition_id)).today(now)
        if document.state == DocumentState.OPEN and not is_overdue(document, await parts_of(document), today):
            raise NotOverdue(number=document.number)
        was = await move_document(
            document_id,
            DocumentState.OPEN,
            DocumentState.WRITTEN_OFF,
            action="payment.write_off",
            actor=actor,
            now=now,
        )
        if was is None:
            found = await document_by_id(document_id)
            if found.state != DocumentState.WRITTEN_OFF:
                raise DocumentNotOpen(number=found.number)
            return
        due = was.due.amount_minor
        await post(
            Posting.WRITE_OFF,
            {Account.LOSS: due, Account.RECEIVABLE: -due},
            edition_id=was.edition_id,
            currency=was.amount.currency,
            document_id=document_id,
            now=now,
        )
