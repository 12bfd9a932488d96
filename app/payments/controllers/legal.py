"""E-invoices at the finance desk: what a provider issued, what it refused, what somebody types, and the files."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.pages import download, form_again
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.clock import now
from app.kernel.editing import held, open_edit
from app.kernel.forms import Form, FormError, read_form
from app.kernel.i18n import _
from app.kernel.web import page, redirect
from app.payments import queries
from app.payments.enums_legal import LEGAL_STATE_NAMES, LegalFileKind
from app.payments.errors import DocumentNotFound
from app.payments.errors_legal import LegalFileThere, LegalFileUnreadable, LegalInvoiceEmpty, LegalNumberTaken
from app.payments.queries import DocumentInfo, LegalInvoice
from app.payments.queries_legal import legal_part
from app.payments.schemas import LegalFileForm, LegalForm
from app.payments.services.legal import note_legal_invoice
from app.payments.services.legal_files import MOST_BYTES, keep_legal_file, legal_file
from app.payments.services.legal_issuing import ask_again

MEDIA_TYPES = {LegalFileKind.PDF: "application/pdf", LegalFileKind.XML: "application/xml"}


class LegalController(Controller):
    """``/manage/{edition_id}/payments/{document_id}/legal``."""

    path = "/manage/{edition_id:int}/payments/{document_id:int}/legal"
    guards = [requires(Role.OWNER, Role.FINANCE)]
    include_in_schema = False

    @get("/")
    async def legal(self, edition_id: FromPath[int], document_id: FromPath[int]) -> Response[str]:
        """What names the provider's e-invoice, and its files."""
        document = await queries.document_by_id(document_id, edition_id)
        return await _legal_page(await edition_by_id(edition_id), document, _legal_form(document))

    @post("/")
    async def note(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], document_id: FromPath[int]
    ) -> Response[Any]:
        """Note it beside ours."""
        edition = await edition_by_id(edition_id)
        document = await queries.document_by_id(document_id, edition_id)
        try:
            async with held("edition", edition_id, alone=False), held("payment_document", document_id):
                record = _legal_form(await queries.document_by_id(document_id, edition_id))
                subject = ("payment_document", document_id)
                reading = await open_edit(request, LegalForm, record=record, subject=subject)
                values = reading.settle()
                legal = LegalInvoice(
                    provider=values.legal_provider,
                    series=values.legal_series,
                    number=values.legal_number,
                    lookup=values.legal_lookup,
                )
                try:
                    await note_legal_invoice(document_id=document_id, legal=legal, actor=request.user, now=now())
                except (LegalNumberTaken, LegalInvoiceEmpty) as error:
                    reading.refuse("legal_number", error.sentence())
                    reading.settle()
        except FormError as error:
            return await _legal_page(edition, document, error.form, status=error.status)
        return redirect(f"/manage/{edition_id}/payments/{document_id}", toast=_("Saved."))

    @post("/file", request_max_body_size=MOST_BYTES + 64 * 1024)
    async def upload(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], document_id: FromPath[int]
    ) -> Response[Any]:
        """Store its PDF or XML."""
        edition = await edition_by_id(edition_id)
        document = await queries.document_by_id(document_id, edition_id)
        try:
            values = await read_form(request, LegalFileForm)
            await keep_legal_file(
                document_id=document_id,
                content=await values.file.read(),
                replace=values.replace,
                actor=request.user,
                now=now(),
            )
        except FormError as error:
            return await _legal_page(edition, document, _legal_form(document), file_form=error.form, status=422)
        except (LegalFileUnreadable, LegalFileThere) as error:
            form = await form_again(request, {"file": error.sentence()})
            return await _legal_page(edition, document, _legal_form(document), file_form=form, status=error.status)
        return redirect(f"/manage/{edition_id}/payments/{document_id}/legal", toast=_("The file is stored."))

    @post("/again")
    async def again(self, edition_id: FromPath[int], document_id: FromPath[int]) -> Response[Any]:
        """Let the provider be asked again for what it refused."""
        await queries.document_by_id(document_id, edition_id)
        await ask_again(document_id=document_id, now=now())
        return redirect(f"/manage/{edition_id}/payments/{document_id}/legal", toast=_("The provider is asked again."))

    @get(["/e-invoice.pdf", "/e-invoice.xml"])
    async def file(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], document_id: FromPath[int]
    ) -> Response[bytes]:
        """Its file. Raises LegalFileNotFound."""
        document = await queries.document_by_id(document_id, edition_id)
        return await legal_download(document, request.url.path)


async def legal_download(document: DocumentInfo, path: str, note_id: int | None = None) -> Response[bytes]:
    """The file of a document's e-invoice that an address ends in, or of that of a credit note over it, for whoever may
    see the document.

    Raises LegalFileNotFound, DocumentNotFound.
    """
    if note_id is not None:
        document = await credit_note_over(document, note_id)
    kind = LegalFileKind(path.rpartition(".")[2])
    content = await legal_file(document.id, kind)
    return download(content, f"{document.number}-e-invoice.{kind.value}", MEDIA_TYPES[kind])


async def credit_note_over(document: DocumentInfo, note_id: int) -> DocumentInfo:
    """A credit note that corrects a document. Raises DocumentNotFound for one of another."""
    found = next((one for one in await queries.credit_notes_of(document.id) if one.id == note_id), None)
    if found is None:
        raise DocumentNotFound
    return found


def _legal_form(document: DocumentInfo) -> Form:
    legal = document.legal
    return Form.of(
        legal_provider=legal.provider,
        legal_series=legal.series,
        legal_number=legal.number,
        legal_lookup=legal.lookup,
    )


async def _legal_page(
    edition: EditionInfo, document: DocumentInfo, form: Form, *, file_form: Form | None = None, status: int = 200
) -> Response[str]:
    return page(
        "payments/legal.html",
        status=status,
        edition=edition,
        document=document,
        form=form,
        file_form=file_form or Form.empty(),
        part=await legal_part(document.id),
        state_names={state: _(name) for state, name in LEGAL_STATE_NAMES.items()},
    )
