"""A visitor leaves a contact with an exhibitor."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.guards import public
from app.events.pages import form_again
from app.events.queries import EditionInfo
from app.kernel.clock import now
from app.kernel.errors import TooManyTries
from app.kernel.forms import Form, FormError, Reading, open_form
from app.kernel.i18n import _
from app.kernel.names import normalise_email, normalise_phone
from app.kernel.security import new_token
from app.kernel.web import browser_of, page, redirect
from booths.catalogue.controllers.public import fair_of
from booths.catalogue.errors import ConsentMissing, ContactMissing, ExhibitorNotFound, ProductNotFound
from booths.catalogue.queries.exhibitors import ExhibitorInfo, booths_of_exhibitor, exhibitor_info
from booths.catalogue.queries.products import ProductInfo, product_info
from booths.catalogue.schemas import LeadForm
from booths.catalogue.services.leads import leave_contact


def consent_wording(exhibitor: ExhibitorInfo, edition: EditionInfo) -> str:
    """The sentence beside the box, as it is kept with the contact."""
    return _(
        "I agree that {organisation} receives my name and this contact in order to answer me, as an exhibitor of "
        "{edition}. I can ask them at any time to delete it."
    ).format(organisation=exhibitor.name, edition=edition.title)


class LeadController(Controller):
    """``/e/{slug}/exhibitors/{id}/contact``."""

    path = "/e/{slug:str}/exhibitors/{organisation_id:int}/contact"
    guards = [public]
    include_in_schema = False

    @get()
    async def show(
        self,
        request: Request[Actor, Any, Any],
        slug: FromPath[str],
        organisation_id: FromPath[int],
        product: FromQuery[str] = "",
    ) -> Response[str]:
        """An empty form; the box is not ticked."""
        edition = await fair_of(slug, request.user)
        wanted = int(product) if product.isdecimal() and len(product) < 10 else None
        form = Form.empty(client_id=new_token(), product_id=wanted)
        if request.user.signed_in:
            form.values["name"] = request.user.full_name
        return await _page(edition, organisation_id, form)

    @post(status_code=303)
    async def send(
        self, request: Request[Actor, Any, Any], slug: FromPath[str], organisation_id: FromPath[int]
    ) -> Response[Any]:
        """Pass it on."""
        edition = await fair_of(slug, request.user)
        exhibitor = await exhibitor_info(organisation_id)
        try:
            reading = await open_form(request, LeadForm)
            phone, email = _contact(reading, edition)
            form = reading.settle()
            await leave_contact(
                edition_id=edition.id,
                organisation_id=organisation_id,
                product_id=form.product_id,
                name=form.name,
                phone=phone,
                email=email,
                message=form.message,
                consent_wording=consent_wording(exhibitor, edition),
                consented=form.consent,
                client_id=form.client_id or new_token(),
                browser=browser_of(request),
                now=now(),
            )
        except FormError as error:
            return await _page(edition, organisation_id, error.form, status=422)
        except TooManyTries as error:
            again = await form_again(request, {"phone": error.sentence()})
            return await _page(edition, organisation_id, again, status=422)
        back = (
            f"{edition.path}/products/{form.product_id}"
            if form.product_id
            else f"{edition.path}/exhibitors/{organisation_id}"
        )
        return redirect(back, toast=_("Sent. {organisation} will get in touch.").format(organisation=exhibitor.name))


def _contact(reading: Reading[LeadForm], edition: EditionInfo) -> tuple[str, str]:
    """Phone and mail address; refuses what is none, a form without either, and one without the agreement."""
    form = reading.values
    phone = email = ""
    try:
        phone = normalise_phone(form.phone, edition.region) if form.phone else ""
    except ValueError:
        reading.refuse("phone", _("This is no phone number. Write it like 0912 345 678."))
    try:
        email = normalise_email(form.email) if form.email else ""
    except ValueError:
        reading.refuse("email", _("This is no mail address. It looks like name@example.vn."))
    if not form.phone and not form.email:
        reading.refuse("phone", ContactMissing().sentence())
    if not form.consent:
        reading.refuse("consent", ConsentMissing().sentence())
    return phone, email


async def _page(edition: EditionInfo, organisation_id: int, form: Form, status: int = 200) -> Response[str]:
    if not await booths_of_exhibitor(edition.id, organisation_id):
        raise ExhibitorNotFound
    exhibitor = await exhibitor_info(organisation_id)
    product: ProductInfo | None = None
    product_id = str(form.value("product_id"))
    if product_id.isdecimal() and len(product_id) < 10:
        try:
            product = await product_info(int(product_id), organisation_id=organisation_id)
        except ProductNotFound:
            form.values["product_id"] = ""
    return page(
        "catalogue/contact.html",
        status=status,
        edition=edition,
        exhibitor=exhibitor,
        product=product,
        form=form,
        wording=consent_wording(exhibitor, edition),
    )
