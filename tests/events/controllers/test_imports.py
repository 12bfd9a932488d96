"""Sheets are loaded by hand: preview, columns, accept, discard."""

import pytest

from app.events.queries import EditionInfo, programme
from tests.events.factories import make_edition
from tests.kernel.sheet_samples import two_halves, write_csv
from tests.support.client import Browser, sign_in
from tests.support.factories import make_owner

GOOD = [["Sân khấu", "Khai mạc", "16/10/2026 09:00", "16/10/2026 10:00"]]
HEADERS = ["Track", "Title", "Starts at", "Ends at"]


@pytest.fixture
async def organiser(client: Browser) -> Browser:
    """A browser in which an owner of every edition is signed in."""
    await sign_in(client, (await make_owner()).id)
    return client


async def upload(organiser: Browser, edition: EditionInfo, headers: list[str], rows: list[list[str]]) -> str:
    """Send a sheet of the programme; gives the address of its preview."""
    files = {"file": ("chương trình.csv", write_csv(headers, rows), "text/csv")}
    answer = await organiser.post(f"/manage/{edition.id}/import/programme", files=files)
    assert answer.status_code == 303
    return str(answer.headers["location"])


async def test_a_sheet_is_shown_then_loaded(organiser: Browser) -> None:
    edition = await make_edition()
    assert "import/programme" in (await organiser.get(f"/manage/{edition.id}/import")).text
    assert "Sân khấu" not in (await organiser.get(f"/manage/{edition.id}/import/programme?lang=en")).text
    template = await organiser.get(f"/manage/{edition.id}/import/programme/template.xlsx")
    assert template.content[:2] == b"PK"
    own = await upload(organiser, edition, HEADERS, GOOD)
    shown = (await organiser.get(f"{own}?lang=en")).text
    assert "Load 1 row" in shown
    assert (await programme(edition.id)).total == 0
    assert (await organiser.post(f"{own}/accept")).headers["location"] == own
    assert (await programme(edition.id)).total == 1
    told = (await organiser.get(own)).text
    assert "1 is new." in told
    assert told.count("See what was loaded") == 1
    assert (await organiser.post(f"{own}/discard")).headers["location"] == own


async def test_what_does_not_fit_is_shown_and_nothing_is_written(organiser: Browser) -> None:
    edition = await make_edition()
    own = await upload(organiser, edition, HEADERS, [*GOOD, ["", "Bế mạc", "soon", "18/10/2026 10:00"]])
    shown = (await organiser.get(f"{own}?lang=en")).text
    assert "1 cell needs another look" in shown
    assert "soon" in shown
    refused = await organiser.post(f"{own}/accept")
    assert refused.status_code >= 400
    assert (await programme(edition.id)).total == 0
    assert (await organiser.post(f"{own}/discard")).headers["location"] == f"/manage/{edition.id}/import"
    assert "was dropped" in (await organiser.get(own)).text


async def test_columns_are_chosen_by_hand(organiser: Browser) -> None:
    edition = await make_edition()
    own = await upload(organiser, edition, ["a", "b", "c"], [row[1:] for row in GOOD])
    assert "cells need another look" in (await organiser.get(own)).text
    twice = {"column_0": "title_vi", "column_1": "title_vi", "column_2": "ends_at"}
    assert (await organiser.post(f"{own}/mapping", data=twice)).status_code == 422
    chosen = {"column_0": "title_vi", "column_1": "starts_at", "column_2": "ends_at"}
    assert (await organiser.post(f"{own}/mapping", data=chosen)).headers["location"] == own
    assert (await organiser.post(f"{own}/accept")).status_code == 303
    assert (await programme(edition.id)).total == 1


async def test_no_file_and_no_sheet_are_refused_in_place(organiser: Browser) -> None:
    edition = await make_edition()
    base = f"/manage/{edition.id}/import/programme"
    files = {"file": ("x.pdf", b"%PDF-1.7", "application/pdf")}
    assert (await organiser.post(base, files=files)).status_code == 422
    assert (await organiser.post(base, files={"other": ("x", b"x", "text/plain")})).status_code == 422
    assert (await organiser.get(f"/manage/{edition.id}/import/nonsense")).status_code == 404


async def test_a_batch_of_another_edition_is_not_there(organiser: Browser) -> None:
    edition, other = await make_edition("one"), await make_edition("two")
    own = await upload(organiser, edition, HEADERS, GOOD)
    elsewhere = own.replace(f"/manage/{edition.id}/", f"/manage/{other.id}/")
    assert (await organiser.get(elsewhere)).status_code == 404


async def test_problems_are_read_in_the_readers_language(organiser: Browser) -> None:
    edition = await make_edition()
    sheet = "Tên đơn vị,Điện thoại,Số ô,Loại hình\nHộ gốm,chưa có,1,khác\n".encode()
    files = {"file": ("don.csv", sheet, "text/csv")}
    at = (await organiser.post(f"/manage/{edition.id}/import/applications", files=files)).headers["location"]
    for locale, phone, kind in (
        ("vi", "Đây không phải là số điện thoại", "hộ kinh doanh"),
        ("id", "Ini bukan nomor telepon", "usaha rumah tangga"),
        ("en", "This is no phone number", "household"),
    ):
        page = (await organiser.get(f"{at}?lang={locale}")).text.casefold()
        assert phone.casefold() in page
        assert kind in page


async def test_columns_are_folded_once_all_are_recognised(organiser: Browser) -> None:
    edition = await make_edition()
    for header, folded in (("Điện thoại", True), ("Một cột lạ", False)):
        sheet = f"Tên đơn vị,{header}\nHộ gốm,0912 345 678\n".encode()
        files = {"file": ("don.csv", sheet, "text/csv")}
        at = (await organiser.post(f"/manage/{edition.id}/import/applications", files=files)).headers["location"]
        page = (await organiser.get(at)).text
        assert ("<details>" in page, "<details open>" in page) == (folded, not folded)


@pytest.mark.engines
async def test_which_of_two_worksheets_is_loaded_is_chosen_in_the_preview(organiser: Browser) -> None:
    edition = await make_edition()
    second = ["Sân khấu", "Bế mạc", "18/10/2026 09:00", "18/10/2026 10:00"]
    files = {"file": ("hai ngày.xlsx", two_halves(HEADERS, GOOD[0], second, "Ngày 2"))}
    own = (await organiser.post(f"/manage/{edition.id}/import/programme", files=files)).headers["location"]
    for language, sentence in (
        ("vi", "Tệp này có nhiều trang tính phù hợp: “First”, “Ngày 2”. Hãy chọn trang cần nạp."),
        ("id", "Beberapa lembar kerja dalam berkas ini cocok: “First”, “Ngày 2”. Pilih yang akan dimuat."),
        ("en", "Several worksheets of this file fit: “First”, “Ngày 2”. Choose which one is to be loaded."),
    ):
        shown = (await organiser.get(f"{own}?lang={language}")).text
        assert (shown.count(sentence), shown.count('<option value="Ngày 2">')) == (1, 1)
        assert "/accept" not in shown
    assert (await organiser.post(f"{own}/accept")).status_code == 409
    assert (await organiser.post(f"{own}/mapping", data={"worksheet": "Ngày 3"})).status_code == 422
    assert (await organiser.post(f"{own}/mapping", data={"worksheet": "Ngày 2"})).headers["location"] == own
    shown = (await organiser.get(own)).text
    assert "Only the worksheet “Ngày 2” is loaded. Not loaded: First." in shown
    assert '<option value="Ngày 2" selected>' in shown
    assert (await organiser.post(f"{own}/accept")).status_code == 303
    assert [session.title for session in (await programme(edition.id)).items] == [{"vi": "Bế mạc"}]
