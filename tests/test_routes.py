"""Every address says who may use it, exactly once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from litestar import MediaType
from litestar.handlers import ASGIRouteHandler, HTTPRouteHandler, WebsocketRouteHandler
from litestar.response import File, Response, ServerSentEvent, Stream
from litestar.response.file import ASGIFileResponse

from tests.journeys.support.places import NOT_WALKED, PLACES
from tests.support.client import the_app

OPENAPI = "/api/docs"


def handlers() -> Iterator[tuple[str, Any]]:
    """Yield every route handler of the project with its path; Litestar's own documentation pages left out."""
    for route in the_app().routes:
        if route.path.startswith(OPENAPI):
            continue
        found = getattr(route, "route_handlers", None) or [route.route_handler]
        for handler in found:
            if isinstance(handler, HTTPRouteHandler | WebsocketRouteHandler | ASGIRouteHandler):
                yield route.path, handler


def pages() -> Iterator[str]:
    """Yield the path of everything that is read as a page, its parameters without their kinds: ``/e/{slug}/map``.

    That is what answers GET, unless it says that it answers with JSON, text, bytes, a file or a stream.
    """
    no_page = (
        Response[bytes],
        Response[dict[str, str]],
        Response[dict[str, Any]],
        ServerSentEvent,
        File,
        Stream,
        ASGIFileResponse,
    )
    for path, handler in handlers():
        if "GET" in getattr(handler, "http_methods", ()):
            kind = handler.parsed_fn_signature.return_type.raw
            if handler.media_type not in (MediaType.JSON, MediaType.TEXT) and kind not in no_page:
                yield plain(path)


def plain(path: str) -> str:
    """Return a route's path with its parameters' names alone."""
    return re.sub(r"\{(\w+)(:\w+)?\}", r"{\1}", path)


def page_at(address: str) -> str:
    """Return the path of the page that an address belongs to, itself perhaps with parameters in it.

    Raises LookupError when it belongs to none.
    """
    address = address.partition("?")[0].rstrip("/") or "/"
    found = [page for page in pages() if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", page), address)]
    if not found:
        raise LookupError(address)
    return min(found, key=lambda page: page.count("{"))


def guards_of(handler: Any) -> list[Any]:
    """Return the guards that say who may use a handler; ``opt={"public": True}`` counts as one."""
    guards = list(handler.resolve_guards())
    return [*guards, "public"] if handler.opt.get("public") else guards


def test_every_route_has_exactly_one_guard() -> None:
    wrong = {
        f"{path} {handler.handler_name}": len(guards_of(handler))
        for path, handler in handlers()
        if not getattr(handler.fn, "__name__", "").startswith("options_handler") and len(guards_of(handler)) != 1
    }
    assert wrong == {}


def test_an_address_belongs_to_the_page_that_names_most_of_it() -> None:
    assert page_at("/manage/{edition_id}/gates/new") == "/manage/{edition_id}/gates/new"
    assert page_at("/manage/7/gates/{own_gate_id}?lang=vi") == "/manage/{edition_id}/gates/{gate_id}"
    assert page_at("/judge/") == "/judge"


def test_every_page_is_walked_by_the_journey_or_left_out_with_its_reason() -> None:
    walked = {page_at(place.path) for place in PLACES if place.status == 200 and place.path != OPENAPI}
    assert walked | NOT_WALKED.keys() == set(pages())
    assert walked & NOT_WALKED.keys() == set()
