"""An officer registers somebody, fills in for her, and hands the account over to her."""

from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery
from msgspec import Meta

from app.accounts.actor import Actor
from app.accounts.enums import (
    ACCOUNT_STATE_NAMES,
    GIVEN_THROUGH_NAMES,
    LIKENESS_NAMES,
    OFFICER_ROLES,
    ORGANISATION_KIND_NAMES,
    AccountState,
    GivenThrough,
    OrganisationKind,
    RecordKind,
)
from app.accounts.errors import ContactTaken, ContactUnreadable, HandOverCodeWrong, OrganisationSpokenFor
from app.accounts.guards import LARGEST_ID, requires
from app.accounts.lists import helped
from app.accounts.queries import actor_of_person, record_names
from app.accounts.services import handing_over
from app.accounts.services.consents import consents_of
from app.accounts.services.filling_in import start_filling_in
from app.accounts.services.registering import Alike, Newcomer, alike, register_person
from app.events import queries
from app.events.controllers.office import NOT_A_PHONE, NOT_AN_ADDRESS
from app.events.pages import MOST_EXPORTED, PAGE_SIZE, download, offset_of, page_asked, pager_of, with_query
from app.events.queries import EditionInfo, Page
from app.kernel.clock import now
from app.kernel.documents.qr import qr_svg
from app.kernel.errors import NotFound, TooManyTries
from app.kernel.forms import REQUIRED, Form, FormError, open_form, read_form
from app.kernel.i18n import LOCALE_NAMES, LOCALES, N_, _, use_locale
from app.kernel.names import normalise_email, normalise_phone
from app.kernel.sheets import write_xlsx
from app.kernel.web import page, redirect

#: What she agrees to, read out to her or signed; kept in her language.
WORDING = N_(
    "I agree that the organisers of {festival} register me, keep my name, how I am reached and what is written for me, "
    "and fill in for me until I take the account over. I can withdraw this at any time."
)
CONSENT_NEEDED = N_("Nobody is registered without her consent.")
WAYS = (GivenThrough.IN_PERSON, GivenThrough.PAPER)
NOT_KEPT = {"cache-control": "private, no-store"}


class RegisterForm(msgspec.Struct):
    """Whom to register; a contact is not needed."""

    full_name: Annotated[str, Meta(max_length=200)]
    organisation: Annotated[str, Meta(max_length=200)]
    through: GivenThrough
    phone: Annotated[str, Meta(max_length=40)] = ""
    shared: bool = False
    email: Annotated[str, Meta(max_length=254)] = ""
    kind: OrganisationKind = OrganisationKind.HOUSEHOLD
    ward: Annotated[str, Meta(max_length=120)] = ""
    organisation_id: int | None = None
    locale: Annotated[str, Meta(pattern="^(vi|id|en)$")] = "vi"
    consent: bool = False
    sure: bool = False


class ContactForm(msgspec.Struct):
    """A contact that she says is hers."""

    contact: Annotated[str, Meta(max_length=254)]


class CodeForm(msgspec.Struct):
    """The code that came there."""

    code: Annotated[str, Meta(max_length=12)]


def wording_for(edition: EditionInfo, locale: str) -> str:
    """The sentence in her language."""
    with use_locale(locale):
        return _(WORDING).format(festival=edition.title)


class RegisteredController(Controller):
    """``/manage/{edition_id}/people/registered``."""

    path = "/manage/{edition_id:int}/people/registered"
    guards = [requires(*OFFICER_ROLES)]
    include_in_schema = False

    @get("/")
    async def show_all(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
        status: FromQuery[str] = "",
    ) -> Response[str]:
        """Whom officers registered or may fill in for, and whose hands each account is in."""
        edition = await queries.edition_by_id(edition_id)
        offset = offset_of(page_asked(request))
        rows, total = await helped(edition_id, now=now(), search=q, state=_state(status), offset=offset)
        return page(
            "events/registered.html",
            edition=edition,
            people=rows,
            pager=pager_of(request, Page(rows, total, offset + 1, PAGE_SIZE)),
            states=[(key.value, _(name)) for key, name in ACCOUNT_STATE_NAMES.items()],
            q=q,
            standing=status,
            export=with_query(request, f"/manage/{edition_id}/people/registered/export.xlsx"),
        )

    @get("/export.xlsx")
    async def export(
        self, edition_id: FromPath[int], q: FromQuery[str] = "", status: FromQuery[str] = ""
    ) -> Response[bytes]:
        """The list as a sheet."""
        edition = await queries.edition_by_id(edition_id)
        rows, _total = await helped(edition_id, now=now(), search=q, state=_state(status), limit=MOST_EXPORTED)
        headers = [_("Full name"), _("Phone number"), _("Mail address"), _("State"), _("Registered by")]
        headers += [_("Registered"), _("Handed over"), _("Taken over")]
        table: list[list[Any]] = [
            [
                *(row["full_name"], row["phone"], row["email"], _(ACCOUNT_STATE_NAMES[row["state"]]), row["officer"]),
                *(row["registered_at"], row["handed_over_at"], row["taken_over_at"]),
            ]
            for row in rows
        ]
        content = write_xlsx(_("Registered by officers"), headers, table, timezone=edition.timezone)
        return download(content, f"registered-{edition.slug}.xlsx")

    @get("/new")
    async def new(self, edition_id: FromPath[int]) -> Response[str]:
        """An empty form; nothing is agreed to beforehand."""
        form = Form.empty(kind=OrganisationKind.HOUSEHOLD, locale="vi")
        return _form_page(await queries.edition_by_id(edition_id), form)

    @post("/new", status_code=200)
    async def create(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Register her; who looks like her is shown before a second record is made."""
        edition = await queries.edition_by_id(edition_id)
        found: list[Alike] = []
        try:
            reading = await open_form(request, RegisterForm)
            newcomer, problems = newcomer_of(reading.values)
            for field, sentence in problems.items():
                reading.refuse(field, sentence)
            form = reading.settle()
            found = await alike(newcomer, edition_id=edition_id)
            if found and not form.sure:
                return await _alike_page(request, edition, form, found, {})
            person_id, _place = await register_person(
                newcomer=newcomer,
                through=form.through,
                wording=wording_for(edition, form.locale),
                organisation_id=known_or_none(form.organisation_id),
                sure=True,
                edition_id=edition_id,
                actor=request.user,
                now=now(),
            )
        except FormError as error:
            return _form_page(edition, error.form, status=422)
        except ContactTaken as error:
            sentence = _("{taken} If she shares it, say so below.").format(taken=error.sentence())
            return await _alike_page(request, edition, form, found, {"phone": sentence}, status=error.status)
        except OrganisationSpokenFor as error:
            errors = {"organisation_id": error.sentence()}
            return await _alike_page(request, edition, form, found, errors, status=error.status)
        path = f"/manage/{edition_id}/people/registered/{person_id}"
        return redirect(path, toast=_("She is registered. You can fill in for her now."))

    @get("/{person_id:int}")
    async def show(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], person_id: FromPath[int]
    ) -> Response[str]:
        """One of them: what she agreed to, filling in, handing over."""
        return await _person_page(edition_id, person_id)

    @post("/{person_id:int}/fill-in")
    async def fill_in(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], person_id: FromPath[int]
    ) -> Response[Any]:
        """Stand in her place on her pages."""
        await queries.edition_by_id(edition_id)
        await start_filling_in(person_id=person_id, edition_id=edition_id, actor=request.user, now=now())
        return redirect("/exhibitor")

    @post("/{person_id:int}/card", status_code=200)
    async def card(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], person_id: FromPath[int]
    ) -> Response[str]:
        """Make her card and show it, this once."""
        edition = await queries.edition_by_id(edition_id)
        address = await handing_over.make_card(
            person_id=person_id, edition_id=edition_id, actor=request.user, now=now()
        )
        names = await record_names(RecordKind.PERSON, [person_id])
        return page(
            "events/registered_card.html",
            headers=NOT_KEPT,
            edition=edition,
            full_name=names[person_id],
            back=f"/manage/{edition_id}/people/registered/{person_id}",
            qr=qr_svg(address, label=_("Card that hands the account over")),
            days=handing_over.CARD_DAYS,
        )

    @post("/{person_id:int}/card/withdraw")
    async def withdraw(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], person_id: FromPath[int]
    ) -> Response[Any]:
        """Let the card open nothing."""
        await handing_over.withdraw_card(person_id=person_id, edition_id=edition_id, actor=request.user, now=now())
        path = f"/manage/{edition_id}/people/registered/{person_id}"
        return redirect(path, toast=_("The card opens nothing any more."))

    @post("/{person_id:int}/contact", status_code=200)
    async def contact(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], person_id: FromPath[int]
    ) -> Response[Any]:
        """Send a code to a contact that she says is hers."""
        try:
            form = await read_form(request, ContactForm)
            await handing_over.send_code(
                person_id=person_id, edition_id=edition_id, contact=form.contact, actor=request.user, now=now()
            )
        except FormError as error:
            return await _person_page(edition_id, person_id, form=error.form, status=422)
        except (ContactTaken, ContactUnreadable, TooManyTries) as error:
            shown = Form({"contact": form.contact}, {"contact": error.sentence()})
            return await _person_page(edition_id, person_id, form=shown, status=error.status)
        path = f"/manage/{edition_id}/people/registered/{person_id}"
        return redirect(path, toast=_("The code is on its way."))

    @post("/{person_id:int}/code", status_code=200)
    async def code(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], person_id: FromPath[int]
    ) -> Response[Any]:
        """Take the code that she reads out: the account is hers."""
        try:
            form = await read_form(request, CodeForm)
            await handing_over.prove_contact(
                person_id=person_id, edition_id=edition_id, code=form.code, actor=request.user, now=now()
            )
        except FormError as error:
            return await _person_page(edition_id, person_id, form=error.form, status=422)
        except (HandOverCodeWrong, ContactTaken, TooManyTries) as error:
            shown = Form({}, {"code": error.sentence()})
            return await _person_page(edition_id, person_id, form=shown, status=error.status)
        path = f"/manage/{edition_id}/people/registered/{person_id}"
        return redirect(path, toast=_("The account is hers now."))


def newcomer_of(values: RegisterForm) -> tuple[Newcomer, dict[str, str]]:
    """Whom a form names, and by field what does not fit."""
    problems: dict[str, str] = {}
    phone = email = None
    try:
        phone = normalise_phone(values.phone) if values.phone else None
    except ValueError:
        problems["phone"] = _(NOT_A_PHONE)
    try:
        email = normalise_email(values.email) if values.email else None
    except ValueError:
        problems["email"] = _(NOT_AN_ADDRESS)
    if values.through not in WAYS:
        problems["through"] = _(REQUIRED)
    if not values.consent:
        problems["consent"] = _(CONSENT_NEEDED)
    newcomer = Newcomer(
        full_name=values.full_name,
        phone=phone,
        email=email,
        shared=values.shared,
        locale=values.locale,
        organisation=values.organisation,
        kind=values.kind,
        ward=values.ward,
    )
    return newcomer, problems


def known_or_none(organisation_id: int | None) -> int | None:
    """An id that the database can have. Raises NotFound."""
    if organisation_id is not None and not 0 < organisation_id <= LARGEST_ID:
        raise NotFound
    return organisation_id


def _state(text: str) -> AccountState | None:
    return AccountState(text) if text in list(AccountState) else None


async def _person_page(
    edition_id: int, person_id: int, *, form: Form | None = None, status: int = 200
) -> Response[str]:
    edition = await queries.edition_by_id(edition_id)
    rows, _total = await helped(edition_id, now=now(), person_ids=[person_id])
    if not rows:
        raise NotFound
    consents = [one for one in await consents_of(person_id) if one["current"] and one["edition_id"] == edition_id]
    actor = await actor_of_person(person_id)
    places = [one.organisation_id for one in actor.grants if one.edition_id == edition_id and one.organisation_id]
    return page(
        "events/registered_person.html",
        status=status,
        edition=edition,
        person=rows[0],
        state=_(ACCOUNT_STATE_NAMES[rows[0]["state"]]),
        consents=consents,
        through={key.value: _(name) for key, name in GIVEN_THROUGH_NAMES.items()},
        officers=await record_names(RecordKind.PERSON, [row["given_to"] for row in consents if row["given_to"]]),
        organisations=sorted((await record_names(RecordKind.ORGANISATION, places)).values()),
        here=rows[0]["edition_id"] == edition_id,
        base=f"/manage/{edition_id}/people/registered/{person_id}",
        form=form or Form(),
    )


async def _alike_page(
    request: Request[Actor, Any, Any],
    edition: EditionInfo,
    form: RegisterForm,
    found: list[Alike],
    errors: dict[str, str],
    *,
    status: int = 409,
) -> Response[str]:
    """The form again, with who and what looks like it."""
    helped_here, _total = await helped(
        edition.id, now=now(), person_ids=[one.id for one in found if one.kind == RecordKind.PERSON]
    )
    return _form_page(
        edition,
        Form(msgspec.to_builtins(form), errors),
        status=status,
        people=[one for one in found if one.kind == RecordKind.PERSON],
        places=[one for one in found if one.kind == RecordKind.ORGANISATION],
        helped_here={row["person_id"] for row in helped_here},
    )


def _form_page(edition: EditionInfo, form: Form, *, status: int = 200, **seen: Any) -> Response[str]:
    context: dict[str, Any] = {"people": [], "places": [], "helped_here": set(), **seen}
    usable = [(str(one.id), one.name, one.ward) for one in context["places"] if one.usable]
    return page(
        "events/registered_new.html",
        status=status,
        edition=edition,
        form=form,
        usable=[("", _("No, a new one")), *usable] if usable else [],
        kinds=[(key.value, _(name)) for key, name in ORGANISATION_KIND_NAMES.items() if key != "association"],
        languages=[(code, LOCALE_NAMES[code]) for code in LOCALES],
        ways=[(way.value, _(GIVEN_THROUGH_NAMES[way])) for way in WAYS],
        wording=_(WORDING).format(festival=edition.title),
        likenesses={key: _(name) for key, name in LIKENESS_NAMES.items()},
        **context,
    )
