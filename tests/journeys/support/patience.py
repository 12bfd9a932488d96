"""What people do when a page does not come: they try again, until it does."""

from __future__ import annotations

import time

from playwright.sync_api import APIResponse, Error, Request, Route

AWAY = (502, 503, 504)
#: Of what the service answers while a part of it is away, and what browsers then say.
EXPECTED = r"^50[234] |ERR_|HTTP2|Failed to fetch|NetworkError|object Event"
LONGEST_SECONDS, PAUSE_SECONDS = 60.0, 0.5


def patiently(route: Route, request: Request) -> None:
    """Send a page's request again while nobody is there to answer it.

    What scripts ask is left alone: they have to find their way back themselves. So are uploads, whose files the browser
    does not show.
    """
    if not request.is_navigation_request() or "multipart" in request.headers.get("content-type", ""):
        route.continue_()
        return
    ends = time.monotonic() + LONGEST_SECONDS
    answer = _answer(route)
    while (answer is None or answer.status in AWAY) and time.monotonic() < ends:
        time.sleep(PAUSE_SECONDS)
        answer = _answer(route)
    if answer is None:
        route.abort()
    else:
        route.fulfill(response=answer)


def _answer(route: Route) -> APIResponse | None:
    try:
        return route.fetch(max_redirects=0, timeout=20_000)
    except Error:
        return None
