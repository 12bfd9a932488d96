"""``/account/contacts``: one's own mail address and phone number."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.enums import ContactKind
from app.accounts.errors import ContactCodeWrong, ContactMissing, ContactOfAnother, ContactUnchanged, SignInAgain
from app.accounts.guards import signed_in
from app.accounts.limits import Way, count_browser
from app.accounts.schemas import ContactCodeForm, ContactForm
from app.accounts.services import contacts as service
from app.accounts.services.fresh import is_fresh
from app.accounts.tables import Person
from app.kernel.clock import now
from app.kernel.errors import NotFound, TooManyTries
from app.kernel.forms import REQUIRED, Form, FormError, read_form
from app.kernel.i18n import N_, _
from app.kernel.names import normalise_email, normalise_phone
from app.kernel.web import page, redirect

PAGE = "/account/contacts"
NOT_STORED = {"cache-control": "no-store"}
NO_ADDRESS = {
    ContactKind.EMAIL: N_("This is no mail address. Write it like ten@example.com."),
    ContactKind.PHONE: N_("This is no phone number. Write it like 0912 345 678 or +84 912 345 678."),
}
CONFIRMED = N_("Confirmed. Other browsers were signed out.")


class ContactsController(Controller):
    """See them, ask for another one, confirm it, take one off."""

    path = PAGE
    guards = [signed_in]
    include_in_schema = False
    response_headers = NOT_STORED

    @get()
    async def show(self, request: Request[Actor, Any, Any]) -> Response[str]:
        """What there is, what waits for its code, and, after a fresh sign-in, the forms."""
        return await _contacts_page(request)

    @post("/{kind:str}", status_code=200)
    async def ask(self, request: Request[Actor, Any, Any], kind: FromPath[str]) -> Response[Any]:
        """Send a code and a link to a new one."""
        which = _kind(kind)
        try:
            form = await read_form(request, ContactForm)
        except FormError as error:
            return await _contacts_page(request, form=error.form, status=error.status)
        typed = getattr(form, which)
        try:
            if not typed.strip():
                raise ValueError
            address = normalise_email(typed) if which == ContactKind.EMAIL else normalise_phone(typed)
        except ValueError:
            said = _(NO_ADDRESS[which]) if typed.strip() else _(REQUIRED)
            return await _contacts_page(request, form=Form({which: typed}, {which: said}), status=422)
        try:
            await count_browser(Way.NEW_CONTACT, request, now=now())
            await service.ask_for_contact(kind=which, address=address, actor=request.user, now=now())
        except (ContactUnchanged, SignInAgain, TooManyTries) as error:
            shown = Form({which: typed}, {which: error.sentence()})
            return await _contacts_page(request, form=shown, status=error.status)
        return redirect(PAGE)

    @post("/{kind:str}/confirm", status_code=200)
    async def confirm(self, request: Request[Actor, Any, Any], kind: FromPath[str]) -> Response[Any]:
        """Take the code that went to the new one."""
        which = _kind(kind)
        field = f"{which}_code"
        try:
            form = await read_form(request, ContactCodeForm)
            await count_browser(Way.CONTACT, request, now=now())
            await service.confirm_contact_by_code(kind=which, code=getattr(form, field), actor=request.user, now=now())
        except FormError as error:
            return await _contacts_page(request, form=error.form, status=error.status)
        except (ContactCodeWrong, ContactOfAnother, TooManyTries) as error:
            return await _contacts_page(request, form=Form({}, {field: error.sentence()}), status=error.status)
        return redirect("/account", toast=_(CONFIRMED))

    @post("/{kind:str}/remove", status_code=200)
    async def remove(self, request: Request[Actor, Any, Any], kind: FromPath[str]) -> Response[Any]:
        """Take one off."""
        which = _kind(kind)
        try:
            await service.remove_contact(kind=which, actor=request.user, now=now())
        except (ContactMissing, SignInAgain) as error:
            return await _contacts_page(request, form=Form({}, {which: error.sentence()}), status=error.status)
        return redirect("/account", toast=_("Taken off. Other browsers were signed out."))

    @get("/link/{token:str}")
    async def link(self, request: Request[Actor, Any, Any], token: FromPath[str]) -> Response[str]:
        """The page behind a link. It asks for one press, because mail programs open links by themselves."""
        address = await service.contact_of_link(token=token, actor=request.user, now=now())
        return page("accounts/contact_link.html", status=200 if address else 410, token=token, address=address)

    @post("/link/{token:str}", status_code=200)
    async def use_link(self, request: Request[Actor, Any, Any], token: FromPath[str]) -> Response[Any]:
        """Let the new one count."""
        try:
            await count_browser(Way.CONTACT, request, now=now())
            await service.confirm_contact_by_link(token=token, actor=request.user, now=now())
        except ContactCodeWrong:
            return page("accounts/contact_link.html", status=410, token=token, address=None)
        return redirect("/account", toast=_(CONFIRMED))


def _kind(kind: str) -> ContactKind:
    try:
        return ContactKind(kind)
    except ValueError as error:
        raise NotFound from error


async def _contacts_page(
    request: Request[Actor, Any, Any], *, form: Form | None = None, status: int = 200
) -> Response[str]:
    at = now()
    person = await Person.select().where(Person.id == request.user.person_id).first()
    assert person is not None
    waiting = await service.waiting_contacts(person_id=person["id"], now=at)
    fresh = await is_fresh(request.user, at)
    form = form or Form()
    fields = {f"{kind}_code" for kind in waiting} | (set(ContactKind) if fresh else set())
    return page(
        "accounts/contacts.html",
        status=status,
        form=form,
        problems=[sentence for field, sentence in form.errors.items() if field not in fields],
        contacts={kind.value: person[kind.value] for kind in ContactKind},
        both=bool(person["email"] and person["phone"]),
        waiting={kind.value: waiting.get(kind) for kind in ContactKind},
        minutes=service.MINUTES,
        fresh=fresh,
    )
