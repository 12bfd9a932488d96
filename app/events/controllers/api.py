"""The JSON API of editions, programmes and passes."""

from typing import Annotated

from litestar import Controller, get, post
from litestar.params import Body, FromPath

from app.accounts.guards import public
from app.events import queries
from app.events.enums import ENDED_STATES, EditionState, Part, PassState
from app.events.errors import EditionNotFound, PassNotFound
from app.events.passes.queries import genuine, key_shifts, pass_public_keys, state_of
from app.events.schemas import EditionDTO, PassCheckDTO, PassCodeDTO, PassKeyDTO, SessionDTO
from app.kernel.clock import now


class EditionsApi(Controller):
    """``/api/v1/editions``."""

    path = "/api/v1/editions"
    guards = [public]
    tags = ["Editions"]

    @get("/", summary="Editions that are open, over or cancelled, the newest first")
    async def list_editions(self) -> list[EditionDTO]:
        """Drafts are not among them."""
        found = await queries.editions(states=(EditionState.OPEN, *ENDED_STATES))
        return [EditionDTO.of(edition) for edition in found]

    @get("/{slug:str}", summary="One edition")
    async def read_edition(self, slug: FromPath[str]) -> EditionDTO:
        """404 ``edition_not_found`` for one that is not there or still a draft."""
        return EditionDTO.of(await queries.edition_by_slug(slug))

    @get("/{slug:str}/programme", summary="Sessions of an edition in order of time")
    async def read_programme(self, slug: FromPath[str]) -> list[SessionDTO]:
        """Times are UTC; the edition says its zone. 404 ``edition_not_found`` for an edition without a programme."""
        edition = await queries.edition_by_slug(slug)
        if not edition.has(Part.PROGRAMME):
            raise EditionNotFound
        return [SessionDTO.of(session) for session in (await queries.programme(edition.id)).items]

    @get("/{slug:str}/pass-keys", summary="Public keys that verify passes of an edition", tags=["Passes"])
    async def read_keys(self, slug: FromPath[str]) -> list[PassKeyDTO]:
        """Retired keys are among them: what they signed stays valid."""
        edition = await queries.edition_by_slug(slug)
        keys = await pass_public_keys(edition.id)
        shifts = await key_shifts(edition.id)
        return [
            PassKeyDTO(key_id=key_id, public_key=key.hex(), shift_minutes=shifts.get(key_id, 0))
            for key_id, key in sorted(keys.items())
        ]


class PassesApi(Controller):
    """``/api/v1/passes``."""

    path = "/api/v1/passes"
    guards = [public]
    tags = ["Passes"]

    @post("/verify", summary="What a pass's code says of itself", status_code=200, no_csrf=True)
    async def verify(self, data: Annotated[PassCodeDTO, Body(title="The code")]) -> PassCheckDTO:
        """404 ``pass_not_genuine`` for a code that no edition here signed. Nothing about the holder is said."""
        payload = await genuine(data.code)
        try:
            state = await state_of(payload)
        except PassNotFound:
            state = PassState.REVOKED
        return PassCheckDTO(
            edition_id=payload.edition_id,
            kind=payload.kind.value,
            valid_from=payload.valid_from,
            valid_until=payload.valid_until,
            valid_now=payload.covers(now()) and state == PassState.ISSUED,
            revoked=state == PassState.REVOKED,
        )
