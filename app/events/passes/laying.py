"""Passes for very many at once: signed beforehand, laid ready with other columns, issued by one statement."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from app.events.passes.codec import qr_text
from app.events.passes.queries import key_purpose
from app.events.passes.services import PassRequest, new_short_codes, signed_pass, take_serials
from app.events.queries import hold_edition_going_on
from app.kernel.database import fetch, write_transaction
from app.kernel.settings import settings
from app.kernel.signing import active_key, ensure_key

#: What of passes is laid ready, beside ``holder_name`` and ``person``.
LAID = {
    "serial": "BIGINT",
    "kind": "TEXT",
    "label": "TEXT",
    "pass_search": "TEXT",
    "valid_from": "TIMESTAMPTZ",
    "valid_until": "TIMESTAMPTZ",
    "key_id": "BIGINT",
    "code": "TEXT",
    "short_code": "TEXT",
    "secret_seed": "TEXT",
    "secret_hash": "TEXT",
}
_SIGNED = {**{name: name for name in LAID}, "pass_search": "search_text"}


async def sign_passes_to_lay(
    *, edition_id: int, requests: Iterable[PassRequest | None], count: int, now: datetime
) -> Iterator[tuple[Any, ...]]:
    """Values of ``LAID`` for requests in their order, signed as they are asked for; empty ones where there is none.

    ``count`` is how many requests there are. Serials that are not used in the end stay unused. Raises
    EditionIsCancelled, and ValueError when ``BASE_URL`` is too long.
    """
    await ensure_key(key_purpose(edition_id), now)
    async with write_transaction():
        await hold_edition_going_on(edition_id)
        signer = await active_key(key_purpose(edition_id))
        first = await take_serials(edition_id, count) if count else 0
    short_codes = await new_short_codes(count)

    def signed() -> Iterator[tuple[Any, ...]]:
        number = 0
        for request in requests:
            if request is None:
                yield (None,) * len(LAID)
                continue
            values = signed_pass(edition_id, request, first + number, short_codes[number], signer)
            qr_text(values["code"], settings().base_url)
            yield tuple(values[name] for name in _SIGNED.values())
            number += 1

    return signed()


async def laid_passes_hold(table: str, *, edition_id: int) -> bool:
    """Whether the edition's key still is the one that signed them; call it in a transaction that holds the edition."""
    signer = await active_key(key_purpose(edition_id))
    return not await fetch(f"SELECT 1 FROM {table} WHERE key_id <> {{}} LIMIT 1", signer.key_id)


async def issue_laid_passes(table: str, *, edition_id: int, where: str, now: datetime) -> None:
    """Issue what was laid ready and meets ``where``, in a transaction that holds the edition."""
    await fetch(
        "INSERT INTO pass (edition, serial, kind, state, label, holder, holder_name, search_text, valid_from, "
        "valid_until, key_id, code, short_code, secret_seed, secret_hash, issued_at) "
        "SELECT {}, serial, kind, 'issued', label, person, SUBSTR(holder_name, 1, 160), pass_search, valid_from, "
        f"valid_until, key_id, code, short_code, secret_seed, secret_hash, {{}} FROM {table} WHERE {where}",
        edition_id,
        now,
    )
