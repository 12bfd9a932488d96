"""Invoices for services and sponsors once they are issued: paid, taken back, reminded of, shown."""

from __future__ import annotations

import re

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.accounts.personal.whom import Whom
from app.kernel.clock import now as clock_now
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.enums import DocumentState, TaxMode
from app.payments.lines import Terms
from app.payments.personal import DATA, expire
from app.payments.queries import LegalInvoice, balances, credit_notes_of, document_by_id
from app.payments.services.corrections import credit_document
from app.payments.services.documents import cancel_document
from app.payments.services.legal import note_legal_invoice
from app.payments.services.legal_files import keep_legal_file
from app.payments.services.reminding import remind_now
from app.payments.services.terms import set_terms
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.controllers.service_invoices import TYPED, a_picture, bank, issue, messages, own_path, pay
from tests.support.client import Browser, new_browser, sign_in
from tests.support.factories import make_holder, make_owner
from tests.support.pdf_text import text_of

pytestmark = pytest.mark.engines

__all__ = ["bank"]


async def test_only_finance_makes_them_and_only_the_link_shows_them(client: Browser) -> None:
    edition, other = await make_edition(), await make_edition("other")
    await sign_in(client, (await make_owner()).id)
    await issue(client, edition)
    own = await own_path()
    await sign_in(client, (await make_holder(Role.MANAGER, edition_id=edition.id)).id)
    assert (await client.get(f"/manage/{edition.id}/payments/new")).status_code == 403
    assert (await client.post(f"/manage/{edition.id}/payments/new", data=TYPED)).status_code == 403
    async with new_browser() as stranger:
        for path in (own[:-1] + ("0" if own[-1] != "0" else "1"), own.replace(edition.slug, other.slug)):
            for below in ("", "/invoice.pdf", "/e-invoice.pdf"):
                assert (await stranger.get(path + below)).status_code == 404
            for below in ("/card", "/proof"):
                assert (await stranger.post(path + below)).status_code == 404


async def test_its_payer_gets_credit_notes_e_invoices_and_shows_her_transfer(client: Browser) -> None:
    await sign_in(client, (await make_owner()).id)
    edition = await make_edition()
    document = await issue(client, edition)
    own = await own_path()
    elsewhere = await issue(client, edition, client_id="invoice-of-tests-2")
    async with new_browser() as payer:
        assert (await payer.post(f"{own}/proof", data={})).status_code == 422
        sent = await payer.post(f"{own}/proof", files={"proof": ("ck.png", a_picture(), "image/png")})
        assert (sent.status_code, sent.headers["location"]) == (303, own)
        assert "Sent on" in (await payer.get(f"{own}?lang=en")).text
        for one in (document, elsewhere):
            amount = Money(1_000_000, "VND")
            await credit_document(document_id=one.id, amount=amount, reason="Bớt", actor=SYSTEM, now=clock_now())
        await keep_legal_file(document_id=document.id, content=b"%PDF-1.7 x", actor=SYSTEM, now=clock_now())
        (note,), (hers,) = await credit_notes_of(document.id), await credit_notes_of(elsewhere.id)
        shown = (await payer.get(f"{own}?lang=en")).text
        assert ("How to pay 19.000.000\xa0₫" in shown, "E-invoice (PDF)" in shown) == (True, True)
        assert (await payer.get(f"{own}/e-invoice.pdf")).content == b"%PDF-1.7 x"
        assert note.number in text_of((await payer.get(f"{own}/credit-notes/{note.id}")).content)
        assert (await payer.get(f"{own}/credit-notes/{hers.id}")).status_code == 404
        assert "e-invoice.xml" not in shown
        for one in (note, hers):
            content = f"<?xml version='1.0'?><x>{one.number}</x>".encode()
            await keep_legal_file(document_id=one.id, content=content, actor=SYSTEM, now=clock_now())
        for one, number in ((document, "00000777"), (note, "00000778")):
            legal = LegalInvoice(provider="MISA", series="1C26TXX", number=number, lookup=f"TRA{number}")
            await note_legal_invoice(document_id=one.id, legal=legal, actor=SYSTEM, now=clock_now())
        shown = (await payer.get(f"{own}?lang=en")).text
        for said in ("1C26TXX 00000777", "TRA00000777", "1C26TXX 00000778", "TRA00000778", "(MISA)"):
            assert said in shown
        assert f"E-invoice of {note.number} (XML)" in shown
        assert f'href="{own}/e-invoice.xml?note={note.id}"' in shown
        assert note.number.encode() in (await payer.get(f"{own}/e-invoice.xml?note={note.id}")).content
        for path in (f"xml?note={hers.id}", f"xml?note={document.id}", f"pdf?note={note.id}", "xml"):
            assert (await payer.get(f"{own}/e-invoice.{path}")).status_code == 404, path


async def test_money_for_one_that_was_taken_back_goes_back_and_the_payer_is_told(client: Browser) -> None:
    await sign_in(client, (await make_owner()).id)
    document = await issue(client, await make_edition())
    own = await own_path()
    await cancel_document(document_id=document.id, actor=SYSTEM, now=clock_now())
    async with new_browser() as payer:
        assert "Please do not pay it." in (await payer.get(f"{own}?lang=en")).text
        await pay(document)
        assert (await document_by_id(document.id)).state == DocumentState.REFUND_DUE
        assert "20.000.000\xa0₫ goes back to you" in (await payer.get(f"{own}?lang=en")).text
    desk = (await client.get(f"/manage/{document.edition_id}/payments/{document.id}")).text
    assert re.findall(r'<option value="(\w+)" selected', desk) == ["transfer"]  # as it came
    assert "goes back to you" in (await messages())[-1]["subject"]


async def test_one_that_was_taken_back_stands_no_more_when_its_money_comes_in_parts(client: Browser) -> None:
    await sign_in(client, (await make_owner()).id)
    document = await issue(client, await make_edition())
    await cancel_document(document_id=document.id, actor=SYSTEM, now=clock_now())
    for part in (12_000_000, 8_000_000):
        await pay(document, part=part)
        assert (await document_by_id(document.id)).state == DocumentState.REFUND_DUE
    assert (await document_by_id(document.id)).owed == document.amount


async def test_reminders_carry_the_link_and_phones_get_it_in_their_language(client: Browser) -> None:
    await sign_in(client, (await make_owner()).id)
    document = await issue(client, await make_edition(), contact="0912 345 678", locale="vi")
    await remind_now(document_id=document.id, actor=SYSTEM, now=clock_now())
    first, second = await messages()
    assert [one["to_address"] for one in (first, second)] == ["+84912345678"] * 2
    assert "Hóa đơn" in first["body"] or "hóa đơn" in first["body"]
    assert await own_path() in first["body"]


async def test_how_its_payer_is_reached_is_shown_to_her_and_goes_with_the_festivals_data(client: Browser) -> None:
    await sign_in(client, (await make_owner()).id)
    edition = await make_edition()
    (held,) = [one for one in DATA.held if one.key == "service_invoices"]
    her, another = Whom(emails=("ketoan@songhong.example",)), Whom(phones=("+84912345678",))
    await issue(client, edition)
    assert [row["email"] for row in await held.find(her)] == ["ketoan@songhong.example"]
    assert [await held.find(one) for one in (another, Whom())] == [[], []]
    assert [await held.erase(one, NOW) for one in (another, Whom(), her, her)] == [0, 0, 1, 0]
    await issue(client, edition, client_id="invoice-of-tests-2")
    assert [await expire(edition.id, 10), await expire(edition.id, 10)] == [1, 0]
    rows = await fetch("SELECT email, phone FROM payment_service_invoice")
    assert rows == [{"email": "", "phone": ""}] * 2


@pytest.mark.parametrize(
    ("place", "price", "tax_name", "net", "tax", "said"),
    [
        ({"timezone": "Europe/Berlin", "currency": "EUR"}, "1.234,55", "", 246_910, 0, "2,469.10\xa0EUR"),
        ({"timezone": "Asia/Jakarta", "currency": "IDR"}, "1.250.005", "id_standard", 2_500_010, 275_001, "2.775.011"),
    ],
)
async def test_an_invoice_is_in_the_currency_of_its_festival(
    client: Browser, place: dict[str, str], price: str, tax_name: str, net: int, tax: int, said: str
) -> None:
    await sign_in(client, (await make_owner()).id)
    edition = await make_edition(**place)
    if tax:
        terms = Terms(seller_name="Dinas", tax_mode=TaxMode.ADDED, tax_name=tax_name)
        await set_terms(edition_id=edition.id, terms=terms, actor=SYSTEM, now=NOW)
    typed = {"line_price-1": price, "payer_tax_code": "", "line_tax-1": tax_name}
    document = await issue(client, edition, **typed)
    assert document.amount == Money(net + tax, place["currency"])
    assert document.tax == Money(tax, place["currency"])
    (told,) = await messages()
    assert said in told["subject"]
    async with new_browser() as payer:
        shown = (await payer.get(f"{await own_path()}?lang=en")).text
        assert ("How to pay" in shown, said in shown, "VietQR" in shown) == (True, True, False)
    await pay(document)
    sums = {row["account"]: row["amount_minor"] for row in await balances(edition.id)}
    assert {name: amount for name, amount in sums.items() if amount} == {
        "bank": net + tax,
        "revenue": -net,
        **({"tax": -tax} if tax else {}),
    }
    assert {row["currency"] for row in await balances(edition.id)} == {place["currency"]}
