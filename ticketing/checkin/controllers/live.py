"""The live day: who is inside, the flow by gate, the last scans, what has to be settled."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import ServerSentEvent, Stream

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.pages import PAGE_SIZE, download_in_pieces, offset_of, page_asked, pager_of, with_query
from app.events.queries import EditionInfo, Page, edition_by_id
from app.events.typed_codes import show_code
from app.kernel.clock import now
from app.kernel.forms import Form, FormError, read_form
from app.kernel.i18n import _, format_time, ngettext
from app.kernel.live import stream
from app.kernel.sheets import Cell, stream_xlsx
from app.kernel.web import page, redirect
from ticketing.checkin import queries
from ticketing.checkin.controllers.counting import counted_state
from ticketing.checkin.enums import SETTLEMENT_NAMES, VERDICT_NAMES, VERDICT_TONES
from ticketing.checkin.errors import ScanNotFound
from ticketing.checkin.queries_pairs import scans_against
from ticketing.checkin.rules import day_began
from ticketing.checkin.schemas import OverrideForm, SettleForm
from ticketing.checkin.services.live import channel_of
from ticketing.checkin.services.settling import empty_lists, settle_conflict
from ticketing.checkin.services.undoing import UNDO_MINUTES, let_in, may_let_in, may_undo, undo_scan

FLOW_TONES = ("jade", "indigo", "lacquer", "gold")


class LiveController(Controller):
    """``/manage/{id}/live``."""

    path = "/manage/{edition_id:int}/live"
    guards = [requires(Role.MANAGER, Role.GATE_LEAD)]
    include_in_schema = False

    @get("/")
    async def day(self, edition_id: FromPath[int]) -> Response[str]:
        """The page for the wall screen."""
        return page("checkin/live.html", **await _state(edition_id))

    @get("/now")
    async def fragment(self, edition_id: FromPath[int]) -> Response[str]:
        """Its moving part."""
        return page("checkin/live_now.html", headers={"cache-control": "no-store"}, **await _state(edition_id))

    @get("/stream")
    async def events(self, edition_id: FromPath[int]) -> ServerSentEvent:
        """Says when something happened at the gates."""
        return stream([channel_of(edition_id)])

    @get("/conflicts")
    async def conflicts(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], q: FromQuery[str] = ""
    ) -> Response[str]:
        """Scans that phones answered differently while offline: open ones, and those settled."""
        offset = offset_of(page_asked(request))
        shown = await queries.late_conflicts(edition_id, q, offset=offset, limit=PAGE_SIZE)
        total = await queries.count_late_conflicts(edition_id, q)
        return page(
            "checkin/conflicts.html",
            edition=await edition_by_id(edition_id),
            waiting=[row for row in shown if row["settlement"] is None],
            settled=[row for row in shown if row["settlement"] is not None],
            others=await scans_against(shown),
            open=await queries.open_conflicts(edition_id) > 0,
            pager=pager_of(request, Page(shown, total, offset + 1, PAGE_SIZE)),
            q=q,
            export=with_query(request, f"/manage/{edition_id}/live/conflicts/export.xlsx"),
            verdicts=_verdicts(),
            settlements={key.value: _(name) for key, name in SETTLEMENT_NAMES.items()},
        )

    @get("/conflicts/export.xlsx")
    async def export_conflicts(self, edition_id: FromPath[int], q: FromQuery[str] = "") -> Stream:
        """What was and is to be settled, as a sheet."""
        edition = await edition_by_id(edition_id)
        verdicts, settlements = _verdicts(), {key.value: _(name) for key, name in SETTLEMENT_NAMES.items()}

        def cells(row: dict[str, Any]) -> list[Cell]:
            when, against = row["device_at"] or row["at"], verdicts[row["reason"]]
            return [*_scanned(row, when), against, settlements.get(row["settlement"] or "", "")]

        headers = [_("Scanned"), _("Gate"), _("Phone"), _("Pass"), _("Type"), _("What stands against it"), _("Settled")]
        found = queries.all_late_conflicts(edition_id, q)
        return _sheet(edition, "conflicts", _("To be settled"), headers, found, cells)

    @post("/conflicts/{scan_id:int}")
    async def settle(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], scan_id: FromPath[int]
    ) -> Response[Any]:
        """Settle one."""
        values = await read_form(request, SettleForm)
        await settle_conflict(
            scan_id=scan_id, edition_id=edition_id, settlement=values.settlement, actor=request.user, now=now()
        )
        return redirect(f"/manage/{edition_id}/live/conflicts", toast=_("Settled."))

    @get("/scans/{scan_id:int}")
    async def scan(self, edition_id: FromPath[int], scan_id: FromPath[int]) -> Response[str]:
        """One scan: what was answered and why, the other one that stands against it, and what a lead may do."""
        return await _scan_page(edition_id, scan_id, Form.empty())

    @post("/scans/{scan_id:int}/undo")
    async def undo(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], scan_id: FromPath[int]
    ) -> Response[Any]:
        """Take it back."""
        await undo_scan(scan_id=scan_id, edition_id=edition_id, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/live/scans/{scan_id}", toast=_("Taken back."))

    @post("/scans/{scan_id:int}/override")
    async def override(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], scan_id: FromPath[int]
    ) -> Response[Any]:
        """Let somebody in who was refused."""
        try:
            values = await read_form(request, OverrideForm)
        except FormError as error:
            return await _scan_page(edition_id, scan_id, error.form, status=422)
        await let_in(scan_id=scan_id, edition_id=edition_id, reason=values.reason, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/live", toast=_("Let in."))

    @post("/empty")
    async def empty(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Everybody has left."""
        closed = await empty_lists(edition_id=edition_id, actor=request.user, now=now())
        toast = ngettext("%(num)s person has left.", "%(num)s people have left.", closed) % {"num": closed}
        return redirect(f"/manage/{edition_id}/live", toast=toast)

    @get("/scans.xlsx")
    async def export(self, edition_id: FromPath[int]) -> Stream:
        """All scans as a sheet."""
        edition = await edition_by_id(edition_id)
        verdicts = _verdicts()

        def cells(row: dict[str, Any]) -> list[Cell]:
            answer, reason = verdicts[row["verdict"]], verdicts.get(row["reason"] or "", "")
            times = _scanned(row, row["at"], row["device_at"], row["clock_at"])
            return [*times, answer, reason, row["undone_at"], row["override"]]

        headers = [
            _("Time"),
            _("Time of the phone"),
            _("Clock of the phone"),
            _("Gate"),
            _("Phone"),
            _("Pass"),
            _("Type"),
        ]
        headers += [_("Answer"), _("Reason"), _("Taken back"), _("Why she was let in")]
        return _sheet(edition, "scans", _("Scans"), headers, queries.all_scans(edition_id), cells)


def _scanned(row: dict[str, Any], *times: datetime | None) -> list[Cell]:
    """When a scan was made, where, by which phone and of what."""
    return [*times, row["gate"], row["device"], show_code(row["short_code"] or ""), row["label"]]


def _sheet(
    edition: EditionInfo,
    name: str,
    title: str,
    headers: Sequence[str],
    found: AsyncIterator[list[dict[str, Any]]],
    cells: Callable[[dict[str, Any]], list[Cell]],
) -> Stream:
    """Scans as a sheet, read and written in stretches: a festival has some hundred thousand."""

    async def stretches() -> AsyncIterator[list[list[Cell]]]:
        async for rows in found:
            yield [cells(row) for row in rows]

    pieces = stream_xlsx(title, headers, stretches(), timezone=edition.timezone)
    return download_in_pieces(pieces, f"{name}-{edition.slug}.xlsx")


async def _scan_page(edition_id: int, scan_id: int, form: Form, status: int = 200) -> Response[str]:
    scan = await queries.scan_by_id(scan_id, edition_id)
    if scan is None:
        raise ScanNotFound
    present = now()
    return page(
        "checkin/scan.html",
        status=status,
        edition=await edition_by_id(edition_id),
        scan=scan,
        other=(await scans_against([scan])).get(scan_id),
        verdicts=_verdicts(),
        tones=VERDICT_TONES,
        may_undo=may_undo(scan, present),
        may_let_in=may_let_in(scan),
        form=form,
        minutes=UNDO_MINUTES,
    )


def _verdicts() -> dict[str, str]:
    return {key.value: _(name) for key, name in VERDICT_NAMES.items()}


async def _state(edition_id: int) -> dict[str, Any]:
    edition = await edition_by_id(edition_id)
    present = now()
    lists = await queries.lists_of(edition_id)
    for entry in lists:
        began = day_began(queries.rules_in(entry), present, edition.timezone)
        entry["inside"], entry["admitted"] = await queries.counts_of_list(entry["id"], began)
    starts, counts = await queries.flow(edition_id, present)
    busiest = sorted(counts.items(), key=lambda item: -sum(item[1]))
    return {
        "edition": edition,
        "lists": lists,
        "inside": sum(entry["inside"] for entry in lists),
        "flow_labels": [format_time(start, edition.timezone) for start in starts],
        "flow": [
            (name, values, FLOW_TONES[number]) for number, (name, values) in enumerate(busiest[: len(FLOW_TONES)])
        ],
        "by_gate": [(name, sum(values)) for name, values in busiest],
        "scans": await queries.last_scans(edition_id, 12),
        "waiting": await queries.open_conflicts(edition_id),
        "verdicts": _verdicts(),
        "tones": VERDICT_TONES,
        "present": present,
        **await counted_state(edition, present),
    }
