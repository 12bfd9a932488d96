"""A ticket that somebody is given: what it is, and accepting it."""

from datetime import datetime
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.guards import public
from app.events.queries import EditionInfo, edition_by_slug
from app.kernel.clock import now
from app.kernel.forms import Form, FormError, open_form
from app.kernel.i18n import N_, _
from app.kernel.web import page, redirect
from ticketing.sales import queries
from ticketing.sales.enums import HandoverState
from ticketing.sales.errors import HandoverClosed
from ticketing.sales.queries_own import offer_by_token
from ticketing.sales.schemas import AcceptForm
from ticketing.sales.services.handing_over import accept_ticket

NOT_AGREED = N_("Please tick this to accept the ticket.")
PRIVATE = {"cache-control": "private, no-store"}


class GivenTicketController(Controller):
    """``/e/{slug}/tickets/given/{token}``."""

    path = "/e/{slug:str}/tickets/given/{token:str}"
    guards = [public]
    include_in_schema = False

    @get("/")
    async def show(self, slug: FromPath[str], token: FromPath[str]) -> Response[str]:
        """What is given, and by when to accept it."""
        edition, offer, ticket = await _offered(slug, token, now())
        return await _page(edition, offer, ticket, Form.empty(full_name=offer["name"]))

    @post("/")
    async def accept(self, request: Request[Any, Any, Any], slug: FromPath[str], token: FromPath[str]) -> Response[Any]:
        """Accept it: the pass is hers from here on."""
        edition, offer, ticket = await _offered(slug, token, now())
        try:
            reading = await open_form(request, AcceptForm)
            if not reading.values.agreed:
                reading.refuse("agreed", _(NOT_AGREED))
            values = reading.settle()
        except FormError as error:
            return await _page(edition, offer, ticket, error.form, status=422)
        issued = await accept_ticket(token=token, name=values.full_name, actor=request.user, now=now())
        return redirect(issued.path, toast=_("The ticket is yours. Its link was sent to you, too."))


async def _offered(slug: str, token: str, present: datetime) -> tuple[EditionInfo, dict[str, Any], dict[str, Any]]:
    """The edition, the offer and its ticket that a link names. Raises EditionNotFound, HandoverClosed."""
    edition = await edition_by_slug(slug)
    offer = await offer_by_token(token)
    if offer is None or offer["edition_id"] != edition.id:
        raise HandoverClosed
    if offer["state"] != HandoverState.OFFERED.value or offer["expires_at"] <= present:
        raise HandoverClosed
    for ticket in await queries.tickets_of_order(offer["order_id"]):
        if ticket["id"] == offer["item_id"] and ticket["is_hers"]:
            return edition, offer, ticket
    raise HandoverClosed


async def _page(
    edition: EditionInfo, offer: dict[str, Any], ticket: dict[str, Any], form: Form, *, status: int = 200
) -> Response[str]:
    types = {row["id"]: row for row in await queries.ticket_types_of(edition.id)}
    return page(
        "sales/given.html",
        status=status,
        headers=PRIVATE,
        edition=edition,
        offer=offer,
        ticket=ticket,
        days=queries.days_of(edition, types[ticket["type_id"]]),
        form=form,
    )
