"""Money that is brought to the bank: as Stripe tells it, or as somebody writes it down; each payout entered once.

Stripe tells that it pays out, and not what of it is whose. The event is kept as a row; a job asks of which payments it
is made, outside of any transaction, and enters what is each edition's. The row is claimed by a conditional update, so
that what somebody wrote down meanwhile under the same number is not entered again.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.accounts.actor import Actor
from app.events.queries import hold_edition
from app.kernel import audit
from app.kernel.database import hold_row, write_transaction
from app.kernel.errors import AppError
from app.kernel.money import MOST, Money
from app.kernel.names import clean_text
from app.payments.currencies import payout_from_stripe
from app.payments.enums import Account, PayoutState, Posting
from app.payments.errors import FeeOutOfRange, PayoutKnown, PayoutReferenceNeeded, out_of_range
from app.payments.errors_card import CardsNotSetUp, StripeNotReached
from app.payments.errors_payouts import CashHasLess, PayoutMore, PayoutWasTakenBack, SafeHasLess
from app.payments.queries_card import PROVIDER
from app.payments.queries_drawers import cash_elsewhere
from app.payments.queries_payouts import (
    bearers_before,
    editions_of_payout,
    lies_at,
    payouts_to_book,
    reserves,
    shares_of_payout,
    taken_back_as,
)
from app.payments.services.inbox import IGNORED
from app.payments.services.ledger import post
from app.payments.services.modes import mode_of
from app.payments.services.payout_parts import arrivals, parts_of_payout, shares_in
from app.payments.services.unassigned import leave_again
from app.payments.tables_payouts import Payout, PayoutShare
from app.payments.why import kept

#: How long after one that could not be entered Stripe is asked of it again.
AGAIN = timedelta(hours=1)
AT_ONCE = 20

log = logging.getLogger("fairground.stripe")


async def record_payout(
    *,
    edition_id: int,
    account: Account,
    taken: Money,
    fee: Money,
    reference: str,
    arrives_on: date,
    actor: Actor,
    now: datetime,
    note: str = "",
    more: bool = False,
    after: int | None = None,
) -> int:
    """Write down that money goes to the bank: ``taken`` out of where it lies, less a fee. Gives its id.

    It lies with whoever takes cards for us, or is cash that is brought there. ``reference`` is its number at Stripe,
    the batch's at the terminal or that of the bank's slip, under which it is known: what the same person writes down
    under it once more, alike in all, gives the first answer. One of which Stripe told and which could not be entered is
    entered so. ``more``: it is right though more than the books expect of cards. ``after``: the newest payout when the
    page was opened; what was written down since and taken back is not entered by that page once more. Raises
    AmountOutOfRange (FeeOutOfRange for its fee), PayoutReferenceNeeded, PayoutKnown, PayoutWasTakenBack, SafeHasLess,
    CashHasLess, PayoutMore.
    """
    async with write_transaction():
        await hold_edition(edition_id, alone=True)  # two do not bring the same notes to the bank
        payout_id, is_new = await _record(edition_id, account, taken, fee, reference, arrives_on, note, actor, now)
        if is_new:
            if after is not None:
                await _require_not_taken_back(payout_id, after)
            await _require_there(edition_id, account, taken, more=more)
    return payout_id


async def record_from_drawer(
    *, edition_id: int, taken: Money, reference: str, arrives_on: date, actor: Actor, now: datetime, note: str
) -> int:
    """Write down that cash of a drawer goes to the bank, in the transaction that saw that it lies there."""
    fee = Money(0, taken.currency)
    return (await _record(edition_id, Account.CASH, taken, fee, reference, arrives_on, note, actor, now))[0]


async def _record(
    edition_id: int,
    account: Account,
    taken: Money,
    fee: Money,
    reference: str,
    arrives_on: date,
    note: str,
    actor: Actor,
    now: datetime,
) -> tuple[int, bool]:
    """Enter a payout; gives its id, and whether it was not entered yet. Raises as :func:`record_payout` does."""
    number = clean_text(reference)[:100]
    if not number:
        raise PayoutReferenceNeeded(fields={"reference": PayoutReferenceNeeded().sentence()})
    if not 0 < taken.amount_minor <= MOST:
        raise out_of_range(taken)
    if not 0 <= fee.amount_minor <= taken.amount_minor:
        raise FeeOutOfRange(taken=taken)
    known_by = f"{PROVIDER}:{number}" if account is Account.CARD else f"{account.value}:{edition_id}:{number}"
    arrives = taken.amount_minor - fee.amount_minor
    values: dict[Any, Any] = {
        Payout.amount_minor: arrives,
        Payout.currency: taken.currency,
        Payout.arrives_on: arrives_on,
        Payout.state: PayoutState.BOOKED.value,
        Payout.error: "",
        Payout.note: clean_text(note)[:200],
        Payout.recorded_by: actor.person_id,
    }
    row = Payout({**values, Payout.account: account.value, Payout.reference: known_by, Payout.told_at: now})
    row.live = account is Account.CARD and await mode_of(edition_id)
    made = await Payout.insert(row).on_conflict(action="DO NOTHING").returning(Payout.id)
    if not made:
        told = (Payout.reference == known_by) & (Payout.state == PayoutState.TOLD.value)
        made = await Payout.update(values).where(told).returning(Payout.id)
    if not made:
        return await _first_answer(known_by, values, edition_id, taken, number), False
    share = PayoutShare(
        payout=made[0]["id"],
        edition=edition_id,
        taken_minor=taken.amount_minor,
        bank_minor=arrives,
        fee_minor=fee.amount_minor,
    )
    await share.save()
    await enter_share(share.to_dict(), account, taken.currency, now)
    await audit.record(
        actor=actor,
        action="payout.record",
        subject_type="payment_payout",
        subject_id=made[0]["id"],
        edition_id=edition_id,
        after={"amount_minor": arrives, "fee_minor": fee.amount_minor},
        now=now,
    )
    return int(made[0]["id"]), True


async def _first_answer(known_by: str, values: Mapping[Any, Any], edition_id: int, taken: Money, number: str) -> int:
    """The id of a payout of which this is the form, sent once more by the same person. Raises PayoutKnown for another.

    What arrives is among the ``values``, so that the same sum taken is the same fee.
    """
    alike = Payout.reference == known_by
    for column, value in values.items():
        alike = alike & (column == value)
    rows = await Payout.select(Payout.id).where(alike) if values[Payout.recorded_by] is not None else []
    for row in rows:
        for share in await shares_of_payout(row["id"]):
            if (share["edition"], share["taken_minor"]) == (edition_id, taken.amount_minor):
                return int(row["id"])
    raise PayoutKnown(reference=number)


async def _require_not_taken_back(payout_id: int, after: int) -> None:
    """That nothing under a payout's number was taken back that is newer than ``after``. Raises PayoutWasTakenBack."""
    (row,) = await Payout.select(Payout.reference).where(Payout.id == payout_id)
    newer = (Payout.state == PayoutState.TAKEN_BACK.value) & (Payout.id > after)
    for one in await Payout.select(Payout.id, Payout.reference).where(newer):
        if one["reference"] == row["reference"] + taken_back_as(one["id"]):
            raise PayoutWasTakenBack(reference=row["reference"].rpartition(":")[2])


async def _require_there(edition_id: int, account: Account, taken: Money, *, more: bool) -> None:
    """That what was entered as taken lay there. Raises SafeHasLess, CashHasLess; PayoutMore unless ``more``."""
    if account in (Account.SAFE, Account.CASH):
        rest = await cash_elsewhere(edition_id, taken.currency)
        left = rest.safe if account is Account.SAFE else rest.beside
    else:
        left = await lies_at(edition_id, account, taken.currency)
    if left.amount_minor >= 0:
        return
    there = Money(left.amount_minor + taken.amount_minor, taken.currency)
    if account is Account.SAFE:
        raise SafeHasLess(there=there, given=taken)
    if account is Account.CASH:
        raise CashHasLess(there=there, given=taken)
    if not more:
        raise PayoutMore(there=there, given=taken)


async def payout_paid(told: Mapping[str, Any], now: datetime) -> str:
    """Keep that Stripe pays out, in the caller's transaction; names what that was. A job enters it."""
    return await _keep(told, PayoutState.TOLD, now)


async def payout_failed(told: Mapping[str, Any], now: datetime) -> str:
    """Take back what was entered of a payout that the bank did not take, in the caller's transaction.

    A transfer that was taken for it is not assigned any more.
    """
    kept = await _keep(told, PayoutState.FAILED, now)
    if kept != IGNORED:
        return kept
    reference = f"{PROVIDER}:{told['id']}"
    for state in (PayoutState.TOLD, PayoutState.BOOKED):
        (row, *_more) = await Payout.select().where(Payout.reference == reference)
        shares = await shares_of_payout(row["id"])
        for edition_id in sorted(share["edition"] for share in shares):
            await hold_edition(edition_id)
        await hold_row("payment_payout", row["id"], alone=True)  # so that nobody finds its transfer meanwhile
        (row,) = await Payout.select().where(Payout.id == row["id"])
        claimed = (
            await Payout.update({Payout.state: PayoutState.FAILED.value, Payout.bank_entry: None})
            .where((Payout.reference == reference) & (Payout.state == state.value))
            .returning(Payout.id)
        )
        if claimed:
            for share in shares:
                await enter_share(share, Account(row["account"]), row["currency"], now, sign=-1)
            if row["bank_entry"] is not None:
                await leave_again(row["bank_entry"], now)
            return PayoutState.FAILED.value
    return IGNORED


async def _keep(told: Mapping[str, Any], state: PayoutState, now: datetime) -> str:
    """Write down a payout of which nobody told before; it is ignored when somebody did."""
    amount = payout_from_stripe(int(told["amount"]), str(told["currency"]))
    arrival = told.get("arrival_date")
    row = Payout(
        account=Account.CARD.value,
        reference=f"{PROVIDER}:{told['id']}"[:160],
        amount_minor=amount.amount_minor,
        currency=amount.currency,
        arrives_on=datetime.fromtimestamp(int(arrival), UTC).date() if arrival else None,
        state=state.value,
        live=bool(told.get("livemode")),
        told_at=now,
    )
    made = await Payout.insert(row).on_conflict(action="DO NOTHING").returning(Payout.id)
    return state.value if made else IGNORED


async def book_told_payouts(now: datetime, live: bool) -> int:
    """Enter the payouts of which Stripe told in a mode; gives how many. What hinders one is written beside it.

    Raises StripeNotReached, CardsNotSetUp.
    """
    done = 0
    for payout in await payouts_to_book(now - AGAIN, live, AT_ONCE):
        try:
            done += await _book(payout, now)
        except (StripeNotReached, CardsNotSetUp):
            raise
        except AppError as error:
            log.warning("a payout needs somebody: %s", error.code)
            values: dict[Any, Any] = {Payout.error: kept(error, 300), Payout.checked_at: now}
            await Payout.update(values).where(Payout.id == payout["id"])
    return done


async def _book(payout: Mapping[str, Any], now: datetime) -> bool:
    """Ask Stripe what a payout is made of and enter each edition's share; False when somebody was faster.

    One that came back and is paid out again within it is taken back first, should nobody have told of that yet.
    """
    parts = await parts_of_payout(str(payout["reference"]).partition(":")[2], bool(payout["live"]))
    editions = parts.editions
    for told in parts.came_back:
        editions |= await editions_of_payout(f"{PROVIDER}:{told['id']}")
    if parts.released:
        editions |= set(await reserves(payout["currency"]))
    if parts.is_fee_alone:
        parts.bearers, parts.moved_by_others = await bearers_before(payout["currency"], bool(payout["live"]))
        editions |= set(parts.bearers)
    async with write_transaction():
        for edition_id in sorted(editions):  # alone, so that nothing is released twice
            await hold_edition(edition_id, alone=parts.released > 0)
        claimed = (
            await Payout.update({Payout.state: PayoutState.BOOKED.value, Payout.error: "", Payout.checked_at: now})
            .where((Payout.id == payout["id"]) & (Payout.state == PayoutState.TOLD.value))
            .returning(Payout.id)
        )
        if not claimed:
            return False
        for told in parts.came_back:
            await payout_failed(told, now)
        held = await reserves(payout["currency"]) if parts.released else {}
        held = {edition_id: minor for edition_id, minor in held.items() if edition_id in editions}
        shares = await shares_in(parts, payout["currency"], held, now)
        if not shares:
            await Payout.update({Payout.state: PayoutState.FOREIGN.value}).where(Payout.id == payout["id"])
        arrived = arrivals(shares, payout["currency"])
        for edition_id, share in sorted(shares.items()):
            arrives = arrived[edition_id]
            row = PayoutShare(
                payout=payout["id"],
                edition=edition_id,
                taken_minor=share.taken,
                bank_minor=arrives,
                fee_minor=share.taken - arrives - share.reserved,
            )
            await row.save()
            await enter_share(row.to_dict(), Account.CARD, payout["currency"], now)
    return True


async def enter_share(
    share: Mapping[str, Any], account: Account, currency: str, now: datetime, *, sign: int = 1
) -> None:
    """Enter an edition's share of a payout into its ledger, or (``sign`` -1) take it back.

    What was taken and neither arrives nor is a fee or a loss is held back. Only shares of before claims of cardholders
    were entered by themselves have a loss.
    """
    arrives, fee, lost = share["bank_minor"], share["fee_minor"], share["loss_minor"]
    await post(
        Posting.PAYOUT,
        {
            Account.BANK: sign * arrives,
            account: -sign * share["taken_minor"],
            Account.FEES: sign * fee,
            Account.LOSS: sign * lost,
            Account.RESERVED: sign * (share["taken_minor"] - arrives - fee - lost),
        },
        edition_id=share["edition"],
        currency=currency,
        now=now,
    )
