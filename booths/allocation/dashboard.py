"""What allocation says on the organiser's timeline and in her navigation."""

from datetime import datetime

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.events.enums import Part
from app.events.queries import edition_by_id
from app.events.slots import DashboardItem, NavItem, Stage
from app.kernel.i18n import N_, _, ngettext
from booths.allocation.enums import FeeState, RunState
from booths.allocation.queries import counts
from booths.allocation.queries_fees import fees
from booths.allocation.queries_proposals import latest_run

FLOOR = (Role.OWNER, Role.MANAGER, Role.FLOOR)
DESK = (Role.OWNER, Role.MANAGER, Role.FINANCE)

NAV = (
    NavItem(title=N_("Applications"), path="/applications", icon="store", part=Part.FAIR, roles=FLOOR, order=20),
    NavItem(title=N_("Allocation"), path="/allocation", icon="sparkles", part=Part.FAIR, roles=FLOOR, order=25),
    NavItem(title=N_("Booth fees"), path="/booth-fees", icon="receipt", part=Part.FAIR, roles=DESK, order=27),
)


async def allocation_dashboard(edition_id: int, actor: Actor, _now: datetime) -> list[DashboardItem]:
    """Applications that wait, and a proposal that wants to be published."""
    if not actor.has(*FLOOR, edition_id=edition_id) or not (await edition_by_id(edition_id)).has(Part.FAIR):
        return []
    base = f"/manage/{edition_id}"
    may_load = actor.has(Role.MANAGER, edition_id=edition_id)
    found = await counts(edition_id)
    run = await latest_run(edition_id)
    everybody = found.open + found.allocated
    items = [
        DashboardItem(
            stage=Stage.CALL,
            title=_("Exhibitors' applications"),
            detail=ngettext("%(num)s application", "%(num)s applications", everybody) % {"num": everybody}
            if everybody
            else _("Load the sheet, or send exhibitors the address of the form."),
            href=f"{base}/import/applications" if may_load and not everybody else f"{base}/applications",
            waiting=0 if everybody else 1,
            done=everybody > 0,
        )
    ]
    state = run["state"] if run else ""
    open_now = found.open - found.held
    if state == RunState.PROPOSED:
        title, waiting = _("Look at the proposal and publish it"), 1
        detail = ngettext(
            "%(num)s exhibitor gets a booth.", "%(num)s exhibitors get a booth.", run["placed"] if run else 0
        )
        detail = detail % {"num": run["placed"] if run else 0}
    elif state == RunState.RUNNING:
        title, waiting, detail = _("A proposal is being worked out"), 0, ""
    else:
        title, waiting = _("Allocate the booths"), open_now if found.booths_free else 0
        detail = ngettext("%(num)s booth is free", "%(num)s booths are free", found.booths_free)
        detail = detail % {"num": found.booths_free}
    if everybody and found.booths:
        items.append(
            DashboardItem(
                stage=Stage.ALLOCATE,
                title=title,
                detail=detail,
                href=f"{base}/allocation",
                waiting=waiting,
                done=not waiting and found.allocated > 0,
            )
        )
    return items


async def fees_dashboard(edition_id: int, actor: Actor, now: datetime) -> list[DashboardItem]:
    """Booths that are allocated, have a price and were not billed."""
    edition = await edition_by_id(edition_id)
    if not actor.has(*DESK, edition_id=edition_id) or not edition.has(Part.FAIR):
        return []
    unbilled = len(await fees(edition_id, edition.today(now), state=FeeState.UNBILLED))
    if not unbilled:
        return []
    return [
        DashboardItem(
            stage=Stage.ALLOCATE,
            title=_("Bill the booths"),
            href=f"/manage/{edition_id}/booth-fees",
            waiting=unbilled,
        )
    ]
