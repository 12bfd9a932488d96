"""Counting at gates that anybody may enter: the phones' API and page, and the organiser's sheet of it."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, JSONBody
from litestar.response import Stream

from app.accounts.enums import DeviceKind, Role
from app.accounts.guards import device, public, requires
from app.accounts.services.devices import note_device_seen
from app.events.pages import download_in_pieces
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.clock import now
from app.kernel.i18n import _, format_time
from app.kernel.sheets import Cell, stream_xlsx
from app.kernel.web import page
from ticketing.checkin import queries_counting as queries
from ticketing.checkin.controllers.gate_app import unpaired
from ticketing.checkin.errors import GateNotFound
from ticketing.checkin.rules import day_began
from ticketing.checkin.schemas import LONGEST_BODY
from ticketing.checkin.schemas_counting import CountedAnswer, CountsAnswer, CountsRequest
from ticketing.checkin.services import counting as service
from ticketing.checkin.services.gates import NO_RULES, rule_of

MOST_LINES = 4
TONES = ("gold", "indigo", "jade", "lacquer")


class CountingApi(Controller):
    """``/api/v1/gate/counts``: for paired phones alone, as the rest of ``/api/v1/gate``."""

    path = "/api/v1/gate/counts"
    guards = [device(DeviceKind.GATE)]
    # The cookie is SameSite=Strict and the body JSON: no other site can send either.
    opt = {"no_csrf": True}
    tags = ["Gate"]
    request_max_body_size = LONGEST_BODY

    @post("/", summary="Hand in visitors who were counted", status_code=200)
    async def hand_in(self, request: Request[Any, Any, Any], data: JSONBody[CountsRequest]) -> CountsAnswer:
        """Take over what the phone counted, online or offline, in any order; the same ``client_id`` counts once. One
        that names a gate which the phone's edition does not have, or whose ``client_id`` stands for another count, has
        an error of its own in its answer. Error: ``gate_not_found``."""
        at = now()
        answer = await service.count_visitors(actor=request.user, counts=data.counts, now=at)
        await note_device_seen(device_id=request.user.device_id, now=at)
        return answer

    @get("/", summary="How many visitors were counted")
    async def counted(self, request: Request[Any, Any, Any]) -> CountedAnswer:
        """How many were counted today at the phone's gate. Whoever was scanned is not among them. Error:
        ``gate_not_found``."""
        return await service.counted(actor=request.user, now=now())


class CountingPage(Controller):
    """``/gate/count``: beside the scanner, and offline as that."""

    path = "/gate/count"
    guards = [public]
    include_in_schema = False

    @get("/")
    async def buttons(self, request: Request[Any, Any, Any]) -> Response[str]:
        """+1 and +5 on a paired phone; on any other, how to pair it."""
        if request.user.device_kind != DeviceKind.GATE:
            return unpaired()
        try:
            rule = await rule_of(request.user)
        except GateNotFound:
            return unpaired()
        edition = await edition_by_id(rule.edition_id)
        return page("checkin/counting.html", headers={"cache-control": "no-cache"}, rule=rule, edition=edition)


class CountsController(Controller):
    """``/manage/{id}/live/counts.xlsx``."""

    path = "/manage/{edition_id:int}/live/counts.xlsx"
    guards = [requires(Role.MANAGER, Role.GATE_LEAD)]
    include_in_schema = False

    @get("/")
    async def export(self, edition_id: FromPath[int]) -> Stream:
        """Every count as a sheet, those that were undone with when; no scan is in it."""
        edition = await edition_by_id(edition_id)

        async def stretches() -> AsyncIterator[list[list[Cell]]]:
            async for rows in queries.all_head_counts(edition_id):
                yield [
                    [row["counted_at"], row["at"], row["gate"], row["device"] or "", row["visitors"], row["undone_at"]]
                    for row in rows
                ]

        headers = [_("Counted at"), _("Arrived"), _("Gate"), _("Phone"), _("Counted visitors"), _("Undone")]
        pieces = stream_xlsx(_("Counted visitors"), headers, stretches(), timezone=edition.timezone)
        return download_in_pieces(pieces, f"counts-{edition.slug}.xlsx")


async def counted_state(edition: EditionInfo, present: datetime) -> dict[str, Any]:
    """What the live page shows of counted visitors: today's sum, the flow by gate, and today's figures by gate."""
    today = await queries.counted_by_gate(edition.id, day_began(NO_RULES, present, edition.timezone))
    starts, flow = await queries.counted_flow(edition.id, present)
    busiest = sorted(flow.items(), key=lambda item: -sum(item[1]))[:MOST_LINES]
    return {
        "counted_today": sum(today.values()),
        "counted_labels": [format_time(start, edition.timezone) for start in starts],
        "counted_flow": [(name, values, TONES[number]) for number, (name, values) in enumerate(busiest)],
        "counted_by_gate": sorted(today.items(), key=lambda item: -item[1]),
    }
