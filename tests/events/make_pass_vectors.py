"""Write the vectors that every verifier of passes must pass: ``python -m tests.events.make_pass_vectors``."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.events.enums import PassKind
from app.events.passes.codec import EPOCH, PassPayload, sign_code

PATH = Path(__file__).with_name("pass_vectors.json")
LATEST = 4_000_000_000
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
ONE = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
OTHER = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
"""Private keys of RFC 8032 section 7.1, tests 1 and 2: for vectors only."""


def vector(
    name: str,
    *,
    private: str = ONE,
    key_id: int = 1,
    edition: int = 1,
    serial: int = 1,
    kind: PassKind = PassKind.VISITOR,
    valid_from: int = 3_570_000,
    valid_until: int = 3_574_320,
) -> dict[str, Any]:
    """One good vector. Times are minutes since 2020-01-01T00:00Z."""
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(private))
    payload = PassPayload(
        key_id=key_id,
        edition_id=edition,
        serial=serial,
        kind=kind,
        valid_from=EPOCH + timedelta(minutes=valid_from),
        valid_until=EPOCH + timedelta(minutes=valid_until),
    )
    return {
        "name": name,
        "private_key_hex": private,
        "public_key_hex": key.public_key().public_bytes_raw().hex(),
        "key_id": key_id,
        "edition": edition,
        "serial": serial,
        "kind": kind.value,
        "valid_from": valid_from,
        "valid_until": valid_until,
        "code": sign_code(payload, key.sign),
        "valid": True,
        "reason": "",
    }


def day_pass() -> dict[str, Any]:
    """A pass for Saturday, 17 October 2026 in Hanoi, with moments (minutes) and whether it counts then."""
    begin = (datetime(2026, 10, 17, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh")) - EPOCH) // timedelta(minutes=1)
    moments = [(-480, False), (-1, False), (0, True), (510, True), (1439, True), (1440, False), (1950, False)]
    return {
        **vector("a pass for one day in Hanoi", serial=40, valid_from=begin, valid_until=begin + 1440),
        "moments": [[begin + after, counts] for after, counts in moments],
    }


def bad(source: dict[str, Any], name: str, reason: str, **changes: Any) -> dict[str, Any]:
    """A vector that must be refused, made of a good one."""
    return {**source, "name": name, "valid": False, "reason": reason, **changes}


def next_letter(code: str, position: int) -> str:
    """The code with one character replaced by the alphabet's next."""
    letter = ALPHABET[(ALPHABET.index(code[position]) + 1) % 32]
    return code[:position] + letter + code[position + 1 :]


def vectors() -> list[dict[str, Any]]:
    """All vectors. ``public_key_hex`` is the key that the verifier holds under ``key_id``."""
    plain = vector("a visitor's pass")
    other = vector("another key", private=OTHER)
    code = plain["code"]
    kinds = [vector(f"kind {kind.value}", serial=10 + at, kind=kind) for at, kind in enumerate(PassKind)]
    most = 2**32 - 1
    return [
        plain,
        *kinds,
        other,
        day_pass(),
        vector("large numbers", key_id=65535, edition=most, serial=most, valid_from=0, valid_until=LATEST),
        {**plain, "name": "lower case", "code": code.lower()},
        {**plain, "name": "the address that a phone's camera reads", "code": "HTTPS://FAIR.EXAMPLE.VN/P/" + code},
        {
            **plain,
            "name": "an address in lower case, with blanks",
            "code": f" https://fair.example.vn/p/{code.lower()}\n",
        },
        bad(plain, "signed by another key", "signature", code=other["code"]),
        bad(plain, "serial changed", "signature", code=next_letter(code, 16)),
        bad(plain, "signature changed", "signature", code=next_letter(code, 100)),
        bad(plain, "key id not known", "unknown_key", code=vector("", key_id=2)["code"]),
        bad(plain, "another version", "version", code="AI" + code[2:]),
        bad(plain, "kind that does not exist", "malformed", code=code[:17] + "7777" + code[21:]),
        bad(plain, "spare bits set", "malformed", code=code[:-1] + ALPHABET[ALPHABET.index(code[-1]) | 1]),
        bad(plain, "one character short", "malformed", code=code[:-1]),
        bad(plain, "one character too many", "malformed", code=code + "A"),
        bad(plain, "a character outside the alphabet", "malformed", code=code[:50] + "1" + code[51:]),
        bad(plain, "not ASCII", "malformed", code=code[:50] + "Ａ" + code[51:]),
        bad(plain, "padding", "malformed", code=code[:-1] + "="),
        bad(plain, "empty", "malformed", code=""),
    ]


def text() -> str:
    """The file's content."""
    return json.dumps(vectors(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
