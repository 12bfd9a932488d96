"""The chair's room: who judges what, how far it is, the ranking, the seal, the awards."""

from typing import Annotated, Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import ServerSentEvent

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.pages import with_query
from app.events.queries import EditionInfo, edition_by_id
from app.judging.bands import draw
from app.judging.controllers.lists import Paging
from app.judging.controllers.manage import XLSX, download, room, round_for
from app.judging.enums import RoundState
from app.judging.errors import PublishUnconfirmed
from app.judging.guards import contest_for
from app.judging.queries.ballots import asides_of
from app.judging.queries.contests import ContestRow, RoundRow, criteria_of, rounds_of
from app.judging.queries.panels import assignments_of, conflicts, panel_of
from app.judging.queries.results import awards_of, entries_of_round, progress_of, ranking
from app.judging.schemas import AssignForm, AwardForm, PublishForm, SettleForm
from app.judging.services import awards as award_service
from app.judging.services import ballots as ballot_service
from app.judging.services import contests as contest_service
from app.judging.services import panels as panel_service
from app.judging.words import ASIDE_REASONS, ASSIGNMENT_STATES
from app.kernel import live
from app.kernel.clock import now
from app.kernel.errors import NotFound
from app.kernel.forms import Form, FormError, read_form
from app.kernel.i18n import _, half_up, ngettext, pick
from app.kernel.names import search_text
from app.kernel.paging import page_number
from app.kernel.sheets import write_xlsx
from app.kernel.web import redirect

ChairRequest = Request[Actor, Any, Any]
MATRIX_ROWS = 25


async def _enter(
    request: ChairRequest, edition_id: int, round_id: int
) -> tuple[EditionInfo, ContestRow, RoundRow, list[RoundRow]]:
    contest = await contest_for(edition_id, request.user)
    round_ = await round_for(contest, round_id)
    return await edition_by_id(edition_id), contest, round_, await rounds_of(contest.id)


async def _entries(round_id: int, search: str) -> list[dict[str, Any]]:
    """The ideas of a round that fit a search in title and team."""
    words = search_text(search).split()
    return [
        entry
        for entry in await entries_of_round(round_id)
        if all(word in search_text(entry["title"], entry["team_name"]) for word in words)
    ]


class JuryRoomController(Controller):
    """``/manage/{edition_id}/contest/{round_id}``: one round, seen by the chair alone."""

    path = "/manage/{edition_id:int}/contest/{round_id:int}"
    guards = [requires(Role.JURY_CHAIR)]
    include_in_schema = False

    @get("/assign")
    async def matrix(
        self,
        request: ChairRequest,
        edition_id: FromPath[int],
        round_id: FromPath[int],
        q: FromQuery[str] = "",
        number: Annotated[int, QueryParameter(name="page")] = 1,
    ) -> Response[str]:
        """Ideas by judges; a press gives an idea to a judge or takes it away."""
        edition, contest, round_, rounds = await _enter(request, edition_id, round_id)
        entries = await _entries(round_id, q)
        judges = await panel_of(contest.id, round_id=round_id)
        start = (page_number(number) - 1) * MATRIX_ROWS
        return room(
            "judging/assign.html",
            edition=edition,
            contest=contest,
            round=round_,
            rounds=rounds,
            entries=entries[start : start + MATRIX_ROWS],
            judges=judges,
            cells={(cell.entry_id, cell.judge_id): cell for cell in await assignments_of(round_id)},
            barred=await conflicts(
                contest.id, [judge.person_id for judge in judges], organiser_id=contest.organiser_id
            ),
            search=q,
            export=with_query(request, f"/manage/{edition_id}/contest/{round_id}/assign/export.xlsx"),
            may_change=round_.state in (RoundState.DRAFT, RoundState.OPEN),
            paging=Paging.of(request.url.path, {"q": q}, number, MATRIX_ROWS, len(entries)),
        )

    @get("/assign/export.xlsx")
    async def export_assignments(
        self,
        request: ChairRequest,
        edition_id: FromPath[int],
        round_id: FromPath[int],
        q: FromQuery[str] = "",
    ) -> Response[bytes]:
        """Who judges what as a sheet: a line for each idea and judge."""
        edition, contest, _round, _rounds = await _enter(request, edition_id, round_id)
        judges = {judge.person_id: judge.full_name for judge in await panel_of(contest.id, round_id=round_id)}
        entries = {entry["id"]: entry for entry in await _entries(round_id, q)}
        words = {state.value: _(word) for state, (word, _tone) in ASSIGNMENT_STATES.items()}
        order = {entry_id: place for place, entry_id in enumerate(entries)}
        cells = [
            cell for cell in await assignments_of(round_id) if cell.entry_id in entries and cell.judge_id in judges
        ]
        rows = [
            (
                entries[cell.entry_id]["title"],
                entries[cell.entry_id]["team_name"],
                judges[cell.judge_id],
                words[cell.state.value],
                cell.reason,
            )
            for cell in sorted(cells, key=lambda cell: order[cell.entry_id])
        ]
        headers = [_("Idea"), _("Team"), _("Judge"), _("State"), _("Reason")]
        return download(f"assignments-{edition.slug}.xlsx", XLSX, write_xlsx(_("Who judges what"), headers, rows))

    @post("/assign/propose")
    async def propose(self, request: ChairRequest, edition_id: FromPath[int], round_id: FromPath[int]) -> Response[Any]:
        """Fill every idea up to its number of judges."""
        await _enter(request, edition_id, round_id)
        added = await panel_service.assign_judges(round_id=round_id, actor=request.user, now=now())
        said = (
            ngettext("%(num)s assignment added.", "%(num)s assignments added.", added) % {"num": added}
            if added
            else _("Nothing was missing, or no further judge may read these ideas.")
        )
        return redirect(f"/manage/{edition_id}/contest/{round_id}/assign", toast=said)

    @post("/assign")
    async def assign(self, request: ChairRequest, edition_id: FromPath[int], round_id: FromPath[int]) -> Response[Any]:
        """Change one cell of the matrix."""
        await _enter(request, edition_id, round_id)
        form = await read_form(request, AssignForm)
        entry_id, judge_id, give = form.parts()
        await panel_service.set_assignment(
            round_id=round_id, entry_id=entry_id, judge_id=judge_id, assigned=give, actor=request.user, now=now()
        )
        return redirect(f"/manage/{edition_id}/contest/{round_id}/assign?{form.back}#entry-{entry_id}")

    @get("/progress")
    async def progress(
        self, request: ChairRequest, edition_id: FromPath[int], round_id: FromPath[int]
    ) -> Response[str]:
        """The wall: how far each judge and the whole round are, and what was set aside."""
        edition, contest, round_, rounds = await _enter(request, edition_id, round_id)
        asides = await asides_of(round_id)
        return room(
            "judging/progress.html",
            edition=edition,
            contest=contest,
            round=round_,
            rounds=rounds,
            progress=await progress_of(round_id),
            judges=await panel_of(contest.id, round_id=round_id),
            asides=asides,
            reasons=ASIDE_REASONS,
            criteria=await criteria_of(round_id),
        )

    @get("/progress/live")
    async def progress_live(
        self, request: ChairRequest, edition_id: FromPath[int], round_id: FromPath[int]
    ) -> ServerSentEvent:
        """Tells an open wall that something changed."""
        await _enter(request, edition_id, round_id)
        return live.stream([contest_service.progress_channel(round_id)])

    @post("/asides/{aside_id:int}")
    async def settle(
        self, request: ChairRequest, edition_id: FromPath[int], round_id: FromPath[int], aside_id: FromPath[int]
    ) -> Response[Any]:
        """Let a ballot that was set aside count, or leave it out."""
        await _enter(request, edition_id, round_id)
        if aside_id not in {aside.id for aside in await asides_of(round_id, waiting_only=True)}:
            raise NotFound
        form = await read_form(request, SettleForm)
        await ballot_service.settle_set_aside(
            set_aside_id=aside_id, accept=form.answer == "accept", actor=request.user, now=now()
        )
        said = _("The ballot counts now.") if form.answer == "accept" else _("The ballot stays out, and is kept.")
        return redirect(f"/manage/{edition_id}/contest/{round_id}/progress", toast=said)

    @get("/ranking")
    async def ranking(self, request: ChairRequest, edition_id: FromPath[int], round_id: FromPath[int]) -> Response[str]:
        """The ideas in order with their bands; seal, awards, publication."""
        return await self._ranking(request, edition_id, round_id)

    async def _ranking(
        self,
        request: ChairRequest,
        edition_id: int,
        round_id: int,
        *,
        problem: str = "",
        award: Form | None = None,
        status: int = 200,
    ) -> Response[str]:
        """The page; ``problem`` says why nothing was published, ``award`` is a form that came back."""
        edition, contest, round_, rounds = await _enter(request, edition_id, round_id)
        ranked = await ranking(round_id)
        bands, least, most = draw(ranked)
        awards = [award for award in await awards_of(contest.id, published_only=False) if award.round_id == round_id]
        following = [other for other in rounds if other.number == round_.number + 1]
        return room(
            "judging/ranking.html",
            status=status,
            problem=problem,
            award_form=award or Form.empty(),
            doubts=await award_service.publication_doubts(round_id),
            placed=sum(entry.standing.rank is not None for entry in ranked),
            unplaced=sum(entry.standing.rank is None for entry in ranked),
            sent_on=sum(entry.advanced for entry in ranked),
            to_send_on=sum(
                entry.standing.rank is not None and entry.standing.rank <= round_.advance_count and not entry.advanced
                for entry in ranked
            ),
            edition=edition,
            contest=contest,
            round=round_,
            rounds=rounds,
            following=following[0] if following else None,
            ranked=ranked,
            bands=bands,
            least=least,
            most=most,
            awards=awards,
            usual=[(rank, pick(award_service.usual_title(rank))) for rank in (1, 2, 3, 4)],
            progress=await progress_of(round_id),
            faults=await ballot_service.verify_chain(round_id) if round_.anchor else [],
        )

    @get("/ranking/export")
    async def export(
        self, request: ChairRequest, edition_id: FromPath[int], round_id: FromPath[int]
    ) -> Response[bytes]:
        """The ranking as a sheet."""
        edition, contest, _round, _rounds = await _enter(request, edition_id, round_id)
        names = (_("Rank"), _("Idea"), _("Team"), _("Category"))
        figures = (_("Mean"), _("Median"), _("Lowest"), _("Highest"), _("Ballots"), _("Ballots expected"))
        rows = [
            (
                entry.standing.rank,
                entry.title,
                entry.team_name,
                entry.category,
                _rounded(entry.standing.mean),
                _rounded(entry.standing.median),
                _rounded(entry.standing.low),
                _rounded(entry.standing.high),
                entry.standing.ballots,
                entry.standing.expected,
            )
            for entry in await ranking(round_id)
        ]
        content = write_xlsx(_("Ranking"), [*names, *figures], rows, timezone=contest.timezone)
        return download(f"ranking-{edition.slug}.xlsx", XLSX, content)

    @post("/lock")
    async def lock(self, request: ChairRequest, edition_id: FromPath[int], round_id: FromPath[int]) -> Response[Any]:
        """Seal the round."""
        await _enter(request, edition_id, round_id)
        await contest_service.lock_round(round_id=round_id, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/contest/{round_id}/ranking", toast=_("The round is sealed."))

    @post("/advance")
    async def advance(self, request: ChairRequest, edition_id: FromPath[int], round_id: FromPath[int]) -> Response[Any]:
        """Send the best on to the next round."""
        await _enter(request, edition_id, round_id)
        chosen = await contest_service.advance_entries(round_id=round_id, actor=request.user, now=now())
        said = ngettext("%(num)s idea goes on.", "%(num)s ideas go on.", len(chosen)) % {"num": len(chosen)}
        return redirect(f"/manage/{edition_id}/contest/{round_id}/ranking", toast=said)

    @post("/awards")
    async def award(self, request: ChairRequest, edition_id: FromPath[int], round_id: FromPath[int]) -> Response[Any]:
        """Prepare an award."""
        await _enter(request, edition_id, round_id)
        try:
            form = await read_form(request, AwardForm)
        except FormError as error:
            return await self._ranking(request, edition_id, round_id, award=error.form, status=error.status)
        await award_service.give_award(
            round_id=round_id,
            entry_id=form.entry_id,
            rank=form.rank,
            title=form.texts("title"),
            actor=request.user,
            now=now(),
        )
        return redirect(f"/manage/{edition_id}/contest/{round_id}/ranking#awards", toast=_("The award is prepared."))

    @post("/awards/{award_id:int}/take-back")
    async def take_back(
        self, request: ChairRequest, edition_id: FromPath[int], round_id: FromPath[int], award_id: FromPath[int]
    ) -> Response[Any]:
        """Drop a prepared award."""
        await _enter(request, edition_id, round_id)
        await award_service.take_award_back(round_id=round_id, award_id=award_id, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/contest/{round_id}/ranking#awards", toast=_("The award is dropped."))

    @post("/publish", status_code=200)
    async def publish(self, request: ChairRequest, edition_id: FromPath[int], round_id: FromPath[int]) -> Response[Any]:
        """Tell everybody the awards, and the teams what was written to them."""
        await _enter(request, edition_id, round_id)
        form = await read_form(request, PublishForm)
        try:
            awards = await award_service.publish_round(
                round_id=round_id, confirmed=form.confirmed, actor=request.user, now=now()
            )
        except PublishUnconfirmed as error:
            return await self._ranking(request, edition_id, round_id, problem=error.sentence(), status=error.status)
        said = _("The awards are published.") if awards else _("The teams can read now what the jury wrote.")
        return redirect(f"/manage/{edition_id}/contest/{round_id}/ranking", toast=said)


def _rounded(mark: float | None) -> float | None:
    return None if mark is None else float(half_up(mark, 2))
