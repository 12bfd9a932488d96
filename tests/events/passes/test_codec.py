"""The signed code of a pass."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from app.events.enums import PassKind
from app.events.passes.codec import (
    CODE_LENGTH,
    EPOCH,
    CodeNotValid,
    PassPayload,
    code_in,
    decode_code,
    encode_payload,
    minutes_since_epoch,
    qr_text,
    sign_code,
    verify_code,
)
from tests.events import make_pass_vectors
from tests.kernel.test_documents_qr import version_of

VECTORS = json.loads(make_pass_vectors.PATH.read_text(encoding="utf-8"))
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = {1: KEY.public_key().public_bytes_raw()}
PAYLOAD = PassPayload(
    key_id=1,
    edition_id=1,
    serial=1,
    kind=PassKind.VISITOR,
    valid_from=datetime(2026, 10, 16, tzinfo=UTC),
    valid_until=datetime(2026, 10, 19, tzinfo=UTC),
)

u32 = st.integers(min_value=0, max_value=2**32 - 1)
times = st.integers(min_value=0, max_value=make_pass_vectors.LATEST)
payloads = st.builds(
    lambda key_id, edition, serial, kind, first, last: PassPayload(
        key_id=key_id,
        edition_id=edition,
        serial=serial,
        kind=kind,
        valid_from=EPOCH + timedelta(minutes=first),
        valid_until=EPOCH + timedelta(minutes=last),
    ),
    st.integers(min_value=0, max_value=65535),
    u32,
    u32,
    st.sampled_from(PassKind),
    times,
    times,
)


def test_the_committed_vectors_are_the_ones_the_script_makes() -> None:
    assert make_pass_vectors.PATH.read_text(encoding="utf-8") == make_pass_vectors.text()


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["name"]))
def test_vectors(vector: dict[str, Any]) -> None:
    keys = {vector["key_id"]: bytes.fromhex(vector["public_key_hex"])}
    if not vector["valid"]:
        with pytest.raises(CodeNotValid) as refused:
            verify_code(vector["code"], keys)
        assert refused.value.reason == vector["reason"]
        return
    found = verify_code(vector["code"], keys)
    assert (found.key_id, found.edition_id, found.serial, found.kind.value) == (
        vector["key_id"],
        vector["edition"],
        vector["serial"],
        vector["kind"],
    )
    assert minutes_since_epoch(found.valid_from) == vector["valid_from"]
    assert minutes_since_epoch(found.valid_until) == vector["valid_until"]
    for minute, counts in vector.get("moments", ()):
        assert found.covers(EPOCH + timedelta(minutes=minute)) is counts


@given(payloads)
def test_a_code_gives_back_its_payload(payload: PassPayload) -> None:
    code = sign_code(payload, KEY.sign)
    assert len(code) == CODE_LENGTH
    assert verify_code(code, {payload.key_id: PUBLIC[1]}) == payload
    assert decode_code(code)[1] == encode_payload(payload)


@given(position=st.integers(min_value=0, max_value=134), letter=st.sampled_from(make_pass_vectors.ALPHABET))
def test_any_changed_character_is_refused(position: int, letter: str) -> None:
    code = sign_code(PAYLOAD, KEY.sign)
    changed = code[:position] + letter + code[position + 1 :]
    if changed == code:
        return
    with pytest.raises(CodeNotValid):
        verify_code(changed, PUBLIC)


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(CodeNotValid):
        verify_code(text, PUBLIC)


def test_a_pass_covers_its_first_minute_and_not_its_last() -> None:
    assert PAYLOAD.covers(PAYLOAD.valid_from)
    assert not PAYLOAD.covers(PAYLOAD.valid_until)


def test_numbers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        sign_code(PassPayload(**{**PAYLOAD.__dict__, "serial": 2**32}), KEY.sign)


def test_the_qr_code_is_version_8_at_most_with_the_longest_address() -> None:
    code = sign_code(PAYLOAD, KEY.sign)
    longest = "https://" + "a" * 65 + ".org"
    text = qr_text(code, longest)
    assert text == longest.upper() + "/P/" + code
    assert version_of(text) == 8
    assert code_in(text) == code
    with pytest.raises(ValueError, match="BASE_URL is 78 characters long; passes need one of at most 77"):
        qr_text(code, longest + "x")
