"""Who reads what: even, and never one's own."""

from collections import Counter
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from app.judging.balancing import propose


def loads(pairs: list[tuple[int, int]]) -> Counter[int]:
    return Counter(judge for _entry, judge in pairs)


def test_sixty_ideas_and_twelve_judges_are_fifteen_each() -> None:
    pairs = propose(range(60), range(100, 112), per_entry=3)
    assert set(loads(pairs).values()) == {15}
    assert set(Counter(entry for entry, _judge in pairs).values()) == {3}
    assert len(set(pairs)) == 180


def test_panels_are_mixed() -> None:
    pairs = propose(range(60), range(12), per_entry=3)
    panels = {frozenset(judge for entry, judge in pairs if entry == number) for number in range(60)}
    met = {pair for panel in panels for pair in combinations(sorted(panel), 2)}
    assert len(panels) > 4
    assert len(met) > 12


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
    if not forbidden:
        counts = [loads(pairs)[judge] for judge in range(judges)]
        assert max(counts) - min(counts) <= 1
