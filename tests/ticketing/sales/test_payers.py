"""What buyers see and send while their money is on its way: a proof, a QRIS picture, and who stands on the invoice."""

from __future__ import annotations

import re
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from app.accounts.actor import SYSTEM
from app.kernel.database import fetch
from app.payments import transfers
from app.payments.services import proofs
from app.payments.services.terms import set_qris
from tests.conftest import NOW
from tests.support.client import Browser
from tests.support.factories_ticketing import make_open_edition, make_order, make_ticket_type
from ticketing.sales.services.outcomes import cancel_order, expire_orders

pytestmark = pytest.mark.engines


def picture(kind: str = "PNG") -> bytes:
    """A screen of a banking app."""
    buffer = BytesIO()
    Image.new("RGB", (40, 80), "#0B6E4F").save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bank account that transfers go to."""
    known = SimpleNamespace(
        bank_bin="970436", bank_account="0011", bank_account_name="HOI PHU NU", instant_transfer_ceiling=10**9
    )
    monkeypatch.setattr(transfers, "settings", lambda: known)


async def order(edition: Any, price: int = 50_000, **values: Any) -> str:
    """An order that waits for its money; gives the path of its page."""
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=price, currency=edition.currency)
    placed = await make_order(edition.id, {type_id: 1}, now=NOW, **values)
    return f"{edition.path}/tickets/done/{placed.secret}"


async def test_a_buyer_sends_a_proof(client: Browser, bank: None, frozen_now: Any) -> None:
    edition = await make_open_edition(now=NOW)
    page = await order(edition)
    assert "Send the proof" in (await client.get(f"{page}?lang=en")).text
    for _number in range(3):
        sent = await client.post(f"{page}/proof", files={"proof": ("ck.png", picture(), "image/png")})
        assert sent.headers["location"] == page
    shown = (await client.get(f"{page}?lang=en")).text
    assert ("Sent on" in shown, "Send the proof" in shown) == (True, False)
    full = await client.post(f"{page}/proof?lang=en", files={"proof": ("ck.png", picture(), "image/png")})
    assert (full.status_code, "3 proofs were sent for this invoice already" in full.text) == (409, True)
    assert (await client.get(f"{page}/proof")).headers["location"] == page
    assert len(await fetch("SELECT id FROM payment_proof")) == 3


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "Please choose a file."),
        (
            {"proof": ("a.png", b"<script>alert(1)</script>", "image/png")},
            "Use a picture (JPEG, PNG or WebP) or a PDF.",
        ),
        ({"proof": ("a.pdf", b"%PDF-1.7 torn", "application/pdf")}, "This PDF cannot be read"),
    ],
)
async def test_what_is_no_proof_is_refused_at_its_field(
    client: Browser, bank: None, frozen_now: Any, files: Any, sentence: str
) -> None:
    page = await order(await make_open_edition(now=NOW))
    refused = await client.post(f"{page}/proof?lang=en", files=files or {"other": b"x"})
    assert (refused.status_code, sentence in refused.text) == (422, True)


async def test_who_sent_too_many_files_is_told_at_the_field_how_long_to_wait(
    client: Browser, bank: None, frozen_now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proofs, "PER_HOUR", 0)
    page = await order(await make_open_edition(now=NOW))
    refused = await client.post(f"{page}/proof?lang=en", files={"proof": ("ck.png", picture(), "image/png")})
    assert (refused.status_code, 'id="field-proof-error"' in refused.text) == (429, True)
    assert "Please wait 60 minutes" in refused.text


async def test_nobody_sends_a_proof_of_anothers_order_or_of_a_free_one(
    client: Browser, bank: None, frozen_now: Any
) -> None:
    edition = await make_open_edition(now=NOW)
    files = {"proof": ("ck.png", picture(), "image/png")}
    assert (await client.post(f"{edition.path}/tickets/done/wrong/proof", files=files)).status_code == 404
    free = await order(edition, 0)
    assert (await client.post(f"{free}/proof", files=files)).status_code == 409
    other = await make_open_edition(now=NOW)
    page = await order(edition)
    assert (await client.post(page.replace(edition.path, other.path) + "/proof", files=files)).status_code == 404


async def test_a_lapsed_order_takes_a_proof_and_a_paid_one_none(client: Browser, bank: None, frozen_now: Any) -> None:
    from datetime import timedelta

    edition = await make_open_edition(now=NOW)
    page = await order(edition)
    await expire_orders(now=NOW + timedelta(hours=1))
    assert "Send the proof" in (await client.get(f"{page}?lang=en")).text
    assert (await client.post(f"{page}/proof", files={"proof": ("a.png", picture(), "image/png")})).status_code == 303
    cancelled = await order(edition)
    (row,) = await fetch("SELECT MAX(id) AS id FROM ticket_order")
    await cancel_order(order_id=row["id"], edition_id=edition.id, actor=SYSTEM, now=NOW)
    assert "Send the proof" not in (await client.get(f"{cancelled}?lang=en")).text


async def test_without_an_account_nobody_is_asked_for_a_proof(client: Browser, frozen_now: Any) -> None:
    page = await order(await make_open_edition(now=NOW))
    assert "Send the proof" not in (await client.get(f"{page}?lang=en")).text


async def test_a_buyer_in_indonesia_sees_the_qris_picture_with_amount_and_message(
    client: Browser, frozen_now: Any
) -> None:
    edition = await make_open_edition(now=NOW, currency="IDR", timezone="Asia/Jakarta")
    page = await order(edition)
    assert "By QRIS" not in (await client.get(f"{page}?lang=en")).text
    await set_qris(edition_id=edition.id, picture=picture(), actor=SYSTEM, now=NOW)
    shown = (await client.get(f"{page}?lang=en")).text
    (row,) = await fetch("SELECT reference FROM payment_document")
    (terms,) = await fetch("SELECT qris FROM payment_terms")
    for part in ("By QRIS", "Rp50.000", row["reference"], terms["qris"], "Send the proof"):
        assert part in shown


async def place(client: Browser, edition: Any, type_id: int, **billed: str) -> Any:
    """Send the second step."""
    page = await client.get(f"{edition.path}/tickets/order?n-{type_id}=1&lang=en")
    client_id = re.search(r'name="client_id" value="([^"]+)"', page.text)
    assert client_id is not None
    body = {"client_id": client_id[1], f"n-{type_id}": "1", "full_name": "Lê Thị Hà", "contact": "0912 345 678"}
    return await client.post(f"{edition.path}/tickets/order?lang=en", data={**body, "locale": "en", **billed})


async def test_an_invoice_is_made_out_to_a_company(client: Browser, frozen_now: Any) -> None:
    edition = await make_open_edition(now=NOW)
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=50_000)
    assert (
        "I need an invoice for a company"
        in (await client.get(f"{edition.path}/tickets/order?n-{type_id}=1&lang=en")).text
    )
    billed = {"bill_name": "Công ty Lụa Hà Đông", "bill_address": "1 Quang Trung", "bill_tax_code": "0100109106"}
    answer = await place(client, edition, type_id, **billed)
    assert answer.status_code == 303
    assert await fetch("SELECT payer_name, payer_address, payer_tax_code FROM payment_document") == [
        {"payer_name": "Công ty Lụa Hà Đông", "payer_address": "1 Quang Trung", "payer_tax_code": "0100109106"}
    ]
    assert await fetch("SELECT holder_name FROM order_item") == [{"holder_name": "Lê Thị Hà"}]
    pdf = await client.get(answer.headers["location"] + "/invoice.pdf")
    from tests.support.pdf_text import text_of

    printed = text_of(pdf.content)
    assert ("Công ty Lụa Hà Đông" in printed, "0100109106" in printed, "1 Quang Trung" in printed) == (True, True, True)


@pytest.mark.parametrize(
    ("currency", "billed", "sentence"),
    [
        ("VND", {"bill_name": "A", "bill_tax_code": "0100109107"}, "one of the ten is not right"),
        ("VND", {"bill_name": "A", "bill_tax_code": "010010910"}, "A tax code has ten digits"),
        ("VND", {"bill_tax_code": "0100109106"}, "Please write the name that shall stand on the invoice."),
        ("VND", {"bill_address": "1 Quang Trung"}, "Please write the name that shall stand on the invoice."),
        ("IDR", {"bill_name": "A", "bill_tax_code": "0100109106"}, "This is no tax code."),
    ],
)
async def test_half_an_invoice_is_refused_at_its_field(
    client: Browser, frozen_now: Any, currency: str, billed: dict[str, str], sentence: str
) -> None:
    zone = "Asia/Jakarta" if currency == "IDR" else "Asia/Ho_Chi_Minh"
    edition = await make_open_edition(now=NOW, currency=currency, timezone=zone)
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=50_000, currency=currency)
    answer = await place(client, edition, type_id, **billed)
    assert (answer.status_code, sentence in answer.text, '<details class="stack" open>' in answer.text) == (
        422,
        True,
        True,
    )
    assert await fetch("SELECT id FROM ticket_order") == []


async def test_a_free_ticket_needs_no_invoice(client: Browser, frozen_now: Any) -> None:
    edition = await make_open_edition(now=NOW)
    type_id = await make_ticket_type(edition.id, now=NOW)
    page = (await client.get(f"{edition.path}/tickets/order?n-{type_id}=1&lang=en")).text
    assert "I need an invoice for a company" not in page
