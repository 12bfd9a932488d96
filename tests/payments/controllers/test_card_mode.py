"""The buttons for Stripe's sandbox and for live cards, on the page of terms."""

from __future__ import annotations

import pytest

from app.kernel.database import fetch
from app.kernel.settings import settings
from app.payments.services.modes import mode_of
from tests.events.factories import make_edition
from tests.payments.factories import Seller, make_document
from tests.support.card_payments import LIVE_KEY
from tests.support.client import Browser, sign_in
from tests.support.factories import make_owner

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("stripe")]


@pytest.fixture
async def desk(client: Browser) -> Browser:
    """The owner's browser, where both keys are set."""
    settings().__dict__["stripe_secret_key"] = LIVE_KEY
    await sign_in(client, (await make_owner()).id)
    return client


async def test_the_mode_is_chosen_once_it_was_said_what_it_does(desk: Browser, seller: Seller) -> None:
    edition = await make_edition()
    base = f"/manage/{edition.id}/payments/terms"
    before = (await desk.get(f"{base}?lang=en")).text
    assert ("Stripe: Sandbox" in before, "not available" in before) == (True, False)
    asked = await desk.post(f"{base}/cards?lang=en", data={"mode": "live"})
    assert (asked.status_code, "real cards are charged" in asked.text, await mode_of(edition.id)) == (200, True, False)
    done = await desk.post(f"{base}/cards", data={"mode": "live", "sure": "yes"})
    assert (done.status_code, await mode_of(edition.id)) == (303, True)
    assert "Stripe: Live" in (await desk.get(f"{base}?lang=en")).text
    await make_document(edition)
    back = await desk.post(f"{base}/cards?lang=en", data={"mode": "sandbox"})
    assert ("1 invoice is open" in back.text, await mode_of(edition.id)) == (True, True)
    await fetch("UPDATE payment_document SET state = 'cancelled'")
    assert (await desk.post(f"{base}/cards", data={"mode": "sandbox"})).status_code == 303
    assert await mode_of(edition.id) is False


async def test_a_mode_without_a_key_is_shown_as_not_available_and_refused(desk: Browser) -> None:
    settings().__dict__["stripe_secret_key"] = ""
    edition = await make_edition()
    base = f"/manage/{edition.id}/payments/terms"
    page = (await desk.get(f"{base}?lang=en")).text
    assert ("not available" in page, 'value="live" disabled' in page) == (True, True)
    for sure in ({}, {"sure": "yes"}):
        assert (await desk.post(f"{base}/cards", data={"mode": "live", **sure})).status_code == 409
    assert (await desk.post(f"{base}/cards", data={"mode": "both"})).status_code == 422
    assert await mode_of(edition.id) is False
    settings().__dict__["stripe_test_secret_key"] = ""
    assert 'id="cards"' not in (await desk.get(base)).text
