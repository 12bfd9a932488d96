"""Credit notes at the finance desk."""

import re
from html import unescape

import pytest

from app.accounts.actor import SYSTEM
from app.payments.enums import DocumentState
from app.payments.lines import Line
from app.payments.own_invoice import own_invoice
from app.payments.queries import credit_notes_of, document_by_id
from app.payments.services.documents import cancel_document
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.books import check_books
from tests.payments.controllers.test_finance import forms_of
from tests.payments.factories import Seller, make_document
from tests.support.client import Browser, sign_in
from tests.support.factories import make_owner

pytestmark = pytest.mark.usefixtures("seller")


@pytest.fixture
async def desk(client: Browser) -> Browser:
    """A browser in which an owner is signed in."""
    await sign_in(client, (await make_owner()).id)
    return client


async def test_a_credit_note_can_be_over_one_line_of_the_invoice(desk: Browser, seller: Seller) -> None:
    edition = await make_edition()
    lines = [Line(description="Gian", unit_minor=90_000), Line(description="Băng rôn", unit_minor=10_000)]
    document = await make_document(edition, lines=lines)
    own = f"/manage/{edition.id}/payments/{document.id}"
    shown = unescape((await desk.get(f"{own}?lang=en")).text)
    assert re.findall(r'name="credit_of" value="(\d)"', shown) == ["0", "1", "2"]
    assert "Băng rôn · 10.000\xa0₫" in shown
    body = {"credit": "10.001", "credit_of": "2", "reason": "Không giao"}
    refused = await desk.post(f"{own}/credits?lang=en", data=body)
    said = "Of this line 10.000\xa0₫ can be taken back, not 10.001\xa0₫."
    assert (refused.status_code, said in unescape(refused.text)) == (422, True)
    note = (await desk.post(f"{own}/credits", data=body | {"credit": "10.000"})).headers["location"]
    assert "Băng rôn – Không giao" in unescape((await desk.get(note)).text)
    shown = (await desk.get(own)).text
    assert re.findall(r'name="credit_of" value="(\d)"', shown) == ["0", "1"]  # nothing is left of the other


async def test_a_credit_note_can_be_over_what_somebody_bears(desk: Browser, seller: Seller) -> None:
    edition = await make_edition()
    lines = [Line(description="Gian", unit_minor=90_000), Line(description="x", unit_minor=-40_000, funded_by="Quỹ")]
    document = await make_document(edition, lines=lines)
    own = f"/manage/{edition.id}/payments/{document.id}"
    await desk.post(f"{own}/payments", data={"method": "cash", "amount": "50.000"})
    shown = unescape((await desk.get(f"{own}?lang=en")).text)
    assert re.findall(r'name="credit_of" value="(\d)"', shown) == ["0", "1", "2"]
    assert "What Quỹ bears · 40.000\xa0₫" in shown
    body = {"credit": "40.001", "credit_of": "2", "reason": "Quỹ chỉ chịu một nửa"}
    refused = await desk.post(f"{own}/credits?lang=en", data=body)
    said = "Of this line 40.000\xa0₫ can be taken back, not 40.001\xa0₫."
    assert (refused.status_code, said in unescape(refused.text)) == (422, True)
    forms = forms_of(shown, f"{own}/credits") | body | {"credit": "40.000"}
    noted = [(await desk.post(f"{own}/credits", data=forms)).headers["location"] for _time in range(2)]
    assert noted[0] == noted[1] != own
    stands = await document_by_id(document.id)
    assert (stands.state, stands.owed.amount_minor, seller.taken_back) == (DocumentState.PAID, 0, [])
    shown = (await desk.get(own)).text
    assert re.findall(r'name="credit_of" value="(\d)"', shown) == ["0", "1"]
    assert (await desk.get(noted[0] + "/document.pdf")).content[:4] == b"%PDF"
    hers = await own_invoice(stands, is_asked=False)
    assert hers.credit_notes == []  # for the payer it is over nothing


async def test_of_an_invoice_that_is_borne_whole_no_part_is_taken_back(desk: Browser, seller: Seller) -> None:
    edition = await make_edition()
    lines = [Line(description="Gian", unit_minor=90_000), Line(description="x", unit_minor=-90_000, funded_by="Quỹ")]
    document = await make_document(edition, lines=lines, may_be_borne=True)
    own = f"/manage/{edition.id}/payments/{document.id}"
    for line in ("0", "1", "2"):
        body = {"credit": "1", "credit_of": line, "reason": "Sai", "whole": "on"}
        assert (await desk.post(f"{own}/credits", data=body)).status_code == 422
    assert await credit_notes_of(document.id) == []
    await cancel_document(document_id=document.id, actor=SYSTEM, now=NOW)
    await check_books(edition)


async def test_crediting_all_of_an_open_invoice_is_said_to_cancel_it(desk: Browser, seller: Seller) -> None:
    edition = await make_edition()
    document = await make_document(edition)
    own = f"/manage/{edition.id}/payments/{document.id}"
    asked = (await desk.get(f"{own}?lang=en")).text
    assert "The invoice is taken back. Money that still comes for it can be recorded." in asked
    sent = await desk.post(f"{own}/credits?lang=en", data={"credit": "50.000", "reason": "Sai"})
    assert sent.headers["location"] == own
    shown = (await desk.get(f"{own}?lang=en")).text
    assert ("The invoice was cancelled." in shown, "The credit note is issued." in shown) == (True, False)


async def test_all_of_an_invoice_is_taken_back_only_when_asked_twice(desk: Browser, seller: Seller) -> None:
    edition = await make_edition()
    document = await make_document(edition)
    own = f"/manage/{edition.id}/payments/{document.id}"
    await desk.post(f"{own}/payments", data={"method": "terminal", "amount": "50.000", "note": "000123"})
    await desk.post(f"{own}/credits", data={"credit": "20.000", "reason": "bớt"})
    assert "Take all of it back" not in (await desk.get(f"{own}?lang=en")).text
    body = {"credit": "30.000", "reason": "nghỉ"}
    asked = await desk.post(f"{own}/credits?lang=en", data=body)
    assert asked.status_code == 422
    for words in (document.description, "30.000\xa0₫ goes back to the payer", "Take all of it back", 'value="nghỉ"'):
        assert words in asked.text
    assert ((await document_by_id(document.id)).state, seller.taken_back) == (DocumentState.PAID, [])
    assert (await desk.post(f"{own}/credits", data=body | {"whole": "on"})).status_code == 303
    assert ((await document_by_id(document.id)).state, seller.taken_back) == (DocumentState.REFUND_DUE, [document.id])
