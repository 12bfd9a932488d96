"""The contest as everybody sees it."""

from typing import Annotated, Any

from litestar import Controller, Request, Response, get
from litestar.params import FromPath, FromQuery, QueryParameter

from app.accounts.actor import Actor
from app.accounts.guards import public
from app.events.controllers.public import visible_edition
from app.events.enums import Part
from app.events.queries import EditionInfo
from app.judging.controllers.lists import Paging
from app.judging.enums import ContestState, EntryState
from app.judging.queries.contests import ContestRow, contest_of_edition
from app.judging.queries.entries import categories_of, entry_by_id
from app.judging.queries.results import PUBLIC_PAGE_SIZE, awards_of, public_entries
from app.judging.slots import audience_vote
from app.kernel.clock import now
from app.kernel.documents.qr import qr_svg
from app.kernel.errors import NotFound
from app.kernel.i18n import _
from app.kernel.settings import settings
from app.kernel.web import page


async def _enter(slug: str, actor: Actor) -> tuple[EditionInfo, ContestRow | None]:
    edition = await visible_edition(slug, actor)
    if not edition.has(Part.CONTEST):
        raise NotFound
    return edition, await contest_of_edition(edition.id)


class PublicContestController(Controller):
    """``/e/{slug}/contest``: the ideas that were sent in, and the awards once published."""

    path = "/e/{slug:str}/contest"
    guards = [public]
    include_in_schema = False

    @get()
    async def ideas(
        self,
        request: Request[Actor, Any, Any],
        slug: FromPath[str],
        q: FromQuery[str] = "",
        category: FromQuery[str] = "",
        number: Annotated[int, QueryParameter(name="page")] = 1,
    ) -> Response[str]:
        """The list of ideas, those with an award first."""
        edition, contest = await _enter(slug, request.user)
        if contest is None:
            return page("judging/public_soon.html", edition=edition)
        entries, total = await public_entries(contest.id, search=q, category=category, page=number)
        return page(
            "judging/public_ideas.html",
            edition=edition,
            contest=contest,
            awards=await awards_of(contest.id, published_only=True),
            entries=entries,
            total=total,
            search=q,
            category=category,
            categories=[
                ("", _("All")),
                *((name, name) for name in await categories_of(contest.id, submitted_only=True)),
            ],
            paging=Paging.of(f"/e/{slug}/contest", {"q": q, "category": category}, number, PUBLIC_PAGE_SIZE, total),
            open_now=contest.takes_ideas(now()),
            opens_later=contest.state == ContestState.OPEN and contest.is_early(now()),
        )

    @get("/{entry_id:int}")
    async def idea(
        self, request: Request[Actor, Any, Any], slug: FromPath[str], entry_id: FromPath[int]
    ) -> Response[str]:
        """One idea with its awards and its QR code."""
        edition, contest = await _enter(slug, request.user)
        entry = await entry_by_id(entry_id)
        if contest is None or entry.contest_id != contest.id or entry.state != EntryState.SUBMITTED:
            raise NotFound
        awards = [award for award in await awards_of(contest.id, published_only=True) if award.entry_id == entry.id]
        code = qr_svg(f"{settings().base_url}/s/{entry.short_code}", label=_("QR code of this page"))
        return page(
            "judging/public_idea.html",
            edition=edition,
            contest=contest,
            entry=entry,
            awards=awards,
            qr=code,
            vote=audience_vote(entry.id),
        )
