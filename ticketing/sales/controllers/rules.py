"""``/manage/{id}/tickets/rules``: what buyers may do with their orders themselves, and until when."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.pages import form_again
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.clock import now
from app.kernel.editing import held, open_edit
from app.kernel.forms import Form, FormError
from app.kernel.i18n import N_, _
from app.kernel.money import Money, parse_money, typed_money
from app.kernel.web import page, redirect
from app.payments.schemas import why_no_amount
from ticketing.sales.errors import PercentReversed
from ticketing.sales.queries_own import TIMES, Rules, rules_of
from ticketing.sales.schemas import RulesForm
from ticketing.sales.services.rules import set_rules

NOT_AN_AMOUNT = N_("Please write an amount such as 50.000, or 0.")


class OrderRulesController(Controller):
    """What buyers may do."""

    path = "/manage/{edition_id:int}/tickets/rules"
    guards = [requires(Role.MANAGER)]
    include_in_schema = False

    @get("/")
    async def rules(self, edition_id: FromPath[int]) -> Response[str]:
        """The form with what holds now."""
        edition = await edition_by_id(edition_id)
        return _rules_page(edition, _form_of(await rules_of(edition), edition))

    @post("/")
    async def change(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Let it hold from now on."""
        edition = await edition_by_id(edition_id)
        try:
            async with held("edition", edition_id):
                record = _form_of(await rules_of(edition), edition)
                rules = await _read(request, edition, record)
                await set_rules(edition=edition, rules=rules, actor=request.user, now=now())
        except FormError as error:
            return _rules_page(edition, error.form, status=error.status)
        except PercentReversed as error:
            form = await form_again(request, {"later_until": error.sentence()})
            return _rules_page(edition, form, status=error.status)
        return redirect(f"/manage/{edition_id}/tickets/rules", toast=_("Saved."))


def _rules_page(edition: EditionInfo, form: Form, *, status: int = 200) -> Response[str]:
    return page("sales/manage_rules.html", status=status, edition=edition, form=form)


def _form_of(rules: Rules, edition: EditionInfo) -> Form:
    times = {name: until.astimezone(edition.zone) if (until := getattr(rules, name)) else None for name in TIMES}
    return Form.of(
        **times,
        back_percent=rules.back_percent,
        later_percent=rules.later_percent,
        fee=typed_money(rules.fee),
    )


async def _read(request: Request[Actor, Any, Any], edition: EditionInfo, record: Form) -> Rules:
    """What was typed. Raises FormError."""
    subject = ("order_rules", edition.id)
    reading = await open_edit(request, RulesForm, record=record, subject=subject, tz=edition.timezone)
    fee = Money(0, edition.currency)
    try:
        fee = parse_money(reading.values.fee or "0", edition.currency)
    except ValueError as error:
        reading.refuse("fee", why_no_amount(error, edition.currency, _(NOT_AN_AMOUNT)))
    values = reading.settle()
    return Rules(
        fee=fee,
        names_until=values.names_until,
        answers_until=values.answers_until,
        changes_until=values.changes_until,
        handing_until=values.handing_until,
        back_until=values.back_until,
        back_percent=values.back_percent,
        later_until=values.later_until,
        later_percent=values.later_percent,
    )
