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
)
from ticketing.checkin.services.redeeming import judge_scan, judge_scans
from ticketing.checkin.services.telling import told_to_api

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


def _queued(one: HandedIn) -> QueuedScan:
    shown = Verdict.ADMITTED
    if one.outcome is Outcome.REFUSED:
        reason = one.reason or Reason.UNKNOWN
        shown = _VERDICTS.get(reason) or Verdict(reason.value)
    return QueuedScan(one.nonce, one.code, one.device_at, shown, one.direction, one.list, one.gate, one.answers)
