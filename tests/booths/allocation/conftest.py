"""What tests of allocation have in common."""

import pytest

from app.payments.services import documents
from booths.allocation.enums import FEE_PURPOSE
from booths.allocation.services.settling import settle_fee


@pytest.fixture
def settled(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database in which payments of booth fees are settled as in the running service."""
    monkeypatch.setattr(documents, "_settlements", {FEE_PURPOSE: settle_fee})
