"""SePay's webhook, from the notice of a transfer to the paid document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.kernel.settings import settings
from app.kernel.sheets import SheetContext
from app.kernel.sheets.batches import accept, preview
from app.kernel.sheets.kept import problems_of, result_of
from app.main import register_modules
from app.payments.enums import DocumentState, EntrySource, EntryState
from app.payments.queries import document_by_id
from app.payments.services.assigning import match_new
from app.payments.services.entries import Kept, keep_entries, line_of
from app.payments.services.inbox import apply_event
from app.payments.sheets import DESK, STATEMENTS
from app.payments.tables import PaymentEvent
from app.payments.tables_bank import BankEntry
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.factories import Seller, make_document, put_on_sale
from tests.support.client import Browser

pytestmark = pytest.mark.engines

KEY = "a-key-only-for-tests"
ADDRESS = "/payments/bank/sepay/webhook"


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """SePay's key."""
    monkeypatch.setenv("SEPAY_API_KEY", KEY)
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


def notice(**changes: Any) -> bytes:
    """A notice as SePay describes it."""
    told = {
        "id": 92704,
        "gateway": "Vietcombank",
        "transactionDate": "2026-10-15 14:02:37",
        "accountNumber": "0011001932418",
        "code": None,
        "content": "chuyen tien ve",
        "transferType": "in",
        "transferAmount": 50_000,
        "accumulated": 19_077_000,
        "subAccount": None,
        "referenceCode": "MBVCB.3278907687",
        "description": "",
    }
    return json.dumps({**told, **changes}).encode()


async def send(client: Browser, body: bytes, authorization: str = f"Apikey {KEY}") -> Any:
    """What the webhook answers."""
    headers = {"authorization": authorization, "content-type": "application/json", "accept": "application/json"}
    return await client.post(ADDRESS, content=body, headers={**headers, "x-csrftoken": ""})


async def apply_all() -> list[str | None]:
    """What the stored events do."""
    return [await apply_event(row["id"], NOW) for row in await PaymentEvent.select().order_by(PaymentEvent.id)]


async def test_a_notice_pays_the_document_that_it_names(
    client: Browser, configured: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on_sale(monkeypatch, Seller())
    document = await make_document(await make_edition())
    body = notice(content=f"MBVCB.3278907687.{document.reference}.CT tu 0123 toi 0011")
    for _time in range(2):
        answer = await send(client, body)
        assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert await apply_all() == ["kept"]
    assert await match_new(NOW) == {"matched": 1}
    assert (await document_by_id(document.id)).state == DocumentState.PAID
    (row,) = await BankEntry.select()
    assert (row["state"], row["account"], row["bank_reference"], row["amount_minor"], row["booked_at"].isoformat()) == (
        EntryState.MATCHED,
        "0011001932418",
        "MBVCB.3278907687",
        50_000,
        "2026-10-15T07:02:37+00:00",
    )


async def test_one_transfer_under_two_notices_is_kept_once(client: Browser, configured: None) -> None:
    for number in (1, 2):
        assert (await send(client, notice(id=number))).status_code == 200
    assert await apply_all() == ["kept", "ignored"]
    for number in (3, 4):
        assert (await send(client, notice(id=number, referenceCode=None))).status_code == 200
    assert (await apply_all())[2:] == ["kept", "kept"]
    assert await BankEntry.count() == 3


async def test_two_purposes_under_one_number_are_two_transfers_before_the_statement_comes(
    client: Browser, configured: None
) -> None:
    purposes = ("HD1 ABCDEF gian 12", "HD1 GHJKLM ve vao cua")
    for number, purpose in enumerate((*purposes, *purposes)):  # each under two notices
        assert (await send(client, notice(id=number, content=purpose))).status_code == 200
    assert await apply_all() == ["kept", "kept", "ignored", "ignored"]
    rows = await BankEntry.select().order_by(BankEntry.id)
    assert [row["purpose"] for row in rows] == list(purposes)
    line = line_of(rows[0])
    stated = [replace(line, purpose=purpose) for purpose in reversed(purposes)]
    for _time in range(2):
        assert await keep_entries(stated, source=EntrySource.STATEMENT, now=NOW) == Kept(0, 2)
    cut = notice(id=9, content=f"{purposes[0]} CT tu 0123")  # said at more length, it is the same
    await send(client, cut)
    assert (await apply_all())[-1] == "ignored"
    assert await BankEntry.count() == 2


async def test_money_that_went_does_nothing(client: Browser, configured: None) -> None:
    assert (await send(client, notice(transferType="out"))).status_code == 200
    assert await apply_all() == ["ignored"]
    assert await BankEntry.count() == 0


@pytest.mark.parametrize("authorization", ["", KEY, f"Bearer {KEY}", "Apikey", "Apikey another-key", f"Apikey {KEY}x"])
async def test_without_the_key_nothing_is_kept(client: Browser, configured: None, authorization: str) -> None:
    answer = await send(client, notice(), authorization)
    assert (answer.status_code, answer.json()["code"]) == (401, "bank_notice_not_genuine")
    assert await PaymentEvent.count() == 0


async def test_without_a_key_here_there_is_no_webhook(client: Browser) -> None:
    answer = await send(client, notice(), "Apikey ")
    assert (answer.status_code, answer.json()["code"]) == (503, "bank_notices_not_configured")


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b"{", b"\xff\xfe", b"null", b"[" * 5_000),
        *(notice(transferAmount=amount) for amount in (0, -1, 2**63, 1.5, "x", None, True)),
        *(
            notice(transactionDate=day)
            for day in ("", "yesterday", 5, "0001-01-01 00:00:00", "9999-12-31 23:59:59-12:00")
        ),
        *(notice(id=number) for number in (None, "x", -1, 2**70)),
        *(notice(content=text) for text in ("x" * 5_000, 5)),
        notice(transferType="sideways"),
        notice(accountNumber=""),
    ],
    ids=lambda body: body[:20].decode(errors="replace"),
)
async def test_rubbish_is_refused(client: Browser, configured: None, body: bytes) -> None:
    answer = await send(client, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "bank_notice_unreadable")
    assert await PaymentEvent.count() == 0


async def test_a_huge_body_is_refused(client: Browser, configured: None) -> None:
    answer = await send(client, notice(description="x" * 100_000))
    assert (answer.status_code, "code" in answer.json()) == (413, True)
    assert await PaymentEvent.count() == 0


@pytest.mark.parametrize("content", ["\x00 vé", "😀" * 200, "\u202e", None, ""])
async def test_whatever_a_purpose_holds_is_kept(client: Browser, configured: None, content: str | None) -> None:
    assert (await send(client, notice(content=content))).status_code == 200
    assert await apply_all() == ["kept"]
    assert await BankEntry.count() == 1


@pytest.mark.parametrize("ours", ["0011001932418", "VA9624"])
async def test_a_notice_of_a_virtual_account_and_a_statement_of_the_main_one_are_one_transfer(
    client: Browser, configured: None, monkeypatch: pytest.MonkeyPatch, ours: str
) -> None:
    monkeypatch.setenv("BANK_ACCOUNT", ours)
    settings.cache_clear()
    register_modules()
    edition = await make_edition()
    body = notice(subAccount="VA9624", referenceCode="FT26331123456789", content="ve FG ban Lan chuyen")
    assert (await send(client, body)).status_code == 200
    assert await apply_all() == ["kept"]
    context = SheetContext(edition_id=edition.id, actor=SYSTEM, now=NOW, desk=DESK)
    told = "Ngày;Ghi có;Nội dung;Số bút toán{}\n15/10/2026 14:02:37;50.000;ve FG ban Lan chuyen;FT26331123456789{}\n"
    for head, account in (("", ""), (";Tài khoản nhận", f";{ours} - HOI PHU NU")):
        batch = await preview(STATEMENTS.name, told.format(head, account).encode(), "statement.csv", context)
        assert problems_of(batch) == []
        assert result_of(await accept(batch.id, context))["created"] == 0
    assert await BankEntry.count() == 1


async def test_a_statement_that_names_no_account_is_joined_to_its_notices(client: Browser, configured: None) -> None:
    register_modules()
    edition = await make_edition()
    await send(client, notice(referenceCode="FT26331123456789"))
    assert await apply_all() == ["kept"]
    context = SheetContext(edition_id=edition.id, actor=SYSTEM, now=NOW, desk=DESK)
    told = "Ngày;Ghi có;Nội dung;Số bút toán\n15/10/2026;50.000;ve;FT26331123456789\n"
    batch = await preview(STATEMENTS.name, told.encode(), "statement.csv", context)
    assert result_of(await accept(batch.id, context))["created"] == 0
    assert await BankEntry.count() == 1
