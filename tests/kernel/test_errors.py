"""Errors that people see, as pages and as JSON."""

from typing import Annotated

import asyncpg
import httpx
import msgspec
import pytest
from litestar import Litestar, get, post
from litestar.params import Body
from litestar.testing import AsyncTestClient

from app.kernel import errors
from app.kernel.enums import ChannelKind
from app.kernel.errors import AppError, NotFound, TooManyTries
from app.kernel.forms import REQUIRED
from app.kernel.handlers import EXCEPTION_HANDLERS
from app.kernel.i18n import N_, _, use_locale


class StallTaken(AppError):
    """For these tests."""

    code = "stall_taken"
    status = 409
    message = N_("Booth {booth} is taken.")


def test_an_error_speaks_of_its_case() -> None:
    error = StallTaken(booth="A1", fields={"booth": "taken"})
    with use_locale("en"):
        assert error.sentence() == "Booth A1 is taken."
    assert str(error) == "stall_taken: Booth A1 is taken."
    assert (error.fields, error.params) == ({"booth": "taken"}, {"booth": "A1"})
    assert NotFound().fields == {}


def all_errors(kind: type[AppError] = AppError) -> list[type[AppError]]:
    """Return every class of error that the kernel has."""
    own = [kind] if kind.__module__.startswith("app.kernel") else []
    return own + [found for child in kind.__subclasses__() for found in all_errors(child)]


def test_codes_are_distinct_and_stable_words() -> None:
    codes = [kind.code for kind in all_errors() if "code" in vars(kind)]
    assert len(codes) == len(set(codes))
    assert all(code.replace("_", "").isalnum() and code.islower() for code in codes)
    assert {errors.NotFound.status, errors.NotAllowed.status, errors.SignInNeeded.status} == {404, 403, 401}


def test_a_limit_says_how_long_to_wait() -> None:
    with use_locale("en"):
        assert TooManyTries(minutes=15).sentence() == "Too many tries. Please wait 15 minutes and try again."


async def test_a_page_that_is_not_there_is_a_page_for_people(client: httpx.AsyncClient) -> None:
    answer = await client.get("/no/such/page?lang=en")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["x-request-id"] in answer.text
    assert "This page does not exist" in answer.text


@pytest.mark.parametrize(("path", "accept"), [("/no/such/page", "application/json"), ("/api/v1/nothing", "text/html")])
async def test_programs_get_json(client: httpx.AsyncClient, path: str, accept: str) -> None:
    answer = await client.get(path, headers={"accept": accept, "accept-language": "en"})
    assert answer.status_code == 404
    assert answer.json() == {
        "code": "not_found",
        "message": NotFound.message,
        "fields": {},
        "request_id": answer.headers["x-request-id"],
    }


async def test_the_id_of_a_request_is_the_services_own(client: httpx.AsyncClient) -> None:
    sent = {"x-request-id": "abcdef123456"}
    ids = {(await client.get("/healthz", headers=sent)).headers["x-request-id"] for _time in range(2)}
    assert (len(ids), "abcdef123456" in ids) == (2, False)


async def test_a_form_without_its_token_is_refused_in_plain_words(client: httpx.AsyncClient) -> None:
    answer = await client.post("/sign-in?lang=en", headers={"x-csrftoken": "", "accept": "application/json"})
    assert answer.status_code == 403
    assert answer.json()["code"] == "form_expired"


async def test_a_browser_that_kept_the_token_of_another_key_gets_a_new_one(client: httpx.AsyncClient) -> None:
    await client.get("/sign-in")
    ours = client.cookies["fg_csrf"]
    form = {"contact": "lan@example.vn"}
    refused = await client.post("/sign-in", data=form, headers={"x-csrftoken": "another"})
    assert (refused.status_code, client.cookies["fg_csrf"]) == (403, ours)  # what others send takes nothing from her
    (kept,) = client.cookies.jar
    for stale in (ours[:-1] + ("0" if ours[-1] != "0" else "1"), "x"):
        kept.value = stale
        client.cookies.jar.set_cookie(kept)
        refused = await client.post("/sign-in", data=form, headers={"x-csrftoken": stale})
        assert (refused.status_code, "fg_csrf" in client.cookies) == (403, False)
        await client.get("/sign-in")
        assert (await client.post("/sign-in", data=form)).status_code < 400


async def test_a_token_of_other_letters_is_refused_like_any_that_is_wrong(client: httpx.AsyncClient) -> None:
    token = "é".encode() * 70
    headers = [(b"cookie", b"fg_csrf=" + token), (b"x-csrftoken", token), (b"accept", b"application/json")]
    answer = await client.post("/sign-in", data={"contact": "lan@example.vn"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "form_expired")


async def test_the_service_says_that_it_lives_and_is_ready(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).text == "ok"
    assert (await client.get("/readyz")).json() == {"database": "ok", "migrations": "done"}


@get("/lost", opt={"public": True})
async def lose() -> str:
    """Ask a database that has just gone."""
    raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")


async def test_a_database_that_is_away_is_not_called_broken_and_the_page_comes_again() -> None:
    async with AsyncTestClient(Litestar([lose], exception_handlers=EXCEPTION_HANDLERS)) as asker:
        with use_locale("en"):
            told = await asker.get("/lost", headers={"accept": "application/json"})
            page = await asker.get("/lost", headers={"accept": "text/html"})
    assert (told.status_code, told.json()["code"]) == (503, "database_away")
    assert (page.status_code, page.text.count('http-equiv="refresh"')) == (503, 1)


class Line(msgspec.Struct):
    """For these tests."""

    amount: Annotated[int, msgspec.Meta(ge=1, le=9)]
    kind: ChannelKind = ChannelKind.MAIL


class Order(msgspec.Struct):
    """For these tests."""

    name: Annotated[str, msgspec.Meta(min_length=2, max_length=5)]
    lines: list[Line] = []
    share: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.5


@post("/orders")
async def take(data: Annotated[Order, Body(title="The order")]) -> None:
    """Take an order."""


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({}, {"name": "Please fill this in."}),
        ({"name": "Lan", "lines": [{}]}, {"lines[0].amount": "Please fill this in."}),
        ({"name": 1}, {"name": "This does not have the form that is expected here."}),
        ({"name": "L"}, {"name": "Please write at least 2 characters."}),
        ({"name": "Lan Anh"}, {"name": "Please write at most 5 characters."}),
        ({"name": "Lan", "lines": [{"amount": "x"}]}, {"lines[0].amount": "Please write a whole number, such as 12."}),
        ({"name": "Lan", "lines": [{"amount": 0}]}, {"lines[0].amount": "Please write 1 or more."}),
        ({"name": "Lan", "lines": [{"amount": 10}]}, {"lines[0].amount": "Please write 9 or less."}),
        ({"name": "Lan", "share": 0}, {"share": "Please write more than 0.0."}),
        ({"name": "Lan", "share": 1}, {"share": "Please write less than 1.0."}),
        (
            {"name": "Lan", "lines": [{"amount": 1, "kind": "pigeon"}]},
            {"lines[0].kind": "Please choose one of the list."},
        ),
    ],
)
async def test_what_a_program_sends_wrong_is_said_in_our_words(sent: object, fields: dict[str, str]) -> None:
    app = Litestar([take], exception_handlers=EXCEPTION_HANDLERS)
    async with AsyncTestClient(app) as asker:
        with use_locale("en"):
            answer = await asker.post("/orders", json=sent, headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["fields"]) == (400, fields)


async def test_a_program_is_told_in_its_readers_language(client: httpx.AsyncClient) -> None:
    headers = {"accept": "application/json", "accept-language": "vi"}
    answer = await client.post("/api/v1/passes/verify", json={}, headers=headers)
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["code"])
    with use_locale("vi"):
        assert answer.json()["fields"]["code"] == _(REQUIRED) != REQUIRED
