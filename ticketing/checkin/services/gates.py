"""Lists, gates, phones: what a gate lead sets up. What a phone may know of its gate is kept for a few seconds."""

import json
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.accounts.enums import DeviceKind
from app.accounts.guards import LARGEST_ID
from app.accounts.services.devices import make_device_invite, renew_device_invite
from app.events.enums import PassKind
from app.events.queries import edition_by_id, hold_edition_going_on
from app.kernel import audit
from app.kernel.database import after_commit, is_unique_violation, write_transaction
from app.kernel.errors import Invalid, NotFound
from ticketing.checkin.errors import (
    DayOutsideEdition,
    EntryRulesContradict,
    GateNotFound,
    ListHoursReversed,
    ListNotFound,
    NameTaken,
)
from ticketing.checkin.queries import GateRule, devices_of, gate_rule
from ticketing.checkin.rules import ListRules
from ticketing.checkin.tables import CheckInList, Gate
from ticketing.sales.queries import ticket_types_of
from ticketing.sales.queries_questions import questions_of

#: How long a worker goes by what it knows of a gate.
RULE_SECONDS = 3.0
NO_RULES = ListRules()
#: What the log says of a new list; of the rest only what was given.
_ALWAYS = ("name", "pass_kinds", "active", "exits")
_rules: dict[int, tuple[float, GateRule]] = {}


async def rule_of(actor: Actor) -> GateRule:
    """The rule of the gate that a device scans for, kept for ``RULE_SECONDS``. Raises GateNotFound."""
    gate_id = actor.subject_id or 0
    kept = _rules.get(gate_id)
    if kept is not None and time.monotonic() - kept[0] < RULE_SECONDS:
        return kept[1]
    rule = await gate_rule(gate_id)
    if rule is None or rule.edition_id != actor.edition_id:
        raise GateNotFound
    _rules[gate_id] = (time.monotonic(), rule)
    return rule


async def rule_at(rule: GateRule, list_id: int | None, gate_id: int | None) -> GateRule:
    """The rule of the list and the gate that a phone says it scanned for; what it does not say is as it is for it now.

    Raises ListNotFound, GateNotFound: they have to be of the phone's edition.
    """
    gate = rule
    if gate_id not in (None, rule.gate_id):
        other = await gate_rule(gate_id) if 0 < gate_id <= LARGEST_ID else None
        if other is None or other.edition_id != rule.edition_id:
            raise GateNotFound
        gate = other
    if list_id in (None, gate.list_id):
        return gate
    found = await gate_rule(gate.gate_id, list_id) if 0 < list_id <= LARGEST_ID else None
    if found is None:
        raise ListNotFound
    return found


def forget_rules() -> None:
    """Ask the database again at the next scan."""
    _rules.clear()


async def create_list(
    *,
    edition_id: int,
    name: str,
    pass_kinds: Sequence[str],
    active: bool = True,
    exits: bool = False,
    rules: ListRules = NO_RULES,
    actor: Actor,
    now: datetime,
) -> int:
    """Add a check-in list that takes some kinds of pass (none given: every kind), while its rules allow it.

    Raises NameTaken, Invalid, ListHoursReversed, DayOutsideEdition, EntryRulesContradict, EditionIsCancelled.

    With ``exits`` people are scanned out, too, and may come in again on the same day.
    """
    values = _values(name, pass_kinds, active, exits, rules)
    await _check_rules(rules, edition_id)
    try:
        async with write_transaction():
            await hold_edition_going_on(edition_id)
            made = CheckInList(edition=edition_id, **_stored(values))
            await made.save()
            await audit.record(
                actor=actor,
                action="check_in_list.create",
                subject_type="check_in_list",
                subject_id=made.id,
                edition_id=edition_id,
                after={key: value for key, value in values.items() if key in _ALWAYS or value},
                now=now,
            )
    except Exception as error:
        raise _translated(error) from error
    return int(made.id)


async def update_list(
    *,
    list_id: int,
    edition_id: int,
    name: str,
    pass_kinds: Sequence[str],
    active: bool,
    exits: bool = False,
    rules: ListRules = NO_RULES,
    actor: Actor,
    now: datetime,
) -> None:
    """Change a check-in list. Raises ListNotFound, NameTaken, Invalid, ListHoursReversed, DayOutsideEdition,
    EntryRulesContradict, EditionIsCancelled.
    """
    values = _values(name, pass_kinds, active, exits, rules)
    await _check_rules(rules, edition_id)
    try:
        async with write_transaction():
            await hold_edition_going_on(edition_id)
            before = (
                await CheckInList.select(*(getattr(CheckInList, key) for key in values))
                .where((CheckInList.id == list_id) & (CheckInList.edition == edition_id))
                .first()
                .output(load_json=True)
            )
            if before is None:
                raise ListNotFound
            old, new = audit.changes(dict(before), values)
            await CheckInList.update(
                {getattr(CheckInList, key): value for key, value in _stored(values).items()}
            ).where(CheckInList.id == list_id)
            if new:
                await audit.record(
                    actor=actor,
                    action="check_in_list.update",
                    subject_type="check_in_list",
                    subject_id=list_id,
                    edition_id=edition_id,
                    before=old,
                    after=new,
                    now=now,
                )
            await after_commit(forget_rules)
    except Exception as error:
        raise _translated(error) from error


async def create_gate(
    *, edition_id: int, name: str, list_id: int, hall_id: int | None = None, actor: Actor, now: datetime
) -> int:
    """Add a gate that scans for a list. Raises ListNotFound, NameTaken."""
    try:
        async with write_transaction():
            await _check_list(list_id, edition_id)
            gate = Gate(edition=edition_id, name=name, check_in_list=list_id, hall=hall_id)
            await gate.save()
            await audit.record(
                actor=actor,
                action="gate.create",
                subject_type="gate",
                subject_id=gate.id,
                edition_id=edition_id,
                after={"name": name, "list": list_id, "hall": hall_id},
                now=now,
            )
    except Exception as error:
        raise _translated(error) from error
    return int(gate.id)


async def update_gate(
    *, gate_id: int, edition_id: int, name: str, list_id: int, hall_id: int | None, actor: Actor, now: datetime
) -> None:
    """Change a gate; its phones follow within seconds. Raises GateNotFound, ListNotFound, NameTaken."""
    try:
        async with write_transaction():
            await _check_list(list_id, edition_id)
            before = (
                await Gate.select(Gate.name, Gate.check_in_list.as_alias("list"), Gate.hall)
                .where((Gate.id == gate_id) & (Gate.edition == edition_id))
                .first()
            )
            if before is None:
                raise GateNotFound
            await Gate.update({Gate.name: name, Gate.check_in_list: list_id, Gate.hall: hall_id}).where(
                Gate.id == gate_id
            )
            old, new = audit.changes(dict(before), {"name": name, "list": list_id, "hall": hall_id})
            if new:
                await audit.record(
                    actor=actor,
                    action="gate.update",
                    subject_type="gate",
                    subject_id=gate_id,
                    edition_id=edition_id,
                    before=old,
                    after=new,
                    now=now,
                )
            await after_commit(forget_rules)
    except Exception as error:
        raise _translated(error) from error


async def invite_phone(
    *, edition_id: int, gate_id: int, label: str, may_search: bool = False, actor: Actor, now: datetime
) -> tuple[int, str]:
    """A card that binds one phone to a gate: (device id, address for its QR code). Raises GateNotFound.

    With ``may_search`` the phone may search for people by name.
    """
    if not await Gate.exists().where((Gate.id == gate_id) & (Gate.edition == edition_id)):
        raise GateNotFound
    return await make_device_invite(
        kind=DeviceKind.GATE,
        edition_id=edition_id,
        label=label,
        subject_id=gate_id,
        may_search=may_search,
        actor=actor,
        now=now,
        days=2,
    )


async def replace_phone(*, device_id: int, edition_id: int, actor: Actor, now: datetime) -> tuple[int, str]:
    """A card that binds another phone in the place of one, to the same gate and with the same options: (id of the new
    device, address for its QR code).

    The phone that it replaces scans on, and is shut out when the new one is bound. Asked again before that, it is a new
    card for the same device. Raises NotFound for a phone that is not there or was withdrawn.
    """
    old = next((row for row in await devices_of(edition_id) if row["id"] == device_id), None)
    if old is None:
        raise NotFound
    if old["replacement"] is not None:
        return old["replacement"], await renew_device_invite(device_id=old["replacement"], actor=actor, now=now, days=2)
    return await make_device_invite(
        kind=DeviceKind.GATE,
        edition_id=edition_id,
        label=old["label"],
        subject_id=old["gate_id"],
        may_search=bool(old["may_search"]),
        replaces=device_id,
        actor=actor,
        now=now,
        days=2,
    )


def _values(name: str, pass_kinds: Sequence[str], active: bool, exits: bool, rules: ListRules) -> dict[str, Any]:
    """The columns of a list by their names. Raises Invalid."""
    known = {kind.value for kind in PassKind}
    if not set(pass_kinds) <= known:
        raise Invalid
    plain = {"name": name, "pass_kinds": sorted(set(pass_kinds)), "active": active, "exits": exits}
    return plain | rules.columns()


def _stored(values: dict[str, Any]) -> dict[str, Any]:
    """The same as they are written."""
    texts = ("pass_kinds", "note", "ticket_types", "questions")
    written = {key: json.dumps(values[key], ensure_ascii=False) for key in texts}
    return values | written


async def _check_rules(rules: ListRules, edition_id: int) -> None:
    edition = await edition_by_id(edition_id)
    if rules.opens_at is not None and rules.closes_at is not None and rules.closes_at <= rules.opens_at:
        raise ListHoursReversed
    if rules.day is not None and not edition.starts_on <= rules.day <= edition.ends_on:
        raise DayOutsideEdition
    if rules.once and (rules.entries_a_day, rules.again_after) != (None, None):
        raise EntryRulesContradict
    if not set(rules.ticket_types) <= {row["id"] for row in await ticket_types_of(edition_id)}:
        raise Invalid
    if rules.questions and not set(rules.questions) <= {one.id for one in await questions_of(edition_id)}:
        raise Invalid


async def _check_list(list_id: int, edition_id: int) -> None:
    if not await CheckInList.exists().where((CheckInList.id == list_id) & (CheckInList.edition == edition_id)):
        raise ListNotFound


def _translated(error: Exception) -> Exception:
    return NameTaken() if is_unique_violation(error) else error
