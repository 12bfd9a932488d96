"""The check-in API: scans of any device that is paired to a gate, in words of their own."""

from typing import Any

from litestar import Controller, Request, post
from litestar.params import JSONBody

from app.accounts.enums import DeviceKind
from app.accounts.guards import device
from app.accounts.services.devices import note_device_seen
from app.kernel.clock import now
from ticketing.checkin.enums import REASONS, Outcome, Reason, Verdict
from ticketing.checkin.schemas import (
    LONGEST_BODY,
    CheckinAnswer,
    CheckinAnswers,
    CheckinRequest,
    CheckinScans,
    HandedIn,
    QueuedScan,
    UndoAnswer,
    UndoRequest,
)
from ticketing.checkin.services.redeeming import judge_scan, judge_scans
from ticketing.checkin.services.telling import told_to_api
from ticketing.checkin.services.undoing import undo_own

#: What a device says that it refused somebody for, as a verdict.
_VERDICTS = {reason: verdict for verdict, reason in REASONS.items()}


class CheckinApi(Controller):
    """``/api/v1/checkin``: for paired devices alone, as ``/api/v1/gate``."""

    path = "/api/v1/checkin"
    guards = [device(DeviceKind.GATE)]
    # The cookie is SameSite=Strict and the body JSON: no other site can send either.
    opt = {"no_csrf": True}
    tags = ["Check-in"]
    request_max_body_size = LONGEST_BODY

    @post("/redeem", summary="Scan a pass", status_code=200)
    async def redeem_scan(self, request: Request[Any, Any, Any], data: JSONBody[CheckinRequest]) -> CheckinAnswer:
        """Scan one pass, in or out. The same ``nonce`` again gets the same answer, marked ``replayed``; every scan is
        stored, refused ones too. Errors: ``gate_not_found``, ``list_not_found``, ``list_closed``,
        ``exits_not_counted``, ``nonce_taken``."""
        judged = await judge_scan(
            actor=request.user,
            client_id=data.nonce,
            code=data.code,
            device_at=data.device_at,
            way=data.direction,
            list_id=data.list,
            answers=data.answers,
            now=now(),
        )
        return await told_to_api(judged)

    @post("/scans", summary="Hand in scans that a device made alone", status_code=200)
    async def hand_in(self, request: Request[Any, Any, Any], data: JSONBody[CheckinScans]) -> CheckinAnswers:
        """Take over up to 1,000 scans in any order: each is judged by its own time, and the same scans come to the
        same figures in whatever order they are handed in. One that names a list or gate which the device's edition
        does not have, or whose ``nonce`` stands for another code, has an error of its own in its answer. Error:
        ``gate_not_found``."""
        at = now()
        judged = await judge_scans(actor=request.user, scans=[_queued(one) for one in data.scans], now=at)
        await note_device_seen(device_id=request.user.device_id, now=at)
        return CheckinAnswers([await told_to_api(one) for one in judged])

    @post("/undo", summary="Take a scan back", status_code=200)
    async def undo(self, request: Request[Any, Any, Any], data: JSONBody[UndoRequest]) -> UndoAnswer:
        """Take back a scan of this device by which somebody came in or went out, within 15 minutes of it: it counts for
        nothing any more, and stays stored. Taken back again it has the same answer. Errors: ``scan_not_found``,
        ``undo_too_late``, ``nothing_to_undo``."""
        return await undo_own(actor=request.user, client_id=data.nonce, now=now())


def _queued(one: HandedIn) -> QueuedScan:
    shown = Verdict.ADMITTED
    if one.outcome is Outcome.REFUSED:
        reason = one.reason or Reason.UNKNOWN
        shown = _VERDICTS.get(reason) or Verdict(reason.value)
    return QueuedScan(
        client_id=one.nonce,
        code=one.code,
        device_at=one.device_at,
        shown=shown,
        way=one.direction,
        list=one.list,
        gate=one.gate,
        device_clock=one.device_clock,
        answers=one.answers,
    )
