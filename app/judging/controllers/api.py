"""The JSON API of judging: the tablet's bundle and ballots, and what everybody may know of the contest."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import Controller, Request, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import public, requires
from app.events.enums import Part
from app.events.queries import edition_by_slug
from app.judging.api_schemas import PublicIdeaDetailDTO, PublicIdeaDTO, PublicIdeaPageDTO
from app.judging.bundle import bundle_for
from app.judging.enums import EntryState, RoundState
from app.judging.queries.contests import ContestRow, contest_of_edition, rounds_of
from app.judging.queries.entries import entry_by_id
from app.judging.queries.results import awards_of, public_entries
from app.judging.schemas import BallotReceipt, BallotReceipts, SentBallot, SentBallots
from app.judging.services.ballots import BallotInput, submit_ballot
from app.kernel.clock import now
from app.kernel.errors import AppError, Invalid, NotFound
from app.kernel.paging import page_number
from app.kernel.settings import settings

EARLIEST_YEAR, LAST_YEAR = 2000, 9999
ApiRequest = Request[Actor, Any, Any]


class JudgeApiController(Controller):
    """``/api/v1/judge``: for a bound tablet or a judge's session."""

    path = "/api/v1/judge"
    guards = [requires(Role.JUDGE)]
    tags = ["Judging"]

    @get("/bundle", summary="What a tablet needs without a network")
    async def bundle(self, request: ApiRequest) -> dict[str, Any]:
        """Everything the tablet needs without network: own ideas, criteria, own ballots."""
        return await bundle_for(request.user, now())

    # A queue may be sent hours after its page was loaded; cookies are same-site, so other sites cannot send it.
    @post("/ballots", summary="Hand in ballots", status_code=200, opt={"no_csrf": True})
    async def ballots(self, request: ApiRequest, data: JSONBody[SentBallots]) -> BallotReceipts:
        """Take a batch of ballots; each has its own answer, and sent again it has the same one."""
        at = now()
        answers = [await _take(request.user, item, at) for item in data.ballots]
        return BallotReceipts(server_time=at, answers=answers)


class ContestApiController(Controller):
    """``/api/v1/editions/{slug}/contest``: what everybody may know."""

    path = "/api/v1/editions/{slug:str}/contest"
    guards = [public]
    tags = ["Judging"]

    @get(summary="The contest of an edition")
    async def contest(self, slug: FromPath[str]) -> dict[str, Any]:
        """The contest and its rounds."""
        contest = await contest_by_address(slug)
        return {
            "name": contest.name,
            "state": contest.state,
            "entries_close_at": contest.entries_close_at,
            "takes_ideas": contest.takes_ideas(now()),
            "rounds": [
                {"number": round_.number, "name": round_.name, "published": round_.state == RoundState.PUBLISHED}
                for round_ in await rounds_of(contest.id)
            ],
        }

    @get("/entries", summary="Ideas that were sent in")
    async def entries(
        self, slug: FromPath[str], q: FromQuery[str] = "", category: FromQuery[str] = "", page: FromQuery[int] = 1
    ) -> PublicIdeaPageDTO:
        """Twenty-four at a time, those with an award first; ``q`` looks in titles, teams, categories and wards."""
        contest = await contest_by_address(slug)
        found, total = await public_entries(contest.id, search=q, category=category, page=page)
        return PublicIdeaPageDTO(
            items=[PublicIdeaDTO.of(entry) for entry in found], total=total, page=page_number(page)
        )

    @get("/entries/{entry_id:int}", summary="An idea that was sent in")
    async def entry(self, slug: FromPath[str], entry_id: FromPath[int]) -> PublicIdeaDetailDTO:
        """Error: ``not_found``, also for a draft and for one that was taken back."""
        contest = await contest_by_address(slug)
        entry = await entry_by_id(entry_id)
        if entry.contest_id != contest.id or entry.state != EntryState.SUBMITTED:
            raise NotFound
        return PublicIdeaDetailDTO.of(entry, await awards_of(contest.id, published_only=True))

    @get("/results", summary="Published awards")
    async def results(self, slug: FromPath[str]) -> list[dict[str, Any]]:
        """Published awards, the last round's first."""
        contest = await contest_by_address(slug)
        numbers = {round_.id: round_.number for round_ in await rounds_of(contest.id)}
        return [
            {
                "round": numbers[award.round_id],
                "rank": award.rank,
                "award": award.title,
                "title": award.entry_title,
                "team": award.team_name,
                "url": f"{settings().base_url}/e/{slug}/contest/{award.entry_id}",
                "published_at": award.published_at,
            }
            for award in await awards_of(contest.id, published_only=True)
        ]


async def contest_by_address(slug: str) -> ContestRow:
    """The contest of an edition that everybody may see. Raises EditionNotFound, NotFound."""
    edition = await edition_by_slug(slug)
    contest = await contest_of_edition(edition.id)
    if contest is None or not edition.has(Part.CONTEST):
        raise NotFound
    return contest


async def _take(actor: Actor, item: dict[str, Any], at: datetime) -> BallotReceipt:
    client_id = str(item.get("client_id", ""))[:64]
    try:
        sent = msgspec.convert(item, SentBallot)
        if sent.scored_at.tzinfo is None:
            raise Invalid(fields={"scored_at": "a time needs its offset"})
        ballot = BallotInput(
            client_id=sent.client_id,
            base_hash=sent.base_hash,
            scores=sent.scores,
            comment_to_team=sent.comment_to_team,
            comment_to_jury=sent.comment_to_jury,
            # A clock that was never set, or runs in another century, must not hold the ballot up.
            scored_at=sent.scored_at if EARLIEST_YEAR <= sent.scored_at.year < LAST_YEAR else at,
        )
        answer = await submit_ballot(assignment_id=sent.assignment_id, ballot=ballot, actor=actor, now=at)
    except msgspec.ValidationError:
        refused = Invalid()
        return BallotReceipt(client_id, "refused", code=refused.code, message=refused.sentence())
    except AppError as error:
        return BallotReceipt(client_id, "refused", code=error.code, message=error.sentence())
    return BallotReceipt(client_id, answer.status, answer.reason, answer.number, answer.head_hash)
