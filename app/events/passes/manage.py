"""The organiser's pages about passes: the list, handing out, withdrawing, a new link."""

from datetime import timedelta
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events import queries
from app.events.enums import (
    BADGE_PAPER_NAMES,
    PASS_KIND_NAMES,
    PASS_REASON_NAMES,
    PASS_STATE_NAMES,
    PASS_STATE_TONES,
    REASONS_BY_HAND,
    PassKind,
    PassReason,
    PassState,
)
from app.events.errors import DatesReversed
from app.events.pages import PAGE_SIZE, download, form_again, offset_of, pager_of, with_query
from app.events.passes.documents import pass_pdf, pass_qr_svg, validity
from app.events.passes.handing_out import HandedOut, hand_out_pass, send_new_link
from app.events.passes.naming import all_named, named
from app.events.passes.prints import badges_of_pass
from app.events.passes.queries import pass_by_id, passes_of_edition
from app.events.passes.states import block_pass, blocked_by, revoke_pass, unblock_pass
from app.events.queries import EditionInfo
from app.events.schemas import BlockForm, HandOutForm, ReasonForm, RevokeForm
from app.events.slots import pass_uses
from app.events.typed_codes import show_code
from app.kernel.clock import now
from app.kernel.forms import Form, FormError, open_form, read_form
from app.kernel.i18n import N_, _, current_locale
from app.kernel.names import normalise_email, normalise_phone, search_text
from app.kernel.sheets import Cell, write_xlsx
from app.kernel.web import page, redirect

NO_PHONE = N_("This is no phone number. Write it like 0912 345 678 or +84 912 345 678.")
NO_EMAIL = N_("This is no mail address. Write it like lan@example.org.")


class PassDeskController(Controller):
    """``/manage/{edition_id}/passes``."""

    path = "/manage/{edition_id:int}/passes"
    guards = [requires(Role.OWNER, Role.MANAGER, Role.GATE_LEAD)]
    include_in_schema = False

    @get("/")
    async def passes(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], q: FromQuery[str] = ""
    ) -> Response[str]:
        """The list, searched and filtered."""
        edition = await queries.edition_by_id(edition_id)
        kind, state, number = (request.query_params.get(name, "") for name in ("kind", "state", "page"))
        found = await passes_of_edition(
            edition_id,
            search=search_text(q),
            kind=PassKind(kind) if kind in set(PassKind) else None,
            state=PassState(state) if state in set(PassState) else None,
            offset=offset_of(int(number) if number.isascii() and number.isdigit() else None),
            limit=PAGE_SIZE,
        )
        passes = await all_named(edition_id, found.items)
        return page(
            "events/manage_passes.html",
            edition=edition,
            passes=[(one, show_code(one.short_code), validity(one, edition)) for one in passes],
            pager=pager_of(request, found),
            kinds=_kinds(),
            states=_states(),
            tones=PASS_STATE_TONES,
            q=q,
            kind=kind,
            state=state,
            export=with_query(request, f"/manage/{edition_id}/passes/export.xlsx"),
        )

    @get("/export.xlsx")
    async def export(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], q: FromQuery[str] = ""
    ) -> Response[bytes]:
        """The list as a sheet, without what opens a gate."""
        edition = await queries.edition_by_id(edition_id)
        kind, state = (request.query_params.get(name, "") for name in ("kind", "state"))
        found = await passes_of_edition(
            edition_id,
            search=search_text(q),
            kind=PassKind(kind) if kind in set(PassKind) else None,
            state=PassState(state) if state in set(PassState) else None,
        )
        shown = (_("Number"), _("Short code"), _("Holder"), _("Type"), _("Kind"))
        headers = [*shown, _("First day"), _("Last day"), _("State")]
        names, states = dict(_kinds()), dict(_states())
        rows: list[list[Cell]] = [
            [
                one.serial,
                show_code(one.short_code),
                one.holder_name,
                one.label,
                names[one.kind.value],
                edition.today(one.valid_from),
                edition.today(one.valid_until - timedelta(minutes=1)),
                states[one.state.value],
            ]
            for one in await all_named(edition_id, found.items)
        ]
        content = write_xlsx(_("Passes"), headers, rows, timezone=edition.timezone)
        return download(content, f"passes-{edition.slug}.xlsx")

    @get("/new")
    async def new(self, edition_id: FromPath[int]) -> Response[str]:
        """An empty form."""
        edition = await queries.edition_by_id(edition_id)
        form = Form.empty(
            kind=PassKind.GUEST, first_day=edition.starts_on, last_day=edition.ends_on, locale=current_locale()
        )
        return _form_page(edition, form)

    @post("/new")
    async def hand_out(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Issue a pass and send its link."""
        edition = await queries.edition_by_id(edition_id)
        try:
            given = await _read(request, edition)
            issued = await hand_out_pass(edition_id=edition_id, given=given, actor=request.user, now=now())
        except FormError as error:
            return _form_page(edition, error.form, status=422)
        except DatesReversed as error:
            return _form_page(edition, await form_again(request, {"last_day": error.sentence()}), status=422)
        toast = (
            _("The pass was made, and its link is on its way.")
            if given.phone or given.email
            else _("The pass was made.")
        )
        return redirect(f"/manage/{edition_id}/passes/{issued.id}", toast=toast)

    @get("/{pass_id:int}")
    async def show(self, edition_id: FromPath[int], pass_id: FromPath[int]) -> Response[str]:
        """One pass."""
        return await _pass_page(edition_id, pass_id, Form.empty())

    @get("/{pass_id:int}/print.pdf")
    async def print_pdf(self, edition_id: FromPath[int], pass_id: FromPath[int]) -> Response[bytes]:
        """The pass on paper."""
        edition = await queries.edition_by_id(edition_id)
        found = await named(await pass_by_id(pass_id, edition_id))
        return download(await pass_pdf([found], edition), f"{edition.slug}-{found.serial}.pdf", "application/pdf")

    @post("/{pass_id:int}/revoke")
    async def revoke(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], pass_id: FromPath[int]
    ) -> Response[Any]:
        """Withdraw a pass."""
        await pass_by_id(pass_id, edition_id)
        given = await read_form(request, RevokeForm)
        code = PassReason(given.reason_code)
        await revoke_pass(pass_id=pass_id, reason=given.reason, reason_code=code, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/passes/{pass_id}", toast=_("The pass was withdrawn."))

    @post("/{pass_id:int}/block")
    async def block(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], pass_id: FromPath[int]
    ) -> Response[Any]:
        """Let a pass open no gate for now."""
        await pass_by_id(pass_id, edition_id)
        try:
            reason = (await read_form(request, BlockForm)).reason
        except FormError as error:
            return await _pass_page(edition_id, pass_id, error.form, status=422)
        await block_pass(pass_id=pass_id, reason=reason, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/passes/{pass_id}", toast=_("The pass is blocked."))

    @post("/{pass_id:int}/unblock")
    async def unblock(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], pass_id: FromPath[int]
    ) -> Response[Any]:
        """Let a blocked pass count again."""
        await pass_by_id(pass_id, edition_id)
        reason = (await read_form(request, ReasonForm)).reason
        await unblock_pass(pass_id=pass_id, reason=reason, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/passes/{pass_id}", toast=_("The pass opens the gate again."))

    @post("/{pass_id:int}/send")
    async def send(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], pass_id: FromPath[int]
    ) -> Response[Any]:
        """Send a new link; the old one stops working."""
        await send_new_link(edition_id=edition_id, pass_id=pass_id, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/passes/{pass_id}", toast=_("A new link is on its way."))


def _form_page(edition: EditionInfo, form: Form, *, status: int = 200) -> Response[str]:
    return page("events/manage_pass_new.html", status=status, edition=edition, form=form, kinds=_kinds())


async def _pass_page(edition_id: int, pass_id: int, form: Form, *, status: int = 200) -> Response[str]:
    edition = await queries.edition_by_id(edition_id)
    found = await named(await pass_by_id(pass_id, edition_id))
    return page(
        "events/manage_pass.html",
        status=status,
        edition=edition,
        found=found,
        kind=_(PASS_KIND_NAMES[found.kind]),
        short_code=show_code(found.short_code),
        validity=validity(found, edition),
        qr=pass_qr_svg(found.code),
        uses=await pass_uses(edition, found.id),
        badges=await badges_of_pass(found.id),
        papers=[(one.value, _(name)) for one, name in BADGE_PAPER_NAMES.items()],
        state=_(PASS_STATE_NAMES[found.state]),
        tone=PASS_STATE_TONES[found.state],
        why=_(PASS_REASON_NAMES[found.state_reason]) if found.state_reason else "",
        blocked=await blocked_by(found.id, edition_id) if found.state == PassState.BLOCKED else None,
        reasons=[(reason.value, _(PASS_REASON_NAMES[reason])) for reason in REASONS_BY_HAND],
        form=form,
    )


def _states() -> list[tuple[str, str]]:
    return [(state.value, _(name)) for state, name in PASS_STATE_NAMES.items()]


def _kinds() -> list[tuple[str, str]]:
    return [(kind.value, _(name)) for kind, name in PASS_KIND_NAMES.items()]


async def _read(request: Request[Any, Any, Any], edition: EditionInfo) -> HandedOut:
    """What was typed. Raises FormError."""
    reading = await open_form(request, HandOutForm)
    values = reading.values
    phone = email = None
    try:
        phone = normalise_phone(values.phone, edition.region) if values.phone else None
    except ValueError:
        reading.refuse("phone", _(NO_PHONE))
    try:
        email = normalise_email(values.email) if values.email else None
    except ValueError:
        reading.refuse("email", _(NO_EMAIL))
    reading.settle()
    return HandedOut(
        kind=values.kind,
        holder_name=values.holder_name,
        label=values.label,
        organisation=values.organisation,
        phone=phone,
        email=email,
        locale=values.locale,
        first_day=values.first_day,
        last_day=values.last_day,
    )
