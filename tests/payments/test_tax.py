"""Tax falls out of amounts to the last unit, whatever the currency, and rates hold on their days."""

import itertools
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.i18n import use_locale
from app.payments.enums import TaxMode
from app.payments.lines import Line, Terms, taxed
from app.payments.tax import RATES, country_of, is_payers_tax_code, is_tax_code, net_and_tax, rate_on, rates_in


@pytest.mark.parametrize(
    ("amount", "rate", "mode", "expected"),
    [
        (110_000, 1_000, TaxMode.INCLUDED, (100_000, 10_000)),  # VND, no decimals
        (108_000, 800, TaxMode.INCLUDED, (100_000, 8_000)),
        (100_000, 800, TaxMode.ADDED, (100_000, 8_000)),
        (50_000, 1_100, TaxMode.INCLUDED, (45_045, 4_955)),  # IDR 50.000: 4954.95…
        (1_999, 1_000, TaxMode.INCLUDED, (1_817, 182)),  # USD 19.99: 1.8173 in tax
        (1_250, 1_900, TaxMode.ADDED, (1_250, 238)),  # EUR 12.50: 2.375, a half goes up
        (-1_250, 1_900, TaxMode.ADDED, (-1_250, -238)),
        (50_000, 0, TaxMode.ADDED, (50_000, 0)),
        (50_000, 1_000, TaxMode.NONE, (50_000, 0)),
    ],
)
def test_known_amounts(amount: int, rate: int, mode: TaxMode, expected: tuple[int, int]) -> None:
    assert net_and_tax(amount, rate, mode) == expected


@given(amount=st.integers(-(10**13), 10**13), rate=st.integers(1, 3_000))
def test_included_tax_loses_nothing_and_added_tax_can_be_taken_out_again(amount: int, rate: int) -> None:
    net, tax = net_and_tax(amount, rate, TaxMode.INCLUDED)
    assert net + tax == amount
    assert net_and_tax(-amount, rate, TaxMode.INCLUDED) == (-net, -tax)
    net, tax = net_and_tax(amount, rate, TaxMode.ADDED)
    again, out = net_and_tax(net + tax, rate, TaxMode.INCLUDED)
    assert (again, out) == (net, tax)


def test_a_rate_changes_on_its_day_and_none_overlap() -> None:
    assert [rate_on("vn_reduced", date(2026, 12, 31)), rate_on("vn_reduced", date(2027, 1, 1))] == [800, 1_000]
    with pytest.raises(KeyError):
        rate_on("vn_reduced", date(2025, 6, 30))
    for rates in RATES.values():
        for earlier, later in itertools.pairwise(rates):
            assert earlier.until is not None
            assert (later.since - earlier.until).days == 1


def test_a_line_is_taxed_as_the_terms_have_it_unless_it_says_otherwise() -> None:
    added = Terms(tax_mode=TaxMode.ADDED, tax_name="vn_standard")
    day = date(2026, 10, 16)
    line = taxed(Line(description="Gian 3x3", unit_minor=2_000_000, quantity=2), added, day)
    assert (line.net_minor, line.tax_minor, line.tax_rate) == (4_000_000, 400_000, 1_000)
    line = taxed(Line(description="Vé", unit_minor=110_000, with_tax=True), added, day)
    assert (line.net_minor, line.tax_minor) == (100_000, 10_000)
    line = taxed(Line(description="Tập huấn", unit_minor=50_000, exempt_reason="Giáo dục"), added, day)
    assert (line.net_minor, line.tax_minor, line.tax_rate, line.exempt_reason) == (50_000, 0, None, "Giáo dục")
    line = taxed(Line(description="Gian", unit_minor=50_000), Terms(exempt_reason="Không chịu thuế"), day)
    assert (line.tax_rate, line.exempt_reason) == (None, "Không chịu thuế")


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("0100109106", True),  # published: Viettel
        ("0300588569", True),  # published: Vinamilk
        ("0300588569-001", True),
        ("0100109107", False),
        ("001099123456", True),
        ("12345", False),
        ("0300588569-1", False),
        ("03005 88569", False),
    ],
)
def test_tax_codes(text: str, fits: bool) -> None:
    assert is_tax_code(text) is fits


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("01.312.166.0-091.000", True),  # published: Directorate General of Taxes, an example of its own
        ("013121660091000", True),
        ("0013121660091000", True),  # the same, as it is written since 2024
        ("3171011708450001", True),  # a NIK
        ("01.312.166.1-091.000", False),
        ("0013121661091000", False),
        ("0300588569", False),
        ("01312166009100", False),
    ],
)
def test_tax_codes_of_indonesia(text: str, fits: bool) -> None:
    assert is_tax_code(text, "ID") is fits
    assert is_tax_code(text) is False or text == "0300588569"
    assert is_tax_code(text, "") is (fits or text == "0300588569")


@pytest.mark.parametrize(
    ("timezone", "currency", "country"),
    [
        ("Asia/Ho_Chi_Minh", "VND", "VN"),
        ("Asia/Ho_Chi_Minh", "USD", "VN"),
        ("Asia/Makassar", "USD", "ID"),
        ("Asia/Singapore", "IDR", "ID"),
        ("Asia/Singapore", "USD", ""),
    ],
)
def test_whose_tax_codes_count(timezone: str, currency: str, country: str) -> None:
    assert country_of(timezone, currency) == country


@pytest.mark.parametrize(
    ("text", "currency", "fits"),
    [
        ("0100109106", "VND", True),
        ("0100109106-001", "VND", True),
        ("001088000001", "VND", True),
        ("0100109107", "VND", False),
        ("013121660091000", "IDR", True),
        ("01.312.166.0-091.000", "IDR", True),
        ("3171234567890001", "IDR", True),
        ("0100109106", "IDR", False),
        ("DE123456789", "EUR", True),
        ("<b>", "EUR", False),
        ("12", "USD", False),
    ],
)
def test_a_payers_tax_code_is_her_countrys(text: str, currency: str, fits: bool) -> None:
    assert is_payers_tax_code(text, currency) is fits


def test_rates_that_can_be_chosen_are_the_countrys_with_their_percent() -> None:
    day = date(2026, 10, 16)
    with use_locale("en"):
        here = rates_in("VN", day)
        assert [words.rpartition(" ")[2] for _name, words in here] == ["(10%)", "(8%)", "(5%)"]
        assert dict(rates_in("ID", day)) == {"id_standard": "Indonesia, standard rate (11%)"}
        assert dict(rates_in("VN", date(2027, 1, 1)))["vn_reduced"].endswith("(10%)")
        assert dict(rates_in("VN", date(2025, 6, 30)))["vn_reduced"] == "Vietnam, reduced standard rate"
    assert [name for name, _words in rates_in("VN", day, standing="id_standard")][-1] == "id_standard"
    assert len(rates_in("", day)) == len(RATES)
