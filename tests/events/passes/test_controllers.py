"""Pages of passes."""

import json
import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from app.accounts.actor import SYSTEM
from app.events.enums import PassKind
from app.events.passes import documents
from app.events.passes.documents import wrapped
from app.events.passes.services import IssuedPass, issue_pass
from app.events.passes.states import revoke_pass
from app.events.tables import Edition, Pass
from app.kernel.web import assets_built
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.client import Browser, new_browser


@pytest.fixture
async def issued(client: Browser) -> IssuedPass:
    """A visitor's pass."""
    edition = await make_edition()
    first, last = edition.window
    return await issue_pass(
        edition_id=edition.id,
        kind=PassKind.VISITOR,
        holder_name="Nguyễn Thị Hoa",
        label="Vé ba ngày",
        valid_from=first,
        valid_until=last,
        now=NOW,
    )


@pytest.mark.parametrize("prefix", ["/P/", "/p/"])
async def test_a_strangers_camera_sees_edition_and_validity_only(
    client: Browser, issued: IssuedPass, frozen_now: object, prefix: str
) -> None:
    shown = await client.get(prefix + issued.code + "?lang=en")
    assert shown.status_code == 200
    assert "Creative Women 2026" in shown.text
    assert "A pass for 16–18 Oct 2026" in shown.text
    assert "Hoa" not in shown.text
    assert issued.short_code[:4] not in shown.text
    assert shown.headers["cache-control"] == "private, no-store"
    assert "No longer valid" not in shown.text
    wrong = await client.get(prefix + issued.code[:-1])
    assert wrong.status_code == 404


async def test_a_withdrawn_pass_says_so(client: Browser, issued: IssuedPass) -> None:
    await revoke_pass(pass_id=issued.id, reason="", actor=SYSTEM, now=NOW)
    assert "Withdrawn" in (await client.get(f"/P/{issued.code}?lang=en")).text
    holder = await client.get(issued.path)
    assert "was withdrawn" in holder.text
    assert "Days it opens the gate" not in holder.text
    assert issued.short_code[:4] not in holder.text
    assert (await client.get(f"{issued.path}.png")).status_code == 410


async def test_the_holder_gets_page_picture_and_calendar(client: Browser, issued: IssuedPass) -> None:
    shown = await client.get(f"{issued.path}?lang=vi")
    assert shown.status_code == 200
    assert "Nguyễn Thị Hoa" in shown.text
    assert "Vé ba ngày" in shown.text
    assert "Những ngày được vào cổng" in shown.text
    assert "Còn hiệu lực" not in shown.text
    assert f"{issued.short_code[:4]}-{issued.short_code[4:]}" in shown.text
    assert shown.headers["cache-control"] == "private, no-store"
    picture = await client.get(f"{issued.path}.png")
    assert picture.headers["content-type"] == "image/png"
    assert Image.open(BytesIO(picture.content)).width > 800
    answer = await client.get(f"{issued.path}.ics?lang=en")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    calendar = answer.text
    days = re.findall(r"DTSTART:(\w+)\r\nDTEND:(\w+)\r\nSUMMARY:Creative Women 2026\r\n", calendar)
    assert days == [(f"202610{day}T010000Z", f"202610{day}T100000Z") for day in (16, 17, 18)]  # 8 to 17 in Hanoi
    assert all(len(line.encode()) <= 75 for line in calendar.split("\r\n"))
    assert "METHOD:PUBLISH" in calendar
    assert (await client.get(f"{issued.path}.exe")).status_code == 404
    assert (await client.get("/pass/guessed")).status_code == 404


def test_what_is_wider_than_the_picture_is_broken_between_words() -> None:
    name = "Ngày hội Phụ nữ Thủ đô sáng tạo"
    assert wrapped(name, len, 16) == ["Ngày hội Phụ nữ", "Thủ đô sáng tạo"]
    assert wrapped("ab abcdefgh c", len, 3) == ["ab", "abc", "def", "gh", "c"]


async def test_the_picture_grows_with_a_long_name_and_the_place(client: Browser, issued: IssuedPass) -> None:
    heights = []
    name = "Ngày hội Phụ nữ Thủ đô sáng tạo và khởi nghiệp đổi mới bền vững"
    for changes in ({}, {Edition.name: json.dumps({"vi": name})}, {Edition.place: "{}"}):
        if changes:
            await Edition.update(changes).where(Edition.slug == "phu-nu-sang-tao-2026")
        heights.append(Image.open(BytesIO((await client.get(f"{issued.path}.png?lang=vi")).content)).height)
    plain, long, placeless = heights
    line = 64 if assets_built() else 0  # without the typeface only what is plain ASCII is written
    assert (long - plain, long - placeless) == (line, line)


@pytest.mark.slow
async def test_without_the_front_end_the_picture_says_the_same(
    client: Browser, issued: IssuedPass, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "PNG_FONT", Path("/nowhere"))
    pictures = []
    for name in ("Trần Thị Mai", "Đỗ Thị Hạ"):
        await Pass.update({Pass.holder_name: name}).where(Pass.serial == issued.serial)
        content = (await client.get(f"{issued.path}.png?lang=vi")).content
        pictures.append((Image.open(BytesIO(content)).size, content))
    assert [size for size, _content in pictures] == [(992, 1398), (992, 1398)]
    assert pictures[0] != pictures[1]


@pytest.mark.slow
async def test_the_holder_gets_a_pdf(client: Browser, issued: IssuedPass) -> None:
    pdf = await client.get(f"{issued.path}.pdf")
    assert (pdf.status_code, pdf.content[:5]) == (200, b"%PDF-")


async def test_a_phone_is_linked_by_the_secret_link_alone(client: Browser, issued: IssuedPass) -> None:
    assert "No pass is linked" in (await client.get("/pass?lang=en")).text
    assert (await client.post("/pass/guessed/link")).status_code == 404
    way = '<a href="/pass">Passes on this phone</a>'
    before = (await client.get(f"{issued.path}?lang=en")).text
    assert (before.count("Link this phone, and it finds"), before.count(way)) == (1, 1)  # at the foot
    assert way in (await client.get("/e/phu-nu-sang-tao-2026")).text
    assert (await client.post(f"{issued.path}/link")).headers["location"] == issued.path
    after = (await client.get(issued.path)).text
    assert (after.count("Link this phone, and it finds"), after.count(way)) == (0, 2)
    assert issued.path in (await client.get("/pass")).text
    assert f"{issued.path}/unlink" in (await client.get(issued.path)).text
    assert issued.path not in (await new_browser().get("/pass")).text
    await client.post(f"{issued.path}/unlink")
    assert issued.path not in (await client.get("/pass")).text
