"""Pages of lists."""

MOST_PAGES = 100_000


class PastTheLastPage(Exception):
    """A page after the last one of a list that is not empty; ``address`` is the last one's, where the reader is led."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


def page_number(asked: int | None) -> int:
    """The number of a page, from 1; what no list can have (and no database can skip to) becomes the nearest."""
    return min(max(asked or 1, 1), MOST_PAGES)
