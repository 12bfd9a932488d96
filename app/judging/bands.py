"""The ranking drawn: one row for each idea, its band from lowest to highest ballot, its mean as a dot."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.judging.queries.results import RankedEntry

LEFT = 2.0
RIGHT = 98.0


@dataclass(frozen=True)
class Band:
    """Where a row is drawn, in percent of the width."""

    low: float
    high: float
    mean: float
    median: float


def place(mark: float, least: float, most: float) -> float:
    """Position of a mark between ``LEFT`` and ``RIGHT`` percent, on a scale from ``least`` to ``most``."""
    if most <= least:
        return (LEFT + RIGHT) / 2
    return round(LEFT + (mark - least) / (most - least) * (RIGHT - LEFT), 2)


def draw(entries: Sequence[RankedEntry]) -> tuple[dict[int, Band], float, float]:
    """Bands by idea, and the least and the greatest mark of the scale they share (tens, 0 to 100)."""
    marked = [entry.standing for entry in entries if entry.standing.mean is not None]
    lows = [standing.low for standing in marked if standing.low is not None]
    highs = [standing.high for standing in marked if standing.high is not None]
    least = float(min((int(low) // 10 * 10 for low in lows), default=0))
    most = float(max((-(-int(-(-high // 1)) // 10) * 10 for high in highs), default=100))
    bands = {}
    for standing in marked:
        assert standing.low is not None
        assert standing.high is not None
        assert standing.mean is not None
        assert standing.median is not None
        bands[standing.entry_id] = Band(
            place(standing.low, least, most),
            place(standing.high, least, most),
            place(standing.mean, least, most),
            place(standing.median, least, most),
        )
    return bands, least, most
