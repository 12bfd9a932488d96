"""Reads of the books: days and what they come to."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.kernel.database import as_day, fetch
from app.kernel.money import Money
from app.payments.enums import Account, PaymentMethod
from app.payments.queries import balances
from app.payments.tables import Drawer
from app.payments.tables_books import PaymentDay


@dataclass(frozen=True, kw_only=True)
class AccountTotal:
    """What an account comes to; debits are positive. ``detail`` names who bears a subsidy."""

    account: Account
    detail: str
    amount: Money
    entries: int


@dataclass(frozen=True, kw_only=True)
class MethodTotal:
    """What came and what went back by a method; what was taken off again since it was recorded in error came less."""

    method: PaymentMethod
    came: Money
    went: Money


@dataclass(frozen=True, kw_only=True)
class DayTotals:
    """What a day of an edition's books comes to."""

    accounts: tuple[AccountTotal, ...]
    methods: tuple[MethodTotal, ...]

    @property
    def sums(self) -> list[Money]:
        """What all accounts together come to in each currency: nothing, if the books balance."""
        found: dict[str, int] = {}
        for one in self.accounts:
            found[one.amount.currency] = found.get(one.amount.currency, 0) + one.amount.amount_minor
        return [Money(amount, currency) for currency, amount in sorted(found.items())]


@dataclass(frozen=True, kw_only=True)
class ClosedDay:
    """A day that was closed, and what it came to then; ``unassigned`` and ``waiting`` are what was left to do."""

    day: date
    closed_at: datetime
    closed_by: str
    totals: DayTotals
    unassigned: int
    waiting: int


async def totals_of_day(edition_id: int, day: date) -> DayTotals:
    """What a day comes to as it stands in the ledger now."""
    came_and_went = await fetch(
        "SELECT p.method, l.currency, "
        "COALESCE(SUM(CASE WHEN l.amount_minor > 0 OR l.kind = 'take_off' THEN l.amount_minor END), 0) AS came_minor, "
        "COALESCE(SUM(CASE WHEN l.amount_minor < 0 AND l.kind <> 'take_off' THEN -l.amount_minor END), 0) "
        "AS went_minor "
        "FROM ledger_entry l JOIN payment p ON p.id = l.payment WHERE l.edition = {} AND l.day = {} "
        "AND l.kind IN ('payment', 'take_off', 'refund') AND l.account IN ('cash', 'bank', 'card', 'terminal') "
        "GROUP BY p.method, l.currency ORDER BY p.method, l.currency",
        edition_id,
        day,
    )
    accounts = await balances(edition_id, day=day)
    return _totals({"accounts": accounts, "methods": came_and_went})


def totals_json(totals: DayTotals) -> str:
    """Totals as they are stored with a day that is closed."""
    accounts = [
        {
            "account": one.account.value,
            "detail": one.detail,
            "currency": one.amount.currency,
            "amount_minor": one.amount.amount_minor,
            "entries": one.entries,
        }
        for one in totals.accounts
    ]
    methods = [
        {
            "method": one.method.value,
            "currency": one.came.currency,
            "came_minor": one.came.amount_minor,
            "went_minor": one.went.amount_minor,
        }
        for one in totals.methods
    ]
    return json.dumps({"accounts": accounts, "methods": methods}, ensure_ascii=False)


async def closed_day(edition_id: int, day: date) -> ClosedDay | None:
    """A day that was closed; None while it is open."""
    found = await _closed((PaymentDay.edition == edition_id) & (PaymentDay.day == day))
    return found[0] if found else None


async def closed_days(edition_id: int) -> list[ClosedDay]:
    """All days of an edition that were closed, the newest first."""
    return await _closed(PaymentDay.edition == edition_id)


async def days_to_close(edition_id: int, until: date) -> list[tuple[date, int]]:
    """Days of an edition until one that have entries and are open, the oldest first: (day, entries)."""
    rows = await fetch(
        "SELECT l.day, COUNT(*) AS entries FROM ledger_entry l WHERE l.edition = {} AND l.day <= {} "
        "AND NOT EXISTS (SELECT 1 FROM payment_day d WHERE d.edition = l.edition AND d.day = l.day) "
        "GROUP BY l.day ORDER BY l.day",
        edition_id,
        until,
    )
    return [(as_day(row["day"]), int(row["entries"])) for row in rows]


async def cashiers_not_counted(edition_id: int, before: datetime) -> list[str]:
    """Names of the cashiers whose drawers were opened before an instant and are not closed."""
    rows = (
        await Drawer.select(Drawer.cashier.full_name.as_alias("name"))
        .where((Drawer.edition == edition_id) & (Drawer.opened_at < before) & Drawer.closed_at.is_null())
        .order_by(Drawer.id)
    )
    return [row["name"] or "–" for row in rows]


async def _closed(chosen: Any) -> list[ClosedDay]:
    columns = (*PaymentDay.all_columns(), PaymentDay.closed_by.full_name.as_alias("closed_by_name"))
    rows = await PaymentDay.select(*columns).where(chosen).order_by(PaymentDay.day, ascending=False)
    return [
        ClosedDay(
            day=row["day"],
            closed_at=row["closed_at"],
            closed_by=row["closed_by_name"] or "",
            totals=_totals(json.loads(row["totals"])),
            unassigned=row["unassigned"],
            waiting=row["waiting"],
        )
        for row in rows
    ]


def _totals(told: Mapping[str, Any]) -> DayTotals:
    return DayTotals(
        accounts=tuple(
            AccountTotal(
                account=Account(row["account"]),
                detail=row["detail"],
                amount=Money(int(row["amount_minor"]), row["currency"]),
                entries=int(row["entries"]),
            )
            for row in told["accounts"]
        ),
        methods=tuple(
            MethodTotal(
                method=PaymentMethod(row["method"]),
                came=Money(int(row["came_minor"]), row["currency"]),
                went=Money(int(row["went_minor"]), row["currency"]),
            )
            for row in told["methods"]
        ),
    )
