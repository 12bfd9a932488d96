"""Paging of lists."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from app.kernel.paging import PastTheLastPage, page_number


@dataclass(frozen=True)
class Paging:
    """Which rows a page of a list shows, and the addresses before and after it."""

    first: int
    last: int
    total: int
    previous: str | None
    next: str | None

    @classmethod
    def of(cls, path: str, query: Mapping[str, str], page: int, size: int, total: int) -> "Paging":
        """Page number ``page`` (from 1) of ``total`` rows, ``size`` to a page; ``query`` is kept in the addresses.

        Raises PastTheLastPage.
        """
        current = page_number(page)
        kept = {key: value for key, value in query.items() if value}

        def address(number: int) -> str:
            return f"{path}?{urlencode({**kept, 'page': number})}"

        if total and (current - 1) * size >= total:
            raise PastTheLastPage(address(-(-total // size)))
        last = min(current * size, total)
        return cls(
            first=min((current - 1) * size + 1, total),
            last=last,
            total=total,
            previous=address(current - 1) if current > 1 else None,
            next=address(current + 1) if last < total else None,
        )
