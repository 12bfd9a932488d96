"""The organiser's pages about editions: the list, the timeline, the settings, the copy."""

from datetime import datetime
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.enums import ORGANISER_ROLES, Role
from app.accounts.guards import organiser, requires
from app.events import queries
from app.events.enums import PART_NAMES, Part
from app.events.errors import CurrencyInUse, DatesReversed, NotInDong, SlugTaken
from app.events.pages import form_again
from app.events.queries import EditionInfo
from app.events.schemas import CURRENCIES, ZONE_NAMES, ZONES, CopyForm, CoverForm, EditionForm
from app.events.services import editions as service
from app.events.slots import STAGE_NAMES, Stage, dashboard_items
from app.kernel.clock import now
from app.kernel.editing import held, open_edit
from app.kernel.forms import Form, FormError, open_form, read_form
from app.kernel.i18n import N_, _
from app.kernel.images import NotAPicture, PictureTooLarge, store_image
from app.kernel.web import page, redirect

PART_HINTS = {
    Part.FAIR: N_("Halls, booths, applications, a catalogue"),
    Part.TICKETS: N_("Ticket types, orders, passes, gates"),
    Part.CONTEST: N_("Ideas, rounds, judges, awards"),
    Part.PROGRAMME: N_("Talks, shows, classes by day and track"),
}
WITHOUT_NAME = N_("Please give the name in at least one language.")


class ManageController(Controller):
    """``/manage``: editions of this organiser."""

    path = "/manage"
    include_in_schema = False

    @get("/", guards=[organiser])
    async def editions(self, request: Request[Actor, Any, Any]) -> Response[Any]:
        """The editions that one may manage; a single one opens at once."""
        actor = request.user
        allowed = actor.editions(*ORGANISER_ROLES)
        ids = None if None in allowed else {edition for edition in allowed if edition is not None}
        found = await queries.editions(ids=ids)
        if len(found) == 1 and not actor.has(Role.MANAGER):
            return redirect(f"/manage/{found[0].id}")
        return page("events/manage_list.html", editions=found, may_create=actor.has(Role.MANAGER))

    @get("/new", guards=[requires(Role.OWNER, Role.MANAGER)])
    async def new(self, request: Request[Actor, Any, Any]) -> Response[str]:
        """An empty form, and the way to begin with the last edition instead."""
        starts_on = service.default_dates(now())
        form = Form.empty(
            starts_on=starts_on,
            ends_on=starts_on,
            opens_at="08:00",
            closes_at="17:00",
            timezone=ZONES[0],
            currency=CURRENCIES[0],
            keep_months=12,
            parts=list(Part),
        )
        return _settings_page(form, None, last=await _last_edition(request.user))

    @post("/new", guards=[requires(Role.OWNER, Role.MANAGER)])
    async def create(self, request: Request[Actor, Any, Any]) -> Response[Any]:
        """Add an edition."""
        try:
            edition = await _save(request, None)
        except FormError as error:
            return _settings_page(error.form, None, status=422, last=await _last_edition(request.user))
        return redirect(f"/manage/{edition.id}", toast=_("The edition was made. It is a draft until you open it."))

    @get("/{edition_id:int}", guards=[organiser])
    async def dashboard(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[str]:
        """The timeline with what waits."""
        edition = await queries.edition_by_id(edition_id)
        items = await dashboard_items(edition_id, request.user, now())
        stages = [
            (stage.value, _(STAGE_NAMES[stage]), [item for item in items if item.stage == stage]) for stage in Stage
        ]
        return page(
            "events/manage_dashboard.html",
            edition=edition,
            stages=stages,
            waiting=sum(item.waiting for item in items),
            may_manage=request.user.has(Role.MANAGER, edition_id=edition_id),
        )

    @get("/{edition_id:int}/settings", guards=[requires(Role.OWNER, Role.MANAGER)])
    async def settings(self, edition_id: FromPath[int]) -> Response[str]:
        """What the edition says of itself."""
        edition = await queries.edition_by_id(edition_id)
        return _settings_page(await _form_of(edition), edition)

    @post("/{edition_id:int}/settings", guards=[requires(Role.OWNER, Role.MANAGER)])
    async def update(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Change them."""
        edition = await queries.edition_by_id(edition_id)
        try:
            await _save(request, edition)
        except FormError as error:
            return _settings_page(error.form, edition, status=error.status)
        return redirect(f"/manage/{edition_id}/settings", toast=_("Saved."))

    @post("/{edition_id:int}/open", guards=[requires(Role.OWNER, Role.MANAGER)])
    async def open(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Show the edition to everybody."""
        await service.open_edition(edition_id=edition_id, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}", toast=_("The edition is open: everybody can see its page."))

    @post("/{edition_id:int}/close", guards=[requires(Role.OWNER, Role.MANAGER)])
    async def close(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """End the edition."""
        await service.close_edition(edition_id=edition_id, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}", toast=_("The edition is closed. Its pages stay."))

    @get("/{edition_id:int}/copy", guards=[requires(Role.OWNER, Role.MANAGER)])
    async def copy_form(self, edition_id: FromPath[int]) -> Response[str]:
        """What would be taken over."""
        edition = await queries.edition_by_id(edition_id)
        starts_on = service.default_dates(now(), edition)
        names = {f"name_{code}": service.next_name(name, edition, starts_on) for code, name in edition.name.items()}
        form = Form.empty(**names, starts_on=starts_on)
        return page("events/manage_copy.html", edition=edition, form=form)

    @post("/{edition_id:int}/copy", guards=[requires(Role.OWNER, Role.MANAGER)])
    async def copy(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Begin the next edition."""
        edition = await queries.edition_by_id(edition_id)
        try:
            reading = await open_form(request, CopyForm)
            names = reading.values.names()
            if not names:
                reading.refuse("name_vi", _(WITHOUT_NAME))
            values = reading.settle()
            made = await service.copy_edition(
                source_id=edition_id,
                slug=values.slug or next(iter(names.values())),
                name=names,
                starts_on=values.starts_on,
                actor=request.user,
                now=now(),
            )
        except FormError as error:
            return page("events/manage_copy.html", status=422, edition=edition, form=error.form)
        except SlugTaken as error:
            form = await form_again(request, {"slug": error.sentence()})
            return page("events/manage_copy.html", status=422, edition=edition, form=form)
        return redirect(f"/manage/{made.id}/settings", toast=_("Copied. Look through the texts and dates."))


async def _last_edition(actor: Actor) -> EditionInfo | None:
    """The newest edition that she may copy."""
    allowed = actor.editions(Role.MANAGER)
    ids = None if None in allowed else {edition for edition in allowed if edition is not None}
    return next(iter(await queries.editions(ids=ids)), None)


def _settings_page(
    form: Form, edition: EditionInfo | None, *, status: int = 200, last: EditionInfo | None = None
) -> Response[str]:
    return page(
        "events/manage_settings.html" if edition else "events/manage_new.html",
        status=status,
        edition=edition,
        form=form,
        last=last,
        zones=[(zone, _(name)) for zone, name in ZONE_NAMES.items()],
        currencies=CURRENCIES,
        parts=[(part.value, _(name), _(PART_HINTS[part])) for part, name in PART_NAMES.items()],
    )


async def _form_of(edition: EditionInfo) -> Form:
    venue = next((row for row in await queries.venues() if row["id"] == edition.venue_id), None)
    texts = {
        f"{name}_{code}": getattr(edition, name).get(code, "")
        for name in ("name", "intro", "place")
        for code in ("vi", "id", "en")
    }
    return Form.of(
        slug=edition.slug,
        starts_on=edition.starts_on,
        ends_on=edition.ends_on,
        opens_at=edition.opens_at,
        closes_at=edition.closes_at,
        timezone=edition.timezone,
        currency=edition.currency,
        keep_months=edition.keep_months,
        parts=[part for part in Part if part in edition.parts],
        venue_name=venue["name"] if venue else "",
        venue_address=venue["address"] if venue else "",
        **texts,
    )


async def _save(request: Request[Actor, Any, Any], edition: EditionInfo | None) -> EditionInfo:
    """Read the settings form and keep it. Raises FormError."""
    present = now()
    upload = (await read_form(request, CoverForm)).cover
    cover, unfit = None, ""
    if upload is not None:
        try:
            cover = await store_image(await upload.read(), now=present)
        except (NotAPicture, PictureTooLarge) as error:
            unfit = error.sentence()
    async with held("edition", edition.id if edition else None):
        standing = await queries.edition_by_id(edition.id) if edition else None
        reading = await open_edit(
            request,
            EditionForm,
            record=await _form_of(standing) if standing else None,
            subject=("edition", standing.id) if standing else None,
        )
        if not reading.values.texts("name"):
            reading.refuse("name_vi", _(WITHOUT_NAME))
        if unfit:
            reading.refuse("cover", unfit)
        return await _keep(request, reading.settle(), standing, cover, present)


async def _keep(
    request: Request[Actor, Any, Any], values: EditionForm, edition: EditionInfo | None, cover: str | None, at: datetime
) -> EditionInfo:
    """Keep settings that were read, with a new photo if there is one. Raises FormError."""
    venue_id = None
    if values.venue_name:
        venue_id = await service.find_or_create_venue(name=values.venue_name, address=values.venue_address, now=at)
    given = values.values(
        venue_id=venue_id,
        organiser_id=edition.organiser_id if edition else None,
        cover=cover or (edition.cover if edition else None),
    )
    try:
        if edition is None:
            return await service.create_edition(values=given, actor=request.user, now=at)
        return await service.update_edition(edition_id=edition.id, values=given, actor=request.user, now=at)
    except SlugTaken as error:
        raise FormError(await form_again(request, {"slug": error.sentence()})) from error
    except (NotInDong, CurrencyInUse) as error:
        raise FormError(await form_again(request, {"currency": error.sentence()})) from error
    except DatesReversed as error:
        field = "ends_on" if values.ends_on < values.starts_on else "closes_at"
        raise FormError(await form_again(request, {field: error.sentence()})) from error
