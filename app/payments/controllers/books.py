"""The books: who sells and on what terms, what the ledger's accounts come to, and the cashiers' drawers."""

from datetime import date
from typing import Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.pages import download, form_again, with_query
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.clock import now
from app.kernel.editing import held, open_edit
from app.kernel.errors import AppError
from app.kernel.forms import Form, FormError, open_form
from app.kernel.i18n import _
from app.kernel.money import Money, parse_money
from app.kernel.sheets import write_xlsx
from app.kernel.web import page, redirect
from app.payments import queries
from app.payments.enums import ACCOUNT_NAMES, TAX_MODE_NAMES, Account
from app.payments.errors import TaxCodeUnknown, TaxRateMissing
from app.payments.exports import ledger_sheet
from app.payments.lines import Terms
from app.payments.queries_exports import Span
from app.payments.schemas import NOT_AN_AMOUNT, DrawerForm, TermsForm
from app.payments.services.drawers import close_drawer, expected_in, open_drawer
from app.payments.services.terms import set_terms
from app.payments.tax import RATE_NAMES


class BooksController(Controller):
    """``/manage/{edition_id}/payments``: ledger, terms, drawers."""

    path = "/manage/{edition_id:int}/payments"
    guards = [requires(Role.OWNER, Role.FINANCE)]
    include_in_schema = False

    @get("/ledger")
    async def ledger(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[str]:
        """What the accounts come to, on one day or in all."""
        edition = await edition_by_id(edition_id)
        day = _day(request.query_params.get("day", ""))
        rows = [
            {
                "name": _(ACCOUNT_NAMES[Account(row["account"])]),
                "detail": row["detail"],
                "amount": Money(row["amount_minor"], row["currency"]),
                "entries": row["entries"],
            }
            for row in await queries.balances(edition_id, day=day)
        ]
        export = with_query(request, f"/manage/{edition_id}/payments/ledger.xlsx")
        return page("payments/ledger.html", edition=edition, rows=rows, day=day, export=export)

    @get("/ledger.xlsx")
    async def export_ledger(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[bytes]:
        """Every entry as a sheet."""
        edition = await edition_by_id(edition_id)
        day = _day(request.query_params.get("day", ""))
        sheet = await ledger_sheet(edition, Span(since=day, until=day))
        content = write_xlsx(sheet.title, sheet.headers, sheet.rows, timezone=edition.timezone)
        return download(content, f"ledger-{edition.slug}.xlsx")

    @get("/terms")
    async def terms(self, edition_id: FromPath[int]) -> Response[str]:
        """Who sells and how it is taxed."""
        return _terms_page(await edition_by_id(edition_id), _terms_form(await queries.terms_of(edition_id)))

    @post("/terms")
    async def change_terms(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """For documents that are issued from now on."""
        edition = await edition_by_id(edition_id)
        try:
            async with held("edition", edition_id):
                record = _terms_form(await queries.terms_of(edition_id))
                subject = ("payment_terms", edition_id)
                values = (await open_edit(request, TermsForm, record=record, subject=subject)).settle()
                terms = Terms(**msgspec.structs.asdict(values))
                await set_terms(edition_id=edition_id, terms=terms, actor=request.user, now=now())
        except FormError as error:
            return _terms_page(edition, error.form, status=error.status)
        except TaxCodeUnknown as error:
            return await _refused(request, edition, "seller_tax_code", error)
        except TaxRateMissing as error:
            return await _refused(request, edition, "tax_name", error)
        toast = _("Saved. It holds for invoices that are made from now on.")
        return redirect(f"/manage/{edition_id}/payments/terms", toast=toast)

    @get("/drawers")
    async def drawers(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[str]:
        """Drawers, one's own first."""
        return await _drawers_page(request, await edition_by_id(edition_id), Form.empty())

    @post("/drawers")
    async def open_(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Open one's own drawer."""
        edition = await edition_by_id(edition_id)
        try:
            amount, _note = await _counted(request, edition)
        except FormError as error:
            return await _drawers_page(request, edition, error.form, status=422)
        await open_drawer(edition_id=edition_id, float_=amount, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/payments/drawers", toast=_("Your drawer is open."))

    @post("/drawers/{drawer_id:int}/close")
    async def close(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], drawer_id: FromPath[int]
    ) -> Response[Any]:
        """Count and close a drawer."""
        edition = await edition_by_id(edition_id)
        await queries.drawer_by_id(drawer_id, edition_id)
        try:
            amount, note = await _counted(request, edition)
        except FormError as error:
            return await _drawers_page(request, edition, error.form, status=422)
        await close_drawer(
            drawer_id=drawer_id, edition_id=edition_id, counted=amount, actor=request.user, note=note, now=now()
        )
        return redirect(f"/manage/{edition_id}/payments/drawers", toast=_("The drawer is closed."))


async def _counted(request: Request[Actor, Any, Any], edition: EditionInfo) -> tuple[Money, str]:
    reading = await open_form(request, DrawerForm)
    amount = Money(0, edition.currency)
    try:
        amount = parse_money(reading.values.amount, edition.currency)
    except ValueError:
        reading.refuse("amount", _(NOT_AN_AMOUNT))
    return amount, reading.settle().note


async def _drawers_page(
    request: Request[Actor, Any, Any], edition: EditionInfo, form: Form, *, status: int = 200
) -> Response[str]:
    own = await queries.open_drawer_of(edition.id, request.user.person_id)
    drawers = await queries.drawers_of(edition.id)
    return page(
        "payments/drawers.html",
        status=status,
        edition=edition,
        drawers=drawers,
        expected={drawer.id: drawer.expected or await expected_in(drawer) for drawer in drawers},
        own=own,
        form=form,
    )


def _terms_page(edition: EditionInfo, form: Form, *, status: int = 200) -> Response[str]:
    return page(
        "payments/terms.html",
        status=status,
        edition=edition,
        form=form,
        modes=[(mode.value, _(name)) for mode, name in TAX_MODE_NAMES.items()],
        rates=[("", _("None")), *((key, _(name)) for key, name in RATE_NAMES.items())],
    )


async def _refused(
    request: Request[Actor, Any, Any], edition: EditionInfo, field: str, error: AppError
) -> Response[str]:
    return _terms_page(edition, await form_again(request, {field: error.sentence()}), status=422)


def _terms_form(terms: Terms) -> Form:
    return Form.of(**{name: getattr(terms, name) for name in TermsForm.__struct_fields__})


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
