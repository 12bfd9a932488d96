"""The books: who sells and on what terms, and what the ledger's accounts come to."""

from collections.abc import Iterable
from typing import Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.pages import day_asked, stretch
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.clock import now
from app.kernel.editing import held, open_edit
from app.kernel.forms import Form, FormError, open_form
from app.kernel.i18n import _
from app.kernel.images import NotAPicture, PictureTooLarge
from app.kernel.money import Money
from app.kernel.web import page, redirect
from app.payments import queries
from app.payments.enums import ACCOUNT_NAMES, TAX_MODE_NAMES, Account, DocumentState
from app.payments.enums_card import CardMode
from app.payments.errors_card import ModeHasNoKey
from app.payments.lines import Terms
from app.payments.queries_borne import borne_in, by_bearer
from app.payments.queries_legal import open_at_ending_rates
from app.payments.schemas import NO_FILE, CardModeForm, QrisForm, TermsForm
from app.payments.services.modes import mode_of, set_mode
from app.payments.services.stripe_client import cards_on
from app.payments.services.terms import problems_of, set_qris, set_terms
from app.payments.tax import country_of, rates_in
from app.payments.transfers import account_of, lacks_ways_to_pay


class BooksController(Controller):
    """``/manage/{edition_id}/payments``: ledger, terms."""

    path = "/manage/{edition_id:int}/payments"
    guards = [requires(Role.OWNER, Role.FINANCE)]
    include_in_schema = False

    @get("/ledger")
    async def ledger(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[str]:
        """What the accounts come to, on one day or in all."""
        edition = await edition_by_id(edition_id)
        day = day_asked(request)
        rows = [
            {
                "name": _(ACCOUNT_NAMES[account]),
                "borne": account == Account.SUBSIDY,
                "amount": Money(sum(row["amount_minor"] for row in of), currency),
                "entries": sum(row["entries"] for row in of),
            }
            for (account, currency), of in _by_account(await queries.balances(edition_id, day=day)).items()
        ]
        bearers = [] if day else by_bearer(await borne_in(edition_id))
        asked = request.query_params.get("bearer", "")
        chosen = [one for one in bearers if str(one.line_id) == asked or len(bearers) == 1]
        at = f"/manage/{edition_id}/payments/ledger#bearers"
        shown, pager = stretch(request, chosen[0].of if chosen else bearers, at=at)
        return page(
            "payments/ledger.html",
            edition=edition,
            rows=rows,
            day=day,
            bearers=chosen or shown,
            invoices=shown if chosen else [],
            alone=len(bearers) == 1,
            pager=pager,
        )

    @get("/terms")
    async def terms(self, edition_id: FromPath[int]) -> Response[str]:
        """Who sells and how it is taxed."""
        return await _terms_page(await edition_by_id(edition_id), _terms_form(await queries.terms_of(edition_id)))

    @post("/terms")
    async def change_terms(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """For documents that are issued from now on."""
        edition = await edition_by_id(edition_id)
        try:
            async with held("edition", edition_id):
                record = _terms_form(await queries.terms_of(edition_id))
                subject = ("payment_terms", edition_id)
                reading = await open_edit(request, TermsForm, record=record, subject=subject)
                terms = Terms(**msgspec.structs.asdict(reading.values))
                for field, problem in problems_of(terms, country_of(edition.timezone, edition.currency)).items():
                    reading.refuse(field, problem.sentence())
                reading.settle()
                await set_terms(edition_id=edition_id, terms=terms, actor=request.user, now=now())
        except FormError as error:
            return await _terms_page(edition, error.form, status=error.status)
        toast = _("Saved. It holds for invoices that are made from now on.")
        return redirect(f"/manage/{edition_id}/payments/terms", toast=toast)

    @post("/terms/cards")
    async def change_mode(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Charge cards or try them out, once it was said what that does. Raises ModeHasNoKey."""
        edition = await edition_by_id(edition_id)
        try:
            values = (await open_form(request, CardModeForm)).settle()
        except FormError as error:
            form = _terms_form(await queries.terms_of(edition_id))
            return await _terms_page(edition, form, status=error.status)
        live = values.mode is CardMode.LIVE
        if not cards_on(live):
            raise ModeHasNoKey
        still_open = (await queries.counts_by_state(edition_id))[DocumentState.OPEN]
        if not values.sure and (live or still_open):
            return page("payments/card_mode.html", edition=edition, live=live, still_open=still_open)
        await set_mode(edition_id=edition_id, live=live, actor=request.user, now=now())
        toast = _("From now on cards are really charged.") if live else _("From now on no card is charged.")
        return redirect(f"/manage/{edition_id}/payments/terms#cards", toast=toast)

    @post("/terms/qris")
    async def change_qris(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Show payers another QRIS picture."""
        edition = await edition_by_id(edition_id)
        try:
            reading = await open_form(request, QrisForm)
            if reading.values.qris is None:
                reading.refuse("qris", _(NO_FILE))
            upload = reading.settle().qris
            assert upload is not None
            await set_qris(edition_id=edition_id, picture=await upload.read(), actor=request.user, now=now())
        except FormError as error:
            return await _qris_refused(edition, error.form.error("qris"), 422)
        except (NotAPicture, PictureTooLarge) as error:
            return await _qris_refused(edition, error.sentence(), error.status)
        return redirect(f"/manage/{edition_id}/payments/terms", toast=_("Saved. Payers see it now."))

    @post("/terms/qris/remove")
    async def remove_qris(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Show payers none any more."""
        await set_qris(edition_id=edition_id, picture=None, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/payments/terms", toast=_("The picture is shown no more."))


def _by_account(rows: Iterable[dict[str, Any]]) -> dict[tuple[Account, str], list[dict[str, Any]]]:
    """What accounts come to, by account and currency: what others bear is one, however many they are."""
    found: dict[tuple[Account, str], list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault((Account(row["account"]), row["currency"]), []).append(row)
    return found


async def _terms_page(
    edition: EditionInfo, form: Form, *, status: int = 200, qris_form: Form | None = None
) -> Response[str]:
    country = country_of(edition.timezone, edition.currency)
    terms = await queries.terms_of(edition.id)
    live = await mode_of(edition.id)
    return page(
        "payments/terms.html",
        status=status,
        edition=edition,
        form=form,
        modes=[(mode.value, _(name)) for mode, name in TAX_MODE_NAMES.items()],
        country=country,
        account=account_of(edition.currency),
        lacks_ways_to_pay=await lacks_ways_to_pay(edition.id),
        ending_rates=await open_at_ending_rates(edition.id, edition.today(now())),
        cards=cards_on(live),
        live=live,
        keys={"sandbox": cards_on(False), "live": cards_on(True)},
        qris=terms.qris,
        qris_form=qris_form or Form.empty(),
        rates=[("", _("None")), *rates_in(country, edition.today(now()), standing=terms.tax_name)],
    )


async def _qris_refused(edition: EditionInfo, sentence: str, status: int) -> Response[str]:
    form = _terms_form(await queries.terms_of(edition.id))
    return await _terms_page(edition, form, status=status, qris_form=Form({}, {"qris": sentence}))


def _terms_form(terms: Terms) -> Form:
    standing = {name: getattr(terms, name) for name in TermsForm.__struct_fields__}
    return Form.of(**{**standing, "use_drawers": "on" if terms.use_drawers else ""})
