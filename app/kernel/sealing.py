"""Secrets at rest: sealed with AES-256-GCM under a key that stands outside of the database.

What is sealed is bound to a context (whose it is, what it is for), so that rows cannot be exchanged, and begins with
the mark of its key: ``1a2b3c4d.`` and the box in Base64. Texts from before there were marks have none and stay
readable. What was sealed under an earlier key opens while ``KEY_ENCRYPTION_KEY_OLD`` names it; what was sealed before
there was a ``KEY_ENCRYPTION_KEY`` opens with the installation's own secret, from which its key was derived.
"""

import base64
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from piccolo.columns import Column

from app.kernel.settings import secret_key, settings

NONCE_BYTES = 12
MARK_BYTES = 4
_MARKED_FOR = "fairground mark of a sealing key"


class SealBroken(Exception):
    """Sealed under a key that is not here, for another context, or changed since."""


class Under(StrEnum):
    """Under which key a text is sealed: the present one, the present one without its mark, or an old one."""

    PRESENT = "present"
    UNMARKED = "unmarked"
    OLD = "old"


@dataclass(frozen=True)
class Sealed:
    """A column of sealed texts: what they are for, and the context of a row, made from its columns ``reads``."""

    column: Column
    purpose: str
    context: Callable[[Mapping[str, Any]], str]
    reads: tuple[Column, ...]


def seal(raw: bytes, context: str, purpose: str) -> str:
    """Encrypt ``raw`` under the present key; the text carries the key's mark and its nonce."""
    secret = next(_secrets())
    nonce = os.urandom(NONCE_BYTES)
    box = nonce + AESGCM(_derived(secret, purpose, 32)).encrypt(nonce, raw, context.encode())
    return f"{_mark(secret)}.{base64.b64encode(box).decode()}"


def unseal(text: str, context: str, purpose: str) -> bytes:
    """Give what was sealed. Raises SealBroken."""
    return open_sealed(text, context, purpose)[0]


def open_sealed(text: str, context: str, purpose: str) -> tuple[bytes, Under]:
    """Give what was sealed, and under which key. Raises SealBroken."""
    mark = mark_of(text)
    for number, secret in enumerate(_secrets()):
        if mark and mark != _mark(secret):
            continue
        try:
            box = base64.b64decode(text.rpartition(".")[2], validate=True)
            raw = AESGCM(_derived(secret, purpose, 32)).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], context.encode())
        except (InvalidTag, ValueError):
            continue
        return raw, Under.OLD if number else Under.PRESENT if mark else Under.UNMARKED
    raise SealBroken


def mark_of(text: str) -> str:
    """The mark of the key that a text was sealed under; empty where it has none."""
    return text.rpartition(".")[0]


def marks() -> tuple[str, ...]:
    """The marks of all keys that open something, the present one first."""
    return tuple(dict.fromkeys(_mark(secret) for secret in _secrets()))


def _secrets() -> Iterator[bytes]:
    """What keys are derived from: the present one, the old ones, and what served before there was any."""
    given = settings()
    present = given.key_encryption_key.encode() or secret_key()
    yield present
    for old in given.key_encryption_key_old.split(","):
        if old.strip():
            yield old.strip().encode()
    if given.key_encryption_key:
        yield secret_key()


@lru_cache(maxsize=64)
def _derived(secret: bytes, purpose: str, length: int) -> bytes:
    """Derive a key for one purpose (HKDF, RFC 5869)."""
    return HKDF(SHA256(), length, salt=None, info=purpose.encode()).derive(secret)


def _mark(secret: bytes) -> str:
    return _derived(secret, _MARKED_FOR, MARK_BYTES).hex()
