"""Pages of lists."""

MOST_PAGES = 100_000


def page_number(asked: int | None) -> int:
    """The number of a page, from 1; what no list can have (and no database can skip to) becomes the nearest."""
    return min(max(asked or 1, 1), MOST_PAGES)
