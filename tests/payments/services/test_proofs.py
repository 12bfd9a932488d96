"""Proofs of transfers: drawn anew, few, seen by nobody but the finance desk, and gone with their payer."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from app.accounts.actor import SYSTEM
from app.accounts.personal.whom import Whom
from app.kernel.database import fetch
from app.kernel.documents.pages import PageNotRead, first_page
from app.kernel.errors import TooManyTries
from app.kernel.images import NotAPicture, PictureTooLarge
from app.payments.enums import PaymentMethod
from app.payments.errors import DocumentNotOpen, ProofNotFound, ProofsFull, ProofTooLarge
from app.payments.lines import Line
from app.payments.personal import DATA, expire
from app.payments.queries import DocumentInfo
from app.payments.queries_proof import proof_picture, proofs_of, waiting_proofs, with_waiting_proofs
from app.payments.services import proofs
from app.payments.services.documents import cancel_document, open_document
from app.payments.services.issuing import Payer
from app.payments.services.proofs import MOST_BYTES, note_looked_at, send_proof
from app.payments.services.recording import record_payment
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.factories import Seller, make_document
from tests.support.attacks import PICTURES
from tests.support.factories import make_person
from tests.support.race import losers, meet_before, race, unguarded, winners

pytestmark = [pytest.mark.slow, pytest.mark.engines]


def picture(kind: str = "PNG", size: tuple[int, int] = (400, 800)) -> bytes:
    """A screen of a banking app."""
    buffer = BytesIO()
    Image.new("RGB", size, "#0B6E4F").save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture
async def document(database: str, seller: Seller) -> DocumentInfo:
    """An open document."""
    return await make_document(await make_edition())


async def send(document: DocumentInfo, data: bytes | None = None) -> int:
    """Send a proof as who holds the secret link."""
    return await send_proof(document_id=document.id, data=picture() if data is None else data, actor=None, now=NOW)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
async def test_a_picture_is_kept_as_drawn_anew(document: DocumentInfo, kind: str) -> None:
    sent = picture(kind, (2_000, 4_000)) + b"<script>alert(1)</script>"
    proof_id = await send(document, sent)
    content, mime = await proof_picture(proof_id, document.id)
    shown = Image.open(BytesIO(content))
    assert (mime, shown.format, shown.size) == ("image/jpeg", "JPEG", (800, 1_600))
    assert b"script" not in content
    (proof,) = await proofs_of(document.id)
    assert (proof.id, proof.size_bytes, proof.sent_at, proof.looked_at) == (proof_id, len(content), NOW, None)


async def test_of_a_pdf_the_first_page_is_drawn(document: DocumentInfo) -> None:
    pdf = await first_page_of_an_invoice()
    proof_id = await send(document, pdf + b"\n<script>alert(1)</script>")
    content, mime = await proof_picture(proof_id, document.id)
    shown = Image.open(BytesIO(content)).convert("L")
    assert mime == "image/jpeg"
    assert shown.height == 1_600
    darkest, lightest = shown.getextrema()
    assert (darkest < 80, lightest > 240) == (True, True)  # something is written on white
    assert b"script" not in content


async def first_page_of_an_invoice() -> bytes:
    """A PDF of our own with words on it."""
    from app.payments.papers import invoice_pdf

    return await invoice_pdf(await make_document(await make_edition(slug="other"), subject_id=2))


@pytest.mark.parametrize(
    "pdf",
    [b"%PDF-1.7\n", b"%PDF-1.7\n%%EOF", b"%PDF-" + b"\0" * 5_000, b"  %PDF-1.4 trailer << /Root 1 0 R >>"],
    ids=["nothing", "empty", "zeros", "torn"],
)
async def test_what_is_no_pdf_is_refused(document: DocumentInfo, pdf: bytes) -> None:
    with pytest.raises(PageNotRead):
        await send(document, pdf)
    assert await proofs_of(document.id) == []


@pytest.mark.parametrize("attack", PICTURES)
async def test_bombs_and_polyglots_are_refused_or_drawn_anew(document: DocumentInfo, attack: str) -> None:
    _name, _kind, make, taken = PICTURES[attack]
    data = make()
    if taken:
        content, _mime = await proof_picture(await send(document, data), document.id)
        assert b"<script" not in content
        assert b"<?php" not in content
    else:
        with pytest.raises((NotAPicture, PictureTooLarge, ProofTooLarge, PageNotRead)):
            await send(document, data)
        assert await proofs_of(document.id) == []


async def test_a_file_has_a_size_and_a_document_so_many(document: DocumentInfo) -> None:
    with pytest.raises(ProofTooLarge):
        await send(document, b"\xff" * (MOST_BYTES + 1))
    for _number in range(3):
        await send(document)
    with pytest.raises(ProofsFull):
        await send(document)
    assert len(await proofs_of(document.id)) == 3


async def test_tries_are_counted(document: DocumentInfo) -> None:
    for _number in range(10):
        with pytest.raises(NotAPicture):
            await send(document, b"no picture")
    with pytest.raises(TooManyTries):
        await send(document, b"no picture")


async def test_what_is_paid_takes_none_and_what_is_cancelled_does(document: DocumentInfo, seller: Seller) -> None:
    await cancel_document(document_id=document.id, actor=SYSTEM, now=NOW)
    await send(document)
    await record_payment(
        document_id=document.id, method=PaymentMethod.TRANSFER, amount=document.amount, actor=None, now=NOW
    )
    with pytest.raises(DocumentNotOpen):
        await send(document)


async def test_a_proof_waits_until_it_was_looked_at_or_the_money_came(document: DocumentInfo) -> None:
    first = await send(document)
    await send(document)
    (waiting,) = await waiting_proofs(document.edition_id)
    assert (waiting.document_id, waiting.due, waiting.sent_at) == (document.id, document.amount, NOW)
    assert await with_waiting_proofs([document.id, 0]) == {document.id}
    assert await with_waiting_proofs([]) == set()
    for _time in range(2):
        await note_looked_at(proof_id=first, document_id=document.id, actor=SYSTEM, now=NOW)
    assert len(await waiting_proofs(document.edition_id)) == 1
    actions = [row["action"] for row in await fetch("SELECT action FROM audit_entry ORDER BY id DESC LIMIT 3")]
    assert actions == ["payment.proof_looked_at", "payment.proof", "payment.proof"]
    await record_payment(
        document_id=document.id, method=PaymentMethod.TRANSFER, amount=document.amount, actor=None, now=NOW
    )
    assert await waiting_proofs(document.edition_id) == []
    assert await with_waiting_proofs([document.id]) == set()


async def test_a_proof_is_found_at_its_own_document_alone(document: DocumentInfo) -> None:
    other = await make_document(await make_edition(slug="other"), subject_id=2)
    proof_id = await send(document)
    with pytest.raises(ProofNotFound):
        await proof_picture(proof_id, other.id)
    with pytest.raises(ProofNotFound):
        await note_looked_at(proof_id=proof_id, document_id=other.id, actor=SYSTEM, now=NOW)


async def test_proofs_go_with_their_payer_and_with_the_festivals_data(document: DocumentInfo) -> None:
    person = await make_person()
    hers = await open_document(
        edition_id=document.edition_id,
        purpose="order",
        subject_id=2,
        payer=Payer(name="Hoa", person_id=person.id),
        description="Vé",
        currency="VND",
        lines=[Line(description="Vé", unit_minor=50_000)],
        now=NOW,
    )
    await send(hers)
    await send(document)
    held = next(one for one in DATA.held if one.key == "proofs")
    her: Any = Whom(person_id=person.id)
    assert [row["number"] for row in await held.find(her)] == [hers.number]
    assert await held.erase(her, NOW) == 1
    assert await held.find(Whom(person_id=None)) == []
    assert (await proofs_of(hers.id), len(await proofs_of(document.id))) == ([], 1)
    assert [await expire(document.edition_id, 5), await expire(document.edition_id, 5)] == [1, 0]
    assert await proofs_of(document.id) == []


@pytest.mark.race
async def test_ten_at_once_are_three(document: DocumentInfo) -> None:
    results = await race(10, lambda _number: send(document))
    losers(results, ProofsFull)
    assert len(winners(results)) == len(await proofs_of(document.id)) == 3


@pytest.mark.race
async def test_without_holding_the_document_there_are_more(
    document: DocumentInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: all have counted before any has written."""
    unguarded(monkeypatch, proofs)
    meet_before(monkeypatch, proofs.PaymentProof, "save", parties=5)
    results = await race(5, lambda _number: send(document))
    assert len(winners(results)) == 5


async def test_a_page_is_drawn_without_what_the_compiler_could_read_elsewhere(database: str) -> None:
    with pytest.raises(PageNotRead):
        await first_page(b'#read("/etc/passwd")')
