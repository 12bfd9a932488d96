"""Documents for tests, and a seller that keeps count."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.events.queries import EditionInfo
from app.payments.enums import Settlement
from app.payments.lines import Line
from app.payments.queries import DocumentInfo, PaymentInfo
from app.payments.services import documents
from app.payments.services.documents import open_document
from app.payments.services.issuing import Part, Payer
from tests.conftest import NOW


class Seller:
    """A seller that answers ``answer`` and remembers what it was asked to settle."""

    def __init__(self, answer: Settlement = Settlement.KEPT) -> None:
        self.answer = answer
        self.settled: list[tuple[DocumentInfo, PaymentInfo]] = []
        self.fails = False

    async def settle(self, document: DocumentInfo, payment: PaymentInfo, now: datetime) -> Settlement:
        """Deliver."""
        if self.fails:
            raise RuntimeError("sold out")
        self.settled.append((document, payment))
        return self.answer


def put_on_sale(monkeypatch: Any, seller: Seller, purpose: str = "order") -> None:
    """Let a seller settle payments of a purpose, in this test only."""
    monkeypatch.setattr(documents, "_settlements", {purpose: seller.settle})


async def make_document(
    edition: EditionInfo,
    *,
    subject_id: int = 1,
    amount: int = 50_000,
    payer: str = "Lê Thị Lan",
    lines: Sequence[Line] = (),
    parts: Sequence[Part] = (),
) -> DocumentInfo:
    """An open document over ``amount`` VND, or over ``lines``."""
    return await open_document(
        edition_id=edition.id,
        purpose="order",
        subject_id=subject_id,
        payer=Payer(name=payer),
        description="2 vé người lớn",
        currency="VND",
        lines=lines or [Line(description="Vé người lớn", unit_minor=amount)],
        parts=parts,
        now=NOW,
    )
