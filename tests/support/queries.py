"""Counts the statements that a piece of code sends, so that a list page cannot grow a query for each row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from app.kernel.database import engine


@contextmanager
def counted_queries() -> Iterator[list[str]]:
    """Yield a list that fills with each statement sent through Piccolo while the block runs.

    Pin a list page at one row and at three::

        with counted_queries() as sent:
            await client.get("/manage/1/applications")
        assert len(sent) == 4
    """
    sent: list[str] = []
    kind = type(engine())
    real = kind.run_querystring

    async def run_querystring(self: Any, querystring: Any, in_pool: bool = True) -> Any:
        sent.append(str(querystring))
        return await real(self, querystring, in_pool)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kind, "run_querystring", run_querystring)
        yield sent
