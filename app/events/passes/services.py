"""Issuing passes."""

import base64
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.accounts.personal.registry import erase_all
from app.accounts.personal.whom import Whom
from app.events.enums import EditionState, PassKind, PassState
from app.events.errors import EditionIsCancelled, PassNotFound
from app.events.passes.codec import PassPayload, qr_text, sign_code
from app.events.passes.naming import LONGEST_LABEL
from app.events.passes.queries import key_purpose, pass_public_keys
from app.events.queries import EditionInfo, hold_edition
from app.events.tables import Pass
from app.events.typed_codes import new_code
from app.kernel import audit
from app.kernel.database import fetch, in_transaction, write_transaction
from app.kernel.names import search_text, shortened
from app.kernel.rows import among, insert_rows
from app.kernel.security import hash_token
from app.kernel.settings import secret_key, settings
from app.kernel.signing import Signer, ensure_key

__all__ = [
    "IssuedPass",
    "PassRequest",
    "issue_pass",
    "issue_passes_bulk",
    "pass_public_keys",
    "prepare_signing",
    "renew_pass_secret",
    "secret_of",
]
SHORT_LENGTH = 8
_CHUNK = 500


@dataclass(frozen=True, kw_only=True)
class PassRequest:
    """A pass to be issued. ``label`` is what a gate shows as its type; times are instants, until is exclusive.

    ``type_no`` is the number of the ticket type that it is of, if it is of one; ``organisation`` what its badge says
    whom the holder is of.
    """

    kind: PassKind
    valid_from: datetime
    valid_until: datetime
    holder_name: str
    holder_id: int | None = None
    label: str = ""
    type_no: int | None = None
    organisation: str = ""


@dataclass(frozen=True, kw_only=True)
class IssuedPass:
    """What came of it. ``secret`` stands in the holder's link ``/pass/{secret}`` and nowhere else."""

    id: int
    serial: int
    code: str
    short_code: str
    secret: str
    valid_from: datetime
    valid_until: datetime

    @property
    def path(self) -> str:
        """The holder's page."""
        return f"/pass/{self.secret}"


def secret_of(seed: str) -> str:
    """The secret of a holder's link, made again from the seed in the pass's row and the installation's secret."""
    mac = hmac.digest(secret_key(), b"pass link\0" + seed.encode(), "sha256")
    return base64.urlsafe_b64encode(mac[:24]).decode()


async def issue_pass(
    *,
    edition_id: int,
    kind: PassKind,
    holder_name: str,
    valid_from: datetime,
    valid_until: datetime,
    now: datetime,
    holder_id: int | None = None,
    label: str = "",
    organisation: str = "",
) -> IssuedPass:
    """Issue one pass, in the caller's transaction if there is one. Raises ValueError when ``BASE_URL`` is too long."""
    request = PassRequest(
        kind=kind,
        valid_from=valid_from,
        valid_until=valid_until,
        holder_name=holder_name,
        holder_id=holder_id,
        label=label,
        organisation=organisation,
    )
    return (await issue_passes_bulk(edition_id=edition_id, requests=[request], now=now))[0]


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What passes of an edition are signed with, and the codes that stand under them."""

    signer: Signer
    short_codes: Sequence[str]


async def prepare_passes(*, edition_id: int, count: int, now: datetime) -> Prepared:
    """Read what ``count`` passes need, in a transaction that holds the edition, before it locks what others wait for.

    The key is another one since the edition was postponed. Raises KeyLocked.
    """
    signer = await ensure_key(key_purpose(edition_id), now)
    return Prepared(signer=signer, short_codes=await new_short_codes(count))


async def issue_passes_bulk(
    *,
    edition_id: int,
    requests: Sequence[PassRequest],
    now: datetime,
    edition: EditionInfo | None = None,
    prepared: Prepared | None = None,
) -> list[IssuedPass]:
    """Issue many passes in the order of the requests; all of them or none.

    Serials are dense: the counter's row is locked by its own update until the caller's transaction ends, so that a
    number is given out once and a rolled-back one is given out again. The edition is held: whoever works the days out
    of an edition's holds it before, so that it is not postponed in between, and gives it as ``edition``, with what it
    has ``prepared`` for as many passes.
    Raises EditionIsCancelled, and ValueError when ``BASE_URL`` is too long.
    """
    if not requests:
        return []
    if not in_transaction():
        await ensure_key(key_purpose(edition_id), now)
    async with write_transaction():
        if (edition or await hold_edition(edition_id)).state == EditionState.CANCELLED:
            raise EditionIsCancelled
        ready = prepared or await prepare_passes(edition_id=edition_id, count=len(requests), now=now)
        serial = await take_serials(edition_id, len(requests))
        signed = [
            signed_pass(edition_id, request, serial + number, ready.short_codes[number], ready.signer)
            for number, request in enumerate(requests)
        ]
        qr_text(signed[0]["code"], settings().base_url)
        columns = [*(Pass._meta.get_column_by_name(name) for name in signed[0]), Pass.holder, Pass.issued_at]
        rows = [(*values.values(), request.holder_id, now) for values, request in zip(signed, requests, strict=True)]
        made = await insert_rows(Pass, columns, rows, returning=[Pass.id, Pass.serial])
        ids = {row["serial"]: row["id"] for row in made}
    return [
        IssuedPass(
            id=ids[values["serial"]],
            serial=values["serial"],
            code=values["code"],
            short_code=values["short_code"],
            secret=secret_of(values["secret_seed"]),
            valid_from=values["valid_from"],
            valid_until=values["valid_until"],
        )
        for values in signed
    ]


def signed_pass(edition_id: int, request: PassRequest, serial: int, short_code: str, signer: Signer) -> dict[str, Any]:
    """Columns of a pass that is signed and stands nowhere yet."""
    payload = PassPayload(
        key_id=signer.key_id,
        edition_id=edition_id,
        serial=serial,
        kind=request.kind,
        valid_from=request.valid_from,
        valid_until=request.valid_until,
    )
    seed = secrets.token_hex(16)
    return {
        "edition": edition_id,
        "serial": serial,
        "kind": request.kind.value,
        "state": PassState.ISSUED.value,
        "label": request.label[:LONGEST_LABEL],
        "type_no": request.type_no,
        "holder_name": shortened(request.holder_name, 160),
        "organisation": shortened(request.organisation, 160),
        "search_text": search_text(request.holder_name, short_code)[:200],
        "valid_from": request.valid_from,
        "valid_until": request.valid_until,
        "key_id": signer.key_id,
        "code": sign_code(payload, signer.sign),
        "short_code": short_code,
        "secret_seed": seed,
        "secret_hash": hash_token(secret_of(seed)),
    }


async def take_serials(edition_id: int, count: int) -> int:
    """The first of ``count`` serials that follow one another; one statement, so that two never get the same."""
    rows = await fetch(
        "INSERT INTO pass_counter (edition, issued) VALUES ({}, {}) "
        "ON CONFLICT (edition) DO UPDATE SET issued = pass_counter.issued + {} RETURNING issued",
        edition_id,
        count,
        count,
    )
    return int(rows[0]["issued"]) - count + 1


async def new_short_codes(count: int) -> list[str]:
    """Codes that no pass has yet."""
    found: set[str] = set()
    while len(found) < count:
        drawn = {new_code(SHORT_LENGTH) for _code in range(min(_CHUNK, count - len(found)))}
        condition, codes = among(sorted(drawn), "VARCHAR")
        taken = await fetch(f'SELECT short_code FROM "pass" WHERE short_code {condition}', codes)
        found |= drawn - {row["short_code"] for row in taken}
    return sorted(found, key=lambda _code: secrets.randbits(32))


async def rename_holder(*, pass_id: int, holder_name: str) -> None:
    """Write another holder's name on a pass, in the caller's transaction; its code stays as it was signed."""
    for row in await Pass.select(Pass.short_code).where(Pass.id == pass_id):
        await Pass.update(
            {
                Pass.holder_name: shortened(holder_name, 160),
                Pass.search_text: search_text(holder_name, row["short_code"])[:200],
            }
        ).where(Pass.id == pass_id)


async def renew_pass_secret(*, pass_id: int, actor: Actor, now: datetime) -> str:
    """Make the old link of a pass worthless and give the secret of the new one. Raises PassNotFound."""
    seed = secrets.token_hex(16)
    secret = secret_of(seed)
    async with write_transaction():
        changed = (
            await Pass.update({Pass.secret_seed: seed, Pass.secret_hash: hash_token(secret)})
            .where(Pass.id == pass_id)
            .returning(Pass.edition)
        )
        if not changed:
            raise PassNotFound
        await audit.record(
            actor=actor,
            action="pass.renew_link",
            subject_type="pass",
            subject_id=pass_id,
            edition_id=changed[0]["edition"],
            now=now,
        )
    return secret


async def prepare_signing(edition_id: int, now: datetime) -> None:
    """Make the signing key of an edition, so that issuing never has to. Raises KeyLocked."""
    await ensure_key(key_purpose(edition_id), now)


async def forget_holder(*, pass_id: int, edition_id: int, now: datetime) -> None:
    """Take a holder's name off her pass and its ticket, as whoever has its secret link may ask. It stays valid."""
    async with write_transaction():
        await erase_all(Whom(pass_ids=(pass_id,)), now, only=("tickets", "passes"))
        await audit.record(
            actor=None, action="pass.forget", subject_type="pass", subject_id=pass_id, edition_id=edition_id, now=now
        )
