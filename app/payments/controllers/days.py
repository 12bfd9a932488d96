"""The books day by day: what a day came to, what is left to do on it, and closing it."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.pages import day_asked
from app.events.queries import edition_by_id
from app.kernel.clock import now
from app.kernel.forms import read_form
from app.kernel.i18n import _, format_date
from app.kernel.web import page, redirect
from app.payments import queries_books
from app.payments.enums import ACCOUNT_NAMES, METHOD_NAMES
from app.payments.queries_bank import counts_not_assigned
from app.payments.queries_books import DayTotals
from app.payments.queries_card import inbox_of
from app.payments.schemas import DayForm
from app.payments.services.days import close_day


class DaysController(Controller):
    """``/manage/{edition_id}/payments/days``."""

    path = "/manage/{edition_id:int}/payments/days"
    guards = [requires(Role.OWNER, Role.FINANCE)]
    include_in_schema = False

    @get("/")
    async def days(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[str]:
        """One day, the first that waits to be closed if none is asked for, and all that were closed."""
        edition = await edition_by_id(edition_id)
        present = now()
        today = edition.today(present)
        to_close = await queries_books.days_to_close(edition_id, today)
        day = day_asked(request) or (to_close[0][0] if to_close else today)
        closed = await queries_books.closed_day(edition_id, day)
        over = edition.end_of(day)
        held, outside = (0, 0) if closed else await counts_not_assigned(edition_id)
        return page(
            "payments/days.html",
            edition=edition,
            day=day,
            closed=closed,
            is_future=day > today,
            is_today=day == today,
            totals=_shown(closed.totals if closed else await queries_books.totals_of_day(edition_id, day)),
            cashiers=[] if closed else await queries_books.cashiers_not_counted(edition_id, over),
            held=held,
            outside=outside,
            waiting=0 if closed else len(await inbox_of(edition_id)),
            to_close=to_close,
            closed_days=await queries_books.closed_days(edition_id),
        )

    @post("/")
    async def close(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Close a day. Raises DayNotBegun, DrawersOpen."""
        await edition_by_id(edition_id)
        day = (await read_form(request, DayForm)).day
        await close_day(edition_id=edition_id, day=day, actor=request.user, now=now())
        toast = _("The books of %(day)s are closed.") % {"day": format_date(day)}
        return redirect(f"/manage/{edition_id}/payments/days?day={day.isoformat()}", toast=toast)


def _shown(totals: DayTotals) -> dict[str, Any]:
    return {
        "accounts": [{"name": _(ACCOUNT_NAMES[one.account]), "total": one} for one in totals.accounts],
        "methods": [{"name": _(METHOD_NAMES[one.method]), "total": one} for one in totals.methods],
        "sums": totals.sums,
    }
