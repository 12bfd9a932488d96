"""The organiser's view of the catalogue: which exhibitor shows what."""

from datetime import datetime
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.params import FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.enums import Part
from app.events.pages import PAGE_SIZE, download, offset_of, pager_of, with_query
from app.events.queries import Page, edition_by_id
from app.events.slots import DashboardItem, NavItem, Stage
from app.kernel.i18n import N_, _, ngettext
from app.kernel.sheets import write_xlsx
from app.kernel.web import page
from booths.catalogue.queries.exhibitors import ExhibitorCard, exhibitors_of
from booths.catalogue.queries.figures import without_products, without_story
from booths.catalogue.queries.searching import words_of

NAV = NavItem(
    title=N_("Catalogue"),
    path="/catalogue",
    icon="shopping-bag",
    part=Part.FAIR,
    roles=(Role.MANAGER, Role.FLOOR),
    order=35,
)
MISSING = {"products": without_products, "story": without_story}


class ManageCatalogueController(Controller):
    """``/manage/{edition_id}/catalogue``."""

    path = "/manage/{edition_id:int}/catalogue"
    guards = [requires(Role.MANAGER, Role.FLOOR)]
    include_in_schema = False

    @get()
    async def exhibitors(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
        missing: FromQuery[str] = "",
    ) -> Response[str]:
        """Exhibitors with what they show, and what is missing."""
        edition = await edition_by_id(edition_id)
        fitting = _chosen(await exhibitors_of(edition_id), q, missing)
        asked = request.query_params.get("page", "1")
        first = offset_of(int(asked) if asked.isdecimal() and len(asked) < 6 else 1)
        found = Page(list(fitting[first : first + PAGE_SIZE]), len(fitting), first + 1, PAGE_SIZE)
        return page(
            "catalogue/manage_exhibitors.html",
            edition=edition,
            exhibitors=found.items,
            q=q,
            missing=missing,
            pager=pager_of(request, found),
            export=with_query(request, f"/manage/{edition_id}/catalogue.xlsx"),
            may_manage=request.user.has(Role.MANAGER, edition_id=edition_id),
        )


class CatalogueExport(Controller):
    """``/manage/{edition_id}/catalogue.xlsx``."""

    path = "/manage/{edition_id:int}/catalogue.xlsx"
    guards = [requires(Role.MANAGER, Role.FLOOR)]
    include_in_schema = False

    @get()
    async def export(
        self, edition_id: FromPath[int], q: FromQuery[str] = "", missing: FromQuery[str] = ""
    ) -> Response[bytes]:
        """The same list as a sheet."""
        rows = [
            (card.name, card.kind_name, card.ward, card.booth_codes, card.products, card.has_story)
            for card in _chosen(await exhibitors_of(edition_id), q, missing)
        ]
        headers = [_("Exhibitor"), _("Kind"), _("Ward"), _("Booth"), _("Products"), _("Story told")]
        content = write_xlsx(_("Catalogue"), headers, rows)
        return download(content, f"catalogue-{(await edition_by_id(edition_id)).slug}.xlsx")


def _chosen(cards: list[ExhibitorCard], search: str, missing: str) -> list[ExhibitorCard]:
    words = words_of(search)
    found = [card for card in cards if card.fits(words)]
    return MISSING[missing](found) if missing in MISSING else found


async def catalogue_dashboard(edition_id: int, actor: Actor, _now: datetime) -> list[DashboardItem]:
    """Exhibitors that have nothing to show yet."""
    if not actor.has(Role.MANAGER, Role.FLOOR, edition_id=edition_id):
        return []
    edition = await edition_by_id(edition_id)
    if not edition.has(Part.FAIR):
        return []
    cards = await exhibitors_of(edition_id)
    if not cards:
        return []
    bare = len(without_products(cards))
    shown = sum(card.products for card in cards)
    return [
        DashboardItem(
            stage=Stage.SELL,
            title=_("Catalogue"),
            detail=ngettext("%(num)s exhibitor has no product yet", "%(num)s exhibitors have no product yet", bare)
            % {"num": bare}
            if bare
            else ngettext("%(num)s product is shown", "%(num)s products are shown", shown) % {"num": shown},
            href=f"/manage/{edition_id}/catalogue" + ("?missing=products" if bare else ""),
            waiting=bare,
            done=not bare,
        )
    ]
