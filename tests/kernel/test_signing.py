import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from app.kernel import sealing, signing
from app.kernel.settings import Settings
from app.kernel.signing import KeyLocked, KeyUnknown, ensure_key, public_keys, rotate_key, sign, verify
from app.kernel.tables import SigningKey
from tests.support.race import drop_unique, meet_before, race, unguarded

NOW = datetime(2026, 10, 16, 1, 30, tzinfo=UTC)


@pytest.fixture
def wrapped_under(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Choose the key under which private keys are encrypted."""

    def choose(text: str) -> None:
        monkeypatch.setattr(sealing, "settings", lambda: Settings(key_encryption_key=text))

    return choose


async def test_signature_verifies_and_a_changed_one_does_not(database: str) -> None:
    signer = await ensure_key("passes", NOW)
    signature = sign(signer, b"payload")
    assert len(signature) == 64
    assert verify(signer.public_key, b"payload", signature)
    assert not verify(signer.public_key, b"payloae", signature)
    assert not verify(signer.public_key, b"payload", signature[:-1] + bytes([signature[-1] ^ 1]))
    assert not verify(signer.public_key, b"payload", b"short")
    assert not verify(b"no key", b"payload", signature)


async def test_a_purpose_keeps_its_key(database: str) -> None:
    first = await ensure_key("passes", NOW)
    assert await ensure_key("passes", NOW) == first
    other = await ensure_key("ballots", NOW)
    assert other.key_id != first.key_id
    assert other.public_key != first.public_key


@pytest.mark.race
async def test_many_first_callers_make_one_key(database: str) -> None:
    signers = await asyncio.gather(*(ensure_key("passes", NOW) for _ in range(12)))
    assert {signer.key_id for signer in signers} == {1}
    assert await SigningKey.count() == 1


@pytest.mark.race
async def test_without_its_unique_id_two_first_callers_make_two_keys(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await drop_unique("signing_key", "key_id")
    unguarded(monkeypatch, signing)
    meet_before(monkeypatch, SigningKey, "save", parties=2)
    await race(2, lambda _number: ensure_key("passes", NOW))
    assert await SigningKey.count() == 2


async def test_rotation_keeps_what_was_signed(database: str) -> None:
    old = await ensure_key("passes", NOW)
    signature = old.sign(b"payload")
    new = await rotate_key("passes", NOW)
    assert new.key_id == old.key_id + 1
    assert (await ensure_key("passes", NOW)).key_id == new.key_id
    assert verify((await public_keys("passes"))[old.key_id], b"payload", signature)


async def test_private_half_is_stored_encrypted(database: str) -> None:
    signer = await ensure_key("passes", NOW)
    row = await SigningKey.select().first()
    private = signer._private.private_bytes_raw()
    assert row is not None
    assert private.hex() not in str(row)
    assert row["public_key"] == signer.public_key.hex()
    assert "Ed25519PrivateKey" not in repr(signer)


async def test_another_wrapping_key_opens_nothing(database: str, wrapped_under: Callable[[str], None]) -> None:
    wrapped_under("the first key of the environment")
    await ensure_key("passes", NOW)
    wrapped_under("another key of the environment, long enough")
    with pytest.raises(KeyLocked):
        await ensure_key("passes", NOW)


async def test_a_row_moved_to_another_purpose_does_not_open(database: str) -> None:
    await ensure_key("ballots", NOW)
    await SigningKey.update({SigningKey.purpose: "passes"}).where(SigningKey.purpose == "ballots")
    with pytest.raises(KeyLocked):
        await ensure_key("passes", NOW)


@pytest.mark.engines
async def test_key_ids_go_on_for_as_long_as_passes_and_the_table_hold_them(database: str) -> None:
    await ensure_key("passes", NOW)
    await SigningKey.update({SigningKey.key_id: signing.HIGHEST_KEY_ID - 1}, force=True)
    assert (await rotate_key("passes", NOW)).key_id == 32767
    with pytest.raises(signing.KeysExhausted):
        await ensure_key("ballots", NOW)


async def test_no_key_yet(database: str) -> None:
    with pytest.raises(KeyUnknown):
        await signing.active_key("passes")
