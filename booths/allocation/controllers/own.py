"""What an exhibitor sees of her own application: its fee, how to pay it, and its invoices. Nobody else does."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.errors import FillingInNotAllowed
from app.accounts.guards import signed_in
from app.events.enums import Part
from app.events.pages import download
from app.events.queries import EditionInfo, edition_by_slug
from app.kernel.clock import now
from app.kernel.errors import NotFound
from app.kernel.forms import Form
from app.kernel.i18n import _, current_locale
from app.kernel.security import limit
from app.kernel.web import page, redirect
from app.payments.controllers.card import leave_for_checkout
from app.payments.controllers.legal import legal_download
from app.payments.controllers.payers import take_proof
from app.payments.enums import METHOD_NAMES, STATE_NAMES
from app.payments.errors import DocumentNotFound
from app.payments.papers import invoice_pdf
from app.payments.queries import DocumentInfo, document_by_id
from app.payments.services.card_checkout import start_checkout
from booths.allocation import queries, queries_proposals
from booths.allocation.enums import FEE_PURPOSE, ApplicationState
from booths.allocation.errors import ApplicationNotFound
from booths.allocation.queries_fees import fee_of, own_fees
from booths.allocation.services.drafts import deleted_at


async def fair_of(slug: str, actor: Actor) -> EditionInfo:
    """An edition with a trade fair; an officer who fills in for somebody does so in one edition alone.

    Raises EditionNotFound, NotFound, FillingInNotAllowed.
    """
    edition = await edition_by_slug(slug)
    if not edition.has(Part.FAIR):
        raise NotFound
    if actor.filling_in is not None and actor.filling_in.edition_id != edition.id:
        raise FillingInNotAllowed
    return edition


async def own_application(
    request: Request[Actor, Any, Any], edition: EditionInfo, application_id: int
) -> queries.ApplicationInfo:
    """An application of whoever asks. Raises ApplicationNotFound, also when it is somebody else's."""
    found = await queries.application(edition.id, application_id)
    if not request.user.has(Role.EXHIBITOR_OWNER, edition_id=edition.id, organisation_id=found.organisation_id):
        raise ApplicationNotFound
    return found


async def fee_part(edition: EditionInfo, found: queries.ApplicationInfo) -> dict[str, Any]:
    """What the page of one's own application needs for ``allocation/own_fee.html``."""
    fee = await fee_of(edition.id, edition.today(now()), found.id)
    return {
        "fees": await own_fees(found.id),
        "borne": fee if fee and fee.document is None and not fee.to_pay.amount_minor else None,
        "state_names": {one: _(name) for one, name in STATE_NAMES.items()},
        "method_names": {one: _(name) for one, name in METHOD_NAMES.items()},
    }


async def application_page(
    edition: EditionInfo, found: queries.ApplicationInfo, *, proof_form: Form | None = None, status: int = 200
) -> Response[str]:
    """The page of one's own application."""
    waits = found.state == ApplicationState.WAITING
    return page(
        "allocation/apply_mine.html",
        status=status,
        headers={"cache-control": "private, no-store"},
        edition=edition,
        application=found,
        waiting=await queries_proposals.why_waiting(edition.id, found.id) if waits else [],
        deleted_at=deleted_at(found.changed_at) if found.changed_at else None,
        proof_form=proof_form or Form.empty(),
        **await fee_part(edition, found),
    )


class OwnFeeController(Controller):
    """``/e/{slug}/apply/mine/{application_id}/fee/{document_id}``."""

    path = "/e/{slug:str}/apply/mine/{application_id:int}/fee/{document_id:int}"
    guards = [signed_in]
    include_in_schema = False

    @get("/invoice.pdf")
    async def invoice(
        self,
        request: Request[Actor, Any, Any],
        slug: FromPath[str],
        application_id: FromPath[int],
        document_id: FromPath[int],
    ) -> Response[bytes]:
        """The invoice, its receipt once it is paid, or a credit note for it."""
        edition = await fair_of(slug, request.user)
        document = await _own_document(request, edition, application_id, document_id)
        await limit(f"document-pdf:{document.id}", times=20, seconds=3600, now=now())
        return download(await invoice_pdf(document), f"{document.number}.pdf", "application/pdf")

    @get(["/e-invoice.pdf", "/e-invoice.xml"])
    async def e_invoice(
        self,
        request: Request[Actor, Any, Any],
        slug: FromPath[str],
        application_id: FromPath[int],
        document_id: FromPath[int],
        note: FromQuery[int | None] = None,
    ) -> Response[bytes]:
        """The file of its legal e-invoice, or of a credit note's. Raises LegalFileNotFound."""
        edition = await fair_of(slug, request.user)
        document = await _own_document(request, edition, application_id, document_id)
        return await legal_download(document, request.url.path, note)

    @post("/proof")
    async def prove(
        self,
        request: Request[Actor, Any, Any],
        slug: FromPath[str],
        application_id: FromPath[int],
        document_id: FromPath[int],
    ) -> Response[Any]:
        """Show that the transfer was sent."""
        edition = await fair_of(slug, request.user)
        document = await _own_document(request, edition, application_id, document_id)
        if wrong := await take_proof(request, document.id):
            found = await own_application(request, edition, application_id)
            return await application_page(edition, found, proof_form=wrong[0], status=wrong[1])
        return redirect(f"{edition.path}/apply/mine/{application_id}", toast=_("The proof was sent."))

    @get(["/card", "/proof"])
    async def own_again(
        self, slug: FromPath[str], application_id: FromPath[int], document_id: FromPath[int]
    ) -> Response[Any]:
        """Who reads this page in another language, or again, begins at her application."""
        return redirect(f"{(await edition_by_slug(slug)).path}/apply/mine/{application_id}")

    @post("/card")
    async def pay_by_card(
        self,
        request: Request[Actor, Any, Any],
        slug: FromPath[str],
        application_id: FromPath[int],
        document_id: FromPath[int],
    ) -> Response[str]:
        """Lead on to Stripe's page with what is due next. Pressed again while it is open, it leads to the same one."""
        edition = await fair_of(slug, request.user)
        document = await _own_document(request, edition, application_id, document_id)
        url = await start_checkout(document_id=document.id, locale=current_locale(), now=now())
        back = f"{edition.path}/apply/mine/{application_id}"
        return await leave_for_checkout(edition, url, document_id=document.id, back=back)


async def _own_document(
    request: Request[Actor, Any, Any], edition: EditionInfo, application_id: int, document_id: int
) -> DocumentInfo:
    await own_application(request, edition, application_id)
    document = await document_by_id(document_id, edition.id)
    if document.purpose != FEE_PURPOSE or document.subject_id != application_id:
        raise DocumentNotFound
    return document
