"""Cashiers' drawers: everybody who may take cash opens, counts and closes her own; finance sees and closes all."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.pages import form_again
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.clock import now
from app.kernel.forms import Form, FormError, open_form
from app.kernel.i18n import _
from app.kernel.money import Money, parse_money
from app.kernel.web import page, redirect
from app.payments import queries_drawers
from app.payments.errors import DrawerNotOpen, WhyNotHers
from app.payments.queries_drawers import DrawerInfo
from app.payments.schemas import NOT_AN_AMOUNT, DrawerForm
from app.payments.services.drawers import close_drawer, expected_in, open_drawer

#: Who may take cash: at the box office, or at the finance desk.
CASHIERS = (Role.OWNER, Role.MANAGER, Role.FINANCE, Role.GATE_LEAD)


class DrawerController(Controller):
    """``/manage/{edition_id}/payments/drawers``."""

    path = "/manage/{edition_id:int}/payments/drawers"
    guards = [requires(*CASHIERS)]
    include_in_schema = False

    @get("/")
    async def drawers(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[str]:
        """One's own drawer; for finance those of all, the open ones first."""
        return await _drawers_page(request.user, await edition_by_id(edition_id), Form.empty())

    @post("/")
    async def open_(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Open one's own drawer."""
        edition = await edition_by_id(edition_id)
        try:
            amount, _note = await _counted(request, edition)
        except FormError as error:
            return await _drawers_page(request.user, edition, error.form, status=422)
        await open_drawer(edition_id=edition_id, float_=amount, actor=request.user, now=now())
        return redirect(_base(edition_id), toast=_("Your drawer is open."))

    @get("/{drawer_id:int}")
    async def drawer(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], drawer_id: FromPath[int]
    ) -> Response[str]:
        """An open drawer, to be counted and closed."""
        drawer = await _to_close(drawer_id, edition_id, request.user)
        return await _drawer_page(request.user, await edition_by_id(edition_id), drawer, Form.empty())

    @post("/{drawer_id:int}/close")
    async def close(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], drawer_id: FromPath[int]
    ) -> Response[Any]:
        """Count and close a drawer."""
        edition = await edition_by_id(edition_id)
        drawer = await _to_close(drawer_id, edition_id, request.user)
        try:
            amount, note = await _counted(request, edition)
        except FormError as error:
            return await _drawer_page(request.user, edition, drawer, error.form, status=422)
        try:
            await close_drawer(
                drawer_id=drawer_id, edition_id=edition_id, counted=amount, actor=request.user, note=note, now=now()
            )
        except WhyNotHers as error:
            form = await form_again(request, {"note": error.sentence()})
            return await _drawer_page(request.user, edition, drawer, form, status=422)
        return redirect(_base(edition_id), toast=_("The drawer is closed."))


def _base(edition_id: int) -> str:
    return f"/manage/{edition_id}/payments/drawers"


async def _to_close(drawer_id: int, edition_id: int, actor: Actor) -> DrawerInfo:
    """A drawer that she may close. Raises DrawerNotOpen, also for one that is closed or somebody else's."""
    drawer = await queries_drawers.drawer_by_id(drawer_id, edition_id)
    hers = drawer.cashier_id == actor.person_id
    if drawer.closed_at is not None or not (hers or actor.has(Role.FINANCE, edition_id=edition_id)):
        raise DrawerNotOpen
    return drawer


async def _counted(request: Request[Actor, Any, Any], edition: EditionInfo) -> tuple[Money, str]:
    reading = await open_form(request, DrawerForm)
    amount = Money(0, edition.currency)
    try:
        amount = parse_money(reading.values.amount, edition.currency)
    except ValueError:
        reading.refuse("amount", _(NOT_AN_AMOUNT))
    return amount, reading.settle().note


async def _drawers_page(actor: Actor, edition: EditionInfo, form: Form, *, status: int = 200) -> Response[str]:
    sees_all = actor.has(Role.FINANCE, edition_id=edition.id)
    drawers = await queries_drawers.drawers_of(edition.id, cashier_id=None if sees_all else actor.person_id)
    return page(
        "payments/drawers.html",
        status=status,
        edition=edition,
        drawers=drawers,
        expected={drawer.id: drawer.expected or await expected_in(drawer) for drawer in drawers},
        own=await queries_drawers.open_drawer_of(edition.id, actor.person_id),
        sees_all=sees_all,
        form=form,
    )


async def _drawer_page(
    actor: Actor, edition: EditionInfo, drawer: DrawerInfo, form: Form, *, status: int = 200
) -> Response[str]:
    return page(
        "payments/drawer.html",
        status=status,
        edition=edition,
        drawer=drawer,
        expected=await expected_in(drawer),
        hers=drawer.cashier_id == actor.person_id,
        form=form,
    )
