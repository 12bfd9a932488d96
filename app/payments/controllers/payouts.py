"""Card money and cash on their way to the bank: what is expected, what was paid out, as which transfer it arrived."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.pages import form_again, stretch
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.clock import now
from app.kernel.errors import AppError
from app.kernel.forms import Form, FormError, open_form, posted_by, read_form
from app.kernel.i18n import N_, _
from app.kernel.money import Money, format_money, parse_money, typed_money
from app.kernel.web import page, redirect
from app.payments import queries_payouts
from app.payments.enums import ACCOUNT_NAMES, PAYOUT_STATE_NAMES, Account
from app.payments.errors import AmountOutOfRange, FeeOutOfRange, PayoutKnown
from app.payments.errors_payouts import (
    CashHasLess,
    PayoutArrived,
    PayoutMore,
    PayoutStays,
    PayoutWasTakenBack,
    SafeHasLess,
)
from app.payments.queries_drawers import cash_elsewhere
from app.payments.queries_payouts import PayoutInfo
from app.payments.schemas import PayoutForm, PayoutMatchForm, TakeBackForm, why_no_amount
from app.payments.services.payout_matching import match_payout
from app.payments.services.payouts import record_payout
from app.payments.services.payouts_back import take_back_payout
from app.payments.why import said

#: From which accounts a payout can be written down.
PAYS_OUT = (Account.CARD, Account.TERMINAL, Account.SAFE, Account.CASH)
#: What cash is called that lies in no open drawer.
BESIDE = N_("Cash that was taken without a drawer")
#: At which field of the form it stands why a payout is not entered.
REFUSED_AT: dict[type[AppError], str] = {
    PayoutKnown: "reference",
    PayoutWasTakenBack: "reference",
    SafeHasLess: "taken",
    CashHasLess: "taken",
    PayoutMore: "more",
}


class PayoutsController(Controller):
    """``/manage/{edition_id}/payments``: payouts."""

    path = "/manage/{edition_id:int}/payments"
    guards = [requires(Role.OWNER, Role.FINANCE)]
    include_in_schema = False

    @get("/payouts")
    async def payouts(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[str]:
        """What is still expected, what was paid out, and the form that writes one down."""
        edition = await edition_by_id(edition_id)
        start = Account.SAFE if request.query_params.get("from") == Account.SAFE else None
        return await _payouts_page(request, edition, await _first_form(edition, start))

    @post("/payouts")
    async def record(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Write one down that nobody told of; or take back one that was written down and was not so."""
        edition = await edition_by_id(edition_id)
        if "takes_back" in await posted_by(request):
            return await _take_back(request, edition)
        amounts = {"taken": Money(0, edition.currency), "fee": Money(0, edition.currency)}
        try:
            reading = await open_form(request, PayoutForm)
            for name in amounts:
                try:
                    amounts[name] = parse_money(getattr(reading.values, name) or "0", edition.currency)
                except ValueError as error:
                    reading.refuse(name, why_no_amount(error, edition.currency))
            values = reading.settle()
            await record_payout(
                edition_id=edition_id,
                account=Account(values.account),
                taken=amounts["taken"],
                fee=amounts["fee"],
                reference=values.reference,
                arrives_on=values.arrives_on,
                note=values.note,
                more=values.more,
                after=values.newest,
                actor=request.user,
                now=now(),
            )
        except FormError as error:
            return await _payouts_page(request, edition, error.form, status=422)
        except AmountOutOfRange as error:
            field = "fee" if isinstance(error, FeeOutOfRange) else "taken"
            form = await form_again(request, {field: error.sentence()})
            return await _payouts_page(request, edition, form, status=422)
        except (PayoutKnown, PayoutWasTakenBack, SafeHasLess, CashHasLess, PayoutMore) as error:
            form = await form_again(request, {REFUSED_AT[type(error)]: error.sentence()})
            if isinstance(error, PayoutWasTakenBack):
                form.values.pop("newest")  # she was told: sent once more it is another payout
            return await _payouts_page(request, edition, form, status=409)
        return redirect(f"/manage/{edition_id}/payments/payouts", toast=_("The payout is entered."))

    @post("/bank/{transfer_id:int}/payout")
    async def match(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], transfer_id: FromPath[int]
    ) -> Response[Any]:
        """Say that a transfer is a payout. Raises as :func:`match_payout`."""
        await edition_by_id(edition_id)
        values = await read_form(request, PayoutMatchForm)
        await match_payout(
            edition_id=edition_id, entry_id=transfer_id, payout_id=values.payout_id, actor=request.user, now=now()
        )
        return redirect(f"/manage/{edition_id}/payments/bank?state=left", toast=_("The payout has arrived."))


async def _take_back(request: Request[Actor, Any, Any], edition: EditionInfo) -> Response[Any]:
    """Take back what somebody wrote down; what is refused comes back with what was typed."""
    try:
        values = await read_form(request, TakeBackForm)
        await take_back_payout(
            payout_id=values.takes_back, edition_id=edition.id, reason=values.why, actor=request.user, now=now()
        )
    except FormError as error:
        return await _payouts_page(request, edition, await _first_form(edition), back_form=error.form, status=422)
    except (PayoutStays, PayoutArrived) as error:
        form = await form_again(request, {"takes_back": error.sentence()})
        return await _payouts_page(request, edition, await _first_form(edition), back_form=form, status=error.status)
    return redirect(f"/manage/{edition.id}/payments/payouts", toast=_("The payout was taken back."))


async def _first_form(edition: EditionInfo, start: Account | None = None) -> Form:
    """The form that writes a payout down, over what is expected first, or over all that lies in the safe."""
    expected = await queries_payouts.expected_payouts(edition.id)
    if start is Account.SAFE:
        expected = [(Account.SAFE, (await cash_elsewhere(edition.id, edition.currency)).safe)]
    first = next((one for one in expected if one[0] in PAYS_OUT and one[1].amount_minor > 0), None)
    return Form.empty(
        account=(first[0] if first else Account.TERMINAL).value,
        taken=typed_money(first[1]) if first else "",
        fee="0",
        arrives_on=edition.today(now()).isoformat(),
    )


def _named(payout: PayoutInfo) -> str:
    """A payout in a list of several: how much was taken, out of where, under which number, what for."""
    account = _(ACCOUNT_NAMES[payout.account])
    return " · ".join(filter(None, (format_money(payout.taken), account, payout.reference, payout.note)))


async def _payouts_page(
    request: Request[Actor, Any, Any],
    edition: EditionInfo,
    form: Form,
    *,
    status: int = 200,
    back_form: Form | None = None,
) -> Response[str]:
    beside = (await cash_elsewhere(edition.id, edition.currency)).beside
    found = await queries_payouts.payouts_of(edition.id)
    payouts, pager = stretch(request, found)
    form.values.setdefault("newest", str(found[0].id if found else 0))
    return page(
        "payments/payouts.html",
        status=status,
        edition=edition,
        expected=[
            {"name": _(ACCOUNT_NAMES[account]), "amount": amount}
            for account, amount in await queries_payouts.expected_payouts(edition.id)
        ],
        payouts=payouts,
        said=said,
        pager=pager,
        state_names={state: _(name) for state, name in PAYOUT_STATE_NAMES.items()},
        account_names={account: _(name) for account, name in ACCOUNT_NAMES.items()},
        accounts=[
            (one.value, _(BESIDE if one is Account.CASH else ACCOUNT_NAMES[one]))
            for one in PAYS_OUT
            if one is not Account.CASH or form.value("account") == one or beside.amount_minor
        ],
        form=form,
        removable=[(one.id, _named(one)) for one in found if one.may_be_taken_back],
        back_form=back_form or Form.empty(),
    )
