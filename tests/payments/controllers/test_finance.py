"""The finance desk's pages."""

import pytest

from app.accounts.enums import Role
from app.payments.enums import DocumentState, Settlement
from app.payments.queries import document_by_id
from tests.events.factories import make_edition
from tests.payments.factories import Seller, make_document, put_on_sale
from tests.support.client import Browser, sign_in
from tests.support.factories import make_holder, make_owner


@pytest.fixture
def seller(monkeypatch: pytest.MonkeyPatch) -> Seller:
    """A seller of orders."""
    made = Seller()
    put_on_sale(monkeypatch, made)
    return made


@pytest.fixture
async def desk(client: Browser) -> Browser:
    """A browser in which an owner is signed in."""
    await sign_in(client, (await make_owner()).id)
    return client


async def test_cash_is_recorded_by_hand(desk: Browser, seller: Seller) -> None:
    edition = await make_edition()
    base = f"/manage/{edition.id}/payments"
    assert "No invoice yet" in (await desk.get(f"{base}?lang=en")).text
    document = await make_document(edition)
    listed = (await desk.get(f"{base}?q=le+thi+lan&state=open")).text
    assert "50.000 ₫" in listed
    assert "No invoice fits" in (await desk.get(f"{base}?q=nobody")).text
    assert "Open invoices" in (await desk.get(f"/manage/{edition.id}")).text
    own = f"{base}/{document.id}"
    assert 'value="50.000"' in (await desk.get(own)).text
    for amount, sentence in (("x", "Please write an amount"), ("5.000", "is over 50.000 ₫, not 5.000 ₫"), ("", "fill")):
        refused = await desk.post(f"{own}/payments?lang=en", data={"method": "cash", "amount": amount})
        assert (refused.status_code, sentence in refused.text) == (422, True)
    paid = await desk.post(f"{own}/payments", data={"method": "cash", "amount": "50.000", "note": "quầy 1"})
    assert paid.headers["location"] == own
    assert (await document_by_id(document.id)).state == DocumentState.PAID
    shown = (await desk.get(own)).text
    assert "quầy 1" in shown
    assert "Record a payment" not in shown
    again = await desk.post(f"{own}/payments", data={"method": "cash", "amount": "50.000"})
    assert again.status_code == 409
    sheet = await desk.get(f"{base}/export.xlsx?state=paid")
    assert sheet.content[:2] == b"PK"


async def test_money_that_came_too_late_goes_back(desk: Browser, seller: Seller) -> None:
    seller.answer = Settlement.REFUND
    edition = await make_edition()
    document = await make_document(edition)
    own = f"/manage/{edition.id}/payments/{document.id}"
    assert (await desk.post(f"{own}/cancel")).status_code == 303
    assert (await desk.post(f"{own}/payments", data={"method": "transfer", "amount": "50000"})).status_code == 303
    shown = (await desk.get(f"{own}?lang=en")).text
    assert "50.000 ₫ has to go back." in shown
    (payment,) = [payment for _document, payment in seller.settled]
    assert (await desk.post(f"{own}/refunds/{payment.id}", data={"method": "transfer"})).status_code == 303
    assert (await document_by_id(document.id)).state == DocumentState.REFUNDED
    assert (await desk.post(f"{own}/refunds/{payment.id}", data={"method": "transfer"})).status_code == 409
    assert (await desk.post(f"{own}/cancel")).status_code == 409


async def test_only_finance_and_owners_come_in(client: Browser, seller: Seller) -> None:
    edition, other = await make_edition("one"), await make_edition("two")
    document = await make_document(edition)
    await sign_in(client, (await make_holder(Role.MANAGER, edition_id=edition.id)).id)
    assert (await client.get(f"/manage/{edition.id}/payments")).status_code == 403
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=other.id)).id)
    assert (await client.get(f"/manage/{other.id}/payments")).status_code == 200
    assert (await client.get(f"/manage/{edition.id}/payments/{document.id}")).status_code == 403
    assert (await client.get(f"/manage/{other.id}/payments/{document.id}")).status_code == 404
