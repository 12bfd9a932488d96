"""What sales shows on pages of others: the organiser's timeline and navigation, the public page of an edition."""

from datetime import datetime

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.events.enums import EditionState, Part
from app.events.queries import EditionInfo, edition_by_id
from app.events.slots import DashboardItem, NavItem, PublicSection, Stage
from app.kernel.i18n import N_, _, format_number
from ticketing.sales.queries import ticket_types_on_sale, totals_of

NAV = (
    NavItem(title=N_("Tickets"), path="/tickets", icon="ticket", part=Part.TICKETS, order=30),
    NavItem(
        title=N_("Orders"),
        path="/orders",
        icon="list",
        part=Part.TICKETS,
        roles=(Role.MANAGER, Role.FINANCE),
        order=31,
    ),
    NavItem(
        title=N_("Box office"),
        path="/box-office",
        icon="banknote",
        part=Part.TICKETS,
        roles=(Role.MANAGER, Role.FINANCE, Role.GATE_LEAD),
        order=32,
    ),
)


async def sales_dashboard(edition_id: int, actor: Actor, now: datetime) -> list[DashboardItem]:
    """Ticket types to be made, tickets sold, orders that wait for money."""
    edition = await edition_by_id(edition_id)
    if not edition.has(Part.TICKETS):
        return []
    totals = await totals_of(edition_id)
    base = f"/manage/{edition_id}"
    items = [
        DashboardItem(
            stage=Stage.SET_UP,
            title=_("Ticket types"),
            href=f"{base}/tickets",
            waiting=0 if totals["types"] else 1,
            done=totals["types"] > 0,
        )
    ]
    if totals["types"]:
        sold, places = format_number(totals["sold"]), totals["places"]
        detail = (
            _("{sold} sold").format(sold=sold)
            if places is None
            else _("{sold} of {quota} sold").format(sold=sold, quota=format_number(places))
        )
        items.append(DashboardItem(stage=Stage.SELL, title=_("Tickets"), detail=detail, href=f"{base}/tickets"))
    if totals["waiting"]:
        items.append(
            DashboardItem(
                stage=Stage.SELL,
                title=_("Orders that wait for payment"),
                href=f"{base}/orders?state=held",
                waiting=totals["waiting"],
            )
        )
    return items


async def tickets_section(edition: EditionInfo, now: datetime) -> PublicSection | None:
    """The tickets of an open edition."""
    if not edition.has(Part.TICKETS) or edition.state != EditionState.OPEN:
        return None
    types = await ticket_types_on_sale(edition, now)
    if not types:
        return None
    return PublicSection(
        key="tickets",
        template="sales/section.html",
        context={"types": types},
        order=10,
        call=(_("Get a ticket"), f"{edition.path}/tickets"),
    )
