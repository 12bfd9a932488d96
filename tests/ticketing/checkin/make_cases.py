"""Write what service and phones must both answer at a gate: ``python -m tests.ticketing.checkin.make_cases``.

Each case is a list, a pass, what went before, and moments with the verdict that is due at each. ``test_cases.py`` holds
the service to them on both engines, ``tests/web/gate_cases.test.ts`` a phone alone.
"""

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.events.enums import PassKind
from app.events.passes.codec import PassPayload, sign_code
from tests.events.make_pass_vectors import ONE, next_letter

PATH = Path(__file__).with_name("cases.json")
HANOI, JAKARTA = "Asia/Ho_Chi_Minh", "Asia/Jakarta"
KOLKATA, KATHMANDU = "Asia/Kolkata", "Asia/Kathmandu"
BERLIN, ADELAIDE, LORD_HOWE = "Europe/Berlin", "Australia/Adelaide", "Australia/Lord_Howe"
IN, USED, EARLY, LATE = "admitted", "already_admitted", "not_valid_yet", "expired"
REVOKED, WRONG, UNKNOWN = "revoked", "wrong_list", "unknown"
Moments = list[tuple[str, str]]


def at(text: str, zone: str) -> datetime:
    """A moment on the clocks of a zone, of two the first; with a Z at its end in UTC."""
    if text.endswith("Z"):
        return datetime.fromisoformat(text)
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def case(
    name: str,
    moments: Moments,
    *,
    zone: str = HANOI,
    days: tuple[str, str] = ("2026-10-16", "2026-10-18"),
    kind: PassKind = PassKind.VISITOR,
    state: str = "issued",
    forged: bool = False,
    foreign: bool = False,
    valid: tuple[str, str] | None = None,
    kinds: tuple[PassKind, ...] = (),
    earlier: str | None = None,
    **rules: str,
) -> dict[str, Any]:
    """One case: an edition of some days, a pass that counts on them unless told, the rules of the list as they are
    stored but for moments, which are on the clocks of the zone. ``earlier`` is when the pass was let in before.
    """
    first, last = (date.fromisoformat(day) for day in days)
    begin = at(valid[0], zone) if valid else datetime.combine(first, time(), ZoneInfo(zone))
    end = at(valid[1], zone) if valid else datetime.combine(last + timedelta(days=1), time(), ZoneInfo(zone))
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(ONE))
    payload = PassPayload(
        key_id=1, edition_id=2 if foreign else 1, serial=40, kind=kind, valid_from=begin, valid_until=end
    )
    code = sign_code(payload, key.sign)
    timed = {name: written(at(text, zone)) if name.endswith("_at") else text for name, text in rules.items()}
    nothing = dict.fromkeys(("opens_at", "closes_at", "day", "opens_daily", "closes_daily"))
    return {
        "name": name,
        "timezone": zone,
        "days": list(days),
        "pass_kinds": [one.value for one in kinds],
        "rules": nothing | timed,
        "pass": {
            "kind": kind.value,
            "serial": 40,
            "state": state,
            "forged": forged,
            "foreign": foreign,
            "valid_from": written(begin),
            "valid_until": written(end),
            "code": next_letter(code, 100) if forged else code,
        },
        "earlier": earlier and written(at(earlier, zone)),
        "moments": [
            {"at": written(at(moment, zone)), "verdict": told.partition(":")[0], "because": told.partition(":")[2]}
            for moment, told in moments
        ],
    }


def written(moment: datetime) -> str:
    """A moment as JSON has it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def cases() -> list[dict[str, Any]]:
    """All cases. A verdict is followed by ``:list`` where the list says it and not the pass, and by ``:blocked``."""
    early, late = f"{EARLY}:list", f"{LATE}:list"
    evening = {"opens_daily": "18:00", "closes_daily": "01:00"}
    office = {"opens_daily": "08:00", "closes_daily": "17:00"}
    return [
        case(
            "a pass counts from its first instant until before its last",
            [
                ("2026-10-15T23:59:59", EARLY),
                ("2026-10-16T00:00", IN),
                ("2026-10-18T23:59:59", IN),
                ("2026-10-19T00:00", LATE),
            ],
        ),
        case(
            "a pass for one day in a zone of half an hour",
            [
                ("2026-10-16T23:59:59", EARLY),
                ("2026-10-17T00:00", IN),
                ("2026-10-16T18:29:59Z", EARLY),
                ("2026-10-16T18:30:00Z", IN),
                ("2026-10-18T00:00", LATE),
            ],
            zone=KOLKATA,
            valid=("2026-10-17T00:00", "2026-10-18T00:00"),
        ),
        case("a pass that was withdrawn", [("2026-10-16T09:00", REVOKED)], state="revoked"),
        case("a pass that is blocked", [("2026-10-16T09:00", f"{REVOKED}:blocked")], state="blocked"),
        case("a withdrawn pass outside its days", [("2026-10-25T09:00", REVOKED)], state="revoked"),
        case("a forged pass", [("2026-10-16T09:00", UNKNOWN)], forged=True),
        case("a pass of another edition", [("2026-10-16T09:00", UNKNOWN)], foreign=True),
        case("a forged pass at a list that is closed now", [("2026-10-16T09:00", UNKNOWN)], forged=True, **evening),
        case(
            "a list that takes other kinds",
            [("2026-10-16T09:00", WRONG), ("2026-10-25T09:00", WRONG)],
            kinds=(PassKind.STAFF, PassKind.JUDGE),
        ),
        case(
            "a withdrawn pass of a kind that is not taken",
            [("2026-10-16T09:00", REVOKED)],
            state="revoked",
            kinds=(PassKind.STAFF,),
        ),
        case(
            "a list that takes this kind among others",
            [("2026-10-16T09:00", IN)],
            kind=PassKind.JUDGE,
            kinds=(PassKind.JUDGE, PassKind.STAFF),
        ),
        case(
            "a kind that is not taken is said before the hours",
            [("2026-10-16T09:00", WRONG)],
            kinds=(PassKind.STAFF,),
            **evening,
        ),
        case(
            "let in before on the same day",
            [("2026-10-16T09:00:01", USED), ("2026-10-16T23:59:59", USED), ("2026-10-17T00:00", IN)],
            earlier="2026-10-16T09:00",
        ),
        case(
            "let in before, and the day ends elsewhere",
            [("2026-10-16T18:14:59Z", USED), ("2026-10-16T18:15:00Z", IN)],
            zone=KATHMANDU,
            earlier="2026-10-16T09:00",
        ),
        case(
            "from when to when, to the second",
            [
                ("2026-10-16T08:59:59", early),
                ("2026-10-16T09:00", IN),
                ("2026-10-17T00:00", IN),
                ("2026-10-18T11:59:59", IN),
                ("2026-10-18T12:00", late),
            ],
            opens_at="2026-10-16T09:00",
            closes_at="2026-10-18T12:00",
        ),
        *(
            case(
                f"one day, at midnight of {zone}",
                [
                    ("2026-10-16T23:59:59", early),
                    ("2026-10-17T00:00", IN),
                    ("2026-10-17T23:59:59", IN),
                    ("2026-10-18T00:00", late),
                ],
                zone=zone,
                day="2026-10-17",
            )
            for zone in (HANOI, JAKARTA, KOLKATA, ADELAIDE)
        ),
        case(
            "hours of each day",
            [
                ("2026-10-16T07:59:59", early),
                ("2026-10-16T08:00", IN),
                ("2026-10-16T16:59:59", IN),
                ("2026-10-16T17:00", late),
                ("2026-10-17T00:00", early),
                ("2026-10-17T08:00", IN),
            ],
            **office,
        ),
        case(
            "hours past midnight",
            [
                ("2026-10-16T17:59:59", early),
                ("2026-10-16T18:00", IN),
                ("2026-10-17T00:59:59", IN),
                ("2026-10-17T01:00", early),
                ("2026-10-17T18:00", IN),
            ],
            **evening,
        ),
        case(
            "hours past midnight of one day",
            [
                ("2026-10-16T00:30", early),
                ("2026-10-16T18:00", IN),
                ("2026-10-17T00:59:59", IN),
                ("2026-10-17T01:00", late),
                ("2026-10-17T18:00", late),
            ],
            day="2026-10-16",
            **evening,
        ),
        case("only an hour to open", [("2026-10-16T11:59", early), ("2026-10-16T23:59", IN)], opens_daily="12:00"),
        case("only an hour to close", [("2026-10-16T11:59", IN), ("2026-10-16T12:00", late)], closes_daily="12:00"),
        case(
            "round the clock, from noon to noon",
            [("2026-10-16T11:59", IN), ("2026-10-16T12:00", IN)],
            opens_daily="12:00",
            closes_daily="12:00",
        ),
        case(
            "all rules together",
            [
                ("2026-10-16T09:00", early),
                ("2026-10-16T10:00", IN),
                ("2026-10-16T12:00", late),
                ("2026-10-17T07:59", early),
                ("2026-10-17T08:59", IN),
                ("2026-10-17T09:00", late),
                ("2026-10-18T08:30", late),
            ],
            opens_at="2026-10-16T10:00",
            closes_at="2026-10-17T09:00",
            opens_daily="08:00",
            closes_daily="12:00",
        ),
        case(
            "hours, and let in before",
            [("2026-10-16T20:00", USED), ("2026-10-16T17:59", early), ("2026-10-17T18:00", IN)],
            earlier="2026-10-16T18:30",
            **evening,
        ),
        case(
            "a pass of another day, said before the hours",
            [("2026-10-16T09:00", EARLY), ("2026-10-17T09:00", early), ("2026-10-17T18:00", IN)],
            valid=("2026-10-17T00:00", "2026-10-18T00:00"),
            **evening,
        ),
        case(
            "hours on the day on which summer ends",
            [
                ("2026-10-25T05:59:59Z", early),
                ("2026-10-25T07:00:00Z", IN),
                ("2026-10-25T15:59:59Z", IN),
                ("2026-10-25T16:00:00Z", late),
            ],
            zone=BERLIN,
            days=("2026-10-24", "2026-10-26"),
            **office,
        ),
        case(
            "an hour that the clocks show twice is the first",
            [("2026-10-25T00:29:59Z", early), ("2026-10-25T00:30:00Z", IN), ("2026-10-25T01:30:00Z", IN)],
            zone=BERLIN,
            days=("2026-10-24", "2026-10-26"),
            opens_daily="02:30",
            closes_daily="12:00",
        ),
        case(
            "closing at an hour that the clocks show twice",
            [("2026-10-25T00:29:59Z", IN), ("2026-10-25T00:30:00Z", late), ("2026-10-25T01:29:00Z", late)],
            zone=BERLIN,
            days=("2026-10-24", "2026-10-26"),
            closes_daily="02:30",
        ),
        case(
            "an hour that the clocks skip",
            [("2027-03-28T01:29:59Z", early), ("2027-03-28T01:30:00Z", IN), ("2027-03-29T00:30:00Z", IN)],
            zone=BERLIN,
            days=("2027-03-27", "2027-03-29"),
            opens_daily="02:30",
        ),
        case(
            "a day of twenty-five hours",
            [
                ("2026-10-24T21:59:59Z", early),
                ("2026-10-24T22:00:00Z", IN),
                ("2026-10-25T22:59:59Z", IN),
                ("2026-10-25T23:00:00Z", late),
            ],
            zone=BERLIN,
            days=("2026-10-24", "2026-10-26"),
            day="2026-10-25",
        ),
        case(
            "hours where clocks of half an hour go forward",
            [
                ("2026-10-03T22:29:59Z", early),
                ("2026-10-03T21:30:00Z", early),
                ("2026-10-03T22:30:00Z", IN),
                ("2026-10-04T06:29:59Z", IN),
                ("2026-10-04T06:30:00Z", late),
            ],
            zone=ADELAIDE,
            days=("2026-10-03", "2026-10-05"),
            opens_daily="09:00",
            closes_daily="17:00",
        ),
        case(
            "a night on which the clocks move by half an hour",
            [
                ("2026-10-03T11:29:59Z", early),
                ("2026-10-03T11:30:00Z", IN),
                ("2026-10-03T17:59:59Z", IN),
                ("2026-10-03T18:00:00Z", early),
                ("2026-10-04T11:00:00Z", IN),
            ],
            zone=LORD_HOWE,
            days=("2026-10-03", "2026-10-05"),
            opens_daily="22:00",
            closes_daily="05:00",
        ),
    ]


def text() -> str:
    """The file's text."""
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(ONE)).public_key().public_bytes_raw().hex()
    return json.dumps({"public_key_hex": key, "cases": cases()}, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
