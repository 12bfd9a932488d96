"""The JSON API of payments, for the finance desk."""

from litestar import Controller, get
from litestar.params import FromPath, FromQuery

from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.pages import PAGE_SIZE, offset_of
from app.events.queries import edition_by_id
from app.kernel.names import search_text
from app.kernel.paging import page_number
from app.payments import queries
from app.payments.enums import DocumentState
from app.payments.schemas import DocumentDetailDTO, DocumentDTO, DocumentListDTO


class PaymentsApi(Controller):
    """``/api/v1/manage/{edition_id}/payments``."""

    path = "/api/v1/manage/{edition_id:int}/payments"
    guards = [requires(Role.OWNER, Role.FINANCE)]
    tags = ["Payments"]

    @get("/", summary="Payment documents of an edition")
    async def list_documents(
        self,
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
        status: FromQuery[DocumentState | None] = None,
        page: FromQuery[int] = 1,
    ) -> DocumentListDTO:
        """Fifty at a time, the newest first; ``q`` looks in numbers, payers, texts, amounts and phones."""
        await edition_by_id(edition_id)
        found = await queries.documents(
            edition_id, state=status, search=search_text(q), offset=offset_of(page), limit=PAGE_SIZE
        )
        return DocumentListDTO(
            items=[DocumentDTO.of(document) for document in found.items], total=found.total, page=page_number(page)
        )

    @get("/{document_id:int}", summary="A payment document with its payments")
    async def read_document(self, edition_id: FromPath[int], document_id: FromPath[int]) -> DocumentDetailDTO:
        """Error: ``payment_document_not_found``."""
        document = await queries.document_by_id(document_id, edition_id)
        return DocumentDetailDTO.with_payments(document, await queries.payments_of(document.id))
