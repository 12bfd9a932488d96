"""What visitors see: the catalogue, exhibitors, products, the map, booths behind a scan."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.params import FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.guards import public
from app.events.controllers.public import visible_edition
from app.events.enums import Part
from app.events.errors import EditionNotFound
from app.events.pages import pager_of
from app.events.queries import EditionInfo, Page
from app.events.slots import PublicSection
from app.kernel.i18n import _
from app.kernel.names import text_key
from app.kernel.web import page
from booths.catalogue.controllers.saved import saved_items
from booths.catalogue.errors import ExhibitorNotFound
from booths.catalogue.queries.exhibitors import (
    BoothPlace,
    booths_of_exhibitor,
    exhibitor_info,
    exhibitors_of,
    holder_of_booth,
)
from booths.catalogue.queries.products import (
    PAGE_SIZE,
    facets,
    page_of_products,
    photo_size,
    product_info,
    products_of_edition,
    products_of_organisation,
)
from booths.catalogue.queries.searching import words_of
from booths.catalogue.slots import vote_parts
from booths.floorplan.enums import BoothState
from booths.floorplan.queries import Plan, plans_of

ON_THE_FRONT = 8


class CatalogueController(Controller):
    """``/e/{slug}``: the fair's part of an edition's public pages."""

    path = "/e/{slug:str}"
    guards = [public]
    include_in_schema = False

    @get("/catalogue")
    async def catalogue(
        self,
        request: Request[Actor, Any, Any],
        slug: FromPath[str],
        q: FromQuery[str] = "",
        category: FromQuery[str] = "",
        zone: FromQuery[str] = "",
        view: FromQuery[str] = "",
    ) -> Response[str]:
        """Products and exhibitors, searched and filtered."""
        edition = await fair_of(slug, request.user)
        words = words_of(q)
        wanted = _page_number(request)
        everyone = await exhibitors_of(edition.id) if words or view == "exhibitors" else []
        makers = [card for card in everyone if card.fits(words)] if words else everyone
        counted = await facets(edition.id, words, [card.id for card in makers] if words else [])
        context: dict[str, Any] = {
            "edition": edition,
            "q": q,
            "category": category,
            "zone": zone,
            "category_options": _options(_sums(counted, "category"), category),
            "zone_options": _options(_sums(counted, "zone"), zone),
        }
        if view == "exhibitors":
            fitting = [card for card in makers if not zone or zone in card.zones]
            first = (wanted - 1) * PAGE_SIZE
            found = Page(list(fitting[first : first + PAGE_SIZE]), len(fitting), first + 1, PAGE_SIZE)
            zones = sorted({booth_zone for card in makers for booth_zone in card.zones if booth_zone}, key=text_key)
            counts = [(name, sum(name in card.zones for card in makers)) for name in zones]
            context["zone_options"] = _options(counts, zone)
            return page("catalogue/exhibitors.html", **context, found=found, pager=pager_of(request, found))
        found = await page_of_products(
            edition.id,
            words=words,
            organisation_ids=[card.id for card in makers] if words else [],
            counted=counted,
            category=category,
            zone=zone,
            number=wanted,
        )
        return page("catalogue/catalogue.html", **context, found=found, pager=pager_of(request, found))

    @get("/exhibitors/{organisation_id:int}")
    async def exhibitor(
        self, request: Request[Actor, Any, Any], slug: FromPath[str], organisation_id: FromPath[int]
    ) -> Response[str]:
        """Who it is, where it stands, what it makes."""
        edition = await fair_of(slug, request.user)
        booths = await booths_of_exhibitor(edition.id, organisation_id)
        if not booths:
            raise ExhibitorNotFound
        return await _exhibitor_page(request, edition, organisation_id, booths)

    @get("/booths/{booth_id:int}")
    async def booth(
        self, request: Request[Actor, Any, Any], slug: FromPath[str], booth_id: FromPath[int]
    ) -> Response[str]:
        """What stands behind a booth's code: its exhibitor, or who may come."""
        edition = await fair_of(slug, request.user)
        place, holder = await holder_of_booth(edition.id, booth_id)
        if holder is None:
            return page("catalogue/booth_empty.html", edition=edition, booth=place)
        booths = await booths_of_exhibitor(edition.id, holder)
        return await _exhibitor_page(request, edition, holder, booths, here=place)

    @get("/products/{product_id:int}")
    async def product(
        self, request: Request[Actor, Any, Any], slug: FromPath[str], product_id: FromPath[int]
    ) -> Response[str]:
        """One product."""
        edition = await fair_of(slug, request.user)
        product = await product_info(product_id)
        booths = await booths_of_exhibitor(edition.id, product.organisation_id)
        if not booths:
            raise ExhibitorNotFound
        others = await products_of_organisation(product.organisation_id)
        return page(
            "catalogue/product.html",
            edition=edition,
            product=product,
            exhibitor=await exhibitor_info(product.organisation_id),
            booths=booths,
            others=[card for card in others if card.id != product_id][:ON_THE_FRONT],
            is_saved=f"p{product_id}" in saved_items(request, edition.path),
            votes=await vote_parts(edition, "product", product_id, request),
        )

    @get("/map")
    async def plan(
        self, request: Request[Actor, Any, Any], slug: FromPath[str], booth: FromQuery[str] = ""
    ) -> Response[str]:
        """The halls, with who stands where."""
        edition = await fair_of(slug, request.user)
        chosen = int(booth) if booth.isdecimal() and len(booth) < 10 else None
        plans = [as_public(plan) for plan in await plans_of(edition.id)]
        here = next((one for plan in plans for one in plan.booths if one.id == chosen), None)
        marks = {
            one.id: "map-exhibitor" if one.organisation_id else "map-cell" for plan in plans for one in plan.booths
        }
        return page("catalogue/map.html", edition=edition, plans=plans, chosen=chosen, here=here, marks=marks)


async def _exhibitor_page(
    request: Request[Actor, Any, Any],
    edition: EditionInfo,
    organisation_id: int,
    booths: tuple[BoothPlace, ...],
    here: BoothPlace | None = None,
) -> Response[str]:
    exhibitor = await exhibitor_info(organisation_id)
    products = await products_of_organisation(organisation_id)
    photo = exhibitor.photo or next((card.photo for card in products if card.photo), None)
    return page(
        "catalogue/exhibitor.html",
        edition=edition,
        exhibitor=exhibitor,
        booths=booths,
        here=here,
        products=products,
        photo=photo,
        photo_size=await photo_size(photo) if exhibitor.photo else (640, 480),
        is_saved=f"x{organisation_id}" in saved_items(request, edition.path),
        votes=await vote_parts(edition, "exhibitor", organisation_id, request),
    )


async def fair_of(slug: str, actor: Actor) -> EditionInfo:
    """The edition of a public page, if it has a fair. Raises EditionNotFound."""
    edition = await visible_edition(slug, actor)
    if not edition.has(Part.FAIR):
        raise EditionNotFound
    return edition


def as_public(plan: Plan) -> Plan:
    """A plan as everybody may see it: what is only held looks free, and says nobody's name."""
    return replace(
        plan,
        booths=[
            booth
            if booth.state == BoothState.ALLOCATED
            else replace(booth, state=BoothState.FREE, organisation_id=None, organisation="")
            for booth in plan.booths
        ],
    )


async def exhibitors_section(edition: EditionInfo, _present: datetime) -> PublicSection | None:
    """Some products on the edition's page."""
    if not edition.has(Part.FAIR):
        return None
    counted = await facets(edition.id)
    products = await products_of_edition(edition.id, limit=ON_THE_FRONT) if counted else []
    if not products:
        return None
    return PublicSection(
        key="exhibitors",
        template="catalogue/section.html",
        context={"products": products, "total": sum(facet.amount for facet in counted)},
        order=20,
        call=(_("Exhibitors and products"), f"{edition.path}/catalogue"),
    )


def _sums(counted: list[Any], name: str) -> list[tuple[str, int]]:
    """(value, amount) of one side of the facets, the most frequent first."""
    sums: dict[str, int] = {}
    for facet in counted:
        value = getattr(facet, name)
        if value:
            sums[value] = sums.get(value, 0) + facet.amount
    return sorted(sums.items(), key=lambda item: (-item[1], text_key(item[0])))


def _options(sums: list[tuple[str, int]], chosen: str) -> list[tuple[str, str]]:
    """A filter's choices with how many there are; the chosen one stays among them when nothing fits."""
    listed = sums if not chosen or chosen in dict(sums) else [*sums, (chosen, 0)]
    return [("", _("All")), *((name, f"{name} ({amount})") for name, amount in listed)]


def _page_number(request: Request[Any, Any, Any]) -> int:
    """The page asked for, counted from 1."""
    asked = request.query_params.get("page", "1")
    return max(int(asked), 1) if asked.isdecimal() and len(asked) < 7 else 1
