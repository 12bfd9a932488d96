"""Tokens, signed links and rate limits."""

import base64
import hashlib
import hmac
import json
import secrets
from datetime import datetime, timedelta
from typing import Any

from app.kernel.database import fetch, in_transaction, write_statement
from app.kernel.errors import AppError, TooManyTries
from app.kernel.i18n import N_
from app.kernel.logs import note_security
from app.kernel.settings import secret_key

#: How long a wait is remembered.
WAIT_KEPT = timedelta(hours=1)


class LinkNotValid(AppError):
    """A signed link that was changed or is too old."""

    code = "link_not_valid"
    status = 400
    event = "signature.refused"
    message = N_("This link is not valid any more. Ask for a new one.")


def new_token() -> str:
    """A random token of 192 bits, safe in addresses."""
    return secrets.token_urlsafe(24)


def hash_token(token: str) -> str:
    """What is stored of a token: keyed SHA-256 in hexadecimal (tokens are random, so no slow hash is needed)."""
    return hmac.digest(secret_key(), token.encode(), "sha256").hex()


def _signature(purpose: str, body: bytes) -> bytes:
    return hmac.new(secret_key(), purpose.encode() + b"\0" + body, hashlib.sha256).digest()[:20]


def sign(value: Any, purpose: str, expires: datetime) -> str:
    """A text that carries a JSON value, good for one purpose until a time."""
    body = json.dumps([value, int(expires.timestamp())], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_signature(purpose, body) + body).rstrip(b"=").decode()


def unsign(text: str, purpose: str, now: datetime) -> Any:
    """The value of a signed text.

    Raises LinkNotValid when it was changed, is for another purpose, or is too old.
    """
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise LinkNotValid from error
    signature, body = raw[:20], raw[20:]
    if not hmac.compare_digest(signature, _signature(purpose, body)):
        raise LinkNotValid
    value, expires = json.loads(body)
    if now.timestamp() > expires:
        raise LinkNotValid
    return value


async def limit(key: str, *, times: int, seconds: int, now: datetime) -> None:
    """Count one try under a key; more than ``times`` in a window of ``seconds`` is refused.

    Windows are fixed; the count is kept in the database, so that all workers share it. It stands outside of any
    transaction, which would take the count back when it is refused.
    Raises TooManyTries.
    """
    if in_transaction():
        raise RuntimeError("a rate limit is counted before the transaction, not inside it")
    window = int(now.timestamp()) // seconds
    hashed = hashlib.sha256(f"{key}|{window}".encode()).hexdigest()[:40]
    async with write_statement():
        rows = await fetch(
            "INSERT INTO rate_limit (key, tries, expires_at) VALUES ({}, 1, {}) "
            "ON CONFLICT (key) DO UPDATE SET tries = rate_limit.tries + 1 RETURNING tries",
            hashed,
            now + timedelta(seconds=2 * seconds),
        )
    if rows[0]["tries"] > times:
        note_security("limit.reached", limit=key.partition(":")[0])  # the rest may be a contact
        raise TooManyTries(minutes=max(1, -(-seconds // 60)))


async def is_over(key: str, *, times: int, seconds: int, now: datetime) -> bool:
    """Whether the tries under a key have reached what :func:`limit` allows in this window; counts none itself."""
    window = int(now.timestamp()) // seconds
    hashed = hashlib.sha256(f"{key}|{window}".encode()).hexdigest()[:40]
    return bool(await fetch("SELECT tries FROM rate_limit WHERE key = {} AND tries >= {}", hashed, times))


async def has_waited(key: str, *, seconds: int, now: datetime) -> bool:
    """Whether this was asked before under the key, ``seconds`` or more ago and within the hour; else it begins to wait.

    Asking in between does not begin the wait anew.
    """
    begun = now - timedelta(seconds=seconds)
    hashed = hashlib.sha256(f"wait|{key}".encode()).hexdigest()[:40]
    async with write_statement():
        rows = await fetch(
            "INSERT INTO rate_limit (key, tries, expires_at) VALUES ({}, 1, {}) "
            "ON CONFLICT (key) DO UPDATE SET tries = rate_limit.tries + 1 RETURNING expires_at",
            hashed,
            now + WAIT_KEPT,
        )
    return bool(rows[0]["expires_at"] - WAIT_KEPT <= begun)


def response_headers() -> dict[str, str]:
    """Headers of every answer. Scanner pages add ``wasm-unsafe-eval`` themselves."""
    return {
        "content-security-policy": CSP,
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "x-frame-options": "DENY",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(self), microphone=(), geolocation=()",
    }


CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
SCANNER_CSP = CSP.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'") + "; worker-src 'self' blob:"
