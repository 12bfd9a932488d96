"""Words, dates and numbers in three languages."""

import asyncio
import os
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest

from app.kernel import i18n
from app.kernel.i18n import (
    _,
    current_locale,
    format_date,
    format_datetime,
    format_days,
    format_number,
    format_time,
    ngettext,
    pick,
    use_locale,
)

AT = datetime(2026, 10, 16, 18, 5, tzinfo=UTC)
HANOI = "Asia/Ho_Chi_Minh"


@pytest.fixture
def catalogues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of translations of one sentence, read afresh."""
    folder = tmp_path / "vi" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\nPlural-Forms: nplurals=1; plural=0;\\n"\n\n'
    (folder / "fairground.po").write_text(
        head
        + 'msgid "booth"\nmsgstr "gian hàng"\n\nmsgid "{n} booth"\nmsgid_plural "{n} booths"\nmsgstr[0] "{n} gian"\n'
    )
    monkeypatch.setattr(i18n, "LOCALE_DIR", tmp_path)
    i18n.catalogue.cache_clear()
    yield folder  # type: ignore[misc]
    i18n.catalogue.cache_clear()


def test_messages_come_in_the_readers_language(catalogues: Path) -> None:
    with use_locale("vi"):
        assert (_("booth"), _("hall"), _("")) == ("gian hàng", "hall", "")
        assert ngettext("{n} booth", "{n} booths", 3).format(n=3) == "3 gian"
    with use_locale("en"):
        assert (_("booth"), ngettext("{n} booth", "{n} booths", 1)) == ("booth", "{n} booth")
        assert ngettext("{n} booth", "{n} booths", 2) == "{n} booths"


def test_a_source_newer_than_its_compiled_file_is_read(catalogues: Path) -> None:
    compiled = catalogues / "fairground.mo"
    compiled.write_bytes(i18n._compiled(catalogues / "fairground.po"))
    source = catalogues / "fairground.po"
    source.write_text(source.read_text().replace("gian hàng", "quầy"))
    os.utime(compiled, (1, 1))
    with use_locale("vi"):
        assert _("booth") == "quầy"
    i18n.catalogue.cache_clear()
    os.utime(source, (0, 0))
    with use_locale("vi"):
        assert _("booth") == "gian hàng"


def test_an_unknown_language_is_english_and_ends_with_its_block() -> None:
    before = current_locale()
    with use_locale("vi"):
        with use_locale("fr"):
            assert current_locale() == "en"
        with use_locale(None):
            assert current_locale() == "en"
        assert current_locale() == "vi"
    assert current_locale() == before


async def test_two_readers_at_once_keep_their_languages() -> None:
    async def read(locale: str) -> str:
        with use_locale(locale):
            await asyncio.sleep(0)
            return current_locale()

    assert await asyncio.gather(read("vi"), read("id"), read("xx")) == ["vi", "id", "en"]


@pytest.mark.parametrize(
    ("texts", "locale", "chosen"),
    [
        ({"vi": "Hội chợ", "en": "Fair"}, "en", "Fair"),
        ({"vi": "Hội chợ", "en": "Fair"}, "id", "Hội chợ"),
        ({"id": "Pasar", "vi": ""}, "en", "Pasar"),
        ({"fr": "Foire"}, "vi", "Foire"),
        ({"vi": ""}, "vi", ""),
        ({}, "vi", ""),
        (None, "vi", ""),
    ],
)
def test_an_organisers_texts_fall_back(texts: dict[str, str] | None, locale: str, chosen: str) -> None:
    assert pick(texts, locale) == chosen
    with use_locale(locale):
        assert pick(texts) == chosen


@pytest.mark.parametrize(
    ("locale", "day", "with_weekday", "number"),
    [
        ("vi", "17/10/2026", "Thứ Bảy, 17/10/2026", "1.234,5"),
        ("id", "17 Okt 2026", "Sabtu, 17 Okt 2026", "1.234,5"),
        ("en", "17 Oct 2026", "Saturday, 17 Oct 2026", "1,234.5"),
    ],
)
def test_dates_and_numbers_are_those_of_the_language(locale: str, day: str, with_weekday: str, number: str) -> None:
    with use_locale(locale):
        assert format_date(AT, HANOI) == day  # one in the morning there
        assert format_date(AT, HANOI, weekday=True) == with_weekday
        assert format_date(date(2026, 10, 17)) == day
        assert format_datetime(AT, HANOI) == f"{day} 01:05"
        assert format_time(AT, i18n.zone(HANOI)) == "01:05"
        assert format_number(1234.5) == number


def test_halves_are_rounded_up_as_people_do() -> None:
    with use_locale("en"):
        assert [format_number(value, 1) for value in (81.25, 81.35, 0.05, 81.0)] == ["81.3", "81.4", "0.1", "81.0"]


@pytest.mark.parametrize(
    ("accepted", "locale"),
    [
        ("vi-VN,vi;q=0.9,en;q=0.8", "vi"),
        ("fr, id;q=0.3, en;q=0.8", "en"),
        ("in", "id"),
        ("", "vi"),
        ("*", "vi"),
        ("en;q=x,,;;q=", "vi"),
    ],
)
async def test_the_browser_says_the_language(client: httpx.AsyncClient, accepted: str, locale: str) -> None:
    answer = await client.get("/no/such/page", headers={"accept-language": accepted})
    assert f'<html lang="{locale}"' in answer.text


async def test_a_chosen_language_is_kept(client: httpx.AsyncClient) -> None:
    answer = await client.get("/no/such/page?lang=id", headers={"accept-language": "en"})
    assert '<html lang="id"' in answer.text
    answer = await client.get("/no/such/page", headers={"accept-language": "en"})
    assert '<html lang="id"' in answer.text
    answer = await client.get("/no/such/page?lang=xx")
    assert '<html lang="id"' in answer.text


@pytest.mark.parametrize(
    ("locale", "last", "said"),
    [
        ("vi", date(2026, 10, 7), "05–07/10/2026"),
        ("id", date(2026, 10, 7), "5–7 Okt 2026"),
        ("en", date(2026, 10, 7), "5–7 Oct 2026"),
        ("en", date(2026, 11, 1), "5 Oct 2026 – 1 Nov 2026"),
        ("vi", date(2026, 10, 5), "Thứ Hai, 05/10/2026"),
    ],
)
def test_days_are_written_as_people_write_them(locale: str, last: date, said: str) -> None:
    with use_locale(locale):
        assert format_days(date(2026, 10, 5), last) == said
