"""The whole service, asked as a browser would ask it but in the test's own event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from litestar import Litestar

CSRF_COOKIE = "fg_csrf"
CSRF_HEADER = "x-csrftoken"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class Browser(httpx.AsyncClient):
    """An HTTP client that keeps cookies and, as a page's form does, sends the CSRF token back.

    A test of the refusal itself gives the header ``x-csrftoken`` itself.
    """

    async def request(self, method: str, url: Any, **kwargs: Any) -> httpx.Response:  # type: ignore[override]
        """Send a request; one that changes something carries the CSRF token."""
        headers = httpx.Headers(kwargs.pop("headers", None))
        if method.upper() not in SAFE_METHODS and CSRF_HEADER not in headers:
            if CSRF_COOKIE not in self.cookies:
                await super().request("GET", "/healthz")
            if CSRF_COOKIE in self.cookies:
                headers[CSRF_HEADER] = self.cookies[CSRF_COOKIE]
        return await super().request(method, url, headers=headers, **kwargs)


@lru_cache(maxsize=1)
def the_app() -> Litestar:
    """Return the application, made once for each test process: it holds no data of its own."""
    from app.main import create_app

    return create_app()


@asynccontextmanager
async def running_app() -> AsyncIterator[Browser]:
    """Start the service over the present database and yield a browser that has no cookies yet."""
    app = the_app()
    async with app.lifespan(), new_browser() as browser:
        yield browser


def new_browser() -> Browser:
    """Return one more browser for the running service: another person, or another device."""
    transport = httpx.ASGITransport(app=the_app())  # type: ignore[arg-type]
    return Browser(transport=transport, base_url="http://testserver.local", headers={"accept": "text/html"})
