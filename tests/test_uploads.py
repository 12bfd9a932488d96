"""Every upload of the service fed with bombs, polyglots, scripts and names that lead elsewhere.

A file is refused in a sentence, or taken harmlessly: a picture encoded anew, a sheet read as texts and itself kept
under a name of ours that no address gives. Nothing that an attacker put into a picture is kept or comes back.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from app.accounts.enums import Role
from app.events.queries import edition_by_id
from app.kernel.images import NotAPicture, PictureTooLarge, media_url
from app.kernel.settings import settings
from app.kernel.sheets.errors import NotASheet, SheetEmpty, SheetTooLarge
from app.kernel.tables import ImportBatch, MediaFile
from tests.booths.catalogue.factories import Fair, Stand, make_product, make_stand
from tests.booths.factories import make_hall
from tests.events.controllers.test_manage import SETTINGS
from tests.events.factories import make_edition
from tests.support.attacks import PAYLOAD, PICTURES, SHEETS, TEXT, picture
from tests.support.client import Browser, new_browser, sign_in
from tests.support.factories import make_holder

pytestmark = pytest.mark.slow


@dataclass
class Door:
    """A form that takes a picture: who sends it where, beside what, and which hash it left."""

    browser: Browser
    address: str
    field: str
    typed: dict[str, Any]


@dataclass
class House:
    """A fair with an organiser and an exhibitor, each signed in."""

    edition_id: int
    organiser: Browser
    doors: list[Door]


@pytest.fixture
async def house(client: Browser, frozen_now: datetime) -> House:
    """All forms that take a picture, and the organiser who uploads sheets."""
    edition = await make_edition(now=frozen_now)
    stand: Stand = await make_stand(Fair(edition, await make_hall(edition.id)))
    product_id = await make_product(stand)
    owner = await make_holder(Role.OWNER, edition_id=edition.id, now=frozen_now)
    jakarta = await make_edition(
        "jakarta", currency="IDR", timezone="Asia/Jakarta", now=frozen_now
    )  # QRIS pays in Rupiah
    finance = await make_holder(Role.FINANCE, edition_id=jakarta.id, now=frozen_now)
    organiser, exhibitor, cashier = new_browser(), new_browser(), new_browser()
    await sign_in(organiser, owner.id)
    await sign_in(cashier, finance.id)
    await sign_in(exhibitor, stand.owner.person_id)
    home = f"/exhibitor/{stand.organisation_id}/{edition.id}"
    manage = f"/manage/{edition.id}/settings"
    product = {"name_vi": "Nón lá", "active": "on"}
    return House(
        edition.id,
        organiser,
        [
            Door(organiser, manage, "cover", SETTINGS),
            Door(cashier, f"/manage/{jakarta.id}/payments/terms/qris", "qris", {}),
            Door(exhibitor, home + "/profile", "photo", {"story_vi": "Ba đời làm nón."}),
            Door(exhibitor, home + "/products/new", "photos", {**product, "code": "N1"}),
            Door(exhibitor, f"{home}/products/{product_id}", "photos", product),
        ],
    )


def kept() -> Iterator[Path]:
    """Yield every file below the folder of data and beside it."""
    folder = settings().data_dir.parent
    return (path for path in folder.rglob("*") if path.is_file() and ".sqlite" not in path.name)


def sentence_of(error: type[NotAPicture | PictureTooLarge]) -> str:
    """Return what a form says of a picture."""
    return error().sentence().replace("'", "&#39;")


@pytest.mark.once
@pytest.mark.parametrize("attack", PICTURES)
async def test_a_picture_is_refused_in_a_sentence_or_encoded_anew(house: House, attack: str) -> None:
    name, kind, make, taken = PICTURES[attack]
    content = make()
    before = set(kept())
    wanted = PictureTooLarge if attack == "20,000 × 20,000" else NotAPicture
    for door in house.doors:
        answer = await door.browser.post(door.address, data=door.typed, files={door.field: (name, content, kind)})
        if taken:
            assert (door.address, answer.status_code) == (door.address, 303)
        else:
            said = answer.text.count(sentence_of(wanted))
            refused = answer.status_code in (422, wanted.status)
            assert (door.address, refused, said >= 1) == (door.address, True, True)
        assert TEXT not in answer.text
    rows = await MediaFile.select()
    assert len(rows) == (1 if taken else 0)
    new = [path for path in kept() if path not in before]
    for path in new:
        assert re.fullmatch(r"media/[0-9a-f]{2}/[0-9a-f]{64}\.(jpg|webp)", str(path.relative_to(settings().data_dir)))
        _harmless(path.read_bytes())
    for row in rows:
        await _served(house.doors[-1].browser, row["hash"], content)


async def _served(browser: Browser, digest: str, sent: bytes) -> None:
    """Look that every size of a picture is one, of one frame, with nothing of what was sent."""
    for width in (160, 320, 640, 1280):
        answer = await browser.get(media_url(digest, width))
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/webp"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.content != sent
        _harmless(answer.content)
        with Image.open(io.BytesIO(answer.content)) as shown:
            assert (shown.format, getattr(shown, "n_frames", 1)) == ("WEBP", 1)
            assert sorted({"exif", "xmp", "icc_profile", "comment"} & shown.info.keys()) == []


def _harmless(content: bytes) -> None:
    assert [word for word in (PAYLOAD, b"payload", b"script", b"Exif", b"GPS", b"PK\x03\x04") if word in content] == []


async def test_a_photo_stands_upright_where_it_is_shown(house: House) -> None:
    name, kind, make, _taken = PICTURES["JPEG from a camera"]
    door = house.doors[0]
    await door.browser.post(door.address, data=door.typed, files={door.field: (name, make(), kind)})
    cover = (await edition_by_id(house.edition_id)).cover
    assert cover is not None
    with Image.open(io.BytesIO((await door.browser.get(media_url(cover, 160))).content)) as shown:
        colours = shown.convert("RGB")
        assert shown.size == (40, 60)
        top, bottom = colours.getpixel((20, 8)), colours.getpixel((20, 52))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert (top[0] > 200, bottom[2] > 200) == (True, True), "what was left and red is now above"


async def test_a_name_beyond_four_kilobytes_is_no_form(house: House) -> None:
    door = house.doors[0]
    files = {door.field: ("x" * 5_000 + ".png", picture(), "image/png")}
    answer = await door.browser.post(door.address, data=door.typed, files=files)
    assert (answer.status_code, answer.text.count("bad_request") >= 1) == (400, True)
    assert await MediaFile.count() == 0


@pytest.mark.parametrize("attack", SHEETS)
async def test_a_sheet_is_refused_in_a_sentence_or_read_as_texts(house: House, attack: str) -> None:
    name, make, code = SHEETS[attack]
    files = {"file": (name, make(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")}
    before = set(kept())
    sent = await house.organiser.post(
        f"/api/v1/manage/{house.edition_id}/imports", data={"kind": "applications"}, files=files
    )
    page = await house.organiser.post(f"/manage/{house.edition_id}/import/applications", files=files)
    if code:
        refused = next(kind for kind in (NotASheet, SheetEmpty, SheetTooLarge) if kind.code == code)
        assert (sent.status_code, sent.json()["code"], page.status_code) == (refused.status, code, 422)
        assert sent.json()["message"] == refused().sentence()
        assert refused().sentence() in page.text
        assert await ImportBatch.count() == 0
    else:
        assert (sent.status_code, page.status_code) == (201, 303)
        assert re.search(r"[/\\\x00]", sent.json()["filename"]) is None
        page = await house.organiser.get(page.headers["location"])
        assert page.status_code == 200
    assert TEXT not in page.text
    assert sent.headers["x-content-type-options"] == "nosniff"
    new = [path for path in kept() if path not in before]
    assert len(new) == (0 if code else 2)
    for path in new:
        assert re.fullmatch(r"imports/[0-9a-f]{32}\.csv", str(path.relative_to(settings().data_dir)))
        assert path.stat().st_mode & 0o177 == 0


@pytest.mark.once
@pytest.mark.parametrize(
    "charset", ["", "; charset=no-such", "; charset=rot13", "; charset=idna", '; charset="utf-8\x00"']
)
@pytest.mark.parametrize("header", [True, False])
async def test_a_part_of_a_form_that_is_no_text_is_a_bad_request(house: House, charset: str, header: bool) -> None:
    """With the token in the header the form is read by its page, and else before, to look for the token."""
    part = f'--x\r\nContent-Disposition: form-data; name="name_vi"\r\nContent-Type: text/plain{charset}\r\n\r\n'
    body = part.encode() + b"\xff\xfe.xn--\x89\r\n--x--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=x"}
    send = house.organiser.post if header else partial(httpx.AsyncClient.request, house.organiser, "POST")
    answer = await send(house.doors[0].address, content=body, headers=headers)
    assert (answer.status_code, answer.text.count("bad_request") >= 1) == (400, True)
