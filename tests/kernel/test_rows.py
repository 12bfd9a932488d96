"""Many rows in one statement stand as they would one by one, on both engines."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.kernel import rows
from app.kernel.database import fetch, hold_rows, is_unique_violation, write_transaction
from app.kernel.rows import add, among, given, insert_rows
from app.kernel.tables import AuditEntry, OutboxMessage
from app.payments.services import entries
from app.payments.tables_bank import BankEntry
from tests.conftest import NOW
from tests.support.queries import counted_queries

pytestmark = pytest.mark.engines
COLUMNS = (
    *(OutboxMessage.channel, OutboxMessage.to_address, OutboxMessage.person_id, OutboxMessage.subject),
    *(OutboxMessage.body_text, OutboxMessage.attachments, OutboxMessage.locale, OutboxMessage.secret),
    *(OutboxMessage.unique_key, OutboxMessage.created_at, OutboxMessage.next_try_at, OutboxMessage.body_html),
)
TEXTS = ("Chị Hoa {name} 'x' \"y\" \\ %s 🎪", "", "a\nb\tc", "{}", "null", "true", "12")


def row(number: int, text: str = "") -> tuple[Any, ...]:
    """A message's values."""
    return (
        *("mail", f"{number}@example.vn", number or None, text, text, '[{"a": "é"}]', "vi", bool(number % 2)),
        *(f"key-{number}", NOW + timedelta(microseconds=number), NOW, ""),
    )


async def test_rows_stand_as_piccolo_writes_them(database: str) -> None:
    wanted = [row(number, text) for number, text in enumerate(TEXTS)]
    for one in wanted:
        await OutboxMessage(**{column._meta.name: value for column, value in zip(COLUMNS, one, strict=True)}).save()
    before = await OutboxMessage.select().order_by(OutboxMessage.id)
    raw = await fetch("SELECT created_at || '' AS at, secret, person_id FROM outbox_message ORDER BY id")
    await OutboxMessage.delete(force=True)
    await insert_rows(OutboxMessage, COLUMNS, wanted)
    after = await OutboxMessage.select().order_by(OutboxMessage.id)
    assert [{**one, "id": 0} for one in after] == [{**one, "id": 0} for one in before]
    assert await fetch("SELECT created_at || '' AS at, secret, person_id FROM outbox_message ORDER BY id") == raw


async def test_many_rows_take_few_statements_and_give_what_was_made(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "AT_ONCE", 4)
    with counted_queries() as sent:
        made = await insert_rows(
            OutboxMessage, COLUMNS, [row(number) for number in range(9)], returning=[OutboxMessage.unique_key]
        )
    assert len(sent) == 3
    assert sorted(one["unique_key"] for one in made) == [f"key-{number}" for number in range(9)]
    assert await insert_rows(OutboxMessage, COLUMNS, [], returning=[OutboxMessage.id]) == []


async def test_what_is_known_is_passed_over_only_when_asked(database: str) -> None:
    await insert_rows(OutboxMessage, COLUMNS, [row(1)])
    made = await insert_rows(
        OutboxMessage, COLUMNS, [row(1), row(2)], returning=[OutboxMessage.person_id], pass_over_known=True
    )
    assert made == [{"person_id": 2}]
    with pytest.raises(Exception, match=r"(?i)unique") as refused:
        await insert_rows(OutboxMessage, COLUMNS, [row(3), row(2)])
    assert is_unique_violation(refused.value)
    assert await OutboxMessage.count() == 2


async def test_what_is_too_long_is_not_cut(database: str) -> None:
    long = "x" * (entries.COLUMNS[1].length + 1)
    values = (None, long, NOW, 1, "VND", "", "", "", "", "", "statement", "m", "new", "", NOW)
    if rows.dialect() == "postgres":
        with pytest.raises(Exception, match="too long"):
            await insert_rows(BankEntry, entries.COLUMNS, [values])
    else:  # which knows no lengths
        await insert_rows(BankEntry, entries.COLUMNS, [values])
        assert (await BankEntry.select(BankEntry.account))[0]["account"] == long


async def test_rows_are_updated_from_what_is_given(database: str) -> None:
    await insert_rows(OutboxMessage, COLUMNS, [row(number) for number in range(1, 5)])
    source, values = given("said", {"whose": "INTEGER", "words": "VARCHAR"}, [(1, "a {} 'b'"), (3, None), (9, "no")])
    changed = await fetch(
        f"UPDATE outbox_message SET error = COALESCE(words, '-') FROM {source} WHERE person_id = whose "
        "RETURNING person_id",
        *values,
    )
    assert sorted(one["person_id"] for one in changed) == [1, 3]
    found = await fetch("SELECT error FROM outbox_message ORDER BY person_id")
    assert [one["error"] for one in found] == ["a {} 'b'", "", "-", ""]
    source, values = given("said", {"whose": "INTEGER", "words": "VARCHAR"}, [])
    assert await fetch(f"SELECT whose, words FROM {source}", *values) == []


async def test_rows_are_chosen_and_held_in_the_order_of_their_ids(database: str) -> None:
    await insert_rows(OutboxMessage, COLUMNS, [row(number) for number in range(1, 5)])
    chosen, wanted = among(["key-4", "key-2", "other"], "VARCHAR")
    async with write_transaction():
        found = await hold_rows("outbox_message", f"unique_key {chosen} AND locale = {{}}", wanted, "vi", alone=True)
    assert [one["unique_key"] for one in found] == ["key-2", "key-4"]
    assert found[0]["created_at"] == NOW + timedelta(microseconds=2)
    chosen, wanted = among([])
    assert await hold_rows("outbox_message", f"id {chosen}", wanted) == []


async def test_the_log_takes_what_it_is_given(database: str) -> None:
    columns = [AuditEntry.at, AuditEntry.action, AuditEntry.before, AuditEntry.edition_id]
    await insert_rows(AuditEntry, columns, [(NOW, "a", '{"b": 1}', None), (NOW, "b", None, 4)])
    found = await AuditEntry.select(*columns).order_by(AuditEntry.action).output(load_json=True)
    assert [(one["before"], one["edition_id"]) for one in found] == [({"b": 1}, None), (None, 4)]


async def test_a_row_that_is_added_stands_as_piccolo_saves_it_and_knows_its_id(database: str) -> None:
    def message(key: str) -> OutboxMessage:
        values = dict(zip((column._meta.name for column in COLUMNS), row(7, TEXTS[0]), strict=True))
        return OutboxMessage(**{**values, "unique_key": key})

    saved, added = message("saved"), message("added")
    await saved.save()
    await add(added)
    first, second = await OutboxMessage.select().order_by(OutboxMessage.id)
    assert {**second, "id": first["id"], "unique_key": "saved"} == first
    added.subject = "Other"
    await added.save()  # it is known to be there, so that this changes it
    assert await OutboxMessage.count() == 2
    assert added.id == second["id"]
