"""Money that went out as it had come is noted at its transfer, where a single one fits, and nothing else is changed."""

from __future__ import annotations

import html
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.events.queries import EditionInfo
from app.kernel.money import Money
from app.kernel.sheets import SheetContext, batches
from app.kernel.sheets.kept import result_of
from app.main import register_modules
from app.payments.bank_lines import BankLine
from app.payments.enums import DocumentState
from app.payments.queries import document_by_id
from app.payments.queries_bank import entry_by_id
from app.payments.references import new_reference
from app.payments.services.assigning import match_new
from app.payments.services.reversals import taken_back_by
from app.payments.sheets import DESK, STATEMENTS
from app.payments.tables_bank import BankEntry
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.books import check_books
from tests.payments.factories import Seller, make_document, make_entry, put_on_sale
from tests.support.client import Browser, sign_in
from tests.support.factories import make_holder

REFERENCE = new_reference()
CAME = BankLine(
    account="0011001932418",
    booked_at=NOW,
    day=NOW.date(),
    amount=Money(50_000, "VND"),
    purpose="chuyen tien",
    payer_name="LE THI LAN",
    payer_account="19036688997012",
    number="FT26331000000001",
)
WENT = replace(CAME, booked_at=NOW + timedelta(hours=3), purpose="huy giao dich", number="FT26332000000009")
BARE = replace(WENT, payer_account="", payer_name="")
HEAD = "Ngày;Ghi có;Ghi nợ;Nội dung;Số bút toán;Tên đối ứng\n"


@pytest.mark.parametrize(
    "went",
    [
        WENT,
        replace(BARE, number=CAME.number),
        replace(BARE, purpose=f"HUY GD {CAME.number} NGAY 14/10"),
        replace(BARE, purpose=f"hoan tra {REFERENCE}"),
    ],
)
def test_what_went_fits_the_one_transfer_of_its_number_reference_or_sender(went: BankLine) -> None:
    came = replace(CAME, purpose=f"gian hang {REFERENCE}")
    assert taken_back_by([went], [(1, came)]) == {1: went}
    two = [(1, came), (2, came)]
    assert taken_back_by([went], two) == {}
    other = replace(came, amount=Money(50_001, "VND"))
    later = replace(came, booked_at=went.booked_at + timedelta(seconds=1))
    elsewhere = replace(came, account="0451000123456")
    for no in (other, later, elsewhere):
        assert taken_back_by([went], [(1, no)]) == {}
        assert taken_back_by([went], [(1, came), (2, no)]) == {1: went}


def test_a_surer_sign_decides_and_none_is_no_sign() -> None:
    other = replace(CAME, number="FT26331000000002")
    went = replace(WENT, number=CAME.number)
    assert taken_back_by([went], [(1, CAME), (2, other)]) == {1: went}
    assert taken_back_by([WENT], [(1, CAME), (2, other)]) == {}
    assert taken_back_by([BARE], [(1, replace(CAME, payer_account="", payer_name=""))]) == {}
    assert taken_back_by([replace(BARE, number="12")], [(1, replace(CAME, number="12", payer_account="x"))]) == {}
    named = replace(BARE, payer_name="Lê Thị Lan")
    assert taken_back_by([named], [(1, replace(CAME, payer_account=""))]) == {1: named}
    twice = replace(went, booked_at=went.booked_at + timedelta(hours=1))
    assert taken_back_by([twice, went], [(1, CAME)]) == {1: went}


def test_a_name_is_a_sign_where_one_side_alone_has_an_account_and_none_where_two_differ() -> None:
    came = replace(CAME, number="", payer_name="Lê Thị Lan")
    no_account, other_account = replace(WENT, payer_account=""), replace(WENT, payer_account="0451000999999")
    assert taken_back_by([no_account], [(1, came)]) == {1: no_account}
    assert taken_back_by([WENT], [(1, replace(came, payer_account=""))]) == {1: WENT}
    assert taken_back_by([other_account], [(1, came)]) == {}
    assert taken_back_by([WENT], [(1, came), (2, replace(came, payer_account=""))]) == {1: WENT}  # accounts are surer


@pytest.fixture
async def edition(database: str) -> EditionInfo:
    """A festival, and the kinds of sheets."""
    register_modules()
    return await make_edition()


async def load(edition: EditionInfo, content: str, *, lay: bool = False) -> dict[str, int]:
    """Load a statement; what came of it."""
    context = SheetContext(edition_id=edition.id, actor=SYSTEM, now=NOW, currency="VND", desk=DESK)
    batch = await batches.preview(STATEMENTS.name, content.encode(), "sao-ke.csv", context)
    return result_of(await batches.accept(batch.id, context, lay=lay))


async def noted() -> list[tuple[bool, str | None, str | None]]:
    """What stands at each transfer."""
    rows = await BankEntry.select().order_by(BankEntry.id)
    return [(row["reversed_at"] is not None, row["reversal_purpose"], row["reversal_number"]) for row in rows]


@pytest.mark.engines
@pytest.mark.usefixtures("frozen_now")
@pytest.mark.parametrize("lay", [False, True])
async def test_a_statement_notes_what_went_out_again_once_and_changes_nothing_else(
    edition: EditionInfo, lay: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on_sale(monkeypatch, Seller())
    document = await make_document(edition)
    await make_entry(document.reference, number="FT26331000000001", edition=edition)
    other = await make_edition("hai")
    await make_entry("cua ho", number="FT26331000000003", edition=other)
    await match_new(NOW)
    content = (
        f"{HEAD}17/10/2026;;50.000;HUY GD;FT26331000000001;\n17/10/2026;;50.000;HUY;FT26331000000003;\n"
        "17/10/2026;;9.000;phi;FT26331000000007;\n17/10/2026;70.000;;ve;FT26331000000005;\n"
        "17/10/2026;;70.000;HUY GD;FT26331000000005;\n"
    )
    assert await load(edition, content, lay=lay) == {
        **{"created": 1, "updated": 0, "unchanged": 0},
        **{"outgoing": 2, "reversals": 2},
    }
    expected = [(True, "HUY GD", "FT26331000000001"), (False, None, None), (True, "HUY GD", "FT26331000000005")]
    assert await noted() == expected
    assert (await document_by_id(document.id)).state == DocumentState.PAID
    again = content.replace("HUY GD", "HUY LAN NUA")
    assert await load(edition, again, lay=lay) == {"created": 0, "updated": 0, "unchanged": 1, "outgoing": 4}
    assert await noted() == expected
    await match_new(NOW)
    await check_books(edition)


@pytest.mark.engines
@pytest.mark.usefixtures("frozen_now")
@pytest.mark.parametrize(("day", "fits"), [("15", False), ("16", True), ("17", True)])
async def test_a_line_with_its_day_alone_may_be_of_any_hour_of_it(edition: EditionInfo, day: str, fits: bool) -> None:
    entry = await make_entry("ve", number="FT26331000000001", edition=edition)
    assert (await load(edition, f"{HEAD}{day}/10/2026;;50.000;HUY;FT26331000000001;\n")).get("reversals", 0) == fits
    found = (await entry_by_id(entry.id)).reversed_at
    assert found == (datetime(2026, 10, int(day), tzinfo=edition.zone) if fits else None)  # as the bank told of it


@pytest.mark.engines
@pytest.mark.usefixtures("frozen_now")
async def test_what_came_too_long_before_is_another_matter(edition: EditionInfo) -> None:
    entry = await make_entry("ve", number="FT26331000000001", edition=edition)
    await BankEntry.update({BankEntry.booked_at: NOW - timedelta(days=200)}).where(BankEntry.id == entry.id)
    line = f"{HEAD}17/10/2026;;50.000;HUY;FT26331000000001;\n"
    await load(edition, line)
    assert await noted() == [(False, None, None)]
    await BankEntry.update({BankEntry.booked_at: NOW - timedelta(days=170)}).where(BankEntry.id == entry.id)
    await load(edition, line)
    assert await noted() == [(True, "HUY", "FT26331000000001")]


@pytest.mark.engines
async def test_the_desk_sees_at_a_transfer_that_its_amount_went_out_again(
    client: Browser, edition: EditionInfo
) -> None:
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=edition.id)).id)
    entry = await make_entry("tien gian hang", number="FT26331000000001", edition=edition)
    await match_new(NOW)
    base = f"/manage/{edition.id}/payments/bank"
    files = {"file": ("sao-ke.csv", f"{HEAD}17/10/2026;;50.000;HUY GD;FT26331000000001;\n".encode(), "text/csv")}
    batch = (await client.post(f"{base}/statements", files=files)).headers["location"]
    shown = html.unescape((await client.get(f"{batch}?lang=en")).text)
    assert "1 line of money that went out fits a transfer that is kept, and is noted there." in shown
    assert ("nothing to load" in shown, f'action="{batch}/accept"' in shown) == (False, True)
    await client.post(f"{batch}/accept")
    assert "1 transfer went out again" in (await client.get(f"{batch}?lang=en")).text
    own = html.unescape((await client.get(f"{base}/{entry.id}?lang=en")).text)
    for said in ("The same amount went out again.", "HUY GD", "17 Oct 2026"):
        assert said in own
    assert "It may be that the bank took this transfer back" in own
    assert "The same amount went out again." in (await client.get(f"{base}?lang=en")).text
    back = {"reason": "FT26332000000055", "becomes": "sent_back"}
    assert (await client.post(f"{base}/{entry.id}/set-aside", data=back)).status_code == 303
    own = (await client.get(f"{base}/{entry.id}?lang=en")).text
    assert ("The same amount went out again." in own, "It may be that the bank" in own) == (True, False)
    again = (await client.post(f"{base}/statements", files=files)).headers["location"]
    assert "nothing to load" in (await client.get(f"{again}?lang=en")).text
