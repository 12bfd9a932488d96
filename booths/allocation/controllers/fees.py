"""The organiser's pages of booth fees: who was billed, the plan, and who bears what of a fee."""

from datetime import date, timedelta
from typing import Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.pages import download, stretch, with_query
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.clock import now
from app.kernel.editing import held, open_edit
from app.kernel.forms import Form, FormError
from app.kernel.i18n import _, format_date, ngettext
from app.kernel.money import Money, format_money, parse_money, typed_money
from app.kernel.sheets import write_xlsx
from app.kernel.sheets.write import Cell
from app.kernel.web import page, redirect
from app.payments.queries import terms_of
from app.payments.schemas import why_no_amount
from app.payments.transfers import lacks_ways_to_pay
from booths.allocation import queries, queries_fees
from booths.allocation.enums import FEE_STATE_NAMES, FeeState
from booths.allocation.schemas import FeePlanForm, WaiverForm
from booths.allocation.services.fees import bill_booths, set_fee_plan, waive_fee

DESK = requires(Role.OWNER, Role.MANAGER, Role.FINANCE)
FINANCE = requires(Role.OWNER, Role.FINANCE)


class FeesController(Controller):
    """``/manage/{edition_id}/booth-fees``."""

    path = "/manage/{edition_id:int}/booth-fees"
    include_in_schema = False

    @get("/", guards=[DESK])
    async def show_all(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], q: FromQuery[str] = ""
    ) -> Response[str]:
        """Allocated booths that cost something, and what became of their invoices."""
        edition = await edition_by_id(edition_id)
        state = _state(request)
        found = await queries_fees.fees(edition_id, edition.today(now()), search=q)
        rows = [fee for fee in found if state in (None, fee.state)]
        shown, pager = stretch(request, rows)
        everybody = await queries_fees.fees(edition_id, edition.today(now())) if q else found
        return page(
            "allocation/fees.html",
            edition=edition,
            rows=shown,
            pager=pager,
            q=q,
            state=state.value if state else "",
            states=[(one.value, _(name)) for one, name in FEE_STATE_NAMES.items()],
            export=with_query(request, f"/manage/{edition_id}/booth-fees/export.xlsx"),
            plan=await queries_fees.fee_plan_of(edition_id),
            unbilled=sum(fee.state == FeeState.UNBILLED for fee in everybody),
            lacks_ways_to_pay=await lacks_ways_to_pay(edition_id),
            may_see_invoices=request.user.has(Role.FINANCE, edition_id=edition_id),
        )

    @get("/export.xlsx", guards=[DESK])
    async def export(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], q: FromQuery[str] = ""
    ) -> Response[bytes]:
        """The list as a sheet."""
        edition = await edition_by_id(edition_id)
        headers = [
            *(
                _("Exhibitor"),
                _("Booth"),
                _("Price"),
                _("With tax"),
                _("Borne by others"),
                _("Borne by"),
                _("To pay"),
                _("Currency"),
            ),
            *(_("State"), _("Invoice"), _("Has come")),
        ]
        rows: list[list[Cell]] = [
            [
                fee.organisation,
                fee.booth,
                fee.price,
                fee.total,
                fee.waived,
                fee.waived_by,
                fee.to_pay,
                fee.price.currency,
                _(FEE_STATE_NAMES[fee.state]),
                fee.document.number if fee.document else "",
                fee.document.paid if fee.document else None,
            ]
            for fee in await queries_fees.fees(edition_id, edition.today(now()), search=q, state=_state(request))
        ]
        content = write_xlsx(_("Booth fees"), headers, rows, timezone=edition.timezone)
        return download(content, f"booth-fees-{edition.slug}.xlsx")

    @post("/bill", guards=[DESK])
    async def bill(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Bill what is not billed yet."""
        billed = await bill_booths(edition_id=edition_id, actor=request.user, now=now())
        toast = _("Every booth was billed already.")
        if billed.count:
            toast = ngettext(
                "%(num)s booth was billed; the message is on its way.",
                "%(num)s booths were billed; the messages are on their way.",
                billed.count,
            ) % {"num": billed.count}
        return redirect(f"/manage/{edition_id}/booth-fees", toast=toast)

    @get("/plan", guards=[FINANCE])
    async def plan(self, edition_id: FromPath[int]) -> Response[str]:
        """In which parts fees are due."""
        return _plan_page(await edition_by_id(edition_id), await _plan_form(edition_id))

    @post("/plan", guards=[FINANCE])
    async def change_plan(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """For invoices that are made from now on."""
        edition = await edition_by_id(edition_id)
        try:
            async with held("edition", edition_id):
                record, subject = await _plan_form(edition_id), ("fee_plan", edition_id)
                reading = await open_edit(request, FeePlanForm, record=record, subject=subject)
                if reading.values.first_percent < 100:
                    if reading.values.rest_due_on is None:
                        reading.refuse("rest_due_on", _("Please say when the rest is due."))
                    elif reading.values.rest_due_on < edition.today(now()):
                        reading.refuse("rest_due_on", _("This day is over."))
                    elif reading.values.rest_due_on <= (first := _first_due(edition, reading.values)):
                        day = format_date(first)
                        reading.refuse("rest_due_on", _("The first part is due on %(day)s.") % {"day": day})
                values = reading.settle()
                plan = queries_fees.Plan(**msgspec.structs.asdict(values))
                await set_fee_plan(edition_id=edition_id, plan=plan, actor=request.user, now=now())
        except FormError as error:
            return _plan_page(edition, error.form, status=error.status)
        return redirect(
            f"/manage/{edition_id}/booth-fees", toast=_("Saved. It holds for invoices that are made from now on.")
        )

    @get("/{application_id:int}", guards=[DESK])
    async def waiver(self, edition_id: FromPath[int], application_id: FromPath[int]) -> Response[str]:
        """What of a booth's fee somebody else bears."""
        edition = await edition_by_id(edition_id)
        return await _waiver_page(edition, application_id, await _waiver_form(edition, application_id))

    @post("/{application_id:int}", guards=[DESK])
    async def waive(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], application_id: FromPath[int]
    ) -> Response[Any]:
        """Keep it, before the booth is billed."""
        edition = await edition_by_id(edition_id)
        try:
            async with held("edition", edition_id):
                record, subject = await _waiver_form(edition, application_id), ("application", application_id)
                reading = await open_edit(request, WaiverForm, record=record, subject=subject)
                waived = Money(0, edition.currency)
                try:
                    waived = parse_money(reading.values.amount or "0", edition.currency)
                except ValueError as error:
                    reading.refuse("amount", why_no_amount(error, edition.currency))
                fee = await queries_fees.fee_of(edition_id, edition.today(now()), application_id)
                if fee and waived.amount_minor > fee.total.amount_minor:
                    price = format_money(fee.total)
                    reading.refuse(
                        "amount", _("The booth costs %(price)s: nobody bears more of it.") % {"price": price}
                    )
                if waived.amount_minor and not reading.values.waived_by:
                    reading.refuse("waived_by", _("Please say who bears it."))
                if reading.values.waived_by and not waived.amount_minor:
                    reading.refuse("amount", _("Please say how much of it, or leave both fields empty."))
                values = reading.settle()
                await waive_fee(
                    edition_id=edition_id,
                    application_id=application_id,
                    waived_minor=waived.amount_minor,
                    waived_by=values.waived_by,
                    actor=request.user,
                    now=now(),
                )
        except FormError as error:
            return await _waiver_page(edition, application_id, error.form, status=error.status)
        return redirect(f"/manage/{edition_id}/booth-fees/{application_id}", toast=_("Saved."))


def _state(request: Request[Any, Any, Any]) -> FeeState | None:
    asked = request.query_params.get("state", "")
    return FeeState(asked) if asked in set(FeeState) else None


async def _plan_form(edition_id: int) -> Form:
    plan = await queries_fees.fee_plan_of(edition_id)
    if plan is None:  # fees are due as the terms have it so far
        plan = queries_fees.Plan(first_days=(await terms_of(edition_id)).due_days)
    return Form.of(first_percent=plan.first_percent, first_days=plan.first_days, rest_due_on=plan.rest_due_on)


def _first_due(edition: EditionInfo, values: FeePlanForm) -> date:
    """When the first part is due of what is billed today."""
    return edition.today(now()) + timedelta(days=values.first_days)


def _plan_page(edition: EditionInfo, form: Form, *, status: int = 200) -> Response[str]:
    return page("allocation/fee_plan.html", status=status, edition=edition, form=form)


async def _waiver_form(edition: EditionInfo, application_id: int) -> Form:
    found = await queries.application(edition.id, application_id)
    amount = typed_money(Money(found.waived_minor, edition.currency)) if found.waived_minor else ""
    return Form.of(amount=amount, waived_by=found.waived_by)


async def _waiver_page(edition: EditionInfo, application_id: int, form: Form, *, status: int = 200) -> Response[str]:
    return page(
        "allocation/fee_waiver.html",
        status=status,
        edition=edition,
        application=await queries.application(edition.id, application_id),
        fee=await queries_fees.fee_of(edition.id, edition.today(now()), application_id),
        bearers=(await queries_fees.bearers_in(edition.id)).values(),
        form=form,
    )
