"""The organiser's office: people and roles, organisations."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery
from msgspec import Meta

from app.accounts.actor import Actor
from app.accounts.enums import (
    ACCOUNT_STATE_NAMES,
    IN_FORCE_NAMES,
    ORGANISATION_KIND_NAMES,
    ROLE_NAMES,
    UNIT_LEVEL_NAMES,
    InForce,
    OrganisationKind,
    Role,
)
from app.accounts.errors import ContactMissing
from app.accounts.guards import requires
from app.accounts.lists import experts, helped, organisation_by_id, organisations, people_with_roles
from app.accounts.services.people import find_or_create_person, revoke_role
from app.accounts.services.sessions import end_sessions_of
from app.accounts.services.two_step import take_off_two_step, who_have_two_step
from app.accounts.sheets import ORGANISATIONS, VALIDITY
from app.events import queries
from app.events.pages import MOST_EXPORTED, PAGE_SIZE, download, offset_of, page_asked, pager_of, with_query
from app.events.queries import Page
from app.events.services.roles import give_role
from app.kernel.clock import now
from app.kernel.forms import Form, FormError, read_form
from app.kernel.i18n import N_, _
from app.kernel.names import normalise_email, normalise_phone
from app.kernel.sheets import write_xlsx
from app.kernel.web import page, redirect

NOT_A_PHONE = N_("This is no phone number. Write it like 0912 345 678 or +84 912 345 678.")
NOT_AN_ADDRESS = N_("This is no mail address. Write it like ten@example.com.")
EXPERTS = "experts"  # among the roles of the list's filter; no role is given to them
GRANTABLE = (Role.MANAGER, Role.FINANCE, Role.FLOOR, Role.GATE_LEAD, Role.JURY_CHAIR, Role.JUDGE)


class RoleForm(msgspec.Struct):
    """Give somebody a role."""

    full_name: Annotated[str, Meta(max_length=200)]
    role: Role
    phone: Annotated[str, Meta(max_length=40)] = ""
    email: Annotated[str, Meta(max_length=254)] = ""


def _choice(kind: Any, text: str) -> Any:
    try:
        return kind(text) if text else None
    except ValueError:
        return None


class PeopleController(Controller):
    """``/manage/{edition_id}/people``: who may do what in this edition."""

    path = "/manage/{edition_id:int}/people"
    guards = [requires(Role.OWNER, Role.MANAGER)]
    include_in_schema = False

    @get("/")
    async def people(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
        role: FromQuery[str] = "",
    ) -> Response[str]:
        """The list, by given name."""
        return await _people_page(request, edition_id, q, role)

    @get("/export.xlsx")
    async def export(
        self, edition_id: FromPath[int], q: FromQuery[str] = "", role: FromQuery[str] = ""
    ) -> Response[bytes]:
        """The list as a sheet."""
        edition = await queries.edition_by_id(edition_id)
        if role == EXPERTS:
            rows, _total = await experts(search=q, limit=MOST_EXPORTED)
            headers = [_("Full name"), _("Expertise"), _("Phone number"), _("Mail address")]
            table = [[row["full_name"], row["expertise"], row["phone"], row["email"]] for row in rows]
            return download(write_xlsx(_("Experts"), headers, table), f"experts-{edition.slug}.xlsx")
        rows, _total = await people_with_roles(edition_id, search=q, role=_choice(Role, role), limit=MOST_EXPORTED)
        names = {key.value: _(name) for key, name in ROLE_NAMES.items()}
        headers = [_("Full name"), _("Role"), _("Phone number"), _("Mail address"), _("Organisation")]
        headers += [_("Registered by"), _("Handed over")]
        registered = await _helped(edition_id, rows)
        lines: list[list[Any]] = []
        for row in rows:
            one = registered.get(row["person_id"], {})
            own = [row["full_name"], names[row["role"]], row["phone"], row["email"], row["organisation"]]
            lines.append([*own, one.get("officer"), one.get("handed_over_at")])
        content = write_xlsx(_("People and roles"), headers, lines, timezone=edition.timezone)
        return download(content, f"people-{edition.slug}.xlsx")

    @post("/", status_code=200)
    async def grant(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Give a role."""
        try:
            form = await read_form(request, RoleForm)
        except FormError as error:
            return await _people_page(request, edition_id, form=error.form, status=422)
        errors: dict[str, str] = {}
        phone = email = None
        try:
            phone = normalise_phone(form.phone) if form.phone else None
        except ValueError:
            errors["phone"] = _(NOT_A_PHONE)
        try:
            email = normalise_email(form.email) if form.email else None
        except ValueError:
            errors["email"] = _(NOT_AN_ADDRESS)
        if form.role not in GRANTABLE:
            errors["role"] = _(N_("Please choose one of the list."))
        if not errors:
            try:
                at = now()
                person = await find_or_create_person(full_name=form.full_name, phone=phone, email=email, now=at)
                if person.id == request.user.person_id and not request.user.has(Role.OWNER, edition_id=edition_id):
                    errors["role"] = _(N_("Nobody gives herself a role. Ask an owner of the edition."))
                else:
                    edition = await queries.edition_by_id(edition_id)
                    await give_role(edition=edition, person=person, role=form.role, actor=request.user, now=at)
            except ContactMissing as error:
                errors["phone"] = error.sentence()
        if errors:
            again = Form(msgspec.to_builtins(form), errors)
            return await _people_page(request, edition_id, form=again, status=422)
        return redirect(f"/manage/{edition_id}/people", toast=_("The role was given."))

    @post("/{grant_id:int}/revoke")
    async def revoke(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], grant_id: FromPath[int]
    ) -> Response[Any]:
        """Take a role back. Only roles of this edition: those of every edition are not hers to take."""
        await revoke_role(grant_id=grant_id, edition_id=edition_id, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/people", toast=_("The role was taken back."))


@post(
    "/manage/{edition_id:int}/people/{person_id:int}/two-step/remove",
    guards=[requires(Role.OWNER)],  # a manager could otherwise open the way to the account of an owner
    include_in_schema=False,
)
async def remove_two_step(
    request: Request[Actor, Any, Any], edition_id: FromPath[int], person_id: FromPath[int]
) -> Response[Any]:
    """Take the second step off a colleague who is locked out."""
    await take_off_two_step(person_id=person_id, edition_id=edition_id, actor=request.user, now=now())
    return redirect(f"/manage/{edition_id}/people", toast=_("Two-step sign-in was taken off."))


@post(
    "/manage/{edition_id:int}/people/{person_id:int}/sessions/end",
    guards=[requires(Role.OWNER)],
    include_in_schema=False,
)
async def sign_out_everywhere(
    request: Request[Actor, Any, Any], edition_id: FromPath[int], person_id: FromPath[int]
) -> Response[Any]:
    """End all sessions of a colleague."""
    await end_sessions_of(person_id=person_id, edition_id=edition_id, actor=request.user, now=now())
    return redirect(f"/manage/{edition_id}/people", toast=_("She is signed out everywhere."))


async def _people_page(
    request: Request[Actor, Any, Any],
    edition_id: int,
    q: str = "",
    role: str = "",
    form: Form | None = None,
    status: int = 200,
) -> Response[str]:
    edition = await queries.edition_by_id(edition_id)
    offset = offset_of(page_asked(request))
    if role == EXPERTS:
        rows, total = await experts(search=q, offset=offset)
    else:
        rows, total = await people_with_roles(edition_id, search=q, role=_choice(Role, role), offset=offset)
    return page(
        "events/office_people.html",
        status=status,
        edition=edition,
        people=rows,
        pager=pager_of(request, Page(rows, total, offset + 1, PAGE_SIZE)),
        roles=[(key.value, _(name)) for key, name in ROLE_NAMES.items()] + [(EXPERTS, _("Experts"))],
        experts=role == EXPERTS,
        helped={} if role == EXPERTS else await _helped(edition_id, rows),
        account_states={key: _(name) for key, name in ACCOUNT_STATE_NAMES.items()},
        two_step=set() if role == EXPERTS else await who_have_two_step([row["person_id"] for row in rows]),
        is_owner=request.user.has(Role.OWNER, edition_id=edition_id),
        grantable=[(key.value, _(ROLE_NAMES[key])) for key in GRANTABLE],
        form=form or Form(),
        q=q,
        role=role,
        export=with_query(request, f"/manage/{edition_id}/people/export.xlsx"),
    )


async def _helped(edition_id: int, rows: Sequence[Mapping[str, Any]]) -> dict[int, Mapping[str, Any]]:
    """Of the people of a list those whom officers registered or may fill in for."""
    ids = sorted({row["person_id"] for row in rows})
    found, _total = await helped(edition_id, person_ids=ids, now=now(), limit=MOST_EXPORTED) if ids else ([], 0)
    return {row["person_id"]: row for row in found}


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 7 else None


class OrganisationsController(Controller):
    """``/manage/{edition_id}/organisations``: the register and the association tree."""

    path = "/manage/{edition_id:int}/organisations"
    guards = [requires(Role.OWNER, Role.MANAGER)]
    include_in_schema = False

    @get("/")
    async def show(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
        kind: FromQuery[str] = "",
        parent: FromQuery[str] = "",
        force: FromQuery[str] = "",
    ) -> Response[str]:
        """The list; ``parent`` opens one branch of the tree."""
        edition = await queries.edition_by_id(edition_id)
        offset = offset_of(page_asked(request))
        today = edition.today(now())
        above = await organisation_by_id(_number(parent) or 0) if parent else None
        rows, total = await organisations(
            search=q,
            kind=_choice(OrganisationKind, kind),
            parent_id=_number(parent),
            in_force=_choice(InForce, force) or InForce.NOW,
            today=today,
            offset=offset,
        )
        return page(
            "events/office_organisations.html",
            edition=edition,
            organisations=rows,
            pager=pager_of(request, Page(rows, total, offset + 1, PAGE_SIZE)),
            kinds=[(key.value, _(name)) for key, name in ORGANISATION_KIND_NAMES.items()],
            kind_names={key.value: _(name) for key, name in ORGANISATION_KIND_NAMES.items()},
            levels={key.value: _(name) for key, name in UNIT_LEVEL_NAMES.items()},
            above=above,
            q=q,
            kind=kind,
            force=force,
            forces=[(key.value, _(name)) for key, name in IN_FORCE_NAMES.items()],
            today=today,
            export=with_query(request, f"/manage/{edition_id}/organisations/export.xlsx"),
        )

    @get("/export.xlsx")
    async def export(
        self,
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
        kind: FromQuery[str] = "",
        parent: FromQuery[str] = "",
        force: FromQuery[str] = "",
    ) -> Response[bytes]:
        """The same list as a sheet that can be loaded again."""
        edition = await queries.edition_by_id(edition_id)
        rows, _total = await organisations(
            search=q,
            kind=_choice(OrganisationKind, kind),
            parent_id=_number(parent),
            in_force=_choice(InForce, force) or InForce.NOW,
            today=edition.today(now()),
            limit=MOST_EXPORTED,
        )
        names = {key.value: _(name) for key, name in ORGANISATION_KIND_NAMES.items()}
        shown = ("name", "kind", "parent", "tax_number", "phone", "email", "ward", "member_count", *VALIDITY)
        told = [{**row, "kind": names[row["kind"]], "parent": row["parent_name"]} for row in rows]
        table = [[row[key] for key in shown] for row in told]
        headers = ORGANISATIONS.labels(*shown)
        return download(write_xlsx(_("Organisations"), headers, table), f"organisations-{edition.slug}.xlsx")
