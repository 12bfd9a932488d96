"""An e-invoice bears a rate that holds on its day: what was billed at one that ended meanwhile is not asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.accounts.actor import SYSTEM
from app.kernel.clock import freeze
from app.kernel.i18n import use_locale
from app.kernel.money import Money
from app.payments.enums import PaymentMethod, TaxMode
from app.payments.enums_legal import LegalState
from app.payments.errors_legal import RateEnded
from app.payments.lines import Line, Terms
from app.payments.queries import DocumentInfo, document_by_id
from app.payments.queries_legal import EndingRate, legal_part, open_at_ending_rates, refused_in
from app.payments.services.corrections import credit_document
from app.payments.services.legal_issuing import ask_again, issue_due
from app.payments.services.recording import record_payment
from app.payments.services.terms import set_terms
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.factories import Seller, make_document
from tests.support.client import Browser, sign_in
from tests.support.factories import make_owner
from tests.support.legal_provider import LegalServer

pytestmark = [pytest.mark.engines, pytest.mark.usefixtures("database")]
LAST_DAY = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)  # half past eleven at night where the edition is
DAY_AFTER = datetime(2026, 12, 31, 17, 30, tzinfo=UTC)


async def billed(rate: str = "vn_reduced") -> DocumentInfo:
    """An invoice with two lines, of which one is taxed at a rate."""
    edition = await make_edition()
    terms = Terms(seller_name="Hội LHPN", tax_mode=TaxMode.ADDED, tax_name=rate)
    await set_terms(edition_id=edition.id, terms=terms, actor=SYSTEM, now=NOW)
    lines = [
        Line(description="Gian", unit_minor=1_000_000),
        Line(description="Sách", unit_minor=50_000, exempt_reason="Dạy nghề"),
    ]
    return await make_document(edition, lines=lines)


async def pay(document: DocumentInfo, now: datetime) -> None:
    """Let all of it come."""
    await record_payment(document_id=document.id, method=PaymentMethod.CASH, amount=document.due, actor=SYSTEM, now=now)


async def test_what_was_paid_after_its_rates_last_day_is_refused_here(provider: LegalServer, seller: Seller) -> None:
    document = await billed()
    await pay(document, DAY_AFTER)
    for _time in range(2):
        assert await issue_due(DAY_AFTER) == {"issued": 0, "refused": 1, "files": 0}
        with use_locale("en"):
            part = await legal_part(document.id)
            (shown,) = await refused_in(document.edition_id)
        assert part.state == LegalState.REFUSED
        assert part.error == shown["error"] == RateEnded(rate="8", last="31 Dec 2026").sentence()
        with use_locale("vi"):
            assert "31/12/2026" in (await legal_part(document.id)).error
        await ask_again(document_id=document.id, now=DAY_AFTER)
    assert (provider.orders(), provider.asked("POST")) == ([], [])


@pytest.mark.parametrize(("rate", "paid_at"), [("vn_reduced", LAST_DAY), ("vn_standard", DAY_AFTER)])
async def test_what_was_paid_while_its_rate_held_is_issued(
    provider: LegalServer, seller: Seller, rate: str, paid_at: datetime
) -> None:
    document = await billed(rate)
    await pay(document, paid_at)
    assert (await issue_due(DAY_AFTER))["issued"] == 1
    document = await document_by_id(document.id)
    await credit_document(
        document_id=document.id, amount=Money(10_000, "VND"), reason="Bớt", actor=SYSTEM, now=DAY_AFTER
    )
    assert (await issue_due(DAY_AFTER))["issued"] == 1  # at the rate of what it takes back
    assert [order["kind"] for order in provider.orders()] == ["invoice", "credit_note"]


async def test_what_is_open_at_a_rate_that_ends_is_counted_before_its_last_day(seller: Seller) -> None:
    document = await billed()
    edition_id = document.edition_id
    assert await open_at_ending_rates(edition_id, date(2026, 10, 30)) == []
    ending = [EndingRate(percent=8.0, last=date(2026, 12, 31), invoices=1)]
    for day in (date(2026, 11, 1), date(2027, 1, 20)):
        assert await open_at_ending_rates(edition_id, day) == ending
    await pay(document, NOW)
    assert await open_at_ending_rates(edition_id, date(2026, 11, 1)) == []


async def test_the_list_and_the_terms_say_so(client: Browser, seller: Seller) -> None:
    owner, document = await make_owner(), await billed()
    base = f"/manage/{document.edition_id}/payments"
    for at, said in ((datetime(2026, 10, 20, tzinfo=UTC), False), (datetime(2026, 12, 1, tzinfo=UTC), True)):
        with freeze(at):
            await sign_in(client, owner.id)
            for path in (base, f"{base}/terms"):
                shown = (await client.get(f"{path}?lang=en")).text
                assert ("Tax of 8% holds until 31 Dec 2026." in shown) == said
                assert ("1 open invoice was billed at it." in shown) == said
