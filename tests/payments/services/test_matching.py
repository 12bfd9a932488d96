"""What a transfer pays is decided by what its purpose names, and never wrongly."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events.typed_codes import new_code
from app.kernel.money import Money
from app.payments.references import new_reference, reference_of
from app.payments.services.matching import (
    Incoming,
    Payable,
    Reason,
    Share,
    Sign,
    Suggestion,
    Verdict,
    match,
    references_in,
)

A, B = reference_of([1, 2, 3, 4, 5, 6, 7, 8]), reference_of([9, 8, 7, 6, 5, 4, 3, 2])
LIKE_A = reference_of([1, 2, 3, 4, 5, 6, 9, 9])
"""Begins with the same eight characters as ``A``."""
LAN = Payable(1, A, "7-000001", "Nguyễn Thị Lan", Money(50_000, "VND"))
BINH = Payable(2, B, "7-000002", "Lê Văn Bình", Money(70_000, "VND"))


def dong(amount: int) -> Money:
    """An amount in VND."""
    return Money(amount, "VND")


def judged(purpose: str, amount: int, payables: Sequence[Payable] = (LAN, BINH), payer: str = "") -> Verdict:
    """The verdict on one transfer."""
    (verdict,) = match([Incoming(9, dong(amount), purpose, payer)], payables)
    return verdict


@pytest.mark.parametrize("amount", [1, 49_999, 50_000, 50_001, 10**12])
def test_a_whole_reference_takes_any_amount(amount: int) -> None:
    verdict = judged(f"MBVCB.123.{A.lower()}.CT tu 0123 toi 0456", amount)
    assert (verdict.shares, verdict.fitting, verdict.reason) == ((Share(1, dong(amount)),), False, None)


def test_a_second_transfer_for_a_document_is_its_too() -> None:
    verdicts = match([Incoming(number, dong(50_000), A) for number in range(2)], [LAN])
    assert [verdict.shares for verdict in verdicts] == [(Share(1, dong(50_000)),)] * 2
    assert judged(A, 50_000, [replace(LAN, is_open=False)]).shares == (Share(1, dong(50_000)),)


def test_several_references_are_paid_together_when_their_sum_fits() -> None:
    verdict = judged(f"TT {A} va {B}", 120_000)
    assert verdict.shares == (Share(1, dong(50_000)), Share(2, dong(70_000)))
    assert verdict.fitting
    for amount in (119_999, 120_001, 50_000):
        left = judged(f"TT {A} va {B}", amount)
        assert (left.shares, left.reason) == ((), Reason.SEVERAL)
        assert left.suggestions == (Suggestion(1, Sign.REFERENCE), Suggestion(2, Sign.REFERENCE))


def test_several_references_of_which_one_is_paid_are_left() -> None:
    closed = replace(BINH, is_open=False)
    assert judged(f"{A} {B}", 120_000, [LAN, closed]).reason == Reason.SEVERAL
    assert judged(f"{A} {B}", 50_000, [LAN, closed]).reason == Reason.SEVERAL


def test_what_one_transfer_paid_is_not_open_for_the_next() -> None:
    first, second = Incoming(1, dong(50_000), A), Incoming(2, dong(120_000), f"{A} {B}")
    assert match([first, second], [LAN, BINH])[1].reason == Reason.SEVERAL
    assert match([second, first], [LAN, BINH])[0].fitting
    part, rest = Incoming(1, dong(20_000), A), Incoming(2, dong(30_000), A[:9])
    assert match([part, rest], [LAN, BINH])[1].shares == (Share(1, dong(30_000)),)


def test_a_cut_reference_pays_the_only_document_that_begins_with_it_and_fits() -> None:
    verdict = judged(f"chuyen tien {A[:8]}", 50_000)
    assert (verdict.shares, verdict.fitting) == ((Share(1, dong(50_000)),), True)
    assert judged(f"{A[:8]}.CT tu 0123", 50_000).shares
    assert judged(A[:7], 50_000).reason == Reason.NOTHING
    wrong = judged(A[:8], 49_999)
    assert (wrong.reason, wrong.suggestions) == (Reason.DAMAGED, (Suggestion(1, Sign.REFERENCE),))
    assert judged(A[:-1], 20_000).reason == Reason.DAMAGED  # an instalment, perhaps
    assert judged(A[:-1], 20_000).shares == ()
    other = replace(BINH, reference=LIKE_A)
    assert judged(A[:8], 50_000, [LAN, other]).suggestions == (Suggestion(1, Sign.AMOUNT),)
    assert judged(A[:10], 50_000, [LAN, other]).shares == (Share(1, dong(50_000)),)
    assert judged(A[:9], 50_000, [replace(LAN, is_open=False)]).reason == Reason.NOTHING


def test_a_whole_and_a_cut_reference_are_paid_together_or_left() -> None:
    assert judged(f"{A} {B[:9]}", 120_000).shares == (Share(1, dong(50_000)), Share(2, dong(70_000)))
    assert judged(f"{A} {B[:9]}", 50_000).reason == Reason.SEVERAL


def test_a_reference_that_nobody_knows_makes_a_part_doubtful() -> None:
    stranger = new_reference()
    assert judged(f"{A} {stranger}", 50_000).shares == (Share(1, dong(50_000)),)
    assert judged(f"{A} {stranger}", 90_000).reason == Reason.AMOUNT
    assert judged(stranger, 50_000).reason == Reason.NOTHING


def test_another_currency_is_left() -> None:
    (verdict,) = match([Incoming(1, Money(50_000, "IDR"), A)], [LAN])
    assert (verdict.shares, verdict.reason) == ((), Reason.CURRENCY)


@pytest.mark.parametrize(
    ("purpose", "payer", "sign"),
    [
        ("tra tien hoa don 7-000001", "", Sign.NUMBER),
        ("NGUYEN THI LAN chuyen tien", "", Sign.NAME),
        ("chuyen tien", "NGUYEN THI LAN", Sign.NAME),
        ("chuyen tien", "TRAN VAN AN", Sign.AMOUNT),
    ],
)
def test_without_a_reference_there_is_a_suggestion_and_no_more(purpose: str, payer: str, sign: Sign) -> None:
    others = [replace(BINH, due=dong(50_000)), replace(BINH, id=3, due=dong(50_000), payer="Lò Mai", number="7-000003")]
    verdict = judged(purpose, 50_000, [LAN, BINH] if sign == Sign.AMOUNT else [LAN, *others], payer)
    assert (verdict.shares, verdict.reason) == ((), Reason.NOTHING)
    assert verdict.suggestions == (Suggestion(1, sign),)


def test_what_points_at_two_suggests_neither() -> None:
    cousins = [LAN, replace(LAN, id=3, reference=B, number="7-000003")]
    assert judged("NGUYEN THI LAN chuyen tien", 50_000, cousins).suggestions == ()
    assert judged("LAN chuyen tien", 60_000, cousins).suggestions == ()
    assert judged("hoa don 7-000001", 50_000, cousins).suggestions == (Suggestion(1, Sign.NUMBER),)


def test_what_is_too_much_is_left_where_another_reference_may_stand() -> None:
    assert judged(f"{A}, {B[2:]}", 120_000).shares == (Share(1, dong(50_000)), Share(2, dong(70_000)))
    spoilt = B[2:6] + ("7" if B[6] != "7" else "8") + B[7:]
    assert judged(f"{A}, {spoilt}", 120_000).reason == Reason.AMOUNT
    assert judged(f"{A}, {spoilt}", 50_000).shares == (Share(1, dong(50_000)),)
    assert judged(f"TT {A} gian hang", 120_000).shares == (Share(1, dong(120_000)),)


def test_a_reference_of_before_takes_any_amount_too() -> None:
    earlier = replace(LAN, reference="FG" + new_code(8))
    assert judged(f"TT {earlier.reference} CT tu 0123", 49_999, [earlier]).shares == (Share(1, dong(49_999)),)


def test_references_are_looked_up_that_stand_anywhere() -> None:
    assert references_in([f"x {A}", f"{B}{A}", "FG", A[:9]]) == {A, B}


MANGLINGS = ("as it is", "lower", "signs", "joined", "cut", "one wrong", "two wrong", "one lost", "one unreadable")


def mangled(reference: str, how: str, chance: random.Random) -> str:
    """What a bank or a hand makes of a reference."""
    place, other = chance.sample(range(2, len(reference)), 2)
    letter = chance.choice("ABCDEFGHJKMNPQRSTUVWXYZ23456789")
    made = {
        "as it is": reference,
        "lower": reference.lower(),
        "signs": "-".join((reference[:4], reference[4:8], reference[8:])),
        "joined": f"{reference}CHUYENTIEN",
        "cut": reference[: chance.randrange(6, 12)],
        "one wrong": reference[:place] + letter + reference[place + 1 :],
        "one lost": reference[:place] + reference[place + 1 :],
        "one unreadable": reference[:place] + chance.choice("01OIL") + reference[place + 1 :],
    }
    if how == "two wrong":
        first = reference[:place] + letter + reference[place + 1 :]
        return first[:other] + chance.choice("ABCDEFG") + first[other + 1 :]
    return made[how]


@given(st.integers(0, 2**32), st.lists(st.sampled_from(MANGLINGS), min_size=1, max_size=30))
def test_no_transfer_goes_to_a_document_that_it_was_not_for(seed: int, ways: list[str]) -> None:
    chance = random.Random(seed)
    values = [[chance.randrange(31) for _ in range(8)] for _ in range(60)]
    payables = [
        Payable(number, reference_of(body), f"7-{number:06d}", "Lê Thị Lan", dong(chance.choice((50_000, 90_000))))
        for number, body in enumerate(values)
    ]
    meant = [chance.choice(payables) for _way in ways]
    incoming = [
        Incoming(number, one.due, f"{chance.choice(('', 'MBVCB.12.', 'TT '))}{mangled(one.reference, way, chance)}")
        for number, (one, way) in enumerate(zip(meant, ways, strict=True))
    ]
    for verdict, one, way in zip(match(incoming, payables), meant, ways, strict=True):
        assert {share.document_id for share in verdict.shares} <= {one.id}
        assert sum(share.amount.amount_minor for share in verdict.shares) in (0, one.due.amount_minor)
        if way in ("as it is", "lower", "signs", "joined", "one unreadable"):
            assert verdict.shares


def test_a_great_many_are_matched() -> None:
    chance = random.Random(4)
    payables = [
        Payable(number, new_reference(), f"7-{number:06d}", f"Lê Thị {number % 500}", dong(50_000))
        for number in range(20_000)
    ]
    ways = [chance.choice(MANGLINGS) if number % 10 == 0 else "as it is" for number in range(20_000)]
    incoming = [
        Incoming(
            one.id, one.due, f"MBVCB.{one.id}.{mangled(one.reference, way, chance)}.CT tu 0123 toi 0456 LE THI LAN"
        )
        for one, way in zip(payables, ways, strict=True)
    ]
    verdicts = match(incoming, payables)
    assert [
        verdict for verdict in verdicts if {share.document_id for share in verdict.shares} - {verdict.incoming.id}
    ] == []
    assert sum(bool(verdict.shares) for verdict in verdicts) > 18_900
