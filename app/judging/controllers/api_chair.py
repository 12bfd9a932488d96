"""The JSON API of the jury room: the call, rounds, assignments, the ranking, awards and their publication."""

from datetime import datetime
from typing import Annotated, Any

from litestar import Controller, Request, get, post
from litestar.params import Body, FromPath

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.judging.api_schemas import (
    AssignedDTO,
    AwardBody,
    AwardDTO,
    CallBody,
    CallDTO,
    Publication,
    RankedIdeaDTO,
    RoundDTO,
    RoundOpening,
    RoundPublishedDTO,
)
from app.judging.controllers.api import EARLIEST_YEAR, LAST_YEAR
from app.judging.controllers.manage import round_for
from app.judging.enums import ContestState
from app.judging.guards import contest_for
from app.judging.queries.contests import ContestRow, RoundRow, contest_by_id, round_by_id, rounds_of
from app.judging.queries.results import awards_of, ranking
from app.judging.services import awards as award_service
from app.judging.services import contests as contest_service
from app.judging.services import panels as panel_service
from app.kernel.clock import now
from app.kernel.errors import Invalid
from app.kernel.forms import NOT_A_TIME
from app.kernel.i18n import _
from app.kernel.names import clean_text

ApiRequest = Request[Actor, Any, Any]
ORGANISERS = requires(Role.MANAGER, Role.JURY_CHAIR)
CHAIR = requires(Role.JURY_CHAIR)
ROUND = "/rounds/{round_id:int}"


class JuryRoomApi(Controller):
    """``/api/v1/manage/{edition_id}/contest``; somebody with a stake in the contest gets ``chair_in_conflict``."""

    path = "/api/v1/manage/{edition_id:int}/contest"
    tags = ["Jury room"]

    @post("/call", guards=[ORGANISERS], status_code=200, summary="Open or close the call for ideas")
    async def call(
        self, request: ApiRequest, edition_id: FromPath[int], data: Annotated[CallBody, Body(title="The call")]
    ) -> CallDTO:
        """A closed call keeps its end. Errors: ``chair_in_conflict``, ``round_state_wrong``, ``end_passed``,
        ``invalid``, ``edition_cancelled``."""
        contest = await contest_for(edition_id, request.user)
        await contest_service.set_contest_state(
            contest_id=contest.id,
            state=ContestState.OPEN if data.open else ContestState.CLOSED,
            entries_close_at=_moment(data.entries_close_at, "entries_close_at")
            if data.open
            else contest.entries_close_at,
            actor=request.user,
            now=now(),
        )
        return CallDTO.of(await contest_by_id(contest.id))

    @get("/rounds", guards=[ORGANISERS], summary="Rounds of the contest")
    async def list_rounds(self, request: ApiRequest, edition_id: FromPath[int]) -> list[RoundDTO]:
        """In their order. Error: ``chair_in_conflict``."""
        contest = await contest_for(edition_id, request.user)
        return [RoundDTO.of(round_) for round_ in await rounds_of(contest.id)]

    @post(ROUND + "/open", guards=[ORGANISERS], status_code=200, summary="Let the judges begin")
    async def open_round(
        self,
        request: ApiRequest,
        edition_id: FromPath[int],
        round_id: FromPath[int],
        data: Annotated[RoundOpening, Body(title="Until when")],
    ) -> RoundDTO:
        """The first round takes every idea in and ends the call. Errors: ``chair_in_conflict``, ``round_state_wrong``,
        ``end_passed``, ``invalid``, ``edition_cancelled``."""
        await _enter(request, edition_id, round_id)
        closes_at = _moment(data.closes_at, "closes_at")
        await contest_service.open_round(round_id=round_id, closes_at=closes_at, actor=request.user, now=now())
        return RoundDTO.of(await round_by_id(round_id))

    @post(ROUND + "/assignments", guards=[CHAIR], status_code=200, summary="Assign judges to every idea")
    async def assign(self, request: ApiRequest, edition_id: FromPath[int], round_id: FromPath[int]) -> AssignedDTO:
        """Fills every idea up to its number of judges; what is there stays. Errors: ``chair_in_conflict``,
        ``round_state_wrong``."""
        await _enter(request, edition_id, round_id)
        added = await panel_service.assign_judges(round_id=round_id, actor=request.user, now=now())
        return AssignedDTO(added=added)

    @get(ROUND + "/ranking", guards=[CHAIR], summary="Ideas of a round in order")
    async def read_ranking(
        self, request: ApiRequest, edition_id: FromPath[int], round_id: FromPath[int]
    ) -> list[RankedIdeaDTO]:
        """Provisional until the round is sealed. Error: ``chair_in_conflict``."""
        await _enter(request, edition_id, round_id)
        return [RankedIdeaDTO.of(entry) for entry in await ranking(round_id)]

    @post(ROUND + "/seal", guards=[CHAIR], status_code=200, summary="Seal a round")
    async def seal(self, request: ApiRequest, edition_id: FromPath[int], round_id: FromPath[int]) -> RoundDTO:
        """Ballots that come later are set aside. Errors: ``chair_in_conflict``, ``round_state_wrong``."""
        await _enter(request, edition_id, round_id)
        await contest_service.lock_round(round_id=round_id, actor=request.user, now=now())
        return RoundDTO.of(await round_by_id(round_id))

    @get(ROUND + "/awards", guards=[CHAIR], summary="Awards of a round, prepared or published")
    async def list_awards(
        self, request: ApiRequest, edition_id: FromPath[int], round_id: FromPath[int]
    ) -> list[AwardDTO]:
        """By rank. Error: ``chair_in_conflict``."""
        contest, _round = await _enter(request, edition_id, round_id)
        awards = await awards_of(contest.id, published_only=False)
        return [AwardDTO.of(award) for award in awards if award.round_id == round_id]

    @post(ROUND + "/awards", guards=[CHAIR], summary="Prepare an award")
    async def give_award(
        self,
        request: ApiRequest,
        edition_id: FromPath[int],
        round_id: FromPath[int],
        data: Annotated[AwardBody, Body(title="The award")],
    ) -> AwardDTO:
        """An idea has one in a round: given again it changes. Errors: ``chair_in_conflict``, ``round_state_wrong``,
        ``not_found``."""
        contest, _round = await _enter(request, edition_id, round_id)
        title: dict[str, str] = {code: clean_text(text) for code, text in data.title.items() if clean_text(text)}
        award_id = await award_service.give_award(
            round_id=round_id,
            entry_id=data.entry_id,
            rank=data.rank,
            title=title or None,
            actor=request.user,
            now=now(),
        )
        awards = await awards_of(contest.id, published_only=False)
        return next(AwardDTO.of(award) for award in awards if award.id == award_id)

    @post(ROUND + "/publish", guards=[CHAIR], status_code=200, summary="Tell everybody the awards")
    async def publish(
        self,
        request: ApiRequest,
        edition_id: FromPath[int],
        round_id: FromPath[int],
        data: Annotated[Publication, Body(title="Whether doubts are known")],
    ) -> RoundPublishedDTO:
        """An earlier round without awards tells its teams what was written to them. Errors: ``chair_in_conflict``,
        ``round_state_wrong``, ``nothing_to_award``, ``publish_unconfirmed`` while rounds follow or ballots are
        missing."""
        await _enter(request, edition_id, round_id)
        awards = await award_service.publish_round(
            round_id=round_id, confirmed=data.confirmed, actor=request.user, now=now()
        )
        return RoundPublishedDTO(awards=awards)


async def _enter(request: ApiRequest, edition_id: int, round_id: int) -> tuple[ContestRow, RoundRow]:
    """The contest and a round of it. Raises NotFound, ChairInConflict."""
    contest = await contest_for(edition_id, request.user)
    return contest, await round_for(contest, round_id)


def _moment(sent: datetime | None, field: str) -> datetime | None:
    """A time of this age; others cannot be written in every zone. Raises Invalid."""
    if sent is not None and not EARLIEST_YEAR <= sent.year < LAST_YEAR:
        raise Invalid(fields={field: _(NOT_A_TIME)})
    return sent
