"""What a phone is told of passes: of all in few bytes, then what is new, of which nothing may be missed."""

from __future__ import annotations

import asyncio
import contextvars
import json
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.events.passes.states import revoke_pass
from app.kernel.database import dialect, fetch, write_transaction
from tests.conftest import NOW
from tests.support.client import Browser, new_browser
from tests.support.factories_ticketing import make_gate, make_list, make_open_edition, make_pass, make_ticket_type
from tests.ticketing.checkin.told import Phone, Row
from ticketing.checkin import changes
from ticketing.checkin.enums import Settlement, Verdict, Way
from ticketing.checkin.queries import gate_rule
from ticketing.checkin.rules import ListRules
from ticketing.checkin.schemas import QueuedScan
from ticketing.checkin.services.bundling import WHOLE_AFTER, passes_told
from ticketing.checkin.services.gates import forget_rules
from ticketing.checkin.services.labels import forget_labels
from ticketing.checkin.services.redeeming import redeem_pass, redeem_queue
from ticketing.checkin.services.settling import close_past_days, empty_lists, settle_conflict

pytestmark = pytest.mark.engines
MINUTE = timedelta(minutes=1)
MANY = 100_000
PASSES = """
INSERT INTO "pass" (edition, serial, kind, state, state_reason, label, holder_name, search_text, valid_from,
    valid_until, key_id, code, short_code, secret_seed, secret_hash, issued_at, note, organisation)
WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {})
SELECT p.edition, i, p.kind, CASE WHEN i % 50 = 0 THEN 'revoked' ELSE p.state END, p.state_reason,
    CASE WHEN i % 3 = 0 THEN 'Khách mời' ELSE p.label END, p.holder_name, p.search_text, p.valid_from, p.valid_until,
    p.key_id, p.code, 'P' || i, p.secret_seed, 'hash ' || i, p.issued_at, p.note, p.organisation
FROM n, "pass" p WHERE p.serial = 1
"""
ADMISSIONS = """
INSERT INTO admission (list_id, event_pass, gate_id, admitted_at, last_at, attempts, entries, entries_of_day)
SELECT {}, id, {}, {}, {}, 0, 1, 1 FROM "pass"
"""


class Scene:
    """An edition with a list that counts exits, a gate and its phone."""

    edition: Any
    list_id: int
    gate_id: int
    actor: Any
    token: str

    async def told(self, phone: Phone, now: datetime = NOW) -> Any:
        """Tell a phone what it does not know yet."""
        rule = await gate_rule(self.gate_id)
        assert rule is not None
        told = await passes_told(rule, phone.since, now)
        phone.hear(told)
        return told

    async def scan(self, number: int, code: str, now: datetime = NOW, way: Way = Way.IN) -> str:
        """Scan a pass online."""
        answer = await redeem_pass(actor=self.actor, client_id=f"scan-{number:04d}", code=code, way=way, now=now)
        return answer.verdict

    async def hand_in(self, number: int, code: str, at: datetime, way: Way = Way.IN, now: datetime = NOW) -> str:
        """Hand in a scan that let somebody through."""
        scan = QueuedScan(f"scan-{number:04d}", code, at, Verdict.LEFT if way is Way.OUT else Verdict.ADMITTED, way)
        (answer,) = await redeem_queue(actor=self.actor, scans=[scan], now=now)
        return answer.verdict


@pytest.fixture
async def scene(database: str) -> Scene:
    """A scene."""
    made = Scene()
    made.edition = await make_open_edition(now=NOW)
    made.list_id = await make_list(made.edition.id, now=NOW, exits=True)
    made.gate_id, made.actor, made.token = await make_gate(made.edition.id, made.list_id, now=NOW)
    return made


async def test_a_phone_is_told_who_is_inside_who_left_and_what_opens_no_gate(scene: Scene) -> None:
    one, two, three, four = [await make_pass(scene.edition, now=NOW) for _number in range(4)]
    await scene.scan(1, one.code)
    await scene.scan(2, two.code)
    await scene.scan(3, two.code, NOW + MINUTE, Way.OUT)
    await revoke_pass(pass_id=three.id, reason="lost", actor=SYSTEM, now=NOW)
    await fetch("UPDATE \"pass\" SET state = 'revoked', state_reason = 'unpaid' WHERE id = {}", four.id)
    phone = Phone()
    told = await scene.told(phone)
    assert told.whole
    assert phone.standings == {
        one.serial: Row(NOW, True, 1, 1, "Cổng A"),
        two.serial: Row(NOW, False, 1, 1, "Cổng A"),
    }
    assert phone.refused == {"revoked": [three.serial], "blocked": [], "unpaid": [four.serial], "cancelled": []}
    assert phone.sorts == dict.fromkeys(range(1, 5), ("Vé tham quan", None))


async def test_what_any_write_changes_is_told_of_the_next_time(scene: Scene) -> None:
    one, two, three = [await make_pass(scene.edition, now=NOW) for _number in range(3)]
    phone = Phone()
    await scene.told(phone)

    async def write(number: int) -> None:
        match number:
            case 0:
                assert await scene.scan(1, one.code) == "admitted"
            case 1:
                assert await scene.hand_in(2, two.code, NOW - MINUTE) == "admitted"
            case 2:
                assert await scene.scan(3, one.code, NOW + MINUTE, Way.OUT) == "left"
            case 3:
                assert await scene.hand_in(4, two.code, NOW + MINUTE, now=NOW + 2 * MINUTE) == "late_conflict"
            case 4:
                (row,) = await fetch("SELECT id FROM scan WHERE client_id = 'scan-0004'")
                await settle_conflict(
                    scan_id=row["id"],
                    edition_id=scene.edition.id,
                    settlement=Settlement.ACCEPTED,
                    actor=SYSTEM,
                    now=NOW + 3 * MINUTE,
                )
            case 5:
                assert await scene.scan(5, one.code, NOW + 4 * MINUTE) == "admitted"
            case 6:
                assert await empty_lists(edition_id=scene.edition.id, actor=SYSTEM, now=NOW + 5 * MINUTE) == 2
            case 7:
                assert await scene.scan(6, three.code, NOW + 6 * MINUTE) == "admitted"
            case 8:
                assert await close_past_days(now=NOW + timedelta(days=1)) == 1
            case 9:
                await make_pass(scene.edition, now=NOW, label="Khách mời")
            case 10:
                await revoke_pass(pass_id=three.id, reason="lost", actor=SYSTEM, now=NOW)

    for number in range(11):
        before = deepcopy(phone)
        await write(number)
        told = await scene.told(phone)
        assert not told.whole
        everything = Phone()
        await scene.told(everything)
        assert (phone.standings, phone.refused) == (everything.standings, everything.refused), number
        assert phone.sorts == everything.sorts, number
        changed = phone != Phone(phone.since, before.sorts, before.refused, before.standings)
        assert changed == (number != 3), number  # of a conflict that is not settled a list knows nothing
        again = deepcopy(phone)
        again.hear(told)  # told twice it is the same
        assert again == phone
    told = await scene.told(phone)
    assert (told.refused, told.sort_of) == (None, "")


async def test_a_phone_that_cannot_be_told_what_is_new_is_told_everything(scene: Scene) -> None:
    other = await make_list(scene.edition.id, now=NOW, name="Phòng VIP")
    phone = Phone()
    told = await scene.told(phone)
    parts = phone.since.split(".")
    for place, value in ((0, str(other)), (1, "17"), (2, str(2**60)), (4, "0")):
        changed = ".".join([*parts[:place], value, *parts[place + 1 :]])
        assert (await scene.told(Phone(changed))).whole
    for rubbish in ("", "x", "1.2.3", f"{told.since}.1", told.since.replace(".", ".-", 1), "²" + told.since, "9" * 400):
        assert (await scene.told(Phone(rubbish))).whole
    almost = NOW + timedelta(seconds=WHOLE_AFTER - 1)
    assert not (await scene.told(Phone(told.since), almost)).whole
    later = await scene.told(Phone(phone.since), almost)
    assert (await scene.told(Phone(later.since), NOW + timedelta(seconds=WHOLE_AFTER))).whole


async def _slow(scene: Scene, phone: Phone) -> dict[int, Row]:
    """Let a scan under way be overtaken by another, a phone asking between the two; gives what it knows at the end."""
    slow, quick = [await make_pass(scene.edition, now=NOW) for _number in range(2)]
    stored, ends = asyncio.Event(), asyncio.Event()

    async def scan_slowly() -> None:
        async with write_transaction():
            await scene.hand_in(1, slow.code, NOW)
            stored.set()
            await ends.wait()

    under_way = asyncio.get_running_loop().create_task(scan_slowly(), context=contextvars.copy_context())
    await stored.wait()
    if dialect() == "postgres":  # SQLite lets one write at a time
        await scene.scan(2, quick.code)
    await scene.told(phone)
    assert slow.serial not in phone.standings
    ends.set()
    await under_way
    if dialect() == "sqlite":
        await scene.scan(2, quick.code)
    assert not (await scene.told(phone)).whole
    return phone.standings


async def test_a_scan_that_is_stored_before_and_ends_after_a_phone_was_told_is_not_missed(scene: Scene) -> None:
    phone = Phone()
    await scene.told(phone)
    assert len(await _slow(scene, phone)) == 2


async def test_by_the_newest_write_alone_it_would_be_missed(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control, on the engine on which several write at once."""
    newest = "SELECT COALESCE(MAX(changed_in), 0) + 1 AS since, 0 AS era FROM admission"
    monkeypatch.setattr(changes, "_NOT_TOLD", dict.fromkeys(("postgres", "sqlite"), newest))
    phone = Phone()
    await scene.told(phone)
    assert len(await _slow(scene, phone)) == (1 if dialect() == "postgres" else 2)


async def test_a_hundred_thousand_passes_take_at_most_sixteen_bytes_each(client: Browser, scene: Scene) -> None:
    first = await make_pass(scene.edition, now=NOW)
    assert first.serial == 1
    await fetch(PASSES, MANY)
    await fetch(ADMISSIONS, scene.list_id, scene.gate_id, NOW, NOW)
    forget_labels()
    headers = {"authorization": f"Bearer {scene.token}", "accept-encoding": "identity"}
    async with new_browser() as phone:
        answer = await phone.get("/api/v1/gate/bundle?since=", headers=headers)
    assert answer.headers.get("content-encoding") is None
    assert len(answer.content) <= 16 * MANY
    told = json.loads(answer.content)
    assert "Trần Thị Mai" not in answer.text
    assert (told["revoked"], told["blocked"], told["labels"], told["label_of"]) == ([], [], [], "")
    knows = Phone()
    rule = await gate_rule(scene.gate_id)
    assert rule is not None
    knows.hear(await passes_told(rule, "", NOW))
    assert (len(knows.standings), len(knows.sorts), len(knows.refused["revoked"])) == (MANY, MANY, MANY // 50)
    assert set(knows.standings.values()) == {Row(NOW, True, 1, 1, "Cổng A")}


async def test_a_phone_that_asks_as_older_ones_do_gets_what_they_understand(client: Browser, scene: Scene) -> None:
    await make_pass(scene.edition, now=NOW)
    headers = {"authorization": f"Bearer {scene.token}"}
    async with new_browser() as phone:
        old = (await phone.get("/api/v1/gate/bundle", headers=headers)).json()
        new = (await phone.get("/api/v1/gate/bundle?since=", headers=headers)).json()
        assert "passes" not in old
        assert (old["labels"], old["label_of"]) == (["Vé tham quan"], "AA==")
        assert new.keys() == {*old, "passes"}
        since = new["passes"]["since"]
        later = (await phone.get("/api/v1/gate/bundle", params={"since": since}, headers=headers)).json()
    assert later["passes"]["whole"] is False


async def test_rules_that_changed_come_with_the_next_answer(client: Browser, scene: Scene) -> None:
    headers = {"authorization": f"Bearer {scene.token}"}
    type_id = await make_ticket_type(scene.edition.id, now=NOW)
    rules = ListRules(once=True, ticket_types=(type_id,))
    other = await make_list(scene.edition.id, now=NOW, name="Phòng VIP", rules=rules)
    async with new_browser() as phone:
        new = (await phone.get("/api/v1/gate/bundle?since=", headers=headers)).json()
        await fetch("UPDATE gate SET check_in_list = {} WHERE id = {}", other, scene.gate_id)
        forget_rules()
        params = {"since": new["passes"]["since"]}
        later = (await phone.get("/api/v1/gate/bundle", params=params, headers=headers)).json()
    assert (later["passes"]["whole"], later["list_id"]) == (True, other)
    assert (later["list_rules"]["once"], later["list_rules"]["ticket_types"]) == (True, [type_id])
