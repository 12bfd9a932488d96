"""The JSON API of the running service, asked as everybody with made-up requests and held against its own OpenAPI.

No error of the service's own; no status, kind of content, shape or code of an error that the OpenAPI does not tell of.
Each operation is first asked with one request that fits, in the order of a festival's life, then by schemathesis: with
values that fit the schema and that do not, with the festival's own ids and with made-up ones, always the same ones.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.accounts.actor import SYSTEM
from app.accounts.enums import DeviceKind
from app.accounts.identity import DEVICE_COOKIES
from app.events.queries import edition_by_slug
from app.judging.enums import ContestState
from app.judging.queries.contests import rounds_of
from app.judging.services.contests import create_contest, set_contest_state
from app.judging.tables import Round
from booths.allocation.tables import AllocationRun
from tests.booths.factories import make_booth
from tests.support.client import CSRF_COOKIE, CSRF_HEADER
from tests.support.factories import make_organisation
from tests.support.festival import Festival, make_festival
from tests.support.good_requests import GOOD, Good
from tests.support.postgres import free_port
from tests.support.service import Home, running_service
from tests.test_routes import plain
from tests.test_routes_by_role import NOBODY, SPECIAL, cookies_of, the_table
from ticketing.sales.tables import TicketType

pytestmark = pytest.mark.slow

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
#: Requests of each kind to an operation, valid and not: by whoever it admits, and by everybody else.
MANY, FEW = 4, 1
VALID, INVALID = "valid", "invalid"


@dataclass
class Walk:
    """The running service, its OpenAPI, everybody's connection, and what was found."""

    url: str
    ids: dict[str, Any]
    people: dict[str, requests.Session]
    operations: dict[tuple[str, str], Any]
    admitted: dict[tuple[str, str], set[str]]
    wrong: set[str] = field(default_factory=set)
    answered: dict[tuple[str, str], set[int]] = field(default_factory=dict)
    tried: set[tuple[tuple[str, str], str, str]] = field(default_factory=set)

    def send(self, kind: str, case: Case, who: str) -> requests.Response:
        """Send a request as somebody and note what the OpenAPI does not tell of its answer."""
        route = (case.method.upper(), case.operation.path)
        self.tried.add((route, who, kind))
        sent = case.as_transport_kwargs(base_url=self.url)
        sent["files"] = [(name, as_file(name, part)) for name, part in sent.get("files") or ()]
        answer = self.people[who].request(**sent, allow_redirects=False)
        self.answered.setdefault(route, set()).add(answer.status_code)
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as group:
            self.wrong |= {f"{' '.join(route)} as {who}: {one.title}: {answer.text[:200]}" for one in group.exceptions}
        else:
            told = case.operation.definition.raw["responses"][str(answer.status_code)]["description"]
            if answer.status_code >= 400 and answer.json()["code"] not in told.split(", "):
                self.wrong.add(f"{' '.join(route)} as {who}: {answer.status_code} {answer.json()['code']} is not told")
        return answer

    def path_values(self, path: str, own: dict[str, Any]) -> dict[str, Any]:
        """Return the festival's ids for the parameters of a path."""
        special = next((names for part, names in SPECIAL.items() if part in path), {})
        names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
        return {name: own.get(name, self.ids.get(special.get(name, name))) for name in names}

    def walk(self, good: Good) -> None:
        """Ask an operation, first with the request that fits, then with made-up ones as everybody."""
        route = (good.method, good.path)
        operation = self.operations[route]
        own = self.path_values(good.path, good.ids(self.ids))
        body = {} if good.body is None else {"body": good.body(self.ids)}
        answer = self.send(VALID, operation.Case(path_parameters=own, **body), good.who)
        if answer.status_code >= 300:
            self.wrong.add(f"{' '.join(route)} as {good.who}: {answer.status_code} {answer.text[:300]}")
        elif good.keeps:
            self.ids[good.keeps] = answer.json()["id"]
        cases = made_up(operation, own)
        admitted = self.admitted[route]
        for who in self.people:
            many = who in ({NOBODY} & admitted or admitted)
            for kind, made in cases.items():
                for case in made if many else made[:FEW]:
                    self.send(kind, case, who)

    def untried(self) -> list[str]:
        """Say which operation nobody of a kind has asked with a valid request, or with one that is not."""
        return [
            f"{' '.join(route)} as {who}: nothing {kind}"
            for route, operation in self.operations.items()
            for who in self.people
            for kind in ((VALID, INVALID) if takes_values(operation) else (VALID,))
            if (route, who, kind) not in self.tried
        ]


def as_file(name: str, part: Any) -> Any:
    """Give the part of a form that is a file a name, which schemathesis leaves out."""
    return ("don.csv", *part[1:]) if name == "file" and isinstance(part, tuple) else part


def may_be_wrong(parameter: dict[str, Any]) -> bool:
    """Whether a query can be one that does not fit: any text fits where one is taken, but none may be missing."""
    return bool(parameter.get("required")) or parameter["schema"].get("type") != "string"


def takes_values(operation: Any) -> bool:
    """Whether there is anything in a request to an operation that could be wrong."""
    return bool(operation.body or operation.path_parameters.items) or any(
        may_be_wrong(one.definition) for one in operation.query
    )


def made_up(operation: Any, own: dict[str, Any]) -> dict[str, list[Case]]:
    """Return requests to an operation for its ``own`` ids: those that fit, and those with values that do not or with
    ids that nothing has.
    """
    fixed = {"path_parameters": own} if own else {}
    wrong = drawn(operation.as_strategy()) if own else []
    if operation.body or any(may_be_wrong(one.definition) for one in operation.query):
        wrong = drawn(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE, **fixed)) + wrong
    return {VALID: drawn(operation.as_strategy(**fixed)), INVALID: wrong}


def drawn(strategy: SearchStrategy[Case]) -> list[Case]:
    """Return the first values of a strategy."""
    found: list[Case] = []

    @settings(
        max_examples=MANY,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(case: Case) -> None:
        found.append(case)

    with suppress(Unsatisfiable):  # a request without values has none that does not fit
        collect()
    return found


def connection(url: str, cookies: str) -> requests.Session:
    """Return somebody's connection, with the token of forms; a gate phone shows its token in the header."""
    made = requests.Session()
    made.trust_env = False
    name, _, value = cookies.partition("=")
    if name == DEVICE_COOKIES[DeviceKind.GATE]:
        made.headers["Authorization"] = f"Bearer {value}"
    elif name:
        made.cookies.set(name, value)
    made.get(url + "/healthz", timeout=20)
    made.headers[CSRF_HEADER] = made.cookies[CSRF_COOKIE]
    return made


Walker = Callable[[Iterable[Good]], Awaitable[Walk]]


async def more_of(festival: Festival, now: datetime) -> None:
    """Add what a walk through a festival's whole life needs besides, and give names to what is there."""
    run = AllocationRun(edition=festival.edition.id, state="proposed", started_at=now, finished_at=now)
    await run.save()
    other = await edition_by_slug("hoi-cho-khac")
    contest_id = await create_contest(edition_id=other.id, actor=SYSTEM, now=now)
    await set_contest_state(contest_id=contest_id, state=ContestState.OPEN, actor=SYSTEM, now=now)
    this_round = await Round.objects().get(Round.id == festival.ids["round_id"])
    sold = await TicketType.objects().get(TicketType.id == festival.ids["type_id"])
    twice = [await make_organisation(name="Hợp tác xã Sen", ward="Xã Hòa Vang", now=now) for _again in range(2)]
    assert this_round is not None
    assert sold is not None
    festival.ids |= {
        "second_run_id": run.id,
        "free_booth_id": await make_booth(festival.edition.id, festival.ids["hall_id"], "Y9", [(24, 24)]),
        "other_edition_id": other.id,
        "other_slug": other.slug,
        "second_round_id": (await rounds_of(this_round.contest))[1].id,
        "ticket_type": sold.code,
        "twice_id": twice[0].id,
        "twice_again_id": twice[1].id,
    }


def admitted() -> dict[tuple[str, str], set[str]]:
    """Return who comes past the guard of each operation."""
    return {
        (method, plain(path)): {who for who, outcome in row.items() if outcome == "ok"}
        for (method, path), row in the_table().items()
        if path.startswith("/api/v1/")
    }


def walked(home: Home, festival: Festival, cookies: dict[str, str], goods: Iterable[Good]) -> Walk:
    """Start the service, ask all of it as everybody, and return what was found."""
    with running_service(home, ["serve", "--port", str(home.port)]) as service:
        schema = schemathesis.openapi.from_url(service.url + "/api/docs/openapi.json")
        operations = {(one.ok().method.upper(), one.ok().path): one.ok() for one in schema.get_all_operations()}
        people = {who: connection(service.url, theirs) for who, theirs in cookies.items()}
        found = Walk(service.url, festival.ids, people, operations, admitted())
        for good in goods:
            found.walk(good)
        for one in people.values():
            one.close()
    return found


@pytest.fixture
async def everything(client: httpx.AsyncClient, database: str, frozen_now: datetime, tmp_path: Path) -> Walker:
    """A festival, and what starts the service over it and asks some of its operations."""
    festival = await make_festival(frozen_now)
    await more_of(festival, frozen_now)
    cookies = await cookies_of(festival, frozen_now)
    ahead = int((frozen_now - datetime.now(UTC)).total_seconds())
    home = Home(
        tmp_path,
        database,
        free_port(),
        {"DATA_DIR": os.environ["DATA_DIR"], "CLOCK_OFFSET_SECONDS": str(ahead), "JOBS_INLINE": "false"},
    )

    async def walking(goods: Iterable[Good]) -> Walk:
        return await asyncio.to_thread(walked, home, festival, cookies, goods)

    return walking


@pytest.mark.long
async def test_every_answer_is_one_that_the_openapi_tells_of(everything: Walker) -> None:
    found = await everything(GOOD)
    assert "\n".join(sorted(found.wrong)) == ""
    assert {(good.method, good.path) for good in GOOD} == found.operations.keys()
    done = {route for route, statuses in found.answered.items() if any(status < 300 for status in statuses)}
    assert done == {route for route, who in found.admitted.items() if who}
    assert "\n".join(found.untried()) == ""


async def test_an_error_that_no_operation_tells_of_is_noticed(
    everything: Walker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control, of what was never asked, too."""
    asked = Good("nobody", "GET", "/api/v1/orders/{secret}")
    from_url = schemathesis.openapi.from_url

    def without_errors(url: str) -> Any:
        schema = from_url(url)
        for operation in schema.raw_schema["paths"].values():
            for method in operation.values():
                method["responses"] = {status: one for status, one in method["responses"].items() if status < "300"}
        return schema

    monkeypatch.setattr(schemathesis.openapi, "from_url", without_errors)
    found = await everything([asked])
    assert {one.partition(":")[0] for one in found.wrong} >= {"GET /api/v1/orders/{secret} as nobody"}
    untried = found.untried()
    assert "POST /api/v1/passes/verify as owner: nothing invalid" in untried
    assert [one for one in untried if "/orders/{secret}" in one] == []
