"""What the floor plan says on the organiser's timeline and in her navigation."""

from datetime import datetime

from app.accounts.actor import Actor
from app.events.enums import Part
from app.events.queries import edition_by_id
from app.events.slots import DashboardItem, NavItem, Stage
from app.kernel.i18n import N_, _, ngettext
from booths.floorplan.queries import plans_of

NAV = (NavItem(title=N_("Floor plan"), path="/floorplan", below=("/booths",), icon="map", part=Part.FAIR, order=30),)


async def floorplan_dashboard(edition_id: int, _actor: Actor, _now: datetime) -> list[DashboardItem]:
    """How many booths there are; without a hall the overview itself asks for the sheet."""
    if not (await edition_by_id(edition_id)).has(Part.FAIR):
        return []
    plans = await plans_of(edition_id)
    booths = sum(len(plan.booths) for plan in plans)
    if not plans:
        return []
    return [
        DashboardItem(
            stage=Stage.SET_UP,
            title=_("Floor plan"),
            detail=", ".join(
                (
                    ngettext("%(num)s booth", "%(num)s booths", booths) % {"num": booths},
                    ngettext("%(num)s hall", "%(num)s halls", len(plans)) % {"num": len(plans)},
                )
            ),
            href=f"/manage/{edition_id}/floorplan",
            waiting=0 if booths else 1,
            done=booths > 0,
        )
    ]
