"""The whole service, asked as a browser would ask it but in the test's own event loop."""

from __future__ import annotations

import asyncio
import hashlib
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
    """Start the service over the present database and yield a browser that has no cookies yet.

    The service starts and stops in a task of its own, since pytest enters and leaves a fixture in two.
    """
    app = the_app()
    ready, done = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            ready.set()
            await done.wait()

    life = asyncio.create_task(live())
    started = asyncio.create_task(ready.wait())
    await asyncio.wait((life, started), return_when=asyncio.FIRST_COMPLETED)
    if life.done():
        started.cancel()
        life.result()
    try:
        async with new_browser() as browser:
            yield browser
    finally:
        done.set()
        await life


def transport_to(app: Litestar) -> httpx.ASGITransport:
    """Return what carries requests to a service in this process."""
    return httpx.ASGITransport(app=app)  # type: ignore[arg-type]


def new_browser() -> Browser:
    """Return one more browser for the running service: another person, or another device."""
    return Browser(
        transport=transport_to(the_app()),
        base_url="http://testserver.local",
        headers={"accept": "text/html", "accept-language": "en"},
    )


async def id_of(browser: httpx.AsyncClient) -> str:
    """Return what the service tells this browser by: the hash of the cookie of its forms."""
    if CSRF_COOKIE not in browser.cookies:
        await browser.get("/healthz")
    return hashlib.sha256(browser.cookies[CSRF_COOKIE].encode()).hexdigest()[:32]


async def sign_in(browser: httpx.AsyncClient, person_id: Any) -> None:
    """Sign a person in, as her one-time link would. The id is a number; Piccolo's rows name it by its column's type."""
    from app.accounts.identity import SESSION_COOKIE
    from app.accounts.services.sign_in import start_session
    from app.kernel import clock

    token = await start_session(person_id=person_id, browser="test", old_token=None, now=clock.now())
    browser.cookies.set(SESSION_COOKIE, token, domain="testserver.local")
