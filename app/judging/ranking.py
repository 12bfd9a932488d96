"""How ballots become a ranking: the simple, documented method. Pure functions, no database.

Each ballot gives one number from 0 to 100: every criterion's score as a share of its range, weighted. An idea's mark
is the arithmetic mean over its judges; ties fall to the median, then to the title's sort key. The band of an idea
runs from its lowest to its highest ballot: it shows how far the jury agrees, and is no confidence interval.
Fractions keep equal marks equal; nothing is rounded before it is shown.
An idea has a place once more than half of the ballots that are expected of it are in: a single judge's taste places
nobody among ideas that three have read. As long as that is so of no idea at all, the ballots that are in decide.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median


@dataclass(frozen=True)
class Scale:
    """Weight and range of one criterion."""

    criterion_id: int
    weight: int
    min: int
    max: int


@dataclass(frozen=True)
class Standing:
    """One idea in the ranking: ``rank`` is None with too few of its ``expected`` ballots, marks go from 0 to 100."""

    entry_id: int
    rank: int | None
    mean: float | None
    median: float | None
    low: float | None
    high: float | None
    ballots: int
    tied: bool
    expected: int


def ballot_mark(scores: Mapping[str, int], scales: Sequence[Scale]) -> Fraction:
    """The mark of one ballot, 0 to 100: the weighted mean of each score's share of its range.

    ``scores`` maps a criterion's id, as text, to its score.
    """
    weights = sum(scale.weight for scale in scales)
    total = sum(
        Fraction(scores[str(scale.criterion_id)] - scale.min, scale.max - scale.min) * scale.weight for scale in scales
    )
    return Fraction(total) * 100 / weights


def rank_entries(
    title_keys: Mapping[int, str],
    ballots: Mapping[int, Sequence[Mapping[str, int]]],
    scales: Sequence[Scale],
    expected: Mapping[int, int] | None = None,
) -> list[Standing]:
    """The ideas in order; after those with a place come those with too few ballots, then those with none.

    ``title_keys`` holds every idea of the round, ``ballots`` the scores of each idea's counted ballots, ``expected``
    how many there are to be (None: as many as there are). Ideas with the same mean and median share their rank and
    are marked as tied.
    """
    marked: list[tuple[Fraction, Fraction, str, int, list[Fraction]]] = []
    early: list[tuple[Fraction, Fraction, str, int, list[Fraction]]] = []
    unmarked: list[int] = []
    due = {entry_id: max((expected or {}).get(entry_id, 0), len(ballots.get(entry_id, ()))) for entry_id in title_keys}
    for entry_id, key in title_keys.items():
        marks = [ballot_mark(scores, scales) for scores in ballots.get(entry_id, ())]
        if marks:
            line = (sum(marks, Fraction(0)) / len(marks), median(marks), key, entry_id, marks)
            (marked if len(marks) * 2 > due[entry_id] else early).append(line)
        else:
            unmarked.append(entry_id)
    if not marked:
        marked, early = early, []
    for lines in (marked, early):
        lines.sort(key=lambda item: (-item[0], -item[1], item[2], item[3]))
    standings: list[Standing] = []
    rank = 0
    places = [(item[0], item[1]) for item in marked]
    shared = Counter(places)
    for position, (mean, middle, _key, entry_id, marks) in enumerate(marked, start=1):
        if position == 1 or places[position - 1] != places[position - 2]:
            rank = position
        standings.append(_standing(rank, mean, middle, entry_id, marks, shared[(mean, middle)] > 1, due))
    standings += [
        _standing(None, mean, middle, entry_id, marks, False, due) for mean, middle, _key, entry_id, marks in early
    ]
    unmarked.sort(key=lambda entry_id: (title_keys[entry_id], entry_id))
    standings += [Standing(entry_id, None, None, None, None, None, 0, False, due[entry_id]) for entry_id in unmarked]
    return standings


def _standing(
    rank: int | None,
    mean: Fraction,
    middle: Fraction,
    entry_id: int,
    marks: Sequence[Fraction],
    tied: bool,
    due: Mapping[int, int],
) -> Standing:
    low, high = float(min(marks)), float(max(marks))
    return Standing(entry_id, rank, float(mean), float(middle), low, high, len(marks), tied, due[entry_id])
