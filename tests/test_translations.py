"""Three complete languages: nothing missing, nothing fuzzy, no placeholder lost, one word for each thing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import messages as tool
from tests.support.messages import Term, departs_from, glossary, messages, placeholders, problems


@pytest.mark.parametrize("locale", tool.TRANSLATED)
def test_every_message_is_translated_in_the_words_of_the_glossary(locale: str) -> None:
    wrong = problems(locale)
    assert not wrong, f"{len(wrong)} faults (python -m tests.support.messages lists them): " + "; ".join(wrong[:5])


@pytest.mark.parametrize("locale", tool.TRANSLATED)
def test_no_translation_is_left_of_a_message_that_is_gone(locale: str) -> None:
    known = {key if isinstance(key, str) else key[0] for key in messages()}
    held = {entry.id if isinstance(entry.id, str) else entry.id[0] for entry in tool.read_catalogue(locale)}
    assert held - known - {""} == set()


def test_the_glossary_has_sixty_terms_in_three_languages() -> None:
    terms = glossary()
    assert len(terms) >= 60
    assert len({term.english for term in terms}) == len(terms)
    assert [term for term in terms for locale in tool.TRANSLATED if not all(term.allowed[locale])] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Booth {booth} of %(hall)s", ["%(hall)s", "{booth}"]),
        ("100 %% of {count:,}", ["{count:,}"]),
        ("Nothing here", []),
    ],
)
def test_placeholders(text: str, found: list[str]) -> None:
    assert placeholders(text) == found


PASS = Term("pass", {"vi": ("thẻ", "vé vào cửa"), "id": ("pas",)})
CELL = Term("cell", {"vi": ("ô",), "id": ("petak", "sel")})
ENTRY = Term("entry", {"vi": ("bài dự thi",), "id": ("karya",)})


@pytest.mark.parametrize(
    ("term", "locale", "english", "translated", "departs"),
    [
        (PASS, "vi", "Your pass is ready", "Thẻ của bạn đã sẵn sàng", False),
        (PASS, "vi", "Two passes", "Hai vé vào cửa", False),
        (PASS, "vi", "Your pass is ready", "Giấy của bạn đã sẵn sàng", True),
        (PASS, "vi", "Your password", "Mật khẩu", False),
        (CELL, "vi", "No cell here", "Không có phòng", True),
        (CELL, "vi", "No cell here", "Không có ô nào", False),
        (CELL, "id", "Its cells", "Petaknya", False),
        (CELL, "id", "The cell is free", "Selesai kosong", True),
        (ENTRY, "vi", "Entries", "Ghi chép", True),
        (ENTRY, "vi", "Entries", "Bài dự thi", False),
        (ENTRY, "vi", "The entry", "Mục", True),
        (ENTRY, "id", "Entrytime", "Waktu", False),
    ],
)
def test_departing_from_the_glossary(term: Term, locale: str, english: str, translated: str, departs: bool) -> None:
    assert departs_from(term, locale, english, translated) is departs


def test_messages_are_found_in_each_kind_of_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "app" / "templates"
    folder.mkdir(parents=True)
    (folder / "a.html").write_text('{{ _("One") }}{% trans n=1 %}{{ n }} two{% pluralize %}{{ n }} twos{% endtrans %}')
    (tmp_path / "app" / "b.py").write_text('x = _("Three")\ny = ngettext("four", "fours", 2)\nz = N_("Five")\n')
    (tmp_path / "app" / "c.ts").write_text('const a = t("Six"); const b = tn("seven", "sevens", 2); got("No")')
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    assert set(messages()) == {
        "One",
        ("%(n)s two", "%(n)s twos"),
        "Three",
        ("four", "fours"),
        "Five",
        "Six",
        ("seven", "sevens"),
    }
