from datetime import timedelta

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import DeviceKind, Role
from app.accounts.errors import InviteNotValid
from app.accounts.services import devices
from app.accounts.tables import Device
from tests.conftest import NOW
from tests.support.factories import make_device, make_person
from tests.support.race import ask_first, losers, race, unguarded, winners


async def invite(**values: object) -> tuple[int, str]:
    device_id, address = await devices.make_device_invite(
        kind=DeviceKind.GATE, edition_id=1, label="Cổng A1", actor=SYSTEM, now=NOW, **values
    )
    return device_id, address.rpartition("/")[2]


@pytest.mark.race
async def test_a_card_binds_one_device(database: str) -> None:
    _device_id, token = await invite()
    results = await race(40, lambda _number: devices.pair_device(invite_token=token, now=NOW))
    assert len(winners(results)) == 1
    losers(results, InviteNotValid)


@pytest.mark.race
async def test_without_its_condition_a_card_binds_two_devices(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _device_id, token = await invite()
    unguarded(monkeypatch, devices)
    ask_first(monkeypatch, Device, parties=2)
    results = await race(2, lambda _number: devices.pair_device(invite_token=token, now=NOW))
    assert len({own for _device, own in winners(results)}) == 2


async def test_a_card_grows_old(database: str) -> None:
    _device_id, token = await invite(days=1)
    with pytest.raises(InviteNotValid):
        await devices.pair_device(invite_token=token, now=NOW + timedelta(days=1, seconds=1))


async def test_a_bound_device_is_known_by_its_token_alone(database: str) -> None:
    device, token = await make_device(edition_id=7, subject_id=12, now=NOW)
    actor = await devices.actor_of_device(token, NOW)
    assert actor is not None
    assert (actor.device_id, actor.device_kind, actor.edition_id, actor.subject_id) == (device.id, "gate", 7, 12)
    assert actor.grants == ()
    assert not actor.signed_in
    stored = await Device.select().first()
    assert token not in str(stored)


async def test_a_revoked_device_is_shut_out(database: str) -> None:
    device, token = await make_device(edition_id=7, now=NOW)
    assert await devices.actor_of_device(token, NOW) is not None
    await devices.revoke_device(device_id=device.id, actor=SYSTEM, now=NOW)
    assert await devices.actor_of_device(token, NOW) is None


async def test_another_worker_forgets_a_revoked_device_within_seconds(database: str) -> None:
    device, token = await make_device(edition_id=7, now=NOW)
    assert await devices.actor_of_device(token, NOW) is not None
    await Device.update({Device.token_hash: None}).where(Device.id == device.id)  # as another process would
    later = NOW + timedelta(seconds=devices.CACHE_SECONDS)
    assert await devices.actor_of_device(token, later) is None


async def test_a_judges_tablet_speaks_for_its_judge(database: str) -> None:
    judge = await make_person(name="Lê Kim Ngân")
    _device, token = await make_device(kind=DeviceKind.JUDGE, edition_id=7, person_id=judge.id, now=NOW)
    actor = await devices.actor_of_device(token, NOW)
    assert actor is not None
    assert (actor.person_id, actor.full_name) == (judge.id, "Lê Kim Ngân")
    assert actor.has(Role.JUDGE, edition_id=7)
    assert not actor.has(Role.JUDGE, edition_id=8)


async def test_a_new_card_unbinds_the_old_device(database: str) -> None:
    device, token = await make_device(edition_id=7, now=NOW)
    address = await devices.renew_device_invite(device_id=device.id, actor=SYSTEM, now=NOW)
    assert await devices.actor_of_device(token, NOW) is None
    _device, fresh = await devices.pair_device(invite_token=address.rpartition("/")[2], now=NOW)
    assert await devices.actor_of_device(fresh, NOW) is not None
