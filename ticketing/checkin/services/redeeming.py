"""Redeeming passes at a gate: one scan at once, or the queue of a phone that was offline."""

import hashlib
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from app.accounts.actor import Actor
from app.events.errors import PassNotFound
from app.events.passes.codec import CodeNotValid, code_in, verify_code
from app.events.passes.naming import names_of_labels, read_label
from app.events.passes.queries import pass_by_typed, pass_public_keys
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.i18n import pick
from ticketing.checkin.enums import Verdict, Way
from ticketing.checkin.errors import ExitsNotCounted, GateNotFound, ListClosed, ListNotFound, NonceTaken
from ticketing.checkin.queries import GateRule, gate_names
from ticketing.checkin.recording import dispute, leave, redeem_late
from ticketing.checkin.redeem import Answer, Presented, redeem
from ticketing.checkin.rules import hours_told, refused_by
from ticketing.checkin.schemas import QueuedScan, RedeemAnswer
from ticketing.checkin.services.gates import rule_at, rule_of
from ticketing.checkin.services.live import note_scan
from ticketing.checkin.services.settling import midnight_of

#: A queued scan is judged by its own time, but by none before this much of the edition's first day: a clock was lost.
EARLIEST = timedelta(days=1)
LONGEST_SKEW = timedelta(days=366)
NO_SERIAL = -1
#: Answers under which somebody whom the phone let in is inside, or is in dispute already.
LETS_IN = {Verdict.ADMITTED, Verdict.LATE_CONFLICT}
OTHER_DAYS = {Verdict.NOT_VALID_YET, Verdict.EXPIRED}
#: How long a key that leaked may still count here: the command that says so is another process.
KEYS_SECONDS = 5.0
_LONGEST_SHORT_CODE = 12
_keys: dict[int, tuple[float, dict[int, bytes]]] = {}


async def redeem_pass(
    *,
    actor: Actor,
    client_id: str,
    code: str,
    device_at: datetime | None = None,
    way: Way = Way.IN,
    now: datetime,
) -> RedeemAnswer:
    """Redeem one pass at the device's gate; a ``client_id`` that was sent before gets its first answer again.

    With ``way`` out its holder leaves: ``left``, or ``not_inside`` when no admission of the pass is open on the list.

    ``code`` is what was scanned (the address or the bare code) or typed (the short code). A code that is no pass of
    the edition is an answer too (``unknown``). Raises GateNotFound, ListClosed, ExitsNotCounted, NonceTaken.
    """
    rule = await rule_of(actor)
    if not rule.active:
        raise ListClosed(name=rule.list_name)
    if way is Way.OUT and not rule.exits:
        raise ExitsNotCounted(name=rule.list_name)
    presented = Presented(
        client_id=client_id,
        edition_id=rule.edition_id,
        list_id=rule.list_id,
        gate_id=rule.gate_id,
        device_id=actor.device_id,
        serial=await serial_of(code, rule.edition_id),
        code_hash=_hashed(code),
        at=now,
        device_at=_plausible(device_at, now),
        judged_at=now,
        offline=False,
        shown=None,
        pass_kinds=rule.pass_kinds,
        refused_by_list=_refused_by_list(rule, now),
    )
    answer = await (leave if way is Way.OUT else redeem)(presented)
    return await _told(presented, answer, rule)


async def redeem_queue(*, actor: Actor, scans: Sequence[QueuedScan], now: datetime) -> list[RedeemAnswer]:
    """Take over the scans that a phone made while offline, one by one in their order.

    Each is judged by its own time, however many days ago that was. Where the phone let somebody in whom the service
    would not have, the scan is set aside as a late conflict for the gate lead, with what stood against it; so is one
    that the service had refused before, slower than its phone waited. A list that
    was closed meanwhile still takes what was scanned. What was scanned on a day that is over holds against that day.
    Each is judged by the list and the gate that it says the phone scanned for. What names one that its edition does not
    have, or whose ``client_id`` stands for another code, is not stored: its answer is an error. Raises GateNotFound.
    """
    now_at = await rule_of(actor)
    edition = await edition_by_id(now_at.edition_id)
    rules: dict[tuple[int | None, int | None], GateRule] = {}
    answers = []
    for scan in scans:
        place = (scan.list, scan.gate)
        try:
            if place not in rules:
                rules[place] = await rule_at(now_at, *place)
            answers.append(await _take_over(scan, rules[place], edition, actor, now))
        except (NonceTaken, ListNotFound, GateNotFound) as error:
            answers.append(RedeemAnswer(client_id=scan.client_id, verdict=Verdict.UNKNOWN, error=error.code))
    return answers


async def _take_over(
    scan: QueuedScan, rule: GateRule, edition: EditionInfo, actor: Actor, now: datetime
) -> RedeemAnswer:
    judged_at = min(now, max(scan.device_at, edition.window[0] - EARLIEST))
    presented = Presented(
        client_id=scan.client_id,
        edition_id=rule.edition_id,
        list_id=rule.list_id,
        gate_id=rule.gate_id,
        device_id=actor.device_id,
        serial=await serial_of(scan.code, rule.edition_id),
        code_hash=_hashed(scan.code),
        at=now,
        device_at=_plausible(scan.device_at, now),
        judged_at=judged_at,
        offline=True,
        shown=scan.shown.value,
        pass_kinds=rule.pass_kinds,
        refused_by_list=_refused_by_list(rule, judged_at),
    )
    timezone = edition.timezone
    if scan.way is Way.OUT:
        answer = await leave(presented)
    elif presented.judged_at < midnight_of(timezone, now):
        begin = midnight_of(timezone, presented.judged_at)
        answer = await redeem_late(presented, (begin, midnight_of(timezone, begin + timedelta(hours=36))))
    else:
        answer = await redeem(presented)
    let_in = scan.way is Way.IN and scan.shown is Verdict.ADMITTED
    if let_in and answer.replayed and not answer.other_code and answer.verdict not in LETS_IN:
        answer = await dispute(presented, answer)
    return await _told(presented, answer, rule)


async def serial_of(code: str, edition_id: int) -> int:
    """The serial of a genuine pass of the edition, from its signed code or its short code; -1 for anything else."""
    if "\0" in code:  # no database compares it, and no queue of a phone may stand still for it
        return NO_SERIAL
    if len(code) <= _LONGEST_SHORT_CODE:
        try:
            return (await pass_by_typed(code, edition_id)).serial
        except PassNotFound:
            return NO_SERIAL
    keys = await _keys_of(edition_id)
    try:
        payload = verify_code(code, keys)
    except CodeNotValid as error:
        if error.reason != "unknown_key":
            return NO_SERIAL
        _keys.pop(edition_id, None)  # a new key since they were read, if it is one
        try:
            payload = verify_code(code, await _keys_of(edition_id))
        except CodeNotValid:
            return NO_SERIAL
    return payload.serial if payload.edition_id == edition_id else NO_SERIAL


async def _keys_of(edition_id: int) -> dict[int, bytes]:
    kept = _keys.get(edition_id)
    if kept is not None and time.monotonic() - kept[0] < KEYS_SECONDS:
        return kept[1]
    keys = await pass_public_keys(edition_id)
    _keys[edition_id] = (time.monotonic(), keys)
    return keys


def forget_keys() -> None:
    """Read the public keys again at the next scan."""
    _keys.clear()


def _plausible(device_at: datetime | None, now: datetime) -> datetime | None:
    """The phone's time, unless its clock is lost: then none, for pages and sheets could not show every year."""
    return device_at if device_at is not None and abs(device_at - now) < LONGEST_SKEW else None


def _hashed(code: str) -> str:
    """What is kept of a code, so that the log of scans holds no codes."""
    return hashlib.sha256(code_in(code).encode()).hexdigest()[:32]


def _refused_by_list(rule: GateRule, at: datetime) -> str:
    return refused_by(rule.rules, at, rule.timezone) or ""


def _holds(answer: Answer, at: datetime) -> bool:
    return bool(answer.valid_from and answer.valid_until and answer.valid_from <= at < answer.valid_until)


async def _told(presented: Presented, answer: Answer, rule: GateRule) -> RedeemAnswer:
    """The answer in the words of the API; open pages hear of new scans. Raises NonceTaken."""
    if answer.other_code:
        raise NonceTaken
    if not answer.replayed:
        note_scan(rule.edition_id)
    previous_gate = None
    if answer.previous_gate_id is not None:
        same = answer.previous_gate_id == rule.gate_id
        previous_gate = rule.gate if same else (await gate_names(rule.edition_id)).get(answer.previous_gate_id)
    label = None
    if answer.label is not None and answer.verdict != Verdict.UNKNOWN:
        label = read_label(answer.label, await names_of_labels(rule.edition_id))
    blocked = answer.verdict == Verdict.BLOCKED
    of_other_days = OTHER_DAYS & {answer.verdict, answer.reason}
    note = pick(rule.rules.note) if answer.verdict == Verdict.ADMITTED else None
    if presented.refused_by_list in of_other_days and _holds(answer, presented.judged_at):
        # The pass counts at that time: it is the list that does not.
        of_other_days = set()
        note = f"{rule.list_name}: {hours_told(rule.rules, rule.timezone)}"
    return RedeemAnswer(
        client_id=presented.client_id,
        verdict=Verdict.REVOKED.value if blocked else answer.verdict,
        label=label,
        reason=answer.verdict if blocked else answer.reason,
        previous_at=answer.previous_at,
        previous_gate=previous_gate,
        valid_from=answer.valid_from if of_other_days else None,
        valid_until=answer.valid_until if of_other_days else None,
        note=note or None,
        replayed=answer.replayed,
    )
