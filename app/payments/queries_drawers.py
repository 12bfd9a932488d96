"""Reads of cashiers' drawers, and of where cash lies."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.enums import CashWay
from app.payments.errors import DrawerNotOpen
from app.payments.queries import terms_of
from app.payments.tables import Drawer
from app.payments.tables_books import CashMove


@dataclass(frozen=True, kw_only=True)
class DrawerInfo:
    """A cashier's drawer; ``expected`` and ``counted`` once it is closed."""

    id: int
    edition_id: int
    cashier_id: int | None
    cashier: str
    float: Money
    opened_at: datetime
    closed_at: datetime | None
    expected: Money | None
    counted: Money | None
    note: str

    @property
    def difference(self) -> Money | None:
        """What was too much when it was counted, or (less than nothing) missing; None while it is open."""
        if self.counted is None or self.expected is None:
            return None
        return Money(self.counted.amount_minor - self.expected.amount_minor, self.counted.currency)


@dataclass(frozen=True, kw_only=True)
class MoveInfo:
    """Cash that was put into a drawer (positive) or taken out of it; ``by`` is the name of who did it.

    ``takes_back`` is the move that this entry takes back; ``taken_back`` says that another entry did so with this one.
    """

    id: int
    way: CashWay
    amount: Money
    reason: str
    moved_at: datetime
    by: str
    takes_back: int | None
    taken_back: bool

    @property
    def stands(self) -> bool:
        """Whether it is a move of cash that nobody took back."""
        return self.takes_back is None and not self.taken_back


@dataclass(frozen=True, kw_only=True)
class DrawerSums:
    """What happened in a drawer: cash that came and went back, was put in and taken out; all positive.

    What was taken back was neither put in nor taken out.
    """

    came: Money
    went: Money
    put_in: Money
    taken_out: Money


@dataclass(frozen=True, kw_only=True)
class CashElsewhere:
    """Cash that lies in no open drawer: in the safe, and what went through no drawer, as the ledger says."""

    safe: Money
    beside: Money


async def open_drawer_of(edition_id: int, person_id: int | None) -> DrawerInfo | None:
    """The drawer that a cashier has open at an edition."""
    hers = (Drawer.edition == edition_id) & (Drawer.cashier == person_id) & Drawer.closed_at.is_null()
    found = await _drawers(hers)
    return found[0] if found else None


async def drawer_by_id(drawer_id: int, edition_id: int) -> DrawerInfo:
    """One drawer. Raises DrawerNotOpen when there is none, also when it is of another edition."""
    found = await _drawers((Drawer.id == drawer_id) & (Drawer.edition == edition_id))
    if not found:
        raise DrawerNotOpen
    return found[0]


async def counted_drawers(drawer_ids: Iterable[int | None]) -> set[int]:
    """Which of some drawers were counted and closed."""
    ids = [one for one in drawer_ids if one is not None]
    rows = await Drawer.select(Drawer.id).where(Drawer.id.is_in(ids or [0]) & Drawer.closed_at.is_not_null())
    return {row["id"] for row in rows}


async def drawers_of(edition_id: int, *, cashier_id: int | None = None, limit: int = 50) -> list[DrawerInfo]:
    """Drawers of an edition, or those of one cashier: all that are open, and the newest that were closed."""
    chosen: Any = Drawer.edition == edition_id
    if cashier_id is not None:
        chosen = chosen & (Drawer.cashier == cashier_id)
    still_open = await _drawers(chosen & Drawer.closed_at.is_null(), None)
    return still_open + await _drawers(chosen & Drawer.closed_at.is_not_null(), limit)


async def moves_of(drawer_id: int) -> list[MoveInfo]:
    """What was put into a drawer and taken out of it, in the order in which it was."""
    columns = (*CashMove.all_columns(), CashMove.moved_by.full_name.as_alias("by_name"))
    rows = await CashMove.select(*columns).where(CashMove.drawer == drawer_id).order_by(CashMove.id)
    gone = {row["takes_back"] for row in rows}
    return [
        MoveInfo(
            id=row["id"],
            way=CashWay(row["way"]),
            amount=Money(row["amount_minor"], row["currency"]),
            reason=row["reason"],
            moved_at=row["moved_at"],
            by=row["by_name"] or "",
            takes_back=row["takes_back"],
            taken_back=row["id"] in gone,
        )
        for row in rows
    ]


async def sums_of(drawer: DrawerInfo) -> DrawerSums:
    """What happened in a drawer, in four sums."""
    sums: dict[str, int] = {}
    for table, inwards, into, out in (
        ("payment", "amount_minor > 0", "came", "went"),
        ("cash_move", "way = 'from_safe'", "put_in", "taken_out"),
    ):
        (row,) = await fetch(
            f"SELECT COALESCE(SUM(CASE WHEN {inwards} THEN amount_minor END), 0) AS into_minor, "
            f"COALESCE(SUM(CASE WHEN NOT {inwards} THEN -amount_minor END), 0) AS out_minor "
            f"FROM {table} WHERE drawer = {{}}",
            drawer.id,
        )
        sums |= {into: int(row["into_minor"]), out: int(row["out_minor"])}
    return DrawerSums(**{name: Money(minor, drawer.float.currency) for name, minor in sums.items()})


async def cash_elsewhere(edition_id: int, currency: str) -> CashElsewhere:
    """Where an edition's cash lies that is in no open drawer."""
    entered = {
        row["account"]: int(row["total"])
        for row in await fetch(
            "SELECT account, SUM(amount_minor) AS total FROM ledger_entry "
            "WHERE edition = {} AND currency = {} AND account IN ('cash', 'safe') GROUP BY account",
            edition_id,
            currency,
        )
    }
    through = "SELECT COALESCE(SUM(t.amount_minor), 0) FROM {table} t JOIN cash_drawer d ON d.id = t.drawer "
    through += "WHERE d.edition = {{}} AND d.closed_at IS NULL"
    (row,) = await fetch(
        f"SELECT ({through.format(table='payment')}) + ({through.format(table='cash_move')}) AS total",
        edition_id,
        edition_id,
    )
    return CashElsewhere(
        safe=Money(entered.get("safe", 0), currency),
        beside=Money(entered.get("cash", 0) - int(row["total"]), currency),
    )


async def in_safe(edition_id: int, currency: str, *, then: datetime) -> tuple[Money, Money]:
    """What lies in an edition's safe as the ledger says: now, and just after an instant."""
    (row,) = await fetch(
        "SELECT COALESCE(SUM(amount_minor), 0) AS total, "
        "COALESCE(SUM(CASE WHEN booked_at <= {} THEN amount_minor END), 0) AS then_minor "
        "FROM ledger_entry WHERE edition = {} AND currency = {} AND account = 'safe'",
        then,
        edition_id,
        currency,
    )
    return Money(int(row["total"]), currency), Money(int(row["then_minor"]), currency)


async def lacks_drawer(edition_id: int, person_id: int | None) -> bool:
    """Whether somebody has to open a drawer before she takes cash at an edition."""
    return (await terms_of(edition_id)).use_drawers and await open_drawer_of(edition_id, person_id) is None


async def _drawers(chosen: Any, limit: int | None = 1) -> list[DrawerInfo]:
    columns = (*Drawer.all_columns(), Drawer.cashier.full_name.as_alias("cashier_name"))
    query = Drawer.select(*columns).where(chosen).order_by(Drawer.id, ascending=False)
    return [_drawer_info(row) for row in await (query if limit is None else query.limit(limit))]


def _drawer_info(row: Mapping[str, Any]) -> DrawerInfo:
    def money(name: str) -> Money | None:
        return None if row[name] is None else Money(row[name], row["currency"])

    return DrawerInfo(
        id=row["id"],
        edition_id=row["edition"],
        cashier_id=row["cashier"],
        cashier=row["cashier_name"] or "",
        float=Money(row["float_minor"], row["currency"]),
        opened_at=row["opened_at"],
        closed_at=row["closed_at"],
        expected=money("expected_minor"),
        counted=money("counted_minor"),
        note=row["note"],
    )
