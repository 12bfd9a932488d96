"""The organiser's pages about editions and the programme."""

import re
from datetime import date, timedelta
from typing import Any

import pytest

from app.accounts.enums import Role
from app.events.enums import Part
from app.events.queries import edition_by_slug, programme, tracks
from app.kernel.clock import freeze
from app.kernel.database import fetch
from app.kernel.placeholders import draw_placeholder
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.client import Browser, new_browser, sign_in
from tests.support.factories import make_holder, make_owner

SETTINGS: dict[str, Any] = {
    "name_vi": "Ngày hội Lụa",
    "name_en": "Silk Days",
    "slug": "",
    "starts_on": "2026-11-01",
    "ends_on": "02/11/2026",
    "opens_at": "08:30",
    "closes_at": "18:00",
    "place_vi": "Vạn Phúc, Hà Đông",
    "venue_name": "Đình Vạn Phúc",
    "intro_vi": "Hai ngày lụa.",
    "parts": ["fair", "programme"],
    "timezone": "Asia/Ho_Chi_Minh",
    "currency": "VND",
}


@pytest.fixture
async def organiser(client: Browser) -> Browser:
    """A browser in which an owner of every edition is signed in."""
    await sign_in(client, (await make_owner()).id)
    return client


async def test_the_first_edition_is_made_set_open_and_closed_by_hand(organiser: Browser) -> None:
    assert "Make the first edition" in (await organiser.get("/manage?lang=en")).text
    made = await organiser.post("/manage/new", data=SETTINGS)
    assert made.status_code == 303
    home = made.headers["location"]
    edition = await edition_by_slug("ngay-hoi-lua", drafts=True)
    assert home == f"/manage/{edition.id}"
    assert (edition.ends_on.isoformat(), sorted(edition.parts)) == ("2026-11-02", ["fair", "programme"])
    overview = (await organiser.get(home)).text
    assert "Open the edition" in overview
    shown = (await organiser.get(f"{home}/settings")).text
    assert 'value="Đình Vạn Phúc"' in shown
    assert 'value="2026-11-01"' in shown
    assert (await new_browser().get("/e/ngay-hoi-lua")).status_code == 404
    assert (await organiser.get("/e/ngay-hoi-lua")).status_code == 200
    saved = await organiser.post(f"{home}/settings", data={**SETTINGS, "slug": "lua", "place_vi": "Hà Đông"})
    assert saved.headers["location"] == f"{home}/settings"
    assert (await organiser.post(f"{home}/open")).status_code == 303
    assert (await new_browser().get("/e/lua")).status_code == 200
    assert (await organiser.post(f"{home}/close")).status_code == 303
    assert (await organiser.post(f"{home}/settings", data=SETTINGS)).status_code == 409


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name_vi": "", "name_en": ""}, "at least one language"),
        ({"starts_on": "x"}, "Please write a date"),
        ({"ends_on": "2026-10-01"}, "The end comes before the beginning"),
        ({"opens_at": "19:00"}, "The end comes before the beginning"),
        ({"opens_at": "9 o'clock"}, "does not have the form"),
        ({"slug": "taken"}, "already has the address /e/taken"),
        ({"currency": "USD"}, "What is sold in Vietnam is priced and paid in đồng (VND)"),
    ],
)
async def test_a_form_that_does_not_fit_comes_back_with_what_was_typed(
    organiser: Browser, changes: dict[str, Any], sentence: str
) -> None:
    await make_edition("taken")
    answer = await organiser.post("/manage/new?lang=en", data={**SETTINGS, **changes})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "Vạn Phúc, Hà Đông" in answer.text


async def test_a_photo_is_kept_and_shown(organiser: Browser) -> None:
    assert 'value="08:00"' in (await organiser.get("/manage/new")).text
    files = {"cover": ("photo.jpg", draw_placeholder(5, "Quạt giấy", "giấy", (320, 240)), "image/jpeg")}
    made = await organiser.post("/manage/new", data=SETTINGS, files=files)
    edition = await edition_by_slug("ngay-hoi-lua", drafts=True)
    assert f"/media/{edition.cover}-" in (await organiser.get(edition.path)).text
    await organiser.post(made.headers["location"] + "/settings", data=SETTINGS)
    assert (await edition_by_slug("ngay-hoi-lua", drafts=True)).cover == edition.cover


@pytest.mark.parametrize(
    ("name", "intro", "waits"),
    [
        ({"vi": "Lụa"}, {"vi": "Ba ngày lụa."}, ""),
        ({"vi": "Lụa"}, {}, "tiếng Việt"),
        ({"vi": "Lụa", "en": "Silk"}, {"vi": "Ba ngày lụa."}, "tiếng Anh"),
        ({"vi": "Lụa", "en": "Silk"}, {"vi": "Ba ngày lụa.", "en": "Three days."}, ""),
    ],
)
async def test_only_languages_that_an_edition_speaks_are_waited_for(
    organiser: Browser, name: dict[str, str], intro: dict[str, str], waits: str
) -> None:
    edition = await make_edition(name=name, intro=intro)
    shown = (await organiser.get(f"/manage/{edition.id}?lang=vi")).text
    assert re.findall("Chưa có phần giới thiệu bằng: ([^<]+)<", shown) == [waits] * bool(waits)


async def test_the_timeline_says_what_is_next_at_each_stage(organiser: Browser) -> None:
    edition = await make_edition(opened=False, parts=(Part.CONTEST,), intro={})
    home = f"/manage/{edition.id}"
    draft = (await organiser.get(f"{home}?lang=en")).text
    assert "The introduction is missing in: Vietnamese, Indonesian, English" in draft
    assert "Load the halls" not in draft
    await organiser.post(f"{home}/open")
    with freeze(NOW + timedelta(days=10)):
        await sign_in(organiser, (await make_owner()).id)
        assert "Close the edition" in (await organiser.get(home)).text
    await sign_in(organiser, (await make_owner()).id)
    await organiser.post(f"{home}/close")
    assert "Begin the next edition as a copy" in (await organiser.get(home)).text


@pytest.mark.parametrize(
    ("name", "proposed"),
    [
        ("Phụ nữ sáng tạo 2026", "Phụ nữ sáng tạo 2027"),
        ("2026: Hội chợ mùa thu", "2027: Hội chợ mùa thu"),
        ("Hội chợ 12026", "Hội chợ 12026"),
        ("Hội chợ mùa thu", "Hội chợ mùa thu"),
    ],
)
async def test_a_new_edition_may_begin_as_a_copy_of_the_last(organiser: Browser, name: str, proposed: str) -> None:
    empty = await organiser.get("/manage/new?lang=en")
    await make_edition("truoc", starts_on=date(2025, 10, 16), ends_on=date(2025, 10, 18))
    edition = await make_edition(name={"vi": name})
    offered = await organiser.get("/manage/new?lang=en")
    way = f'href="/manage/{edition.id}/copy"'
    assert [page.text.count(way) for page in (empty, offered)] == [0, 1]
    assert offered.text.count("Copy the last edition") == 1
    form = (await organiser.get(f"/manage/{edition.id}/copy")).text
    assert re.findall('name="name_vi" value="([^"]+)"', form) == [proposed]


async def test_a_copy_is_made_by_hand(organiser: Browser) -> None:
    edition = await make_edition()
    form = (await organiser.get(f"/manage/{edition.id}/copy")).text
    assert 'value="2027-10-15"' in form
    settings = (await organiser.get(f"/manage/{edition.id}/settings?lang=en")).text
    assert settings.count('<option value="Asia/Jakarta">Jakarta, western Indonesia (UTC+7)</option>') == 1
    given = {"name_vi": "Mùa sau", "name_en": "Next season", "starts_on": "2027-10-15"}
    made = await organiser.post(f"/manage/{edition.id}/copy", data=given)
    copied = await edition_by_slug("mua-sau", drafts=True)
    assert made.headers["location"] == f"/manage/{copied.id}/settings"
    assert copied.name == {"vi": "Mùa sau", "en": "Next season"}
    again = await organiser.post(f"/manage/{edition.id}/copy", data=given)
    assert again.status_code == 422
    empty = await organiser.post(f"/manage/{edition.id}/copy?lang=en", data={"starts_on": ""})
    assert empty.status_code == 422
    assert empty.text.count("Please give the name in at least one language.") == 1


async def test_a_copy_proposes_the_names_of_all_languages(organiser: Browser) -> None:
    names = {"vi": "Phụ nữ 2026", "id": "Perempuan 2026", "en": "Women 2026"}
    edition = await make_edition(name=names)
    form = (await organiser.get(f"/manage/{edition.id}/copy")).text
    proposed = dict(re.findall('name="name_(..)" value="([^"]+)"', form))
    assert proposed == {"vi": "Phụ nữ 2027", "id": "Perempuan 2027", "en": "Women 2027"}


async def test_sessions_are_written_changed_and_removed_by_hand(organiser: Browser) -> None:
    edition = await make_edition()
    base = f"/manage/{edition.id}/programme"
    assert "The programme is empty" in (await organiser.get(f"{base}?lang=en")).text
    session = {
        "title_vi": "Khai mạc",
        "starts_at": "2026-10-16T09:00",
        "ends_at": "2026-10-16T10:00",
        "track": "Sân khấu",
        "speaker": "Bà Hoa",
    }
    assert (await organiser.get(f"{base}/new")).status_code == 200
    assert (await organiser.post(f"{base}/new", data=session)).status_code == 303
    (stored,) = (await programme(edition.id)).items
    assert stored.starts_at.isoformat() == "2026-10-16T02:00:00+00:00"
    assert 'value="2026-10-16T09:00"' in (await organiser.get(f"{base}/{stored.id}")).text
    for changes, sentence in (
        ({"title_vi": ""}, "at least one language"),
        ({"ends_at": "2026-10-16T08:00"}, "comes before"),
        ({"starts_at": "2026-12-01T09:00", "ends_at": "2026-12-01T10:00"}, "would lie outside"),
        ({"starts_at": ""}, "Please fill this in"),
    ):
        answer = await organiser.post(f"{base}/{stored.id}?lang=en", data={**session, **changes})
        assert (answer.status_code, sentence in answer.text) == (422, True)
    assert (await organiser.post(f"{base}/{stored.id}", data={**session, "title_vi": "Mở màn"})).status_code == 303
    found = (await organiser.get(f"{base}?q=mo+man&track={stored.track_id}")).text
    assert "Mở màn" in found
    assert "No session fits" in (await organiser.get(f"{base}?q=nothing&lang=en")).text
    sheet = await organiser.get(f"{base}/export.xlsx?q=man")
    assert sheet.content[:2] == b"PK"
    assert (await organiser.post(f"{base}/{stored.id}/delete")).status_code == 303
    assert (await organiser.get(f"{base}/{stored.id}")).status_code == 404


async def test_tracks_get_their_names_and_go_when_they_are_empty(organiser: Browser) -> None:
    edition = await make_edition()
    base = f"/manage/{edition.id}/programme/tracks"
    assert "No track yet" in (await organiser.get(f"{base}?lang=en")).text
    session = {
        "title_vi": "Khai mạc",
        "starts_at": "2026-10-16T09:00",
        "ends_at": "2026-10-16T10:00",
        "track": "Sân khấu",
    }
    await organiser.post(f"/manage/{edition.id}/programme/new", data=session)
    ((track,), (stored,)) = (await tracks(edition.id), (await programme(edition.id)).items)
    own = f"{base}/{track['id']}"
    assert (await organiser.post(own, data={"name_vi": ""})).status_code == 422
    assert (await organiser.post(own, data={"name_vi": "Sân khấu", "name_en": "Stage"})).status_code == 303
    assert 'value="Stage"' in (await organiser.get(base)).text
    assert (await organiser.post(f"{own}/delete")).status_code == 409
    assert (await organiser.post(f"{base}/{track['id'] + 1}", data={"name_vi": "x"})).status_code == 404
    await organiser.post(f"/manage/{edition.id}/programme/{stored.id}/delete")
    assert (await organiser.post(f"{own}/delete")).status_code == 303
    assert await tracks(edition.id) == []


async def test_an_organiser_of_one_edition_sees_no_other(client: Browser) -> None:
    mine, other = await make_edition("mine"), await make_edition("other")
    person = await make_holder(Role.MANAGER, edition_id=mine.id)
    await sign_in(client, person.id)
    shown = (await client.get("/manage")).text
    assert "/e/other" not in shown
    assert f"/manage/{other.id}" not in shown
    assert (await client.get(f"/manage/{mine.id}")).status_code == 200
    await sign_in(client, (await make_holder(Role.FLOOR, edition_id=mine.id)).id)
    assert (await client.get("/manage")).headers["location"] == f"/manage/{mine.id}"
    assert (await client.get(f"/manage/{other.id}")).status_code == 403
    assert (await client.get(f"/manage/{other.id}/settings")).status_code == 403


async def test_a_stranger_is_sent_to_sign_in(client: Browser) -> None:
    edition = await make_edition()
    answer = await client.get(f"/manage/{edition.id}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next=%2Fmanage%2F{edition.id}")


async def test_outside_vietnam_an_edition_sells_in_its_own_currency(organiser: Browser) -> None:
    abroad = {**SETTINGS, "timezone": "Asia/Jakarta", "currency": "IDR"}
    made = await organiser.post("/manage/new", data=abroad)
    assert made.status_code == 303
    home = made.headers["location"]
    back = await organiser.post(f"{home}/settings?lang=en", data={**abroad, "timezone": "Asia/Ho_Chi_Minh"})
    assert (back.status_code, "What is sold in Vietnam" in back.text) == (422, True)


async def test_an_edition_of_before_keeps_its_currency_until_it_is_changed(organiser: Browser) -> None:
    made = await organiser.post("/manage/new", data=SETTINGS)
    home = made.headers["location"]
    await fetch("UPDATE edition SET currency = 'USD'")
    assert (await organiser.post(f"{home}/settings", data={**SETTINGS, "currency": "USD"})).status_code == 303
    assert (await organiser.post(f"{home}/settings", data={**SETTINGS, "currency": "EUR"})).status_code == 422
    assert (await organiser.post(f"{home}/settings", data=SETTINGS)).status_code == 303
