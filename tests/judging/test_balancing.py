"""Who reads what: even, and never one's own."""

import time
from collections import Counter
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.judging import balancing
from app.judging.balancing import meetings, propose


def loads(pairs: list[tuple[int, int]]) -> Counter[int]:
    return Counter(judge for _entry, judge in pairs)


def test_sixty_ideas_and_twelve_judges_are_fifteen_each() -> None:
    pairs = propose(range(60), range(100, 112), per_entry=3)
    assert set(loads(pairs).values()) == {15}
    assert set(Counter(entry for entry, _judge in pairs).values()) == {3}
    assert len(set(pairs)) == 180


def test_every_two_judges_meet_equally_often() -> None:
    # 60 ideas with 3 judges are 180 meetings among 66 pairs: twice or thrice for each.
    met = meetings(propose(range(60), range(12), per_entry=3))
    assert {met[pair] for pair in combinations(range(12), 2)} == {2, 3}


def test_without_the_search_panels_would_be_nearly_fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(balancing, "_mix", lambda *_given: None)
    met = meetings(propose(range(60), range(12), per_entry=3))
    assert max(met.values()) - min(met[pair] for pair in combinations(range(12), 2)) > 5


def test_the_search_leaves_hand_made_panels_alone_and_mixes_the_others() -> None:
    kept = {(entry, judge) for entry in range(6) for judge in (0, 1)}
    pairs = propose(range(24), range(8), per_entry=2, kept=kept)
    assert not set(pairs) & kept
    assert all(entry >= 6 for entry, _judge in pairs)
    assert meetings(pairs)[(0, 1)] == 0


@pytest.mark.slow
def test_thousands_of_ideas_take_seconds() -> None:
    started = time.monotonic()
    pairs = propose(range(2000), range(200), per_entry=3)
    assert time.monotonic() - started < 20
    assert max(meetings(pairs).values()) <= 2


def test_what_was_set_by_hand_stays_and_counts() -> None:
    kept = {(1, 10), (2, 10), (3, 10)}
    pairs = propose([1, 2, 3], [10, 11, 12], per_entry=2, kept=kept)
    assert loads(pairs)[10] == 0
    assert len(pairs) == 3
    assert abs(loads(pairs)[11] - loads(pairs)[12]) <= 1


def test_a_forbidden_pair_is_never_proposed_even_when_judges_run_out() -> None:
    assert propose([1], [10, 11], per_entry=2, forbidden={(1, 10)}) == [(1, 11)]
    assert propose([1], [], per_entry=2) == []


def test_loads_are_evened_out_along_a_chain() -> None:
    # Judge 1 may read anything, 2 only ideas 1 and 2, 3 only ideas 2 and 3.
    entries, judges = [1, 2, 3], [1, 2, 3]
    forbidden = {(3, 2), (1, 3)}
    pairs = propose(entries, judges, per_entry=1, forbidden=forbidden)
    assert set(loads(pairs).values()) == {1}


@settings(max_examples=60)
@given(
    st.integers(1, 12),
    st.integers(1, 6),
    st.integers(1, 4),
    st.sets(st.tuples(st.integers(0, 11), st.integers(0, 5)), max_size=20),
)
def test_every_idea_gets_as_many_as_may_read_it(
    entries: int, judges: int, per_entry: int, forbidden: set[tuple[int, int]]
) -> None:
    pairs = propose(range(entries), range(judges), per_entry=per_entry, forbidden=forbidden)
    assert not set(pairs) & forbidden
    for entry in range(entries):
        able = sum((entry, judge) not in forbidden for judge in range(judges))
        assert sum(found == entry for found, _judge in pairs) == min(able, per_entry)
    assert pairs == propose(range(entries), range(judges), per_entry=per_entry, forbidden=forbidden)
    assert len(pairs) == len(set(pairs))
    if not forbidden:
        counts = [loads(pairs)[judge] for judge in range(judges)]
        assert max(counts) - min(counts) <= 1


@settings(max_examples=40)
@given(
    st.integers(2, 14),
    st.integers(2, 8),
    st.integers(1, 4),
    st.sets(st.tuples(st.integers(0, 13), st.integers(0, 7)), max_size=16),
    st.sets(st.tuples(st.integers(0, 13), st.integers(0, 7)), max_size=10),
)
def test_mixing_changes_neither_loads_nor_panels_sizes_nor_makes_meetings_less_even(
    entries: int, judges: int, per_entry: int, forbidden: set[tuple[int, int]], kept: set[tuple[int, int]]
) -> None:
    kept = {(entry, judge) for entry, judge in kept - forbidden if entry < entries and judge < judges}
    plan: dict[str, Any] = {"per_entry": per_entry, "forbidden": forbidden, "kept": kept}
    mixed = propose(range(entries), range(judges), **plan)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(balancing, "_mix", lambda *_given: None)
        plain = propose(range(entries), range(judges), **plan)
    assert not set(mixed) & (forbidden | kept)
    assert loads(mixed) == loads(plain)
    assert Counter(entry for entry, _judge in mixed) == Counter(entry for entry, _judge in plain)
    assert unevenness(mixed, kept) <= unevenness(plain, kept)


def unevenness(pairs: list[tuple[int, int]], kept: set[tuple[int, int]]) -> int:
    return sum(times * times for times in meetings([*pairs, *kept]).values())
