"""Forged requests: every route that changes something refuses one that lacks its browser's token."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

import httpx
import pytest

from tests.support.client import CSRF_COOKIE, new_browser, the_app, transport_to
from tests.support.festival import make_festival
from tests.test_routes import handlers
from tests.test_routes_by_role import address, cookies_of, routes, the_table
from tests.test_rubbish import who_may

#: Routes without a token, and why nobody gains by forging a request to them.
WITHOUT_TOKEN = {
    ("POST", "/payments/stripe/webhook"): "comes from Stripe, without a browser; signed over its raw body",
    (
        "POST",
        "/payments/bank/sepay/webhook",
    ): "comes from SePay, without a browser; its key in a header of no browser's",
    ("POST", "/api/v1/gate/redeem"): "a gate phone's API: its token as a bearer, or in a cookie no other site can send",
    ("POST", "/api/v1/gate/scans"): "a gate phone's API: its token as a bearer, or in a cookie no other site can send",
    ("POST", "/api/v1/gate/search"): "as a gate phone's API, and changes nothing",
    ("POST", "/api/v1/gate/counts"): "a gate phone's API: its token as a bearer, or in a cookie no other site can send",
    ("POST", "/api/v1/gate/undo"): "as a gate phone's API",
    ("POST", "/api/v1/checkin/undo"): "as a gate phone's API",
    ("POST", "/api/v1/checkin/redeem"): "as a gate phone's API",
    ("POST", "/api/v1/checkin/scans"): "as a gate phone's API",
    ("POST", "/api/v1/judge/ballots"): "a tablet's API: its token as a bearer, or in a cookie no other site can send",
    ("POST", "/api/v1/editions/{slug:str}/orders"): "for shops of others; acts for whom the body names, with no cookie",
    ("POST", "/api/v1/passes/verify"): "changes nothing; a body keeps the code out of addresses and logs",
    ("POST", "/e/{slug:str}/saved"): "changes a list that its own browser shows, and nothing of an account",
}
SAFE = ("GET", "HEAD", "OPTIONS")


def changing() -> list[tuple[str, str]]:
    """Return every route that may change something."""
    return [route for route in routes() if route[0] not in SAFE]


def test_the_routes_without_a_token_are_those_with_a_reason() -> None:
    found = {
        (method, path)
        for path, handler in handlers()
        for method in getattr(handler, "http_methods", ())
        if method not in SAFE and handler.opt.get("no_csrf")
    }
    assert found == set(WITHOUT_TOKEN)


async def refusals(client: httpx.AsyncClient, at: datetime) -> dict[tuple[str, str], list[str]]:
    """Ask each changing route without a token, with an invented one and with another browser's, as who may use it.

    Returns the error's code of each answer, and a dash where it was none of a form that is refused.
    """
    festival = await make_festival(at)
    walkers, table = await cookies_of(festival, at), the_table()
    await client.get("/healthz")
    own = client.cookies[CSRF_COOKIE]
    async with new_browser() as other:
        await other.get("/healthz")
        foreign = other.cookies[CSRF_COOKIE]
    transport = transport_to(the_app())
    found: dict[tuple[str, str], list[str]] = {}
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver.local") as bare:
        for method, path in changing():
            who = walkers[who_may(table[method, path])]
            codes = []
            for token in ("", "0" * len(own), foreign):
                for cookies in (f"{CSRF_COOKIE}={own}; {who}", who):
                    answer = await bare.request(
                        method,
                        address(path, festival),
                        content=urlencode({"_csrf_token": token}),
                        headers={
                            "cookie": cookies,
                            "accept": "application/json",
                            "content-type": "application/x-www-form-urlencoded",
                        },
                    )
                    is_json = answer.headers.get("content-type", "").startswith("application/json")
                    codes.append(str(answer.json().get("code", "-")) if is_json and answer.status_code == 403 else "-")
            found[method, path] = codes
    return found


async def test_every_changing_route_refuses_a_request_without_its_token(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    found = await refusals(client, frozen_now)
    assert len(found) > 100
    accepted = {route for route, codes in found.items() if codes != ["form_expired"] * 6}
    assert accepted == set(WITHOUT_TOKEN)


async def test_a_route_that_asks_for_no_token_is_noticed(
    client: httpx.AsyncClient, frozen_now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""
    route = ("POST", "/account/password")
    for path, handler in handlers():
        if path == route[1]:
            monkeypatch.setitem(handler.opt, "no_csrf", True)
    monkeypatch.setattr("tests.test_forgery.routes", lambda: [route])
    assert (await refusals(client, frozen_now))[route] != ["form_expired"] * 6


async def test_the_api_takes_nothing_that_another_sites_form_can_send(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    """Its routes without a token hold to JSON, for whoever may use them; a browser asks first before it sends that."""
    festival = await make_festival(frozen_now)
    walkers, table = await cookies_of(festival, frozen_now), the_table()
    answers = {}
    for method, path in sorted(route for route in WITHOUT_TOKEN if route[1].startswith("/api/")):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "", "application/json; charset=utf-8"):
            headers = {"cookie": walkers[who_may(table[method, path])], "content-type": kind, "x-csrftoken": ""}
            answer = await client.request(method, address(path, festival), content=b"{}", headers=headers)
            answers[path, kind] = answer.json()["code"]
    assert {code for (_path, kind), code in answers.items() if "json" not in kind} == {"not_json"}
    assert {code for (_path, kind), code in answers.items() if "json" in kind} == {"bad_request"}


@pytest.mark.parametrize("path", ["/api/v1/gate/redeem", "/api/v1/judge/ballots"])
async def test_the_apis_of_devices_do_not_take_what_another_sites_form_can_send(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.post(path, headers={"content-type": "text/plain", "x-csrftoken": ""}, content=b"{}")
    assert answer.status_code == 401  # nobody: the device's cookie is SameSite=Strict, as its own test says
