"""Passes for very many at once: signed beforehand and laid ready with other columns, written in pieces that nobody
sees, and shown by a few statements once all of them stand."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from app.events.enums import PassState
from app.events.passes.codec import qr_text
from app.events.passes.queries import key_purpose
from app.events.passes.services import PassRequest, new_short_codes, signed_pass, take_serials
from app.events.queries import hold_edition_going_on
from app.events.tables import Pass
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


async def laid_passes_hold(key_ids: Iterable[int], *, edition_id: int) -> bool:
    """Whether the edition's key still is the one that signed them; call it in a transaction that holds the edition."""
    signer = await active_key(key_purpose(edition_id))
    return set(key_ids) <= {signer.key_id}


async def stand_passes_ready(table: str, *, edition_id: int, where: str, now: datetime) -> None:
    """Write the passes that were laid ready and meet ``where``; they count once they are shown."""
    await fetch(
        "INSERT INTO pass (edition, serial, kind, state, label, holder, holder_name, search_text, valid_from, "
        "valid_until, key_id, code, short_code, secret_seed, secret_hash, issued_at) "
        "SELECT {}, serial, kind, {}, label, person, SUBSTR(holder_name, 1, 160), pass_search, valid_from, "
        f"valid_until, key_id, code, short_code, secret_seed, secret_hash, {{}} FROM {table} WHERE {where} "
        "ORDER BY serial",
        edition_id,
        PassState.LAID.value,
        now,
    )


async def show_passes(chosen: str, *values: Any) -> None:
    """Issue the passes that stand ready, of those whose ids the query ``chosen`` gives."""
    await fetch(
        f"UPDATE pass SET state = {{}} WHERE state = {{}} AND id IN ({chosen})",
        PassState.ISSUED.value,
        PassState.LAID.value,
        *values,
    )


async def drop_passes(pass_ids: Sequence[int]) -> None:
    """Delete passes that stand ready; nobody has them."""
    await Pass.delete().where((Pass.state == PassState.LAID.value) & Pass.id.is_in(list(pass_ids) or [0]))
