"""What tests of invoices for services and sponsors share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from app.accounts.actor import SYSTEM
from app.events.queries import EditionInfo
from app.kernel.clock import now as clock_now
from app.kernel.database import fetch
from app.kernel.money import Money
from app.kernel.settings import settings
from app.payments.enums import PaymentMethod
from app.payments.queries import DocumentInfo, document_by_id
from app.payments.services.recording import record_payment
from tests.support.client import Browser

TYPED = {
    "client_id": "invoice-of-tests-1",
    "payer_name": "Ngân hàng Sông Hồng",
    "payer_address": "1 Tràng Tiền, Hà Nội",
    "payer_tax_code": "0100109106",
    "contact": "ketoan@songhong.example",
    "locale": "en",
    "description": "Nhà tài trợ vàng",
    "line_what-1": "Tài trợ vàng",
    "line_number-1": "2",
    "line_price-1": "10.000.000",
    "line_tax-1": "",
    "line_number-2": "",
}


@pytest.fixture(autouse=True)
def bank(frozen_now: datetime, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An account for transfers, on the first morning of the festival."""
    for name, value in (("BANK_BIN", "970436"), ("BANK_ACCOUNT", "0011001932418"), ("BANK_ACCOUNT_NAME", "HOI CHO")):
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


async def issue(client: Browser, edition: EditionInfo, **typed: str) -> DocumentInfo:
    """Let finance look at what an invoice comes to, and issue it; gives it."""
    answer = await client.post(f"/manage/{edition.id}/payments/new", data=await agreed(client, edition, **typed))
    assert answer.status_code == 303, answer.text
    return await document_by_id(int(answer.headers["location"].rpartition("/")[2]))


async def agreed(client: Browser, edition: EditionInfo, **typed: str) -> dict[str, str]:
    """What is typed, with the sum that the page shows of it."""
    shown = await client.post(f"/manage/{edition.id}/payments/new", data=TYPED | typed)
    assert shown.status_code == 200, shown.text
    (total,) = re.findall(r'name="agreed" value="(\d+)"', shown.text)
    return TYPED | typed | {"agreed": total}


def a_picture() -> bytes:
    """Any picture."""
    screen = BytesIO()
    Image.new("RGB", (40, 80), "#0B6E4F").save(screen, "PNG")
    return screen.getvalue()


async def messages() -> list[dict[str, Any]]:
    """What was queued, the oldest first."""
    return await fetch("SELECT to_address, subject, body_text AS body FROM outbox_message ORDER BY id")


async def own_path() -> str:
    """The address of the payer's page, out of the newest message."""
    found = re.search(r"/e/\S+/invoices/done/\w+", (await messages())[-1]["body"])
    assert found is not None
    return found[0]


async def pay(document: DocumentInfo, method: PaymentMethod = PaymentMethod.TRANSFER, part: int = 0) -> None:
    """Let all of it come, or a part of which the bank tells."""
    await record_payment(
        document_id=document.id,
        method=method,
        amount=Money(part, "VND") if part else document.amount,
        actor=None if part else SYSTEM,
        now=clock_now(),
    )
