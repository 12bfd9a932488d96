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
from app.kernel.errors import AppError
from app.kernel.forms import Form, FormError, open_form, posted_by, read_form
from app.kernel.i18n import _, format_time
from app.kernel.money import Money, format_money
from app.kernel.security import new_token
from app.kernel.web import page, redirect
from app.payments import queries_drawers
from app.payments.enums import CASH_WAY_NAMES, CashWay
from app.payments.errors import AmountOutOfRange, DrawerNotOpen, WhyNotHers
from app.payments.errors_cash import DrawerDiffers, DrawerShort, MoveIdTaken
from app.payments.queries_drawers import DrawerInfo, MoveInfo
from app.payments.schemas import CashMoveForm, DrawerCloseForm, DrawerForm, TakeBackForm, read_amount
from app.payments.services.cash_moves import move_cash, take_back_move
from app.payments.services.drawers import close_drawer, expected_in, may_use, open_drawer

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
            reading = await open_form(request, DrawerForm)
            amount = read_amount(reading, "amount", Money(0, edition.currency))
            reading.settle()
        except FormError as error:
            return await _drawers_page(request.user, edition, error.form, status=422)
        await open_drawer(edition_id=edition_id, float_=amount, actor=request.user, now=now())
        return redirect(_base(edition_id), toast=_("Your drawer is open."))

    @get("/{drawer_id:int}")
    async def drawer(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], drawer_id: FromPath[int]
    ) -> Response[str]:
        """What went through a drawer; an open one is counted and closed here, and cash put in and taken out."""
        drawer = await _reached(drawer_id, edition_id, request.user)
        return await _drawer_page(request.user, await edition_by_id(edition_id), drawer)

    @post("/{drawer_id:int}/moves")
    async def move(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], drawer_id: FromPath[int]
    ) -> Response[Any]:
        """Put cash into a drawer, or take it out, once however often it is sent; or take such a move back."""
        edition = await edition_by_id(edition_id)
        drawer = await _reached(drawer_id, edition_id, request.user)
        if "takes_back" in await posted_by(request):
            return await _take_back(request, edition, drawer)
        try:
            reading = await open_form(request, CashMoveForm)
            amount = read_amount(reading, "moved", Money(0, edition.currency))
            values = reading.settle()
            await move_cash(
                drawer_id=drawer_id,
                edition_id=edition_id,
                client_id=values.client_id,
                way=values.way,
                amount=amount,
                reason=values.reason,
                actor=request.user,
                now=now(),
            )
        except FormError as error:
            return await _drawer_page(request.user, edition, drawer, move_form=error.form, status=422)
        except (AmountOutOfRange, DrawerShort) as error:
            form = await form_again(request, {"moved": error.sentence()})
            return await _drawer_page(request.user, edition, drawer, move_form=form, status=error.status)
        except MoveIdTaken as error:
            form = await form_again(request, {"moved": error.sentence()})
            form.values["client_id"] = new_token()  # sent once more it is another move
            return await _drawer_page(request.user, edition, drawer, move_form=form, status=error.status)
        toast = _("Recorded: %(amount)s was moved.") % {"amount": format_money(amount)}
        return redirect(f"{_base(edition_id)}/{drawer_id}", toast=toast)

    @post("/{drawer_id:int}/close")
    async def close(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], drawer_id: FromPath[int]
    ) -> Response[Any]:
        """Count and close a drawer."""
        edition = await edition_by_id(edition_id)
        drawer = await _reached(drawer_id, edition_id, request.user)
        if drawer.closed_at is not None:
            raise DrawerNotOpen
        try:
            reading = await open_form(request, DrawerCloseForm)
            amount = read_amount(reading, "amount", Money(0, edition.currency))
            values = reading.settle()
            await close_drawer(
                drawer_id=drawer_id,
                edition_id=edition_id,
                counted=amount,
                actor=request.user,
                note=values.note,
                sure=values.sure,
                now=now(),
            )
        except FormError as error:
            return await _drawer_page(request.user, edition, drawer, close_form=error.form, status=422)
        except (WhyNotHers, DrawerDiffers) as error:
            form = await form_again(request, error.fields or {"note": error.sentence()})
            return await _drawer_page(request.user, edition, drawer, close_form=form, status=422)
        return redirect(_base(edition_id), toast=_("The drawer is closed."))


def _base(edition_id: int) -> str:
    return f"/manage/{edition_id}/payments/drawers"


async def _reached(drawer_id: int, edition_id: int, actor: Actor) -> DrawerInfo:
    """A drawer that she may look into. Raises DrawerNotOpen, also for somebody else's."""
    drawer = await queries_drawers.drawer_by_id(drawer_id, edition_id)
    if not may_use(drawer, actor):
        raise DrawerNotOpen
    return drawer


async def _take_back(request: Request[Actor, Any, Any], edition: EditionInfo, drawer: DrawerInfo) -> Response[Any]:
    """Take back a move of cash; what is refused comes back with what was typed."""
    try:
        values = await read_form(request, TakeBackForm)
        await take_back_move(
            drawer_id=drawer.id,
            edition_id=edition.id,
            move_id=values.takes_back,
            reason=values.why,
            actor=request.user,
            now=now(),
        )
    except FormError as error:
        return await _drawer_page(request.user, edition, drawer, back_form=error.form, status=422)
    except AppError as error:
        if error.status == 404:
            raise
        form = await form_again(request, {"takes_back": error.sentence()})
        return await _drawer_page(request.user, edition, drawer, back_form=form, status=error.status)
    return redirect(f"{_base(edition.id)}/{drawer.id}", toast=_("The move was taken back."))


def _move_named(move: MoveInfo, edition: EditionInfo) -> str:
    """A move in a list of several: how much, where to, when, what for."""
    amount = Money(abs(move.amount.amount_minor), move.amount.currency)
    when = format_time(move.moved_at, edition.timezone)
    return f"{format_money(amount)} · {_(CASH_WAY_NAMES[move.way])} · {when} · {move.reason}"


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
        elsewhere=await queries_drawers.cash_elsewhere(edition.id, edition.currency) if sees_all else None,
        form=form,
    )


async def _drawer_page(
    actor: Actor,
    edition: EditionInfo,
    drawer: DrawerInfo,
    *,
    status: int = 200,
    close_form: Form | None = None,
    move_form: Form | None = None,
    back_form: Form | None = None,
) -> Response[str]:
    moves = await queries_drawers.moves_of(drawer.id)
    standing = [] if drawer.closed_at else [(one.id, _move_named(one, edition)) for one in moves if one.stands]
    return page(
        "payments/drawer.html",
        status=status,
        edition=edition,
        drawer=drawer,
        expected=drawer.expected or await expected_in(drawer),
        sums=await queries_drawers.sums_of(drawer),
        moves=moves,
        standing=standing,
        way_names={way: _(name) for way, name in CASH_WAY_NAMES.items()},
        ways=[(way.value, _(name)) for way, name in CASH_WAY_NAMES.items()],
        hers=drawer.cashier_id == actor.person_id,
        form=close_form or Form.empty(),
        move_form=move_form or Form.empty(way=CashWay.FROM_SAFE, client_id=new_token()),
        back_form=back_form or Form.empty(takes_back=standing[0][0] if len(standing) == 1 else ""),
    )
