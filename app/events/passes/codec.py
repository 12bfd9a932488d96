"""The signed code of a pass: 20 bytes of payload and 64 of signature, as 135 letters and digits.

The layout, its reasons and the alternatives stand in ``app/decisions/0002-pass-format.md``; the vectors that this
module and the browser's verifier both pass in ``tests/events/pass_vectors.json``. Nothing here touches a database.
"""

import base64
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.events.enums import PASS_KIND_NUMBERS, PassKind
from app.kernel import signing

VERSION = 1
CONTEXT = b"fairground-pass-1"
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
CODE_LENGTH = 135
LONGEST_ADDRESS = 80
_LAYOUT = struct.Struct(">BHIIBII")
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_DIGITS = str.maketrans(_ALPHABET, "0123456789abcdefghijklmnopqrstuv")
_KINDS = {number: kind for kind, number in PASS_KIND_NUMBERS.items()}


class CodeNotValid(ValueError):
    """A code that is no genuine pass; ``reason`` is ``malformed``, ``version``, ``unknown_key`` or ``signature``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class PassPayload:
    """What a code says. Times are whole minutes of UTC; the pass counts from the first until before the second."""

    key_id: int
    edition_id: int
    serial: int
    kind: PassKind
    valid_from: datetime
    valid_until: datetime

    def covers(self, at: datetime) -> bool:
        """Whether the pass counts at an instant."""
        return self.valid_from <= at < self.valid_until


def minutes_since_epoch(at: datetime) -> int:
    """Whole minutes from 2020-01-01T00:00Z to an aware instant, rounded down."""
    return (at - EPOCH) // timedelta(minutes=1)


def encode_payload(payload: PassPayload) -> bytes:
    """The 20 bytes that are signed (big-endian). Raises ValueError when a value does not fit."""
    try:
        return _LAYOUT.pack(
            VERSION,
            payload.key_id,
            payload.edition_id,
            payload.serial,
            PASS_KIND_NUMBERS[payload.kind],
            minutes_since_epoch(payload.valid_from),
            minutes_since_epoch(payload.valid_until),
        )
    except struct.error as error:
        raise ValueError("a value does not fit into a pass") from error


def sign_code(payload: PassPayload, sign: Callable[[bytes], bytes]) -> str:
    """The 135 characters of a pass; ``sign`` gives the 64 bytes of Ed25519 signature of what it is given."""
    body = encode_payload(payload)
    return base64.b32encode(body + sign(CONTEXT + body)).decode().rstrip("=")


def code_in(text: str) -> str:
    """The code inside what a scanner read or a person pasted: the address of a pass, or the code itself."""
    return text.strip().upper().rpartition("/P/")[2]


def decode_code(code: str) -> tuple[PassPayload, bytes, bytes]:
    """What a code says, the bytes that were signed, and the signature; nothing is verified yet.

    Raises CodeNotValid (``malformed`` or ``version``). There is one spelling of each code: spare bits must be zero.
    """
    code = code.upper()
    if len(code) != CODE_LENGTH or not code.isascii():
        raise CodeNotValid("malformed")
    if code.strip(_ALPHABET):
        raise CodeNotValid("malformed")
    number = int(code.translate(_DIGITS), 32)  # a twentieth of the time of the standard library's Base32
    if number & 7:
        raise CodeNotValid("malformed")
    raw = (number >> 3).to_bytes(84, "big")
    if raw[0] != VERSION:
        raise CodeNotValid("version")
    body, signature = raw[: _LAYOUT.size], raw[_LAYOUT.size :]
    _version, key_id, edition_id, serial, kind, valid_from, valid_until = _LAYOUT.unpack(body)
    if kind not in _KINDS:
        raise CodeNotValid("malformed")
    try:
        first, last = EPOCH + timedelta(minutes=valid_from), EPOCH + timedelta(minutes=valid_until)
    except OverflowError as error:  # past the year 9999
        raise CodeNotValid("malformed") from error
    payload = PassPayload(
        key_id=key_id, edition_id=edition_id, serial=serial, kind=_KINDS[kind], valid_from=first, valid_until=last
    )
    return payload, body, signature


def verify_code(text: str, public_keys: Mapping[int, bytes]) -> PassPayload:
    """What a genuine code says, found with public keys (32 bytes by key id) and no network.

    Takes a scanned address or a bare code, in either case. Raises CodeNotValid. Validity in time, revocation and the
    right edition are the caller's to ask.
    """
    payload, body, signature = decode_code(code_in(text))
    key = public_keys.get(payload.key_id)
    if key is None:
        raise CodeNotValid("unknown_key")
    if not signing.verify(key, CONTEXT + body, signature):
        raise CodeNotValid("signature")
    return payload


def qr_text(code: str, base_url: str) -> str:
    """What the QR code of a pass holds: an address in capitals, so that the code stays small (version 8 at level M).

    Raises ValueError when scheme, host and path of the service's address together are too long for that.
    """
    prefix = base_url.rstrip("/").upper() + "/P/"
    if len(prefix) > LONGEST_ADDRESS:
        raise ValueError(
            f"BASE_URL is {len(prefix) - 3} characters long; passes need one of at most {LONGEST_ADDRESS - 3}"
        )
    return prefix + code
