"""Exports of the books by series, days and rate of tax, as XLSX and CSV."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.pages import day_asked, download
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.i18n import _
from app.kernel.sheets import write_csv, write_xlsx
from app.kernel.web import page
from app.payments.exports import Sheet, bearers_sheet, documents_sheet, ledger_sheet, payouts_sheet, tax_sheet
from app.payments.queries_exports import Span, by_rate, line_rows, series_in, with_totals


class ExportsController(Controller):
    """``/manage/{edition_id}/payments/exports``."""

    path = "/manage/{edition_id:int}/payments/exports"
    guards = [requires(Role.OWNER, Role.FINANCE)]
    include_in_schema = False

    @get("/")
    async def exports(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[str]:
        """What was sold at which rate, and everything as a sheet."""
        edition = await edition_by_id(edition_id)
        span = _span(request)
        chosen = {"since": span.since or "", "until": span.until or "", "series": span.series}
        query = "&".join(f"{name}={value}" for name, value in chosen.items() if value)
        return page(
            "payments/exports.html",
            edition=edition,
            span=span,
            query=query,
            rates=with_totals(by_rate(await line_rows(edition_id, span))),
            series=[("", _("All")), *((one, one) for one in await series_in(edition_id))],
        )

    @get("/ledger")
    async def ledger(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[bytes]:
        """Every entry."""
        return await _file(request, edition_id, "ledger", ledger_sheet)

    @get("/documents")
    async def documents(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[bytes]:
        """Documents with their lines."""
        return await _file(request, edition_id, "documents", documents_sheet)

    @get("/tax")
    async def tax(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[bytes]:
        """Sales by series and rate."""
        return await _file(request, edition_id, "tax", tax_sheet)

    @get("/payouts")
    async def payouts(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[bytes]:
        """Card money that was paid out."""
        return await _file(request, edition_id, "payouts", payouts_sheet)

    @get("/bearers")
    async def bearers(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[bytes]:
        """What others bear, and owe."""
        return await _file(request, edition_id, "bearers", bearers_sheet)


async def _file(
    request: Request[Actor, Any, Any],
    edition_id: int,
    name: str,
    make: Callable[[EditionInfo, Span], Awaitable[Sheet]],
) -> Response[bytes]:
    """A sheet as CSV when ``format`` asks for it, else as XLSX."""
    edition = await edition_by_id(edition_id)
    sheet = await make(edition, _span(request))
    if request.query_params.get("format") == "csv":
        content = write_csv(sheet.headers, sheet.rows, timezone=edition.timezone)
        return download(content, f"{name}-{edition.slug}.csv", "text/csv")
    content = write_xlsx(sheet.title, sheet.headers, sheet.rows, timezone=edition.timezone)
    return download(content, f"{name}-{edition.slug}.xlsx")


def _span(request: Request[Actor, Any, Any]) -> Span:
    series = request.query_params.get("series", "")
    known = series.replace("-", "").isalnum() and series.isascii() and len(series) <= 24
    return Span(since=day_asked(request, "since"), until=day_asked(request, "until"), series=series if known else "")
