"""Three complete languages: nothing missing, nothing fuzzy, no placeholder lost, one word for each thing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.kernel.i18n import _, use_locale
from app.kernel.sheets import kinds
from app.main import register_modules
from booths.allocation.controllers.apply import STEPS
from booths.allocation.enums import APPLICATION_STATE_NAMES, ApplicationState
from tests.support import messages as tool
from tests.support.messages import Term, departs_from, glossary, messages, placeholders, problems
from ticketing.sales.enums import ORDER_CHANNEL_NAMES, OrderChannel


@pytest.mark.parametrize("locale", tool.TRANSLATED)
def test_every_message_is_translated_in_the_words_of_the_glossary(locale: str) -> None:
    wrong = problems(locale)
    assert not wrong, f"{len(wrong)} faults (python -m tests.support.messages lists them): " + "; ".join(wrong[:5])


@pytest.mark.parametrize("locale", tool.TRANSLATED)
def test_no_translation_is_left_of_a_message_that_is_gone(locale: str) -> None:
    known = {key if isinstance(key, str) else key[0] for key in messages()}
    held = {entry.id if isinstance(entry.id, str) else entry.id[0] for entry in tool.read_catalogue(locale)}
    assert held - known - {""} == set()


#: Words that stood for a thing beside the glossary's one: in no message, no page of help, no header of a sheet.
GIVEN_UP = {
    "vi": (
        *("chốt vòng", "đã chốt", "khóa vòng", "khóa thiết bị", "gắn thiết bị", "gắn điện thoại", "phiếu ghép"),
        *("giao vai trò", "đường dẫn", "địa chỉ thư", "nhóm thi", "chuỗi hoạt động", "kỳ {", "kỳ %("),
        *("mặt hàng", "nhóm hàng", "loại hàng"),
    ),
    "id": (
        *("babak dikunci", "sudah dikunci", "alamat email", "menautkan perangkat", "edisi {", "edisi %("),
        *("mesin kartu",),
    ),
}


@pytest.mark.parametrize("locale", tool.TRANSLATED)
def test_a_word_that_was_given_up_stands_nowhere(locale: str) -> None:
    register_modules()
    texts = {f"message {entry.id!r}": str(entry.string) for entry in tool.read_catalogue(locale)}
    texts |= {path.name: path.read_text() for path in (tool.ROOT / "app" / "help" / locale).glob("*.md")}
    texts |= {f"{kind.name}.{column.name}": column.label(locale) for kind in kinds() for column in kind.columns}
    assert len(texts) > 1500
    assert [(place, word) for place, text in texts.items() for word in GIVEN_UP[locale] if word in text.lower()] == []


#: Where the contest writes letters, and what a judge reads; a team's and the organisers' own pages say "bạn".
SAYS_QUY_VI = ("app/judging/services/", "app/judging/ui/tablet/", "app/judging/controllers/judge.py")
JUDGES_PAGES = ("app/judging/templates/judging/judge_entry.html", "app/judging/templates/judging/tablet.html")


def test_letters_of_the_contest_and_judges_are_addressed_with_respect() -> None:
    places = {key if isinstance(key, str) else key[0]: spots for key, spots in messages().items()}
    addressed = [
        (str(entry.id), str(entry.string))
        for entry in tool.read_catalogue("vi")
        if any(spot.startswith((*SAYS_QUY_VI, *JUDGES_PAGES)) for spot in places.get(_english(entry.id), ()))
    ]
    assert len(addressed) > 40
    assert [english for english, said in addressed if re.search(r"\bbạn\b", said.lower())] == []


def _english(key: str | tuple[str, ...] | list[str]) -> str:
    return key if isinstance(key, str) else key[0]


@pytest.mark.parametrize("locale", tool.TRANSLATED)
def test_headers_of_sheets_are_words_of_the_glossary(locale: str) -> None:
    register_modules()
    headers = {(column.label("en"), column.label(locale)) for kind in kinds() for column in kind.columns}
    assert len(headers) > 50
    terms = glossary()
    assert [one for one in headers for term in terms if departs_from(term, locale, *one)] == []


def test_a_place_to_fill_is_no_word_of_the_glossary() -> None:
    term = Term("contest", {"vi": ("cuộc thi",)})
    assert departs_from(term, "vi", "{contest}: the result of %(contest)s", "{contest}: kết quả") is False
    assert departs_from(term, "vi", "{contest}: the contest", "{contest}: kết quả") is True


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


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("vi", ("Trực tuyến", "Đã rút", "Người đăng ký", "Các ô", "Khách quan tâm")),
        ("id", ("Daring", "Ditarik kembali", "Pendaftar", "Petak", "Kontak pengunjung")),
    ],
)
def test_a_word_fits_where_it_stands(locale: str, expected: tuple[str, ...]) -> None:
    with use_locale(locale):
        found = (
            _(ORDER_CHANNEL_NAMES[OrderChannel.ONLINE]),
            _(APPLICATION_STATE_NAMES[ApplicationState.WITHDRAWN]),
            _(STEPS["who"][2]),
            _("Which cells"),
            _("Contacts"),
        )
    assert found == expected
