"""Write what service and phones must both answer to scans that follow one another:
``python -m tests.ticketing.checkin.make_courses``.

Each course is a list with its rules, passes, and scans with the verdict that is due at each by ``standing.py`` and
``rules.py``. With each stands what the list knew before it, packed as phones are told it: a phone that was told, and
one that made the scans before itself, answer the same. ``test_courses.py`` holds the service to them on both engines,
``tests/web/gate_courses.test.ts`` a phone alone.
"""

from __future__ import annotations

import base64
import json
import random
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.events.enums import PassKind
from app.events.passes.codec import PassPayload, sign_code
from tests.events.make_pass_vectors import ONE
from tests.ticketing.checkin.make_cases import BERLIN, HANOI, at, written
from ticketing.checkin.compact import NO_PLACE, Standings, packed_numbers
from ticketing.checkin.enums import OLDER_WORDS, REFUSED_FOR_GOOD, Verdict
from ticketing.checkin.rules import ListRules, limits_at, refused_by
from ticketing.checkin.standing import Event, Standing, is_inside, step, takes

PATH = Path(__file__).with_name("courses.json")
GATE = "Cổng A"
#: Ticket types as the courses number them; the last sort is of none.
SORTS: list[tuple[str, int | None]] = [("Vé ngày", 7), ("Vé VIP", 8), ("Khách mời", None)]
SERIALS = (40, 41, 300, 7)
IN, OUT = "in", "out"


@dataclass(frozen=True)
class Held:
    """A pass of a course: the place of its sort, and what is said of it where it opens no gate."""

    sort: int = 0
    state: str = "issued"


def course(
    name: str,
    scans: list[tuple[str, str, int]],
    *,
    passes: tuple[Held, ...] = (Held(),),
    zone: str = HANOI,
    days: tuple[str, str] = ("2026-10-16", "2026-10-18"),
    exits: bool = False,
    **rules: Any,
) -> dict[str, Any]:
    """One course: scans are a moment on the clocks of the zone, the way, and the place of the pass."""
    first, last = (date.fromisoformat(day) for day in days)
    begin = datetime.combine(first, time(), ZoneInfo(zone))
    end = datetime.combine(last + timedelta(days=2), time(), ZoneInfo(zone))
    of_list = ListRules(**rules)
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(ONE))
    codes = [
        sign_code(
            PassPayload(
                key_id=1, edition_id=1, serial=serial, kind=PassKind.VISITOR, valid_from=begin, valid_until=end
            ),
            key.sign,
        )
        for serial, _held in zip(SERIALS, passes, strict=False)
    ]
    known = [Standing() for _held in passes]
    steps = []
    for text, way, place in scans:
        moment = at(text, zone)
        before = packed(known)
        verdict = answered(of_list, passes[place], known, place, way, moment, exits=exits, zone=zone)
        told = OLDER_WORDS.get(verdict, verdict)
        reason = verdict.value if verdict is not told else ""
        scan = {"at": written(moment), "way": way, "pass": place, "verdict": told.value, "reason": reason}
        steps.append({**scan, "told": before})
    places = bytearray([NO_PLACE] * (max(SERIALS)))
    for serial, held in zip(SERIALS, passes, strict=False):
        places[serial - 1] = held.sort
    refused = {
        said.value: packed_numbers(
            sorted(serial for serial, held in zip(SERIALS, passes, strict=False) if held.state == said)
        )
        for said in REFUSED_FOR_GOOD
    }
    columns = asdict(of_list)
    names = ("day", "opens_daily", "closes_daily", "ticket_types", "once", "entries_a_day", "again_after", "capacity")
    stored = {name: str(columns[name]) if isinstance(columns[name], date) else columns[name] for name in names}
    return {
        "name": name,
        "timezone": zone,
        "days": list(days),
        "exits": exits,
        "rules": stored,
        "passes": [
            {"serial": serial, "code": code, "sort": held.sort, "state": held.state}
            for serial, code, held in zip(SERIALS, codes, passes, strict=False)
        ],
        "sorts": SORTS,
        "sort_of": base64.b64encode(places).decode(),
        "refused": refused,
        "gates": [GATE],
        "steps": steps,
    }


def packed(known: list[Standing]) -> str:
    """What a list knows of the passes, as phones are told it."""
    standings = Standings()
    for serial, one in zip(SERIALS, known, strict=False):
        if one.admitted_at is not None:
            inside = one.left_at is None
            counts = {"entries_of_day": one.entries_of_day, "entries": one.entries}
            standings.add(serial, one.admitted_at, inside=inside, gate=0, **counts)
    return standings.text


def answered(
    rules: ListRules,
    held: Held,
    known: list[Standing],
    place: int,
    way: str,
    moment: datetime,
    *,
    exits: bool,
    zone: str,
) -> Verdict:
    """The verdict on a scan; what is known of its pass changes by it."""
    standing, limits = known[place], limits_at(rules, moment, exits=exits, timezone=zone)
    event = Event(moment, f"scan-{moment.timestamp()}", way == IN)
    if way == OUT:
        return Verdict.LEFT if step(standing, event, limits) else Verdict.NOT_INSIDE
    if held.state != "issued":
        return Verdict(held.state)
    if rules.ticket_types and SORTS[held.sort][1] not in rules.ticket_types:
        return Verdict.WRONG_TYPE
    closed = refused_by(rules, moment, zone)
    if closed is not None:
        return closed
    if not takes(standing, limits):
        return Verdict.ALREADY_ADMITTED
    inside = sum(is_inside(one, limits) for one in known)
    if rules.capacity is not None and not is_inside(standing, limits) and inside >= rules.capacity:
        return Verdict.FULL
    step(standing, event, limits)
    return Verdict.ADMITTED


def courses() -> list[dict[str, Any]]:
    """All courses."""
    evening = {"opens_daily": "18:00", "closes_daily": "02:00"}
    return [
        course(
            "once ever, on whatever day",
            [("2026-10-16T09:00", IN, 0), ("2026-10-16T09:01", IN, 0), ("2026-10-17T09:00", IN, 0)],
            once=True,
        ),
        course(
            "once ever, though it left",
            [("2026-10-16T09:00", IN, 0), ("2026-10-16T10:00", OUT, 0), ("2026-10-17T09:00", IN, 0)],
            exits=True,
            once=True,
        ),
        course(
            "two entries a day where nobody is scanned out",
            [(f"2026-10-16T{hour:02}:00", IN, 0) for hour in (9, 10, 11)]
            + [(f"2026-10-17T{hour:02}:00", IN, 0) for hour in (9, 10, 11)],
            entries_a_day=2,
        ),
        course(
            "two entries a day, leaving between them",
            [
                ("2026-10-16T09:00", IN, 0),
                ("2026-10-16T09:30", IN, 0),
                ("2026-10-16T10:00", OUT, 0),
                ("2026-10-16T10:01", OUT, 0),
                ("2026-10-16T11:00", IN, 0),
                ("2026-10-16T12:00", OUT, 0),
                ("2026-10-16T13:00", IN, 0),
                ("2026-10-17T00:00", IN, 0),
            ],
            exits=True,
            entries_a_day=2,
        ),
        course(
            "again after half an hour, to the millisecond",
            [
                ("2026-10-16T09:00:00.250", IN, 0),
                ("2026-10-16T09:29:59.999", IN, 0),
                ("2026-10-16T09:30:00.249", IN, 0),
                ("2026-10-16T09:30:00.250", IN, 0),
                ("2026-10-16T09:31", IN, 0),
            ],
            again_after=30,
        ),
        course(
            "again after half an hour, twice a day at the most",
            [(f"2026-10-16T{clock}", IN, 0) for clock in ("09:00", "09:20", "09:30", "10:30")],
            again_after=30,
            entries_a_day=2,
        ),
        course(
            "who went out comes in again, and who is inside does not",
            [
                ("2026-10-16T08:59", OUT, 0),
                ("2026-10-16T09:00", IN, 0),
                ("2026-10-16T09:01", IN, 0),
                ("2026-10-16T09:02", OUT, 0),
                ("2026-10-16T09:03", IN, 0),
                ("2026-10-17T09:00", OUT, 0),
                ("2026-10-17T09:01", IN, 0),
            ],
            exits=True,
        ),
        course(
            "an evening past midnight is one day",
            [
                ("2026-10-16T23:30", IN, 0),
                ("2026-10-17T00:30", IN, 0),
                ("2026-10-17T01:59:59", IN, 0),
                ("2026-10-17T18:00", IN, 0),
                ("2026-10-18T00:00", IN, 0),
            ],
            **evening,
        ),
        course(
            "twice an evening that lasts past midnight",
            [
                ("2026-10-16T23:30", IN, 0),
                ("2026-10-17T00:10", IN, 0),
                ("2026-10-17T00:20", IN, 0),
                ("2026-10-17T18:30", IN, 0),
            ],
            entries_a_day=2,
            **evening,
        ),
        course(
            "out after midnight, and in again on the same evening",
            [("2026-10-16T23:30", IN, 0), ("2026-10-17T00:30", OUT, 0), ("2026-10-17T01:00", IN, 0)],
            exits=True,
            **evening,
        ),
        course(
            "the one evening of a list, past midnight",
            [("2026-10-16T23:30", IN, 0), ("2026-10-17T00:30", IN, 0), ("2026-10-17T18:30", IN, 0)],
            day=date(2026, 10, 16),
            **evening,
        ),
        course(
            "an evening on which the clocks go back",
            [("2026-10-24T23:30", IN, 0), ("2026-10-25T00:30:00Z", IN, 0), ("2026-10-25T18:30", IN, 0)],
            zone=BERLIN,
            days=("2026-10-24", "2026-10-26"),
            opens_daily="18:00",
            closes_daily="03:30",
        ),
        course(
            "a list that takes some ticket types",
            [("2026-10-16T09:00", IN, 0), ("2026-10-16T09:01", IN, 1), ("2026-10-16T09:02", IN, 2)],
            passes=(Held(0), Held(1), Held(2)),
            ticket_types=(8,),
        ),
        course(
            "a ticket type is said before the hours, and what the pass is before it",
            [("2026-10-16T09:00", IN, 0), ("2026-10-16T09:01", IN, 1)],
            passes=(Held(0), Held(0, "unpaid")),
            ticket_types=(8,),
            **evening,
        ),
        course(
            "passes that open no gate, and may yet go out",
            [(f"2026-10-16T09:0{place}", way, place) for place in range(4) for way in (IN, OUT)],
            passes=tuple(Held(0, said.value) for said in REFUSED_FOR_GOOD),
            exits=True,
        ),
        course(
            "a room for two",
            [
                ("2026-10-16T09:00", IN, 0),
                ("2026-10-16T09:01", IN, 1),
                ("2026-10-16T09:02", IN, 2),
                ("2026-10-16T09:03", IN, 1),
                ("2026-10-16T09:04", OUT, 0),
                ("2026-10-16T09:05", IN, 2),
                ("2026-10-16T09:06", IN, 0),
                ("2026-10-17T09:00", IN, 0),
            ],
            passes=(Held(), Held(), Held()),
            exits=True,
            capacity=2,
        ),
        course(
            "a full room lets in whoever is inside and may come again",
            [("2026-10-16T09:00", IN, 0), ("2026-10-16T09:40", IN, 0), ("2026-10-16T09:41", IN, 1)],
            passes=(Held(), Held()),
            again_after=30,
            capacity=1,
        ),
        *(chance(number) for number in range(40)),
    ]


def chance(number: int) -> dict[str, Any]:
    """A course by chance, the same each time."""
    luck = random.Random(number)
    rules: dict[str, Any] = {"once": luck.random() < 0.15}
    if not rules["once"]:
        rules |= {"entries_a_day": luck.choice([None, 1, 2, 3]), "again_after": luck.choice([None, None, 30, 600])}
    if luck.random() < 0.5:
        rules |= {
            "opens_daily": luck.choice(["10:00", "18:00", "22:30"]),
            "closes_daily": luck.choice(["02:00", "09:00"]),
        }
    if luck.random() < 0.3:
        rules["capacity"] = luck.choice([1, 2])
    if luck.random() < 0.2:
        rules["ticket_types"] = (7, 8)
    begin, minutes = datetime(2026, 10, 16, 8, tzinfo=UTC), 0
    exits, scans = luck.random() < 0.5, []
    for _scan in range(14):
        minutes += luck.choice([1, 20, 40, 200, 500])
        moment = (begin + timedelta(minutes=minutes, milliseconds=luck.randrange(1000))).isoformat()
        scans.append((moment, OUT if exits and luck.random() < 0.4 else IN, luck.randrange(3)))
    passes = (Held(0), Held(1), Held(luck.randrange(3)))
    return course(f"chance {number}", scans, passes=passes, exits=exits, **rules)


def text() -> str:
    """The file's text: a line for each scan."""
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(ONE)).public_key().public_bytes_raw().hex()
    told = []
    for one in courses():
        steps = ",\n   ".join(json.dumps(scan) for scan in one.pop("steps"))
        told.append(f"  {json.dumps(one, ensure_ascii=False)[:-1]},\n   " + f'"steps": [\n   {steps}]}}')
    return f'{{"public_key_hex": "{key}", "courses": [\n' + ",\n".join(told) + "\n]}\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
