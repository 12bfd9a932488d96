"""Pages of booth fees: the organiser's list, plan and waivers; the exhibitor's own fee."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.kernel.money import Money
from app.kernel.settings import settings
from app.kernel.sheets import read_table
from app.payments.enums import DocumentState, PaymentMethod, TaxMode
from app.payments.lines import Terms
from app.payments.queries import LegalInvoice, credit_notes_of, payments_of
from app.payments.services.corrections import credit_document
from app.payments.services.legal import note_legal_invoice
from app.payments.services.legal_files import keep_legal_file
from app.payments.services.refunding import record_refund
from app.payments.services.terms import set_terms
from booths.allocation.queries import application
from booths.allocation.queries_fees import Plan, fee_plan_of
from booths.allocation.services.fees import set_fee_plan
from tests.booths.allocation.fair import Fair, invoice_of, make_fair, pay
from tests.conftest import NOW
from tests.support.client import Browser, new_browser, sign_in
from tests.support.factories import make_holder, make_owner
from tests.support.pdf_text import text_of
from tests.support.queries import counted_queries


@pytest.fixture(autouse=True)
def now(frozen_now: Any) -> None:
    """The first morning of the festival."""


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An account for transfers."""
    for name, value in (("BANK_BIN", "970436"), ("BANK_ACCOUNT", "0011001932418"), ("BANK_ACCOUNT_NAME", "HOI CHO")):
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


async def exhibitor_of(fair: Fair, application_id: int) -> Browser:
    """A browser in which the application's contact is signed in."""
    browser = new_browser()
    await sign_in(browser, (await application(fair.edition.id, application_id)).contact_id or 0)
    return browser


async def test_the_list_is_searched_filtered_billed_and_exported(client: Browser) -> None:
    await sign_in(client, (await make_owner()).id)
    fair = await make_fair(2)
    base = f"/manage/{fair.edition.id}/booth-fees"
    assert "There is nothing to bill" in (await client.get(f"{base}?lang=en")).text
    first = await fair.exhibitor(0, name="Lụa Vạn Phúc")
    await fair.exhibitor(1, name="Gốm Bát Tràng")
    shown = (await client.get(f"{base}?q=lua")).text
    assert ("Lụa Vạn Phúc" in shown, "Gốm Bát Tràng" in shown) == (True, False)
    assert f"{base}/bill" in shown
    answer = await client.post(f"{base}/bill?lang=en")
    assert (answer.status_code, answer.headers["location"]) == (303, base)
    assert "2 booths were billed" in (await client.get(f"{base}?lang=en")).text
    assert (
        "Every booth was billed already."
        in (await client.get((await client.post(f"{base}/bill")).headers["location"])).text
    )
    await pay(await invoice_of(first))
    table = read_table((await client.get(f"{base}/export.xlsx?state=paid")).content, "a.xlsx")
    assert [str(row.values[0]) for row in table.rows][-1:] == ["Lụa Vạn Phúc"]
    assert "No booth fits" in (await client.get(f"{base}?state=borne&lang=en")).text


@pytest.mark.parametrize("count", [1, 3])
async def test_the_list_takes_as_many_queries_for_three_as_for_one(client: Browser, count: int) -> None:
    await sign_in(client, (await make_owner()).id)
    fair = await make_fair(count)
    for number in range(count):
        await fair.exhibitor(number)
    await fair.bill()
    address = f"/manage/{fair.edition.id}/booth-fees"
    await client.get(address)
    with counted_queries() as sent:
        await client.get(address)
    assert len(sent) <= 14


async def test_finance_writes_the_plan_and_a_manager_does_not(client: Browser) -> None:
    fair = await make_fair(1)
    address = f"/manage/{fair.edition.id}/booth-fees/plan"
    await sign_in(client, (await make_holder(Role.MANAGER, edition_id=fair.edition.id)).id)
    assert (await client.get(address)).status_code == 403
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=fair.edition.id)).id)
    shown = (await client.get(address)).text
    assert 'name="first_days" value="7"' in shown  # as the terms have it
    typed = {"first_percent": "40", "first_days": "5", "rest_due_on": ""}
    refused = await client.post(f"{address}?lang=en", data=typed)
    assert (refused.status_code, "Please say when the rest is due." in refused.text) == (422, True)
    refused = await client.post(f"{address}?lang=en", data={**typed, "rest_due_on": "2026-10-15"})
    assert (refused.status_code, "This day is over." in refused.text) == (422, True)
    assert await fee_plan_of(fair.edition.id) is None
    refused = await client.post(f"{address}?lang=en", data={**typed, "first_days": "17", "rest_due_on": "2026-11-02"})
    assert (refused.status_code, "The first part is due on 2 Nov 2026." in refused.text) == (422, True)
    answer = await client.post(address, data={**typed, "rest_due_on": "2026-11-02"})
    assert answer.status_code == 303
    plan = await fee_plan_of(fair.edition.id)
    assert plan is not None
    assert (plan.first_percent, plan.first_days, str(plan.rest_due_on)) == (40, 5, "2026-11-02")
    shown = (await client.get(f"/manage/{fair.edition.id}/booth-fees?lang=en")).text
    assert (
        "40 percent are due 5 days after the invoice, the rest on 2 Nov" in shown or "the rest on 02/11/2026" in shown
    )
    await client.post(address, data={**typed, "first_percent": "100", "rest_due_on": "2026-11-02"})
    shown = (await client.get(f"/manage/{fair.edition.id}/booth-fees?lang=en")).text
    assert "Fees are due as a whole, 5 days after the invoice." in shown


async def test_who_bears_a_part_is_written_down_before_billing(client: Browser) -> None:
    await sign_in(client, (await make_owner()).id)
    fair = await make_fair(1)
    application_id = await fair.exhibitor(0)
    address = f"/manage/{fair.edition.id}/booth-fees/{application_id}"
    assert address in (await client.get(f"/manage/{fair.edition.id}/applications/{application_id}")).text
    refused = await client.post(f"{address}?lang=en", data={"amount": "500.000", "waived_by": ""})
    assert (refused.status_code, "Please say who bears it." in refused.text) == (422, True)
    for nothing in ("", "0"):
        refused = await client.post(f"{address}?lang=en", data={"amount": nothing, "waived_by": "SHB"})
        assert (refused.status_code, "Please say how much of it, or leave" in refused.text) == (422, True)
    refused = await client.post(f"{address}?lang=en", data={"amount": "9" * 20, "waived_by": "SHB"})
    assert (refused.status_code, "The amount is more than 1.000.000" in refused.text) == (422, True)
    refused = await client.post(f"{address}?lang=en", data={"amount": "five", "waived_by": "SHB"})
    assert refused.status_code == 422
    refused = await client.post(f"{address}?lang=en", data={"amount": "3.000.001", "waived_by": "SHB"})
    assert (refused.status_code, "The booth costs 3.000.000\xa0₫: nobody bears more" in refused.text) == (422, True)
    assert (await application(fair.edition.id, application_id)).waived_minor == 0
    assert (await client.post(address, data={"amount": "3.000.000", "waived_by": "SHB"})).status_code == 303
    assert (await client.post(address, data={"amount": "500.000", "waived_by": "SHB"})).status_code == 303
    assert 'value="500.000"' in (await client.get(address)).text
    await fair.bill()
    assert (await invoice_of(application_id)).amount.amount_minor == 2_500_000
    assert "500.000\xa0₫ is borne by SHB" in (await client.get(f"{address}?lang=en")).text
    late = await client.post(address, data={"amount": "", "waived_by": ""})
    assert late.status_code == 409
    assert (await client.get(f"/manage/{fair.edition.id}/booth-fees/999999")).status_code == 404


async def test_an_exhibitor_sees_her_fee_pays_it_and_sees_it_go_back(client: Browser, bank: None) -> None:
    await sign_in(client, (await make_owner()).id)
    fair = await make_fair(1)
    application_id = await fair.exhibitor(0)
    data = {"first_percent": "40", "first_days": "5", "rest_due_on": "2026-11-02"}
    await client.post(f"/manage/{fair.edition.id}/booth-fees/plan", data=data)
    await client.post(
        f"/manage/{fair.edition.id}/booth-fees/{application_id}", data={"amount": "500000", "waived_by": "SHB"}
    )
    await fair.bill()
    document = await invoice_of(application_id)
    own = f"{fair.edition.path}/apply/mine/{application_id}"
    async with await exhibitor_of(fair, application_id) as browser:
        shown = (await browser.get(f"{own}?lang=en")).text
        for said in (
            "2.500.000\xa0₫",
            "-500.000\xa0₫",
            "SHB",
            "How to pay 1.000.000\xa0₫",
            document.reference,
            "VietQR",
        ):
            assert said in shown, said
        assert f"{own}/fee/{document.id}/card" not in shown  # cards are not set up
        assert (await browser.post(f"{own}/fee/{document.id}/card")).status_code == 503
        assert (await browser.get(f"{own}/fee/{document.id}/card")).headers["location"] == own
        paper = await browser.get(f"{own}/fee/{document.id}/invoice.pdf")
        assert paper.content.startswith(b"%PDF-")
        organisation_id = (await application(fair.edition.id, application_id)).organisation_id
        home = (await browser.get(f"/exhibitor/{organisation_id}/{fair.edition.id}?lang=en")).text
        assert "Pay the booth&#39;s fee" in home
        assert "1.000.000\xa0₫ is due next" in home
        await pay(document, 1_000_000)
        assert "How to pay 1.500.000\xa0₫" in (await browser.get(f"{own}?lang=en")).text
        await pay(document, 1_500_000)
        shown = (await browser.get(f"{own}?lang=en")).text
        assert ("How to pay" in shown, "Receipt" in shown) == (False, True)
        await fair.take_back(0)
        assert "2.500.000\xa0₫ goes back to you" in (await browser.get(f"{own}?lang=en")).text
        for payment in await payments_of(document.id):
            await record_refund(payment_id=payment.id, method=PaymentMethod.TRANSFER, actor=SYSTEM, now=NOW)
        shown = (await browser.get(f"{own}?lang=en")).text
        assert "1.500.000\xa0₫ went back to you on" in shown
        assert "Credit note" in shown
    assert (await invoice_of(application_id)).state == DocumentState.REFUNDED


async def test_without_an_account_it_is_said_before_billing_and_to_the_exhibitor(client: Browser) -> None:
    await sign_in(client, (await make_owner()).id)
    fair = await make_fair(1)
    application_id = await fair.exhibitor(0)
    base = f"/manage/{fair.edition.id}/booth-fees?lang=en"
    assert "No bank account is set." in (await client.get(base)).text
    await fair.bill()
    assert "No bank account is set." not in (await client.get(base)).text  # nothing is left to bill
    document = await invoice_of(application_id)
    async with await exhibitor_of(fair, application_id) as browser:
        shown = (await browser.get(f"{fair.edition.path}/apply/mine/{application_id}?lang=en")).text
        assert f"The organisers tell you how to pay. Please name invoice {document.number}" in shown
    told = (await client.get(f"/manage/{fair.edition.id}/payments/{document.id}?lang=en")).text
    assert "What the payer was told" in told
    assert "The invoice for your booth" in told or "Hóa đơn" in told.partition("What the payer was told")[2]


async def test_an_exhibitor_shows_that_her_transfer_was_sent(client: Browser, bank: None) -> None:
    fair = await make_fair(1)
    application_id = await fair.exhibitor(0)
    await fair.bill()
    own = f"{fair.edition.path}/apply/mine/{application_id}"
    proof = f"{own}/fee/{(await invoice_of(application_id)).id}/proof"
    screen = BytesIO()
    Image.new("RGB", (40, 80), "#0B6E4F").save(screen, "PNG")
    async with await exhibitor_of(fair, application_id) as browser:
        assert proof in (await browser.get(own)).text
        nothing = await browser.post(f"{proof}?lang=en", data={})
        assert (nothing.status_code, "Choose a file" in nothing.text) == (422, True)
        rubbish = await browser.post(f"{proof}?lang=en", files={"proof": ("a.png", b"no picture", "image/png")})
        assert (rubbish.status_code, rubbish.text.count("Send the proof")) == (422, 1)
        sent = await browser.post(proof, files={"proof": ("ck.png", screen.getvalue(), "image/png")})
        assert (sent.status_code, sent.headers["location"]) == (303, own)
        assert "Sent on" in (await browser.get(f"{own}?lang=en")).text
        assert (await browser.get(proof)).headers["location"] == own


async def test_who_helps_at_a_booth_is_not_led_to_its_fee(client: Browser) -> None:
    fair = await make_fair(1)
    application_id = await fair.exhibitor(0)
    await fair.bill()
    organisation_id = (await application(fair.edition.id, application_id)).organisation_id
    member = await make_holder(
        Role.EXHIBITOR_MEMBER, edition_id=fair.edition.id, organisation_id=organisation_id, now=NOW
    )
    await sign_in(client, member.id)
    home = (await client.get(f"/exhibitor/{organisation_id}/{fair.edition.id}?lang=en")).text
    assert ("Print the poster" in home, "Pay the booth" in home) == (True, False)
    assert (await client.get(f"{fair.edition.path}/apply/mine/{application_id}")).status_code == 404


async def test_a_fee_that_others_bear_whole_is_said_to_be_so(client: Browser, bank: None) -> None:
    await sign_in(client, (await make_owner()).id)
    fair = await make_fair(1)
    application_id = await fair.exhibitor(0)
    own, desk = f"{fair.edition.path}/apply/mine/{application_id}", f"/manage/{fair.edition.id}"
    await client.post(f"{desk}/booth-fees/{application_id}", data={"amount": "3.000.000", "waived_by": "SHB"})
    said = "Nothing is to be paid: SHB bears all of 3.000.000\xa0₫."
    async with await exhibitor_of(fair, application_id) as browser:
        assert said in (await browser.get(f"{own}?lang=en")).text  # before it is billed, too
        assert (
            "1 booth was billed"
            in (await client.get((await client.post(f"{desk}/booth-fees/bill?lang=en")).headers["location"])).text
        )
        document = await invoice_of(application_id)
        shown = (await browser.get(f"{own}?lang=en")).text
        assert (shown.count(said), document.number in shown, "How to pay" in shown) == (1, True, False)
        assert not [word for word in ("VietQR", "Receipt", document.reference) if word in shown]
        organisation_id = (await application(fair.edition.id, application_id)).organisation_id
        assert said in (await browser.get(f"/exhibitor/{organisation_id}/{fair.edition.id}?lang=en")).text
        paper = text_of((await browser.get(f"{own}/fee/{document.id}/invoice.pdf")).content)
        assert "Không phải trả gì theo hóa đơn này: SHB chịu toàn bộ 3.000.000 ₫." in " ".join(paper.split())
        listed = (await client.get(f"{desk}/booth-fees?state=borne&lang=en")).text
        assert (document.number in listed, "Borne by others" in listed) == (True, True)
        shown = (await client.get(f"{desk}/payments/{document.id}?lang=en")).text
        assert "The payer has nothing to pay: others bear all of it." in shown
        assert not [one for one in ("Record a payment", "Take a part back", "Remind the payer") if one in shown]
        assert "Record what came from them" in shown
        assert (await client.post(f"{desk}/payments/{document.id}/cancel")).status_code == 303
        assert "This invoice was taken back." in (await browser.get(f"{own}?lang=en")).text
    shown = (await client.get(f"{desk}/payments/{document.id}?lang=en")).text
    assert not [one for one in ("Record a payment", "has nothing to pay") if one in shown]


async def test_what_is_billed_to_whom_is_shown_with_tax_before_it_is_billed(client: Browser) -> None:
    await sign_in(client, (await make_owner()).id)
    fair = await make_fair(1, price_minor=5_900_000)
    terms = Terms(tax_mode=TaxMode.ADDED, tax_name="vn_reduced")
    await set_terms(edition_id=fair.edition.id, terms=terms, actor=SYSTEM, now=NOW)
    application_id = await fair.exhibitor(0)
    address = f"/manage/{fair.edition.id}/booth-fees/{application_id}"
    assert "All that is billed for this booth is 6.372.000\xa0₫." in (await client.get(f"{address}?lang=en")).text
    refused = await client.post(f"{address}?lang=en", data={"amount": "6.372.001", "waived_by": "SHB"})
    assert (refused.status_code, "The booth costs 6.372.000\xa0₫: nobody" in refused.text) == (422, True)
    assert (await client.post(address, data={"amount": "5.000.000", "waived_by": "SHB"})).status_code == 303
    for billed in (False, True):
        if billed:
            await fair.bill()
        text = " ".join(re.sub(r"<[^>]*>", " ", (await client.get(f"{address}?lang=en")).text).split())
        said = "With tax 6.372.000 ₫ Paid by the exhibitor 1.372.000 ₫ Paid by SHB 5.000.000 ₫"
        assert said in text
        listed = (await client.get(f"/manage/{fair.edition.id}/booth-fees?lang=en")).text
        assert not [one for one in ("6.372.000\xa0₫ with tax", "1.372.000\xa0₫", "5.000.000\xa0₫") if one not in listed]
    assert (await invoice_of(application_id)).amount.amount_minor == 1_372_000
    table = read_table((await client.get(f"/manage/{fair.edition.id}/booth-fees/export.xlsx")).content, "a.xlsx")
    assert [str(one) for one in table.rows[-1].values[2:7]] == ["5900000", "6372000", "5000000", "SHB", "1372000"]


async def test_nobody_sees_the_fee_of_another_exhibitor(client: Browser) -> None:
    fair = await make_fair(2)
    hers, mine = [await fair.exhibitor(number) for number in range(2)]
    await fair.bill()
    document = await invoice_of(hers)
    base = f"{fair.edition.path}/apply/mine"
    async with await exhibitor_of(fair, mine) as browser:
        for own in (hers, mine):  # neither under her address nor under one's own
            assert (await browser.get(f"{base}/{own}/fee/{document.id}/invoice.pdf")).status_code == 404
            for way in ("card", "proof"):
                assert (await browser.post(f"{base}/{own}/fee/{document.id}/{way}")).status_code == 404
        assert (await browser.get(f"{base}/{hers}")).status_code == 404
        assert document.reference not in (await browser.get(f"{base}/{mine}")).text
    async with new_browser() as stranger:
        assert "/sign-in" in (await stranger.get(f"{base}/{hers}/fee/{document.id}/invoice.pdf")).headers["location"]


async def test_what_a_credit_note_took_back_is_neither_to_pay_nor_has_it_come(client: Browser) -> None:
    fair = await make_fair(1)
    application_id = await fair.exhibitor(0)
    plan = Plan(first_percent=50, rest_due_on=date(2026, 11, 30))
    await set_fee_plan(edition_id=fair.edition.id, plan=plan, actor=SYSTEM, now=NOW)
    await fair.bill()
    document = await invoice_of(application_id)
    await credit_document(document_id=document.id, amount=Money(100_000, "VND"), reason="Bớt", actor=SYSTEM, now=NOW)
    async with await exhibitor_of(fair, application_id) as browser:
        shown = (await browser.get(f"{fair.edition.path}/apply/mine/{application_id}?lang=en")).text
    text = " ".join(re.sub(r"<[^>]*>", " ", shown).split())
    assert "To pay 2.900.000 ₫ Taken back by credit notes 100.000 ₫ Invoice" in text
    assert "30 Oct 2026 1.400.000 ₫ 0 ₫ 30 Nov 2026 1.500.000 ₫ 0 ₫ How to pay 1.400.000 ₫" in text


async def test_an_exhibitor_gets_the_files_of_her_e_invoice_and_nobody_elses(client: Browser) -> None:
    await sign_in(client, (await make_owner()).id)
    fair = await make_fair(2)
    first, second = await fair.exhibitor(0), await fair.exhibitor(1)
    await fair.bill()
    document = await invoice_of(first)
    await pay(document)
    own = f"{fair.edition.path}/apply/mine/{first}"
    file = f"{own}/fee/{document.id}/e-invoice"
    async with await exhibitor_of(fair, first) as browser, await exhibitor_of(fair, second) as other:
        assert "e-invoice" not in (await browser.get(own)).text
        assert (await browser.get(f"{file}.pdf")).status_code == 404
        await credit_document(
            document_id=document.id, amount=Money(100_000, "VND"), reason="Bớt", actor=SYSTEM, now=NOW
        )
        (note,) = await credit_notes_of(document.id)
        for document_id, content in ((document.id, b"%PDF-1.7 one"), (note.id, b"<?xml version='1.0'?><two/>")):
            await keep_legal_file(document_id=document_id, content=content, actor=SYSTEM, now=NOW)
        legal = LegalInvoice(provider="MISA", series="1C26TXX", number="00000777", lookup="X7F2")
        await note_legal_invoice(document_id=document.id, legal=legal, actor=SYSTEM, now=NOW)
        shown = (await browser.get(f"{own}?lang=en")).text
        assert (f'href="{file}.pdf"' in shown, f'href="{file}.xml"' in shown) == (True, False)
        assert f'href="{file}.xml?note={note.id}"' in shown
        assert f"E-invoice of {note.number} (XML)" in shown
        assert ("1C26TXX 00000777" in shown, "X7F2" in shown) == (True, True)
        assert (await browser.get(f"{file}.pdf")).content == b"%PDF-1.7 one"
        assert (await browser.get(f"{file}.xml?note={note.id}")).content == b"<?xml version='1.0'?><two/>"
        assert (await other.get(f"{file}.pdf")).status_code == 404
        hers = f"{fair.edition.path}/apply/mine/{second}"
        assert (await other.get(f"{hers}/fee/{document.id}/e-invoice.pdf")).status_code == 404
