"""Invoices for services and sponsors: finance's form, and the page of whoever holds the link of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import public, requires
from app.events.pages import download, form_again
from app.events.queries import EditionInfo, edition_by_id, edition_by_slug
from app.kernel.clock import now
from app.kernel.forms import NOT_A_CHOICE, Form, FormError, Reading, contact_in, decode_form, open_form, posted_by
from app.kernel.i18n import _, current_locale, use_locale
from app.kernel.money import MOST, Money
from app.kernel.security import limit, new_token
from app.kernel.web import page, redirect
from app.payments import queries
from app.payments.controllers.card import leave_for_checkout
from app.payments.controllers.legal import credit_note_over, legal_download
from app.payments.controllers.payers import take_proof
from app.payments.enums import METHOD_NAMES, STATE_NAMES, TAX_MODE_NAMES, DocumentState, TaxMode
from app.payments.errors import AmountOutOfRange, InvoiceIdTaken
from app.payments.lines import Line, TaxedLine, Terms, borne, taxed, total_of
from app.payments.own_invoice import own_invoice
from app.payments.papers import invoice_pdf
from app.payments.queries import DocumentInfo
from app.payments.queries_borne import as_known, bearers_known
from app.payments.schemas import ServiceInvoiceForm, ServiceLineForm, read_amount
from app.payments.services.card_checkout import start_checkout
from app.payments.services.issuing import Payer
from app.payments.services.service_invoices import document_by_secret, issue_service_invoice
from app.payments.tax import country_of, is_payers_tax_code, rates_in, tax_code_error
from app.payments.transfers import lacks_ways_to_pay

#: How many lines the form has.
LINES = 5
EXEMPT = "exempt"
#: What of a line is there before anybody has typed.
UNTOUCHED = ("line_number", "line_tax")


@dataclass(frozen=True)
class Made:
    """What an invoice would come to: its lines with their tax, and all of them."""

    lines: Sequence[TaxedLine]
    total: Money

    @property
    def may_be_issued(self) -> bool:
        """Whether there is something to bill, and not too much of it; what is not is refused when it is issued."""
        borne = any(line.funded_by for line in self.lines)
        return 0 < self.total.amount_minor <= MOST or (borne and not self.total.amount_minor)


class ServiceInvoiceController(Controller):
    """``/manage/{edition_id}/payments/new``."""

    path = "/manage/{edition_id:int}/payments/new"
    guards = [requires(Role.OWNER, Role.FINANCE)]
    include_in_schema = False

    @get("/")
    async def new(self, edition_id: FromPath[int]) -> Response[str]:
        """The form of an invoice for a service or a sponsor."""
        form = Form.empty(client_id=new_token(), locale=current_locale())
        return await _form_page(await edition_by_id(edition_id), form)

    @post("/")
    async def issue(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Show what it comes to, and issue it once that was agreed to; sent twice it is one."""
        edition = await edition_by_id(edition_id)
        try:
            reading = await open_form(request, ServiceInvoiceForm)
            phone, email = contact_in(reading, edition.region)
            tax_code = _tax_code(reading, edition)
            await _look_at_days(reading, edition)
            lines = await _lines(request, reading, edition)
            values = reading.settle()
            made = await _made(edition, lines)
            if made.may_be_issued and values.agreed != str(made.total.amount_minor):
                return await _form_page(edition, await form_again(request, {}), made=made)
            payer = Payer(
                name=values.payer_name, address=values.payer_address, tax_code=tax_code, language=values.locale
            )
            document = await issue_service_invoice(
                edition_id=edition_id,
                client_id=values.client_id,
                payer=payer,
                email=email,
                phone=phone,
                description=values.description,
                lines=lines,
                due_on=values.due_on,
                first_percent=values.first_percent,
                rest_due_on=values.rest_due_on,
                actor=request.user,
                now=now(),
            )
        except FormError as error:
            return await _form_page(edition, error.form, status=422)
        except AmountOutOfRange as error:
            form = await form_again(request, {"line_price-1": error.sentence()})
            return await _form_page(edition, form, status=error.status)
        except InvoiceIdTaken as error:
            form = await form_again(request, {"payer_name": error.sentence()})
            form.values["client_id"] = new_token()  # sent once more it is another invoice
            return await _form_page(edition, form, status=error.status)
        toast = _("Invoice {number} is issued. The message is on its way.").format(number=document.number)
        return redirect(f"/manage/{edition_id}/payments/{document.id}", toast=toast)


class OwnInvoiceController(Controller):
    """``/e/{slug}/invoices/done/{secret}``: for whoever holds the link."""

    path = "/e/{slug:str}/invoices/done/{secret:str}"
    guards = [public]
    include_in_schema = False

    @get("/")
    async def show(self, slug: FromPath[str], secret: FromPath[str]) -> Response[str]:
        """What is due, how to pay it, and what has come."""
        edition, document = await _named(slug, secret)
        return await _own_page(edition, document, secret, Form.empty())

    @get("/invoice.pdf")
    async def print_(self, slug: FromPath[str], secret: FromPath[str]) -> Response[bytes]:
        """The invoice, or its receipt once it is paid."""
        _edition, document = await _named(slug, secret)
        return await _paper(document)

    @get("/credit-notes/{note_id:int}")
    async def print_credit(self, slug: FromPath[str], secret: FromPath[str], note_id: FromPath[int]) -> Response[bytes]:
        """A credit note over it."""
        _edition, document = await _named(slug, secret)
        return await _paper(await credit_note_over(document, note_id))

    @get(["/e-invoice.pdf", "/e-invoice.xml"])
    async def e_invoice(
        self,
        request: Request[Any, Any, Any],
        slug: FromPath[str],
        secret: FromPath[str],
        note: FromQuery[int | None] = None,
    ) -> Response[bytes]:
        """The file of its legal e-invoice, or of a credit note's. Raises LegalFileNotFound."""
        _edition, document = await _named(slug, secret)
        return await legal_download(document, request.url.path, note)

    @post("/proof")
    async def prove(
        self, request: Request[Actor, Any, Any], slug: FromPath[str], secret: FromPath[str]
    ) -> Response[Any]:
        """Show that the transfer was sent."""
        edition, document = await _named(slug, secret)
        if wrong := await take_proof(request, document.id):
            return await _own_page(edition, document, secret, wrong[0], status=wrong[1])
        return redirect(_path(edition, secret), toast=_("The proof was sent."))

    @get(["/card", "/proof"])
    async def own_again(self, slug: FromPath[str], secret: FromPath[str]) -> Response[Any]:
        """Who reads this page in another language, or again, begins at her invoice."""
        return redirect(_path(await edition_by_slug(slug), secret))

    @post("/card")
    async def pay_by_card(self, slug: FromPath[str], secret: FromPath[str]) -> Response[str]:
        """Lead on to Stripe's page. Pressed again while it is open, it leads to the same one."""
        edition, document = await _named(slug, secret)
        url = await start_checkout(document_id=document.id, locale=current_locale(), now=now())
        return await leave_for_checkout(edition, url, document_id=document.id, back=_path(edition, secret))


def _path(edition: EditionInfo, secret: str) -> str:
    return f"{edition.path}/invoices/done/{secret}"


async def _named(slug: str, secret: str) -> tuple[EditionInfo, DocumentInfo]:
    """The edition and the invoice that a link names. Raises EditionNotFound, DocumentNotFound."""
    edition = await edition_by_slug(slug)
    return edition, await document_by_secret(edition.id, secret)


async def _paper(document: DocumentInfo) -> Response[bytes]:
    await limit(f"document-pdf:{document.id}", times=20, seconds=3600, now=now())
    return download(await invoice_pdf(document), f"{document.number}.pdf", "application/pdf")


async def _own_page(
    edition: EditionInfo, document: DocumentInfo, secret: str, proof_form: Form, *, status: int = 200
) -> Response[str]:
    return page(
        "payments/own_invoice.html",
        status=status,
        headers={"cache-control": "private, no-store"},
        edition=edition,
        document=document,
        invoice=await own_invoice(document, is_asked=document.state == DocumentState.OPEN),
        own=_path(edition, secret),
        proof_form=proof_form,
        state_names={one: _(name) for one, name in STATE_NAMES.items()},
        method_names={one: _(name) for one, name in METHOD_NAMES.items()},
    )


async def _made(edition: EditionInfo, lines: Sequence[Line]) -> Made:
    terms, today = await queries.terms_of(edition.id), edition.today(now())
    total = Money(total_of(lines, terms, today), edition.currency)
    return Made([taxed(line, terms, today) for line in lines], total)


async def _form_page(edition: EditionInfo, form: Form, *, status: int = 200, made: Made | None = None) -> Response[str]:
    terms = await queries.terms_of(edition.id)
    return page(
        "payments/service_invoice.html",
        status=status,
        edition=edition,
        form=form,
        made=made,
        count=LINES,
        taxes=_taxes(terms, edition),
        mode=_(TAX_MODE_NAMES[terms.tax_mode]),
        due_days=terms.due_days,
        bearers=(await bearers_known(edition.id)).values(),
        lacks_ways_to_pay=await lacks_ways_to_pay(edition.id),
    )


def _taxes(terms: Terms, edition: EditionInfo) -> list[tuple[str, str]]:
    """How a line can be taxed: as the terms say, at another rate of the country where they take tax, or not at all."""
    if terms.tax_mode == TaxMode.NONE:
        return [("", _(TAX_MODE_NAMES[TaxMode.NONE])), (EXEMPT, _("Exempt"))]
    rates = rates_in(country_of(edition.timezone, edition.currency), edition.today(now()))
    return [("", _("As the terms say")), *rates, (EXEMPT, _("Exempt"))]


def _tax_code(reading: Reading[ServiceInvoiceForm], edition: EditionInfo) -> str:
    """The payer's tax code without blanks; refuses what is none."""
    code = "".join(reading.values.payer_tax_code.split())
    if code and not is_payers_tax_code(code, edition.currency):
        reading.refuse("payer_tax_code", tax_code_error(code, "ID" if edition.currency == "IDR" else "VN").sentence())
    return code


async def _look_at_days(reading: Reading[ServiceInvoiceForm], edition: EditionInfo) -> None:
    """Refuse days that are over, and a rest that is nothing, has no day, or is due before the first part."""
    values, today = reading.values, edition.today(now())
    if values.due_on and values.due_on < today:
        reading.refuse("due_on", _("This day is over."))
    if values.rest_due_on is None:
        if values.first_percent < 100:
            reading.refuse("rest_due_on", _("Please say when the rest is due."))
        return
    if values.first_percent == 100:
        reading.refuse("first_percent", _("Please write how much is due first, in percent: less than 100."))
    first_on = values.due_on or today + timedelta(days=(await queries.terms_of(edition.id)).due_days)
    if values.rest_due_on < first_on:
        reading.refuse("rest_due_on", _("The rest is not due before the first part."))


async def _lines(
    request: Request[Any, Any, Any], reading: Reading[ServiceInvoiceForm], edition: EditionInfo
) -> list[Line]:
    """The lines that were typed; refuses what is wrong with each, and an invoice without one."""
    posted = await posted_by(request)
    terms, today = await queries.terms_of(edition.id), edition.today(now())
    known = {key for key, _name in _taxes(terms, edition)}
    bearers = await bearers_known(edition.id)
    names = ServiceLineForm.__struct_fields__
    found = []
    for number in range(1, LINES + 1):
        typed = {name: posted.get(f"{name}-{number}", []) for name in names}
        if number > 1 and not any(
            str(value).strip() for name in names if name not in UNTOUCHED for value in typed[name]
        ):
            continue
        line = decode_form(typed, ServiceLineForm)
        price = read_amount(line, "line_price", Money(0, edition.currency)).amount_minor
        tax, reason = line.values.line_tax, line.values.line_exempt
        if tax not in known:
            line.refuse("line_tax", _(NOT_A_CHOICE))
        if tax == EXEMPT and not reason:
            line.refuse("line_exempt", _("Please say why no tax is taken."))
        if reason and tax not in ("", EXEMPT):
            line.refuse("line_tax", _("A line is taxed at a rate, or exempt for a reason."))
        made = Line(
            description=line.values.line_what,
            unit_minor=price,
            quantity=line.values.line_number,
            tax_name="" if tax == EXEMPT else tax,
            exempt_reason=reason,
        )
        found.append(made)
        share = _borne(line, edition.currency)
        if share and not line.form.errors:
            if share > total_of([made], terms, today):
                line.refuse("line_borne", _("This is more than the line comes to."))
            with use_locale(reading.values.locale):
                found.append(borne(made, share, as_known(line.values.line_borne_by, bearers), terms, today))
        for name, sentence in line.form.errors.items():
            reading.refuse(f"{name}-{number}", sentence)
    borne_by_others = any(one.funded_by for one in found) and not reading.form.errors
    if borne_by_others and total_of(found, terms, today) == 0:
        for name in ("due_on", "rest_due_on"):
            if getattr(reading.values, name):
                reading.refuse(
                    name, _("Others bear all of it: its payer has nothing to pay by any day. Leave it empty.")
                )
    return found


def _borne(line: Reading[ServiceLineForm], currency: str) -> int:
    """What somebody else bears of a line, tax and all; refuses what is no amount, or borne by nobody."""
    amount, by = line.values.line_borne, line.values.line_borne_by
    if not amount and not by:
        return 0
    share = read_amount(line, "line_borne", Money(0, currency)).amount_minor
    if not by:
        line.refuse("line_borne_by", _("Please say who bears it."))
    elif not share:
        line.refuse("line_borne", _("Please say how much of it, or leave both fields empty."))
    return share
