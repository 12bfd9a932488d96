"""The log in words: names for subjects, labels for values, in the reader's language."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from app.kernel import audit_words
from app.kernel.audit_words import Field, LogWords, Subject, readable, register_words
from app.kernel.i18n import use_locale

NOW = datetime(2026, 10, 16, 1, 30, tzinfo=UTC)
asked: list[list[int]] = []


async def kites(ids: Sequence[int]) -> Mapping[int, str]:
    """Names of kites; none above 90 is left."""
    asked.append(list(ids))
    return {one: f"Kite {one}" for one in ids if one < 90}


@pytest.fixture(autouse=True)
def own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A register of this test's own."""
    asked.clear()
    monkeypatch.setattr(audit_words, "_actions", {})
    monkeypatch.setattr(audit_words, "_subjects", {})
    kite = Subject(
        name="Quota",
        find=kites,
        fields={
            "state": Field("State", values={"gone": "Withdrawn"}),
            "price": Field("Price", money=True),
            "friend": Field("Quota", subject="kite"),
            "key": Field(""),
            "photo": Field("Photo", picture=True),
            "cells": Field("Cells", show=lambda value: f"{len(value)}"),
        },
    )
    register_words(LogWords(actions={"kite.fly": "Sent"}, subjects={"kite": kite}))


def entry(**given: Any) -> dict[str, Any]:
    """One entry as the log gives it."""
    return {
        "at": NOW,
        "actor_name": "Nguyễn Thị Hoa",
        "device_id": None,
        "action": "kite.fly",
        "subject_type": "kite",
        "subject_id": "7",
        "before": None,
        "after": None,
        **given,
    }


async def line(**given: Any) -> audit_words.LogLine:
    (found,) = await readable([entry(**given)], timezone="Asia/Ho_Chi_Minh", currency="VND")
    return found


async def test_an_entry_reads_as_words_in_the_readers_language() -> None:
    with use_locale("vi"):
        found = await line(after={"state": "gone"})
    assert (found.who, found.what, found.subject, found.name) == ("Nguyễn Thị Hoa", "Đã gửi", "Hạn mức", "Kite 7")
    assert found.changes == [("Trạng thái", "", "Đã thu hồi")]


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("price", 250_000, "250.000\xa0₫"),
        ("friend", 8, "Kite 8"),
        ("friend", [8, 9], "Kite 8, Kite 9"),
        ("friend", 95, "no. 95"),
        ("state", "unknown", "unknown"),
        ("cells", [[0, 0], [1, 0]], "2"),
        ("name", {"vi": "Vé ngày", "en": "Day ticket"}, "Day ticket"),
        ("name", '{"vi": "Vé ngày", "en": "Day ticket"}', "Day ticket"),
        ("name", "[not json", "[not json"),
        ("active", True, "yes"),
        ("active", False, "no"),
        ("sales_from", "2026-10-16T01:30:00+00:00", "16 Oct 2026 08:30"),
        ("first_day", "2026-10-16", "16 Oct 2026"),
        ("seal", "ab" * 32, "abababababab…"),
        ("count", 1250, "1,250"),
        ("note", "x" * 400, "x" * 300 + "…"),
    ],
)
async def test_values_are_written_as_people_read_them(key: str, value: Any, shown: str) -> None:
    assert [after for _label, _before, after in (await line(after={key: value})).changes] == [shown]


async def test_what_did_not_change_and_what_nobody_reads_is_left_out() -> None:
    found = await line(before={"code": "A", "key": 1, "place": ""}, after={"code": "A", "key": 2, "place": None})
    assert found.changes == []


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ({"note": "old"}, {"note": ""}, ("note", "old", "empty")),
        ({"note": {"vi": "cũ"}}, {"note": {}}, ("note", "cũ", "empty")),
        ({"note": "old"}, None, ("note", "old", "")),
        ({"note": "old"}, {"code": None}, ("note", "old", "")),
        ({"note": ""}, {"note": "new"}, ("note", "", "new")),
        ({"photo": None}, {"photo": "ab" * 32}, ("Photo", "", "added")),
        ({"photo": "ab" * 32}, {"photo": "cd" * 32}, ("Photo", "", "another one")),
        ({"photo": "ab" * 32}, None, ("Photo", "", "taken away")),
    ],
)
async def test_what_was_erased_is_said_to_be_empty_and_a_picture_has_no_name(
    before: dict[str, Any], after: dict[str, Any] | None, shown: tuple[str, str, str]
) -> None:
    assert (await line(before=before, after=after)).changes == [shown]


async def test_a_subject_that_is_gone_is_known_by_what_the_entry_tells() -> None:
    assert (await line(subject_id="95", before={"name": {"vi": "Diều"}})).name == "Diều"
    assert (await line(subject_id="95")).name == "no. 95"
    assert (await line(subject_id="all")).name == "no. all"


async def test_unknown_words_stay_as_they_are() -> None:
    found = await line(action="swan.sing", subject_type="swan", after={"long_neck": True})
    assert (found.what, found.subject, found.changes[0][0]) == ("swan.sing", "swan", "long neck")


async def test_a_device_without_a_person_is_named_by_its_label(monkeypatch: pytest.MonkeyPatch) -> None:
    register_words(LogWords(subjects={"device": Subject(name="Gate", find=kites)}))
    assert (await line(actor_name="", device_id=3)).who == "Kite 3"
    assert (await line(actor_name="")).who == "The service itself"


async def test_names_are_asked_for_once_however_many_entries_there_are() -> None:
    entries = [entry(subject_id=str(number), after={"friend": number + 1}) for number in (1, 2, 3)]
    lines = await readable(entries, timezone="UTC", currency="VND")
    assert [one.name for one in lines] == ["Kite 1", "Kite 2", "Kite 3"]
    assert asked == [[1, 2, 3, 4]]
