"""Servers that stand for Stripe and for a provider of e-invoices, and settings that lead the service to them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.kernel.settings import settings
from app.payments.queries_card import PROVIDER
from app.payments.services import inbox
from app.payments.services.stripe_events import EFFECTS
from tests.payments.factories import Seller, put_on_sale
from tests.support.card_payments import StripeServer, running_stripe
from tests.support.legal_provider import LegalServer, running_provider


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


@pytest.fixture(scope="session")
def provider_process() -> Iterator[LegalServer]:
    """The running server, for all tests of this process."""
    with running_provider() as made:
        yield made


@pytest.fixture
def provider(provider_process: LegalServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[LegalServer]:
    """The provider as this test finds it: it knows nothing and answers."""
    provider_process.control("reset")
    for name, value in provider_process.settings().items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield provider_process
    monkeypatch.undo()
    settings.cache_clear()
