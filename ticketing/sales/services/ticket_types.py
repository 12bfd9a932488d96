"""Ticket types: what an organiser offers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from app.accounts.actor import Actor
from app.events.enums import EditionState, PassKind
from app.events.errors import EditionIsCancelled
from app.events.passes.naming import forget_label_names
from app.events.queries import edition_by_id
from app.kernel import audit
from app.kernel.database import hold_row, is_unique_violation, write_transaction
from app.kernel.i18n import pick
from ticketing.sales.errors import (
    DaysOutsideEdition,
    LimitsReversed,
    SalesReversed,
    TicketCodeTaken,
    UnknownTicketType,
)
from ticketing.sales.services.quotas import draw_on
from ticketing.sales.tables import TicketType


@dataclass(frozen=True, kw_only=True)
class TicketTypeValues:
    """What an organiser says about a ticket type; the price counts minor units, texts are by language.

    ``quota`` is how many places it has of its own, if it has any; ``quotas`` are the ids of those that it draws on with
    others, None where nothing is said about them. Its passes count from the first day to the last in the edition's
    zone; a day not given is the edition's own. ``min_per_order`` and ``max_per_order`` bind orders online,
    ``group_most`` those of groups, which get none of it without.
    Of a ``donation`` the buyer says the price, ``price_minor`` or more; ``suggestions`` are amounts that she is
    offered, and an ``exempt_reason`` says why no tax is on it.
    """

    code: str
    name: Mapping[str, str]
    price_minor: int
    currency: str
    quota: int | None
    quotas: Sequence[int] | None = None
    description: Mapping[str, str] = field(default_factory=dict)
    sales_from: datetime | None = None
    sales_until: datetime | None = None
    pass_kind: PassKind = PassKind.VISITOR
    active: bool = True
    first_day: date | None = None
    last_day: date | None = None
    min_per_order: int | None = None
    max_per_order: int | None = None
    group_most: int | None = None
    hidden: bool = False
    donation: bool = False
    suggestions: tuple[int, ...] = ()
    exempt_reason: str = ""

    def columns(self) -> dict[str, Any]:
        """Values of the table's columns."""
        values = asdict(self)
        values["name"] = json.dumps({key: text for key, text in self.name.items() if text}, ensure_ascii=False)
        described = {key: text for key, text in self.description.items() if text}
        values["description"] = json.dumps(described, ensure_ascii=False)
        values["suggestions"] = json.dumps(self.suggestions)
        values["pass_kind"] = self.pass_kind.value
        del values["quota"], values["quotas"]
        return values


async def create_ticket_type(*, edition_id: int, values: TicketTypeValues, actor: Actor, now: datetime) -> int:
    """Add a ticket type at the end of the list.

    Raises TicketCodeTaken, DaysOutsideEdition, SalesReversed, LimitsReversed, QuotaMissing, UnknownQuota.
    """
    await check_days(edition_id, values.first_day, values.last_day)
    check_sales(values.sales_from, values.sales_until)
    _check_limits(values.min_per_order, values.max_per_order)
    try:
        async with write_transaction():
            position = await TicketType.count().where(TicketType.edition == edition_id)
            made = TicketType(edition=edition_id, position=position, **values.columns())
            await made.save()
            row = {"id": made.id, "edition": edition_id, "sold": 0, "held": 0}
            await draw_on(ticket_type=row, name=pick(values.name, "vi"), quota=values.quota, quotas=values.quotas)
            await audit.record(
                actor=actor,
                action="ticket_type.create",
                subject_type="ticket_type",
                subject_id=made.id,
                edition_id=edition_id,
                after=asdict(values),
                now=now,
            )
    except Exception as error:
        if is_unique_violation(error):
            raise TicketCodeTaken from error
        raise
    forget_label_names(edition_id)
    return int(made.id)


async def update_ticket_type(
    *, ticket_type_id: int, edition_id: int, values: TicketTypeValues, actor: Actor, now: datetime
) -> None:
    """Change a ticket type. What was ordered keeps its price, and a pass that was made its days.

    Raises UnknownTicketType, TicketCodeTaken, DaysOutsideEdition, SalesReversed, LimitsReversed, QuotaTooSmall (below
    what is sold and held), QuotaTooFull, QuotaMissing, UnknownQuota.
    """
    await check_days(edition_id, values.first_day, values.last_day)
    check_sales(values.sales_from, values.sales_until)
    _check_limits(values.min_per_order, values.max_per_order)
    try:
        async with write_transaction():
            await hold_row("ticket_type", ticket_type_id, alone=True)
            before = (
                await TicketType.select()
                .where((TicketType.id == ticket_type_id) & (TicketType.edition == edition_id))
                .first()
            )
            if before is None:
                raise UnknownTicketType
            drew, draws = await draw_on(
                ticket_type=before, name=pick(values.name, "vi"), quota=values.quota, quotas=values.quotas
            )
            columns = values.columns()
            await TicketType.update({getattr(TicketType, name): value for name, value in columns.items()}).where(
                TicketType.id == ticket_type_id
            )
            old, new = audit.changes({**{key: before[key] for key in columns}, **drew}, {**columns, **draws})
            if new:
                await audit.record(
                    actor=actor,
                    action="ticket_type.update",
                    subject_type="ticket_type",
                    subject_id=ticket_type_id,
                    edition_id=edition_id,
                    before=old,
                    after=new,
                    now=now,
                )
    except Exception as error:
        if is_unique_violation(error):
            raise TicketCodeTaken from error
        raise
    forget_label_names(edition_id)


async def check_days(edition_id: int, first: date | None, last: date | None) -> None:
    """Raise DaysOutsideEdition unless the days are the edition's, the first not after the last; EditionIsCancelled."""
    edition = await edition_by_id(edition_id)
    if edition.state == EditionState.CANCELLED:
        raise EditionIsCancelled
    if not edition.starts_on <= (first or edition.starts_on) <= (last or edition.ends_on) <= edition.ends_on:
        raise DaysOutsideEdition(days=edition.when)


def check_sales(begin: datetime | None, end: datetime | None) -> None:
    """Raise SalesReversed when sales would end before, or as, they begin."""
    if begin is not None and end is not None and end <= begin:
        raise SalesReversed


def _check_limits(least: int | None, most: int | None) -> None:
    if least is not None and most is not None and most < least:
        raise LimitsReversed
