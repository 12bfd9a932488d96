"""What judging brings."""

from datetime import datetime

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.merging.pointers import add_objector
from app.events import slots
from app.events.enums import Part
from app.events.queries import EditionInfo
from app.events.short_codes import register_resolver
from app.judging.controllers.api import ContestApiController, JudgeApiController
from app.judging.controllers.api_chair import JuryRoomApi
from app.judging.controllers.api_team import OwnIdeasApi, begin_idea
from app.judging.controllers.entering import EnterController
from app.judging.controllers.judge import JudgeController, judge_manifest, judge_worker
from app.judging.controllers.jury_room import JuryRoomController
from app.judging.controllers.manage import ContestController, JuryController
from app.judging.controllers.public import PublicContestController
from app.judging.controllers.setup import SetupController
from app.judging.controllers.team import TeamController
from app.judging.dates import MOVER
from app.judging.enums import ContestState, RoundState
from app.judging.errors import ChairInConflict
from app.judging.guards import contest_for
from app.judging.log import WORDS
from app.judging.personal import DATA
from app.judging.queries.contests import contest_by_slug, contest_of_edition, rounds_of
from app.judging.queries.entries import entry_address, entry_state_counts
from app.judging.queries.results import awards_of, progress_of, public_entries
from app.judging.services.closing import close_contest
from app.judging.services.copying import copy_contest
from app.judging.services.entries import SHORT_CODE_KIND
from app.judging.services.merging import object_to_merge
from app.judging.services.messages import jury_and_teams
from app.judging.sheets import SHEET_KINDS
from app.kernel.i18n import N_, _, pick
from app.kernel.module import Module

SHOWN_ON_THE_EDITION_PAGE = 6


async def public_section(edition: EditionInfo, now: datetime) -> slots.PublicSection | None:
    """The contest on the edition's page: awards once published, else some ideas, and the call while it is open."""
    contest = await contest_by_slug(edition.slug)
    if contest is None or Part.CONTEST not in edition.parts:
        return None
    awards = await awards_of(contest.id, published_only=True)
    entries, total = await public_entries(contest.id)
    takes_ideas = contest.takes_ideas(now)
    if not entries and not takes_ideas:
        return None
    return slots.PublicSection(
        key="contest",
        template="judging/edition_section.html",
        context={
            "contest": contest,
            "awards": awards,
            "entries": entries[:SHOWN_ON_THE_EDITION_PAGE],
            "total": total,
            "takes_ideas": takes_ideas,
        },
        order=40,
        call=(_("Enter an idea"), f"{edition.path}/contest/enter") if takes_ideas else None,
    )


async def dashboard(edition_id: int, actor: Actor, now: datetime) -> list[slots.DashboardItem]:
    """What waits in the contest; nothing for a chair with a stake in it."""
    if not actor.has(Role.MANAGER, Role.JURY_CHAIR, edition_id=edition_id):
        return []
    href = f"/manage/{edition_id}/contest"
    if await contest_of_edition(edition_id) is None:
        title, detail = _("Contest"), _("Set up its rounds and criteria.")
        return [slots.DashboardItem(stage=slots.Stage.SET_UP, title=title, detail=detail, href=href)]
    try:
        contest = await contest_for(edition_id, actor)
    except ChairInConflict:
        return []
    in_jury_room = actor.has(Role.JURY_CHAIR, edition_id=edition_id)
    counts = await entry_state_counts(contest.id)
    detail = _("{sent} ideas sent in, {drafts} drafts").format(
        sent=counts.get("submitted", 0), drafts=counts.get("draft", 0)
    )
    items = [
        slots.DashboardItem(
            stage=slots.Stage.CALL,
            title=_("Ideas"),
            detail=detail,
            href=href,
            done=contest.state == ContestState.CLOSED,
        )
    ]
    for round_ in await rounds_of(contest.id):
        if round_.state == RoundState.DRAFT:
            continue
        progress = await progress_of(round_.id)
        items.append(
            slots.DashboardItem(
                stage=slots.Stage.RUN,
                title=pick(round_.name),
                detail=_("{scored} of {assigned} ballots").format(scored=progress.scored, assigned=progress.assigned),
                href=f"{href}/{round_.id}/progress" if in_jury_room else href,
                waiting=progress.waiting_asides,
                done=round_.state == RoundState.PUBLISHED,
            )
        )
    return items


def join() -> None:
    """Put judging into the slots that events leaves open; done again it changes nothing."""
    register_resolver(SHORT_CODE_KIND, entry_address)
    slots.add_section_provider(public_section)
    slots.add_copier(copy_contest)
    slots.add_mover(MOVER)
    add_objector(object_to_merge)
    slots.add_closer(close_contest)
    slots.add_audience(jury_and_teams)
    slots.add_dashboard_provider(dashboard)
    slots.add_nav_item(
        slots.NavItem(
            title=N_("Contest"),
            path="/contest",
            icon="trophy",
            part=Part.CONTEST,
            roles=(Role.MANAGER, Role.JURY_CHAIR),
            order=60,
        )
    )


module = Module(
    name="judging",
    route_handlers=(
        PublicContestController,
        EnterController,
        TeamController,
        ContestController,
        JuryController,
        SetupController,
        JuryRoomController,
        JudgeController,
        judge_worker,
        judge_manifest,
        JudgeApiController,
        ContestApiController,
        OwnIdeasApi,
        begin_idea,
        JuryRoomApi,
    ),
    sheet_kinds=SHEET_KINDS,
    startup=join,
    log=WORDS,
    personal=DATA,
)
