"""Registering by the poster: the visitor's page of two fields, the organiser's setting, the poster itself."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import public, requires
from app.events.pages import download, form_again
from app.events.passes.services import secret_of
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.clock import now
from app.kernel.documents.pdf import compile_pdf
from app.kernel.documents.qr import qr_svg
from app.kernel.editing import held, open_edit
from app.kernel.errors import TooManyTries
from app.kernel.forms import Form, FormError, open_form
from app.kernel.i18n import LOCALES, N_, _, current_locale, pick, use_locale
from app.kernel.names import normalise_phone
from app.kernel.settings import settings
from app.kernel.web import browser_of, page, redirect
from ticketing.sales.errors import NotForRegistering, OrdersSlowed, RegisteringClosed, SalesClosed, SoldOut
from ticketing.sales.queries import edition_with_tickets, tickets_of_order
from ticketing.sales.schemas import RegisterForm, RegisteringForm
from ticketing.sales.services import registering as service

NO_PHONE = N_("This is no phone number. Please write it with all its digits.")
PAPERS = ("a4", "a3")
#: What the poster says, in each language.
LINES = (N_("Come in: get your pass here"), N_("Scan, write your name and phone number, show the pass at the gate."))


class RegisterController(Controller):
    """``/e/{slug}/register``: where the poster leads to."""

    path = "/e/{slug:str}/register"
    guards = [public]
    include_in_schema = False

    @get("/")
    async def form(self, slug: FromPath[str]) -> Response[str]:
        """Two fields and a button."""
        edition = await edition_with_tickets(slug)
        if await service.registering_type(edition.id) is None:
            raise RegisteringClosed
        return _register_page(edition, Form.empty())

    @post("/")
    async def register(self, request: Request[Actor, Any, Any], slug: FromPath[str]) -> Response[Any]:
        """Give the pass and lead to it; the same phone number in this browser leads to the same pass all day."""
        edition = await edition_with_tickets(slug)
        phone = ""
        try:
            reading = await open_form(request, RegisterForm)
            try:
                phone = normalise_phone(reading.values.phone, edition.region)
            except ValueError:
                reading.refuse("phone", _(NO_PHONE))
            values = reading.settle()
            placed = await service.register_visitor(
                edition=edition,
                full_name=values.full_name,
                phone=phone,
                locale=current_locale(),
                browser=browser_of(request),
                now=now(),
            )
        except FormError as error:
            return _register_page(edition, error.form, status=422)
        except (OrdersSlowed, TooManyTries, SoldOut, SalesClosed) as error:
            form = await form_again(request, {"phone": error.sentence()})
            return _register_page(edition, form, status=error.status)
        (ticket,) = await tickets_of_order(placed.order_id)
        if ticket["is_hers"] and ticket["secret_seed"]:
            return redirect(f"/pass/{secret_of(ticket['secret_seed'])}")
        return redirect(f"{edition.path}/tickets/done/{placed.secret}")


class RegisteringController(Controller):
    """``/manage/{id}/tickets/register``: the setting and the poster."""

    path = "/manage/{edition_id:int}/tickets/register"
    guards = [requires(Role.MANAGER)]
    include_in_schema = False

    @get("/")
    async def setting(self, edition_id: FromPath[int]) -> Response[str]:
        """Which ticket type visitors get, and the posters."""
        edition = await edition_by_id(edition_id)
        return await _setting_page(edition, Form.of(ticket_type=await service.registering_type(edition_id)))

    @post("/")
    async def change(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Let it hold from now on."""
        edition = await edition_by_id(edition_id)
        try:
            async with held("edition", edition_id):
                record = Form.of(ticket_type=await service.registering_type(edition_id))
                subject = ("registering", edition_id)
                reading = await open_edit(request, RegisteringForm, record=record, subject=subject, tz=edition.timezone)
                values = reading.settle()
                await service.set_registering(
                    edition_id=edition_id, ticket_type=values.ticket_type, actor=request.user, now=now()
                )
        except FormError as error:
            return await _setting_page(edition, error.form, status=error.status)
        except NotForRegistering as error:
            form = await form_again(request, {"ticket_type": error.sentence()})
            return await _setting_page(edition, form, status=error.status)
        return redirect(f"/manage/{edition_id}/tickets/register", toast=_("Saved."))

    @get("/poster.pdf")
    async def poster(self, edition_id: FromPath[int], size: FromQuery[str] = "a4") -> Response[bytes]:
        """The poster, A4 or A3, in three languages."""
        edition = await edition_by_id(edition_id)
        paper = size if size in PAPERS else PAPERS[0]
        return download(await _poster(edition, paper), f"register-{edition.slug}-{paper}.pdf", "application/pdf")


def _register_page(edition: EditionInfo, form: Form, *, status: int = 200) -> Response[str]:
    return page(
        "sales/register.html",
        status=status,
        headers={"cache-control": "private, no-store"},
        edition=edition,
        form=form,
    )


async def _setting_page(edition: EditionInfo, form: Form, *, status: int = 200) -> Response[str]:
    types = await service.types_for_registering(edition.id)
    return page(
        "sales/manage_registering.html",
        status=status,
        edition=edition,
        form=form,
        types=[("", _("None: nobody registers")), *((type_id, pick(name)) for type_id, name in types.items())],
        address=f"{settings().base_url}{edition.path}/register",
        is_open=await service.registering_type(edition.id) is not None,
    )


async def _poster(edition: EditionInfo, paper: str) -> bytes:
    """The poster of an edition as PDF. Raises DocumentFailed."""
    address = f"{settings().base_url}{edition.path}/register"
    lines = []
    for code in LOCALES:
        with use_locale(code):
            lines.append({"lang": code, "title": _(LINES[0]), "text": _(LINES[1])})
    data = {
        "size": paper,
        "edition": edition.title,
        "when": edition.when,
        "where": edition.where,
        "lines": lines,
        "address": address.split("://", 1)[-1],
    }
    return await compile_pdf("sales/register.typ", data, images={"code.svg": qr_svg(address).encode()})
