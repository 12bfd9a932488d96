"""What tests of sales have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from app.accounts.enums import Role
from app.events.queries import EditionInfo
from tests.conftest import NOW
from tests.support.client import Browser, sign_in
from tests.support.factories import make_holder
from tests.support.factories_ticketing import make_open_edition, make_ticket_type
from ticketing.sales.plugin import start


@dataclass
class Scene:
    """An open edition with a free and a paid ticket type, and somebody's browser."""

    browser: Browser
    edition: EditionInfo
    free: int
    paid: int

    async def sign_in(self, role: Role) -> None:
        """Go on as somebody who holds a role in the edition."""
        person = await make_holder(role, edition_id=self.edition.id, now=NOW)
        await sign_in(self.browser, person.id)

    def manage(self, path: str) -> str:
        """An address of the organiser's pages."""
        return f"/manage/{self.edition.id}{path}"


@pytest.fixture
async def edition(database: str) -> EditionInfo:
    """An edition that gives tickets; payments know whom to ask."""
    start()
    return await make_open_edition(now=NOW)


@pytest.fixture
async def scene(client: Browser, frozen_now: Any) -> Scene:
    """The scene at half past eight on the first morning."""
    edition = await make_open_edition(now=NOW)
    free = await make_ticket_type(edition.id, now=NOW, name={"vi": "Vé ngày", "en": "Day ticket"}, code="DAY")
    paid = await make_ticket_type(
        edition.id, now=NOW, name={"vi": "Ghế", "en": "Seat"}, price_minor=50_000, code="SEAT"
    )
    return Scene(client, edition, free, paid)
