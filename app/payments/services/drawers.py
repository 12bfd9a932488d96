"""A cashier's drawer: opened with a float, counted and closed; what was counted against what the books say."""

from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.events.queries import hold_edition
from app.kernel import audit
from app.kernel.database import fetch, hold_row, is_unique_violation, write_transaction
from app.kernel.errors import AppError, NotAllowed
from app.kernel.money import Money
from app.kernel.names import clean_text
from app.payments.enums import Account, PaymentMethod, Posting
from app.payments.errors import DrawerAlreadyOpen, DrawerNeeded, DrawerNotOpen, WhyNotHers
from app.payments.errors_cash import DrawerDiffers, DrawerDiffersMuch, DrawerInOther, DrawerShort, RefundShort
from app.payments.queries import DocumentInfo, terms_of
from app.payments.queries_drawers import DrawerInfo, drawer_by_id, open_drawer_of
from app.payments.services.ledger import post
from app.payments.tables import Drawer

#: A difference of more than one in so many of what should lie in a drawer is asked about.
MUCH = 10


async def open_drawer(*, edition_id: int, float_: Money, actor: Actor, now: datetime) -> int:
    """Open the actor's own drawer with change in it; returns its id.

    Raises DrawerAlreadyOpen, DrawerInOther where the edition has another currency by now.
    """
    try:
        async with write_transaction():
            edition = await hold_edition(edition_id)  # who closes a day, or changes the currency, sees every drawer
            if edition.currency != float_.currency:
                raise DrawerInOther(currency=edition.currency)
            row = Drawer(
                edition=edition_id,
                cashier=actor.person_id,
                currency=float_.currency,
                float_minor=float_.amount_minor,
                opened_at=now,
            )
            await row.save()
            await audit.record(
                actor=actor,
                action="drawer.open",
                subject_type="cash_drawer",
                subject_id=row.id,
                edition_id=edition_id,
                after={"float_minor": float_.amount_minor},
                now=now,
            )
    except Exception as error:
        if is_unique_violation(error):
            raise DrawerAlreadyOpen from error
        raise
    return int(row.id)


async def drawer_for(
    document: DocumentInfo, method: PaymentMethod, actor: Actor | None, *, out: Money | None = None
) -> int | None:
    """The drawer that cash goes through: the one that the cashier has open, held so that nobody closes it meanwhile.

    What goes ``out`` of it must lie in it; the drawer is then held alone, so that two do not take the same notes.
    Raises DrawerNeeded where cash goes through drawers alone and she has none, RefundShort.
    """
    if method != PaymentMethod.CASH or actor is None or actor.person_id is None:
        return None
    drawer = await open_drawer_of(document.edition_id, actor.person_id)
    if drawer is not None:
        await hold_row("cash_drawer", drawer.id, alone=out is not None)
        drawer = await open_drawer_of(document.edition_id, actor.person_id)
    if drawer is None:
        if (await terms_of(document.edition_id)).use_drawers:
            raise DrawerNeeded
        return None
    if out is not None:
        await require_in(drawer, out, RefundShort)
    return drawer.id


def may_use(drawer: DrawerInfo, actor: Actor) -> bool:
    """Whether somebody may move what lies in a drawer, and count it: its cashier, and finance."""
    return drawer.cashier_id == actor.person_id or actor.has(Role.FINANCE, edition_id=drawer.edition_id)


async def require_in(drawer: DrawerInfo, out: Money, refusal: type[DrawerShort] = DrawerShort) -> None:
    """That as much lies in a drawer, which the caller holds alone. Raises the refusal."""
    there = await expected_in(drawer)
    if out.amount_minor > there.amount_minor:
        raise refusal(there=there, given=out)


async def expected_in(drawer: DrawerInfo) -> Money:
    """What must lie in a drawer: its float, what came and went back through it, and what was put in or taken out."""
    (row,) = await fetch(
        "SELECT (SELECT COALESCE(SUM(amount_minor), 0) FROM payment WHERE drawer = {}) + "
        "(SELECT COALESCE(SUM(amount_minor), 0) FROM cash_move WHERE drawer = {}) AS came",
        drawer.id,
        drawer.id,
    )
    return Money(drawer.float.amount_minor + int(row["came"]), drawer.float.currency)


async def close_drawer(
    *,
    drawer_id: int,
    edition_id: int,
    counted: Money,
    actor: Actor,
    now: datetime,
    note: str = "",
    sure: bool = False,
) -> DrawerInfo:
    """Close a drawer with what was counted in it; a difference is entered on an account of its own.

    What was counted above the change that it was opened with lies in the safe from then on. A difference wants a note,
    and one of more than a tenth that somebody is ``sure``. One that its cashier left open finance closes in her place,
    with the reason as its note. Raises DrawerNotOpen, also when it was closed before, NotAllowed, WhyNotHers,
    DrawerDiffers, DrawerDiffersMuch.
    """
    note = clean_text(note)[:200]
    async with write_transaction():
        await hold_edition(edition_id)
        await hold_row("cash_drawer", drawer_id, alone=True)  # no cash goes in between counting up and closing
        drawer = await drawer_by_id(drawer_id, edition_id)
        if not may_use(drawer, actor):
            raise NotAllowed
        if drawer.cashier_id != actor.person_id and not note:
            raise WhyNotHers
        expected = await expected_in(drawer)
        if drawer.closed_at is None:
            _require_why(expected, counted, note, sure=sure)
        closed = (
            await Drawer.update(
                {
                    Drawer.closed_at: now,
                    Drawer.expected_minor: expected.amount_minor,
                    Drawer.counted_minor: counted.amount_minor,
                    Drawer.note: note,
                }
            )
            .where((Drawer.id == drawer_id) & Drawer.closed_at.is_null())
            .returning(Drawer.id)
        )
        if not closed:
            raise DrawerNotOpen
        missing = expected.amount_minor - counted.amount_minor
        taken = counted.amount_minor - drawer.float.amount_minor
        await post(
            Posting.COUNT,
            {Account.OVER_SHORT: missing, Account.SAFE: taken, Account.CASH: -missing - taken},
            edition_id=edition_id,
            currency=counted.currency,
            now=now,
        )
        await audit.record(
            actor=actor,
            action="drawer.close",
            subject_type="cash_drawer",
            subject_id=drawer_id,
            edition_id=edition_id,
            before={"expected_minor": expected.amount_minor},
            after={"counted_minor": counted.amount_minor, "note": note},
            now=now,
        )
    return await drawer_by_id(drawer_id, edition_id)


def _require_why(expected: Money, counted: Money, note: str, *, sure: bool) -> None:
    """That whoever counted something else than was expected says why. Raises DrawerDiffers, DrawerDiffersMuch."""
    over = counted.amount_minor - expected.amount_minor
    told: dict[str, Any] = {"expected": expected, "counted": counted, "difference": Money(over, counted.currency)}
    wanting: dict[str, AppError] = {}
    if over and not note:
        wanting["note"] = DrawerDiffers(**told)
    if abs(over) * MUCH > abs(expected.amount_minor) and not sure:
        wanting["sure"] = DrawerDiffersMuch(**told)
    if wanting:
        kind = DrawerDiffers if "note" in wanting else DrawerDiffersMuch
        raise kind(fields={name: error.sentence() for name, error in wanting.items()}, **told)
