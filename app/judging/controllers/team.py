"""What a team sees: its ideas, where they stand, what is due, what was said."""

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.guards import signed_in
from app.events.pages import form_again
from app.judging.enums import EntryState
from app.judging.errors import ContestNotOpen, EntryIncomplete
from app.judging.queries import entries as queries
from app.judging.queries.contests import ContestRow, contest_by_id, contest_of_edition, open_contests, rounds_of
from app.judging.queries.results import AwardRow, awards_of
from app.judging.schemas import IdeaForm, PersonForm, StoryForm
from app.judging.services import entries as service
from app.judging.whereabouts import STEPS, Whereabouts, locate
from app.kernel.clock import now
from app.kernel.editing import held, open_edit
from app.kernel.errors import NotFound
from app.kernel.forms import Form, FormError, Reading, open_form, read_form
from app.kernel.i18n import N_, _, pick
from app.kernel.names import normalise_email, normalise_phone
from app.kernel.web import page, redirect

TeamRequest = Request[Actor, Any, Any]
PARTS = (N_("The idea"), N_("The story"), N_("The team"), N_("Send in"))
LAST_PART = len(PARTS)
MODELS: dict[int, type[msgspec.Struct]] = {1: IdeaForm, 2: StoryForm}
NOT_A_PHONE = N_("This is no phone number. Write it like 0912 345 678.")
ONE_OF_THE_TWO = N_("Please write a phone number or a mail address: one of the two is needed.")
NOT_AN_EMAIL = N_("This is no mail address. It looks like name@example.vn.")
PersonFormT = TypeVar("PersonFormT", bound=PersonForm)


async def _stand(entry: queries.EntryRow) -> Whereabouts:
    contest = await contest_by_id(entry.contest_id)
    taking_part = [round_.number for round_ in await queries.rounds_of_entry(entry.id)]
    prizes = [pick(award.title) for award in await _awards(entry)]
    return locate(entry, contest, await rounds_of(contest.id), taking_part, now(), prizes=prizes)


async def _awards(entry: queries.EntryRow) -> list[AwardRow]:
    """What the idea has won, as far as everybody may know it."""
    told = await awards_of(entry.contest_id, published_only=True)
    return [award for award in told if award.entry_id == entry.id]


def contact_of(reading: Reading[PersonFormT]) -> tuple[str | None, str | None]:
    """Phone number in E.164 and mail address of a form; refuses what does not fit, and a form with neither."""
    typed = {"phone": reading.values.phone, "email": reading.values.email}
    found: dict[str, str | None] = {}
    for name, normalise, sentence in (
        ("phone", normalise_phone, NOT_A_PHONE),
        ("email", normalise_email, NOT_AN_EMAIL),
    ):
        try:
            found[name] = normalise(typed[name]) if typed[name] else None
        except ValueError:
            reading.refuse(name, _(sentence))
    if not any(typed.values()):
        reading.refuse("phone", _(ONE_OF_THE_TWO))
    return found.get("phone"), found.get("email")


class TeamController(Controller):
    """``/team/``: a short conversation in four steps, saved after each, and a page for each idea."""

    path = "/team"
    guards = [signed_in]
    include_in_schema = False

    @get()
    async def ideas(self, request: TeamRequest) -> Response[str]:
        """My ideas, and contests that take new ones."""
        assert request.user.person_id is not None
        own = await queries.entries_of_person(request.user.person_id)
        cards = [(entry, await contest_by_id(entry.contest_id), await _stand(entry)) for entry, _edition in own]
        return page("judging/team_ideas.html", cards=cards, contests=await open_contests(now()))

    @get("/{edition_id:int}/new")
    async def new(self, request: TeamRequest, edition_id: FromPath[int]) -> Response[str]:
        """The first step of a new idea; drafts that were begun before are shown, for whoever came Back to it."""
        contest = await contest_of_edition(edition_id)
        if contest is None:
            raise NotFound
        service.ensure_open(contest, now())
        assert request.user.person_id is not None
        own = [entry for entry, _edition in await queries.entries_of_person(request.user.person_id)]
        drafts = [one for one in own if one.contest_id == contest.id and one.state == EntryState.DRAFT]
        return self._step(1, Form.empty(), contest, None, drafts=drafts)

    @post("/{edition_id:int}/new", status_code=200)
    async def begin(self, request: TeamRequest, edition_id: FromPath[int]) -> Response[Any]:
        """Save the draft and go on."""
        try:
            form = await read_form(request, IdeaForm)
            values = msgspec.structs.asdict(form)
            entry_id = await service.enter_idea(edition_id=edition_id, values=values, actor=request.user, now=now())
        except (FormError, ContestNotOpen) as error:
            contest = await contest_of_edition(edition_id)
            if contest is None:
                raise NotFound from error
            shown = error.form if isinstance(error, FormError) else Form(values)
            return self._step(1, shown, contest, None, status=error.status)
        return redirect(f"/team/ideas/{entry_id}/edit/2", toast=_("Your draft is saved."))

    @get("/ideas/{entry_id:int}")
    async def idea(self, request: TeamRequest, entry_id: FromPath[int]) -> Response[str]:
        """Where the idea stands, what is due, what was said."""
        entry = await queries.own_entry(entry_id, request.user.person_id)
        contest = await contest_by_id(entry.contest_id)
        return page(
            "judging/team_idea.html",
            entry=entry,
            contest=contest,
            stand=await _stand(entry),
            steps=[_(step) for step in STEPS],
            members=await queries.members_of(entry.id),
            feedback=await queries.feedback_for(entry.id),
            awards=await _awards(entry),
            open_now=contest.takes_ideas(now()),
            decided=await queries.is_decided(entry.id),
        )

    @get("/ideas/{entry_id:int}/edit/{part:int}")
    async def edit(self, request: TeamRequest, entry_id: FromPath[int], part: FromPath[int]) -> Response[str]:
        """One step of the conversation."""
        entry = await queries.own_entry(entry_id, request.user.person_id)
        contest = await contest_by_id(entry.contest_id)
        if not 1 <= part <= LAST_PART or entry.state == EntryState.WITHDRAWN:
            raise NotFound
        if entry.state == EntryState.SUBMITTED:
            service.ensure_open(contest, now())
        form = _form_of(entry, part) if part in MODELS else Form.empty()
        return self._step(part, form, contest, entry, members=await queries.members_of(entry.id))

    @post("/ideas/{entry_id:int}/edit/{part:int}", status_code=200)
    async def save(self, request: TeamRequest, entry_id: FromPath[int], part: FromPath[int]) -> Response[Any]:
        """Save the first or the second step and go on."""
        model = MODELS.get(part)
        if model is None:
            raise NotFound
        values: dict[str, Any] = {}
        try:
            contest_id = (await queries.own_entry(entry_id, request.user.person_id)).contest_id
            async with held("contest", contest_id, alone=False), held("contest_entry", entry_id):
                entry = await queries.own_entry(entry_id, request.user.person_id)
                subject = ("entry", entry_id)
                reading = await open_edit(request, model, record=_form_of(entry, part), subject=subject)
                values = msgspec.structs.asdict(reading.settle())
                await service.update_idea(entry_id=entry_id, values=values, actor=request.user, now=now())
        except (FormError, EntryIncomplete, ContestNotOpen) as error:
            entry = await queries.own_entry(entry_id, request.user.person_id)
            contest = await contest_by_id(entry.contest_id)
            shown = error.form if isinstance(error, FormError) else await form_again(request, error.fields)
            return self._step(part, shown, contest, entry, status=error.status)
        return redirect(f"/team/ideas/{entry_id}/edit/{part + 1}")

    @post("/ideas/{entry_id:int}/members", status_code=200)
    async def add_member(self, request: TeamRequest, entry_id: FromPath[int]) -> Response[Any]:
        """Add somebody to the team."""
        try:
            reading = await open_form(request, PersonForm)
            phone, email = contact_of(reading)
            form = reading.settle()
            await service.invite_member(
                entry_id=entry_id, full_name=form.full_name, phone=phone, email=email, actor=request.user, now=now()
            )
        except FormError as error:
            entry = await queries.own_entry(entry_id, request.user.person_id)
            contest = await contest_by_id(entry.contest_id)
            members = await queries.members_of(entry.id)
            return self._step(3, error.form, contest, entry, members=members, status=error.status)
        return redirect(f"/team/ideas/{entry_id}/edit/3", toast=_("{name} is in the team.").format(name=form.full_name))

    @post("/ideas/{entry_id:int}/members/{member_id:int}/remove")
    async def remove_member(
        self, request: TeamRequest, entry_id: FromPath[int], member_id: FromPath[int]
    ) -> Response[Any]:
        """Take somebody out of the team."""
        await service.remove_member(entry_id=entry_id, member_id=member_id, actor=request.user, now=now())
        return redirect(f"/team/ideas/{entry_id}/edit/3")

    @post("/ideas/{entry_id:int}/submit", status_code=200)
    async def submit(self, request: TeamRequest, entry_id: FromPath[int]) -> Response[Any]:
        """Send the idea in."""
        try:
            await service.submit_idea(entry_id=entry_id, actor=request.user, now=now())
        except (EntryIncomplete, ContestNotOpen) as error:
            entry = await queries.own_entry(entry_id, request.user.person_id)
            contest = await contest_by_id(entry.contest_id)
            members = await queries.members_of(entry.id)
            return self._step(4, Form({}, error.fields), contest, entry, members=members, status=error.status)
        return redirect(f"/team/ideas/{entry_id}", toast=_("Your idea is with us. Thank you."))

    @post("/ideas/{entry_id:int}/withdraw")
    async def withdraw(self, request: TeamRequest, entry_id: FromPath[int]) -> Response[Any]:
        """Take the idea back."""
        await service.withdraw_idea(entry_id=entry_id, actor=request.user, now=now())
        return redirect(f"/team/ideas/{entry_id}", toast=_("The idea is taken back."))

    @staticmethod
    def _step(
        part: int,
        form: Form,
        contest: Any,
        entry: queries.EntryRow | None,
        *,
        members: list[queries.MemberRow] | None = None,
        drafts: Sequence[queries.EntryRow] = (),
        status: int = 200,
    ) -> Response[str]:
        return page(
            "judging/team_step.html",
            status=status,
            part=part,
            parts=[_(name) for name in PARTS],
            form=form,
            contest=contest,
            entry=entry,
            members=members or [],
            drafts=drafts,
            closed=_closed(contest),
            missing=_missing(entry) if entry else [],
        )


def _form_of(entry: queries.EntryRow, part: int) -> Form:
    return Form.of(**{name: getattr(entry, name) for name in MODELS[part].__struct_fields__})


def _missing(entry: queries.EntryRow) -> list[tuple[str, int, str]]:
    """What the idea still lacks: a sentence, the step that asks for it, and the field's name."""
    step_of = {name: step for step, model in MODELS.items() for name in model.__struct_fields__}
    return [(_(said), step_of[name], name) for name, said in service.NEEDED.items() if not getattr(entry, name)]


def _closed(contest: ContestRow) -> str:
    """Why ideas cannot be sent in now; empty while they can."""
    try:
        service.ensure_open(contest, now())
    except ContestNotOpen as error:
        return error.sentence()
    return ""
