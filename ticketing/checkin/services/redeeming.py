"""Redeeming passes at a gate: one scan at once, or the queue of a phone that was offline."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from app.accounts.actor import Actor
from app.events.queries import edition_by_id
from ticketing.checkin.enums import NO_PASS, OUTWARD, Verdict, Way
from ticketing.checkin.errors import DeviceNotFound, ExitsNotCounted, GateNotFound, ListClosed, ListNotFound, NonceTaken
from ticketing.checkin.queries import GateRule, gate_devices, gate_names
from ticketing.checkin.recording import first_answer, record
from ticketing.checkin.redeem import Answer, Presented, redeem
from ticketing.checkin.rules import Limits, refused_by
from ticketing.checkin.schemas import QueuedScan, RedeemAnswer
from ticketing.checkin.services.asking import NOTHING_SAID, asked_at, keep_said, still_asked
from ticketing.checkin.services.codes import hash_code, read_pass
from ticketing.checkin.services.finding import check_may_search
from ticketing.checkin.services.gates import rule_at, rule_of
from ticketing.checkin.services.live import note_scan
from ticketing.checkin.services.telling import Judgement, NotTaken, told_to_gate
from ticketing.checkin.tables import Scan

#: A queued scan is judged by its own time, but by none before this much of the edition's first day: a clock was lost.
EARLIEST = timedelta(days=1)
LONGEST_SKEW = timedelta(days=366)


async def judge_scan(
    *,
    actor: Actor,
    client_id: str,
    code: str,
    device_at: datetime | None = None,
    way: Way = Way.IN,
    list_id: int | None = None,
    answers: Mapping[str, str] = NOTHING_SAID,
    now: datetime,
) -> Judgement:
    """Redeem one pass at the device's gate; a ``client_id`` that was sent before gets its first answer again.

    With ``way`` out its holder leaves: ``left``, or ``not_inside`` when she was not inside the list. ``list_id`` is
    that of the gate unless told. ``answers`` are those to questions that the list asks, by their numbers: they are kept
    with the ticket, and the questions that it has no answer to come with a refusal (``question_required``).

    ``code`` is what was scanned (the address or the bare code) or typed (the short code). A code that is no pass of
    the edition is an answer too. Raises GateNotFound, ListNotFound, ListClosed, ExitsNotCounted, NonceTaken.
    """
    rule = await rule_of(actor)
    if list_id is not None:
        rule = await rule_at(rule, list_id, None)
    read = await read_pass(code, rule.edition_id)
    asked = await asked_at(rule) if way is Way.IN else []
    if asked and answers:
        await keep_said(rule, asked, read.serial, answers, now)
    presented = Presented(
        client_id=client_id,
        edition_id=rule.edition_id,
        list_id=rule.list_id,
        gate_id=rule.gate_id,
        device_id=actor.device_id,
        serial=read.serial,
        otherwise=read.otherwise.value,
        code_hash=hash_code(code),
        at=now,
        device_at=_plausible(device_at, now),
        judged_at=now,
        outward=way is Way.OUT,
        pass_kinds=rule.pass_kinds,
        ticket_types=rule.rules.ticket_types,
        refused_by_list=_refused_by_list(rule, now),
        limits=rule.limits(now),
        capacity=rule.rules.capacity,
        questions=tuple(question.id for question in asked),
    )
    answer = None
    if not rule.active or (way is Way.OUT and not rule.exits):
        answer = await first_answer(presented)  # of before it was closed
        if answer is None:
            raise ListClosed(name=rule.list_name) if not rule.active else ExitsNotCounted(name=rule.list_name)
    elif way is Way.OUT:
        (answer,) = await record([presented], _limits_of({rule.list_id: rule}))
    else:
        answer = await redeem(presented)
    if _is_taken(presented, answer):
        raise NonceTaken
    if not answer.replayed:
        note_scan(rule.edition_id)
    open_ = await still_asked(rule, asked, read.serial) if answer.verdict == Verdict.QUESTION_REQUIRED else ()
    return Judgement(presented, rule, answer, await _previous_gate(answer, rule), open_)


async def judge_scans(*, actor: Actor, scans: Sequence[QueuedScan], now: datetime) -> list[Judgement | NotTaken]:
    """Take over the scans that a phone made while offline, in whatever order they come; an answer for each.

    Each is judged by its own time, however many days ago that was, and by the list and the gate that it says the phone
    scanned for. Where the phone let somebody in whom the service would not have, the scan is set aside as a late
    conflict for the gate lead, with what stood against it; so is one that the service had refused before, slower than
    its phone waited. A list that was closed meanwhile still takes what was scanned, and how many it has room for is not
    asked: they are inside. What names a list, a gate or a device that its edition does not have, or whose
    ``client_id`` stands for another code or the other way, is not stored: its answer is an error. Raises GateNotFound.
    """
    now_at = await rule_of(actor)
    makers = await _makers_of(scans, actor, now_at.edition_id)
    edition = await edition_by_id(now_at.edition_id)
    earliest = edition.window[0] - EARLIEST
    rules: dict[tuple[int | None, int | None], GateRule | NotTaken] = {}
    taken: list[tuple[Presented, GateRule]] = []
    told: list[Judgement | NotTaken | None] = []
    for scan in scans:
        place = (scan.list, scan.gate)
        if place not in rules:
            try:
                rules[place] = await rule_at(now_at, *place)
            except (ListNotFound, GateNotFound) as error:
                rules[place] = NotTaken("", error.code)
        rule, maker = rules[place], scan.device
        if maker not in makers:
            told.append(NotTaken(scan.client_id, DeviceNotFound.code))
            continue
        if isinstance(rule, NotTaken):
            told.append(NotTaken(scan.client_id, rule.error))
            continue
        told.append(None)
        if scan.answers and scan.way is Way.IN and (asked := await asked_at(rule)):
            read = await read_pass(scan.code, rule.edition_id)
            await keep_said(rule, asked, read.serial, scan.answers, now)
        taken.append(
            (await _presented_later(scan, rule, makers[maker], min(now, max(scan.device_at, earliest)), now), rule)
        )
    limits_of = _limits_of({rule.list_id: rule for _presented, rule in taken})
    answers = iter(await record([presented for presented, _rule in taken], limits_of)) if taken else iter(())
    places = iter(taken)
    judged: list[Judgement | NotTaken] = []
    for one in told:
        if one is not None:
            judged.append(one)
            continue
        (presented, rule), answer = next(places), next(answers)
        if _is_taken(presented, answer):
            judged.append(NotTaken(presented.client_id, NonceTaken.code))
        else:
            judged.append(Judgement(presented, rule, answer, await _previous_gate(answer, rule)))
    if taken:
        note_scan(now_at.edition_id)
    return judged


async def redeem_pass(
    *,
    actor: Actor,
    client_id: str,
    code: str,
    device_at: datetime | None = None,
    way: Way = Way.IN,
    by_name: bool = False,
    answers: Mapping[str, str] = NOTHING_SAID,
    now: datetime,
) -> RedeemAnswer:
    """Redeem one pass for a gate phone: :func:`judge_scan` in the words that phones know.

    ``by_name``: its holder was found by name and showed no code, and the scan is marked so. Raises NotAllowed for a
    phone that may not search.
    """
    if by_name:
        check_may_search(actor)
    judged = await judge_scan(
        actor=actor, client_id=client_id, code=code, device_at=device_at, way=way, answers=answers, now=now
    )
    if by_name:  # sent again after a cut it is marked again
        await Scan.update({Scan.by_name: True}).where(
            (Scan.client_id == client_id) & (Scan.device_id == actor.device_id)
        )
    return await told_to_gate(judged)


async def redeem_queue(*, actor: Actor, scans: Sequence[QueuedScan], now: datetime) -> list[RedeemAnswer]:
    """Take over a phone's queue: :func:`judge_scans` in the words that phones know."""
    return [await told_to_gate(one) for one in await judge_scans(actor=actor, scans=scans, now=now)]


async def _makers_of(scans: Sequence[QueuedScan], actor: Actor, edition_id: int) -> dict[int | None, int | None]:
    """By what scans say of their device, the id of that: of whoever hands them in where they say nothing."""
    named = [scan.device for scan in scans if scan.device is not None]
    return {None: actor.device_id, **{device_id: device_id for device_id in await gate_devices(named, edition_id)}}


async def _presented_later(
    scan: QueuedScan, rule: GateRule, device_id: int | None, judged_at: datetime, now: datetime
) -> Presented:
    read = await read_pass(scan.code, rule.edition_id)
    return Presented(
        client_id=scan.client_id,
        edition_id=rule.edition_id,
        list_id=rule.list_id,
        gate_id=rule.gate_id,
        device_id=device_id,
        serial=read.serial,
        otherwise=read.otherwise.value,
        code_hash=hash_code(scan.code),
        at=now,
        device_at=_plausible(scan.device_at, now),
        judged_at=judged_at,
        clock_at=scan.device_clock,
        offline=True,
        shown=scan.shown.value,
        outward=scan.way is Way.OUT,
        pass_kinds=rule.pass_kinds,
        ticket_types=rule.rules.ticket_types,
        refused_by_list=_refused_by_list(rule, judged_at),
        limits=rule.limits(judged_at),
    )


def _is_taken(presented: Presented, answer: Answer) -> bool:
    """Whether a scan's id stands for another code already, or for its pass on the other way."""
    other_way = answer.replayed and answer.verdict not in NO_PASS and presented.outward != (answer.verdict in OUTWARD)
    return answer.other_code or other_way


def _limits_of(rules: Mapping[int, GateRule]) -> Callable[[int, datetime], Limits]:
    return lambda list_id, at: rules[list_id].limits(at)


def _plausible(device_at: datetime | None, now: datetime) -> datetime | None:
    """The phone's time, unless its clock is lost: then none, for pages and sheets could not show every year."""
    return device_at if device_at is not None and abs(device_at - now) < LONGEST_SKEW else None


def _refused_by_list(rule: GateRule, at: datetime) -> str:
    return refused_by(rule.rules, at, rule.timezone) or ""


async def _previous_gate(answer: Answer, rule: GateRule) -> str | None:
    if answer.previous_gate_id in (None, rule.gate_id):
        return rule.gate if answer.previous_gate_id else None
    return (await gate_names(rule.edition_id)).get(answer.previous_gate_id)
