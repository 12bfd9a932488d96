"""Gate phones and judges' tablets: bound by a QR card that works once, revocable, tokens stored hashed."""

from datetime import datetime, timedelta

from app.accounts.actor import Actor, Grant
from app.accounts.enums import DeviceKind, Role
from app.accounts.errors import InviteNotValid
from app.accounts.limits import Way, count_account
from app.accounts.tables import Device, Person
from app.kernel import audit
from app.kernel.database import fetch, write_transaction
from app.kernel.logs import note_security
from app.kernel.security import hash_token, new_token
from app.kernel.settings import settings

#: How long a device is trusted without asking the database again: a revoked one works this long at most.
CACHE_SECONDS = 3.0
_CACHE_SIZE = 2000
_cache: dict[str, tuple[float, Actor]] = {}


async def make_device_invite(
    *,
    kind: DeviceKind,
    edition_id: int,
    label: str,
    person_id: int | None = None,
    subject_id: int | None = None,
    may_search: bool = False,
    replaces: int | None = None,
    actor: Actor,
    now: datetime,
    days: int = 14,
) -> tuple[int, str]:
    """A card for one device: (device id, absolute address for its QR code), good once.

    ``may_search`` lets a gate phone search for people by name; the device that this one ``replaces`` is shut out when
    this one is bound, and not before.
    """
    token = new_token()
    async with write_transaction():
        device = Device(
            kind=kind.value,
            edition_id=edition_id,
            label=label,
            person=person_id,
            subject_id=subject_id,
            may_search=may_search,
            replaces=replaces,
            invite_hash=hash_token(token),
            invite_expires_at=now + timedelta(days=days),
            created_at=now,
        )
        await device.save()
        await audit.record(
            actor=actor,
            action="device.invite",
            subject_type="device",
            subject_id=device.id,
            edition_id=edition_id,
            after={"kind": kind.value, "label": label, "person_id": person_id}
            | ({"may_search": True} if may_search else {})
            | ({"replaces": replaces} if replaces else {}),
            now=now,
        )
    return device.id, f"{settings().base_url}/invite/{token}"


async def renew_device_invite(*, device_id: int, actor: Actor, now: datetime, days: int = 14) -> str:
    """A new card for a device that is not revoked; the bound one loses its binding. Returns the card's address."""
    token = new_token()
    async with write_transaction():
        rows = (
            await Device.update(
                {
                    Device.invite_hash: hash_token(token),
                    Device.invite_expires_at: now + timedelta(days=days),
                    Device.token_hash: None,
                    Device.paired_at: None,
                }
            )
            .where((Device.id == device_id) & Device.revoked_at.is_null())
            .returning(Device.edition_id)
        )
        if not rows:
            raise InviteNotValid
        await audit.record(
            actor=actor,
            action="device.invite",
            subject_type="device",
            subject_id=device_id,
            edition_id=rows[0]["edition_id"],
            now=now,
        )
    _cache.clear()
    return f"{settings().base_url}/invite/{token}"


async def device_of_invite(*, token: str, now: datetime) -> Device:
    """The device a card is for, while it is good. Raises InviteNotValid."""
    device = await Device.objects().get(
        (Device.invite_hash == hash_token(token)) & (Device.invite_expires_at > now) & Device.revoked_at.is_null()
    )
    if device is None:
        raise InviteNotValid
    return device


async def pair_device(*, invite_token: str, now: datetime) -> tuple[Device, str]:
    """Bind the device that opened the card: (device, its token). One of many at once wins.

    Raises InviteNotValid for a card that was used, withdrawn or is too old, and TooManyTries after sixty tries of one
    card in a quarter of an hour.
    """
    await count_account(Way.CARD, hash_token(invite_token), now=now)
    token = new_token()
    async with write_transaction():
        rows = (
            await Device.update(
                {
                    Device.invite_hash: None,
                    Device.token_hash: hash_token(token),
                    Device.paired_at: now,
                    Device.last_seen_at: now,
                }
            )
            .where(
                (Device.invite_hash == hash_token(invite_token))
                & (Device.invite_expires_at > now)
                & Device.revoked_at.is_null()
            )
            .returning(Device.id)
        )
        if not rows:
            note_security("sign_in.failed", way=Way.CARD)
            raise InviteNotValid
        device = await Device.objects().get(Device.id == rows[0]["id"])
        assert device is not None
        await audit.record(
            actor=Actor(device_id=device.id, full_name=device.label),
            action="device.pair",
            subject_type="device",
            subject_id=device.id,
            edition_id=device.edition_id,
            now=now,
        )
        if device.replaces is not None:
            await _shut_out(device.replaces, actor=Actor(device_id=device.id, full_name=device.label), now=now)
    _cache.clear()
    note_security("sign_in.done", way=Way.CARD, device_id=device.id)
    return device, token


async def revoke_device(*, device_id: int, actor: Actor, now: datetime) -> None:
    """Shut a device out, within ``CACHE_SECONDS`` on every worker."""
    async with write_transaction():
        await _shut_out(device_id, actor=actor, now=now)
    _cache.clear()


async def _shut_out(device_id: int, *, actor: Actor, now: datetime) -> None:
    rows = (
        await Device.update({Device.revoked_at: now, Device.invite_hash: None, Device.token_hash: None})
        .where((Device.id == device_id) & Device.revoked_at.is_null())
        .returning(Device.edition_id, Device.label)
    )
    for row in rows:
        await audit.record(
            actor=actor,
            action="device.revoke",
            subject_type="device",
            subject_id=device_id,
            edition_id=row["edition_id"],
            before={"label": row["label"]},
            now=now,
        )


async def let_search(*, device_id: int, edition_id: int, may_search: bool, actor: Actor, now: datetime) -> None:
    """Let a gate phone search for people by name, or no longer, within ``CACHE_SECONDS`` on every worker."""
    async with write_transaction():
        rows = (
            await Device.update({Device.may_search: may_search})
            .where(
                (Device.id == device_id)
                & (Device.edition_id == edition_id)
                & (Device.kind == DeviceKind.GATE.value)
                & (Device.may_search != may_search)
                & Device.revoked_at.is_null()
            )
            .returning(Device.id)
        )
        if rows:
            await audit.record(
                actor=actor,
                action="device.search",
                subject_type="device",
                subject_id=device_id,
                edition_id=edition_id,
                before={"may_search": not may_search},
                after={"may_search": may_search},
                now=now,
            )
    _cache.clear()


def forget_devices() -> None:
    """Look every device up anew when it next comes."""
    _cache.clear()


async def actor_of_device(token: str, now: datetime) -> Actor | None:
    """The actor that a device is, remembered for ``CACHE_SECONDS``; None when it is unknown or revoked."""
    at = now.timestamp()
    kept = _cache.get(token)
    if kept is not None and 0 <= at - kept[0] < CACHE_SECONDS:
        return kept[1]
    rows = await fetch(
        "SELECT device.id AS id, device.kind AS kind, device.label AS label, device.edition_id AS edition_id, "
        "device.person AS person_id, device.subject_id AS subject_id, device.may_search AS may_search, "
        "person.full_name AS full_name, "
        "person.locale AS locale FROM device LEFT JOIN person ON person.id = device.person "
        "WHERE device.token_hash = {} AND device.revoked_at IS NULL",
        hash_token(token),
    )
    if not rows:
        _cache.pop(token, None)
        return None
    row = rows[0]
    judge = row["kind"] == DeviceKind.JUDGE and row["person_id"] is not None
    actor = Actor(
        person_id=row["person_id"] if judge else None,
        full_name=row["full_name"] or row["label"],
        locale=row["locale"] or "vi",
        grants=(Grant(Role.JUDGE, row["edition_id"]),) if judge else (),
        device_id=row["id"],
        device_kind=row["kind"],
        edition_id=row["edition_id"],
        subject_id=row["subject_id"],
        may_search=bool(row["may_search"]),
    )
    if len(_cache) >= _CACHE_SIZE:
        _cache.clear()
    _cache[token] = (at, actor)
    return actor


async def note_device_seen(*, device_id: int, now: datetime) -> None:
    """Write down when a device was last heard of."""
    async with write_transaction():
        await Device.update({Device.last_seen_at: now}).where(Device.id == device_id)


async def person_of_device(device: Device) -> Person | None:
    """The judge a tablet was handed to."""
    return await Person.objects().get(Person.id == device.person) if device.person else None
