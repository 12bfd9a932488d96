"""Lists that take people at some times only: at the gate, in a phone's queue, on the pages, and in a copied edition."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.kernel.database import fetch
from app.kernel.i18n import use_locale
from tests.conftest import NOW
from tests.support.client import Browser, sign_in
from tests.support.factories import make_holder
from tests.support.factories_ticketing import make_gate, make_list, make_open_edition, make_pass, make_ticket_type
from ticketing.checkin.enums import Verdict
from ticketing.checkin.errors import DayOutsideEdition, ListHoursReversed
from ticketing.checkin.queries import lists_of, rules_in
from ticketing.checkin.rules import ListRules
from ticketing.checkin.schemas import QueuedScan
from ticketing.checkin.services import gates
from ticketing.checkin.services.copying import copy_gates
from ticketing.checkin.services.redeeming import redeem_pass, redeem_queue

pytestmark = pytest.mark.engines
HOUR = timedelta(hours=1)
EVENING = ListRules(opens_daily="18:00", closes_daily="22:00", note={"en": "Stamp the hand", "vi": "Đóng dấu tay"})


@pytest.fixture
async def scene(database: str) -> Any:
    """An edition, a list that takes people in the evening, its phone and a pass. It is half past eight."""
    edition = await make_open_edition(now=NOW)
    list_id = await make_list(edition.id, now=NOW, name="Dạ tiệc", rules=EVENING)
    _gate_id, phone, _token = await make_gate(edition.id, list_id, now=NOW)
    return edition, list_id, phone, await make_pass(edition, now=NOW)


async def test_outside_its_hours_a_list_refuses_and_says_when_it_is_open(scene: Any) -> None:
    _edition, _list_id, phone, issued = scene
    with use_locale("en"):
        answers = [
            await redeem_pass(actor=phone, client_id=f"scan-{hours:04d}", code=issued.code, now=NOW + hours * HOUR)
            for hours in (0, 10, 11, 14, 34)
        ]
    assert [(one.verdict, one.note, one.valid_from) for one in answers] == [
        ("not_valid_yet", "Dạ tiệc: 18:00–22:00", None),
        ("admitted", "Stamp the hand", None),
        ("already_admitted", None, None),
        ("expired", "Dạ tiệc: 18:00–22:00", None),
        ("admitted", "Stamp the hand", None),
    ]
    assert [row["verdict"] for row in await fetch("SELECT verdict FROM scan ORDER BY id")] == [
        one.verdict for one in answers
    ]


async def test_what_stands_against_the_pass_is_said_before_the_hours_of_the_list(scene: Any) -> None:
    edition, list_id, phone, _issued = scene
    later = await make_pass(edition, now=NOW, valid_from=NOW + HOUR)
    answer = await redeem_pass(actor=phone, client_id="scan-0001", code=later.code, now=NOW)
    assert (answer.verdict, answer.note, answer.valid_from) == ("not_valid_yet", None, NOW + HOUR)
    await gates.update_list(
        list_id=list_id,
        edition_id=edition.id,
        name="Dạ tiệc",
        pass_kinds=["guest"],
        active=True,
        rules=EVENING,
        actor=SYSTEM,
        now=NOW,
    )
    answer = await redeem_pass(actor=phone, client_id="scan-0002", code=later.code, now=NOW + 2 * HOUR)
    assert answer.verdict == "wrong_list"


async def test_a_queue_is_held_against_the_hours_of_each_scan(scene: Any) -> None:
    edition, _list_id, phone, issued = scene
    other = await make_pass(edition, now=NOW)
    for found in (NOW + 15 * HOUR, NOW + 40 * HOUR):  # on the same day, and on a later one
        scans = [
            QueuedScan(f"scan-a-{found:%d%H}", other.code, NOW, Verdict.ADMITTED),
            QueuedScan(f"scan-b-{found:%d%H}", issued.code, NOW + 10 * HOUR, Verdict.ADMITTED),
        ]
        answers = await redeem_queue(actor=phone, scans=scans, now=found)
        assert (answers[0].verdict, answers[0].reason) == ("late_conflict", "not_valid_yet")
        assert (answers[0].valid_from, (answers[0].note or "").startswith("Dạ tiệc")) == (None, True)
    first = await fetch("SELECT verdict FROM scan WHERE client_id LIKE 'scan-b-%' ORDER BY id")
    assert [row["verdict"] for row in first] == ["admitted", "late_conflict"]


async def test_rules_that_cannot_be_are_refused(database: str) -> None:
    edition = await make_open_edition(now=NOW)
    for rules, error in (
        (ListRules(opens_at=NOW, closes_at=NOW), ListHoursReversed),
        (ListRules(day=date(2026, 10, 15)), DayOutsideEdition),
        (ListRules(day=date(2026, 10, 19)), DayOutsideEdition),
    ):
        with pytest.raises(error):
            await make_list(edition.id, now=NOW, rules=rules)
    assert await fetch("SELECT id FROM check_in_list") == []


async def test_a_gate_lead_writes_the_rules_of_a_list(client: Browser, frozen_now: datetime) -> None:
    edition = await make_open_edition(now=NOW)
    await sign_in(client, (await make_holder(Role.GATE_LEAD, edition_id=edition.id, now=NOW)).id)
    base = f"/manage/{edition.id}/gates"
    form = {
        "name": "Phòng VIP",
        "active": "on",
        "area": "Tầng 2",
        "day": "2026-10-17",
        "opens_daily": "18:00",
        "closes_daily": "01:00",
        "opens_at": "2026-10-17T17:00",
        "closes_at": "2026-10-18T02:00",
        "note_vi": "Đóng dấu tay",
    }
    assert (await client.post(f"{base}/lists/new", data=form)).status_code == 303
    overview = (await client.get(f"{base}?lang=en")).text
    told = "Saturday, 17 Oct 2026, 18:00–01:00, from 17 Oct 2026 17:00, until 18 Oct 2026 02:00"
    assert (overview.count(told), overview.count("Tầng 2")) == (1, 1)
    (row,) = await fetch("SELECT id FROM check_in_list")
    shown = (await client.get(f"{base}/lists/{row['id']}")).text
    for value in ("Tầng 2", "18:00", "01:00", "2026-10-17T17:00", "2026-10-18T02:00", "Đóng dấu tay"):
        assert f'value="{value}"' in shown, value
    assert 'value="2026-10-17" selected' in shown
    for change in ({"closes_at": "2026-10-17T17:00"}, {"day": "2026-10-19"}, {"opens_daily": "25:00"}):
        refused = await client.post(f"{base}/lists/{row['id']}", data=form | change)
        assert (refused.status_code, refused.text.count("field-error") > 0) == (422, True), change
    without = {"name": "Phòng VIP", "active": "on"}
    assert (await client.post(f"{base}/lists/{row['id']}", data=without)).status_code == 303
    assert told not in (await client.get(f"{base}?lang=en")).text


async def test_a_gate_lead_writes_how_often_and_how_many(client: Browser, frozen_now: datetime) -> None:
    edition = await make_open_edition(now=NOW)
    wanted = await make_ticket_type(edition.id, now=NOW, name={"vi": "Vé ngày", "en": "Day ticket"})
    await make_ticket_type(edition.id, now=NOW)
    foreign = await make_ticket_type((await make_open_edition(now=NOW)).id, now=NOW)
    await sign_in(client, (await make_holder(Role.GATE_LEAD, edition_id=edition.id, now=NOW)).id)
    base = f"/manage/{edition.id}/gates"
    form = {
        **{"name": "Hội thảo", "active": "on", "ticket_types": str(wanted)},
        **{"entries_a_day": "2", "again_after": "30", "capacity": "120"},
    }
    assert (await client.post(f"{base}/lists/new", data=form)).status_code == 303
    overview = (await client.get(f"{base}?lang=en")).text
    told = "2 admissions a day, again after 30 minutes, room for 120 people"
    assert (overview.count(told), overview.count("Day ticket")) == (1, 1)
    (row,) = await fetch("SELECT id, ticket_types FROM check_in_list")
    shown = (await client.get(f"{base}/lists/{row['id']}?lang=en")).text
    for value in ('value="2"', 'value="30"', 'value="120"', f'value="{wanted}" checked'):
        assert value in shown, value
    changes = (
        ({"once": "on"}, "comes in only once does not come in again"),
        ({"entries_a_day": "0"}, "field-error"),
        ({"again_after": "1441"}, "field-error"),
        ({"capacity": "-1"}, "field-error"),
    )
    for change, words in changes:
        refused = await client.post(f"{base}/lists/{row['id']}?lang=en", data=form | change)
        assert (refused.status_code, words in refused.text) == (422, True), change
    assert (
        await client.post(f"{base}/lists/{row['id']}", data=form | {"ticket_types": str(foreign)})
    ).status_code >= 400
    once = {"name": "Hội thảo", "active": "on", "once": "on"}
    assert (await client.post(f"{base}/lists/{row['id']}", data=once)).status_code == 303
    overview = (await client.get(f"{base}?lang=en")).text
    assert ("once only" in overview, told in overview, "Day ticket" in overview) == (True, False, False)


async def test_a_copied_edition_has_lists_with_the_same_rules(database: str) -> None:
    edition = await make_open_edition(now=NOW)
    wanted = await make_ticket_type(edition.id, now=NOW, code="DAY")
    rules = ListRules(ticket_types=(wanted,), entries_a_day=2, again_after=30, capacity=120)
    await make_list(edition.id, now=NOW, rules=rules)
    made = await make_open_edition(now=NOW)
    await fetch("DELETE FROM check_in_list WHERE edition = {}", made.id)
    await make_ticket_type(made.id, now=NOW)
    other = await make_ticket_type(made.id, now=NOW, code="DAY")
    await copy_gates(edition, made, NOW)
    (row,) = await lists_of(made.id)
    assert rules_in(row) == replace(rules, ticket_types=(other,))
