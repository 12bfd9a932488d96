"""Secrets at rest: sealed with AES-256-GCM under a key that stands outside of the database.

What is sealed is bound to a context (whose it is, what it is for), so that rows cannot be exchanged.
"""

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.kernel.settings import secret_key, settings

NONCE_BYTES = 12


class SealBroken(Exception):
    """Sealed under another key, for another context, or changed since."""


def sealing_key(purpose: str) -> bytes:
    """Derive 32 bytes for one purpose from ``KEY_ENCRYPTION_KEY``, else the installation's secret (HKDF, RFC 5869)."""
    secret = settings().key_encryption_key.encode() or secret_key()
    return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(secret)


def seal(raw: bytes, context: str, key: bytes) -> str:
    """Encrypt ``raw``; the text carries its nonce."""
    nonce = os.urandom(NONCE_BYTES)
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, raw, context.encode())).decode()


def unseal(text: str, context: str, key: bytes) -> bytes:
    """Give what was sealed. Raises SealBroken."""
    box = base64.b64decode(text)
    try:
        return AESGCM(key).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], context.encode())
    except InvalidTag as error:
        raise SealBroken from error
