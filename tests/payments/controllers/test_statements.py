"""What the desk is told of a statement before and after it is loaded."""

from __future__ import annotations

import html
import io
import re
from datetime import timedelta

import pytest
from openpyxl import load_workbook

from app.accounts.enums import Role
from app.events.queries import EditionInfo
from app.payments.enums import EntrySource
from app.payments.queries import document_by_id
from app.payments.services.assigning import match_new
from app.payments.services.issuing import Part
from app.payments.tables_bank import BankEntry
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.factories import Seller, make_document, make_entry, put_on_sale
from tests.support.client import Browser, sign_in
from tests.support.factories import make_holder

pytestmark = pytest.mark.engines


@pytest.fixture
async def edition(database: str) -> EditionInfo:
    """A festival."""
    return await make_edition()


@pytest.fixture
async def desk(client: Browser, edition: EditionInfo) -> Browser:
    """A browser at the finance desk."""
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=edition.id)).id)
    return client


def base(edition: EditionInfo) -> str:
    """Where the transfers stand."""
    return f"/manage/{edition.id}/payments/bank"


async def upload(desk: Browser, edition: EditionInfo, content: str) -> str:
    """Where a statement stands that was uploaded."""
    files = {"file": ("sao-ke.csv", content.encode(), "text/csv")}
    return str((await desk.post(f"{base(edition)}/statements", files=files)).headers["location"])


async def test_a_statement_says_what_would_come_of_it_before_it_is_loaded(desk: Browser, edition: EditionInfo) -> None:
    head = "Ngày;Ghi có;Ghi nợ;Nội dung;Số bút toán\n"
    known = "".join(f"14/10/2026;5{number}.000;;ve;FT2633112345678{number}\n" for number in range(2))
    batch = await upload(desk, edition, head + known)
    await desk.post(f"{batch}/accept")
    more = f"{head}{known}15/10/2026;7.000;;lai;FT26331123456790\n15/10/2026;;9.000;phi;A2\n;108.000;9.000;Tổng cộng;\n"
    batch = await upload(desk, edition, more)
    shown = html.unescape((await desk.get(f"{batch}?lang=en")).text)
    for said in (
        *("1 transfer is new.", "2 are kept already and stay as they are.", "Load 1 transfer"),
        *("1 line of money that went out is passed over.", "1 line without an amount"),
    ):
        assert said in shown
    assert "Every row can be loaded." not in shown
    columns = {"column_0": "booked_at", "column_1": "credit", "column_2": "", "column_3": "purpose", "column_4": ""}
    await desk.post(f"{batch}/mapping", data=columns)  # without their numbers nobody knows them
    assert "3 transfers are new." in (await desk.get(f"{batch}?lang=en")).text
    await desk.post(f"{batch}/accept")
    assert "3 are new." in (await desk.get(f"{batch}?lang=en")).text


async def test_a_statement_that_notes_what_went_out_again_counts_nothing_else(
    desk: Browser, edition: EditionInfo
) -> None:
    content = "Ngày;Ghi có;Ghi nợ;Nội dung;Số bút toán\n14/10/2026;50.000;;ve;FT26331123456780\n"
    await desk.post(f"{await upload(desk, edition, content)}/accept")
    batch = await upload(desk, edition, f"{content}15/10/2026;;50.000;HOAN TRA FT26331123456780;FT26331123456799\n")
    shown = html.unescape((await desk.get(f"{batch}?lang=en")).text)
    for said in ("No transfer is new.", "1 is kept already and stays as it is.", "1 line of money that went out fits"):
        assert said in shown
    assert re.findall(r'<a href="([^"]+)">', shown.partition('class="crumbs"')[2].partition("</nav>")[0]) == [
        f"/manage/{edition.id}/payments",
        base(edition),
        f"{base(edition)}/statements",
    ]
    await desk.post(f"{batch}/accept")
    shown = html.unescape((await desk.get(f"{batch}?lang=en")).text)
    assert "</strong> 1 stayed as it was. 1 transfer went out again" in shown


async def test_where_a_statement_gave_no_time_the_day_is_shown_alone(desk: Browser, edition: EditionInfo) -> None:
    content = "Ngày;Ghi có;Nội dung\n14/10/2026;50.000;ve\n15/10/2026 14:02;60.000;ve\n"
    batch = await upload(desk, edition, content)
    await desk.post(f"{batch}/accept")
    listed = (await desk.get(f"{base(edition)}?lang=en")).text
    assert ("14 Oct 2026<" in listed, "00:00" in listed, "15 Oct 2026 14:02" in listed) == (True, False, True)
    day, moment = [row["id"] for row in await BankEntry.select().order_by(BankEntry.id)]
    assert "14 Oct 2026<" in (await desk.get(f"{base(edition)}/{day}?lang=en")).text
    assert "15 Oct 2026 14:02" in (await desk.get(f"{base(edition)}/{moment}?lang=en")).text
    book = load_workbook(io.BytesIO((await desk.get(f"{base(edition)}/export.xlsx")).content))
    sheet = book.active
    assert sheet is not None
    assert [cell.number_format for cell in sheet["A"][1:]] == ["dd/mm/yyyy hh:mm", "dd/mm/yyyy"]


async def test_a_reference_that_is_not_whole_is_said_to_be_so(
    desk: Browser, edition: EditionInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on_sale(monkeypatch, Seller())
    document = await make_document(edition)
    content = f"Ngày;Ghi có;Nội dung\n14/10/2026;20.000;gian hang {document.reference[:-1]}\n"
    await desk.post(f"{await upload(desk, edition, content)}/accept")
    assert await match_new(NOW) == {"left": 1}
    (entry,) = await BankEntry.select()
    shown = html.unescape((await desk.get(f"{base(edition)}/{entry['id']}?lang=en")).text)
    assert ("The reference in its text is not whole." in shown, document.number in shown) == (True, True)
    assert "the amount is another one" not in shown


async def test_a_statement_with_nothing_new_says_so_and_offers_nothing_to_load(
    desk: Browser, edition: EditionInfo
) -> None:
    head = "Ngày;Ghi có;Ghi nợ;Nội dung;Số bút toán\n"
    content = f"{head}14/10/2026;50.000;;ve;FT26331123456780\n"
    await desk.post(f"{await upload(desk, edition, content)}/accept")
    batch = await upload(desk, edition, f"{content}15/10/2026;;9.000;phi;A2\n")
    shown = html.unescape((await desk.get(f"{batch}?lang=en")).text)
    assert "All transfers on this statement are known already: there is nothing to load." in shown
    assert "1 line of money that went out is passed over." in shown
    assert (f'action="{batch}/accept"' in shown, "Load 0" in shown, f'href="{base(edition)}"' in shown) == (
        False,
        False,
        True,
    )
    for language in ("vi", "id"):
        assert f'action="{batch}/accept"' not in (await desk.get(f"{batch}?lang={language}")).text
    batch = await upload(desk, edition, f"{head}15/10/2026;;9.000;phi;A2\n")
    shown = (await desk.get(f"{batch}?lang=en")).text
    assert ("No money came in on this statement" in shown, f'action="{batch}/accept"' in shown) == (True, False)


async def test_a_statement_that_only_says_who_sent_what_is_known_is_loaded(desk: Browser, edition: EditionInfo) -> None:
    await make_entry("ve", number="FT26331123456780", source=EntrySource.WEBHOOK)
    content = "Ngày;Ghi có;Nội dung;Người chuyển;Số bút toán\n17/10/2026;50.000;ve;LE THI LAN;FT26331123456780\n"
    batch = await upload(desk, edition, content)
    shown = (await desk.get(f"{batch}?lang=en")).text
    assert "1 is kept already and gets what only this statement says of it." in shown
    assert ("Load what it says of them" in shown, "stays as it is" in shown) == (True, False)
    await desk.post(f"{batch}/accept")
    (entry,) = await BankEntry.select()
    assert entry["payer_name"] == "LE THI LAN"
    again = await upload(desk, edition, content)
    assert f'action="{again}/accept"' not in (await desk.get(again)).text


async def test_what_is_due_now_of_a_suggested_invoice_stands_beside_what_is_open(
    desk: Browser, edition: EditionInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on_sale(monkeypatch, Seller())
    parts = [
        Part(due_on=NOW.date() + timedelta(days=30 * late), amount_minor=minor)
        for late, minor in enumerate((20_000, 30_000))
    ]
    in_parts = await make_document(edition, payer="Lò Thị Mai", parts=parts)
    whole = await make_document(edition, subject_id=2, payer="Lò Thị Mai")
    entry = await make_entry(f"gian hang {in_parts.reference[:-1]}", amount=20_000)
    other = await make_entry(f"gian hang {in_parts.reference[:-1]}", amount=30_000)
    assert await match_new(NOW) == {"left": 2}
    own = f"{base(edition)}/{entry.id}"
    for language, hint in (
        ("en", "Open: 50.000\xa0₫, of which 20.000\xa0₫ is to be paid now."),
        ("vi", "Còn phải trả: 50.000\xa0₫, trong đó 20.000\xa0₫ phải trả bây giờ."),
        ("id", "Sisa: 50.000\xa0₫, 20.000\xa0₫ di antaranya harus dibayar sekarang."),
    ):
        assert hint in html.unescape((await desk.get(f"{own}?lang={language}")).text)
    shown = html.unescape((await desk.get(f"{own}?lang=en")).text)
    assert "the amount is just the part of it that is to be paid now" in shown
    theirs = html.unescape((await desk.get(f"{base(edition)}/{other.id}?lang=en")).text)
    assert "of which another amount is still to be paid in all" in theirs
    found = html.unescape((await desk.get(f"{own}?with=&q=lo+thi+mai&lang=en")).text)
    assert (found.count("of it now"), "20.000\xa0₫ of it now" in found) == (1, True)
    shares = {f"amount_{in_parts.id}": "20.000"}
    assert (await desk.post(f"{own}/assign", data=shares)).status_code == 303
    theirs = html.unescape((await desk.get(f"{base(edition)}/{other.id}?lang=en")).text)
    assert "Open: 30.000\xa0₫. " in theirs  # the last part is all that is open
    assert "the amount is just the part of it that is to be paid now" in theirs
    assert (await document_by_id(whole.id)).paid.amount_minor == 0
