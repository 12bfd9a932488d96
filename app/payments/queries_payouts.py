"""Reads of payouts: what of card money is still expected at the bank, and what arrived."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.kernel.database import as_day, as_moment, fetch
from app.kernel.money import Money
from app.payments.enums import Account, PayoutState
from app.payments.tables_payouts import Payout, PayoutShare


@dataclass(frozen=True, kw_only=True)
class PayoutInfo:
    """A payout as an edition's desk sees it: ``here`` is what of it arrives for the edition, ``whole`` for everybody.

    ``taken`` is what left the account of cards or cash for it, with fees and with what is held back.
    ``entry_id`` is the transfer as which it arrived, ``reference`` without whom it is known by. ``of_drawer``: it is a
    move of a drawer's cash, which wrote it down.
    """

    id: int
    account: Account
    reference: str
    whole: Money
    here: Money
    taken: Money
    fee: Money
    arrives_on: date | None
    state: PayoutState
    error: str
    note: str
    entry_id: int | None
    by_hand: bool
    of_drawer: bool
    taken_back_at: datetime | None
    taken_back_by: str
    taken_back_for: str

    @property
    def name(self) -> str:
        """What it is called: the slip that somebody noted says more of a drawer's cash than the number of its move."""
        return f"{self.note} · {self.reference}" if self.of_drawer and self.note else self.reference

    @property
    def is_written_here(self) -> bool:
        """Whether somebody wrote it down on the page of payouts: neither Stripe alone nor a drawer told of it."""
        return self.by_hand if self.account is Account.CARD else not self.of_drawer

    @property
    def may_be_taken_back(self) -> bool:
        """Whether it is one that somebody wrote down here, and that is not on the bank account."""
        return self.is_written_here and self.state is PayoutState.BOOKED and self.entry_id is None


_SEEN = (
    "SELECT p.*, COALESCE(s.bank_minor, 0) AS here_minor, COALESCE(s.fee_minor, 0) AS fee_minor, "
    "COALESCE(s.taken_minor, 0) AS out_minor, m.id AS move, b.full_name AS taken_back_name "
    "FROM payment_payout p LEFT JOIN payment_payout_share s ON s.payout = p.id AND s.edition = {} "
    "LEFT JOIN cash_move m ON p.account = 'cash' AND m.way = 'to_bank' AND m.takes_back IS NULL AND p.reference IN "
    "('cash:' || s.edition || ':' || m.drawer || '-' || m.id, "
    "'cash:' || s.edition || ':' || m.drawer || '-' || m.id || '~' || p.id) "
    "LEFT JOIN person b ON b.id = p.taken_back_by "
    "WHERE (s.id IS NOT NULL OR p.state = 'told') "
)


async def payouts_of(edition_id: int) -> list[PayoutInfo]:
    """Payouts of which some is an edition's, and those of which nobody knows yet; the newest first."""
    rows = await fetch(_SEEN + "ORDER BY p.id DESC", edition_id)
    return [_info(row) for row in rows]


async def payouts_like(edition_id: int, amount: Money) -> list[PayoutInfo]:
    """Payouts of which some is an edition's, over an amount, that nobody has found on the bank account yet."""
    rows = await fetch(
        _SEEN + "AND p.state = 'booked' AND p.bank_entry IS NULL AND p.amount_minor = {} AND p.currency = {} "
        "ORDER BY p.id",
        edition_id,
        amount.amount_minor,
        amount.currency,
    )
    return [_info(row) for row in rows]


async def payout_of_entry(entry_id: int, edition_id: int) -> PayoutInfo | None:
    """The payout that arrived as a transfer, if it was one."""
    rows = await fetch(_SEEN + "AND p.bank_entry = {}", edition_id, entry_id)
    return _info(rows[0]) if rows else None


async def payout_by_id(payout_id: int, edition_id: int) -> PayoutInfo | None:
    """A payout that an edition's desk sees."""
    rows = await fetch(_SEEN + "AND p.id = {}", edition_id, payout_id)
    return _info(rows[0]) if rows else None


async def expected_payouts(edition_id: int) -> list[tuple[Account, Money]]:
    """What lies with those who take cards for us and is still to be paid out, or held back, by account and currency."""
    rows = await fetch(
        "SELECT account, currency, SUM(amount_minor) AS amount_minor FROM ledger_entry "
        "WHERE edition = {} AND account IN ('card', 'reserved', 'terminal') "
        "GROUP BY account, currency ORDER BY account, currency",
        edition_id,
    )
    found = [(Account(row["account"]), Money(int(row["amount_minor"]), row["currency"])) for row in rows]
    return [one for one in found if one[1].amount_minor]


async def lies_at(edition_id: int, account: Account, currency: str) -> Money:
    """What an account of an edition's ledger comes to in a currency."""
    (row,) = await fetch(
        "SELECT COALESCE(SUM(amount_minor), 0) AS total FROM ledger_entry "
        "WHERE edition = {} AND account = {} AND currency = {}",
        edition_id,
        account.value,
        currency,
    )
    return Money(int(row["total"]), currency)


async def payouts_to_book(before: datetime, live: bool, limit: int) -> list[dict[str, Any]]:
    """Payouts of a mode of which Stripe told and that are not entered, but those looked at since ``before``."""
    seen = Payout.checked_at.is_null() | (Payout.checked_at < before)
    chosen = (Payout.state == PayoutState.TOLD.value) & (Payout.live == live) & seen
    return await Payout.select().where(chosen).order_by(Payout.id).limit(limit)


async def reserves(currency: str) -> dict[int, int]:
    """What Stripe holds back of each edition's money in a currency, where it does."""
    rows = await fetch(
        "SELECT edition, SUM(amount_minor) AS amount_minor FROM ledger_entry "
        "WHERE account = 'reserved' AND currency = {} GROUP BY edition HAVING SUM(amount_minor) > 0",
        currency,
    )
    return {row["edition"]: int(row["amount_minor"]) for row in rows}


async def bearers_before(currency: str, live: bool) -> tuple[dict[int, int], int]:
    """Of a mode's newest payout of cards that was ours in part: what arrived by edition, and what was others'.

    By how much it was, whichever way it went.
    """
    rows = await fetch(
        "SELECT p.amount_minor, s.edition, s.bank_minor FROM payment_payout_share s "
        "JOIN payment_payout p ON p.id = s.payout WHERE p.id = (SELECT MAX(q.id) FROM payment_payout q "
        "WHERE q.account = 'card' AND q.state = 'booked' AND q.currency = {} AND q.live = {})",
        currency,
        live,
    )
    others = rows[0]["amount_minor"] - sum(row["bank_minor"] for row in rows) if rows else 0
    return {row["edition"]: abs(row["bank_minor"]) for row in rows}, abs(others)


async def editions_of_payout(reference: str) -> set[int]:
    """The editions in whose books a payout is entered, by what it is known by."""
    rows = await fetch(
        "SELECT s.edition FROM payment_payout_share s JOIN payment_payout p ON p.id = s.payout WHERE p.reference = {}",
        reference,
    )
    return {row["edition"] for row in rows}


async def shares_of_payout(payout_id: int) -> list[dict[str, Any]]:
    """What of a payout was entered for which edition."""
    return await PayoutShare.select().where(PayoutShare.payout == payout_id).order_by(PayoutShare.edition)


def taken_back_as(payout_id: int) -> str:
    """What stands behind the number of a payout that was taken back, so that another one may have that number."""
    return f"~{payout_id}"


def _info(row: Mapping[str, Any]) -> PayoutInfo:
    return PayoutInfo(
        id=row["id"],
        account=Account(row["account"]),
        reference=str(row["reference"]).rpartition(":")[2].removesuffix(taken_back_as(row["id"])),
        whole=Money(row["amount_minor"], row["currency"]),
        here=Money(int(row["here_minor"]), row["currency"]),
        taken=Money(int(row["out_minor"]), row["currency"]),
        fee=Money(int(row["fee_minor"]), row["currency"]),
        arrives_on=None if row["arrives_on"] is None else as_day(row["arrives_on"]),
        state=PayoutState(row["state"]),
        error=row["error"],
        note=row["note"],
        entry_id=row["bank_entry"],
        by_hand=row["recorded_by"] is not None,
        of_drawer=row["move"] is not None,
        taken_back_at=row["taken_back_at"] and as_moment(row["taken_back_at"]),
        taken_back_by=row["taken_back_name"] or "",
        taken_back_for=row["taken_back_for"],
    )
