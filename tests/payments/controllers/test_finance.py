"""The finance desk's pages."""

import re
from datetime import date, timedelta
from html import unescape

import pytest

from app.accounts.enums import Role
from app.kernel.clock import freeze, now
from app.payments.enums import DocumentState, Settlement
from app.payments.lines import Line
from app.payments.papers import paper_of
from app.payments.queries import DocumentInfo, balances, document_by_id, payments_of
from app.payments.queries_drawers import drawers_of
from app.payments.services import telling
from app.payments.services.issuing import Part
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.factories import Seller, make_document, put_on_sale
from tests.support.client import Browser, sign_in
from tests.support.factories import make_holder, make_owner
from tests.support.pdf_text import text_of


@pytest.fixture
def seller(monkeypatch: pytest.MonkeyPatch) -> Seller:
    """A seller of orders."""
    made = Seller()
    put_on_sale(monkeypatch, made)
    return made


async def reach(_document: DocumentInfo) -> telling.Reached:
    """How a payer is written to."""
    return telling.Reached(email="lan@example.vn")


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
    assert "Not paid yet" in listed
    assert "50.000\xa0₫" in listed
    assert "No invoice fits" in (await desk.get(f"{base}?q=nobody")).text
    assert "No invoice is in this state" in (await desk.get(f"{base}?state=written_off")).text
    assert "Open invoices" in (await desk.get(f"/manage/{edition.id}")).text
    own = f"{base}/{document.id}"
    assert 'value="50.000"' in (await desk.get(own)).text
    for amount, sentence in (
        ("x", "Please write an amount"),
        ("55.000", "asks for 50.000\xa0₫; 55.000\xa0₫ is another amount"),
        ("", "fill"),
    ):
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
    assert "50.000\xa0₫ has to go back." in shown
    (payment,) = [payment for _document, payment in seller.settled]
    back = {"method": "transfer", "amount": "20.000", "note": "FT26333"}
    assert 'data-confirm="{amount:VND} went back to' in shown  # as pages say amounts
    for method, what in (("transfer", "the transfer, as"), ("terminal", "the terminal's slip.")):
        bare = await desk.post(f"{own}/refunds/{payment.id}?lang=en", data=back | {"method": method, "note": " "})
        assert (bare.status_code, f"write the number of {what}" in unescape(bare.text)) == (422, True)
    assert (await desk.post(f"{own}/refunds/{payment.id}", data=back)).status_code == 303
    assert "30.000\xa0₫ has to go back." in (await desk.get(f"{own}?lang=en")).text
    for amount, status, sentence in (
        ("rất nhiều", 422, "Please write an amount"),
        ("40.000", 409, "Of this payment 30.000\xa0₫ has to go back, not 40.000\xa0₫."),
    ):
        refused = await desk.post(f"{own}/refunds/{payment.id}?lang=en", data=back | {"amount": amount})
        assert (refused.status_code, sentence in unescape(refused.text)) == (status, True)
        assert f'value="{amount}"' in refused.text  # as it was typed
    assert (await desk.post(f"{own}/refunds/{payment.id}", data=back | {"amount": "30.000"})).status_code == 303
    assert (await document_by_id(document.id)).state == DocumentState.REFUNDED
    assert (await desk.post(f"{own}/refunds/{payment.id}", data=back)).status_code == 409
    assert (await desk.post(f"{own}/cancel")).status_code == 409


async def test_what_is_not_due_yet_is_not_written_off(client: Browser, seller: Seller) -> None:
    owner, edition = await make_owner(), await make_edition()
    parts = [Part(due_on=date(2026, 10, 15), amount_minor=30_000), Part(due_on=date(2026, 10, 30), amount_minor=20_000)]
    document = await make_document(edition, parts=parts)
    own = f"/manage/{edition.id}/payments/{document.id}"
    with freeze(NOW):
        await sign_in(client, owner.id)
        for amount, day in (("10.000", "15 Oct 2026"), ("20.000", "30 Oct 2026")):
            await client.post(f"{own}/payments", data={"method": "terminal", "amount": amount, "note": "000123"})
            shown = (await client.get(f"{own}?lang=en")).text
            facts = " ".join(re.sub(r"<[^>]*>", " ", shown).split()).split("What it is for")[0]
            assert f"To be paid by {day}" in facts
            assert (f'action="{own}/write-off"' in shown, "Overdue" in shown) == (False, day == "15 Oct 2026")
        refused = await client.post(f"{own}/write-off?lang=en")
        assert (refused.status_code, "all that is still to come is overdue" in refused.text) == (409, True)
        assert (await document_by_id(document.id)).state == DocumentState.OPEN
        document = await document_by_id(document.id)
        assert (await paper_of(document)).due == date(2026, 10, 30)
    with freeze(NOW + timedelta(days=15)):
        await sign_in(client, owner.id)
        shown = (await client.get(f"{own}?lang=en")).text
        assert (f'action="{own}/write-off"' in shown, "Still to come" in shown) == (True, True)
        assert ("20.000\xa0₫ that is still due is given up" in shown, "Overdue" in shown) == (True, True)
        assert (await client.post(f"{own}/write-off")).status_code == 303
        shown = (await client.get(f"{own}?lang=en")).text
        assert ("Still to come" in shown, "Overdue" in shown) == (False, False)
        assert re.search(r"Written off</dt><dd>20\.000\xa0₫<", shown)
    assert (await document_by_id(document.id)).state == DocumentState.WRITTEN_OFF


async def test_a_part_is_paid_a_part_taken_back_and_the_rest_written_off(desk: Browser, seller: Seller) -> None:
    edition = await make_edition()
    lines = [
        Line(description="Gian 3x3", unit_minor=100_000),
        Line(description="Hỗ trợ", unit_minor=-20_000, funded_by="Quỹ vì phụ nữ"),
    ]
    parts = [Part(due_on=date(2026, 1, 17), amount_minor=30_000), Part(due_on=date(2026, 1, 20), amount_minor=50_000)]
    document = await make_document(edition, lines=lines, parts=parts)
    own = f"/manage/{edition.id}/payments/{document.id}"
    assert (
        await desk.post(f"{own}/payments", data={"method": "terminal", "amount": "40.000", "note": "000123"})
    ).status_code == 303
    shown = (await desk.get(f"{own}?lang=en")).text
    for words in ("Borne by Quỹ vì phụ nữ", "Still to come", "40.000\xa0₫", "Instalments"):
        assert words in shown
    for form, sentence in (
        ({"credit": "x", "reason": "Sai"}, "Please write an amount"),
        ({"credit": "10.000", "reason": ""}, "fill"),
        ({"credit": "90.000", "reason": "Sai"}, "80.000\xa0₫ can be taken back"),
    ):
        refused = await desk.post(f"{own}/credits?lang=en", data=form)
        assert (refused.status_code, sentence in refused.text) == (422, True), sentence
    note = await desk.post(f"{own}/credits", data={"credit": "10.000", "reason": "Bớt bàn"})
    page = (await desk.get(f"{note.headers['location']}?lang=en")).text
    assert (f">GC{edition.id}-2026-00001</span>" in page, document.number in page) == (True, True)
    assert "Record a payment" not in page
    assert (await desk.post(f"{own}/write-off")).status_code == 303
    assert (await document_by_id(document.id)).state == DocumentState.WRITTEN_OFF
    asked = (await desk.get(f"{own}?lang=en")).text
    assert f'action="{own}/cancel"' in asked
    assert "40.000\xa0₫ that came for it has to go back. Money" in asked  # nobody knows how to reach her
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(telling, "_reach", {"order": reach})
        asked = (await desk.get(f"{own}?lang=en")).text
    assert "40.000\xa0₫ that came for it has to go back, and the payer is told." in asked
    ledger = (await desk.get(f"/manage/{edition.id}/payments/ledger?lang=en")).text
    for words in ("Written off", "30.000\xa0₫", "Card terminals", "40.000\xa0₫", "Quỹ vì phụ nữ"):
        assert words in ledger
    accounts, bearers = ledger.split('id="bearers"')
    assert ("Quỹ vì phụ nữ" in accounts, "Quỹ vì phụ nữ" in bearers) == (False, True)
    assert accounts.count("/payments/ledger#bearers") == 1
    day = now().astimezone(edition.zone).date()
    entered = (await desk.get(f"/manage/{edition.id}/payments/ledger?day={day}&lang=en")).text
    assert "Card terminals" in entered
    assert "Nothing is entered" in (await desk.get(f"/manage/{edition.id}/payments/ledger?day=2020-01-01&lang=en")).text
    (sheet,) = re.findall(r'href="([^"]+/exports/ledger[^"]*)"', entered)
    assert sheet.endswith(f"?since={day}&amp;until={day}")
    assert (await desk.get(unescape(sheet))).content[:2] == b"PK"
    assert (await desk.post(f"{own}/cancel")).status_code == 303
    cancelled = await document_by_id(document.id)
    assert (cancelled.state, cancelled.owed.amount_minor) == (DocumentState.CANCELLED, 40_000)
    assert f'action="{own}/cancel"' not in (await desk.get(own)).text


async def test_a_credit_note_is_not_to_be_paid_and_names_no_reference(desk: Browser, seller: Seller) -> None:
    edition = await make_edition()
    document = await make_document(edition)
    base = f"/manage/{edition.id}/payments"
    note = (await desk.post(f"{base}/{document.id}/credits", data={"credit": "1.000", "reason": "Sai"})).headers
    shown = (await desk.get(f"{note['location']}?lang=en")).text
    assert ("It corrects" in shown, "Reference in transfers" in shown, document.reference in shown) == (True,) + (
        False,
    ) * 2
    assert "Reference in transfers" in (await desk.get(f"{base}/{document.id}?lang=en")).text
    assert (await desk.get(f"{base}?lang=en")).text.count('class="mono muted small"') == 1  # the invoice's


async def test_the_e_invoice_of_a_provider_is_noted_and_printed(desk: Browser, seller: Seller) -> None:
    edition = await make_edition()
    document = await make_document(edition)
    own = f"/manage/{edition.id}/payments/{document.id}"
    sent = {
        "legal_provider": "VNPT",
        "legal_series": "1C26TAA",
        "legal_number": "00000123",
        "legal_lookup": "ABC123XYZ",
    }
    assert (await desk.post(f"{own}/legal", data=sent | {"legal_series": "x" * 21})).status_code == 422
    assert (await desk.post(f"{own}/legal", data=sent)).status_code == 303
    assert "1C26TAA 00000123" in (await desk.get(own)).text
    printed = await desk.get(f"{own}/document.pdf")
    assert printed.headers["content-type"] == "application/pdf"
    words = text_of(printed.content)
    for word in ("00000123", "ABC123XYZ", document.number, "50.000"):
        assert word in words
    other = await make_edition("other")
    for path in ("legal", "document.pdf"):
        assert (await desk.get(f"/manage/{other.id}/payments/{document.id}/{path}")).status_code == 404


async def test_terms_are_checked_and_hold_from_now_on(desk: Browser, seller: Seller) -> None:
    edition = await make_edition()
    path = f"/manage/{edition.id}/payments/terms"
    good = {"seller_name": "Hội LHPN", "seller_tax_code": "0100109106", "tax_mode": "included", "due_days": "10"}
    for change, sentence in (
        ({"tax_name": ""}, "choose the rate"),
        ({"tax_name": "vn_standard", "seller_tax_code": "123"}, "A tax code has ten digits"),
        ({"tax_name": "vn_standard", "seller_tax_code": "0123456789"}, "one of the ten is not right"),
        ({"tax_name": "vn_standard", "due_days": "-1"}, "Days to pay"),
        ({"tax_name": "vn_standard", "exempt_reason": "Sách"}, "With tax there is no reason to take none"),
    ):
        refused = await desk.post(f"{path}?lang=en", data=good | change)
        assert (refused.status_code, sentence in refused.text) == (422, True), sentence
    wrong = {"due_days": "-1", "seller_tax_code": "0123456789", "exempt_reason": "Sách"}
    refused = await desk.post(f"{path}?lang=en", data=good | wrong)
    for sentence in (
        "Days to pay",
        "one of the ten is not right",
        "choose the rate",
        "there is no reason to take none",
    ):
        assert sentence in refused.text
    before = await make_document(edition, subject_id=1, amount=110_000)
    assert (await desk.post(path, data=good | {"tax_name": "vn_standard"})).status_code == 303
    assert "0100109106" in (await desk.get(path)).text
    after = await make_document(edition, subject_id=2, amount=110_000)
    assert [(await document_by_id(one.id)).tax.amount_minor for one in (before, after)] == [0, 10_000]
    free = {"tax_mode": "none", "tax_name": "vn_standard", "exempt_reason": "Sách"}
    assert (await desk.post(path, data=good | free)).status_code == 303
    assert (await document_by_id((await make_document(edition, subject_id=3)).id)).tax.amount_minor == 0


async def test_cash_goes_through_the_drawer_that_is_counted(desk: Browser, seller: Seller) -> None:
    edition = await make_edition()
    path = f"/manage/{edition.id}/payments/drawers"
    assert "No drawer yet" in (await desk.get(f"{path}?lang=en")).text
    assert (await desk.post(path, data={"amount": "x"})).status_code == 422
    assert (await desk.post(path, data={"amount": "200.000"})).status_code == 303
    assert (await desk.post(path, data={"amount": "200.000"})).status_code == 409
    document = await make_document(edition)
    own = f"/manage/{edition.id}/payments/{document.id}"
    await desk.post(f"{own}/payments", data={"method": "cash", "amount": "50.000"})
    assert "250.000\xa0₫ should lie in it" in (await desk.get(f"{path}?lang=en")).text
    (drawer,) = await drawers_of(edition.id)
    close = f"{path}/{drawer.id}/close"
    assert (await desk.post(close, data={"amount": ""})).status_code == 422
    assert (await desk.post(close, data={"amount": "245.000", "note": "thiếu tờ 5"})).status_code == 303
    assert (await desk.post(close, data={"amount": "245.000"})).status_code == 404
    shown = (await desk.get(f"{path}?lang=en")).text
    for words in ("245.000\xa0₫", "thiếu tờ 5", "Open my drawer"):
        assert words in shown
    came_to = {row["account"]: row["amount_minor"] for row in await balances(edition.id)}
    assert (came_to["over_short"], came_to["cash"], came_to["safe"], "loss" in came_to) == (5_000, 0, 45_000, False)
    assert "-5.000\xa0₫" in shown
    other = await make_edition("other")
    assert (await desk.post(f"/manage/{other.id}/payments/drawers/{drawer.id}/close")).status_code == 404


async def test_a_terminals_payment_has_the_number_of_its_slip(desk: Browser, seller: Seller) -> None:
    document = await make_document(await make_edition())
    own = f"/manage/{document.edition_id}/payments/{document.id}"
    typed = {"method": "terminal", "amount": "50.000"}
    bare = await desk.post(f"{own}/payments?lang=en", data=typed)
    assert (bare.status_code, "write the number of the terminal's slip" in unescape(bare.text)) == (422, True)
    assert (await desk.post(f"{own}/payments", data=typed | {"note": "000123"})).status_code == 303
    assert [one.note for one in await payments_of(document.id)] == ["000123"]


async def test_that_the_payer_is_told_is_said_where_she_can_be(
    desk: Browser, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = await make_document(await make_edition())
    own = f"/manage/{document.edition_id}/payments/{document.id}"
    await desk.post(f"{own}/payments", data={"method": "cash", "amount": "50.000"})
    told, alone = "and the payer is told.", "No phone number or e-mail of the payer is known"
    for reaches in ({}, {"order": reach}):
        monkeypatch.setattr(telling, "_reach", reaches)
        shown = (await desk.get(f"{own}?lang=en")).text
        assert (told in shown, alone in shown) == (bool(reaches), not reaches)


async def test_only_finance_and_owners_come_in(client: Browser, seller: Seller) -> None:
    edition, other = await make_edition("one"), await make_edition("two")
    document = await make_document(edition)
    await sign_in(client, (await make_holder(Role.MANAGER, edition_id=edition.id)).id)
    assert (await client.get(f"/manage/{edition.id}/payments")).status_code == 403
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=other.id)).id)
    assert (await client.get(f"/manage/{other.id}/payments")).status_code == 200
    assert (await client.get(f"/manage/{edition.id}/payments/{document.id}")).status_code == 403
    assert (await client.get(f"/manage/{other.id}/payments/{document.id}")).status_code == 404


async def test_a_payment_is_taken_off_an_invoice_that_it_was_not_for(desk: Browser, seller: Seller) -> None:
    edition = await make_edition()
    document = await make_document(edition)
    own = f"/manage/{edition.id}/payments/{document.id}"
    assert "Take off a payment" not in (await desk.get(f"{own}?lang=en")).text
    await desk.post(f"{own}/payments", data={"method": "terminal", "amount": "50.000", "note": "000123"})
    shown = (await desk.get(f"{own}?lang=en")).text
    assert "Take off a payment" in shown
    (payment,) = [payment for _document, payment in seller.settled]
    refused = await desk.post(f"{own}/take-off?lang=en", data={"payment": f"{payment.id}", "why": ""})
    assert (refused.status_code, f'value="{payment.id}" checked' in refused.text) == (422, True)
    given = {"payment": f"{payment.id}", "why": "Sai hóa đơn"}
    elsewhere = await desk.post(f"/manage/{edition.id + 1}/payments/{document.id}/take-off", data=given)
    assert elsewhere.status_code in (403, 404)
    unknown = await desk.post(f"{own}/take-off", data=given | {"payment": f"{payment.id + 9}"})
    assert unknown.status_code == 404
    for _time in range(2):
        done = await desk.post(f"{own}/take-off", data=given)
        assert (done.status_code, done.headers["location"]) == (303, own)
    assert (await document_by_id(document.id)).state == DocumentState.OPEN
    shown = unescape((await desk.get(f"{own}?lang=en")).text)
    assert "Taken off again: Sai hóa đơn" in shown
    assert "Not for this invoice" in shown
    assert "Take off a payment" not in shown
    assert (await paper_of(await document_by_id(document.id))).payments == []


async def test_what_cannot_be_taken_off_is_said_at_the_form(desk: Browser, seller: Seller) -> None:
    edition = await make_edition()
    document = await make_document(edition)
    own = f"/manage/{edition.id}/payments/{document.id}"
    for amount in ("20.000", "30.000"):
        await desk.post(f"{own}/payments", data={"method": "terminal", "amount": amount, "note": "000123"})
    (payment,) = [payment for _document, payment in seller.settled]
    await desk.post(f"{own}/credits", data={"credit": "10.000", "reason": "Sai"})
    await desk.post(f"{own}/refunds/{payment.id}", data={"method": "terminal", "amount": "4.000", "note": "000123"})
    refused = await desk.post(f"{own}/take-off?lang=en", data={"payment": f"{payment.id}", "why": "x"})
    assert refused.status_code == 409
    assert "4.000\xa0₫ of this payment of 30.000\xa0₫ went back already" in unescape(refused.text)
    assert f'name="payment" value="{payment.id}"' not in refused.text  # the other one can be


async def test_where_cash_that_was_counted_belongs_is_asked_at_the_form(desk: Browser, seller: Seller) -> None:
    edition = await make_edition()
    wrong, right = [await make_document(edition, subject_id=number) for number in (1, 2)]
    base = f"/manage/{edition.id}/payments"
    await desk.post(f"{base}/drawers", data={"amount": "0"})
    (drawer,) = await drawers_of(edition.id)
    await desk.post(f"{base}/{wrong.id}/payments", data={"method": "cash", "amount": "50.000"})
    missing = 'name="missing"'
    assert missing not in (await desk.get(f"{base}/{wrong.id}")).text
    await desk.post(f"{base}/drawers/{drawer.id}/close", data={"amount": "50.000"})
    assert missing in (await desk.get(f"{base}/{wrong.id}")).text
    (payment,) = await payments_of(wrong.id)
    off = {"payment": f"{payment.id}", "why": "Nhầm hóa đơn"}
    for given, status, words in (
        ({}, 409, "This cash was counted with its drawer."),
        ({"instead": "INV-9"}, 422, "No other invoice of this edition has the number INV-9."),
        ({"instead": right.number, "missing": "on"}, 409, "one of the two"),
    ):
        refused = await desk.post(f"{base}/{wrong.id}/take-off?lang=en", data=off | given)
        assert (refused.status_code, refused.text.count(words), 'value="Nhầm hóa đơn"' in refused.text) == (
            status,
            1,
            True,
        )
    assert (await desk.post(f"{base}/{wrong.id}/take-off", data=off | {"instead": right.number})).status_code == 303
    assert (await document_by_id(wrong.id)).state == DocumentState.OPEN
    assert (await document_by_id(right.id)).state == DocumentState.PAID


def forms_of(shown: str, address: str) -> dict[str, str]:
    """What the form of a page that is sent to an address carries unseen."""
    (form,) = re.findall(rf'<form[^>]*action="{re.escape(address)}[#"].*?</form>', shown, re.DOTALL)
    return {"stood": re.findall('name="stood" autocomplete="off" value="([^"]*)"', form)[0]}


async def test_a_form_sent_twice_counts_once_and_one_of_an_old_page_comes_back(desk: Browser, seller: Seller) -> None:
    edition = await make_edition()
    document = await make_document(edition)
    own = f"/manage/{edition.id}/payments/{document.id}"
    opened = (await desk.get(own)).text
    typed = {"method": "terminal", "amount": "10.000", "note": "Phiếu 7"}
    paid = forms_of(opened, f"{own}/payments") | typed
    for _time in range(2):
        assert (await desk.post(f"{own}/payments", data=paid)).headers["location"] == own
    assert (await document_by_id(document.id)).paid.amount_minor == 10_000
    note = {"credit": "20.000", "reason": "Bớt bàn"}
    old = await desk.post(f"{own}/credits?lang=en", data=forms_of(opened, f"{own}/credits") | note)
    assert (old.status_code, "has changed since this page was opened" in unescape(old.text)) == (409, True)
    assert 'value="20.000"' in old.text
    credited = forms_of(old.text, f"{own}/credits") | note  # the page that came back is true
    notes = [(await desk.post(f"{own}/credits", data=credited)).headers["location"] for _time in range(2)]
    assert notes[0] == notes[1] != own
    assert (await document_by_id(document.id)).credited.amount_minor == 20_000
    rest = forms_of((await desk.get(own)).text, f"{own}/credits") | {"credit": "15.000", "reason": "Bớt nữa"}
    await desk.post(f"{own}/payments", data=typed | {"amount": "20.000"})
    paid_now = forms_of((await desk.get(own)).text, f"{own}/credits") | {"credit": "15.000", "reason": "Bớt nữa"}
    assert (await desk.post(f"{own}/credits", data=rest)).status_code == 409
    for _time in range(2):  # the second time all that is left: it asks nothing
        assert (await desk.post(f"{own}/credits", data=paid_now)).status_code == 303
    (payment,) = [one for one in await payments_of(document.id) if one.due_back.amount_minor]
    back = forms_of((await desk.get(own)).text, f"{own}/refunds/{payment.id}") | typed | {"amount": "5.000"}
    for _time in range(2):
        assert (await desk.post(f"{own}/refunds/{payment.id}", data=back)).status_code == 303
    assert (await document_by_id(document.id)).owed.amount_minor == 10_000
    other = await desk.post(f"{own}/refunds/{payment.id}?lang=en", data=back | {"amount": "6.000"})
    assert (other.status_code, "has changed since this page was opened" in unescape(other.text)) == (409, True)
    assert forms_of(other.text, f"{own}/refunds/{payment.id}") != forms_of(opened, f"{own}/payments")
