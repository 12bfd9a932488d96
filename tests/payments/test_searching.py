"""Searches of the finance desk: amounts however they are typed, phones, references with blanks, payers' names."""

from __future__ import annotations

import pytest

from app.accounts.tables import Person
from app.events.queries import EditionInfo
from app.payments import searching
from app.payments.queries import documents
from app.payments.queries_bank import entries, invoices_like
from app.payments.searching import amount_in, register_phones
from app.payments.services.issuing import Part
from app.payments.tables import PaymentDocument
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.factories import Seller, make_document, make_entry

pytestmark = pytest.mark.engines


@pytest.fixture
async def edition(database: str, seller: Seller) -> EditionInfo:
    """A festival."""
    return await make_edition()


async def invoices(edition: EditionInfo, wanted: str) -> list[int]:
    """Ids of the invoices that are found, by the list and where a transfer is assigned alike."""
    listed = [one.id for one in (await documents(edition.id, search=wanted, limit=50)).items]
    assert listed == sorted((one.id for one in await invoices_like(edition.id, wanted, 50)), reverse=True)
    return listed


async def transfers(edition: EditionInfo, wanted: str) -> list[int]:
    """Ids of the transfers that are found."""
    return [one.id for one in (await entries(edition.id, search=wanted, limit=50)).items]


@pytest.mark.parametrize(
    "typed", ["5900000", "5.900.000", "5,900,000", "5 900 000", "5.900.000 ₫", "5.900.000d", "5.900.000 vnd"]
)
async def test_an_amount_is_found_however_it_is_typed(edition: EditionInfo, typed: str) -> None:
    wanted, other = await make_document(edition, amount=5_900_000), await make_document(edition, subject_id=2)
    came, _small = await make_entry("gian hang", amount=5_900_000), await make_entry("ve", amount=590_000)
    assert await invoices(edition, typed) == [wanted.id]
    assert await transfers(edition, typed) == [came.id]
    assert other.id not in await invoices(edition, "5900001")


async def test_an_open_amount_and_a_part_are_found_too(edition: EditionInfo) -> None:
    parts = [Part(due_on=NOW.date(), amount_minor=400_000), Part(due_on=NOW.date(), amount_minor=600_000)]
    document = await make_document(edition, amount=1_000_000, parts=parts)
    await PaymentDocument.update({PaymentDocument.paid_minor: 30_000}).where(PaymentDocument.id == document.id)
    for typed in ("970.000", "400000", "600.000", "1.000.000"):
        assert await invoices(edition, typed) == [document.id]
    assert await invoices(edition, "30.000") == []


@pytest.mark.parametrize("code", ["FG7KQ2M9XT4C", "FGKMRWXYZACD"])
async def test_a_reference_is_found_with_blanks_in_it(edition: EditionInfo, code: str) -> None:
    document, _other = await make_document(edition), await make_document(edition, subject_id=2)
    await PaymentDocument.update({PaymentDocument.reference: code}).where(PaymentDocument.id == document.id)
    entry = await make_entry(f"{code[:4]} {code[4:8]} {code[8:]} cam on", edition=edition)
    for typed in (code.lower(), f"{code[:2]} {code[2:6]} {code[6:]}".lower(), f"{code[:4]}-{code[4:]}.".lower()):
        assert await invoices(edition, typed) == [document.id]
        assert await transfers(edition, typed) == [entry.id]


async def test_a_payer_is_found_by_her_name_among_transfers(edition: EditionInfo) -> None:
    entry, _other = await make_entry("ve", payer="Nguyễn Thị Lan"), await make_entry("ve", payer="Lê Văn Bình")
    assert await transfers(edition, "nguyen thi lan") == [entry.id]


@pytest.mark.parametrize("typed", ["0912345678", "0912 345 678", "+84 912 345 678", "0912.345.678"])
async def test_a_payer_is_found_by_her_phone(edition: EditionInfo, typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    person = Person(full_name="Lê Thị Lan", phone="+84912345678")
    await person.save()
    hers, sold, _other = [await make_document(edition, subject_id=number) for number in (1, 2, 3)]
    await PaymentDocument.update({PaymentDocument.payer: person.id}).where(PaymentDocument.id == hers.id)
    assert await invoices(edition, typed) == [hers.id]

    async def find(edition_id: int, phone: str) -> list[int]:
        assert (edition_id, phone) == (edition.id, "+84912345678")
        return [2]

    monkeypatch.setattr(searching, "_finders", {})
    register_phones("order", find)
    assert await invoices(edition, typed) == [sold.id, hers.id]
    with pytest.raises(ValueError, match="order"):
        register_phones("order", lambda *_given: find(0, ""))


async def test_other_searches_are_as_before(edition: EditionInfo) -> None:
    document = await make_document(edition, payer="Lò Thị Mai")
    other = await make_edition("hai")
    for typed in ("lo thi mai", document.number.lower(), "nguoi lon"):
        assert await invoices(edition, typed) == [document.id]
        assert await invoices(other, typed) == []
    for typed in ("%", "0", "0 d", "xyzzy"):
        assert await invoices(edition, typed) == ([document.id] if typed == "0" else [])


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [("12.50", "EUR", 1_250), ("12", "EUR", 1_200), ("1.250", "VND", 1_250), ("1.25", "VND", None), ("0", "VND", None)],
)
def test_amounts_are_those_of_the_currency(typed: str, currency: str, minor: int | None) -> None:
    amount = amount_in(typed, currency)
    assert (amount.amount_minor if amount else None) == minor
