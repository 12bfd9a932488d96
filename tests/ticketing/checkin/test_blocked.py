"""A gate refuses a pass that is blocked, at once, later or without a network, and says that it is blocked only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.events.passes.states import block_pass, revoke_pass, unblock_pass
from app.events.tables import Pass
from app.kernel.database import fetch
from tests.conftest import NOW
from tests.support.factories_ticketing import make_gate, make_list, make_open_edition, make_pass
from ticketing.checkin.enums import Verdict
from ticketing.checkin.queries import refused_serials
from ticketing.checkin.schemas import QueuedScan
from ticketing.checkin.services.redeeming import redeem_pass, redeem_queue

pytestmark = pytest.mark.engines
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def scene(database: str) -> Any:
    """An edition, a phone at its gate, a pass that is blocked."""
    edition = await make_open_edition(now=NOW)
    _gate_id, phone, _token = await make_gate(edition.id, await make_list(edition.id, now=NOW), now=NOW)
    issued = await make_pass(edition, now=NOW)
    await block_pass(pass_id=issued.id, reason="two were seen", actor=SYSTEM, now=NOW)
    return edition, phone, issued


async def test_a_blocked_pass_is_refused_and_let_in_once_the_block_is_lifted(scene: Any) -> None:
    _edition, phone, issued = scene
    first = await redeem_pass(actor=phone, client_id="scan-0001", code=issued.code, now=NOW)
    assert (first.verdict, first.reason, first.label) == ("revoked", "blocked", "Vé tham quan")
    typed = await redeem_pass(actor=phone, client_id="scan-0002", code=issued.short_code, now=NOW)
    assert (typed.verdict, typed.reason) == ("revoked", "blocked")
    await unblock_pass(pass_id=issued.id, reason="", actor=SYSTEM, now=NOW)
    again = await redeem_pass(actor=phone, client_id="scan-0001", code=issued.code, now=NOW)
    assert (again.verdict, again.reason, again.replayed) == ("revoked", "blocked", True)
    later = await redeem_pass(actor=phone, client_id="scan-0003", code=issued.code, now=NOW + MINUTE)
    assert (later.verdict, later.reason) == ("admitted", None)
    rows = await fetch("SELECT verdict, reason FROM scan ORDER BY id")
    assert [(row["verdict"], row["reason"]) for row in rows] == [
        ("blocked", None),
        ("blocked", None),
        ("admitted", None),
    ]
    assert len(await fetch("SELECT id FROM admission")) == 1


@pytest.mark.parametrize("day", [0, 1])
async def test_a_phone_that_let_it_in_before_it_heard_of_it_has_a_conflict(scene: Any, day: int) -> None:
    _edition, phone, issued = scene
    scans = [
        QueuedScan("scan-0001", issued.code, NOW + MINUTE, Verdict.ADMITTED),
        QueuedScan("scan-0002", issued.code, NOW + 2 * MINUTE, Verdict.REVOKED),
    ]
    answers = await redeem_queue(actor=phone, scans=scans, now=NOW + timedelta(days=day, minutes=3))
    assert [(one.verdict, one.reason) for one in answers] == [("late_conflict", "blocked"), ("revoked", "blocked")]


async def test_phones_without_a_network_know_what_is_blocked_and_what_is_withdrawn_or_not_sold(scene: Any) -> None:
    edition, _phone, blocked = scene
    withdrawn, stock, _valid, laid = [await make_pass(edition, now=NOW) for _number in range(4)]
    await revoke_pass(pass_id=withdrawn.id, reason="", actor=SYSTEM, now=NOW)
    for one, state in ((stock, "stock"), (laid, "laid")):
        await Pass.update({Pass.state: state}).where(Pass.id == one.id)
    assert await refused_serials(edition.id) == {
        "revoked": [withdrawn.serial, stock.serial],
        "blocked": [blocked.serial],
        "unpaid": [],
        "cancelled": [],
    }
