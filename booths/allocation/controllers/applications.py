"""The organiser's pages of applications."""

import asyncio
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.enums import ORGANISATION_KIND_NAMES, OrganisationKind, Role
from app.accounts.guards import requires
from app.accounts.places.wards import ward_problem
from app.accounts.services.people import create_organisation, find_or_create_person
from app.events.pages import PAGE_SIZE, download, offset_of, pager_of, with_query
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.clock import now
from app.kernel.database import write_transaction
from app.kernel.forms import Form, FormError, open_form
from app.kernel.i18n import _
from app.kernel.sheets import write_xlsx
from app.kernel.sheets.write import Cell
from app.kernel.web import page, redirect
from booths.allocation import queries
from booths.allocation.contacts import read_contact
from booths.allocation.enums import APPLICATION_STATE_NAMES, ApplicationState
from booths.allocation.queries_proposals import explanation_for, why_waiting
from booths.allocation.schemas import ApplicationForm
from booths.allocation.services.applications import submit_application, withdraw_application
from booths.allocation.sheets import APPLICATIONS
from booths.floorplan.queries import zones_of

FLOOR = requires(Role.OWNER, Role.MANAGER, Role.FLOOR)


class ApplicationsController(Controller):
    """``/manage/{edition_id}/applications``."""

    path = "/manage/{edition_id:int}/applications"
    guards = [FLOOR]
    include_in_schema = False

    @get("/")
    async def show_all(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
        status: FromQuery[str] = "",
        zone: FromQuery[str] = "",
    ) -> Response[str]:
        """The list, searched and filtered."""
        edition = await edition_by_id(edition_id)
        number = request.query_params.get("page", "1")
        found = await queries.applications(
            edition_id,
            search=q,
            state=status,
            zone=zone,
            offset=offset_of(int(number) if number.isdecimal() else 1),
            limit=PAGE_SIZE,
        )
        return page(
            "allocation/applications.html",
            edition=edition,
            rows=found.items,
            pager=pager_of(request, found),
            q=q,
            standing=status,
            zone=zone,
            filtered=bool(q or status or zone),
            states=[("open", _("Waiting for a booth"))]
            + [(key.value, _(name)) for key, name in APPLICATION_STATE_NAMES.items()],
            zones=[(name, name) for name in await zones_of(edition_id)],
            export=with_query(request, f"/manage/{edition_id}/applications/export.xlsx"),
            may_load=request.user.has(Role.MANAGER, edition_id=edition_id),
        )

    @get("/export.xlsx")
    async def export(
        self,
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
        status: FromQuery[str] = "",
        zone: FromQuery[str] = "",
    ) -> Response[bytes]:
        """The list as a sheet that can be loaded again."""
        edition = await edition_by_id(edition_id)
        found = await queries.applications(edition_id, search=q, state=status, zone=zone)
        own = APPLICATIONS.labels(
            *("organisation", "contact_name", "phone", "email", "kind", "cells_wanted", "zone_wanted", "power_watts"),
            *("category", "note", "member_count", "ward"),
        )
        headers = [*own, _("State"), _("Sent"), _("Booth")]
        rows: list[list[Cell]] = [
            [
                item.organisation,
                item.contact,
                item.phone,
                item.email,
                _(ORGANISATION_KIND_NAMES[OrganisationKind(item.kind)]),
                item.cells_wanted,
                item.zone_wanted,
                item.power_watts,
                item.category,
                item.note,
                item.member_count,
                item.ward,
                _(APPLICATION_STATE_NAMES[item.state]),
                item.submitted_at,
                item.booth,
            ]
            for item in found.items
        ]
        content = write_xlsx(_("Applications"), headers, rows, timezone=edition.timezone)
        return download(content, f"applications-{edition.slug}.xlsx")

    @get("/new")
    async def new(self, edition_id: FromPath[int]) -> Response[str]:
        """An empty form."""
        form = Form.empty(cells_wanted=1, power_watts=0, kind=OrganisationKind.HOUSEHOLD)
        return await _form_page(await edition_by_id(edition_id), form)

    @post("/new")
    async def create(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Write an application down that came by phone or on paper."""
        edition = await edition_by_id(edition_id)
        try:
            made = await _add(request, edition)
        except FormError as error:
            return await _form_page(edition, error.form, status=422)
        return redirect(f"/manage/{edition_id}/applications/{made}", toast=_("The application is written down."))

    @get("/{application_id:int}")
    async def show(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], application_id: FromPath[int]
    ) -> Response[str]:
        """One application."""
        edition = await edition_by_id(edition_id)
        found = await queries.application(edition_id, application_id)
        return page(
            "allocation/application.html",
            edition=edition,
            application=found,
            kind=_(ORGANISATION_KIND_NAMES[OrganisationKind(found.kind)]),
            may_bill=request.user.has(Role.MANAGER, Role.FINANCE, edition_id=edition_id),
            reasons=await explanation_for(edition_id, found.organisation_id),
            waiting=await why_waiting(edition_id, found.id) if found.state == ApplicationState.WAITING else [],
        )

    @post("/{application_id:int}/withdraw")
    async def withdraw(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], application_id: FromPath[int]
    ) -> Response[Any]:
        """Take an application back that has no booth."""
        await withdraw_application(edition_id=edition_id, application_id=application_id, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/applications/{application_id}", toast=_("The application is withdrawn."))


async def _add(request: Request[Actor, Any, Any], edition: EditionInfo) -> int:
    """Keep a new application with its organisation and contact. Raises FormError."""
    reading = await open_form(request, ApplicationForm)
    phone, email, problems = read_contact(reading.values.phone, reading.values.email)
    for field, sentence in problems.items():
        reading.refuse(field, sentence)
    if problem := await asyncio.to_thread(ward_problem, reading.values.ward):
        reading.refuse("ward", problem)
    values = reading.settle()
    present = now()
    async with write_transaction():
        person = await find_or_create_person(full_name=values.contact_name, phone=phone, email=email, now=present)
        organisation = await create_organisation(
            name=values.organisation,
            kind=values.kind,
            edition_id=edition.id,
            actor=request.user,
            now=present,
            ward=values.ward,
            contact=person.id,
            phone=phone,
            email=email,
        )
        made, _new = await submit_application(
            edition_id=edition.id,
            organisation_id=organisation.id,
            contact_id=person.id,
            cells_wanted=values.cells_wanted,
            zone_wanted=values.zone_wanted,
            power_watts=values.power_watts,
            category=values.category,
            note=values.note,
            actor=request.user,
            now=present,
        )
    return made


async def _form_page(edition: EditionInfo, form: Form, *, status: int = 200) -> Response[str]:
    return page(
        "allocation/application_form.html",
        status=status,
        edition=edition,
        form=form,
        kinds=[(key.value, _(name)) for key, name in ORGANISATION_KIND_NAMES.items()],
        zones=[("", _("Any zone")), *((name, name) for name in await zones_of(edition.id))],
    )
