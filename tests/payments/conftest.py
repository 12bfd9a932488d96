"""The server that stands for Stripe, and settings under which the service pays through it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.kernel.settings import settings
from app.payments.queries_card import PROVIDER
from app.payments.services import inbox
from app.payments.services.stripe_events import EFFECTS
from tests.payments.factories import Seller, put_on_sale
from tests.support.card_payments import StripeServer, running_stripe


@pytest.fixture(scope="session")
def stripe_process() -> Iterator[StripeServer]:
    """The running server, for all tests of this process."""
    with running_stripe() as made:
        yield made


@pytest.fixture
def stripe(stripe_process: StripeServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[StripeServer]:
    """Stripe as this test finds it: it holds its events, answers, and refunds at once."""
    stripe_process.control(
        "set",
        mode="held",
        drops=0,
        faults=0,
        faulty="",
        page_size=100,
        refunds_end="succeeded",
        asked=[],
        events=[],
        things={},
    )
    stripe_process.control("take")
    for name, value in stripe_process.settings().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(inbox, "_effects", {(PROVIDER, kind): effect for kind, effect in EFFECTS.items()})
    settings.cache_clear()
    yield stripe_process
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def seller(monkeypatch: pytest.MonkeyPatch) -> Seller:
    """A seller of orders."""
    made = Seller()
    put_on_sale(monkeypatch, made)
    return made
