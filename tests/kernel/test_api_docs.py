"""``/api/docs``: every operation by name, every code of an error."""

import html
import re

import httpx
import pytest

from app.kernel.errors import AppError, error_kinds
from app.kernel.i18n import _, use_locale

ROW = re.compile(
    r'<th scope="row"><span class="mono" lang="en">(.*?)</span></th>\s*'
    r'<td data-label="[^"]*" class="number">(\d+)</td>\s*<td data-label="[^"]*">(.*?)</td>'
)


def kinds() -> list[type[AppError]]:
    """Every kind of error of the service; tests make some of their own."""
    return [kind for kind in error_kinds() if kind.__module__.partition(".")[0] in ("app", "booths", "ticketing")]


def test_codes_are_unique(client: httpx.AsyncClient) -> None:
    codes = [kind.code for kind in kinds()]
    assert len(codes) > 100
    assert sorted(codes) == sorted(set(codes))


@pytest.mark.parametrize("locale", ["en", "vi", "id"])
async def test_every_code_stands_on_the_page_with_its_sentence(client: httpx.AsyncClient, locale: str) -> None:
    text = (await client.get(f"/api/docs?lang={locale}", headers={"accept": "text/html"})).text
    shown = {code: (int(status), html.unescape(said)) for code, status, said in ROW.findall(text)}
    with use_locale(locale):
        wanted = {kind.code: (kind.status, _(kind.message)) for kind in kinds()}
    assert {code: shown.get(code) for code in wanted} == wanted
    assert {"bad_request", "form_expired", "internal_error", "method_not_allowed", "too_large"} <= shown.keys()
    assert list(shown) == sorted(shown)


async def test_a_newcomer_does_as_the_page_says(client: httpx.AsyncClient) -> None:
    """The header and the cookie that it names take a change through to who may make it."""
    text = (await client.get("/api/docs?lang=en", headers={"accept": "text/html"})).text
    found = re.search(r"takes the header (\S+), with the value of the cookie (\S+);", html.unescape(text))
    assert found is not None
    header, cookie = found.groups()
    address = "/api/v1/manage/1/contest/call"
    without = await client.post(address, json={"open": True}, headers={header: "wrong"})
    assert without.json()["code"] == "form_expired"
    sent = await client.post(address, json={"open": True}, headers={header: client.cookies[cookie]})
    assert sent.json()["code"] == "sign_in_needed"


async def test_every_operation_has_a_summary_written_for_people(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/api/docs/openapi.json")).json()["paths"]
    bare = [
        f"{method} {path}"
        for path, operations in paths.items()
        for method, operation in operations.items()
        if not re.search(r" ", operation["summary"])
    ]
    assert bare == []
