"""The difference for a dearer ticket, for whoever holds the order's link: how to pay it, and its papers."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.guards import public
from app.events.pages import download
from app.events.queries import EditionInfo, edition_by_slug
from app.kernel.clock import now
from app.kernel.forms import Form
from app.kernel.i18n import _, current_locale
from app.kernel.security import limit
from app.kernel.web import page, redirect
from app.payments.controllers.card import leave_for_checkout
from app.payments.controllers.legal import credit_note_over, legal_download
from app.payments.controllers.payers import take_proof
from app.payments.own_invoice import own_invoice
from app.payments.papers import invoice_pdf
from app.payments.queries import document_by_id
from app.payments.services.card_checkout import start_checkout
from app.payments.services.late_parts import may_be_paid, to_pay
from ticketing.sales.controllers.own import PRIVATE, own_path
from ticketing.sales.controllers.public import order_of
from ticketing.sales.enums import ChangeState
from ticketing.sales.errors import OrderNotFound
from ticketing.sales.queries_own import changes_of_order


class OwnChangeController(Controller):
    """``/e/{slug}/tickets/done/{secret}/pay/{change}``."""

    path = "/e/{slug:str}/tickets/done/{secret:str}/pay/{change_id:int}"
    guards = [public]
    include_in_schema = False

    @get("/")
    async def due(self, slug: FromPath[str], secret: FromPath[str], change_id: FromPath[int]) -> Response[str]:
        """What is to be paid, until when and how; or what became of it."""
        edition, change = await _change_of(slug, secret, change_id)
        return await _pay_page(edition, secret, change, Form.empty())

    @post("/card")
    async def pay_by_card(self, slug: FromPath[str], secret: FromPath[str], change_id: FromPath[int]) -> Response[str]:
        """Lead on to Stripe's page. Pressed again while it is open, it leads to the same one."""
        edition, change = await _change_of(slug, secret, change_id)
        document_id = change["payment_document"]
        url = await start_checkout(document_id=document_id, locale=current_locale(), now=now())
        return await leave_for_checkout(edition, url, document_id=document_id, back=_path(edition, secret, change_id))

    @post("/proof")
    async def prove(
        self, request: Request[Actor, Any, Any], slug: FromPath[str], secret: FromPath[str], change_id: FromPath[int]
    ) -> Response[Any]:
        """Show that the transfer was sent."""
        edition, change = await _change_of(slug, secret, change_id)
        if wrong := await take_proof(request, change["payment_document"]):
            return await _pay_page(edition, secret, change, wrong[0], status=wrong[1])
        return redirect(_path(edition, secret, change_id), toast=_("The proof was sent."))

    @get(["/card", "/proof"])
    async def due_again(self, slug: FromPath[str], secret: FromPath[str], change_id: FromPath[int]) -> Response[Any]:
        """Who reads what was answered in another language, or again, begins at what is to be paid."""
        return redirect(_path(await edition_by_slug(slug), secret, change_id))

    @get("/invoice.pdf")
    async def invoice(
        self,
        slug: FromPath[str],
        secret: FromPath[str],
        change_id: FromPath[int],
        note: FromQuery[int | None] = None,
    ) -> Response[bytes]:
        """Its invoice, the receipt once it is paid, or a credit note over it."""
        _edition, change = await _change_of(slug, secret, change_id)
        document = await document_by_id(change["payment_document"])
        if note is not None:
            document = await credit_note_over(document, note)
        await limit(f"document-pdf:{document.id}", times=20, seconds=3600, now=now())
        return download(await invoice_pdf(document), f"{document.number}.pdf", "application/pdf")

    @get(["/e-invoice.pdf", "/e-invoice.xml"])
    async def e_invoice(
        self,
        request: Request[Any, Any, Any],
        slug: FromPath[str],
        secret: FromPath[str],
        change_id: FromPath[int],
        note: FromQuery[int | None] = None,
    ) -> Response[bytes]:
        """The file of its legal e-invoice, or of a credit note's. Raises LegalFileNotFound."""
        _edition, change = await _change_of(slug, secret, change_id)
        return await legal_download(await document_by_id(change["payment_document"]), request.url.path, note)


def _path(edition: EditionInfo, secret: str, change_id: int) -> str:
    return f"{own_path(edition, secret)}/pay/{change_id}"


async def _change_of(slug: str, secret: str, change_id: int) -> tuple[EditionInfo, dict[str, Any]]:
    """The edition, and a change of the order that a link names. Raises EditionNotFound, OrderNotFound."""
    edition, order = await order_of(slug, secret)
    for change in await changes_of_order(order["id"]):
        if change["id"] == change_id:
            return edition, {**change, "reference": order["reference"]}
    raise OrderNotFound


async def _pay_page(
    edition: EditionInfo, secret: str, change: dict[str, Any], proof_form: Form, *, status: int = 200
) -> Response[str]:
    document = await document_by_id(change["payment_document"])
    waits = change["state"] == ChangeState.HELD and document.due.amount_minor > 0 and await may_be_paid(document)
    return page(
        "sales/own_pay.html",
        status=status,
        headers=PRIVATE,
        edition=edition,
        own=own_path(edition, secret),
        here=_path(edition, secret, change["id"]),
        change=change,
        waits=waits,
        still_counts=change["state"] == ChangeState.EXPIRED and await may_be_paid(document),
        due=await to_pay(document),
        document=document,
        invoice=await own_invoice(document, is_asked=waits),
        proof_form=proof_form,
    )
