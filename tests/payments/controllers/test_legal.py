"""The e-invoice at the finance desk and with the payer: typed, loaded up, loaded down, asked for again."""

from datetime import datetime

import httpx
import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.queries import LegalInvoice, credit_notes_of, document_by_id
from app.payments.queries_legal import legal_part
from app.payments.services.corrections import credit_document
from app.payments.services.legal import note_legal_invoice
from app.payments.services.legal_files import keep_legal_file
from app.payments.tables_legal import LegalOrder
from tests.events.factories import make_edition
from tests.payments.factories import Seller, make_document
from tests.support.client import Browser, new_browser, sign_in
from tests.support.factories import make_holder, make_owner
from tests.support.festival import make_festival

pytestmark = pytest.mark.engines
PDF = b"%PDF-1.7 hoa don"


async def test_a_file_is_loaded_up_and_down_by_finance_alone(client: Browser, seller: Seller) -> None:
    await sign_in(client, (await make_owner()).id)
    edition, other = await make_edition(), await make_edition("other")
    document = await make_document(edition)
    own = f"/manage/{edition.id}/payments/{document.id}/legal"
    assert "None is stored yet" in (await client.get(f"{own}?lang=en")).text
    assert (await client.get(f"{own}/e-invoice.pdf")).status_code == 404
    for name, content in (("a.pdf", b"<html>"), ("a.exe", b"MZ")):
        refused = await client.post(f"{own}/file?lang=en", files={"file": (name, content)})
        assert (refused.status_code, "This is no PDF or XML" in refused.text) == (422, True)
    assert (await client.post(f"{own}/file", data={})).status_code == 422
    done = await client.post(f"{own}/file", files={"file": ("hóa đơn.pdf", PDF)})
    assert (done.status_code, done.headers["location"]) == (303, own)
    got = await client.get(f"{own}/e-invoice.pdf")
    assert (got.content, got.headers["content-type"]) == (PDF, "application/pdf")
    assert got.headers["content-disposition"] == f'attachment; filename="{document.number}-e-invoice.pdf"'
    assert "e-invoice.pdf" in (await client.get(own)).text
    assert (await client.get(f"/manage/{other.id}/payments/{document.id}/legal/e-invoice.pdf")).status_code == 404
    await sign_in(client, (await make_holder(Role.MANAGER, edition_id=edition.id)).id)
    assert (await client.get(f"{own}/e-invoice.pdf")).status_code == 403


async def test_a_number_is_typed_once_and_a_second_file_asks(client: Browser, seller: Seller) -> None:
    await sign_in(client, (await make_owner()).id)
    edition = await make_edition()
    first, second = await make_document(edition), await make_document(edition, subject_id=2)
    own = [f"/manage/{edition.id}/payments/{one.id}/legal" for one in (first, second)]
    nothing = await client.post(f"{own[0]}?lang=en", data={"legal_number": " "})
    assert (nothing.status_code, "Please write the number of the e-invoice." in nothing.text) == (422, True)
    typed = {"legal_provider": "MISA", "legal_series": "1C26TPN", "legal_number": "00000123"}
    assert (await client.post(own[0], data=typed)).status_code == 303
    taken = await client.post(f"{own[1]}?lang=en", data=typed)
    assert (taken.status_code, f"1C26TPN 00000123 stands on {first.number} already" in taken.text) == (422, True)
    assert 'value="00000123"' in taken.text
    assert (await document_by_id(second.id)).legal.number == ""
    assert "It takes the place of" not in (await client.get(f"{own[0]}?lang=en")).text
    assert (await client.post(f"{own[0]}/file", files={"file": ("a.pdf", PDF)})).status_code == 303
    other = {"file": ("b.pdf", b"%PDF-1.7 khac")}
    asked = await client.post(f"{own[0]}/file?lang=en", files=other)
    assert (asked.status_code, "Another PDF of this e-invoice is stored already." in asked.text) == (409, True)
    assert "It takes the place of" in asked.text
    assert (await client.get(f"{own[0]}/e-invoice.pdf")).content == PDF
    assert (await client.post(f"{own[0]}/file", files=other, data={"replace": "on"})).status_code == 303
    assert (await client.get(f"{own[0]}/e-invoice.pdf")).content == b"%PDF-1.7 khac"


async def test_what_was_refused_is_shown_and_asked_for_again(client: Browser, seller: Seller) -> None:
    await sign_in(client, (await make_owner()).id)
    document = await make_document(await make_edition())
    own = f"/manage/{document.edition_id}/payments/{document.id}/legal"
    assert (await client.post(f"{own}/again")).status_code == 409
    await LegalOrder(document=document.id, state="refused", error="Mã số thuế sai").save()
    shown = (await client.get(f"{own}?lang=en")).text
    assert ("Mã số thuế sai" in shown, "Try again" in shown) == (True, True)
    waiting = (await client.get(f"/manage/{document.edition_id}/payments/inbox?lang=en")).text
    assert (f'href="{own}"' in waiting, "Nothing waits" in waiting) == (True, False)
    assert ("The provider refused it" in shown, "The provider refused it" in waiting) == (True, True)
    assert "E-invoices that were not issued" in (await client.get(f"/manage/{document.edition_id}?lang=en")).text
    assert (await client.post(f"{own}/again")).status_code == 303
    part = await legal_part(document.id)
    assert part.state is not None
    assert part.state.value == "waiting"
    for locale in ("vi", "id"):
        assert (await client.get(f"{own}?lang={locale}")).status_code == 200


async def test_what_we_did_not_send_is_not_said_to_be_the_providers_doing(client: Browser, seller: Seller) -> None:
    await sign_in(client, (await make_owner()).id)
    document = await make_document(await make_edition())
    base = f"/manage/{document.edition_id}/payments"
    await LegalOrder(document=document.id, state="refused", error="legal_rate_ended 800 2026-12-31").save()
    for path in (f"{base}/{document.id}/legal", f"{base}/inbox"):
        shown = (await client.get(f"{path}?lang=en")).text
        assert ("Not sent to the provider" in shown, "which held until 31 Dec 2026" in shown) == (True, True)
        assert "provider refused" not in shown


async def test_what_the_provider_does_not_answer_is_shown_to_finance(client: Browser, seller: Seller) -> None:
    await sign_in(client, (await make_owner()).id)
    document = await make_document(await make_edition())
    own = f"/manage/{document.edition_id}/payments"
    order = LegalOrder(document=document.id, tries=2, asked_at=document.created_at)
    await order.save()
    for tries, shown in ((2, False), (3, True)):
        await fetch("UPDATE payment_legal_order SET tries = {}", tries)
        inbox = (await client.get(f"{own}/inbox?lang=en")).text
        dashboard = (await client.get(f"/manage/{document.edition_id}?lang=en")).text
        assert (f'href="{own}/{document.id}/legal"' in inbox, "Nothing waits" in inbox) == (shown, not shown)
        assert ("E-invoices that the provider does not answer" in dashboard) == shown


async def test_the_payer_loads_it_with_the_link_of_her_order(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    festival = await make_festival(frozen_now)
    order = f"/e/{festival.edition.slug}/tickets/done/{festival.ids['order_secret']}"
    (row,) = await fetch(
        "SELECT payment_document FROM ticket_order WHERE payment_document IS NOT NULL ORDER BY id LIMIT 1"
    )
    async with new_browser() as payer:
        await fetch("DELETE FROM payment_legal_file")
        assert "e-invoice.pdf" not in (await payer.get(order)).text
        assert (await payer.get(f"{order}/e-invoice.pdf")).status_code == 404
        own = f"/manage/{festival.edition.id}/payments/{row['payment_document']}/legal"
        async with new_browser() as desk:
            await sign_in(desk, festival.people["finance"].person_id or 0)
            assert (await desk.post(f"{own}/file", files={"file": ("a.pdf", PDF)})).status_code == 303
        assert "e-invoice.pdf" in (await payer.get(order)).text
        assert (await payer.get(f"{order}/e-invoice.pdf")).content == PDF
        assert (await payer.get(f"{order}/e-invoice.xml")).status_code == 404
        legal = LegalInvoice(provider="MISA", series="1C26TXX", number="00000777", lookup="X7F2")
        await note_legal_invoice(document_id=row["payment_document"], legal=legal, actor=SYSTEM, now=frozen_now)
        for said in ("1C26TXX 00000777", "(MISA)", "X7F2"):
            assert said in (await payer.get(order)).text
        told = await fetch(
            "SELECT to_address FROM outbox_message WHERE unique_key = {}", f"e-invoice:{row['payment_document']}"
        )
        assert told == []  # she gave a phone number alone, and finds it on this page
        await credit_document(
            document_id=row["payment_document"], amount=Money(1_000, "VND"), reason="Bớt", actor=SYSTEM, now=frozen_now
        )
        (note,) = await credit_notes_of(row["payment_document"])
        assert (await payer.get(f"{order}/e-invoice.pdf?note={note.id}")).status_code == 404
        await keep_legal_file(document_id=note.id, content=b"%PDF-1.4 note", actor=SYSTEM, now=frozen_now)
        assert f'href="{order}/e-invoice.pdf?note={note.id}"' in (await payer.get(order)).text
        assert (await payer.get(f"{order}/e-invoice.pdf?note={note.id}")).content == b"%PDF-1.4 note"
        for number in (2**31, 10**30):  # what no row has, and no database takes
            assert (await payer.get(f"{order}/e-invoice.pdf?note={number}")).status_code == 404
        nobody = order.replace(str(festival.ids["order_secret"]), "another")
        assert (await payer.get(f"{nobody}/e-invoice.pdf")).status_code == 404
