"""What everybody sees."""

from datetime import UTC, datetime, time, timedelta

import pytest

from app.accounts.actor import SYSTEM
from app.events import slots
from app.events.enums import Part
from app.events.queries import EditionInfo
from app.events.services.editions import close_edition
from app.events.services.programme import SessionValues, delete_session, save_session
from app.events.short_codes import codes_of
from app.events.slots import Scan
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.client import Browser


async def add_session(edition: EditionInfo, title: str, day: int, hour: int, track: str = "") -> int:
    """A session of one hour."""
    begin = datetime.combine(edition.days[day], time(hour), edition.zone).astimezone(UTC)
    return await save_session(
        edition_id=edition.id,
        values=SessionValues(
            title={"vi": title, "en": f"{title} in English"},
            starts_at=begin,
            ends_at=begin + timedelta(hours=1),
            track=track,
            place="Hội trường A",
        ),
        actor=SYSTEM,
        now=NOW,
    )


async def test_the_start_page_leads_to_the_one_open_edition_or_lists_them(client: Browser) -> None:
    assert "No festival is open" in (await client.get("/?lang=en")).text
    first = await make_edition("first")
    assert (await client.get("/")).headers["location"] == "/e/first"
    second = await make_edition("second")
    shown = (await client.get("/")).text
    assert "/e/first" in shown
    assert "/e/second" in shown
    await close_edition(edition_id=first.id, actor=SYSTEM, now=NOW)
    await close_edition(edition_id=second.id, actor=SYSTEM, now=NOW)
    assert "Earlier ones" in (await client.get("/")).text


@pytest.mark.parametrize(
    ("locale", "name", "day"),
    [
        ("vi", "Phụ nữ sáng tạo 2026", "16–18/10/2026"),
        ("id", "Perempuan Kreatif 2026", "16–18 Okt 2026"),
        ("en", "Creative Women 2026", "16–18 Oct 2026"),
    ],
)
async def test_an_edition_speaks_three_languages(client: Browser, locale: str, name: str, day: str) -> None:
    await make_edition()
    shown = (await client.get(f"/e/phu-nu-sang-tao-2026?lang={locale}")).text
    assert f'<html lang="{locale}">' in shown
    assert name in shown
    assert day in shown


async def test_only_parts_that_are_on_stand_in_the_navigation(client: Browser) -> None:
    await make_edition("small", parts=(Part.FAIR,))
    shown = (await client.get("/e/small")).text
    assert "/e/small/catalogue" in shown
    assert "/e/small/contest" not in shown
    assert (await client.get("/e/small/programme")).status_code == 404


async def test_the_programme_is_shown_by_day_and_track(client: Browser, frozen_now: object) -> None:
    edition = await make_edition()
    assert "is being made" in (await client.get(f"{edition.path}/programme?lang=en")).text
    await add_session(edition, "Khai mạc", 0, 9, "Sân khấu")
    await add_session(edition, "Tơ lụa", 0, 11, "Hội thảo")
    await add_session(edition, "Bế mạc", 2, 16, "Sân khấu")
    today = (await client.get(f"{edition.path}/programme?lang=vi")).text
    assert "Khai mạc" in today
    assert "09:00–10:00" in today
    assert "Bế mạc" not in today
    last = (await client.get(f"{edition.path}/programme?day=2026-10-18")).text
    assert "Bế mạc" in last
    workshops = (await client.get(f"{edition.path}/programme?track=H%E1%BB%99i+th%E1%BA%A3o&lang=vi")).text
    assert "Tơ lụa" in workshops
    assert "Khai mạc" not in workshops
    assert "Khai mạc" in (await client.get(f"{edition.path}/programme?day=yesterday")).text
    assert "Khai mạc" in (await client.get(edition.path)).text


async def test_a_short_code_leads_to_its_session_and_is_counted(
    client: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = await make_edition()
    session_id = await add_session(edition, "Khai mạc", 0, 9)
    code = (await codes_of("session", [session_id]))[session_id]
    scans: list[Scan] = []

    async def count(scan: Scan) -> None:
        scans.append(scan)

    monkeypatch.setattr(slots, "_scans", [count])
    answer = await client.get(f"/s/{code.lower()}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{edition.path}/programme/{session_id}")
    await client.get(f"/s/{code}")
    assert [(scan.kind, scan.target_id, scan.edition_id) for scan in scans] == [("session", session_id, edition.id)] * 2
    assert scans[0].visitor == scans[1].visitor
    page = (await client.get(answer.headers["location"])).text
    assert "Khai mạc in English" in page or "Khai mạc" in page
    assert f"{code[:4]}-{code[4:]}" in page
    await delete_session(edition_id=edition.id, session_id=session_id, actor=SYSTEM, now=NOW)
    assert (await client.get(f"/s/{code}")).status_code == 404
    unknown = await client.get("/s/nonsense")
    assert unknown.status_code == 404
    assert f'action="{edition.path}/catalogue"' in unknown.text
    assert len(scans) == 2
