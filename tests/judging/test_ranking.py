"""Ballots become a ranking."""

from hypothesis import given
from hypothesis import strategies as st

from app.judging.ranking import Scale, ballot_mark, rank_entries

SCALES = [Scale(1, 20, 1, 5), Scale(2, 60, 0, 10), Scale(3, 20, 1, 5)]


def ballot(one: int, two: int, three: int) -> dict[str, int]:
    return {"1": one, "2": two, "3": three}


def test_a_mark_weighs_each_score_by_its_share_of_the_range() -> None:
    assert ballot_mark(ballot(5, 10, 5), SCALES) == 100
    assert ballot_mark(ballot(1, 0, 1), SCALES) == 0
    assert ballot_mark(ballot(3, 5, 3), SCALES) == 50
    assert ballot_mark(ballot(5, 0, 1), SCALES) == 20


def test_the_mean_decides_then_the_median_then_the_title() -> None:
    keys = {1: "B", 2: "A", 3: "C", 4: "D"}
    ballots = {
        1: [ballot(1, 0, 1), ballot(3, 5, 3), ballot(5, 10, 5)],  # mean 50, median 50
        2: [ballot(3, 5, 3)],  # mean 50, median 50
        3: [ballot(5, 10, 5), ballot(1, 0, 1), ballot(5, 0, 5), ballot(5, 10, 1)],  # mean 55
    }
    standings = rank_entries(keys, ballots, SCALES)
    assert [(one.entry_id, one.rank, one.tied) for one in standings] == [
        (3, 1, False),
        (2, 2, True),
        (1, 2, True),
        (4, None, False),
    ]
    assert (standings[2].low, standings[2].high, standings[2].ballots) == (0.0, 100.0, 3)
    assert standings[3].mean is None


def test_equal_means_that_floats_would_part_stay_equal() -> None:
    scales = [Scale(1, 1, 0, 3)]
    ballots = {1: [{"1": 1}, {"1": 2}, {"1": 2}], 2: [{"1": 2}, {"1": 1}, {"1": 2}]}
    assert [one.tied for one in rank_entries({1: "A", 2: "B"}, ballots, scales)] == [True, True]


def test_an_idea_with_half_of_its_ballots_or_fewer_has_no_place() -> None:
    keys = {1: "A", 2: "B", 3: "C", 4: "D", 5: "E"}
    ballots = {1: [ballot(5, 10, 5)], 2: [ballot(3, 5, 3)] * 2, 3: [ballot(1, 0, 1)], 5: [ballot(4, 8, 4)] * 2}
    standings = rank_entries(keys, ballots, SCALES, {1: 3, 2: 3, 3: 1, 4: 3, 5: 4})
    assert [(one.entry_id, one.rank, one.ballots, one.expected) for one in standings] == [
        (2, 1, 2, 3),
        (3, 2, 1, 1),
        (1, None, 1, 3),
        (5, None, 2, 4),
        (4, None, 0, 3),
    ]


def test_while_no_idea_has_enough_ballots_those_that_are_in_decide() -> None:
    standings = rank_entries(
        {1: "A", 2: "B", 3: "C"}, {1: [ballot(3, 5, 3)], 2: [ballot(5, 10, 5)]}, SCALES, {1: 3, 2: 3, 3: 3}
    )
    assert [(one.entry_id, one.rank) for one in standings] == [(2, 1), (1, 2), (3, None)]


@given(st.lists(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 10), st.integers(1, 5)), max_size=4), max_size=8))
def test_the_order_follows_the_means_and_nobody_is_lost(given_ballots: list[list[tuple[int, int, int]]]) -> None:
    keys = {number: f"K{number:02d}" for number in range(len(given_ballots))}
    ballots = {number: [ballot(*scores) for scores in found] for number, found in enumerate(given_ballots)}
    standings = rank_entries(keys, ballots, SCALES)
    assert {one.entry_id for one in standings} == set(keys)
    means = [one.mean for one in standings if one.mean is not None]
    assert means == sorted(means, reverse=True)
    assert all(
        one.low <= one.mean <= one.high
        for one in standings
        if one.mean is not None and one.low is not None and one.high is not None
    )
