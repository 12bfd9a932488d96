"""Reads of passes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from app.events.enums import PassKind, PassReason, PassState
from app.events.errors import PassCodeNotValid, PassNotFound
from app.events.passes.codec import CodeNotValid, PassPayload, code_in, decode_code, verify_code
from app.events.queries import Page
from app.events.slots import PassContact
from app.events.tables import Pass, PassShift
from app.events.typed_codes import read_code
from app.kernel.database import contains
from app.kernel.security import hash_token
from app.kernel.signing import KeyUnknown, public_keys

#: Passes that are there for people: those of a sheet that stand ready are not, until all of them do.
SHOWN = Pass.state != PassState.LAID.value


@dataclass(frozen=True, kw_only=True)
class PassInfo:
    """A pass as its holder and the desk see it."""

    id: int
    edition_id: int
    serial: int
    kind: PassKind
    state: PassState
    state_reason: PassReason
    label: str
    holder_id: int | None
    holder_name: str
    valid_from: datetime
    valid_until: datetime
    code: str
    short_code: str
    secret_seed: str
    organisation: str = ""


def key_purpose(edition_id: int) -> str:
    """Name of the signing key of an edition: each has its own, so that a leaked one concerns one festival."""
    return f"passes-{edition_id}"


def edition_of_purpose(purpose: str) -> int:
    """The edition whose passes a key signs. Raises KeyUnknown for a key that signs something else."""
    kind, _dash, number = purpose.partition("-")
    if kind != "passes" or not number.isdecimal():
        raise KeyUnknown(key=purpose)
    return int(number)


async def pass_public_keys(edition_id: int) -> dict[int, bytes]:
    """Public keys (32 bytes) by key id: all that a gate of the edition needs to verify its passes offline."""
    return await public_keys(key_purpose(edition_id))


async def key_shifts(edition_id: int) -> dict[int, int]:
    """By key id, how many minutes later than they say codes count: those signed before their edition was postponed."""
    rows = await PassShift.select(PassShift.key_id, PassShift.minutes).where(PassShift.edition == edition_id)
    return {row["key_id"]: row["minutes"] for row in rows}


async def pass_by_secret(secret: str) -> PassInfo:
    """The pass of a holder's link. Raises PassNotFound."""
    rows = await Pass.select().where(SHOWN & (Pass.secret_hash == hash_token(secret)))
    return _one(rows)


async def pass_by_id(pass_id: int, edition_id: int | None = None) -> PassInfo:
    """A pass by its number in the database. Raises PassNotFound, also when it is of another edition."""
    rows = await Pass.select().where(SHOWN & (Pass.id == pass_id))
    found = _one(rows)
    if edition_id is not None and found.edition_id != edition_id:
        raise PassNotFound
    return found


async def pass_by_typed(typed: str, edition_id: int) -> PassInfo:
    """The pass of an edition by what a scanner read or somebody typed: address, code or short code.

    Raises PassNotFound. The signature is not asked: the row is what counts where there is a database.
    """
    short = read_code(typed, 8)
    chosen = Pass.short_code == short if short else Pass.code == code_in(typed)
    rows = await Pass.select().where(SHOWN & chosen & (Pass.edition == edition_id))
    return _one(rows)


async def passes_of_edition(
    edition_id: int,
    *,
    search: str = "",
    kind: PassKind | None = None,
    state: PassState | None = None,
    offset: int = 0,
    limit: int | None = None,
) -> Page:
    """Passes of an edition, the latest first; ``search`` (already without diacritics) finds names and short codes."""
    chosen: Any = SHOWN & (Pass.edition == edition_id)
    if search:
        chosen = chosen & contains(search.replace("-", ""), '"pass".search_text')
    if kind is not None:
        chosen = chosen & (Pass.kind == kind.value)
    if state is not None:
        chosen = chosen & (Pass.state == state.value)
    query = Pass.select().where(chosen).order_by(Pass.serial, ascending=False)
    if limit is not None:
        query = query.limit(limit).offset(offset)
    rows = await query
    total = len(rows) if limit is None else await Pass.count().where(chosen)
    return Page([info_of(row) for row in rows], total, offset + 1, limit or total)


async def state_of(payload: PassPayload) -> PassState:
    """Whether a genuine pass still counts. Raises PassNotFound when it was never issued here."""
    rows = await Pass.select(Pass.state).where(
        SHOWN & (Pass.edition == payload.edition_id) & (Pass.serial == payload.serial) & (Pass.key_id == payload.key_id)
    )
    if not rows:
        raise PassNotFound
    return PassState(rows[0]["state"])


async def genuine(text: str) -> PassPayload:
    """What a code says after its signature was found good, on the days to which its edition was postponed since.

    Raises PassCodeNotValid.
    """
    try:
        edition_id = decode_code(code_in(text))[0].edition_id
        payload = verify_code(text, await pass_public_keys(edition_id))
    except CodeNotValid as error:
        raise PassCodeNotValid from error
    by = timedelta(minutes=(await key_shifts(edition_id)).get(payload.key_id, 0))
    return replace(payload, valid_from=payload.valid_from + by, valid_until=payload.valid_until + by)


def _one(rows: list[dict[str, Any]]) -> PassInfo:
    if not rows:
        raise PassNotFound
    return info_of(rows[0])


def info_of(row: Mapping[str, Any]) -> PassInfo:
    """A row of the table as others see it."""
    return PassInfo(
        id=row["id"],
        edition_id=row["edition"],
        serial=row["serial"],
        kind=PassKind(row["kind"]),
        state=PassState(row["state"]),
        state_reason=PassReason(row["state_reason"]),
        label=row["label"],
        holder_id=row["holder"],
        holder_name=row["holder_name"],
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
        code=row["code"],
        short_code=row["short_code"],
        secret_seed=row["secret_seed"],
        organisation=row["organisation"],
    )


async def contacts_of_holders(pass_ids: Sequence[int]) -> dict[int, PassContact]:
    """Where the people who hold these passes are reached."""
    rows = await Pass.select(
        Pass.id,
        Pass.holder.id.as_alias("person_id"),
        Pass.holder.email.as_alias("email"),
        Pass.holder.phone.as_alias("phone"),
        Pass.holder.locale.as_alias("locale"),
    ).where(Pass.id.is_in(list(pass_ids)) & Pass.holder.is_not_null())
    return {
        row["id"]: PassContact(locale=row["locale"], email=row["email"], phone=row["phone"], person_id=row["person_id"])
        for row in rows
        if row["email"] or row["phone"]
    }
