"""The organiser's pages where badges and passes of many are made to be printed."""

from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath
from litestar.response import File

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events import queries
from app.events.enums import (
    BADGE_PAPER_NAMES,
    PASS_KIND_NAMES,
    PRINT_STATE_NAMES,
    PRINT_STATE_TONES,
    PRINT_WHAT_NAMES,
    PrintWhat,
)
from app.events.errors import NothingToPrint, PrintNotReady, TooManyToPrint
from app.events.pages import PAGE_SIZE, offset_of, pager_of
from app.events.passes.badges import PAPERS
from app.events.passes.choosing import Choice, Wanted, count_chosen, types_and_organisations
from app.events.passes.naming import names_of_labels, read_label
from app.events.passes.printing import MOST_IN_ONE_FILE, drop_printing, preview, start_printing, stop_printing
from app.events.passes.prints import KEPT, printed_file, run_of, runs_of_edition
from app.events.queries import EditionInfo, Page
from app.events.schemas import PrintForm
from app.kernel.clock import now
from app.kernel.errors import AppError
from app.kernel.forms import Form, decode_form, read_form
from app.kernel.i18n import _, current_locale
from app.kernel.security import limit
from app.kernel.web import page, redirect

PRIVATE = {"cache-control": "private, no-store"}


class PrintDeskController(Controller):
    """``/manage/{edition_id}/passes/prints``."""

    path = "/manage/{edition_id:int}/passes/prints"
    guards = [requires(Role.OWNER, Role.MANAGER, Role.GATE_LEAD)]
    include_in_schema = False

    @get("/")
    async def choose(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[str]:
        """What is to be printed, its first page, and what was printed before."""
        return await _choose_page(request, await queries.edition_by_id(edition_id), _asked(request))

    @get("/preview.png")
    async def preview(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[bytes]:
        """The first page of what is chosen. Raises NothingToPrint."""
        edition = await queries.edition_by_id(edition_id)
        await limit(f"print-preview:{request.user.person_id}", times=300, seconds=3600, now=now())
        picture = await preview(edition, _wanted(_asked(request)))
        return Response(picture, media_type="image/png", headers=PRIVATE)

    @post("/")
    async def start(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Have it made."""
        asked = await read_form(request, PrintForm)
        try:
            run_id = await start_printing(edition_id=edition_id, wanted=_wanted(asked), actor=request.user, now=now())
        except (NothingToPrint, TooManyToPrint) as error:
            return await _choose_page(request, await queries.edition_by_id(edition_id), asked, error)
        return redirect(f"/manage/{edition_id}/passes/prints/{run_id}")

    @get("/{print_id:int}")
    async def show(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], print_id: FromPath[int]
    ) -> Response[str]:
        """How far it is, and its file."""
        return await _run_page(edition_id, print_id)

    @get("/{print_id:int}/file.pdf")
    async def file(self, edition_id: FromPath[int], print_id: FromPath[int]) -> File:
        """The file. Raises PrintNotReady, PrintFileGone."""
        name, path = await printed_file(edition_id, print_id)
        return File(path, filename=name, media_type="application/pdf", headers=PRIVATE)

    @post("/{print_id:int}/stop")
    async def stop(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], print_id: FromPath[int]
    ) -> Response[Any]:
        """Stop making it."""
        await stop_printing(edition_id=edition_id, run_id=print_id, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/passes/prints/{print_id}", toast=_("It is being stopped."))

    @post("/{print_id:int}/drop")
    async def drop(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], print_id: FromPath[int]
    ) -> Response[Any]:
        """Say that it was not printed."""
        try:
            await drop_printing(edition_id=edition_id, run_id=print_id, actor=request.user, now=now())
        except PrintNotReady as error:
            return await _run_page(edition_id, print_id, error)
        return redirect(
            f"/manage/{edition_id}/passes/prints", toast=_("The file was deleted. Its badges count as not printed.")
        )


def _asked(request: Request[Any, Any, Any]) -> PrintForm:
    """What the address says; what makes no sense in it is as if it were not there."""
    given = {key: [value] for key, value in request.query_params.items()}
    reading = decode_form({"locale": [current_locale()], **given}, PrintForm)
    return reading.values


def _wanted(asked: PrintForm) -> Wanted:
    return Wanted(
        what=asked.what,
        paper=asked.paper,
        locale=asked.locale,
        choice=Choice(
            kind=asked.kind,
            label=asked.label,
            organisation=asked.organisation,
            unprinted=asked.unprinted,
            pass_id=asked.pass_id,
        ),
    )


async def _choose_page(
    request: Request[Any, Any, Any], edition: EditionInfo, asked: PrintForm, problem: AppError | None = None
) -> Response[str]:
    wanted = _wanted(asked)
    values = {key: value for key, value in msgspec.to_builtins(asked).items() if value not in (None, "", False)}
    number = request.query_params.get("page", "")
    offset = offset_of(int(number) if number.isascii() and number.isdigit() else None)
    runs, total = await runs_of_edition(edition.id, offset=offset, limit=PAGE_SIZE)
    labels, organisations = await types_and_organisations(edition.id)
    names = await names_of_labels(edition.id)
    base = f"/manage/{edition.id}/passes/prints"
    paper = PAPERS[wanted.paper] if wanted.what == PrintWhat.BADGES else None
    return page(
        "events/manage_prints.html",
        status=problem.status if problem else 200,
        edition=edition,
        form=Form(msgspec.to_builtins(asked), {}),
        asked=asked,
        chosen=values,
        count=await count_chosen(edition.id, wanted.choice),
        most=MOST_IN_ONE_FILE,
        per_page=paper.per_page if paper else 1,
        preview=f"{base}/preview.png?{urlencode(values)}",
        kinds=[(kind.value, _(name)) for kind, name in PASS_KIND_NAMES.items()],
        papers=[(one.value, _(name)) for one, name in BADGE_PAPER_NAMES.items()],
        whats=[(one.value, _(name)) for one, name in PRINT_WHAT_NAMES.items()],
        labels=[(label, read_label(label, names)) for label in labels],
        organisations=organisations,
        runs=runs,
        names=_names(),
        pager=pager_of(request, Page(runs, total, offset + 1, PAGE_SIZE), at=f"{base}#made"),
        problem=problem.sentence() if problem else "",
    )


async def _run_page(edition_id: int, run_id: int, problem: AppError | None = None) -> Response[str]:
    edition = await queries.edition_by_id(edition_id)
    run = await run_of(edition_id, run_id)
    names = await names_of_labels(edition_id)
    choice: Choice = run["choice"]
    kept = run["file"] and run["finished_at"] + KEPT
    return page(
        "events/manage_print.html",
        status=problem.status if problem else 200,
        edition=edition,
        run=run,
        names=_names(),
        chosen=[
            _(PASS_KIND_NAMES[choice.kind]) if choice.kind else "",
            read_label(choice.label, names) if choice.label else "",
            choice.organisation,
            _("Not printed yet") if choice.unprinted else "",
        ],
        again=urlencode(
            {
                "what": run["what"],
                "paper": run["paper"],
                "locale": run["locale"],
                **{key: value for key, value in msgspec.to_builtins(choice).items() if value not in (None, "", False)},
            }
        ),
        kept=kept,
        problem=problem.sentence() if problem else "",
    )


def _names() -> dict[str, dict[str, str]]:
    """Words and tones for what stands in the rows of runs."""
    return {
        "what": {one.value: _(name) for one, name in PRINT_WHAT_NAMES.items()},
        "paper": {one.value: _(name) for one, name in BADGE_PAPER_NAMES.items()},
        "state": {one.value: _(name) for one, name in PRINT_STATE_NAMES.items()},
        "tone": {one.value: tone for one, tone in PRINT_STATE_TONES.items()},
    }
