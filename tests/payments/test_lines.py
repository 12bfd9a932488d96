"""A part of an invoice falls on its rates of tax and its bearers in proportion, to the last unit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from hypothesis import assume, given
from hypothesis import strategies as st

from app.payments.enums import TaxMode
from app.payments.lines import Line, TaxedLine, Terms, shares_of, taxed
from tests.conftest import NOW

Key = tuple[int | None, str, str]
LINE = st.builds(
    Line,
    description=st.just("Gian"),
    unit_minor=st.integers(1, 10**9),
    quantity=st.integers(1, 9),
    tax_name=st.sampled_from(["vn_standard", "vn_reduced", "vn_five", ""]),
    exempt_reason=st.sampled_from(["", "", "Sách"]),
)
BORNE = st.builds(
    Line,
    description=st.just("Hỗ trợ"),
    unit_minor=st.integers(-(10**9), -1),
    tax_name=st.just("vn_standard"),
    funded_by=st.sampled_from(["Quỹ", "Tỉnh"]),
)
TERMS = st.builds(Terms, tax_mode=st.sampled_from(list(TaxMode)), tax_name=st.just("vn_standard"))


def gross(lines: Iterable[TaxedLine]) -> int:
    """Return what lines come to."""
    return sum(line.net_minor + line.tax_minor for line in lines)


def by_rate(lines: Iterable[TaxedLine]) -> dict[Key, tuple[int, int]]:
    """Return net and tax of each rate, reason and bearer."""
    sums: dict[Key, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for line in lines:
        key = (line.tax_rate, line.exempt_reason, line.funded_by)
        sums[key] = (sums[key][0] + line.net_minor, sums[key][1] + line.tax_minor)
    return dict(sums)


def check_within(part: int, whole: int) -> None:
    """A share has the sign of what it is a share of, and is no larger."""
    assert min(0, whole) <= part <= max(0, whole)


@given(
    lines=st.lists(LINE, min_size=1, max_size=5),
    borne=st.lists(BORNE, max_size=2),
    terms=TERMS,
    cuts=st.lists(st.floats(0.001, 1), min_size=1, max_size=6),
)
def test_random_parts_never_go_beyond_a_rate_and_leave_nothing(
    lines: list[Line], borne: list[Line], terms: Terms, cuts: list[float]
) -> None:
    invoice = [taxed(line, terms, NOW.date()) for line in lines + borne]
    assume(gross(invoice) > 0)
    billed = by_rate(invoice)
    credited: list[TaxedLine] = []
    for cut in [*cuts, 1.0]:
        left = gross(invoice) - gross(credited)
        if not left:
            break
        part = left if cut == 1 else min(left, max(1, int(left * cut)))
        note = shares_of(invoice, credited, part, "Bớt")
        assert gross(note) == part
        credited += note
        for key, (net, tax) in by_rate(credited).items():
            check_within(net, billed[key][0])
            check_within(tax, billed[key][1])
    assert by_rate(credited) == {key: pair for key, pair in billed.items() if any(pair)}


def test_a_part_has_a_line_for_each_rate_and_for_who_bears_it() -> None:
    terms = Terms(tax_mode=TaxMode.ADDED, tax_name="vn_standard")
    priced = [
        Line(description="Gian 3x3", unit_minor=1_000_000),
        Line(description="Sách", unit_minor=500_000, tax_name="vn_five"),
        Line(description="Đào tạo", unit_minor=300_000, exempt_reason="Dạy nghề"),
        Line(description="Hỗ trợ", unit_minor=-400_000, funded_by="Quỹ vì phụ nữ"),
    ]
    invoice = [taxed(line, terms, NOW.date()) for line in priced]
    assert gross(invoice) == 1_100_000 + 525_000 + 300_000 - 440_000
    half = [
        (line.tax_rate, line.exempt_reason, line.funded_by, line.net_minor, line.tax_minor)
        for line in shares_of(invoice, [], gross(invoice) // 2, "Bớt ngày")
    ]
    # 742.500 of 1.485.000: half of each, and the half units of nothing
    assert half == [
        (1_000, "", "", 500_000, 50_000),
        (500, "", "", 250_000, 12_500),
        (None, "Dạy nghề", "", 150_000, 0),
        (1_000, "", "Quỹ vì phụ nữ", -200_000, -20_000),
    ]
