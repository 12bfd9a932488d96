"""The journeys' look for secrets finds what stands openly."""

import asyncio

import pytest

from tests.events.factories import make_edition
from tests.journeys.support.leaks import leaks


@pytest.mark.engines
async def test_a_value_is_found_in_every_column_that_holds_it(database: str) -> None:
    edition = await make_edition("mot-dia-chi-rieng")
    assert await asyncio.to_thread(leaks, database, [edition.slug]) == ["audit_entry.after", "edition.slug"]
    assert await asyncio.to_thread(leaks, database, ["no such value anywhere"]) == []
