"""Counting what a page asks of the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def counted_queries() -> Iterator[list[str]]:
    """Collect the statements that run inside the block: ``with counted_queries() as seen: …; assert len(seen) == 4``.

    A list page asks as often for three rows as for one; a test that pins both finds the query inside a loop.
    """
    from app.kernel.database import engine

    kind = type(engine())
    real = kind.run_querystring
    seen: list[str] = []

    async def counting(self: Any, querystring: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append(querystring.template)
        return await real(self, querystring, *args, **kwargs)

    kind.run_querystring = counting
    try:
        yield seen
    finally:
        kind.run_querystring = real
