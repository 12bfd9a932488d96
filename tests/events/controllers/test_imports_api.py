"""The JSON API of sheets: upload, problems, columns, accept, discard."""

from typing import Any

import httpx
import pytest

from app.accounts.enums import Role
from app.events.queries import EditionInfo, programme
from tests.events.factories import make_edition
from tests.kernel.sheet_samples import two_halves, write_csv
from tests.support.client import CSRF_HEADER, Browser, new_browser, sign_in
from tests.support.factories import make_holder

GOOD = [["Sân khấu", "Khai mạc", "16/10/2026 09:00", "16/10/2026 10:00"]]
HEADERS = ["Track", "Title", "Starts at", "Ends at"]


@pytest.fixture
async def desk(client: Browser) -> tuple[Browser, EditionInfo, str]:
    """A manager's browser, her edition, and where its sheets are."""
    edition = await make_edition()
    await sign_in(client, (await make_holder(Role.MANAGER, edition_id=edition.id)).id)
    return client, edition, f"/api/v1/manage/{edition.id}/imports"


async def upload(browser: Browser, base: str, data: bytes, kind: str = "programme") -> httpx.Response:
    return await browser.post(base, data={"kind": kind}, files={"file": ("chương trình.csv", data, "text/csv")})


@pytest.mark.engines
async def test_a_sheet_is_uploaded_read_and_accepted(desk: tuple[Browser, EditionInfo, str]) -> None:
    browser, edition, base = desk
    made = await upload(browser, base, write_csv(HEADERS, GOOD))
    assert made.status_code == 201
    sheet = made.json()
    assert {key: value for key, value in sheet.items() if key not in ("id", "created_at")} == {
        "kind": "programme",
        "filename": "chương trình.csv",
        "state": "previewed",
        "row_count": 1,
        "problem_count": 0,
        "columns": {"Track": "track", "Title": "title_vi", "Starts at": "starts_at", "Ends at": "ends_at"},
        "problems": [],
        "result": None,
        "failure": "",
        "proposals": [],
        "proposal_count": 0,
        "worksheet": "",
        "other_worksheets": [],
    }
    assert (await browser.get(f"{base}/{sheet['id']}")).json() == sheet
    assert (await programme(edition.id)).total == 0
    for _again in range(2):
        loaded = (await browser.post(f"{base}/{sheet['id']}/accept")).json()
        assert (loaded["state"], loaded["result"]) == ("loaded", {"created": 1, "updated": 0, "unchanged": 0})
    assert (await programme(edition.id)).total == 1
    kept = (await browser.post(f"{base}/{sheet['id']}/discard")).json()
    assert kept["state"] == "loaded"


async def test_problems_are_told_by_cell_and_refuse_the_load(desk: tuple[Browser, EditionInfo, str]) -> None:
    browser, edition, base = desk
    bad = [*GOOD, ["", "Bế mạc", "soon", "18/10/2026 10:00"]]
    sheet = (await upload(browser, f"{base}?lang=en", write_csv(HEADERS, bad))).json()
    assert sheet["problem_count"] == 1
    (problem,) = sheet["problems"]
    assert (problem["row"], problem["column"], problem["header"], problem["value"], problem["code"]) == (
        3,
        "C",
        "Starts at",
        "soon",
        "not_a_time",
    )
    assert problem["message"].startswith("This is no ")
    refused = await browser.post(f"{base}/{sheet['id']}/accept")
    assert (refused.status_code, refused.json()["code"]) == (409, "batch_has_problems")
    assert (await programme(edition.id)).total == 0
    dropped = (await browser.post(f"{base}/{sheet['id']}/discard")).json()
    assert dropped["state"] == "discarded"
    again = await browser.post(f"{base}/{sheet['id']}/accept")
    assert (again.status_code, again.json()["code"]) == (409, "batch_discarded")


async def test_columns_are_chosen_by_hand(desk: tuple[Browser, EditionInfo, str]) -> None:
    browser, _edition, base = desk
    sheet = (await upload(browser, base, write_csv(["a", "b", "c"], [row[1:] for row in GOOD]))).json()
    assert {problem["code"] for problem in sheet["problems"]} == {"column_missing"}
    twice = {"columns": {"a": "title_vi", "b": "title_vi"}}
    refused = await browser.post(f"{base}/{sheet['id']}/columns", json=twice)
    assert (refused.status_code, refused.json()["code"]) == (422, "sheet_mapping_invalid")
    chosen = {"a": "title_vi", "b": "starts_at", "c": "ends_at"}
    mapped = (await browser.post(f"{base}/{sheet['id']}/columns", json={"columns": chosen})).json()
    assert (mapped["columns"], mapped["problem_count"]) == (chosen, 0)


async def test_sheets_and_their_kinds_are_listed(desk: tuple[Browser, EditionInfo, str]) -> None:
    browser, _edition, base = desk
    first = (await upload(browser, base, write_csv(HEADERS, GOOD))).json()
    await upload(browser, base, "Tên\nHội A\n".encode(), kind="organisations")
    found = (await browser.get(base)).json()
    assert (found["total"], found["page"], [item["kind"] for item in found["items"]]) == (
        2,
        1,
        ["organisations", "programme"],
    )
    details = ("columns", "problems", "proposals", "proposal_count", "result", "failure")
    assert found["items"][1] == {
        key: first[key] for key in first if key not in (*details, "worksheet", "other_worksheets")
    }
    for query, total in (("q=chương", 2), ("q=xyz", 0), ("kind=programme", 1), ("status=loaded", 0), ("page=9", 2)):
        assert (await browser.get(f"{base}?{query}")).json()["total"] == total, query
    kinds = {kind["name"]: kind for kind in (await browser.get(f"{base}/kinds?lang=vi")).json()}
    assert len(kinds) == 11
    assert (kinds["gates"]["title"], kinds["gates"]["columns"][0]) == (
        "Cổng",
        {"name": "name", "label": "Cổng", "required": True},
    )


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({"data": {"kind": "nonsense"}, "files": {"file": ("a.csv", b"a\n1\n")}}, 404, "sheet_kind_unknown"),
    ({"data": {"kind": "programme"}, "files": {"file": ("a.pdf", b"%PDF-1.7")}}, 422, "not_a_sheet"),
    ({"data": {"kind": "programme"}, "files": {"file": ("a.csv", b"Title\n")}}, 422, "sheet_empty"),
    ({"data": {"kind": "programme"}, "files": {"other": ("a.csv", b"a\n1\n")}}, 400, "bad_request"),
    ({"files": {"file": ("a.csv", b"a\n1\n")}}, 400, "bad_request"),
    ({"data": {"kind": "programme", "file": "a,b"}}, 400, "bad_request"),
    ({"json": {"kind": "programme", "file": "a,b"}}, 400, "bad_request"),
]


@pytest.mark.parametrize(("sent", "status", "code"), WRONG)
async def test_what_is_no_upload_is_refused(
    desk: tuple[Browser, EditionInfo, str], sent: dict[str, Any], status: int, code: str
) -> None:
    browser, _edition, base = desk
    answer = await browser.post(base, **sent)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_only_the_editions_own_managers_load_sheets(desk: tuple[Browser, EditionInfo, str]) -> None:
    browser, edition, base = desk
    own = (await upload(browser, base, write_csv(HEADERS, GOOD))).json()
    forged = await browser.post(f"{base}/{own['id']}/accept", headers={CSRF_HEADER: "guessed"})
    assert (forged.status_code, forged.json()["code"]) == (403, "form_expired")
    other = await make_edition("other")
    elsewhere = f"/api/v1/manage/{other.id}/imports"
    assert (await browser.get(elsewhere)).status_code == 403
    async with new_browser() as stranger:
        assert (await stranger.get(base)).status_code == 401
        await sign_in(stranger, (await make_holder(Role.MANAGER, edition_id=other.id)).id)
        missing = await stranger.get(f"{elsewhere}/{own['id']}")
        assert (missing.status_code, missing.json()["code"]) == (404, "batch_unknown")
        assert (await stranger.post(f"{base}/{own['id']}/accept")).status_code == 403
    assert (await programme(edition.id)).total == 0


async def test_which_of_two_worksheets_is_read_is_chosen(desk: tuple[Browser, EditionInfo, str]) -> None:
    browser, edition, base = desk
    second = ["Sân khấu", "Bế mạc", "18/10/2026 09:00", "18/10/2026 10:00"]
    sheet = (await upload(browser, base, two_halves(HEADERS, GOOD[0], second))).json()
    assert (sheet["worksheet"], sheet["other_worksheets"]) == ("", ["First", "Second"])
    assert [problem["code"] for problem in sheet["problems"]] == ["worksheet_open"]
    own = f"{base}/{sheet['id']}"
    unknown = await browser.post(f"{own}/columns", json={"worksheet": "Third"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "worksheet_unknown")
    read = (await browser.post(f"{own}/columns", json={"worksheet": "Second"})).json()
    assert (read["worksheet"], read["other_worksheets"], read["problem_count"]) == ("Second", ["First"], 0)
    assert (await browser.post(f"{own}/accept")).json()["state"] == "loaded"
    assert [session.title for session in (await programme(edition.id)).items] == [{"vi": "Bế mạc"}]
