"""Choices that people pick from stand in the order of Vietnamese words, on both engines."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import httpx
import pytest

from app.accounts.actor import SYSTEM
from app.events.schemas import SessionValues
from app.events.services.programme import save_session
from app.judging.tables import Entry
from app.kernel.audit import record
from app.kernel.names import text_key
from booths.floorplan.queries import zones_of
from booths.floorplan.tables import Booth
from tests.booths.factories import make_booth, make_hall
from tests.events.factories import make_edition
from tests.judging.scene import scene
from tests.support.client import sign_in
from tests.support.factories import make_owner

pytestmark = pytest.mark.engines
WORDS = ["Ẩm thực", "Đồ gỗ", "Dệt may", "Công nghệ", "Xã hội", "Ăn uống"]
IN_ORDER = ["Ăn uống", "Ẩm thực", "Công nghệ", "Dệt may", "Đồ gỗ", "Xã hội"]


def choices(page: str, name: str) -> list[str]:
    """Return the words of a select but its first, which means all."""
    (select,) = re.findall(rf'<select[^>]* name="{name}">(.*?)</select>', page, re.S)
    return re.findall(r"<option[^>]*>([^<]+)</option>", select)[1:]


async def test_contest_fields_are_in_order_for_the_public_and_the_organiser(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    found = await scene(frozen_now, entries=6, judges=0, opened=False)
    for entry_id, word in zip(found.entry_ids, WORDS, strict=True):
        await Entry.update({Entry.category: word}).where(Entry.id == entry_id)
    await sign_in(client, (await make_owner()).id)
    pages = [await client.get(path) for path in ("/e/sang-tao/contest", f"/manage/{found.edition_id}/contest")]
    assert [choices(page.text, "category") for page in pages] == [IN_ORDER, IN_ORDER]


async def test_actions_of_the_log_are_in_order_of_their_words(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    edition = await make_edition()
    for action in ("role.grant", "track.rename", "product.add", "order.place", "edition.update"):
        await record(actor=SYSTEM, action=action, subject_type="x", subject_id=1, edition_id=edition.id, now=frozen_now)
    await sign_in(client, (await make_owner()).id)
    shown = choices((await client.get(f"/manage/{edition.id}/audit", params={"lang": "vi"})).text, "action")
    assert shown == sorted(shown, key=text_key)
    assert next(word for word in shown if word.startswith(("Đ", "X", "T"))).startswith("Đ")


async def test_zones_and_tracks_are_in_order(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    edition = await make_edition()
    hall = await make_hall(edition.id)
    for number, word in enumerate(WORDS):
        await make_booth(edition.id, hall, f"A{number}", [(number, 0)], zone=word)
        values = SessionValues(
            title={"vi": f"Phiên {number}"},
            starts_at=frozen_now + timedelta(hours=1),
            ends_at=frozen_now + timedelta(hours=2),
            track=word,
        )
        await save_session(edition_id=edition.id, values=values, actor=SYSTEM, now=frozen_now)
    await sign_in(client, (await make_owner()).id)
    assert await Booth.count() == len(WORDS)
    assert await zones_of(edition.id) == IN_ORDER
    assert choices((await client.get(f"/manage/{edition.id}/floorplan")).text, "zone") == IN_ORDER
    programme = (await client.get(f"{edition.path}/programme")).text
    assert sorted(WORDS, key=programme.index) == IN_ORDER
