"""Where money is to be transferred to: what payers see of the account, and what organisers do when there is none."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from html import unescape
from io import BytesIO

import pytest
import zxingcpp
from PIL import Image

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.kernel.i18n import _, use_locale
from app.kernel.money import Money
from app.kernel.settings import settings
from app.payments.own_invoice import own_invoice
from app.payments.papers import paper_of
from app.payments.services.corrections import credit_document
from app.payments.services.reminding import remind_now
from app.payments.transfers import transfer_of, transfer_parts
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments import emv
from tests.payments.controllers.service_invoices import TYPED, issue, own_path
from tests.payments.factories import Seller, make_document
from tests.support.client import Browser, new_browser, sign_in
from tests.support.factories import make_holder, make_owner

pytestmark = pytest.mark.engines
LACKING = "No bank account is set."
ACCOUNT = {"BANK_BIN": "970436", "BANK_ACCOUNT": "0011001932418", "BANK_ACCOUNT_NAME": "HOI LHPN"}


@pytest.fixture(autouse=True)
def configure(frozen_now: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Change settings; without an account to begin with."""

    def change(values: dict[str, str]) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()

    change(dict.fromkeys(ACCOUNT, ""))
    yield change
    monkeypatch.undo()
    settings.cache_clear()


def pictures_of(page: str) -> list[str]:
    """What a banking app reads from the pictures of a page."""
    found = re.findall(r'<img src="data:image/png;base64,([^"]+)"', page)
    return [zxingcpp.read_barcodes(Image.open(BytesIO(b64decode(one))))[0].text for one in found]


async def test_organisers_are_warned_while_there_is_no_account(
    client: Browser, configure: Callable[..., None], seller: Seller
) -> None:
    edition = await make_edition()
    base = f"/manage/{edition.id}"
    await make_document(edition)
    warned = {}
    for role in (Role.OWNER, Role.MANAGER, Role.FINANCE, Role.GATE_LEAD):
        await sign_in(client, (await make_holder(role, edition_id=edition.id)).id)
        warned[role] = LACKING in (await client.get(f"{base}?lang=en")).text
    assert warned == {Role.OWNER: True, Role.MANAGER: True, Role.FINANCE: True, Role.GATE_LEAD: False}
    await sign_in(client, (await make_owner()).id)
    pages = ("", "/booth-fees", "/payments/terms", "/payments/new")
    assert [LACKING in (await client.get(f"{base}{page}?lang=en")).text for page in pages] == [True, False, True, True]
    configure(ACCOUNT)
    assert [LACKING in (await client.get(f"{base}{page}?lang=en")).text for page in pages] == [False] * 4


async def test_finance_sees_which_account_payers_are_shown(client: Browser, configure: Callable[..., None]) -> None:
    configure(ACCOUNT)
    edition = await make_edition()
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=edition.id)).id)
    page = (await client.get(f"/manage/{edition.id}/payments/terms?lang=en")).text
    for words in ("Vietcombank", "0011001932418", "HOI LHPN"):
        assert words in page
    (code,) = pictures_of(page)
    tree = emv.read(code)
    assert (tree.at("38", "01", "00"), tree.at("38", "01", "01")) == ("970436", "0011001932418")
    assert (tree.at("01"), "54" in tree.objects) == ("11", False)  # no amount: it may be scanned and nothing is paid


async def test_a_payer_without_any_way_is_told_that_she_will_be(
    client: Browser, configure: Callable[..., None]
) -> None:
    await sign_in(client, (await make_owner()).id)
    document = await issue(client, await make_edition())
    sentence = f"The organisers tell you how to pay. Please name invoice {document.number}"
    async with new_browser() as payer:
        own = f"{await own_path()}?lang=en"
        assert sentence in (await payer.get(own)).text
        configure(ACCOUNT)
        assert sentence not in (await payer.get(own)).text


async def test_a_payer_copies_or_saves_what_her_bank_wants(client: Browser, configure: Callable[..., None]) -> None:
    configure(ACCOUNT | {"INSTANT_TRANSFER_CEILING": "15000000"})
    await sign_in(client, (await make_owner()).id)
    document = await issue(client, await make_edition())
    async with new_browser() as payer:
        page = (await payer.get(f"{await own_path()}?lang=en")).text
    assert re.findall(r'data-copy="([^"]*)"', page) == ["0011001932418", "20000000", document.reference]
    assert page.count('type="button" data-copy') == 3
    assert "Vietcombank" in page
    codes = [emv.read(code) for code in pictures_of(page)]
    assert [(int(code.at("54")), code.at("62", "08")) for code in codes] == [(10_000_000, document.reference)] * 2
    saved = re.findall(r'href="data:image/png;base64,([^"]+)" download="([^"]+)"', page)
    assert [name for _picture, name in saved] == [f"VietQR-{document.reference}-{number}.png" for number in (1, 2)]
    assert [picture for picture, _name in saved] == re.findall(r'<img src="data:image/png;base64,([^"]+)"', page)


async def test_an_amount_is_copied_as_banks_take_it(
    configure: Callable[..., None], seller: Seller, database: str
) -> None:
    configure(ACCOUNT)
    copied = transfer_of(await make_document(await make_edition()), Money(1_250_050, "VND"))
    assert copied
    assert copied.amount_to_copy == "1250050"


@pytest.mark.parametrize("currency", ["EUR", "IDR", "USD"])
async def test_a_vietnamese_account_is_shown_for_dong_alone(
    client: Browser, configure: Callable[..., None], seller: Seller, currency: str
) -> None:
    """Payers are told to ask, on their paper, too; organisers are warned, and not that an account would help."""
    configure(ACCOUNT)
    await sign_in(client, (await make_owner()).id)
    edition = await make_edition(timezone="Asia/Jakarta", currency=currency)
    document = await make_document(edition, amount=5_000_000)
    ours, paper = await own_invoice(document, is_asked=True), await paper_of(document)
    assert (ours.transfer, ours.takes_proof, transfer_parts(document), paper.transfer) == (None, False, (), None)
    with use_locale(document.payer_language):
        asks = _("The organisers say how to pay. Please name invoice {number}.").format(number=document.number)
    assert paper.note == asks
    for path in ("", "/payments/terms", "/payments/new", f"/payments/{document.id}"):
        page = (await client.get(f"/manage/{edition.id}{path}?lang=en")).text
        assert "No way to pay is set." in page or path.endswith(str(document.id))
        assert (LACKING in page, ACCOUNT["BANK_ACCOUNT"] in page) == (False, False)


@pytest.mark.parametrize(("amount", "takes"), [(14_999, False), (15_000, True), (100_000_000, False)])
async def test_the_paper_sends_to_the_page_only_for_what_cards_take(
    database: str, configure: Callable[..., None], seller: Seller, amount: int, takes: bool
) -> None:
    configure({"STRIPE_TEST_SECRET_KEY": "sk_test_x"})
    document = await make_document(await make_edition(), amount=amount)
    ours, paper = await own_invoice(document, is_asked=True), await paper_of(document)
    with use_locale(document.payer_language):
        stands = _("How to pay stands on the page of this invoice.")
    assert (ours.card, paper.note == stands, document.number in paper.note) == (takes, takes, not takes)


async def test_finance_sees_what_a_payer_was_told(client: Browser, configure: Callable[..., None]) -> None:
    edition = await make_edition()
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=edition.id)).id)
    document, other = await issue(client, edition), await issue(client, edition, client_id="invoice-of-tests-2")
    await remind_now(document_id=document.id, actor=SYSTEM, now=NOW)
    credit = Money(20_000_000, "VND")
    await credit_document(document_id=other.id, amount=credit, reason="Bớt", actor=SYSTEM, now=NOW)
    shown = (await client.get(f"/manage/{edition.id}/payments/{document.id}?lang=en")).text
    told = shown.partition("What the payer was told")[2].partition("</table>")[0]
    assert (told.count("<tr>") - 1, told.count(document.number)) == (2, 2)
    assert ("Waiting" in told, TYPED["contact"] in told, other.number in told) == (True, False, False)


async def test_finance_and_payers_read_how_to_pay_where_cards_are_on_and_no_account_is_set(
    client: Browser, configure: Callable[..., None]
) -> None:
    await sign_in(client, (await make_owner()).id)
    document = await issue(client, await make_edition())
    terms = f"/manage/{document.edition_id}/payments/terms?lang=en"
    none, stands = (
        "None is set: payers pay by card, and cannot transfer.",
        "How to pay stands on the page of this invoice.",
    )
    by_hand = f"The organisers say how to pay. Please name invoice {document.number}."

    async def says() -> list[bool]:
        page, note = unescape((await client.get(terms)).text), (await paper_of(document)).note
        return [
            LACKING in page,
            none in page,
            "Stripe takes the payment on its own page." in page,
            by_hand in note,
            stands in note,
        ]

    assert await says() == [True, False, False, True, False]
    configure({"STRIPE_TEST_SECRET_KEY": "sk_test_x"})
    assert await says() == [False, True, True, False, True]
    configure(ACCOUNT)
    assert await says() == [False, False, True, False, False]
    assert (await paper_of(document)).note == ""


async def test_cards_are_offered_for_what_stripe_charges_alone(
    client: Browser, configure: Callable[..., None], database: str
) -> None:
    """And who comes to the button all the same is told what to do instead, in her own language."""
    configure({"STRIPE_TEST_SECRET_KEY": "sk_test_only_the_tests_know"})
    await sign_in(client, (await make_owner()).id)
    edition = await make_edition()
    said = "cannot be paid by card: it is too little or too much for one payment"
    async with new_browser() as payer:
        for number, (price, offered) in enumerate(
            (("5.000", False), ("14.999", False), ("15.000", True), ("99.999.999", True), ("100.000.000", False))
        ):
            typed = {"client_id": f"invoice-of-tests-{number}", "line_number-1": "1", "line_price-1": price}
            document = await issue(client, edition, **typed)
            own = await own_path()
            configure(ACCOUNT)
            page = (await payer.get(f"{own}?lang=en")).text
            assert ("Pay by card" in page, f"{document.due} {said}" in page) == (offered, not offered)
            configure(dict.fromkeys(ACCOUNT, ""))
            page = (await payer.get(f"{own}?lang=en")).text
            assert ("Pay by card" in page, "The organisers tell you how to pay" in page) == (offered, not offered)
            if not offered:
                refused = await payer.post(f"{own}/card?lang=en")
                assert refused.status_code == 400
                assert "<h1>This did not work</h1>" in refused.text
                assert f"{document.due} is too little or too much for one payment by card." in refused.text
