"""The JSON API of a team's own ideas: begin one, change it, send it in, take it back."""

from typing import Annotated, Any

from litestar import Controller, Request, get, patch, post
from litestar.params import Body, FromPath

from app.accounts.actor import Actor
from app.accounts.guards import signed_in
from app.judging.api_schemas import IdeaBody, IdeaChange, OwnIdeaDetailDTO, OwnIdeaDTO
from app.judging.controllers.api import contest_by_address
from app.judging.queries.contests import contest_by_id
from app.judging.queries.entries import entries_of_person, feedback_for, own_entry
from app.judging.services import entries as service
from app.kernel.clock import now
from app.kernel.errors import Invalid
from app.kernel.forms import REQUIRED
from app.kernel.i18n import _

ApiRequest = Request[Actor, Any, Any]


@post(
    "/api/v1/editions/{slug:str}/contest/entries",
    guards=[signed_in],
    tags=["Judging"],
    summary="Begin an idea as a draft",
)
async def begin_idea(
    request: ApiRequest, slug: FromPath[str], data: Annotated[IdeaBody, Body(title="The idea")]
) -> OwnIdeaDetailDTO:
    """Whoever begins it leads its team. Errors: ``contest_not_open``, ``call_not_begun``, ``call_ended``,
    ``invalid``."""
    contest = await contest_by_address(slug)
    entry_id = await service.enter_idea(
        edition_id=contest.edition_id, values=_texts(data), actor=request.user, now=now()
    )
    return await _shown(request, entry_id)


class OwnIdeasApi(Controller):
    """``/api/v1/entries``: ideas of the caller's own teams."""

    path = "/api/v1/entries"
    guards = [signed_in]
    tags = ["Judging"]

    @get("/", summary="Ideas of one's own teams")
    async def list_ideas(self, request: ApiRequest) -> list[OwnIdeaDTO]:
        """The newest first."""
        assert request.user.person_id is not None
        own = await entries_of_person(request.user.person_id)
        return [OwnIdeaDTO.of(entry, edition_id) for entry, edition_id in own]

    @get("/{entry_id:int}", summary="An idea of one's own team")
    async def read_idea(self, request: ApiRequest, entry_id: FromPath[int]) -> OwnIdeaDetailDTO:
        """With what judges wrote to the team in published rounds. Error: ``not_found``."""
        return await _shown(request, entry_id)

    @patch("/{entry_id:int}", summary="Change an idea")
    async def change_idea(
        self, request: ApiRequest, entry_id: FromPath[int], data: Annotated[IdeaChange, Body(title="What changes")]
    ) -> OwnIdeaDetailDTO:
        """What was sent in can be changed until the call ends. Errors: ``not_found``, ``entry_not_editable``,
        ``entry_incomplete``, ``contest_not_open``, ``call_ended``, ``invalid``."""
        await service.update_idea(entry_id=entry_id, values=_texts(data), actor=request.user, now=now())
        return await _shown(request, entry_id)

    @post("/{entry_id:int}/submit", status_code=200, summary="Send an idea in")
    async def submit_idea(self, request: ApiRequest, entry_id: FromPath[int]) -> OwnIdeaDetailDTO:
        """Sent in twice it is sent in once. Errors: ``not_found``, ``entry_incomplete`` with a sentence for each text
        that is missing, ``entry_not_editable``, ``contest_not_open``, ``call_ended``."""
        await service.submit_idea(entry_id=entry_id, actor=request.user, now=now())
        return await _shown(request, entry_id)

    @post("/{entry_id:int}/withdraw", status_code=200, summary="Take an idea back")
    async def withdraw_idea(self, request: ApiRequest, entry_id: FromPath[int]) -> OwnIdeaDetailDTO:
        """Errors: ``not_found``, ``entry_decided``."""
        await service.withdraw_idea(entry_id=entry_id, actor=request.user, now=now())
        return await _shown(request, entry_id)


def _texts(body: IdeaBody | IdeaChange) -> dict[str, str]:
    """What was sent, cleaned. Raises Invalid for a title or a team of blanks."""
    texts = body.texts()
    empty = [name for name in ("title", "team_name") if texts.get(name) == ""]
    if empty:
        raise Invalid(fields=dict.fromkeys(empty, _(REQUIRED)))
    return texts


async def _shown(request: ApiRequest, entry_id: int) -> OwnIdeaDetailDTO:
    entry = await own_entry(entry_id, request.user.person_id)
    contest = await contest_by_id(entry.contest_id)
    return OwnIdeaDetailDTO.with_feedback(entry, contest.edition_id, await feedback_for(entry.id))
