"""Amounts as people write and read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.i18n import use_locale
from app.kernel.money import Money, format_money, parse_money, typed_money


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (1_250_000, "VND", "1.250.000\xa0₫"),
        (0, "VND", "0\xa0₫"),
        (-50_000, "VND", "-50.000\xa0₫"),
        (1_250_000, "IDR", "Rp1.250.000"),
        (1_250, "EUR", "12.50\xa0EUR"),
        (123_456_789, "USD", "1,234,567.89\xa0USD"),
        (500, "JPY", "500\xa0JPY"),
    ],
)
def test_amounts_are_shown_in_the_form_of_their_country(amount: int, currency: str, shown: str) -> None:
    with use_locale("en"):
        assert format_money(Money(amount, currency)) == shown
        assert str(Money(amount, currency)) == shown


def test_the_reader_chooses_the_separators_of_other_currencies() -> None:
    assert format_money(Money(123_456, "EUR"), "vi") == "1.234,56\xa0EUR"
    assert format_money(Money(1_234, "VND"), "en") == "1.234\xa0₫"


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("1250000", "VND", 1_250_000),
        ("1.250.000", "VND", 1_250_000),
        ("1,250,000 ₫", "VND", 1_250_000),
        ("50.000 đ", "VND", 50_000),
        ("50 000 VNĐ", "VND", 50_000),
        ("Rp 50.000", "IDR", 50_000),
        ("0", "VND", 0),
        ("12.50", "EUR", 1_250),
        ("12,5 EUR", "EUR", 1_250),
        ("1.234,56", "EUR", 123_456),
        ("1250", "EUR", 125_000),
    ],
)
def test_amounts_are_read_as_people_write_them(text: str, currency: str, amount: int) -> None:
    assert parse_money(text, currency) == Money(amount, currency)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("", "VND"),
        ("-5", "VND"),
        ("12.5", "VND"),
        ("1.25.000", "VND"),
        ("1.2500", "VND"),
        ("abc", "VND"),
        ("1e5", "VND"),
        ("12.345.6", "VND"),
        ("9" * 20, "VND"),
    ],
)
def test_what_is_no_amount_is_refused(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match=r"^"):
        parse_money(text, currency)


@given(st.integers(0, 10**15), st.sampled_from(["VND", "IDR"]))
def test_what_is_shown_can_be_typed(amount: int, currency: str) -> None:
    assert parse_money(format_money(Money(amount, currency)), currency) == Money(amount, currency)


@given(st.integers(0, 10**15), st.sampled_from(["VND", "IDR", "EUR", "USD"]))
def test_what_stands_in_a_field_is_read_again(amount: int, currency: str) -> None:
    assert parse_money(typed_money(Money(amount, currency)), currency) == Money(amount, currency)
