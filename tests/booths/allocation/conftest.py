"""What tests of allocation have in common."""

import pytest

from app.payments.services import documents, given_up, telling
from booths.allocation.enums import FEE_PURPOSE
from booths.allocation.services.fee_messages import reach_exhibitor
from booths.allocation.services.settling import has_its_booth, release_taken_back, settle_fee


@pytest.fixture
def settled(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database in which payments of booth fees are settled, taken back and told as in the running service."""
    monkeypatch.setattr(documents, "_settlements", {FEE_PURPOSE: settle_fee})
    monkeypatch.setattr(given_up, "_is_there", {FEE_PURPOSE: has_its_booth})
    monkeypatch.setattr(documents, "_taken_back", {FEE_PURPOSE: release_taken_back})
    monkeypatch.setattr(telling, "_reach", {FEE_PURPOSE: reach_exhibitor})
