"""Errors that people see, as pages and as JSON."""

import httpx
import pytest

from app.kernel import errors
from app.kernel.errors import AppError, NotFound, TooManyTries
from app.kernel.i18n import N_, use_locale


class BoothTaken(AppError):
    """For these tests."""

    code = "booth_taken"
    status = 409
    message = N_("Booth {booth} is taken.")


def test_an_error_speaks_of_its_case() -> None:
    error = BoothTaken(booth="A1", fields={"booth": "taken"})
    with use_locale("en"):
        assert error.sentence() == "Booth A1 is taken."
    assert str(error) == "booth_taken: Booth A1 is taken."
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
    answer = await client.get("/no/such/page?lang=en", headers={"x-request-id": "abcdef123456"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["x-request-id"] == "abcdef123456"
    assert "This page does not exist" in answer.text


@pytest.mark.parametrize(("path", "accept"), [("/no/such/page", "application/json"), ("/api/v1/nothing", "text/html")])
async def test_programs_get_json(client: httpx.AsyncClient, path: str, accept: str) -> None:
    headers = {"accept": accept, "x-request-id": "abcdef123456", "accept-language": "en"}
    answer = await client.get(path, headers=headers)
    assert answer.status_code == 404
    assert answer.json() == {
        "code": "not_found",
        "message": NotFound.message,
        "fields": {},
        "request_id": "abcdef123456",
    }


async def test_a_form_without_its_token_is_refused_in_plain_words(client: httpx.AsyncClient) -> None:
    answer = await client.post("/sign-in?lang=en", headers={"x-csrftoken": "", "accept": "application/json"})
    assert answer.status_code == 403
    assert answer.json()["code"] == "form_expired"


async def test_the_service_says_that_it_lives_and_is_ready(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).text == "ok"
    assert (await client.get("/readyz")).json() == {"database": "ok", "migrations": "done"}
