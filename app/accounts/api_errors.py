"""What an operation of the API may answer besides its success, said in the OpenAPI.

Which guard an operation has, what it takes, and the codes that its docstring names tell it; nothing is written twice.
A test asks the running service as everybody and holds every answer against what is said here.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.routes import BaseRoute, HTTPRoute

from app.accounts.guards import Access
from app.kernel.errors import NotJson
from app.kernel.handlers import AWAY, FORM_EXPIRED, ErrorDTO, error_statuses

PREFIX = "/api/v1"
_CODE = re.compile(r"``([a-z_]+)``")


def describe_errors(routes: Iterable[BaseRoute]) -> None:
    """Give every operation below ``/api/v1`` its errors by status. Comes before the OpenAPI is first asked for."""
    statuses = error_statuses()
    for route in routes:
        if isinstance(route, HTTPRoute) and route.path.startswith(PREFIX):
            for handler in route.route_handlers:
                handler.responses = _answers(codes_of(handler, set(route.path_parameters)), statuses)


def codes_of(handler: HTTPRouteHandler, in_path: set[str]) -> list[str]:
    """The codes of errors that an operation may answer with; ``in_path`` are the parameters of its address."""
    signature = handler.parsed_fn_signature
    codes = [AWAY[0], *_CODE.findall(handler.fn.__doc__ or "")]
    if set(signature.parameters) - {"self", "request"}:
        codes.append("bad_request")
    if "data" in signature.parameters:
        codes.append("too_large")
    if in_path:
        codes.append("not_found")
    if in_path & {"edition_id", "slug"}:
        codes.append("edition_not_found")
    if handler.http_methods - {"GET", "HEAD", "OPTIONS"}:
        codes.append(NotJson.code if handler.opt.get("no_csrf") else FORM_EXPIRED[0])
    for guard in handler.resolve_guards():
        if isinstance(guard, Access) and guard.kind != "public":
            codes += {
                "roles": ["sign_in_needed", "two_step_needed", "not_allowed"],
                "signed_in": ["sign_in_needed", "two_step_needed"],
                "device": ["sign_in_needed"],
            }[guard.kind]
    return codes


def _answers(codes: Iterable[str], statuses: Mapping[str, int]) -> dict[int, ResponseSpec]:
    """Codes by their status, each with the shape of an error; names that are no code are left out."""
    found: dict[int, set[str]] = {}
    for code in codes:
        if code in statuses:
            found.setdefault(statuses[code], set()).add(code)
    return {status: _answer(found[status]) for status in sorted(found)}


def _answer(codes: set[str]) -> Any:
    return ResponseSpec(ErrorDTO, generate_examples=False, description=", ".join(sorted(codes)))
