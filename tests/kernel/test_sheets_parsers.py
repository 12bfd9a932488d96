import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.i18n import use_locale
from app.kernel.money import Money
from app.kernel.sheets import CellError, SheetContext
from app.kernel.sheets import parsers as parse
from app.kernel.sheets.columns import Parser
from tests.kernel.sheet_samples import CONTEXT, NOW, SIZES

RUPIAH = SheetContext(edition_id=1, actor=None, now=NOW, timezone="Asia/Jakarta", currency="IDR")
ENGLISH = "January February March April May June July August September October November December"
INDONESIAN = "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember"
EURO = SheetContext(edition_id=1, actor=None, now=NOW, timezone="Europe/Berlin", currency="EUR")


def refused(parser: Parser, value: Any, context: SheetContext = CONTEXT) -> str:
    with pytest.raises(CellError) as caught:
        parser(value, context)
    assert "{" not in caught.value.sentence()
    return caught.value.code


def test_text_is_composed_and_measured() -> None:
    assert parse.text()(unicodedata.normalize("NFD", "  Nguyễn   Thị\u00a0Ắn "), CONTEXT) == "Nguyễn Thị Ắn"
    assert parse.text()(12.0, CONTEXT) == "12"
    assert parse.text()(date(2026, 1, 2), CONTEXT) == "2026-01-02"
    assert parse.text()("a\nb", CONTEXT) == "a b"
    assert parse.text(lines=True)("a \r\n  b\n\n", CONTEXT) == "a\nb"
    assert parse.text(3)("abc", CONTEXT) == "abc"
    assert refused(parse.text(3), "abcd") == "too_long"


@pytest.mark.parametrize(
    "value",
    [
        912345678,
        912345678.0,
        "912345678",
        "0912 345 678",
        "+84912345678",
        "0912.345.678",
        "84912345678",
        84912345678,
        " +84 (0)912-345-678 ",
    ],
)
def test_phone_numbers_keep_their_prefix_and_get_back_a_lost_zero(value: Any) -> None:
    assert parse.phone()(value, CONTEXT) == "+84912345678"


def test_phone_numbers_of_other_countries() -> None:
    assert parse.phone()("0812-3456-7890", RUPIAH) == "+6281234567890"
    assert parse.phone()("+62 812 3456 7890", CONTEXT) == "+6281234567890"


@pytest.mark.parametrize("value", ["12", "nhà riêng", 12345, "0912345678 / 0987654321", True, 1.5])
def test_no_phone_number(value: Any) -> None:
    assert refused(parse.phone(), value) == "not_a_phone"


def test_email() -> None:
    assert parse.email()(" Lan.Nguyen@Example.VN ", CONTEXT) == "lan.nguyen@example.vn"
    assert refused(parse.email(), "lan at example.vn") == "not_an_email"
    assert refused(parse.email(), "a@b.vn, c@d.vn") == "not_an_email"


@pytest.mark.parametrize(
    ("value", "number"), [(12, 12), (12.0, 12), ("12", 12), ("1.250", 1250), ("1,250,000", 1250000)]
)
def test_whole_numbers(value: Any, number: int) -> None:
    assert parse.integer()(value, CONTEXT) == number


@pytest.mark.parametrize("value", [1.5, "1.5", "x", "12 m", True, date(2026, 1, 1), "٣x", "1.25.0"])
def test_no_whole_number(value: Any) -> None:
    assert refused(parse.integer(), value) == "not_a_number"


def test_range_of_whole_numbers() -> None:
    assert refused(parse.integer(1, 3), 0) == "out_of_range"
    assert refused(parse.integer(1, 3), 4) == "out_of_range"
    assert refused(parse.integer(), -1) == "out_of_range"
    assert refused(parse.integer(), "1" * 19) == "out_of_range"


@pytest.mark.parametrize(
    "value", ["1.250.000", "1,250,000 ₫", "1250000", 1250000, 1250000.0, "1.250.000 VNĐ", "1 250 000 đ"]
)
def test_money(value: Any) -> None:
    assert parse.money()(value, CONTEXT) == Money(1_250_000, "VND")


def test_money_of_other_currencies_and_free_things() -> None:
    assert parse.money()("Rp 50.000", RUPIAH) == Money(50_000, "IDR")
    assert parse.money()(12.5, EURO) == Money(1250, "EUR")
    assert parse.money()("Miễn phí", CONTEXT) == Money(0, "VND")


@pytest.mark.parametrize("value", ["-5", -5, 1.25, "1,5 triệu", "giá tốt", True, 1e300])
def test_no_money(value: Any) -> None:
    assert refused(parse.money(), value) == "not_money"


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 10, 6, 8, 30),  # noqa: DTZ001 - spreadsheets give naive times
        date(2026, 10, 6),
        "06/10/2026",
        "6/10/2026",
        "6-10-2026",
        "6.10.2026",
        "2026-10-06",
        "2026-10-06 00:00:00",
        46301,
        "46301",
        "06 / 10 / 2026",
        "Thứ Ba, 6/10/2026",
        "ngày 6 tháng 10 năm 2026",
        "6 tháng mười, 2026",
        "6 Oktober 2026",
        "Selasa, 6 Okt 2026",
        "tanggal 6-10-2026",
        "6 October 2026",
        "6-Oct-2026",
        "Tuesday, October 6th, 2026",
    ],
)
def test_days_are_read_day_first(value: Any) -> None:
    assert parse.day()(value, CONTEXT) == date(2026, 10, 6)


@pytest.mark.parametrize(
    ("value", "month"),
    [
        *[("12 tháng 3 năm 2026", 3), ("12 tháng năm năm 2026", 5), ("12 tháng chạp năm 2026", 12)],
        *((f"12 {name} 2026", number) for number, name in enumerate(ENGLISH.split(), 1)),
        *((f"12-{name[:3]}-2026", number) for number, name in enumerate(ENGLISH.split(), 1)),
        *((f"12 {name} 2026", number) for number, name in enumerate(INDONESIAN.split(), 1)),
    ],
)
def test_months_by_their_names(value: str, month: int) -> None:
    assert parse.day()(value, CONTEXT) == date(2026, month, 12)


@pytest.mark.parametrize(
    "value",
    [
        "10/16/2026",
        "31/02/2026",
        "31 tháng 2 năm 2026",
        "31 Februari 2026",
        "01/01/0001",
        "06/10/26",
        "6 Okt 26",
        "6 tháng 10",
        "6 Xyz 2026",
        "06/10/2026 - 08/10/2026",
        "06/10/2026 08:30",
        "quầy 3, 6/10/2026",
        "hôm nay",
        "12345",
        "46301.5",
        12,
        True,
        46301.5,
    ],
)
def test_no_day(value: Any) -> None:
    assert refused(parse.day(), value) == "not_a_date"


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 10, 16, 8, 30),  # noqa: DTZ001 - spreadsheets give naive times
        "16/10/2026 08:30",
        "16/10/2026 8h30",
        "8:30 16/10/2026",
        "08:30, 16/10/2026",
        "2026-10-16 08:30",
        "2026-10-16T08:30:00",
        "2026-10-16T01:30:00Z",
        "2026-10-16T10:30:00+09:00",
        46311 + 8.5 / 24,
        str(46311 + 8.5 / 24),
        "16/10/2026 08.30",
        "16/10/2026 8:30:00 AM",
        "16/10/2026 8:30 SA",
        "8 giờ 30 phút, thứ Sáu, ngày 16 tháng 10 năm 2026",
        "lúc 8h30 ngày 16/10/2026",
        "Jumat, 16 Oktober 2026, pukul 08.30",
        "16 Oktober 2026 08.30 WIB",
        "16 Oktober 2026 10.30 WIT",
        "Friday, 16 October 2026 at 8:30 am",
        "Oct 16, 2026 8:30",
    ],
)
def test_moments_stand_in_the_zone_of_the_edition(value: Any) -> None:
    assert parse.moment()(value, CONTEXT) == datetime(2026, 10, 16, 1, 30, tzinfo=UTC)


def test_a_moment_without_time_is_midnight() -> None:
    midnight = datetime(2026, 10, 16, tzinfo=timezone(timedelta(hours=7)))
    assert parse.moment()("16/10/2026", CONTEXT) == midnight
    assert parse.moment()("16/10/2026", EURO) == datetime(2026, 10, 15, 22, tzinfo=UTC)


def test_hours_after_noon() -> None:
    for written in ("16/10/2026 2:30 PM", "16/10/2026 2:30 CH", "16/10/2026 14h30", "16 Oktober 2026 14.30"):
        assert parse.moment()(written, CONTEXT) == datetime(2026, 10, 16, 7, 30, tzinfo=UTC)
    assert parse.moment()("16/10/2026 12 am", CONTEXT) == datetime(2026, 10, 15, 17, tzinfo=UTC)
    assert parse.moment()("16/10/2026 12:00 PM", CONTEXT) == datetime(2026, 10, 16, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        *("16/10/2026 25:00", "08:30", "2026-10-16T99", "x", True, "8h30 mai", "16/10/2026 8h30 mai", "16/10/26 8:30"),
        *("16/10/2026 14:30 PM", "16/10/2026 8", "31/02/2026 08:30", "16/10/2026 08:30 - 16/10/2026 09:30"),
    ],
)
def test_no_moment(value: Any) -> None:
    assert refused(parse.moment(), value) == "not_a_time"


class Size(StrEnum):
    HOUSEHOLD = "household"
    COMPANY = "company"


def test_choices_in_three_languages() -> None:
    parser = parse.choice({Size(key): labels for key, labels in SIZES.items()})
    for value in ("HỘ KINH DOANH", "Household Business", "usaha  rumah tangga", "household"):
        assert parser(value, CONTEXT) is Size.HOUSEHOLD
    assert parser("Doanh nghiệp", CONTEXT) is Size.COMPANY
    with pytest.raises(CellError) as caught:
        parser("khác", CONTEXT)
    with use_locale("vi"):
        assert "hộ kinh doanh, công ty" in caught.value.sentence()
    with use_locale("id"):
        assert "usaha rumah tangga, perusahaan" in caught.value.sentence()


def test_lists() -> None:
    assert parse.items()("OCOP 4 sao, 2025; VietGAP;", CONTEXT) == ["OCOP 4 sao, 2025", "VietGAP"]
    assert parse.items()("A1, A2,A3", CONTEXT) == ["A1", "A2", "A3"]
    assert parse.items()("a\nb", CONTEXT) == ["a", "b"]
    assert parse.items(parse.integer())("1; 2", CONTEXT) == [1, 2]
    assert refused(parse.items(parse.integer()), "1; x") == "not_a_number"
    assert refused(parse.items(most=2), "a;b;c") == "too_many"


def test_custom() -> None:
    parser = parse.custom(lambda text: {"1": 1}[text] if text == "1" else int("x"), "odd", "Odd: {value}")
    assert parser(1, CONTEXT) == 1
    assert refused(parser, "2") == "odd"


@given(st.one_of(st.text(), st.integers(), st.floats(allow_nan=True), st.booleans(), st.dates(), st.datetimes()))
def test_any_cell_gives_a_value_or_a_sentence(value: Any) -> None:
    makers = [parse.text, parse.phone, parse.email, parse.integer, parse.money, parse.day, parse.moment]
    sentences = []
    for make in makers:
        try:
            make()(value, CONTEXT)
        except CellError as error:
            sentences.append(error.sentence())
    assert all(sentences)
