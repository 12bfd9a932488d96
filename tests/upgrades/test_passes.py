"""What passes of earlier versions are of, and why they were withdrawn, is known after an upgrade."""

from __future__ import annotations

import pytest

from app.kernel.database import fetch
from app.kernel.migrate import migrate
from tests.faults.reconcile import NEVER
from tests.upgrades.test_upgrading import NAMES, put_stored

pytestmark = pytest.mark.engines


@pytest.mark.parametrize("name", NAMES)
async def test_tickets_know_their_type_and_withdrawn_passes_why(name: str, empty_database: str) -> None:
    await put_stored(name, empty_database)
    passes = await fetch('SELECT id, edition FROM "pass" ORDER BY id')
    for reason, row in zip(("its payment was for something else", "mất"), passes, strict=False):
        await fetch(
            "UPDATE \"pass\" SET state = 'revoked', revoked_reason = {} WHERE id = {} RETURNING id", reason, row["id"]
        )
    await fetch("UPDATE pass_counter SET issued = issued + 3 WHERE edition = {} RETURNING id", passes[0]["edition"])
    await migrate()
    tickets = await fetch(
        "SELECT p.type_no AS type_no, i.ticket_type AS ticket_type FROM order_item i "
        'JOIN "pass" p ON p.id = i.event_pass'
    )
    assert tickets != []
    assert [row["type_no"] for row in tickets] == [row["ticket_type"] for row in tickets]
    rows = await fetch('SELECT state, state_reason FROM "pass" ORDER BY id')
    assert [row["state_reason"] for row in rows][:3] == ["unpaid", "withdrawn", ""]
    assert await fetch(NEVER["serials_not_dense"]) == []
