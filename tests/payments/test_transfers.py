"""The codes of a transfer as a banking app sees them: decoded from their picture and read by a parser of its own."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.kernel.documents.qr import qr_png
from app.kernel.money import Money
from app.kernel.settings import settings
from app.payments.enums import PaymentMethod
from app.payments.papers import paper_of
from app.payments.pdf import render_invoices
from app.payments.queries import DocumentInfo, document_by_id, next_due
from app.payments.references import new_reference
from app.payments.services.issuing import Part
from app.payments.services.recording import record_payment
from app.payments.transfers import split_evenly, transfer_of, transfer_parts
from app.payments.vietqr import vietqr
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments import emv
from tests.payments.factories import Seller, make_document, put_on_sale
from tests.support.client import Browser, sign_in
from tests.support.factories import make_holder
from tests.support.pdf_codes import codes_of

PUBLISHED = {
    "to Vietinbank with an amount and a message": (
        "00020101021238570010A00000072701270006970415011300110019324180208QRIBFTTA530370454061200005802VN"
        "62170813ung ho lu lut6304C15C",
        ("970415", "0011001932418", 120_000, "ung ho lu lut"),
    ),
    "to an account of 13 digits": (
        "00020101021238570010A00000072701270006970436011300710012345670208QRIBFTTA530370454068500005802VN"
        "62120808DH4821136304E529",
        ("970436", "0071001234567", 850_000, "DH482113"),
    ),
    "without an amount": (
        "00020101021138530010A0000007270123000697041501091234567890208QRIBFTTA53037045802VN63046376",
        ("970415", "123456789", 0, ""),
    ),
}
"""Samples that public libraries of VietQR print in their documentation and tests, and what they were made from."""


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A bank account."""
    monkeypatch.setenv("BANK_BIN", "970436")
    monkeypatch.setenv("BANK_ACCOUNT", "0011001932418")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
async def document(database: str, monkeypatch: pytest.MonkeyPatch) -> DocumentInfo:
    """An open document over 1.2 billion and one đồng."""
    put_on_sale(monkeypatch, Seller())
    return await make_document(await make_edition(), amount=1_200_000_001)


def decoded(text: str) -> str:
    """What a scanner reads from the picture of a text."""
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(qr_png(text))))
    assert found.valid
    return found.text


@pytest.mark.parametrize("sample", PUBLISHED.values(), ids=list(PUBLISHED))
def test_a_published_code_is_read_and_made_alike(sample: tuple[str, tuple[str, str, int, str]]) -> None:
    published, made_from = sample
    assert emv.read(decoded(published)).value == published
    assert vietqr(*made_from) == published


@given(
    st.from_regex(r"[0-9]{6}", fullmatch=True),
    st.from_regex(r"[0-9A-Za-z]{1,19}", fullmatch=True),
    st.integers(0, 10**13 - 1),
    st.just(0).map(lambda _zero: new_reference()) | st.from_regex(r"[ -~]{0,25}", fullmatch=True),
)
def test_every_code_carries_what_it_was_made_from(bank: str, number: str, amount: int, reference: str) -> None:
    tree = emv.read(vietqr(bank, number, amount, reference))
    assert (tree.at("00"), tree.at("01"), tree.at("53"), tree.at("58")) == ("01", "12" if amount else "11", "704", "VN")
    assert (tree.at("38", "00"), tree.at("38", "02")) == ("A000000727", "QRIBFTTA")
    assert (tree.at("38", "01", "00"), tree.at("38", "01", "01")) == (bank, number)
    assert (tree.at("54") if amount else None) == (str(amount) if amount else None)
    assert (tree.at("62", "08") if reference else "") == reference
    assert [*tree.objects] == sorted(tree.objects)


@pytest.mark.parametrize("place", [5, 30, 60, 90])
def test_the_parser_refuses_a_code_that_was_changed(place: int) -> None:
    text = PUBLISHED["to Vietinbank with an amount and a message"][0]
    with pytest.raises(ValueError, match="checksum"):
        emv.read(text[:place] + ("1" if text[place] != "1" else "2") + text[place + 1 :])


async def test_what_is_due_in_parts_is_transferred_part_by_part(
    account: None, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on_sale(monkeypatch, Seller())
    parts = [Part(due_on=date(2026, 10, 20), amount_minor=30_000), Part(due_on=date(2026, 11, 2), amount_minor=20_000)]
    document = await make_document(await make_edition(), parts=parts)
    transfer = transfer_of(document, await next_due(document))
    assert transfer is not None
    assert (transfer.amount.amount_minor, transfer.reference, len(transfer.codes)) == (30_000, document.reference, 1)
    (part,) = transfer_parts(document, await next_due(document))
    assert emv.read(decoded(part.code)).at("54") == "30000"
    paper = await paper_of(document)
    assert paper.transfer is not None
    assert paper.transfer.amount == 30_000
    await record_payment(
        document_id=document.id,
        method=PaymentMethod.CASH,
        amount=Money(45_000, "VND"),
        actor=SYSTEM,
        now=NOW,
    )
    assert await next_due(await document_by_id(document.id)) == Money(5_000, "VND")


async def test_an_amount_above_the_ceiling_is_split_over_several_codes(account: None, document: DocumentInfo) -> None:
    parts = transfer_parts(document)
    trees = [emv.read(decoded(part.code)) for part in parts]
    assert [int(tree.at("54")) for tree in trees] == [part.amount.amount_minor for part in parts]
    assert [int(tree.at("54")) for tree in trees] == [400_000_001, 400_000_000, 400_000_000]
    assert {tree.at("62", "08") for tree in trees} == {document.reference}
    assert {tree.at("38", "01", "01") for tree in trees} == {"0011001932418"}


async def test_a_bank_is_called_by_its_name(
    account: None, document: DocumentInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    for code, name in (("970436", "Vietcombank"), ("970405", "Agribank"), ("999999", "999999")):
        monkeypatch.setenv("BANK_BIN", code)
        settings.cache_clear()
        transfer, paper = transfer_of(document), await paper_of(document)
        assert transfer is not None
        assert paper.transfer is not None
        assert (transfer.bank, paper.transfer.bank) == (name, name)


async def test_the_paper_names_every_transfer_and_has_its_code(account: None, document: DocumentInfo) -> None:
    paper = await paper_of(document)
    assert paper.transfer is not None
    assert [one.amount for one in paper.transfer.transfers] == [400_000_001, 400_000_000, 400_000_000]
    (content,) = await render_invoices([paper])
    assert codes_of(content) == [part.code for part in transfer_parts(document)]


async def test_what_would_need_too_many_codes_has_none(
    account: None, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on_sale(monkeypatch, Seller())
    edition = await make_edition()
    most = await make_document(edition, amount=20 * 500_000_000)
    assert len(transfer_parts(most)) == 20
    beyond = await make_document(edition, subject_id=2, amount=most.amount.amount_minor + 1)
    transfer = transfer_of(beyond)
    assert transfer is not None
    assert (transfer.amount, transfer.codes) == (beyond.amount, ())
    paper = await paper_of(beyond)
    assert paper.transfer is not None
    assert [(one.amount, one.picture) for one in paper.transfer.transfers] == [(beyond.amount.amount_minor, b"")]


async def test_the_ceiling_is_a_setting(account: None, document: DocumentInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSTANT_TRANSFER_CEILING", "2000000000")
    settings.cache_clear()
    assert [part.amount for part in transfer_parts(document)] == [document.amount]


async def test_without_an_account_there_is_no_code(document: DocumentInfo) -> None:
    assert transfer_parts(document) == ()


async def test_the_finance_desk_sees_every_code(client: Browser, account: None, document: DocumentInfo) -> None:
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=document.edition_id)).id)
    shown = (await client.get(f"/manage/{document.edition_id}/payments/{document.id}?lang=en")).text
    assert "One transfer is needed for each code" in shown
    assert re.findall(r"<figcaption[^>]*>([^<]*)</figcaption>", shown) == [
        "400.000.001\xa0₫",
        "400.000.000\xa0₫",
        "400.000.000\xa0₫",
    ]


@given(st.integers(1, 10**13), st.integers(1_000_000, 10**10))
def test_parts_are_few_even_and_make_up_the_amount(amount: int, most: int) -> None:
    count = -(-amount // most)
    if count > 10_000:
        return
    parts: list[Any] = split_evenly(amount, most)
    assert (sum(parts), len(parts), max(parts) <= most, max(parts) - min(parts) <= 1) == (amount, count, True, True)
