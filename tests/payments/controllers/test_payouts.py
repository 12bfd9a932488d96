"""The page of payouts, and a transfer that is one."""

import re
from io import BytesIO

import pytest
from openpyxl import load_workbook

from app.kernel.money import Money
from app.payments.enums import Account
from app.payments.errors_card import PaymentNotKnownYet
from app.payments.queries_drawers import cash_elsewhere
from app.payments.queries_payouts import payouts_of
from app.payments.tables_payouts import Payout
from app.payments.why import kept
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.books import account, check_books
from tests.payments.factories import Seller, make_document, make_entry, put_into_safe
from tests.support.client import Browser, sign_in
from tests.support.factories import make_owner

pytestmark = pytest.mark.engines
GOOD = {
    "account": "terminal",
    "taken": "50.000",
    "fee": "1.000",
    "reference": "LO-7",
    "arrives_on": "2026-10-18",
    "note": "Sacombank",
}


async def test_why_a_payout_waits_is_said_in_the_readers_language(client: Browser) -> None:
    await sign_in(client, (await make_owner()).id)
    edition = await make_edition()
    why = kept(PaymentNotKnownYet(reference="pi_1"), 300)
    payout = Payout(
        account=Account.CARD, reference="stripe:po_1", amount_minor=1, currency="VND", told_at=NOW, error=why
    )
    await payout.save()
    path = f"/manage/{edition.id}/payments/payouts"
    for locale, words in (
        ("en", "The payment pi_1 is not known here yet."),
        ("vi", "Ở đây chưa biết khoản thanh toán pi_1."),
    ):
        assert words in (await client.get(f"{path}?lang={locale}")).text


async def test_a_batch_is_written_down_found_on_the_account_and_done(client: Browser, seller: Seller) -> None:
    await sign_in(client, (await make_owner()).id)
    edition = await make_edition()
    base = f"/manage/{edition.id}/payments"
    path = f"{base}/payouts"
    assert "No payout yet" in (await client.get(f"{path}?lang=en")).text
    document = await make_document(edition)
    await client.post(
        f"{base}/{document.id}/payments", data={"method": "terminal", "amount": "50.000", "note": "000123"}
    )
    shown = (await client.get(f"{path}?lang=en")).text
    assert ('value="50.000"' in shown, "Card terminals" in shown) == (True, True)
    for change, status, sentence in (
        ({"taken": "x"}, 422, "Please write an amount"),
        ({"taken": "0"}, 422, "The amount has to be above zero."),
        ({"fee": "60.000"}, 422, "The fee cannot be below zero, nor above the 50.000\xa0₫"),
        ({"reference": ""}, 422, "fill"),
        ({"account": "bank"}, 422, "needs your attention"),
    ):
        refused = await client.post(f"{path}?lang=en", data=GOOD | change)
        assert (refused.status_code, sentence in refused.text) == (status, True), change
    assert (await client.post(path, data=GOOD)).status_code == 303
    assert (await client.post(path, data=GOOD)).status_code == 303  # the same form, sent twice
    again = await client.post(f"{path}?lang=en", data=GOOD | {"fee": "2.000"})
    assert (again.status_code, "LO-7 is entered already" in again.text) == (409, True)
    shown = (await client.get(f"{path}?lang=en")).text
    sheet = (await client.get(f"{base}/exports/payouts?format=csv&lang=en")).text
    assert "Before fees,Fees,Arrives at the bank,Arrives for all festivals" in sheet
    assert "50000,1000,49000,49000,VND" in sheet
    for words in (
        "LO-7",
        "50.000\xa0₫",
        "49.000\xa0₫",
        "1.000\xa0₫",
        "Before fees",
        "Arrives at the bank",
        "Sacombank",
        "Nothing is still to be paid out",
    ):
        assert words in shown
    entry = await make_entry("QUYET TOAN POS", amount=49_000, edition=edition)
    own = f"{base}/bank/{entry.id}"
    assert "It may be a payout" in (await client.get(f"{own}?lang=en")).text
    (payout,) = await payouts_of(edition.id)
    assert (await client.post(f"{own}/payout", data={"payout_id": "0"})).status_code == 422
    assert (await client.post(f"{own}/payout", data={"payout_id": str(payout.id + 1)})).status_code == 409
    assert (await client.post(f"{own}/payout", data={"payout_id": str(payout.id)})).status_code == 303
    assert (await client.post(f"{own}/payout", data={"payout_id": str(payout.id)})).status_code == 409
    assert "Payout LO-7" in (await client.get(f"{own}?lang=en")).text
    assert "On the bank account" in (await client.get(f"{path}?lang=en")).text
    assert "No transfer" in (await client.get(f"{base}/bank?state=left&lang=en")).text
    for page in (f"{own}?lang=en", f"{base}/bank?state=payout&lang=en"):
        assert "It is a payout</span>" in (await client.get(page)).text, page
    assert "No transfer" in (await client.get(f"{base}/bank?state=matched&lang=en")).text
    assert "It is not this payout" in (await client.get(f"{own}?lang=en")).text
    sheet = await client.get(f"{base}/bank/export.xlsx?lang=en")
    (row,) = load_workbook(BytesIO(sheet.content)).active.iter_rows(min_row=2, values_only=True)
    assert "It is a payout" in row
    assert (await client.post(f"{own}/take-up")).status_code == 303
    assert (await client.post(f"{own}/take-up")).status_code == 409
    shown = (await client.get(f"{own}?lang=en")).text
    assert ("taken for a payout that it is not" in shown, "It is this payout" in shown) == (True, True)
    assert (await client.post(f"{own}/payout", data={"payout_id": str(payout.id)})).status_code == 303
    await check_books(edition)
    other = await make_edition("other")
    assert "LO-7" not in (await client.get(f"/manage/{other.id}/payments/payouts?lang=en")).text
    for locale in ("vi", "id"):
        assert (await client.get(f"{path}?lang={locale}")).status_code == 200


async def test_more_than_is_expected_is_asked_for_once_more(client: Browser, seller: Seller) -> None:
    await sign_in(client, (await make_owner()).id)
    edition = await make_edition()
    path = f"/manage/{edition.id}/payments/payouts"
    await put_into_safe(edition, 2_400_000)
    assert 'name="more"' not in (await client.get(path)).text
    refused = await client.post(f"{path}?lang=en", data=GOOD)
    assert (refused.status_code, "0\xa0₫ is expected as the books say" in refused.text) == (409, True)
    assert ('name="more"' in refused.text, 'value="50.000"' in refused.text) == (True, True)
    assert (await client.post(path, data=GOOD | {"more": "on"})).status_code == 303
    cash = {"account": "safe", "taken": "5.000.000", "fee": "0", "reference": "NOP-1", "more": "on"}
    refused = await client.post(f"{path}?lang=en", data=GOOD | cash)
    assert (refused.status_code, "2.400.000\xa0₫ lies in the safe" in refused.text) == (409, True)
    assert [one.reference for one in await payouts_of(edition.id)] == ["LO-7"]
    await check_books(edition)


async def test_a_payout_that_was_written_down_wrongly_is_taken_back(client: Browser, seller: Seller) -> None:
    owner = await make_owner()
    await sign_in(client, owner.id)
    edition = await make_edition()
    path = f"/manage/{edition.id}/payments/payouts"
    assert 'id="back"' not in (await client.get(path)).text
    brought = GOOD | {"account": "safe", "taken": "500.000", "fee": "0", "reference": "NOP-12", "note": "VCB"}
    await put_into_safe(edition, 500_000)
    await client.post(path, data=brought)
    await client.post(path, data=GOOD | {"more": "on"})
    (batch, wrong) = await payouts_of(edition.id)
    shown = (await client.get(f"{path}?lang=en")).text
    assert re.findall(r'name="takes_back" value="(\d+)"', shown) == [str(batch.id), str(wrong.id)]
    back = {"takes_back": str(wrong.id), "why": "Sai số tiền"}
    for change, status, words in (
        ({"why": ""}, 422, "Please fill this in."),
        ({"takes_back": "999999"}, 409, "Only what somebody wrote down on this page"),
    ):
        refused = await client.post(f"{path}?lang=en", data=back | change)
        assert (refused.status_code, words in refused.text) == (status, True), change
    for _twice in range(2):
        assert (await client.post(path, data=back)).status_code == 303
    assert (await cash_elsewhere(edition.id, "VND")).safe == Money(500_000, "VND")
    assert await account(edition, Account.BANK) == 49_000
    await check_books(edition)
    shown = (await client.get(f"{path}?lang=en")).text
    for words in (">NOP-12<", f"Sai số tiền · {owner.full_name}", "It was taken back"):
        assert words in shown
    assert re.findall(r'name="takes_back" value="(\d+)"', shown) == [str(batch.id)]
    book = (await client.get(f"/manage/{edition.id}/payments/exports/payouts?format=csv&lang=en")).text
    assert f"VCB,Sai số tiền,{owner.full_name}" in book
    stale = brought | {"newest": "0"}  # the page from which it was entered first
    refused = await client.post(f"{path}?lang=en", data=stale)
    assert (refused.status_code, "NOP-12 was entered since you opened this page" in refused.text) == (409, True)
    (newest,) = re.findall(r'name="newest"[^>]* value="(\d+)"', refused.text)
    again = stale | {"taken": "50.000", "newest": newest}
    assert (await client.post(path, data=again)).status_code == 303  # the same slip, anew
    assert (await cash_elsewhere(edition.id, "VND")).safe == Money(450_000, "VND")
    right = (await payouts_of(edition.id))[0]
    entry = await make_entry("NOP TIEN", amount=50_000, edition=edition)
    arrived = f"/manage/{edition.id}/payments/bank/{entry.id}/payout"
    assert (await client.post(arrived, data={"payout_id": str(right.id)})).status_code == 303
    refused = await client.post(f"{path}?lang=en", data=back | {"takes_back": str(right.id)})
    assert (refused.status_code, "This payout stands on the bank account" in refused.text) == (409, True)
    await check_books(edition)
