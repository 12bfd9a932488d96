"""Card money that arrives at the bank: as Stripe tells it, or as somebody writes it down; each payout entered once.

Stripe tells that it pays out, and not what of it is whose. The event is kept as a row; a job asks of which payments it
is made, outside of any transaction, and enters what is each edition's. The row is claimed by a conditional update, so
that what somebody wrote down meanwhile under the same number is not entered again.
"""

import logging
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.accounts.actor import Actor
from app.events.queries import hold_edition
from app.kernel import audit
from app.kernel.database import write_transaction
from app.kernel.errors import AppError
from app.kernel.money import MOST, Money
from app.kernel.names import clean_text
from app.kernel.settings import settings
from app.payments.currencies import fee_from_stripe, from_stripe, payout_from_stripe
from app.payments.enums import Account, PayoutState, Posting
from app.payments.errors import (
    AmountOutOfRange,
    PayoutInOtherCurrency,
    PayoutKnown,
    PayoutNotUnderstood,
    PayoutReferenceNeeded,
)
from app.payments.errors_card import CardsNotSetUp, PaymentNotKnownYet, StripeNotReached
from app.payments.lines import in_proportion
from app.payments.queries import document_by_id
from app.payments.queries_card import PROVIDER, payment_of_intent
from app.payments.queries_payouts import payouts_to_book, shares_of_payout
from app.payments.services.card_fees import note_fee
from app.payments.services.inbox import IGNORED
from app.payments.services.ledger import post
from app.payments.services.stripe_client import transactions_of_payout
from app.payments.tables_card import CardAttempt
from app.payments.tables_payouts import Payout, PayoutShare

#: How long after one that could not be entered Stripe is asked of it again.
AGAIN = timedelta(hours=1)
AT_ONCE = 20
#: Stripe's words for money that came: https://docs.stripe.com/reports/balance-transaction-types. What went back, or is
#: here again since that failed, has several names there, and a refund as its source.
_CAME = ("charge", "payment")
#: What Stripe keeps for no payment in particular, and its word for the payout itself among what that is made of.
_OF_THE_ACCOUNT, _ITSELF = ("stripe_fee", "stripe_fx_fee", "tax_fee"), "payout"

log = logging.getLogger("fairground.stripe")


@dataclass
class _Share:
    """What of a payout is an edition's: ``taken`` in our units; ``net`` and ``moved``, either way, in Stripe's."""

    taken: int = 0
    net: int = 0
    moved: int = 0


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
) -> int:
    """Write down that card money arrives: ``taken`` out of the account of cards or terminals, less a fee. Gives its id.

    ``reference`` is its number at Stripe or the batch's at the terminal, under which it is known. One of which Stripe
    told and which could not be entered is entered so. Raises AmountOutOfRange, PayoutReferenceNeeded, PayoutKnown.
    """
    number = clean_text(reference)[:100]
    if not number:
        raise PayoutReferenceNeeded(fields={"reference": PayoutReferenceNeeded().sentence()})
    if not 0 < taken.amount_minor <= MOST or not 0 <= fee.amount_minor <= taken.amount_minor:
        raise AmountOutOfRange
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
    async with write_transaction():
        await hold_edition(edition_id)
        row = Payout({**values, Payout.account: account.value, Payout.reference: known_by, Payout.told_at: now})
        made = await Payout.insert(row).on_conflict(action="DO NOTHING").returning(Payout.id)
        if not made:
            told = (Payout.reference == known_by) & (Payout.state == PayoutState.TOLD.value)
            made = await Payout.update(values).where(told).returning(Payout.id)
        if not made:
            raise PayoutKnown(reference=number)
        share = PayoutShare(
            payout=made[0]["id"],
            edition=edition_id,
            taken_minor=taken.amount_minor,
            bank_minor=arrives,
            fee_minor=fee.amount_minor,
        )
        await share.save()
        await _enter(share.to_dict(), account, taken.currency, now)
        await audit.record(
            actor=actor,
            action="payout.record",
            subject_type="payment_payout",
            subject_id=made[0]["id"],
            edition_id=edition_id,
            after={"amount_minor": arrives, "fee_minor": fee.amount_minor},
            now=now,
        )
    return int(made[0]["id"])


async def payout_paid(told: Mapping[str, Any], now: datetime) -> str:
    """Keep that Stripe pays out, in the caller's transaction; names what that was. A job enters it."""
    return await _keep(told, PayoutState.TOLD, now)


async def payout_failed(told: Mapping[str, Any], now: datetime) -> str:
    """Take back what was entered of a payout that the bank did not take, in the caller's transaction."""
    kept = await _keep(told, PayoutState.FAILED, now)
    if kept != IGNORED:
        return kept
    reference = f"{PROVIDER}:{told['id']}"
    for state in (PayoutState.TOLD, PayoutState.BOOKED):
        (row, *_more) = await Payout.select().where(Payout.reference == reference)
        shares = await shares_of_payout(row["id"])
        for edition_id in sorted(share["edition"] for share in shares):
            await hold_edition(edition_id)
        claimed = (
            await Payout.update({Payout.state: PayoutState.FAILED.value})
            .where((Payout.reference == reference) & (Payout.state == state.value))
            .returning(Payout.id)
        )
        if claimed:
            for share in shares:
                await _enter(share, Account(row["account"]), row["currency"], now, sign=-1)
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
        told_at=now,
    )
    made = await Payout.insert(row).on_conflict(action="DO NOTHING").returning(Payout.id)
    return state.value if made else IGNORED


async def book_told_payouts(now: datetime) -> int:
    """Enter the payouts of which Stripe told; gives how many. What hinders one is written beside it.

    Raises StripeNotReached, CardsNotSetUp.
    """
    done = 0
    for payout in await payouts_to_book(now - AGAIN, AT_ONCE):
        try:
            done += await _book(payout, now)
        except (StripeNotReached, CardsNotSetUp):
            raise
        except AppError as error:
            log.warning("a payout needs somebody: %s", error.code)
            values: dict[Any, Any] = {Payout.error: error.sentence()[:300], Payout.checked_at: now}
            await Payout.update(values).where(Payout.id == payout["id"])
    return done


async def _book(payout: Mapping[str, Any], now: datetime) -> bool:
    """Ask Stripe what a payout is made of and enter each edition's share; False when somebody was faster."""
    transactions = await transactions_of_payout(str(payout["reference"]).partition(":")[2])
    ours: list[tuple[Mapping[str, Any], Mapping[str, Any]]] = []
    moved_by_others = kept = 0
    for one in transactions:
        if one["type"] in _OF_THE_ACCOUNT:
            kept += int(one["net"])
        elif (payment := await _payment_of(one)) is not None:
            ours.append((one, payment))
        elif one["type"] != _ITSELF:
            moved_by_others += abs(int(one["amount"]))
    editions = {payment["document"]: (await document_by_id(payment["document"])).edition_id for _one, payment in ours}
    async with write_transaction():
        for edition_id in sorted(set(editions.values())):
            await hold_edition(edition_id)
        state = PayoutState.BOOKED if ours else PayoutState.FOREIGN
        claimed = (
            await Payout.update({Payout.state: state.value, Payout.error: "", Payout.checked_at: now})
            .where((Payout.id == payout["id"]) & (Payout.state == PayoutState.TOLD.value))
            .returning(Payout.id)
        )
        if not claimed:
            return False
        shares: dict[int, _Share] = defaultdict(_Share)
        for transaction, paid in ours:
            await _add(shares[editions[paid["document"]]], transaction, paid, now)
        _spread(kept, shares, moved_by_others)
        for edition_id, share in sorted(shares.items()):
            arrives = payout_from_stripe(share.net, payout["currency"]).amount_minor
            row = PayoutShare(
                payout=payout["id"],
                edition=edition_id,
                taken_minor=share.taken,
                bank_minor=arrives,
                fee_minor=share.taken - arrives,
            )
            await row.save()
            await _enter(row.to_dict(), Account.CARD, payout["currency"], now)
    return True


def _spread(kept: int, shares: Mapping[int, _Share], moved_by_others: int) -> None:
    """Let each edition bear what Stripe kept of the account by how much money of its own moved; others theirs."""
    found = [share for _edition, share in sorted(shares.items())]
    if not found:
        return
    parts = in_proportion([*(share.moved for share in found), moved_by_others], kept)
    for share, part in zip(found, parts, strict=False):  # the last is the others'
        share.net += part


async def _payment_of(transaction: Mapping[str, Any]) -> dict[str, Any] | None:
    """The payment of ours that a transaction is of; None for what is somebody else's.

    Raises PaymentNotKnownYet for one that was made here and whose arrival nobody told yet.
    """
    source = transaction.get("source")
    if not isinstance(source, Mapping) or not source.get("payment_intent"):
        return None
    payment = await payment_of_intent(str(source["payment_intent"]))
    if payment is None and (source.get("metadata") or {}).get("site") == settings().base_url:
        raise PaymentNotKnownYet(reference=source["payment_intent"])
    return payment


async def _add(share: _Share, transaction: Mapping[str, Any], payment: Mapping[str, Any], now: datetime) -> None:
    """Add a transaction to an edition's share; a fee that nobody noted yet is noted.

    What a claim of a cardholder costs, its fee included, is entered when that is told: here it is only what is missing.
    So is what is here again of a refund that failed. Raises PayoutInOtherCurrency, PayoutNotUnderstood.
    """
    currency, amount = str(transaction["currency"]), int(transaction["amount"])
    if currency.upper() != payment["currency"]:
        raise PayoutInOtherCurrency(given=currency.upper(), due=payment["currency"])
    share.net += int(transaction["net"])
    share.moved += abs(amount)
    if transaction["type"] in _CAME:
        share.taken += from_stripe(amount, currency).amount_minor - await _fee_entered(transaction, payment, now)
    elif transaction["source"].get("object") == "refund":
        back = from_stripe(abs(amount), currency).amount_minor
        share.taken += back if amount > 0 else -back
    elif transaction["source"].get("object") == "dispute":
        share.taken += payout_from_stripe(int(transaction["net"]), currency).amount_minor
    else:
        raise PayoutNotUnderstood(kind=transaction["type"])


async def _fee_entered(transaction: Mapping[str, Any], payment: Mapping[str, Any], now: datetime) -> int:
    """What is entered as the fee of a payment, from now on if it was not before."""
    intent = str(payment["provider_reference"]).partition(":")[2]
    attempt = await CardAttempt.select().where(CardAttempt.payment_intent == intent).first()
    if attempt is None:
        return 0
    if attempt["fee_minor"] is None:
        await note_fee(attempt, fee_from_stripe(int(transaction["fee"]), str(transaction["currency"])), now)
        attempt = await CardAttempt.select().where(CardAttempt.id == attempt["id"]).first()
    assert attempt is not None
    return int(attempt["fee_minor"])


async def _enter(share: Mapping[str, Any], account: Account, currency: str, now: datetime, *, sign: int = 1) -> None:
    """Enter an edition's share of a payout into its ledger, or (``sign`` -1) take it back.

    Only shares of before claims of cardholders were entered by themselves have a loss.
    """
    await post(
        Posting.PAYOUT,
        {
            Account.BANK: sign * share["bank_minor"],
            account: -sign * share["taken_minor"],
            Account.FEES: sign * share["fee_minor"],
            Account.LOSS: sign * share["loss_minor"],
        },
        edition_id=share["edition"],
        currency=currency,
        now=now,
    )
