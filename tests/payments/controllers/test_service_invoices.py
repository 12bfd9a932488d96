"""Invoices for services and sponsors: made by finance, paid by whoever holds the link, told of on the way."""

from __future__ import annotations

import re
from html import unescape
from unicodedata import normalize

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.kernel.clock import now as clock_now
from app.kernel.database import fetch
from app.kernel.money import Money, format_money, typed_money
from app.payments.enums import SERVICE_PURPOSE, DocumentState, PaymentMethod, TaxMode
from app.payments.lines import Terms
from app.payments.queries import balances, document_by_id, lines_of, parts_of
from app.payments.queries_borne import borne_of
from app.payments.services.recording import record_payment
from app.payments.services.terms import set_qris, set_terms
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.books import check_books
from tests.payments.controllers.service_invoices import TYPED, a_picture, agreed, bank, issue, messages, own_path, pay
from tests.support.client import Browser, new_browser, sign_in
from tests.support.factories import make_holder, make_owner
from tests.support.pdf_text import text_of
from tests.support.race import race, winners

pytestmark = pytest.mark.engines

__all__ = ["bank"]
#: What somebody else bears of the first line: all of it.
WHOLE = {"line_borne-1": "20.000.000", "line_borne_by-1": "Sở Công Thương"}


async def test_finance_bills_a_sponsor_who_pays_on_her_page(client: Browser) -> None:
    edition = await make_edition()
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=edition.id)).id)
    assert f'href="/manage/{edition.id}/payments/new"' in (await client.get(f"/manage/{edition.id}/payments")).text
    assert "Left empty: 7 days from now." in (await client.get(f"/manage/{edition.id}/payments/new?lang=en")).text
    document = await issue(client, edition, due_on="2026-11-30")
    assert (document.purpose, document.state, document.amount) == (
        SERVICE_PURPOSE,
        DocumentState.OPEN,
        Money(20_000_000, "VND"),
    )
    assert (document.payer_name, document.payer_address, document.payer_tax_code, str(document.due_on)) == (
        "Ngân hàng Sông Hồng",
        "1 Tràng Tiền, Hà Nội",
        "0100109106",
        "2026-11-30",
    )
    (told,) = await messages()
    assert told["to_address"] == "ketoan@songhong.example"
    assert told["subject"] == f"Invoice {document.number}: 20.000.000\xa0₫ to be paid by 30 Nov 2026"
    own = await own_path()
    async with new_browser() as payer:
        shown = (await payer.get(f"{own}?lang=en")).text
        for said in ("How to pay 20.000.000\xa0₫", document.reference, "VietQR", "Tài trợ vàng", "Ngân hàng Sông Hồng"):
            assert said in shown, said
        assert "<dd>Vietcombank</dd>" in shown
        assert f'action="{own}/card"' not in shown  # cards are not set up
        assert (await payer.post(f"{own}/card")).status_code == 503
        assert (await payer.get(f"{own}/card")).headers["location"] == own
        paper = (await payer.get(f"{own}/invoice.pdf")).content
        assert document.number in text_of(paper)
        await pay(document)
        shown = (await payer.get(f"{own}?lang=en")).text
        assert ("How to pay" in shown, "Receipt" in shown) == (False, True)
    assert [one["subject"] for one in await messages()][1:] == [f"Invoice {document.number} is paid"]
    sums = {row["account"]: row["amount_minor"] for row in await balances(edition.id)}
    assert sums == {"bank": 20_000_000, "receivable": 0, "revenue": -20_000_000}
    assert "payment.invoice" in [row["action"] for row in await fetch("SELECT action FROM audit_entry")]


async def test_each_line_has_its_rate_or_says_why_it_is_exempt(client: Browser) -> None:
    await sign_in(client, (await make_owner()).id)
    edition = await make_edition()
    terms = Terms(seller_name="Hội LHPN", tax_mode=TaxMode.ADDED, tax_name="vn_reduced")
    await set_terms(edition_id=edition.id, terms=terms, actor=SYSTEM, now=NOW)
    more = {
        "line_what-2": "In ấn",
        "line_price-2": "1.000.000",
        "line_tax-2": "vn_standard",
        "line_what-3": "Tập huấn",
        "line_price-3": "500.000",
        "line_tax-3": "exempt",
        "line_exempt-3": "Dạy nghề",
    }
    document = await issue(client, edition, **more)
    assert [
        (one.description, one.quantity, one.tax_rate, one.tax_minor, one.exempt_reason)
        for one in await lines_of(document.id)
    ] == [
        ("Tài trợ vàng", 2, 800, 1_600_000, ""),
        ("In ấn", 1, 1_000, 100_000, ""),
        ("Tập huấn", 1, None, 0, "Dạy nghề"),
    ]
    assert document.amount.amount_minor == 20_000_000 + 1_600_000 + 1_100_000 + 500_000


async def test_it_is_paid_in_two_parts_each_asked_for_in_its_turn(client: Browser) -> None:
    await sign_in(client, (await make_owner()).id)
    edition = await make_edition()
    terms = Terms(seller_name="Hội LHPN", tax_mode=TaxMode.ADDED, tax_name="vn_reduced")
    await set_terms(edition_id=edition.id, terms=terms, actor=SYSTEM, now=NOW)
    document = await issue(client, edition, due_on="2026-10-30", first_percent="40", rest_due_on="2026-11-30")
    assert [(str(one.due_on), one.amount.amount_minor) for one in await parts_of(document)] == [
        ("2026-10-30", 8_640_000),
        ("2026-11-30", 12_960_000),
    ]
    (told,) = await messages()
    assert told["subject"] == f"Invoice {document.number}: 8.640.000\xa0₫ to be paid by 30 Oct 2026"
    assert "21.600.000\xa0₫" in told["body"]
    assert "8.640.000\xa0₫ is to be paid by 30 Oct 2026, and the rest by 30 Nov 2026" in told["body"]
    own, desk = await own_path(), f"/manage/{edition.id}/payments/{document.id}?lang=en"
    async with new_browser() as payer:
        for asked, came in ((8_640_000, 0), (4_640_000, 4_000_000), (12_960_000, 4_640_000)):
            if came:
                amount = Money(came, "VND")
                how = {"method": PaymentMethod.CASH, "actor": SYSTEM, "now": clock_now()}
                await record_payment(document_id=document.id, amount=amount, **how)
            shown = (await payer.get(f"{own}?lang=en")).text
            said = format_money(Money(asked, "VND"), "en")
            assert f"How to pay {said}" in shown
            assert ("30 Oct 2026" in shown, "30 Nov 2026" in shown) == (True, True)
            assert f'name="amount" value="{typed_money(Money(asked, "VND"))}"' in (await client.get(desk)).text
            assert " ".join(f"Amount {said}".split()) in " ".join(
                text_of((await payer.get(f"{own}/invoice.pdf")).content).split()
            )
    assert (await document_by_id(document.id)).state == DocumentState.OPEN
    rest = (await document_by_id(document.id)).due
    await record_payment(document_id=document.id, method=PaymentMethod.CASH, amount=rest, actor=SYSTEM, now=clock_now())
    came = [f"{amount}\xa0₫ has come for {document.number}" for amount in ("4.000.000", "4.640.000")]
    assert [one["subject"] for one in await messages()][1:] == [*came, f"Invoice {document.number} is paid"]


async def test_qris_asks_for_the_part_that_is_next(client: Browser) -> None:
    await sign_in(client, (await make_owner()).id)
    edition = await make_edition("jakarta", timezone="Asia/Jakarta", currency="IDR")
    await set_qris(edition_id=edition.id, picture=a_picture(), actor=SYSTEM, now=NOW)
    typed = {"payer_tax_code": "", "first_percent": "30", "rest_due_on": "2026-11-30"}
    await issue(client, edition, **typed)
    own = await own_path()
    async with new_browser() as payer:
        shown = (await payer.get(f"{own}?lang=en")).text
    (by_qris,) = re.findall(r'aria-labelledby="qris".*?</section>', shown, re.DOTALL)
    assert ("Rp6.000.000" in by_qris, "Rp20.000.000" in by_qris) == (True, False)


async def test_phones_are_told_of_parts_in_their_language(client: Browser) -> None:
    await sign_in(client, (await make_owner()).id)
    typed = {"contact": "0912 345 678", "locale": "vi", "first_percent": "50", "rest_due_on": "2026-11-30"}
    document = await issue(client, await make_edition(), **typed)
    assert str(document.due_on) == "2026-10-23"  # as the terms have it
    (told,) = await messages()
    for said in ("20.000.000\xa0₫", "10.000.000\xa0₫", "23/10/2026", "30/11/2026"):
        assert said in told["body"], said


async def test_what_somebody_else_bears_of_a_line_is_a_line_taxed_alike_and_her_debt(client: Browser) -> None:
    await sign_in(client, (await make_owner()).id)
    edition = await make_edition()
    terms = Terms(seller_name="Hội LHPN", tax_mode=TaxMode.ADDED, tax_name="vn_reduced")
    await set_terms(edition_id=edition.id, terms=terms, actor=SYSTEM, now=NOW)
    more = {
        "line_borne-1": "5.000.000",
        "line_borne_by-1": "Sở Công Thương",
        "line_what-2": "Tập huấn",
        "line_price-2": "1.000.000",
        "line_tax-2": "exempt",
        "line_exempt-2": "Dạy nghề",
        "line_borne-2": "1.000.000",
        "line_borne_by-2": "Quỹ Bình Minh",
    }
    document = await issue(client, edition, **more)
    assert [
        (one.description, one.net_minor, one.tax_minor, one.tax_rate, one.exempt_reason, one.funded_by)
        for one in await lines_of(document.id)
    ] == [
        ("Tài trợ vàng", 20_000_000, 1_600_000, 800, "", ""),
        ("Borne by Sở Công Thương", -4_629_630, -370_370, 800, "", "Sở Công Thương"),
        ("Tập huấn", 1_000_000, 0, None, "Dạy nghề", ""),
        ("Borne by Quỹ Bình Minh", -1_000_000, 0, None, "Dạy nghề", "Quỹ Bình Minh"),
    ]
    assert document.amount.amount_minor == 16_600_000
    assert {(row["account"], row["detail"]): row["amount_minor"] for row in await balances(edition.id)} == {
        ("receivable", ""): 16_600_000,
        ("revenue", ""): -21_000_000,
        ("tax", ""): -1_600_000,
        ("subsidy", "Sở Công Thương"): 5_000_000,
        ("subsidy", "Quỹ Bình Minh"): 1_000_000,
    }
    own = await own_path()
    async with new_browser() as payer:
        shown = (await payer.get(f"{own}?lang=en")).text
        assert ("How to pay 16.600.000\xa0₫" in shown, "-5.000.000\xa0₫" in shown) == (True, True)
        paper = " ".join(text_of((await payer.get(f"{own}/invoice.pdf")).content).split())
    desk = (await client.get(f"/manage/{edition.id}/payments/{document.id}?lang=en")).text
    (desk,) = re.findall(r"<h2>What it is for</h2>.*?</section>", desk, re.DOTALL)
    assert [text.count("Sở Công Thương") for text in (shown, paper, desk)] == [1, 1, 1]


async def test_one_that_others_bear_whole_asks_for_nothing_and_stands_in_the_books(client: Browser) -> None:
    await sign_in(client, (await make_owner()).id)
    edition = await make_edition()
    terms = Terms(seller_name="Hội LHPN", tax_mode=TaxMode.ADDED, tax_name="vn_reduced")
    await set_terms(edition_id=edition.id, terms=terms, actor=SYSTEM, now=NOW)
    whole = WHOLE | {"line_borne-1": "21.600.000"}
    document = await issue(client, edition, **whole)
    assert (document.state, document.amount.amount_minor, document.due_on) == (DocumentState.PAID, 0, None)
    assert (await issue(client, edition, **whole)).id == document.id  # sent twice it is one
    assert {(row["account"], row["detail"]): row["amount_minor"] for row in await balances(edition.id)} == {
        ("revenue", ""): -20_000_000,
        ("tax", ""): -1_600_000,
        ("subsidy", "Sở Công Thương"): 21_600_000,
    }
    (told,) = await messages()
    assert told["subject"] == f"Invoice {document.number}: you have nothing to pay"
    assert "costs 21.600.000\xa0₫. Sở Công Thương bears all of it: you have nothing to pay." in told["body"]
    own = await own_path()
    async with new_browser() as payer:
        shown = unescape((await payer.get(f"{own}?lang=en")).text)
        assert "You have nothing to pay: Sở Công Thương bears all of 21.600.000\xa0₫." in shown
        assert not [said for said in ("How to pay", "Receipt", f'action="{own}/proof"') if said in shown]
        paper = text_of((await payer.get(f"{own}/invoice.pdf")).content)
        assert (document.number in paper, "Nothing is to be paid on this invoice" in " ".join(paper.split())) == (
            True,
        ) * 2
    desk = f"/manage/{edition.id}/payments/{document.id}"
    (borne,) = await borne_of(document.id)
    came = {"borne_by": str(borne.line_id), "borne_method": "transfer", "borne_amount": "21.600.000"}
    assert (await client.post(f"{desk}/payments", data=came)).status_code == 303
    await check_books(edition)
    assert (await client.post(f"{desk}/cancel")).status_code == 303
    assert (await document_by_id(document.id)).state == DocumentState.CANCELLED
    assert (await borne_of(document.id))[0].due_back.amount_minor == 21_600_000
    await check_books(edition)
    assert [one["subject"] for one in await messages()][1:] == [f"Invoice {document.number} was taken back"]
    assert "on which you had nothing to pay" in (await messages())[-1]["body"]


async def test_a_bearer_is_one_debtor_however_she_is_spelled_and_is_offered(client: Browser) -> None:
    await sign_in(client, (await make_owner()).id)
    edition = await make_edition()
    form = f"/manage/{edition.id}/payments/new"
    assert re.findall(r'<datalist id="bearers">(.*?)</datalist>', (await client.get(form)).text) == [""]
    spelled = ("Sở Công Thương Hòa Bình", "sở công thương  hoà bình ", normalize("NFD", "SỞ CÔNG THƯƠNG HÒA BÌNH"))
    for number, name in enumerate(spelled):
        two = {"line_what-2": "In ấn", "line_price-2": "1.000.000", "line_borne-2": "500.000"}
        borne = {"line_borne-1": "5.000.000", "line_borne_by-1": name, **two, "line_borne_by-2": name.upper()}
        document = await issue(client, edition, client_id=f"invoice-of-tests-{number}", **borne)
        assert {one.funded_by for one in await lines_of(document.id)} == {"", spelled[0]}
        assert {one.description for one in await lines_of(document.id) if one.funded_by} == {f"Borne by {spelled[0]}"}
    await issue(
        client,
        edition,
        client_id="invoice-of-tests-x",
        **{"line_borne-1": "1.000", "line_borne_by-1": "Số Công Thương"},
    )
    (offered,) = re.findall(r'<datalist id="bearers">(.*?)</datalist>', (await client.get(form)).text)
    assert re.findall(r'value="([^"]+)"', offered) == [spelled[0], "Số Công Thương"]
    assert 'name="line_borne_by-1"' in (await client.get(form)).text
    assert {row["detail"]: row["amount_minor"] for row in await balances(edition.id) if row["detail"]} == {
        spelled[0]: 16_500_000,
        "Số Công Thương": 1_000,
    }


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"contact": "nobody"}, "Please write a phone number"),
        ({"payer_name": ""}, "payer_name"),
        ({"payer_tax_code": "0100109107"}, "payer_tax_code"),
        ({"due_on": "2026-10-15"}, "This day is over."),
        ({"line_what-1": ""}, "line_what-1"),
        ({"line_price-1": "many"}, "Please write an amount, such as 250.000."),
        ({"line_price-1": "0"}, "The amount has to be above zero."),
        (
            {"line_price-1": "999.999.999.999.999", "line_number-1": "100000"},
            "The amount is more than 1.000.000.000.000.000\xa0₫",
        ),
        ({"line_number-1": "0"}, "line_number-1"),
        ({"line_tax-1": "vn_standard"}, "Please choose one of the list."),  # the terms take no tax
        ({"line_tax-1": "exempt"}, "Please say why no tax is taken."),
        ({"line_what-2": "Quà"}, "line_price-2"),
        ({"client_id": ""}, "client_id"),
        ({"first_percent": "40"}, "Please say when the rest is due."),
        ({"first_percent": "101", "rest_due_on": "2026-11-30"}, "Please write 100 or less."),
        ({"rest_due_on": "2026-11-30"}, "in percent: less than 100."),
        ({"first_percent": "40", "rest_due_on": "2026-10-22"}, "The rest is not due before the first part."),
        (
            {"due_on": "2026-11-30", "first_percent": "40", "rest_due_on": "2026-11-29"},
            "The rest is not due before the first part.",
        ),
        ({"line_borne-1": "5.000.000"}, "Please say who bears it."),
        ({"line_borne_by-1": "SHB"}, "Please write an amount, such as 250.000."),
        ({"line_borne-1": "20.000.001", "line_borne_by-1": "SHB"}, "This is more than the line comes to."),
        ({**WHOLE, "due_on": "2026-11-30"}, "Others bear all of it: its payer has nothing to pay by any day."),
        ({**WHOLE, "first_percent": "40", "rest_due_on": "2026-11-30"}, "Others bear all of it"),
        ({"line_borne-2": "1.000", "line_borne_by-2": "SHB"}, "line_what-2"),
        ({"line_borne-1": "1.000", "line_borne_by-1": "SHB", "line_tax-1": "none"}, "Please choose one of the list."),
    ],
)
async def test_what_is_wrong_with_it_is_said_and_nothing_is_issued(
    client: Browser, typed: dict[str, str], said: str
) -> None:
    await sign_in(client, (await make_owner()).id)
    edition = await make_edition()
    answer = await client.post(f"/manage/{edition.id}/payments/new?lang=en", data=TYPED | typed)
    assert answer.status_code == 422
    assert said in answer.text
    if said in TYPED or said.startswith("line_"):
        assert re.search(rf'id="field-{said}-error"', answer.text) or said == "client_id"
    assert 'value="Nhà tài trợ vàng"' in answer.text
    assert await fetch("SELECT id FROM payment_document") == []
    assert await fetch("SELECT id FROM payment_service_invoice") == []
    assert await messages() == []


async def test_the_sum_is_looked_at_before_anything_is_issued(client: Browser) -> None:
    await sign_in(client, (await make_owner()).id)
    edition = await make_edition()
    form, two = f"/manage/{edition.id}/payments/new?lang=en", {"line_what-2": "In ấn", "line_price-2": "1.500.000"}
    for typed, agreed_to, total in (
        ({}, "", "20.000.000"),
        ({}, "2000000", "20.000.000"),
        (two, "20000000", "21.500.000"),
        (WHOLE, "", "0"),
    ):
        answer = await client.post(form, data=TYPED | typed | {"agreed": agreed_to})
        assert (answer.status_code, f"Invoice over {total}\xa0₫" in answer.text) == (200, True)
        assert ('value="Nhà tài trợ vàng"' in answer.text, f'value="{TYPED["client_id"]}"' in answer.text) == (
            True,
            True,
        )
        assert (await fetch("SELECT id FROM payment_document"), await messages()) == ([], [])
    assert (await issue(client, edition, **two)).amount == Money(21_500_000, "VND")


async def test_sent_twice_it_is_one_invoice_and_one_message(client: Browser) -> None:
    await sign_in(client, (await make_owner()).id)
    edition = await make_edition()
    first = await issue(client, edition)
    assert (await issue(client, edition)).id == first.id
    assert (await issue(client, edition, client_id="invoice-of-tests-2")).id != first.id
    assert len(await messages()) == 2
    other = await make_edition("other")
    stolen = await client.post(f"/manage/{other.id}/payments/new", data=await agreed(client, other))
    assert stolen.status_code == 404


@pytest.mark.parametrize(
    "changed",
    [
        {"payer_name": "Công ty Hoa Sen"},
        {"payer_tax_code": ""},
        {"contact": "ketoan@hoasen.example"},
        {"description": "Nhà tài trợ bạc"},
        {"line_what-1": "Tài trợ bạc"},
        {"line_price-1": "5.000.000"},
        {"due_on": "2026-12-01"},
    ],
)
async def test_another_one_out_of_the_same_form_is_refused_once_and_then_issued(
    client: Browser, changed: dict[str, str]
) -> None:
    await sign_in(client, (await make_owner()).id)
    edition = await make_edition()
    first = await issue(client, edition)
    answer = await client.post(
        f"/manage/{edition.id}/payments/new?lang=en", data=await agreed(client, edition, **changed)
    )
    assert answer.status_code == 409
    assert f"Invoice {first.number} was issued from this form before, with other values." in answer.text
    (client_id,) = re.findall(r'name="client_id"[^>]* value="([^"]+)"', answer.text)
    for name, value in changed.items():
        assert f'name="{name}"' in answer.text
        assert not value or f'value="{value}"' in answer.text
    assert (len(await fetch("SELECT id FROM payment_document")), len(await messages())) == (1, 1)
    second = await issue(client, edition, **changed, client_id=client_id)
    assert (second.id != first.id, len(await messages())) == (True, 2)


@pytest.mark.race
async def test_pressed_many_times_at_once_it_is_one(client: Browser) -> None:
    await sign_in(client, (await make_owner()).id)
    edition = await make_edition()
    winners(await race(5, lambda _number: issue(client, edition)))
    assert len(await fetch("SELECT id FROM payment_document")) == 1
    assert len(await messages()) == 1
