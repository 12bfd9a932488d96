"""Ed25519 keys: made on first use, kept encrypted, used to sign passes and anchors.

The private half is sealed (``kernel.sealing``), bound to its id and purpose. Public halves are what verifiers carry.
"""

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.kernel.database import fetch, is_unique_violation, write_transaction
from app.kernel.errors import AppError
from app.kernel.i18n import N_
from app.kernel.sealing import SealBroken, Sealed, marks, seal, unseal
from app.kernel.tables import SigningKey

HIGHEST_KEY_ID = 32767  # a pass carries the id in two bytes without a sign, the table's column has one
SEALED_FOR = "fairground signing keys"


def _context(key_id: int, purpose: str) -> str:
    return f"{key_id}:{purpose}"


SEALED = Sealed(
    SigningKey.private_encrypted,
    SEALED_FOR,
    lambda row: _context(row["key_id"], row["purpose"]),
    (SigningKey.key_id, SigningKey.purpose),
)


class KeyLocked(AppError):
    """The private key was encrypted under another ``KEY_ENCRYPTION_KEY``."""

    code = "signing_key_locked"
    status = 503
    message = N_("Signing key {key_id} cannot be opened: KEY_ENCRYPTION_KEY is not the one it was made with.")


class KeyUnknown(AppError):
    """No key for this, or none that may still sign."""

    code = "signing_key_unknown"
    status = 404
    message = N_("There is no signing key {key}.")


class KeyLeakedBefore(AppError):
    """The key was said to have leaked before."""

    code = "signing_key_leaked_before"
    status = 409
    message = N_("Signing key {key} is known to have leaked. Nothing was changed.")


class KeysExhausted(AppError):
    """All key ids that fit into a pass are used."""

    code = "signing_keys_exhausted"
    status = 409
    message = N_("No more signing keys can be made.")


@dataclass(frozen=True)
class Signer:
    """An opened key; signing with it takes no database and no waiting."""

    key_id: int
    purpose: str
    public_key: bytes
    _private: Ed25519PrivateKey = field(repr=False)

    def sign(self, data: bytes) -> bytes:
        """Give the 64 bytes of signature of ``data``."""
        return self._private.sign(data)


async def ensure_key(purpose: str, now: datetime) -> Signer:
    """Give the key that signs for a purpose; the first caller makes it.

    Raises KeyLocked when the stored key cannot be decrypted.
    """
    try:
        return await active_key(purpose)
    except KeyUnknown:
        try:
            async with write_transaction():
                await _make_key(purpose, now)
        except Exception as error:
            if not is_unique_violation(error):
                raise
    return await active_key(purpose)


async def active_key(purpose: str) -> Signer:
    """Give the key that signs for a purpose. Raises KeyUnknown before the first, KeyLocked if it cannot be opened."""
    rows = await fetch(
        "SELECT key_id, private_encrypted FROM signing_key WHERE purpose = {} AND retired_at IS NULL "
        "ORDER BY key_id LIMIT 1",
        purpose,
    )
    if not rows:
        raise KeyUnknown(key=purpose)
    return _open(rows[0]["key_id"], purpose, rows[0]["private_encrypted"], marks())


async def rotate_key(purpose: str, now: datetime) -> Signer:
    """Retire the key of a purpose and make the next one; what the old one signed still verifies."""
    async with write_transaction():
        await SigningKey.update({SigningKey.retired_at: now}).where(
            (SigningKey.purpose == purpose) & SigningKey.retired_at.is_null()
        )
        await _make_key(purpose, now)
    return await active_key(purpose)


async def retire_leaked_key(key_id: int, now: datetime) -> str:
    """Let nothing that a key signed count any more, and make the next one; returns its purpose.

    In the caller's transaction if there is one. Raises KeyUnknown for a key that never was, KeyLeakedBefore.
    """
    async with write_transaction():
        retired = (
            await SigningKey.update({SigningKey.leaked_at: now})
            .where((SigningKey.key_id == key_id) & SigningKey.leaked_at.is_null())
            .returning(SigningKey.purpose)
        )
        if not retired:
            known = await SigningKey.exists().where(SigningKey.key_id == key_id)
            raise KeyLeakedBefore(key=key_id) if known else KeyUnknown(key=key_id)
        await SigningKey.update({SigningKey.retired_at: now}).where(
            (SigningKey.key_id == key_id) & SigningKey.retired_at.is_null()
        )
        purpose = str(retired[0]["purpose"])
        await _make_key(purpose, now)
    return purpose


async def public_keys(purpose: str) -> dict[int, bytes]:
    """Public halves by key id, retired ones included, leaked ones not: what a verifier carries."""
    rows = await SigningKey.select(SigningKey.key_id, SigningKey.public_key).where(
        (SigningKey.purpose == purpose) & SigningKey.leaked_at.is_null()
    )
    return {row["key_id"]: bytes.fromhex(row["public_key"]) for row in rows}


@dataclass(frozen=True)
class KeyInfo:
    """A key as its keeper sees it; ``state`` is ``signs``, ``retired`` or ``leaked``."""

    key_id: int
    purpose: str
    created_at: datetime
    state: str


async def list_keys() -> list[KeyInfo]:
    """Every key, in the order of their numbers."""
    rows = await SigningKey.select().order_by(SigningKey.key_id)
    return [
        KeyInfo(
            row["key_id"],
            row["purpose"],
            row["created_at"],
            "leaked" if row["leaked_at"] else "retired" if row["retired_at"] else "signs",
        )
        for row in rows
    ]


def sign(signer: Signer, data: bytes) -> bytes:
    """Give the 64 bytes of signature of ``data``."""
    return signer.sign(data)


def verify(public_key: bytes, data: bytes, signature: bytes) -> bool:
    """Whether ``signature`` over ``data`` was made by the owner of ``public_key`` (32 bytes)."""
    try:
        _public(public_key).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


async def _make_key(purpose: str, now: datetime) -> None:
    """Insert a key unless there is an active one. One read: two makers choose the same id and the index refuses one."""
    rows = await SigningKey.select(SigningKey.key_id, SigningKey.purpose, SigningKey.retired_at)
    if any(row["purpose"] == purpose and row["retired_at"] is None for row in rows):
        return
    key_id = max((row["key_id"] for row in rows), default=0) + 1
    if key_id > HIGHEST_KEY_ID:
        raise KeysExhausted
    private = Ed25519PrivateKey.generate()
    await SigningKey(
        key_id=key_id,
        purpose=purpose,
        public_key=private.public_key().public_bytes_raw().hex(),
        private_encrypted=seal(private.private_bytes_raw(), _context(key_id, purpose), SEALED_FOR),
        created_at=now,
    ).save()


@lru_cache(maxsize=256)
def _open(key_id: int, purpose: str, private_encrypted: str, _marks: tuple[str, ...]) -> Signer:
    """Open a key; the marks of the keys that open it are there so that it is not kept open under others."""
    try:
        raw = unseal(private_encrypted, _context(key_id, purpose), SEALED_FOR)
    except SealBroken as error:
        raise KeyLocked(key_id=key_id) from error
    private = Ed25519PrivateKey.from_private_bytes(raw)
    return Signer(key_id, purpose, private.public_key().public_bytes_raw(), private)


@lru_cache(maxsize=256)
def _public(public_key: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public_key)
