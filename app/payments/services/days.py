"""Closing a day of the books: counted up, stored, and nothing is entered into it any more."""

from datetime import date, datetime

from app.accounts.actor import Actor
from app.events.queries import hold_edition
from app.kernel import audit
from app.kernel.database import write_transaction
from app.payments.enums import EntryState
from app.payments.errors import DayNotBegun, DrawersOpen
from app.payments.queries_bank import counts_of_entries
from app.payments.queries_books import ClosedDay, cashiers_not_counted, closed_day, totals_json, totals_of_day
from app.payments.queries_card import inbox_of
from app.payments.tables_books import PaymentDay


async def close_day(*, edition_id: int, day: date, actor: Actor, now: datetime) -> ClosedDay:
    """Close a day of an edition; what it came to is kept. Closed again it stays as it was.

    What happens afterwards on the same day is entered into the next one. Transfers that nobody has assigned and notices
    that wait do not hinder it: they are entered on the day on which they are dealt with, and how many there were is
    kept. Raises EditionNotFound, DayNotBegun, DrawersOpen while a drawer that was opened by then is not counted.
    """
    async with write_transaction():
        edition = await hold_edition(edition_id, alone=True)  # whoever enters something holds it: nothing is under way
        if known := await closed_day(edition_id, day):
            return known
        if day > edition.today(now):
            raise DayNotBegun
        over = edition.end_of(day)
        if cashiers := await cashiers_not_counted(edition_id, over):
            raise DrawersOpen(cashiers=", ".join(cashiers))
        totals = await totals_of_day(edition_id, day)
        row = PaymentDay(
            edition=edition_id,
            day=day,
            closed_at=now,
            closed_by=actor.person_id,
            totals=totals_json(totals),
            unassigned=(await counts_of_entries(edition_id))[EntryState.LEFT],
            waiting=len(await inbox_of(edition_id)),
        )
        await row.save()
        await audit.record(
            actor=actor,
            action="payment.close_day",
            subject_type="payment_day",
            subject_id=row.id,
            edition_id=edition_id,
            after={"day": day.isoformat()},
            now=now,
        )
        found = await closed_day(edition_id, day)
    assert found is not None
    return found
