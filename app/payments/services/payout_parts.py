"""What of a payout is whose, by what Stripe says that it is made of.

Payments, refunds and claims are of an edition. What Stripe keeps of its account, and what it holds in reserve, is
borne by how much money of each moved; others on the same account bear theirs. Where nothing but a fee was paid out it
is borne as the payout before arrived. A payout that came back is paid out again within a later one as one sum: in its
place stands what it was made of.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.kernel.money import Money
from app.kernel.settings import settings
from app.payments.currencies import fee_from_stripe, from_stripe, payout_from_stripe, to_stripe
from app.payments.errors import PayoutInOtherCurrency, PayoutNotUnderstood
from app.payments.errors_card import PaymentNotKnownYet
from app.payments.lines import in_proportion
from app.payments.queries import document_by_id
from app.payments.queries_card import payment_of_intent
from app.payments.services.card_fees import note_fee
from app.payments.services.stripe_client import transactions_of_payout
from app.payments.tables_card import CardAttempt

#: Stripe's words for money that came: https://docs.stripe.com/reports/balance-transaction-types. What went back, or is
#: here again since that failed, has several names there, and a refund as its source.
_CAME = ("charge", "payment")
#: What Stripe keeps for no payment in particular.
_OF_THE_ACCOUNT = ("stripe_fee", "stripe_fx_fee", "tax_fee")
#: Its words for the payout itself among what that is made of, and for another one that is here again.
_ITSELF, _CAME_BACK = "payout", ("payout_failure", "payout_cancel")
#: What Stripe holds back, and releases later.
_HELD_BACK = (
    *("reserve_transaction", "reserved_funds", "reserve_hold", "reserve_release"),
    *("payment_network_reserve_hold", "payment_network_reserve_release"),
    *("payout_minimum_balance_hold", "payout_minimum_balance_release"),
)


@dataclass
class Share:
    """What of a payout is an edition's: ``taken`` and ``reserved`` in our units, ``net`` and ``moved``, either way, in
    Stripe's. Less than nothing is reserved where more is released.
    """

    taken: int = 0
    net: int = 0
    moved: int = 0
    reserved: int = 0


@dataclass
class Parts:
    """What a payout is made of: transactions of ours, each with its payment and edition, and what is for nobody alone.

    ``kept`` of the account, ``held`` back, ``released`` and ``moved_by_others`` are in Stripe's units. ``came_back``
    are the payouts that are paid out again within it. ``bearers`` are whose money the payout before was, where this one
    moves none, with how much that was.
    """

    ours: list[tuple[Mapping[str, Any], Mapping[str, Any], int]] = field(default_factory=list)
    kept: int = 0
    held: int = 0
    released: int = 0
    moved_by_others: int = 0
    came_back: list[Mapping[str, Any]] = field(default_factory=list)
    bearers: Mapping[int, int] = field(default_factory=dict)

    @property
    def editions(self) -> set[int]:
        """The editions whose money moved."""
        return {edition_id for _transaction, _payment, edition_id in self.ours}

    @property
    def is_fee_alone(self) -> bool:
        """Whether nobody's money moved, and Stripe took something of the account."""
        return bool(self.kept) and not (self.ours or self.moved_by_others or self.held or self.released)


async def parts_of_payout(payout_id: str, live: bool) -> Parts:
    """Ask Stripe what a payout is made of, and whose each of it is; outside of any transaction.

    Raises PaymentNotKnownYet, PayoutNotUnderstood, and what Stripe's silence or refusal raises.
    """
    parts = Parts()
    for one in await _made_of(payout_id, live, parts.came_back):
        net = int(one["net"])
        if one["type"] in _OF_THE_ACCOUNT:
            parts.kept += net
        elif one["type"] in _HELD_BACK:
            parts.held += max(0, -net)
            parts.released += max(0, net)
        elif (payment := await _payment_of(one)) is not None:
            parts.ours.append((one, payment, (await document_by_id(payment["document"])).edition_id))
        else:
            parts.moved_by_others += abs(int(one["amount"]))
    return parts


async def shares_in(parts: Parts, currency: str, reserved: Mapping[int, int], now: datetime) -> dict[int, Share]:
    """What of a payout is each edition's, in the transaction that enters it; fees that nobody noted yet are noted.

    ``reserved`` is what is held back of each edition's in our units, ours alone: of what is released they get theirs
    before others do. Raises PayoutInOtherCurrency, PayoutNotUnderstood.
    """
    shares: dict[int, Share] = defaultdict(Share)
    for edition_id, moved_before in parts.bearers.items():
        shares[edition_id].moved = moved_before
    for transaction, payment, edition_id in parts.ours:
        await _add(shares[edition_id], transaction, payment, now)
    held_now = _hold_back(shares, parts, currency)
    for pool in (reserved, held_now):
        _release(shares, parts, currency, pool)
    found = sorted(shares)
    moved = _moved(shares, parts.moved_by_others + parts.released)
    for edition_id, part in zip(found, _in_proportion(moved, parts.kept), strict=False):  # the last is the others'
        shares[edition_id].net += part
    return shares


def arrivals(shares: Mapping[int, Share], currency: str) -> dict[int, int]:
    """What arrives of each edition's share, in our units: together what arrives of all of them.

    Rupiah may end in sen: where several have a part of one, those have it of whom most would be lost.
    """
    found = {edition_id: payout_from_stripe(share.net, currency).amount_minor for edition_id, share in shares.items()}
    lost = {
        edition_id: shares[edition_id].net - to_stripe(Money(minor, currency)) for edition_id, minor in found.items()
    }
    whole = payout_from_stripe(sum(lost.values()), currency).amount_minor
    for edition_id in sorted(lost, key=lambda one: (-lost[one], one))[:whole]:
        found[edition_id] += 1
    return found


def _moved(shares: Mapping[int, Share], of_others: int) -> list[int]:
    """How much money of each edition's moved, in the order of their ids, and of others': alike where none did."""
    found = [shares[edition_id].moved for edition_id in sorted(shares)]
    return [*found, of_others] if sum(found) + of_others else [*(1 for _one in found), 0]


def _hold_back(shares: Mapping[int, Share], parts: Parts, currency: str) -> dict[int, int]:
    """Let each edition, and others, leave in reserve by how much money of theirs moved; gives what of whom."""
    held = payout_from_stripe(parts.held, currency).amount_minor
    held_now = dict(zip(sorted(shares), _in_proportion(_moved(shares, parts.moved_by_others), held), strict=False))
    for edition_id, part in held_now.items():
        shares[edition_id].reserved += part
        shares[edition_id].net -= to_stripe(Money(part, currency))
    return held_now


def _release(shares: dict[int, Share], parts: Parts, currency: str, pool: Mapping[int, int]) -> None:
    """Give editions back of what is released for whom something is held, as far as it goes."""
    found = sorted(edition_id for edition_id, held in pool.items() if held > 0)
    held = [pool[edition_id] for edition_id in found]
    released = min(sum(held), payout_from_stripe(parts.released, currency).amount_minor)
    for edition_id, part in zip(found, _in_proportion(held, released), strict=True):
        there = to_stripe(Money(part, currency))
        shares[edition_id].reserved -= part
        shares[edition_id].net += there
        shares[edition_id].moved += there
        parts.released -= there


def _in_proportion(weights: Sequence[int], part: int) -> list[int]:
    return in_proportion(weights, part) if sum(weights) else [0] * len(weights)


async def _made_of(payout_id: str, live: bool, came_back: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The transactions of a payout but itself, with those of payouts that came back in place of these, which are noted.

    Raises PayoutNotUnderstood when those do not come to what came back.
    """
    found: list[Mapping[str, Any]] = []
    for one in await transactions_of_payout(payout_id, live):
        source = one.get("source")
        if one["type"] in _CAME_BACK and isinstance(source, Mapping):
            if source["id"] == payout_id:
                continue
            former = await _made_of(source["id"], live, came_back)
            if sum(int(part["net"]) for part in former) != int(one["net"]):
                raise PayoutNotUnderstood(kind=one["type"])
            came_back.append(source)
            found += former
        elif one["type"] != _ITSELF:
            found.append(one)
    return found


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


async def _add(share: Share, transaction: Mapping[str, Any], payment: Mapping[str, Any], now: datetime) -> None:
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
