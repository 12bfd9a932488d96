"""The organiser's room of the contest: the call, the rounds, the ideas, the jury and its cards."""

from typing import Annotated, Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.errors import DatesReversed
from app.events.pages import form_again, stretch, with_query
from app.events.queries import edition_by_id
from app.judging.controllers.lists import Paging
from app.judging.controllers.team import contact_of
from app.judging.enums import ContestState, EntryState, PanelRole
from app.judging.errors import EndPassed
from app.judging.guards import contest_for
from app.judging.queries import entries as queries
from app.judging.queries.contests import ContestRow, contest_of_edition, round_by_id, rounds_of
from app.judging.queries.panels import Panelist, devices_of_judges, panel_of
from app.judging.queries.results import awards_of, progress_of
from app.judging.rubric import CONTEST_NAME
from app.judging.schemas import CallForm, CardsForm, ContestForm, JudgeForm, OpenRoundForm
from app.judging.services import contests as service
from app.judging.services import panels
from app.judging.words import CONTEST_STATES, ENTRY_STATES, PANEL_ROLES, ROUND_STATES
from app.kernel.clock import now
from app.kernel.documents.labels import Label, label_sheets, one_file
from app.kernel.errors import NotFound
from app.kernel.forms import Form, FormError, open_form, read_form
from app.kernel.i18n import _, pick, zone
from app.kernel.names import search_text, searched
from app.kernel.sheets import write_xlsx
from app.kernel.web import page, redirect

ManageRequest = Request[Actor, Any, Any]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def round_for(contest: ContestRow, round_id: int) -> Any:
    """A round of this contest. Raises NotFound for another's."""
    found = await round_by_id(round_id)
    if found.contest_id != contest.id:
        raise NotFound
    return found


class ContestController(Controller):
    """``/manage/{edition_id}/contest``: set-up, call, rounds and ideas."""

    path = "/manage/{edition_id:int}/contest"
    guards = [requires(Role.MANAGER, Role.JURY_CHAIR)]
    include_in_schema = False

    @get()
    async def overview(
        self,
        request: ManageRequest,
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
        standing: Annotated[str, QueryParameter(name="state")] = "",
        category: FromQuery[str] = "",
        number: Annotated[int, QueryParameter(name="page")] = 1,
    ) -> Response[str]:
        """The rounds and the list of ideas; the next step where there is no contest yet."""
        edition = await edition_by_id(edition_id)
        if await contest_of_edition(edition_id) is None:
            return page("judging/manage_start.html", edition=edition, form=Form.empty(rounds=3, **_usual_name()))
        contest = await contest_for(edition_id, request.user)
        return await self._overview(contest, q=q, standing=standing, category=category, number=number)

    async def _overview(
        self,
        contest: ContestRow,
        *,
        q: str = "",
        standing: str = "",
        category: str = "",
        number: int = 1,
        call: Form | None = None,
        opening: dict[int, Form] | None = None,
        status: int = 200,
    ) -> Response[str]:
        """The page; ``call`` or ``opening`` (by round) is a form that came back."""
        edition_id = contest.edition_id
        lines, total = await queries.list_entries(contest.id, search=q, state=standing, category=category, page=number)
        rounds = await rounds_of(contest.id)
        kept = {"q": q, "state": standing, "category": category}
        closes = contest.entries_close_at
        return room(
            "judging/manage_contest.html",
            status=status,
            edition=await edition_by_id(edition_id),
            contest=contest,
            rounds=[(round_, await progress_of(round_.id)) for round_ in rounds],
            counts=await queries.entry_state_counts(contest.id),
            awards=await awards_of(contest.id, published_only=True),
            lines=lines,
            total=total,
            filters={"q": q, "state": standing, "category": category},
            states=[("", _("All")), *((key.value, _(word)) for key, (word, _tone) in ENTRY_STATES.items())],
            categories=[
                ("", _("All")),
                *((name, name) for name in await queries.categories_of(contest.id, submitted_only=True)),
            ],
            paging=Paging.of(f"/manage/{edition_id}/contest", kept, number, queries.PAGE_SIZE, total),
            form=call or Form.empty(entries_close_at=closes and closes.astimezone(zone(contest.timezone))),
            open_now=contest.state == ContestState.OPEN and not contest.is_late(now()),
            opens_later=contest.is_early(now()),
            planned={
                round_.id: Form.empty(
                    closes_at=round_.closes_at and round_.closes_at.astimezone(zone(contest.timezone))
                )
                for round_ in rounds
            }
            | (opening or {}),
        )

    @post("/create", status_code=200)
    async def create(self, request: ManageRequest, edition_id: FromPath[int]) -> Response[Any]:
        """Set the contest up with its rounds and criteria."""
        edition = await edition_by_id(edition_id)
        try:
            form = await read_form(request, ContestForm, tz=edition.timezone)
            await service.create_contest(
                edition_id=edition_id,
                rounds=form.rounds,
                name=form.texts("name"),
                entries_open_at=form.entries_open_at,
                entries_close_at=form.entries_close_at,
                actor=request.user,
                now=now(),
            )
        except (FormError, DatesReversed) as error:
            posted = await request.form()
            shown = Form({key: str(posted.get(key, "")) for key in posted}, error.fields)
            return page("judging/manage_start.html", status=error.status, edition=edition, form=shown)
        return redirect(
            f"/manage/{edition_id}/contest/settings",
            toast=_("The contest is set up. Look through its texts, rounds and criteria, then open the call."),
        )

    @post("/call")
    async def call(self, request: ManageRequest, edition_id: FromPath[int]) -> Response[Any]:
        """Open or close the call for ideas."""
        contest = await contest_for(edition_id, request.user)
        try:
            form = await read_form(request, CallForm, tz=contest.timezone)
            state = ContestState.OPEN if form.action == "open" else ContestState.CLOSED
            await service.set_contest_state(
                contest_id=contest.id,
                state=state,
                entries_close_at=form.entries_close_at if state == ContestState.OPEN else contest.entries_close_at,
                actor=request.user,
                now=now(),
            )
        except (FormError, EndPassed) as error:
            again = await form_again(request, error.fields or {"entries_close_at": error.sentence()})
            return await self._overview(contest, call=again, status=error.status)
        said = _("The call is open.") if state == ContestState.OPEN else _("The call is closed.")
        return redirect(f"/manage/{edition_id}/contest", toast=said)

    @get("/export")
    async def export(
        self,
        request: ManageRequest,
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
        standing: Annotated[str, QueryParameter(name="state")] = "",
        category: FromQuery[str] = "",
    ) -> Response[bytes]:
        """The list of ideas as a sheet."""
        contest = await contest_for(edition_id, request.user)
        lines, _total = await queries.list_entries(contest.id, search=q, state=standing, category=category, page=None)
        headers = [_("Idea"), _("Team"), _("Leader"), _("Category"), _("Ward"), _("State"), _("Sent in")]
        rows = [
            (
                line.title,
                line.team_name,
                line.leader,
                line.category,
                line.ward,
                _(ENTRY_STATES[line.state][0]),
                line.submitted_at,
            )
            for line in lines
        ]
        data = write_xlsx(_("Ideas"), headers, rows, timezone=contest.timezone)
        return download(f"ideas-{(await edition_by_id(edition_id)).slug}.xlsx", XLSX, data)

    @get("/entries/{entry_id:int}")
    async def entry(self, request: ManageRequest, edition_id: FromPath[int], entry_id: FromPath[int]) -> Response[str]:
        """One idea with its team, for the organiser."""
        contest = await contest_for(edition_id, request.user)
        entry = await queries.entry_by_id(entry_id)
        if entry.contest_id != contest.id or entry.state == EntryState.DRAFT:
            raise NotFound
        return room(
            "judging/manage_entry.html",
            edition=await edition_by_id(edition_id),
            contest=contest,
            entry=entry,
            members=await queries.members_of(entry.id),
            rounds=await queries.rounds_of_entry(entry.id),
        )

    @post("/{round_id:int}/open")
    async def open_round(
        self, request: ManageRequest, edition_id: FromPath[int], round_id: FromPath[int]
    ) -> Response[Any]:
        """Let the judges begin."""
        contest = await contest_for(edition_id, request.user)
        round_ = await round_for(contest, round_id)
        try:
            form = await read_form(request, OpenRoundForm, tz=contest.timezone)
            await service.open_round(round_id=round_.id, closes_at=form.closes_at, actor=request.user, now=now())
        except (FormError, EndPassed) as error:
            again = await form_again(request, error.fields or {"closes_at": error.sentence()})
            return await self._overview(contest, opening={round_id: again}, status=error.status)
        return redirect(
            f"/manage/{edition_id}/contest/{round_id}/assign",
            toast=_("{round} is open. Give each idea its judges.").format(round=pick(round_.name)),
        )


class JuryController(Controller):
    """``/manage/{edition_id}/contest/judges``: who is in the jury, and the cards for their tablets."""

    path = "/manage/{edition_id:int}/contest/judges"
    guards = [requires(Role.MANAGER, Role.JURY_CHAIR)]
    include_in_schema = False

    @get()
    async def judges(
        self,
        request: ManageRequest,
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
        role: FromQuery[str] = "",
    ) -> Response[str]:
        """The list of judges."""
        return await self._list(request, edition_id, Form.empty(role=PanelRole.JUDGE), search=q, role=role)

    @get("/export")
    async def export(
        self,
        request: ManageRequest,
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
        role: FromQuery[str] = "",
    ) -> Response[bytes]:
        """The list of judges as a sheet."""
        contest = await contest_for(edition_id, request.user)
        headers = [_("Full name"), _("Phone"), _("Email"), _("Organisation"), _("Expertise"), _("Role")]
        rows = [
            (judge.full_name, judge.phone, judge.email, judge.organisation, judge.expertise, _(PANEL_ROLES[judge.role]))
            for judge in await panel_of(contest.id)
            if _fits(judge, q, role)
        ]
        data = write_xlsx(_("Judges"), headers, rows, timezone=contest.timezone)
        return download(f"judges-{(await edition_by_id(edition_id)).slug}.xlsx", XLSX, data)

    @post("/add", status_code=200)
    async def add(self, request: ManageRequest, edition_id: FromPath[int]) -> Response[Any]:
        """Put somebody into the jury."""
        contest = await contest_for(edition_id, request.user)
        try:
            reading = await open_form(request, JudgeForm)
            phone, email = contact_of(reading)
            form = reading.settle()
            await panels.add_judge(
                contest_id=contest.id,
                full_name=form.full_name,
                phone=phone,
                email=email,
                organisation=form.organisation,
                expertise=form.expertise,
                role=form.role,
                actor=request.user,
                now=now(),
            )
        except FormError as error:
            return await self._list(request, edition_id, error.form, status=error.status)
        return redirect(
            f"/manage/{edition_id}/contest/judges", toast=_("{name} is in the jury.").format(name=form.full_name)
        )

    @post("/{person_id:int}/remove")
    async def remove(
        self, request: ManageRequest, edition_id: FromPath[int], person_id: FromPath[int]
    ) -> Response[Any]:
        """Take somebody out of the jury."""
        contest = await contest_for(edition_id, request.user)
        await panels.remove_judge(contest_id=contest.id, person_id=person_id, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/contest/judges", toast=_("Taken out of the jury."))

    @post("/cards", status_code=200)
    async def cards(self, request: ManageRequest, edition_id: FromPath[int]) -> Response[Any]:
        """Print a new card for each chosen judge; without a choice for all."""
        contest = await contest_for(edition_id, request.user)
        form = await read_form(request, CardsForm)
        chosen = form.person or [member.person_id for member in await panel_of(contest.id)]
        cards = await panels.make_judge_cards(contest_id=contest.id, person_ids=chosen, actor=request.user, now=now())
        if not cards:
            return redirect(f"/manage/{edition_id}/contest/judges", toast=_("Add judges first."))
        labels = [
            Label(link=card.url, title=card.full_name, subtitle=card.organisation, band=_("Judge's tablet"))
            for card in cards
        ]
        edition = await edition_by_id(edition_id)
        foot = (f"{edition.title} · {edition.when}", _("Open it with the tablet's camera. It works once."))
        files = await label_sheets(labels, columns=2, rows=4, heading=pick(contest.name), foot=foot)
        return download(*one_file("judge-cards", files))

    @post("/devices/{device_id:int}/withdraw")
    async def withdraw(
        self, request: ManageRequest, edition_id: FromPath[int], device_id: FromPath[int]
    ) -> Response[Any]:
        """Shut a tablet out, or end a card."""
        contest = await contest_for(edition_id, request.user)
        await panels.withdraw_judge_device(contest_id=contest.id, device_id=device_id, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/contest/judges", toast=_("That tablet is shut out."))

    async def _list(
        self,
        request: ManageRequest,
        edition_id: int,
        form: Form,
        *,
        search: str = "",
        role: str = "",
        status: int = 200,
    ) -> Response[str]:
        contest = await contest_for(edition_id, request.user)
        devices: dict[int, list[Any]] = {}
        for device in await devices_of_judges(edition_id):
            devices.setdefault(device.person_id, []).append(device)
        jury = await panel_of(contest.id)
        shown, pager = stretch(request, [judge for judge in jury if _fits(judge, search, role)])
        return room(
            "judging/manage_judges.html",
            status=status,
            edition=await edition_by_id(edition_id),
            contest=contest,
            rounds=await rounds_of(contest.id),
            judges=shown,
            pager=pager,
            anybody=bool(jury),
            search=search,
            role=role,
            export=with_query(request, f"/manage/{edition_id}/contest/judges/export"),
            devices=devices,
            roles=[(role.value, _(word)) for role, word in PANEL_ROLES.items()],
            role_words=PANEL_ROLES,
            form=form,
        )


def _usual_name() -> dict[str, str]:
    return {f"name_{code}": text for code, text in CONTEST_NAME.items()}


def _fits(judge: Panelist, search: str, role: str) -> bool:
    if role and judge.role != role:
        return False
    text = search_text(judge.full_name, judge.organisation, judge.expertise, judge.phone, judge.email)
    return all(word in text for word in search_text(searched(search)).split())


def room(template: str, *, status: int = 200, **context: Any) -> Response[str]:
    """A page of the contest's rooms, which all know the words for states."""
    words: dict[str, Any] = {
        "contest_states": CONTEST_STATES,
        "round_states": ROUND_STATES,
        "entry_states": ENTRY_STATES,
    }
    return page(template, status=status, **words, **context)


def download(name: str, media_type: str, data: bytes) -> Response[bytes]:
    """A file to be kept."""
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(data, media_type=media_type, headers=headers)
