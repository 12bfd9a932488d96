"""The audit log: what is kept of a change, and that it stands or falls with it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.kernel import audit
from app.kernel.database import dialect, fetch, write_transaction
from app.kernel.enums import JobState
from app.kernel.logs import request_id
from app.kernel.money import Money
from tests.support.queries import counted_queries
from tests.support.race import drop_trigger

NOW = datetime(2026, 10, 16, 1, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Actor:
    """Somebody who acts."""

    person_id: int | None = 7
    full_name: str = "Nguyễn Thị Hoa"
    device_id: int | None = None
    on_behalf_of: int | None = None

    @property
    def written_by(self) -> tuple[int | None, str]:
        """Whose hand it was."""
        return self.person_id, self.full_name


async def record(action: str = "booth.release", **given: Any) -> None:
    values: dict[str, Any] = {"actor": Actor(), "subject_type": "booth", "subject_id": 12, "now": NOW}
    await audit.record(action=action, **{**values, **given})


async def test_an_entry_says_who_what_when_before_and_after(database: str) -> None:
    token = request_id.set("abc12345")
    try:
        await record(edition_id=3, before={"state": "held"}, after={"state": "free"})
    finally:
        request_id.reset(token)
    entries, total = await audit.list_entries()
    assert total == 1
    assert {key: value for key, value in entries[0].items() if key != "id"} == {
        "at": NOW,
        "actor_person_id": 7,
        "actor_name": "Nguyễn Thị Hoa",
        "on_behalf_of": None,
        "device_id": None,
        "action": "booth.release",
        "subject_type": "booth",
        "subject_id": "12",
        "edition_id": 3,
        "before": {"state": "held"},
        "after": {"state": "free"},
        "request_id": "abc12345",
    }


async def test_the_system_has_no_name(database: str) -> None:
    await record(actor=None)
    ((entry,), _total) = await audit.list_entries()
    assert (entry["actor_person_id"], entry["actor_name"], entry["before"]) == (None, "", None)


async def test_values_that_json_lacks_are_kept_as_text(database: str) -> None:
    after = {"on": date(2026, 10, 16), "price": Money(50_000, "VND"), "state": JobState.DONE, "ratio": Decimal("0.5")}
    await record(after=after)
    ((entry,), _total) = await audit.list_entries()
    assert entry["after"] == {
        "on": "2026-10-16",
        "price": {"amount_minor": 50_000, "currency": "VND"},
        "state": "done",
        "ratio": "0.5",
    }


async def test_an_entry_is_gone_when_the_change_is(database: str) -> None:
    async def failing() -> None:
        async with write_transaction():
            await record()
            raise KeyError

    with pytest.raises(KeyError):
        await failing()
    assert await audit.list_entries() == ([], 0)


async def test_entries_are_filtered_and_paged_newest_first(database: str) -> None:
    for number in range(5):
        await record(action=f"step.{number}", edition_id=1, subject_id=number)
    await record(action="other", edition_id=2, subject_type="order", actor=Actor(person_id=8))
    entries, total = await audit.list_entries(edition_id=1, page=2, per_page=2)
    assert ([entry["action"] for entry in entries], total) == (["step.2", "step.1"], 5)
    for filters in ({"edition_id": 2}, {"action": "other"}, {"actor_person_id": 8}, {"subject_type": "order"}):
        found, count = await audit.list_entries(**filters)
        assert ([entry["action"] for entry in found], count) == (["other"], 1)
    assert (await audit.list_entries(subject_type="booth", subject_id=4))[1] == 1
    assert await audit.list_entries(edition_id=9) == ([], 0)


async def test_gathered_entries_are_added_together_in_their_order(database: str) -> None:
    with counted_queries() as sent:
        async with write_transaction(), audit.gathered():
            for number in range(3):
                await record(f"step.{number}")
            assert sent == []
    assert len(sent) == 1
    await record("step.3")
    entries, _total = await audit.list_entries()
    assert [entry["action"] for entry in entries] == ["step.3", "step.2", "step.1", "step.0"]


async def test_gathered_entries_are_gone_when_the_change_is(database: str) -> None:
    async def failing() -> None:
        async with write_transaction(), audit.gathered():
            await record()
            raise KeyError

    with pytest.raises(KeyError):
        await failing()
    assert await audit.list_entries() == ([], 0)
    await record()
    assert (await audit.list_entries())[1] == 1


def test_changes_keeps_only_what_differs() -> None:
    before = {"name": "a", "place": "b", "gone": 1, "empty": None}
    after = {"name": "a", "place": "c", "new": None, "empty": None}
    assert audit.changes(before, after) == ({"place": "b", "gone": 1}, {"place": "c", "new": None})
    assert audit.changes({}, {}) == ({}, {})


def test_changes_compares_what_texts_of_json_hold() -> None:
    before = {"name": '{"vi":"Lụa","en":"Silk"}', "parts": '["fair"]', "story": "[no JSON", "slug": "lua"}
    after = {
        "name": '{"en": "Silk", "vi": "L\\u1ee5a"}',
        "parts": '["fair", "contest"]',
        "story": "[no JSON",
        "slug": "l",
    }
    assert set(audit.changes(before, after)[1]) == {"parts", "slug"}


REWRITINGS = (
    "DELETE FROM audit_entry",
    *(
        f"UPDATE audit_entry SET {change}"
        for change in (
            "action = 'booth.hold'",
            f"at = '{NOW.replace(year=2020).isoformat(sep=' ')}'",
            "id = id + 1",
            "actor_person_id = NULL",
            "on_behalf_of = 8",
            "device_id = 4",
            "subject_type = 'order'",
            "subject_id = '13'",
            "edition_id = 9",
            "request_id = 'x'",
            "actor_name = 'Somebody else'",
            """before = '{{"state": "free"}}'""",
            """before = '{{"name": null, "old": ["Hoa", null]}}'""",
            """after = '{{"name": null, "paid": false}}'""",
            """after = '"Mai"'""",
            "before = after, after = before",
            "actor_name = '', before = NULL, after = NULL, action = 'booth.hold'",
        )
    ),
)
#: What an erased person leaves of an entry: the values go, all or those that are hers.
ERASURES = (
    ("actor_name = ''", {"actor_name": ""}),
    ("before = NULL", {"before": None}),
    ("""before = '{{}}', after = '[]'""", {"before": {}, "after": []}),
    (
        """actor_name = '', after = '{{"name": null, "old": [null, {{}}]}}'""",
        {"actor_name": "", "after": {"name": None, "old": [None, {}]}},
    ),
    ("actor_name = actor_name, before = before, action = action", {}),
)


async def only_entry() -> dict[str, Any]:
    """The one entry there is."""
    ((entry,), _total) = await audit.list_entries()
    return entry


@pytest.mark.engines
async def test_an_entry_cannot_be_changed_or_deleted(database: str) -> None:
    await record(edition_id=3, before={"name": "Hoa"}, after={"name": "Mai"})
    entry = await only_entry()
    for statement in REWRITINGS:
        with pytest.raises(Exception, match="the audit log is append-only"):
            await fetch(statement)
        assert await only_entry() == entry, statement
    if dialect() == "postgres":
        with pytest.raises(Exception, match="the audit log is append-only"):
            await fetch("TRUNCATE audit_entry")


@pytest.mark.engines
@pytest.mark.parametrize("statement", REWRITINGS)
async def test_without_its_triggers_it_can(database: str, statement: str) -> None:
    """The negative control."""
    await record(edition_id=3, before={"name": "Hoa"}, after={"name": "Mai"})
    before = await audit.list_entries()
    for trigger in ("audit_entry_stays", "audit_entry_behalf_stays", "audit_entry_is_kept"):
        await drop_trigger("audit_entry", trigger)
    await fetch(statement)
    assert await audit.list_entries() != before


@pytest.mark.engines
@pytest.mark.parametrize(("erasure", "left"), ERASURES)
async def test_the_personal_values_of_an_entry_can_be_erased(database: str, erasure: str, left: dict[str, Any]) -> None:
    await record(edition_id=3, before={"name": "Hoa"}, after={"name": "Mai"})
    entry = await only_entry()
    await fetch(f"UPDATE audit_entry SET {erasure}")
    assert await only_entry() == {**entry, **left}


async def test_the_log_is_found_by_its_subject_through_an_index(database: str) -> None:
    await record()
    rows = await fetch("SELECT action FROM audit_entry WHERE subject_type = {} AND subject_id = {}", "booth", "12")
    assert rows == [{"action": "booth.release"}]
