"""What the finance desk has to do with a document's payer: reminding her, and looking at her proofs of transfer."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.queries import edition_by_id
from app.kernel.clock import now
from app.kernel.documents.pages import PageNotRead
from app.kernel.errors import TooManyTries
from app.kernel.forms import Form, FormError, open_form
from app.kernel.i18n import _
from app.kernel.images import NotAPicture, PictureTooLarge
from app.kernel.web import redirect
from app.payments import queries
from app.payments.controllers.finance import document_page
from app.payments.errors import PayerNotReached, ProofsFull, ProofTooLarge, RemindedToday
from app.payments.queries_proof import proof_picture
from app.payments.schemas import NO_FILE, NOT_A_PROOF, ProofForm
from app.payments.services.proofs import note_looked_at, send_proof
from app.payments.services.reminding import remind_now


async def take_proof(request: Request[Actor, Any, Any], document_id: int) -> tuple[Form, int] | None:
    """Keep the proof that a payer's page sends; None when it is kept, else her form with what was wrong, and a status.

    Who may send it the page has to see to. Raises DocumentNotFound, DocumentNotOpen.
    """
    try:
        reading = await open_form(request, ProofForm)
        if reading.values.proof is None:
            reading.refuse("proof", _(NO_FILE))
        upload = reading.settle().proof
        assert upload is not None
        await send_proof(document_id=document_id, data=await upload.read(), actor=request.user, now=now())
    except FormError as error:
        return error.form, 422
    except NotAPicture as error:
        return Form({}, {"proof": _(NOT_A_PROOF)}), error.status
    except (PictureTooLarge, PageNotRead, ProofTooLarge, ProofsFull, TooManyTries) as error:
        return Form({}, {"proof": error.sentence()}), error.status
    return None


class PayerController(Controller):
    """``/manage/{edition_id}/payments/{document_id}``: its payer."""

    path = "/manage/{edition_id:int}/payments/{document_id:int}"
    guards = [requires(Role.OWNER, Role.FINANCE)]
    include_in_schema = False

    @post("/remind")
    async def remind(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], document_id: FromPath[int]
    ) -> Response[Any]:
        """Remind her now; why she is not comes back on the invoice's page."""
        document = await queries.document_by_id(document_id, edition_id)
        try:
            await remind_now(document_id=document_id, actor=request.user, now=now())
        except (RemindedToday, PayerNotReached) as error:
            edition = await edition_by_id(edition_id)
            return await document_page(edition, document, problem=error.sentence(), status=error.status)
        return redirect(f"/manage/{edition_id}/payments/{document_id}", toast=_("The reminder is on its way."))

    @get("/proofs/{proof_id:int}")
    async def proof(
        self, edition_id: FromPath[int], document_id: FromPath[int], proof_id: FromPath[int]
    ) -> Response[bytes]:
        """The picture of a proof."""
        await queries.document_by_id(document_id, edition_id)
        content, mime = await proof_picture(proof_id, document_id)
        return Response(content, media_type=mime, headers={"cache-control": "private, no-store"})

    @post("/proofs/{proof_id:int}/looked-at")
    async def looked_at(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        document_id: FromPath[int],
        proof_id: FromPath[int],
    ) -> Response[Any]:
        """Say that it waits no more."""
        await queries.document_by_id(document_id, edition_id)
        await note_looked_at(proof_id=proof_id, document_id=document_id, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/payments/{document_id}", toast=_("Noted."))
