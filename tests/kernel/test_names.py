"""Names, numbers and addresses of people."""

import unicodedata

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.kernel.database import fetch
from app.kernel.names import (
    clean_lines,
    clean_name,
    clean_text,
    contact_of,
    normalise_email,
    normalise_phone,
    region_of,
    search_text,
    searched,
    shortened,
    show_phone,
    sort_key,
    text_key,
)
from app.kernel.tables import RateLimit

#: In the order of a Vietnamese list: given name, then the rest from its front; ngang, huyền, hỏi, ngã, sắc, nặng.
PEOPLE = [
    "Hoàng An",
    "Nguyễn Văn An",
    "Trần Ân",
    "Lê Bình",
    "Cúc",
    "Phạm Dung",
    "Đặng Dũng",
    "Bùi Đức",
    "Nguyễn Thị Hoa",
    "Nguyễn Thị Hòa",
    "Nguyễn Thị Hỏa",
    "Nguyễn Thị Hoã",
    "Nguyễn Thị Hóa",
    "Nguyễn Thị Họa",
    "Vũ Hoàng",
    "Đỗ Lan",
    "Lý Lân",
    "Sukarno",
    "Trịnh Ư",
]


def test_lists_are_in_the_order_of_given_names() -> None:
    backwards = PEOPLE[::-1]
    assert sorted(backwards, key=sort_key) == PEOPLE
    assert sort_key("Nguyễn Thị Hoà") == sort_key("Nguyễn Thị Hòa")


@pytest.mark.engines
async def test_the_database_sorts_keys_as_python_does(database: str) -> None:
    for number, name in enumerate(reversed(PEOPLE)):
        await RateLimit(key=sort_key(name)[:40], tries=number).save()
    rows = await fetch("SELECT tries FROM rate_limit ORDER BY key")
    assert [len(PEOPLE) - 1 - row["tries"] for row in rows] == list(range(len(PEOPLE)))


@given(st.text(max_size=40))
def test_keys_are_digits_that_every_collation_orders_alike(text: str) -> None:
    key = text_key(text)
    assert set(key) <= set("0123456789")


@pytest.mark.parametrize(("first", "second"), [("An", "Anh"), ("An Bình", "Anh"), ("3", "A"), ("Z", "Ж"), ("d", "đ")])
def test_shorter_words_digits_and_own_letters_come_first(first: str, second: str) -> None:
    assert text_key(first) < text_key(second)


def test_case_and_composition_make_no_difference() -> None:
    assert sort_key("NGUYỄN THỊ HÒA") == sort_key(unicodedata.normalize("NFD", "Nguyễn Thị Hòa"))
    assert sort_key("  ") == ""
    assert len(sort_key("a " * 500)) == 400


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (unicodedata.normalize("NFD", "Nguyễn Thị Hoà"), "Nguyễn Thị Hoà"),
        ("  Lê \t Văn\u00a0 Tám ", "Lê Văn Tám"),
        ("a\x00b\u200bc\u202ed\ud800e", "a b c d e"),
        ("Sukarno", "Sukarno"),
        ("", ""),
    ],
)
def test_names_are_cleaned(typed: str, kept: str) -> None:
    assert clean_name(typed) == kept


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once
    once.encode()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("0912 345 678", "+84912345678"),
        ("912345678", "+84912345678"),
        ("+84 912-345-678", "+84912345678"),
        ("84912345678", "+84912345678"),
        ("0084912345678", "+84912345678"),
        ("(024) 3825.1234", "+842438251234"),
        ("+62 812 3456 7890", "+6281234567890"),
        ("0912\u200b345678", "+84912345678"),
    ],
)
def test_phone_numbers_become_e164(typed: str, kept: str) -> None:
    assert normalise_phone(typed) == kept
    assert normalise_phone(kept) == kept


@pytest.mark.parametrize(
    ("typed", "looked_for"),
    [
        ("0938 111 222", "938111222"),
        ("0938111222", "938111222"),
        ("+84938111222", "84938111222"),
        ("+84 (0)938-111-222", "84938111222"),
        ("84 938 111 222", "84938111222"),
        ("0084 938.111.222", "84938111222"),
        ("(028) 3812 3456", "2838123456"),
        ("938 111 222", "938111222"),
        ("0938 111", "938111"),
        ("0812 3456 7890", "81234567890"),
        ("000123", "000123"),
        ("111 222", "111 222"),
        ("1-000123", "1-000123"),
        ("0938x111222", "0938x111222"),
        ("Lan 0938111222", "Lan 0938111222"),
        ("", ""),
    ],
)
def test_a_phone_number_is_looked_for_as_it_is_stored(typed: str, looked_for: str) -> None:
    assert searched(typed) == looked_for


def test_the_region_gives_the_country() -> None:
    assert normalise_phone("0812 3456 7890", "ID") == "+6281234567890"
    assert show_phone("+84912345678") == "0912 345 678"
    assert show_phone("+6281234567890") == "+62 812-3456-7890"


@pytest.mark.parametrize("region", ["VN", "ID"])
def test_mobile_numbers_are_read_as_the_library_reads_them(region: str) -> None:
    valid = set()

    def read_by_the_library(typed: str) -> str | None:
        try:
            number = phonenumbers.parse(typed, region)
        except phonenumbers.NumberParseException:
            return None
        form = phonenumbers.PhoneNumberFormat.E164
        return phonenumbers.format_number(number, form) if phonenumbers.is_valid_number(number) else None

    def read_by_us(typed: str) -> str | None:
        try:
            return normalise_phone(typed, region)
        except ValueError:
            return None

    @given(st.from_regex(r"0[0-9]{6,13}", fullmatch=True))
    @example("0912345678")
    @example("081234567890")
    @example("0849123456")
    @example("0628123456789")
    def compare(typed: str) -> None:
        assert read_by_us(typed) == read_by_the_library(typed)
        valid.add(read_by_us(typed) is not None)

    compare()
    assert valid == {True, False}


@pytest.mark.parametrize(
    "typed", ["", "12", "hoa@example.com", "0912ABC678", "+84", "1" * 30, "0912345678 ext 5", "++84912345678"]
)
def test_what_is_no_phone_number_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"^"):
        normalise_phone(typed)


@pytest.mark.parametrize(
    ("typed", "region", "kept"),
    [
        ("0912 345 678", "VN", ("+84912345678", None)),
        ("0812 3456 7890", "ID", ("+6281234567890", None)),
        (" Hoa@Example.org ", "ID", (None, "hoa@example.org")),
    ],
)
def test_a_contact_is_a_phone_number_or_a_mail_address(
    typed: str, region: str, kept: tuple[str | None, str | None]
) -> None:
    assert contact_of(typed, region) == kept


@pytest.mark.parametrize("typed", ["", "Hoa", "hoa@", "12"])
def test_what_is_neither_is_no_contact(typed: str) -> None:
    with pytest.raises(ValueError, match=r"^"):
        contact_of(typed)


@pytest.mark.parametrize(("currency", "region"), [("VND", "VN"), ("IDR", "ID"), ("USD", "VN")])
def test_phone_numbers_are_read_as_where_the_money_is(currency: str, region: str) -> None:
    assert region_of(currency) == region


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Hoa@Example.COM ", "hoa@example.com"),
        ("a.b+c@d.co.vn", "a.b+c@d.co.vn"),
        ("straße@example.de", "straße@example.de"),
    ],
)
def test_mail_addresses_are_lowered(typed: str, kept: str) -> None:
    assert normalise_email(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "hoa",
        "hoa@",
        "@x.vn",
        "hoa@localhost",
        "a b@x.vn",
        "a@x..vn",
        "a@x.vn\r\nBcc: b@x.vn",
        "a@b@x.vn",
        "<a@x.vn>",
        "a" * 250 + "@x.vn",
    ],
)
def test_what_is_no_mail_address_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"^"):
        normalise_email(typed)


def test_searching_ignores_case_and_diacritics() -> None:
    assert search_text("Nguyễn Thị Đào", None, "ĐỒNG") == "nguyen thi dao dong"
    assert search_text() == ""


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Dòng  một \r\nDòng\u0000 hai\r\r ba \n", "Dòng một\nDòng hai\n\nba"),
        ("e\u0302\u0323", "ệ"),
        (" \n \n", ""),
    ],
)
def test_lines_are_cleaned_one_by_one(typed: str, kept: str) -> None:
    assert clean_lines(typed) == kept


def test_a_shortened_text_says_that_it_was_longer() -> None:
    assert [shortened("Hoa Mai", limit) for limit in (7, 6, 5)] == ["Hoa Mai", "Hoa M…", "Hoa…"]
