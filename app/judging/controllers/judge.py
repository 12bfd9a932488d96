"""The judge's tablet: an installable app, and one plain form for each idea where no script runs."""

import re
from typing import Any
from uuid import uuid4

from litestar import Controller, MediaType, Request, Response, get, post
from litestar.params import FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import public, requires
from app.judging.enums import AssignmentState, BallotStatus, RoundState
from app.judging.errors import BallotInvalid
from app.judging.queries.ballots import JudgeTask, task_of_judge, tasks_of_judge
from app.judging.queries.contests import contest_by_id, criteria_of
from app.judging.schemas import CLIENT_ID, HEAD, RecuseForm
from app.judging.services.ballots import BallotInput, submit_ballot
from app.judging.services.panels import recuse
from app.judging.words import ASIDE_REASONS, ASSIGNMENT_STATES
from app.kernel.clock import now
from app.kernel.errors import NotFound
from app.kernel.forms import Form, FormError, read_form
from app.kernel.i18n import _
from app.kernel.web import STATIC_DIR, asset, page, redirect

JudgeRequest = Request[Actor, Any, Any]
LONGEST_SCORE = 4
WORKER_FILE = STATIC_DIR / "build" / "judging-tablet-sw.js"


@get("/judge/sw.js", guards=[public], include_in_schema=False)
async def judge_worker() -> Response[bytes]:
    """The app's service worker, never cached. Raises NotFound while the front end is not built."""
    if not WORKER_FILE.is_file():
        raise NotFound
    return Response(WORKER_FILE.read_bytes(), media_type="text/javascript", headers={"cache-control": "no-cache"})


@get("/judge/manifest.webmanifest", guards=[public], include_in_schema=False)
async def judge_manifest() -> Response[dict[str, Any]]:
    """What makes the app installable."""
    manifest = {
        "id": "/judge/",
        "name": _("Jury"),
        "short_name": _("Jury"),
        "start_url": "/judge/",
        "scope": "/judge/",
        "display": "standalone",
        "background_color": "#FBF7F0",
        "theme_color": "#9E1B32",
        "icons": [{"src": asset("icon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"}],
    }
    return Response(manifest, media_type="application/manifest+json", headers={"cache-control": "no-cache"})


class JudgeController(Controller):
    """``/judge/``: what one judge was given, and nothing else."""

    path = "/judge"
    guards = [requires(Role.JUDGE)]
    include_in_schema = False

    @get(media_type=MediaType.HTML)
    async def tablet(self, request: JudgeRequest) -> Response[str]:
        """The app; its list works without script too."""
        return page("judging/tablet.html", tasks=await _tasks(request.user), states=ASSIGNMENT_STATES)

    @get("/entries/{assignment_id:int}")
    async def entry(
        self, request: JudgeRequest, assignment_id: FromPath[int], away: FromQuery[bool] = False
    ) -> Response[str]:
        """One idea with its form; ``away`` when the judge comes to step back from it."""
        task = await _task(request.user, assignment_id)
        return await self._form(request, task, Form(_saved(task)), stepping_back=away)

    @post("/entries/{assignment_id:int}", status_code=200)
    async def score(self, request: JudgeRequest, assignment_id: FromPath[int]) -> Response[Any]:
        """Send one ballot."""
        task = await _task(request.user, assignment_id)
        posted = await request.form()
        values = {key: str(posted.get(key, "")).strip() for key in posted}
        scores = {
            key.removeprefix("score_"): int(value)
            for key, value in values.items()
            if key.startswith("score_") and value.isdecimal() and len(value) <= LONGEST_SCORE
        }
        at = now()
        client_id, base_hash = values.get("client_id", ""), values.get("base_hash", "")
        ballot = BallotInput(
            client_id=client_id if re.match(CLIENT_ID, client_id) else str(uuid4()),
            base_hash=base_hash if re.match(HEAD, base_hash) else "",
            scores=scores,
            comment_to_team=values.get("comment_to_team", ""),
            comment_to_jury=values.get("comment_to_jury", ""),
            scored_at=at,
        )
        try:
            answer = await submit_ballot(assignment_id=assignment_id, ballot=ballot, actor=request.user, now=at)
        except BallotInvalid as error:
            missing = {
                f"score_{criterion.id}": _("Please choose a score.")
                for criterion in await criteria_of(task.round_id)
                if str(criterion.id) not in scores
            }
            shown = Form(values, missing or {"scores": error.sentence()})
            return await self._form(request, task, shown, status=error.status)
        if answer.status == BallotStatus.SAVED or answer.reason is None:
            return redirect("/judge/", toast=_("Your score is saved."))
        said = _("Your score is kept, and the chair decides about it.") + " " + _(ASIDE_REASONS[answer.reason])
        return redirect("/judge/", toast=said)

    @post("/entries/{assignment_id:int}/recuse", status_code=200)
    async def step_back(self, request: JudgeRequest, assignment_id: FromPath[int]) -> Response[Any]:
        """Step back from an idea."""
        task = await _task(request.user, assignment_id)
        try:
            form = await read_form(request, RecuseForm)
        except FormError as error:
            shown = Form(_saved(task) | error.form.values, error.form.errors)
            return await self._form(request, task, shown, status=error.status, stepping_back=True)
        await recuse(assignment_id=assignment_id, reason=form.reason, actor=request.user, now=now())
        return redirect("/judge/", toast=_("You have stepped back from this idea."))

    async def _form(
        self, request: JudgeRequest, task: JudgeTask, form: Form, *, status: int = 200, stepping_back: bool = False
    ) -> Response[str]:
        tasks = await _tasks(request.user)
        order = [other.assignment_id for other in tasks]
        here = order.index(task.assignment_id) if task.assignment_id in order else len(order)
        contest = await contest_by_id(task.contest_id)
        return page(
            "judging/judge_entry.html",
            status=status,
            task=task,
            contest=contest,
            criteria=await criteria_of(task.round_id),
            form=form,
            stepping_back=stepping_back,
            client_id=str(uuid4()),
            may_score=task.takes_ballots(now()),
            sealed=task.round_state != RoundState.OPEN,
            state=ASSIGNMENT_STATES[task.state],
            following=tasks[here + 1] if here + 1 < len(tasks) else None,
        )


def _saved(task: JudgeTask) -> dict[str, Any]:
    """The form's values as the judge saved them last."""
    if not task.head:
        return {}
    values: dict[str, Any] = {f"score_{key}": score for key, score in task.head.scores.items()}
    return values | {"comment_to_team": task.head.comment_to_team, "comment_to_jury": task.head.comment_to_jury}


async def _tasks(actor: Actor) -> list[JudgeTask]:
    return [] if actor.person_id is None else await tasks_of_judge(actor.person_id, edition_id=actor.edition_id)


async def _task(actor: Actor, assignment_id: int) -> JudgeTask:
    """One idea that this judge was given. Raises NotFound for any other."""
    task = await task_of_judge(assignment_id, actor.person_id)
    if task is None or task.withdrawn or task.round_state == RoundState.DRAFT:
        raise NotFound
    if task.state == AssignmentState.REMOVED:
        raise NotFound
    return task
