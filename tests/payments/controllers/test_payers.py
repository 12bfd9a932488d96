"""What the finance desk does with payers: it reminds them, and looks at what they sent as proof."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from app.accounts.enums import Role
from app.accounts.personal.registry import registered
from app.accounts.personal.whom import Whom
from app.kernel.clock import now
from app.kernel.database import fetch
from app.kernel.security import limit
from app.payments.lines import Line
from app.payments.personal import DATA
from app.payments.queries import document_by_id
from app.payments.services.documents import open_document
from app.payments.services.issuing import Payer
from app.payments.services.proofs import send_proof
from tests.events.factories import make_edition
from tests.payments.factories import Seller, make_document
from tests.support.client import Browser, new_browser, sign_in
from tests.support.factories import make_holder, make_owner, make_person

pytestmark = pytest.mark.engines


def picture() -> bytes:
    """A screen of a banking app."""
    buffer = BytesIO()
    Image.new("RGB", (40, 80), "#0B6E4F").save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
async def desk(client: Browser) -> Browser:
    """A browser in which an owner is signed in."""
    await sign_in(client, (await make_owner()).id)
    return client


async def test_a_payer_is_reminded_by_a_button(desk: Browser, seller: Seller) -> None:
    edition = await make_edition()
    person = await make_person(email="lan@example.vn")
    document = await open_document(
        edition_id=edition.id,
        purpose="order",
        subject_id=1,
        payer=Payer(name="Lan", person_id=person.id),
        description="Gian hàng",
        currency="VND",
        lines=[Line(description="Gian hàng", unit_minor=50_000)],
        now=now(),
    )
    own = f"/manage/{edition.id}/payments/{document.id}"
    assert "Last reminded" not in (await desk.get(f"{own}?lang=en")).text
    assert (await desk.post(f"{own}/remind")).headers["location"] == own
    shown = (await desk.get(f"{own}?lang=en")).text
    assert ("Last reminded" in shown, f'action="{own}/remind"' in shown) == (True, True)
    assert len(await fetch("SELECT id FROM outbox_message")) == 1
    again = await desk.post(f"{own}/remind?lang=en")
    assert (again.status_code, "was reminded today already" in again.text) == (409, True)
    assert f'action="{own}/payments"' in again.text  # the page of the invoice
    elsewhere = await make_edition(slug="elsewhere")
    assert (await desk.post(f"/manage/{elsewhere.id}/payments/{document.id}/remind")).status_code == 404


async def test_a_proof_is_seen_where_its_money_is_looked_for(desk: Browser, seller: Seller) -> None:
    edition = await make_edition()
    document = await make_document(edition)
    proof_id = await send_proof(document_id=document.id, data=picture(), actor=None, now=now())
    payments = f"/manage/{edition.id}/payments"
    own = f"{payments}/{document.id}"
    assert "Proof waits" in (await desk.get(f"{payments}?lang=en")).text
    bank = (await desk.get(f"{payments}/bank?lang=en")).text
    assert ("Proofs that wait" in bank, document.reference in bank) == (True, True)
    assert "Proofs of transfer that wait" in (await desk.get(f"/manage/{edition.id}?lang=en")).text
    assert f'src="{own}/proofs/{proof_id}"' in (await desk.get(own)).text
    shown = await desk.get(f"{own}/proofs/{proof_id}")
    assert (shown.headers["content-type"], shown.headers["cache-control"]) == ("image/jpeg", "private, no-store")
    assert Image.open(BytesIO(shown.content)).size == (40, 80)
    assert (await desk.post(f"{own}/proofs/{proof_id}/looked-at")).headers["location"] == own
    for path in (payments, f"{payments}/bank", own):
        assert "Proof waits" not in (await desk.get(f"{path}?lang=en")).text
        assert "Proofs that wait" not in (await desk.get(f"{path}?lang=en")).text
    assert (await desk.get(f"{own}/proofs/{proof_id + 1}")).status_code == 404
    assert (await desk.post(f"{own}/proofs/{proof_id + 1}/looked-at")).status_code == 404


async def test_others_see_no_proof(desk: Browser, seller: Seller) -> None:
    edition = await make_edition()
    document = await make_document(edition)
    proof_id = await send_proof(document_id=document.id, data=picture(), actor=None, now=now())
    path = f"/manage/{edition.id}/payments/{document.id}/proofs/{proof_id}"
    elsewhere = await make_edition(slug="elsewhere")
    async with new_browser() as other:
        assert (await other.get(path)).status_code in (302, 303, 401)
        await sign_in(other, (await make_holder(Role.FLOOR, edition_id=edition.id)).id)
        assert (await other.get(path)).status_code == 403
    async with new_browser() as other:
        await sign_in(other, (await make_holder(Role.FINANCE, edition_id=elsewhere.id)).id)
        assert (await other.get(path)).status_code == 403
        there = path.replace(f"/manage/{edition.id}/", f"/manage/{elsewhere.id}/")
        assert (await other.get(there)).status_code == 404


async def test_a_qris_picture_is_shown_where_money_is_rupiah(desk: Browser, seller: Seller) -> None:
    jakarta = await make_edition(slug="jakarta", currency="IDR", timezone="Asia/Jakarta")
    hanoi = await make_edition()
    terms = f"/manage/{jakarta.id}/payments/terms"
    assert "Picture of the QRIS code" in (await desk.get(f"{terms}?lang=en")).text
    assert "QRIS" not in (await desk.get(f"/manage/{hanoi.id}/payments/terms?lang=en")).text
    for files, status in (({}, 422), ({"qris": ("q.png", b"<script>", "image/png")}, 422)):
        refused = await desk.post(f"{terms}/qris", files=files or {"other": b""})
        assert refused.status_code == status
    assert (await desk.post(f"{terms}/qris", files={"qris": ("q.png", picture(), "image/png")})).status_code == 303
    (row,) = await fetch("SELECT qris, due_days FROM payment_terms")
    assert (len(row["qris"]), row["due_days"]) == (64, 7)
    assert row["qris"] in (await desk.get(terms)).text
    saved = await desk.post(
        terms, data={"seller_name": "Dinas", "tax_mode": "none", "due_days": "5", "remind_days": "2"}
    )
    assert saved.status_code == 303
    assert (await fetch("SELECT qris, due_days, remind_days FROM payment_terms")) == [
        {"qris": row["qris"], "due_days": 5, "remind_days": 2}
    ]
    assert (await desk.post(f"{terms}/qris/remove")).status_code == 303
    assert (await fetch("SELECT qris, due_days FROM payment_terms")) == [{"qris": "", "due_days": 5}]
    here = f"/manage/{hanoi.id}/payments/terms/qris"
    there = await desk.post(here, files={"qris": ("q.png", picture(), "image/png")})
    assert there.status_code == 409


async def test_who_is_known_by_name_alone_is_shown_no_bill_of_others(desk: Browser, seller: Seller) -> None:
    document = await make_document(await make_edition())
    assert (await document_by_id(document.id)).payer_id is None
    nobody = Whom(person_id=None, names=("Hoa",), pass_ids=(1,))
    assert [await held.find(nobody) for held in DATA.held] == [[]] * 3
    assert registered()["payments"] is DATA


async def test_a_payer_who_prints_as_often_as_she_may_keeps_nobody_at_the_desk_from_it(
    desk: Browser, seller: Seller
) -> None:
    document = await make_document(await make_edition())
    for _time in range(20):
        await limit(f"document-pdf:{document.id}", times=20, seconds=3600, now=now())
    printed = await desk.get(f"/manage/{document.edition_id}/payments/{document.id}/document.pdf")
    assert (printed.status_code, printed.content[:4]) == (200, b"%PDF")
