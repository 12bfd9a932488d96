"""Scans that a phone could not send itself: a gate lead, or another phone of the edition, hands them in for it.

They are judged as any late scans are (``recording.py``): each by its own time, and each only once by its client's id,
whoever brings it, and however often.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import msgspec

from app.accounts.actor import Actor
from app.accounts.enums import DeviceKind
from app.accounts.tables import Device
from app.kernel import audit
from app.kernel.database import write_transaction
from ticketing.checkin.errors import DeviceNotFound, HandedOverUnreadable
from ticketing.checkin.queries import gate_devices
from ticketing.checkin.schemas import MOST_HANDED_IN, HandedOver, QueuedScan, RedeemAnswer
from ticketing.checkin.services.redeeming import redeem_queue


async def take_over(*, actor: Actor, scans: Sequence[QueuedScan], now: datetime) -> list[RedeemAnswer]:
    """Take over what a phone hands in: its own scans, and those of others of its edition, which is audited.

    An answer for each, in their order. Raises GateNotFound.
    """
    answers = await redeem_queue(actor=actor, scans=scans, now=now)
    news = Counter(
        scan.device
        for scan, answer in zip(scans, answers, strict=True)
        if scan.device not in (None, actor.device_id) and not answer.replayed and answer.error is None
    )
    for device_id, count in news.items():
        assert device_id is not None
        assert actor.edition_id is not None
        await _note(device_id, count, edition_id=actor.edition_id, actor=actor, now=now)
    return answers


async def take_over_file(*, content: bytes, edition_id: int, actor: Actor, now: datetime) -> tuple[int, int, int]:
    """Take over the file of a phone of the edition, withdrawn or not: (how many scans are new, were there already, and
    could not be taken over).

    Raises HandedOverUnreadable, DeviceNotFound, GateNotFound.
    """
    try:
        handed = msgspec.json.decode(content, type=HandedOver)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise HandedOverUnreadable from error
    if handed.edition != edition_id or not await gate_devices([handed.device], edition_id):
        raise DeviceNotFound
    phone = await Device.objects().get(Device.id == handed.device)
    assert phone is not None
    maker = Actor(
        full_name=phone.label,
        device_id=phone.id,
        device_kind=DeviceKind.GATE.value,
        edition_id=edition_id,
        subject_id=phone.subject_id,
    )
    new = known = left_out = 0
    for start in range(0, len(handed.scans), MOST_HANDED_IN):
        answers = await redeem_queue(actor=maker, scans=handed.scans[start : start + MOST_HANDED_IN], now=now)
        left_out += sum(answer.error is not None for answer in answers)
        known += sum(answer.replayed for answer in answers)
        new += sum(answer.error is None and not answer.replayed for answer in answers)
    if new:
        await _note(phone.id, new, edition_id=edition_id, actor=actor, now=now)
    return new, known, left_out


async def _note(device_id: int, count: int, *, edition_id: int, actor: Actor, now: datetime) -> None:
    async with write_transaction():
        await audit.record(
            actor=actor,
            action="device.hand_in",
            subject_type="device",
            subject_id=device_id,
            edition_id=edition_id,
            after={"scans": count},
            now=now,
        )
