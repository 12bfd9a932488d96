"""What payers are told of invoices that are taken back, where no seller tells it."""

import pytest

from app.accounts.actor import SYSTEM
from app.kernel.database import fetch
from app.payments.enums import PaymentMethod
from app.payments.lines import Line
from app.payments.services import documents
from app.payments.services.corrections import credit_document
from app.payments.services.documents import open_document
from app.payments.services.issuing import Payer
from app.payments.services.recording import record_payment
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.factories import Seller
from tests.support.factories import make_person

pytestmark = pytest.mark.engines


async def test_what_finance_takes_back_of_a_seller_who_has_nothing_to_take_back_is_told(
    database: str, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "_taken_back", {})
    edition = await make_edition()
    person = await make_person(email="lan@example.vn")
    document = await open_document(
        edition_id=edition.id,
        purpose="order",
        subject_id=1,
        payer=Payer(name="Lê Thị Lan", person_id=person.id, language="en"),
        description="Logo on the stage",
        currency="VND",
        lines=[Line(description="Logo on the stage", unit_minor=50_000)],
        now=NOW,
    )
    whole = document.amount
    await record_payment(document_id=document.id, method=PaymentMethod.TERMINAL, amount=whole, actor=SYSTEM, now=NOW)
    await credit_document(document_id=document.id, amount=whole, reason="x", actor=SYSTEM, now=NOW)
    (message,) = await fetch("SELECT to_address, body_text FROM outbox_message")
    assert message["to_address"] == "lan@example.vn"
    assert "was taken back: nothing more is to be paid. 50.000\xa0₫ goes back to you" in message["body_text"]
