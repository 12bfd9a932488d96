"""The organiser's settings of the contest: its texts and its call, its rounds, their criteria."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.pages import form_again
from app.events.queries import edition_by_id
from app.judging.controllers.manage import room, round_for
from app.judging.guards import contest_for
from app.judging.queries.contests import (
    ContestRow,
    CriterionRow,
    RoundRow,
    contest_by_id,
    criteria_of,
    has_ballots,
    is_begun,
    rounds_of,
)
from app.judging.schemas import LANGUAGES, ContestForm, CriterionForm, MoveForm, RoundForm
from app.judging.services import setup as service
from app.judging.services.setup import ContestValues, CriterionValues, RoundValues
from app.kernel.clock import now
from app.kernel.editing import held, open_edit
from app.kernel.errors import AppError, NotFound
from app.kernel.forms import Form, FormError, Reading, read_form
from app.kernel.i18n import N_, _, zone
from app.kernel.web import redirect

SetupRequest = Request[Actor, Any, Any]
NEW = 0
"""Stands in an address for a criterion that is still to be made."""
UNNAMED = N_("Please give it a name in at least one language.")
TOO_LONG = N_("Please write at most 300 characters.")
LONGEST_ANCHOR = 300
NamedForm = TypeVar("NamedForm", ContestForm, RoundForm, CriterionForm)


def spread(name: str, texts: Mapping[str, str]) -> dict[str, str]:
    """The fields of a text in three languages."""
    return {f"{name}_{code}": texts.get(code, "") for code in LANGUAGES}


class SetupController(Controller):
    """``/manage/{edition_id}/contest/settings``."""

    path = "/manage/{edition_id:int}/contest/settings"
    guards = [requires(Role.MANAGER, Role.JURY_CHAIR)]
    include_in_schema = False

    @get()
    async def contest(self, request: SetupRequest, edition_id: FromPath[int]) -> Response[str]:
        """Texts and call of the contest, and the list of its rounds."""
        return await self._contest(await contest_for(edition_id, request.user), None)

    @post(status_code=200)
    async def save_contest(self, request: SetupRequest, edition_id: FromPath[int]) -> Response[Any]:
        """Change them."""
        contest = await contest_for(edition_id, request.user)
        try:
            async with held("contest", contest.id):
                record = _form_of_contest(await contest_by_id(contest.id))
                subject = ("contest", contest.id)
                reading = await open_edit(request, ContestForm, record=record, subject=subject, tz=contest.timezone)
                form = _named(reading).settle()
                values = ContestValues(
                    name=form.texts("name"),
                    intro=form.texts("intro"),
                    entries_open_at=form.entries_open_at,
                    entries_close_at=form.entries_close_at,
                    judges_per_entry=form.judges_per_entry,
                )
                await service.update_contest(contest_id=contest.id, values=values, actor=request.user, now=now())
        except AppError as error:
            return await self._contest(await contest_for(edition_id, request.user), await _typed(request, error), error)
        return redirect(f"/manage/{edition_id}/contest/settings", toast=_("Saved."))

    @post("/rounds/add")
    async def add_round(self, request: SetupRequest, edition_id: FromPath[int]) -> Response[Any]:
        """Add a round at the end."""
        contest = await contest_for(edition_id, request.user)
        round_id = await service.add_round(contest_id=contest.id, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/contest/settings/rounds/{round_id}", toast=_("Give the round its name."))

    @get("/rounds/{round_id:int}")
    async def round(self, request: SetupRequest, edition_id: FromPath[int], round_id: FromPath[int]) -> Response[str]:
        """One round with its criteria."""
        contest = await contest_for(edition_id, request.user)
        return await self._round(contest, await round_for(contest, round_id), None)

    @post("/rounds/{round_id:int}", status_code=200)
    async def save_round(
        self, request: SetupRequest, edition_id: FromPath[int], round_id: FromPath[int]
    ) -> Response[Any]:
        """Change the round."""
        contest = await contest_for(edition_id, request.user)
        await round_for(contest, round_id)
        try:
            async with held("contest_round", round_id):
                record = _form_of_round(await round_for(contest, round_id), contest)
                subject = ("round", round_id)
                reading = await open_edit(request, RoundForm, record=record, subject=subject, tz=contest.timezone)
                form = _named(reading).settle()
                values = RoundValues(
                    name=form.texts("name"),
                    opens_at=form.opens_at,
                    closes_at=form.closes_at,
                    advance_count=form.advance_count,
                )
                await service.update_round(round_id=round_id, values=values, actor=request.user, now=now())
        except AppError as error:
            round_ = await round_for(contest, round_id)
            return await self._round(contest, round_, await _typed(request, error), error)
        return redirect(f"/manage/{edition_id}/contest/settings/rounds/{round_id}", toast=_("Saved."))

    @post("/rounds/{round_id:int}/move")
    async def move_round(
        self, request: SetupRequest, edition_id: FromPath[int], round_id: FromPath[int]
    ) -> Response[Any]:
        """One place earlier or later."""
        contest = await contest_for(edition_id, request.user)
        await round_for(contest, round_id)
        form = await read_form(request, MoveForm)
        await service.move_round(round_id=round_id, up=form.direction == "up", actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/contest/settings#rounds")

    @post("/rounds/{round_id:int}/remove")
    async def remove_round(
        self, request: SetupRequest, edition_id: FromPath[int], round_id: FromPath[int]
    ) -> Response[Any]:
        """Take a round out."""
        contest = await contest_for(edition_id, request.user)
        await round_for(contest, round_id)
        await service.remove_round(round_id=round_id, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/contest/settings#rounds", toast=_("The round is removed."))

    @get("/rounds/{round_id:int}/criteria/{criterion_id:int}")
    async def criterion(
        self, request: SetupRequest, edition_id: FromPath[int], round_id: FromPath[int], criterion_id: FromPath[int]
    ) -> Response[str]:
        """One criterion; 0 for a new one."""
        contest = await contest_for(edition_id, request.user)
        return await self._criterion(contest, await round_for(contest, round_id), criterion_id, None)

    @post("/rounds/{round_id:int}/criteria/{criterion_id:int}", status_code=200)
    async def save_criterion(
        self, request: SetupRequest, edition_id: FromPath[int], round_id: FromPath[int], criterion_id: FromPath[int]
    ) -> Response[Any]:
        """Change or add a criterion."""
        contest = await contest_for(edition_id, request.user)
        round_ = await round_for(contest, round_id)
        try:
            # Criteria are changed with their round held.
            async with held("contest_round", round_id):
                found = await _criterion_of(round_, criterion_id)
                reading = await open_edit(
                    request,
                    CriterionForm,
                    record=_form_of_criterion(found) if found else None,
                    subject=("criterion", criterion_id),
                )
                anchors = _anchors(_named(reading))
                form = reading.settle()
                values = CriterionValues(
                    name=form.texts("name"),
                    explanation=form.texts("explanation"),
                    weight=form.weight,
                    min=form.min,
                    max=form.max,
                    anchors=anchors,
                )
                own: dict[str, Any] = {"round_id": round_id, "values": values, "actor": request.user, "now": now()}
                if found is None:
                    await service.add_criterion(**own)
                else:
                    await service.update_criterion(criterion_id=criterion_id, **own)
        except NotFound:
            raise
        except AppError as error:
            return await self._criterion(contest, round_, criterion_id, await _typed(request, error), error)
        return redirect(f"/manage/{edition_id}/contest/settings/rounds/{round_id}#criteria", toast=_("Saved."))

    @post("/rounds/{round_id:int}/criteria/{criterion_id:int}/move")
    async def move_criterion(
        self, request: SetupRequest, edition_id: FromPath[int], round_id: FromPath[int], criterion_id: FromPath[int]
    ) -> Response[Any]:
        """One place up or down."""
        contest = await contest_for(edition_id, request.user)
        await round_for(contest, round_id)
        form = await read_form(request, MoveForm)
        await service.move_criterion(
            round_id=round_id, criterion_id=criterion_id, up=form.direction == "up", actor=request.user, now=now()
        )
        return redirect(f"/manage/{edition_id}/contest/settings/rounds/{round_id}#criteria")

    @post("/rounds/{round_id:int}/criteria/{criterion_id:int}/remove")
    async def remove_criterion(
        self, request: SetupRequest, edition_id: FromPath[int], round_id: FromPath[int], criterion_id: FromPath[int]
    ) -> Response[Any]:
        """Take a criterion out."""
        contest = await contest_for(edition_id, request.user)
        await round_for(contest, round_id)
        await service.remove_criterion(round_id=round_id, criterion_id=criterion_id, actor=request.user, now=now())
        said = _("The criterion is removed.")
        return redirect(f"/manage/{edition_id}/contest/settings/rounds/{round_id}#criteria", toast=said)

    async def _contest(self, contest: ContestRow, form: Form | None, error: AppError | None = None) -> Response[str]:
        rounds = await rounds_of(contest.id)
        return room(
            "judging/settings_contest.html",
            status=error.status if error else 200,
            edition=await edition_by_id(contest.edition_id),
            contest=contest,
            rounds=rounds,
            fixed={round_.id for round_ in rounds if round_.state != "draft" or await is_begun(round_.id)},
            criteria={round_.id: await criteria_of(round_.id) for round_ in rounds},
            form=form or _form_of_contest(contest),
            problem=_problem(error),
        )

    async def _round(
        self, contest: ContestRow, round_: RoundRow, form: Form | None, error: AppError | None = None
    ) -> Response[str]:
        rounds = await rounds_of(contest.id)
        return room(
            "judging/settings_round.html",
            status=error.status if error else 200,
            edition=await edition_by_id(contest.edition_id),
            contest=contest,
            rounds=rounds,
            round=round_,
            is_last=round_.id == rounds[-1].id,
            begun=round_.state != "draft" or await is_begun(round_.id),
            criteria=await criteria_of(round_.id),
            locked=await _locked(round_),
            form=form or _form_of_round(round_, contest),
            problem=_problem(error),
        )

    async def _criterion(
        self,
        contest: ContestRow,
        round_: RoundRow,
        criterion_id: int,
        form: Form | None,
        error: AppError | None = None,
    ) -> Response[str]:
        found = await _criterion_of(round_, criterion_id)
        fresh = _form_of_criterion(found) if found else Form.empty(weight=10, min=1, max=5)
        low, high = (found.min, found.max) if found else (1, 5)
        return room(
            "judging/settings_criterion.html",
            status=error.status if error else 200,
            edition=await edition_by_id(contest.edition_id),
            contest=contest,
            rounds=await rounds_of(contest.id),
            round=round_,
            criterion=found,
            scores=range(low, high + 1),
            locked=await _locked(round_),
            form=form or fresh,
            problem=_problem(error),
        )


def _form_of_contest(contest: ContestRow) -> Form:
    return Form.of(
        **spread("name", contest.name),
        **spread("intro", contest.intro),
        entries_open_at=_local(contest.entries_open_at, contest),
        entries_close_at=_local(contest.entries_close_at, contest),
        judges_per_entry=contest.judges_per_entry,
    )


def _form_of_round(round_: RoundRow, contest: ContestRow) -> Form:
    return Form.of(
        **spread("name", round_.name),
        opens_at=_local(round_.opens_at, contest),
        closes_at=_local(round_.closes_at, contest),
        advance_count=round_.advance_count,
    )


def _form_of_criterion(found: CriterionRow) -> Form:
    anchors: dict[str, str] = {}
    for score in range(found.min, found.max + 1):
        anchors |= spread(f"anchor_{score}", found.anchors.get(str(score), {}))
    return Form.of(
        **spread("name", found.name),
        **spread("explanation", found.explanation),
        weight=found.weight,
        min=found.min,
        max=found.max,
        **anchors,
    )


async def _locked(round_: RoundRow) -> bool:
    """Whether the round's criteria stay as they are."""
    return round_.state not in ("draft", "open") or await has_ballots(round_.id)


async def _criterion_of(round_: RoundRow, criterion_id: int) -> CriterionRow | None:
    """A criterion of the round, None for a new one. Raises NotFound for another round's."""
    if criterion_id == NEW:
        return None
    for criterion in await criteria_of(round_.id):
        if criterion.id == criterion_id:
            return criterion
    raise NotFound


def _named(reading: Reading[NamedForm]) -> Reading[NamedForm]:
    """The form, which is refused without a name in any language."""
    if not reading.values.texts("name"):
        reading.refuse("name_vi", _(UNNAMED))
    return reading


def _anchors(reading: Reading[CriterionForm]) -> dict[str, dict[str, str]]:
    """What single scores mean, by score and language; refuses those that are too long."""
    found: dict[str, dict[str, str]] = {}
    for key, value in reading.form.values.items():
        named = re.fullmatch(r"anchor_(\d{1,2})_(vi|id|en)", key)
        text = " ".join(str(value).split())
        if named is None or not text:
            continue
        if len(text) > LONGEST_ANCHOR:
            reading.refuse(key, _(TOO_LONG))
        found.setdefault(str(int(named[1])), {})[named[2]] = text
    return found


async def _typed(request: SetupRequest, error: AppError) -> Form:
    """The form as it was posted, with the sentences of an error."""
    return error.form if isinstance(error, FormError) else await form_again(request, error.fields)


def _problem(error: AppError | None) -> str:
    """What stands above the form when it is no single field's fault."""
    return "" if error is None or error.fields else error.sentence()


def _local(at: datetime | None, contest: ContestRow) -> datetime | None:
    return at and at.astimezone(zone(contest.timezone))
