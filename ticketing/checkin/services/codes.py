"""What a code says that was scanned or typed at a gate."""

import hashlib
import time
from dataclasses import dataclass

from app.accounts.guards import LARGEST_ID
from app.events.errors import PassNotFound
from app.events.passes.codec import CodeNotValid, PassPayload, code_in, decode_code, verify_code
from app.events.passes.queries import pass_by_typed, pass_public_keys
from ticketing.checkin.enums import Verdict

NO_SERIAL = -1
#: How long a key that leaked may still count here: the command that says so is another process.
KEYS_SECONDS = 5.0
_LONGEST_SHORT_CODE = 12
_keys: dict[int, tuple[float, dict[int, bytes]]] = {}


@dataclass(frozen=True, slots=True)
class ReadCode:
    """The serial of a genuine pass of the edition; else -1, and what ``otherwise`` is to be said of the code."""

    serial: int
    otherwise: Verdict = Verdict.UNKNOWN


NOTHING = ReadCode(NO_SERIAL)


async def read_pass(code: str, edition_id: int) -> ReadCode:
    """Read a signed code, or the short code under it: ``unknown`` is what it is otherwise, ``bad_signature`` or
    ``wrong_edition``.
    """
    if "\0" in code:  # no database compares it, and no queue of a phone may stand still for it
        return NOTHING
    if len(code) <= _LONGEST_SHORT_CODE:
        try:
            return ReadCode((await pass_by_typed(code, edition_id)).serial)
        except PassNotFound:
            return NOTHING
    try:
        payload = await _verified(code, edition_id)
    except CodeNotValid as error:
        if error.reason == "signature":
            return ReadCode(NO_SERIAL, Verdict.BAD_SIGNATURE)
        return ReadCode(NO_SERIAL, Verdict.WRONG_EDITION) if await _is_of_another(code, error, edition_id) else NOTHING
    return ReadCode(payload.serial) if payload.edition_id == edition_id else ReadCode(NO_SERIAL, Verdict.WRONG_EDITION)


async def _verified(code: str, edition_id: int) -> PassPayload:
    try:
        return verify_code(code, await _keys_of(edition_id))
    except CodeNotValid as error:
        if error.reason != "unknown_key":
            raise
    _keys.pop(edition_id, None)  # a new key since they were read, if it is one
    return verify_code(code, await _keys_of(edition_id))


async def _is_of_another(code: str, error: CodeNotValid, edition_id: int) -> bool:
    """Whether a code whose key the edition does not have is a genuine pass of the edition that it names."""
    if error.reason != "unknown_key":
        return False
    named = decode_code(code_in(code))[0].edition_id
    if named == edition_id or not 0 < named <= LARGEST_ID:
        return False
    try:
        return verify_code(code, await pass_public_keys(named)).edition_id == named
    except CodeNotValid:
        return False


def hash_code(code: str) -> str:
    """What is kept of a code, so that the log of scans holds no codes."""
    return hashlib.sha256(code_in(code).encode()).hexdigest()[:32]


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
