"""What was billed and paid before there were books stands in them after an upgrade."""

from __future__ import annotations

import pytest

from app.events.queries import edition_by_id
from app.kernel.database import fetch
from app.kernel.migrate import migrate
from tests.payments.books import check_books
from tests.upgrades.test_upgrading import NAMES, put_stored

pytestmark = pytest.mark.engines


@pytest.mark.parametrize("name", NAMES)
async def test_what_was_billed_before_stands_in_the_books(name: str, empty_database: str) -> None:
    await put_stored(name, empty_database)
    await migrate()
    editions = await fetch("SELECT DISTINCT edition AS id FROM payment_document")
    assert editions != []
    for row in editions:
        await check_books(await edition_by_id(row["id"]))
    assert await fetch("SELECT id FROM payment_document WHERE id NOT IN (SELECT document FROM payment_line)") == []
    assert (
        await fetch("SELECT id FROM payment WHERE id NOT IN (SELECT payment FROM ledger_entry WHERE payment > 0)") == []
    )
