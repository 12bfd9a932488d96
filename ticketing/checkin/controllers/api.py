"""The gate's API: what a paired phone calls."""

from itertools import chain
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromQuery, JSONBody

from app.accounts.enums import DeviceKind
from app.accounts.guards import device
from app.accounts.services.devices import note_device_seen
from app.events.passes.naming import names_of_labels, read_label
from app.events.passes.queries import key_shifts, pass_public_keys
from app.events.queries import edition_by_id
from app.kernel.clock import now
from ticketing.checkin.enums import Verdict
from ticketing.checkin.queries import counts_of_list, refused_serials
from ticketing.checkin.rules import day_began
from ticketing.checkin.schemas import (
    LONGEST_BODY,
    BundleAnswer,
    RedeemAnswer,
    RedeemRequest,
    ScansAnswer,
    ScansRequest,
    SearchAnswer,
    SearchRequest,
    StatusAnswer,
    UndoAnswer,
    UndoRequest,
)
from ticketing.checkin.services.bundling import passes_told, rules_told
from ticketing.checkin.services.finding import find_by_name
from ticketing.checkin.services.gates import rule_of
from ticketing.checkin.services.handing_in import take_over
from ticketing.checkin.services.labels import labels_of
from ticketing.checkin.services.redeeming import redeem_pass
from ticketing.checkin.services.undoing import undo_own


class GateApi(Controller):
    """``/api/v1/gate``: for paired phones alone; a token in the header, or the cookie that pairing left."""

    path = "/api/v1/gate"
    guards = [device(DeviceKind.GATE)]
    # The cookie is SameSite=Strict and the body JSON: no other site can send either.
    opt = {"no_csrf": True}
    tags = ["Gate"]
    request_max_body_size = LONGEST_BODY

    @post("/redeem", summary="Redeem a pass", status_code=200)
    async def redeem(self, request: Request[Any, Any, Any], data: JSONBody[RedeemRequest]) -> RedeemAnswer:
        """Redeem one pass. The same ``client_id`` again gets the first answer, marked ``replayed``.
        Errors: ``gate_not_found``, ``list_closed``, ``exits_not_counted``, ``nonce_taken``, ``not_allowed``."""
        return await redeem_pass(
            actor=request.user,
            client_id=data.client_id,
            code=data.code,
            device_at=data.device_at,
            way=data.way,
            by_name=data.by_name,
            answers=data.answers,
            now=now(),
        )

    @post("/search", summary="Find passes by name", status_code=200)
    async def search(self, request: Request[Any, Any, Any], data: JSONBody[SearchRequest]) -> Response[SearchAnswer]:
        """Find passes by the name of their holder, for phones that may search; the answer is not to be stored. Errors:
        ``gate_not_found``, ``not_allowed``."""
        passes, more = await find_by_name(actor=request.user, name=data.name)
        return Response(SearchAnswer(passes, more), headers={"cache-control": "no-store"})

    @post("/scans", summary="Hand in scans that were made offline", status_code=200)
    async def scans(self, request: Request[Any, Any, Any], data: JSONBody[ScansRequest]) -> ScansAnswer:
        """Take over scans that were made offline; each gets its answer, in their order. One whose ``client_id`` was
        sent before with another code, or that names a list or gate which the phone's edition does not have, has an
        error of its own in its answer, and the others are taken over. One that another phone made names it as its
        ``device``. Error: ``gate_not_found``."""
        at = now()
        answers = await take_over(actor=request.user, scans=data.scans, now=at)
        await note_device_seen(device_id=request.user.device_id, now=at)
        return ScansAnswer(answers)

    @post("/undo", summary="Take a scan back", status_code=200)
    async def undo(self, request: Request[Any, Any, Any], data: JSONBody[UndoRequest]) -> UndoAnswer:
        """Take back a scan of this phone by which somebody came in or went out, within 15 minutes of it. Errors:
        ``scan_not_found``, ``undo_too_late``, ``nothing_to_undo``."""
        return await undo_own(actor=request.user, client_id=data.nonce, now=now())

    @get("/bundle", summary="What a gate needs without a network")
    async def bundle(self, request: Request[Any, Any, Any], since: FromQuery[str | None] = None) -> BundleAnswer:
        """Everything needed to judge passes without a network; fetch it now and then while there is one. With
        ``since`` empty it brings what the gate's list knows of each pass, and with the ``since`` of the last such
        answer what is new: some of that may have been told before. Error: ``gate_not_found``."""
        at = now()
        rule = await rule_of(request.user)
        edition = await edition_by_id(rule.edition_id)
        keys = await pass_public_keys(rule.edition_id)
        names = await names_of_labels(rule.edition_id)
        labels, label_of = await labels_of(rule.edition_id) if since is None else ([], "")
        refused = await refused_serials(rule.edition_id) if since is None else {}
        passes = None if since is None else await passes_told(rule, since, at)
        await note_device_seen(device_id=request.user.device_id, now=at)
        return BundleAnswer(
            server_time=at,
            edition_id=edition.id,
            edition=edition.title,
            timezone=edition.timezone,
            gate_id=rule.gate_id,
            gate=rule.gate,
            list_id=rule.list_id,
            list_name=rule.list_name,
            list_active=rule.active,
            list_exits=rule.exits,
            pass_kinds=list(rule.pass_kinds),
            public_keys={str(key_id): key.hex() for key_id, key in keys.items()},
            key_shifts={str(key_id): minutes for key_id, minutes in (await key_shifts(rule.edition_id)).items()},
            revoked=sorted(chain(*refused.values())),
            blocked=refused.get(Verdict.BLOCKED, []),
            labels=[read_label(label, names) for label in labels],
            label_of=label_of,
            list_rules=rules_told(rule),
            passes=passes,
        )

    @get("/status", summary="The clock, and how many are inside")
    async def status(self, request: Request[Any, Any, Any]) -> StatusAnswer:
        """The clock, and how many are inside."""
        at = now()
        rule = await rule_of(request.user)
        inside, admitted = await counts_of_list(rule.list_id, day_began(rule.rules, at, rule.timezone))
        await note_device_seen(device_id=request.user.device_id, now=at)
        return StatusAnswer(
            server_time=at,
            inside=inside,
            admitted=admitted,
            list_active=rule.active,
            device=request.user.device_id,
            may_search=request.user.may_search,
        )
