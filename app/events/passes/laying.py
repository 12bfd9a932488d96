"""Passes for very many at once: signed beforehand and laid ready with other columns, written in pieces that nobody
sees, and shown by a few statements once all of them stand."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.events.enums import PassState
from app.events.passes.codec import qr_text
from app.events.passes.queries import key_purpose
from app.events.passes.services import PassRequest, new_short_codes, signed_pass, take_serials
from app.events.queries import hold_edition_going_on
from app.events.tables import Pass, PassCounter
from app.kernel.database import fetch
from app.kernel.settings import settings
from app.kernel.signing import Signer, active_key

#: What of passes is laid ready, beside ``holder_name`` and ``person``.
LAID = {
    "serial": "BIGINT",
    "kind": "TEXT",
    "label": "TEXT",
    "type_no": "BIGINT",
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Serials:
    """``count`` serials of an edition that follow one another, from ``first`` on, and what signs them."""

    edition_id: int
    first: int
    count: int
    signer: Signer


async def take_serials_to_lay(*, edition_id: int, count: int) -> Serials:
    """Take serials for passes to be laid ready, in the caller's transaction, which notes them down.

    What becomes no pass of them is given back or counted in the end: :func:`note_unused`, :func:`give_back`. The
    edition's key has to be there. Raises EditionIsCancelled.
    """
    await hold_edition_going_on(edition_id)
    signer = await active_key(key_purpose(edition_id))
    first = await take_serials(edition_id, count) if count else 0
    return Serials(edition_id=edition_id, first=first, count=count, signer=signer)


async def sign_passes_to_lay(*, serials: Serials, requests: Iterable[PassRequest | None]) -> Iterator[tuple[Any, ...]]:
    """Values of ``LAID`` for requests in their order, signed as they are asked for; empty ones where there is none.

    There is a serial for each request that is not empty. Raises ValueError when ``BASE_URL`` is too long.
    """
    short_codes = await new_short_codes(serials.count)

    def signed() -> Iterator[tuple[Any, ...]]:
        number = 0
        for request in requests:
            if request is None:
                yield (None,) * len(LAID)
                continue
            values = signed_pass(
                serials.edition_id, request, serials.first + number, short_codes[number], serials.signer
            )
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
        "INSERT INTO pass (edition, serial, kind, state, label, type_no, holder, holder_name, search_text, valid_from, "
        "valid_until, key_id, code, short_code, secret_seed, secret_hash, issued_at) "
        "SELECT {}, serial, kind, {}, label, type_no, person, SUBSTR(holder_name, 1, 160), pass_search, valid_from, "
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


async def note_unused(*, edition_id: int, count: int) -> None:
    """Note that so many serials never become a pass, in the caller's transaction."""
    if count:
        await PassCounter.update({PassCounter.unused: PassCounter.unused + count}).where(
            PassCounter.edition == edition_id
        )


async def give_back(*, edition_id: int, first: int, count: int) -> None:
    """Give back serials of which no pass stands any more, in the caller's transaction: where later ones were given out
    meanwhile, they are noted as unused."""
    given_back = (
        await PassCounter.update({PassCounter.issued: first - 1})
        .where((PassCounter.edition == edition_id) & (PassCounter.issued == first + count - 1))
        .returning(PassCounter.id)
    )
    if not given_back:
        await note_unused(edition_id=edition_id, count=count)
