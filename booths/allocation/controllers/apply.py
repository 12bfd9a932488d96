"""Applying as an exhibitor: a short conversation, one question a page, the draft kept in the browser."""

import asyncio
from datetime import datetime
from typing import Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.enums import ORGANISATION_KIND_NAMES, OrganisationKind, Role
from app.accounts.guards import public, signed_in
from app.accounts.limits import Way, count_browser
from app.accounts.places.wards import keep_ward, ward_problem
from app.accounts.tables import Organisation
from app.events.enums import EditionState, Part
from app.events.queries import EditionInfo
from app.events.slots import PublicSection
from app.kernel.clock import now
from app.kernel.cookies import drop_cookie, keep_cookie, read_cookie
from app.kernel.errors import AppError, NotFound
from app.kernel.forms import NOT_A_CONTACT, Form, FormError, Reading, open_form
from app.kernel.i18n import N_, _
from app.kernel.web import page, redirect
from booths.allocation import queries
from booths.allocation.contacts import CONTACT_NEEDED, read_contact
from booths.allocation.controllers.own import application_page, fair_of, own_application
from booths.allocation.schemas import ContactStep, GoodsStep, WhoStep, WishStep
from booths.allocation.services import conversation
from booths.allocation.services.applications import send_draft, withdraw_application
from booths.floorplan.queries import has_free_booth, zones_of

STEPS: dict[str, tuple[type[msgspec.Struct], str, str]] = {
    "who": (WhoStep, N_("Who would like a booth?"), N_("Applicant")),
    "wish": (WishStep, N_("Which booth would suit you?"), N_("Booth")),
    "goods": (GoodsStep, N_("What will visitors find there?"), N_("Kind of goods")),
    "contact": (ContactStep, N_("How do we reach you?"), N_("Contact")),
}
NAME_NEEDED = N_("Please write the name that shall stand on the booth.")


def takes_applications(edition: EditionInfo) -> bool:
    """Whether one can still apply."""
    return edition.state == EditionState.OPEN and edition.today(now()) <= edition.ends_on


async def apply_section(edition: EditionInfo, _now: datetime) -> PublicSection | None:
    """The way to the form, at the foot of the edition's page, while one can apply and a booth is free."""
    if not edition.has(Part.FAIR) or not takes_applications(edition):
        return None
    if not await has_free_booth(edition.id):
        return None
    return PublicSection(key="apply", template="allocation/section_apply.html", order=90)


class ApplyController(Controller):
    """``/e/{slug}/apply``."""

    path = "/e/{slug:str}/apply"
    include_in_schema = False

    @get("/", guards=[public])
    async def begin(self, request: Request[Actor, Any, Any], slug: FromPath[str]) -> Response[Any]:
        """What it is about, what was sent already, and the way in."""
        edition = await fair_of(slug, request.user)
        mine = await queries.applications_of(edition.id, request.user.organisations(Role.EXHIBITOR_OWNER))
        return page(
            "allocation/apply_begin.html",
            edition=edition,
            mine=mine,
            open=takes_applications(edition),
            begun=bool(_draft(request, edition)),
        )

    @get("/{step:str}", guards=[public])
    async def ask(self, request: Request[Actor, Any, Any], slug: FromPath[str], step: FromPath[str]) -> Response[Any]:
        """One question, or at the end all answers."""
        edition = await fair_of(slug, request.user)
        draft = _draft(request, edition)
        if not takes_applications(edition):
            return redirect(f"{edition.path}/apply")
        if step == "check":
            missing = _first_open(request, draft)
            if missing:
                return redirect(f"{edition.path}/apply/{missing}")
            return _check_page(request, edition, draft)
        if step == "contact" and request.user.signed_in:
            return redirect(f"{edition.path}/apply/check")
        return await _step_page(
            request, edition, step, Form.empty(cells_wanted=1, kind=OrganisationKind.HOUSEHOLD), draft
        )

    @post("/{step:str}", guards=[public])
    async def answer(
        self, request: Request[Actor, Any, Any], slug: FromPath[str], step: FromPath[str]
    ) -> Response[Any]:
        """Keep an answer and go on, or send all of it."""
        edition = await fair_of(slug, request.user)
        draft = _draft(request, edition)
        if not takes_applications(edition):
            return redirect(f"{edition.path}/apply")
        if step == "check":
            return await _send(request, edition, draft)
        if step not in STEPS:
            raise NotFound
        try:
            draft |= await _read_step(request, step)
        except FormError as error:
            return await _step_page(request, edition, step, error.form, {}, status=422)
        answer = redirect(f"{edition.path}/apply/{_first_open(request, draft) or 'check'}")
        _keep(request, answer, edition, draft)
        return answer

    @get("/mine/{application_id:int}", guards=[signed_in])
    async def mine(
        self, request: Request[Actor, Any, Any], slug: FromPath[str], application_id: FromPath[int]
    ) -> Response[str]:
        """One's own application."""
        edition = await fair_of(slug, request.user)
        return await application_page(edition, await own_application(request, edition, application_id))

    @post("/mine/{application_id:int}/send", guards=[signed_in])
    async def send(
        self, request: Request[Actor, Any, Any], slug: FromPath[str], application_id: FromPath[int]
    ) -> Response[Any]:
        """Send one's draft."""
        edition = await fair_of(slug, request.user)
        await own_application(request, edition, application_id)
        await send_draft(edition_id=edition.id, application_id=application_id, actor=request.user, now=now())
        return redirect(f"{edition.path}/apply/mine/{application_id}", toast=_("Your application is in."))

    @post("/mine/{application_id:int}/change", guards=[signed_in])
    async def change(
        self, request: Request[Actor, Any, Any], slug: FromPath[str], application_id: FromPath[int]
    ) -> Response[Any]:
        """Take one's application up again as a draft; what was sent stands until it is sent again."""
        edition = await fair_of(slug, request.user)
        found = await own_application(request, edition, application_id)
        answer = redirect(f"{edition.path}/apply/check")
        names = ("organisation_id", "organisation", "kind", "ward", "cells_wanted", "zone_wanted", "power_watts")
        draft = {name: getattr(found, name) for name in (*names, "category", "note")}
        _keep(request, answer, edition, draft)
        return answer

    @post("/mine/{application_id:int}/withdraw", guards=[signed_in])
    async def withdraw(
        self, request: Request[Actor, Any, Any], slug: FromPath[str], application_id: FromPath[int]
    ) -> Response[Any]:
        """Take one's application back."""
        edition = await fair_of(slug, request.user)
        await own_application(request, edition, application_id)
        await withdraw_application(edition_id=edition.id, application_id=application_id, actor=request.user, now=now())
        return redirect(f"{edition.path}/apply/mine/{application_id}", toast=_("Your application is withdrawn."))


def _cookie(request: Request[Actor, Any, Any], edition: EditionInfo) -> tuple[str, str]:
    """Name and path of the draft's cookie: in an officer's browser each for whom she fills in has one of her own."""
    behalf = request.user.on_behalf_of
    return f"fg_apply_{edition.id}" + (f"_{behalf}" if behalf is not None else ""), f"{edition.path}/apply"


def _draft(request: Request[Actor, Any, Any], edition: EditionInfo) -> conversation.Draft:
    return conversation.unpack_draft(read_cookie(request, *_cookie(request, edition)), now())


def _keep(
    request: Request[Actor, Any, Any], answer: Response[Any], edition: EditionInfo, draft: conversation.Draft
) -> None:
    name, path = _cookie(request, edition)
    keep_cookie(
        answer,
        name,
        conversation.pack_draft(draft, now()),
        seconds=int(conversation.KEPT.total_seconds()),
        path=path,
    )


def _forget(request: Request[Actor, Any, Any], answer: Response[Any], edition: EditionInfo) -> Response[Any]:
    drop_cookie(answer, *_cookie(request, edition))
    return answer


def _steps(request: Request[Actor, Any, Any]) -> list[str]:
    return [step for step in STEPS if step != "contact" or not request.user.signed_in]


def _first_open(request: Request[Actor, Any, Any], draft: conversation.Draft) -> str | None:
    needed = {"who": "organisation", "wish": "cells_wanted", "goods": "category", "contact": "contact"}
    return next((step for step in _steps(request) if not draft.get(needed[step])), None)


async def _read_step(request: Request[Actor, Any, Any], step: str) -> conversation.Draft:
    """The answers of one page. Raises FormError."""
    reading = await open_form(request, STEPS[step][0])
    values = reading.values
    taken: conversation.Draft = {}
    if isinstance(values, WhoStep):
        own = request.user.organisations(Role.EXHIBITOR_OWNER)
        if values.organisation_id in own:
            row = await Organisation.select().where(Organisation.id == values.organisation_id).first()
            assert row is not None
            taken = {"organisation": row["name"], "kind": row["kind"], "ward": row["ward"]}
        elif not values.organisation:
            reading.refuse("organisation", _(NAME_NEEDED))
        else:
            taken = {"organisation_id": 0, **await _read_ward(reading)}
    if isinstance(values, ContactStep):
        phone, email, problems = _contact(values.contact)
        for sentence in problems.values():
            reading.refuse("contact", sentence)
        taken = {"contact": email or phone}
    return {**msgspec.to_builtins(reading.settle()), **taken}


async def _read_ward(reading: Reading[Any]) -> conversation.Draft:
    """The ward of today for what was typed, and that beside it; refused where it can be several."""
    typed = reading.values.ward
    if problem := await asyncio.to_thread(ward_problem, typed):
        reading.refuse("ward", problem)
    kept = keep_ward(typed)
    return {"ward": kept["ward"], "ward_before": kept["ward_before"]}


def _contact(typed: str) -> tuple[str | None, str | None, dict[str, str]]:
    if not typed:
        return None, None, {"contact": _(CONTACT_NEEDED)}
    if "@" in typed:
        return read_contact("", typed)
    phone, email, problems = read_contact(typed, "")
    return phone, email, {"contact": _(NOT_A_CONTACT)} if problems else {}


async def _step_page(
    request: Request[Actor, Any, Any],
    edition: EditionInfo,
    step: str,
    form: Form,
    draft: conversation.Draft,
    *,
    status: int = 200,
) -> Response[str]:
    if step not in STEPS:
        raise NotFound
    own = request.user.organisations(Role.EXHIBITOR_OWNER)
    rows = await Organisation.select(Organisation.id, Organisation.name).where(
        Organisation.id.is_in(sorted(own) or [0]) & Organisation.merged_into.is_null()
    )
    steps = _steps(request)
    number = steps.index(step) if step in steps else 0
    return page(
        "allocation/apply_step.html",
        status=status,
        edition=edition,
        step=step,
        question=_(STEPS[step][1]),
        names=[_(STEPS[name][2]) for name in steps] + [_("Check")],
        number=number,
        before=f"{edition.path}/apply/{steps[number - 1]}" if number else f"{edition.path}/apply",
        form=Form({**form.values, **draft}) if draft else form,
        kinds=[(key.value, _(name)) for key, name in ORGANISATION_KIND_NAMES.items() if key != "association"],
        zones=[("", _("Any zone")), *((name, name) for name in await zones_of(edition.id))],
        own=[(row["id"], row["name"]) for row in rows],
    )


def _check_page(
    request: Request[Actor, Any, Any], edition: EditionInfo, draft: conversation.Draft, problem: AppError | None = None
) -> Response[str]:
    return page(
        "allocation/apply_check.html",
        status=problem.status if problem else 200,
        edition=edition,
        draft=draft,
        kind=_(ORGANISATION_KIND_NAMES[OrganisationKind(draft.get("kind") or OrganisationKind.HOUSEHOLD)]),
        names=[_(STEPS[name][2]) for name in _steps(request)] + [_("Check")],
        problem=problem.sentence() if problem else "",
    )


async def _send(request: Request[Actor, Any, Any], edition: EditionInfo, draft: conversation.Draft) -> Response[Any]:
    missing = _first_open(request, draft)
    if missing:
        return redirect(f"{edition.path}/apply/{missing}")
    try:
        if request.user.signed_in:
            made = await conversation.apply_signed_in(edition_id=edition.id, draft=draft, actor=request.user, now=now())
            answer = redirect(f"{edition.path}/apply/mine/{made}", toast=_("Your application is in."))
            return _forget(request, answer, edition)
        phone, email, _problems = _contact(draft["contact"])
        await count_browser(Way.ASK, request, now=now())
        await conversation.apply_by_message(
            edition_id=edition.id,
            draft=draft,
            phone=phone,
            email=email,
            path=f"{edition.path}/apply/mine",
            title=edition.title,
            now=now(),
        )
    except AppError as error:
        return _check_page(request, edition, draft, error)
    return _forget(request, page("allocation/apply_sent.html", edition=edition, contact=draft["contact"]), edition)
