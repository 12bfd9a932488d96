"""The JSON API of payments."""

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.kernel.money import Money
from app.payments.enums import PaymentMethod
from app.payments.services.recording import record_payment
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.factories import Seller, make_document, put_on_sale
from tests.support.client import Browser, new_browser, sign_in
from tests.support.factories import make_holder

pytestmark = pytest.mark.engines


@pytest.fixture(autouse=True)
def seller(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who delivers what is paid."""
    put_on_sale(monkeypatch, Seller())


async def test_documents_are_listed_searched_and_filtered(client: Browser) -> None:
    edition = await make_edition()
    first = await make_document(edition, subject_id=1)
    second = await make_document(edition, subject_id=2, payer="Trần Văn Bình", amount=70_000)
    other = await make_edition("other")
    await make_document(other, subject_id=3)
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=edition.id)).id)
    base = f"/api/v1/manage/{edition.id}/payments"
    found = (await client.get(base)).json()
    assert (found["total"], found["page"]) == (2, 1)
    assert [item["id"] for item in found["items"]] == [second.id, first.id]
    assert found["items"][0] == {
        "id": second.id,
        "number": second.number,
        "payer": "Trần Văn Bình",
        "description": "2 vé người lớn",
        "kind": "invoice",
        "amount_minor": 70_000,
        "tax_minor": 0,
        "paid_minor": 0,
        "due_minor": 70_000,
        "owed_minor": 0,
        "due_on": "2026-10-23",
        "currency": "VND",
        "state": "open",
        "reference": second.reference,
        "created_at": "2026-10-16T01:30:00Z",
        "settled_at": None,
    }
    assert [item["id"] for item in (await client.get(f"{base}?q=le+thi+lan")).json()["items"]] == [first.id]
    assert (await client.get(f"{base}?status=paid")).json()["total"] == 0
    assert (await client.get(f"{base}?page=2")).json() == {"items": [], "total": 2, "page": 2}
    wrong = await client.get(f"{base}?status=lost")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "bad_request")


async def test_a_document_is_read_with_its_payments(client: Browser) -> None:
    edition = await make_edition()
    document = await make_document(edition)
    paid = await record_payment(
        document_id=document.id,
        method=PaymentMethod.CASH,
        amount=Money(50_000, "VND"),
        actor=SYSTEM,
        note="quầy 1",
        now=NOW,
    )
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=edition.id)).id)
    base = f"/api/v1/manage/{edition.id}/payments"
    found = (await client.get(f"{base}/{document.id}")).json()
    assert (found["state"], found["settled_at"]) == ("paid", "2026-10-16T01:30:00Z")
    assert found["payments"] == [
        {
            "id": paid.payment_id,
            "method": "cash",
            "amount_minor": 50_000,
            "currency": "VND",
            "outcome": "kept",
            "note": "quầy 1",
            "returns": None,
            "received_at": "2026-10-16T01:30:00Z",
        }
    ]
    missing = await client.get(f"{base}/{document.id + 1}")
    assert (missing.status_code, missing.json()["code"]) == (404, "payment_document_not_found")


async def test_the_floor_and_another_editions_finance_are_kept_out(client: Browser) -> None:
    edition, other = await make_edition(), await make_edition("other")
    document = await make_document(edition)
    base = f"/api/v1/manage/{edition.id}/payments"
    assert (await new_browser().get(base)).status_code == 401
    for role, where in ((Role.FLOOR, edition.id), (Role.FINANCE, other.id)):
        await sign_in(client, (await make_holder(role, edition_id=where)).id)
        assert [(await client.get(path)).status_code for path in (base, f"{base}/{document.id}")] == [403, 403]
    elsewhere = await client.get(f"/api/v1/manage/{other.id}/payments/{document.id}")
    assert elsewhere.json()["code"] == "payment_document_not_found"
