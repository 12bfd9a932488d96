"""One request for each operation of the API that the festival of the tests takes, in the order of its life."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Ids = dict[str, Any]
Made = dict[str, Any]


@dataclass(frozen=True)
class Good:
    """Who asks what. ``body`` and ``ids`` are made from the festival's ids; ``keeps`` names the id of what it makes."""

    who: str
    method: str
    path: str
    body: Callable[[Ids], Made] | None = None
    ids: Callable[[Ids], Made] = field(default=lambda _ids: {})
    keeps: str = ""


EDITION = "/api/v1/editions/{slug}"
MANAGE = "/api/v1/manage/{edition_id}"
OWN = "/api/v1/exhibitor/{organisation_id}/{edition_id}/products"
RUN = MANAGE + "/allocation-runs/{run_id}"
BOOTH = MANAGE + "/booths/{booth_id}"
SHEET = MANAGE + "/imports/{batch_id}"
ROUND = MANAGE + "/contest/rounds/{round_id}"
TWICE = MANAGE + "/duplicates"
HELPED = MANAGE + "/registered"
ENTRY = "/api/v1/entries/{entry_id}"
QUESTIONS = MANAGE + "/questions"

PRODUCT = {"name": {"vi": "Khăn lụa"}, "price_minor": 250_000, "certificates": ["OCOP 4 sao; 2025"]}
IDEA = {"title": "Khung cửi mượn", "team_name": "Thoi Đưa", "summary": "a", "problem": "b", "solution": "c"}


def booth(code: str, *cells: tuple[int, int]) -> Made:
    """Return the body of a booth."""
    return {"code": code, "cells": [list(cell) for cell in cells], "zone": "Làng nghề", "price_minor": 1_000_000}


def sheet(_ids: Ids) -> Made:
    """Return an upload of a sheet with one application."""
    rows = "organisation,contact,phone,cells\nHộ nón làng Chuông,Tạ Thu Hương,0912345671,1\n"
    return {"kind": "applications", "file": rows.encode()}


def new_sheet(ids: Ids) -> Made:
    """Name the sheet that was uploaded."""
    return {"batch_id": ids.get("new_batch_id", 0)}


def question(_ids: Ids) -> Made:
    """Return a question with two answers to choose from."""
    return {"kind": "choice", "wording": {"vi": "Bạn ở phường nào?"}, "choices": [{"vi": "Tây Hồ"}, {"vi": "Láng"}]}


def new_question(ids: Ids) -> Made:
    """Name the question that was added."""
    return {"question_id": ids.get("new_question_id", 0)}


def new_product(ids: Ids) -> Made:
    """Name the product that was added."""
    return {"product_id": ids.get("new_product_id", 0)}


def new_booth(ids: Ids) -> Made:
    """Name the booth that was drawn."""
    return {"booth_id": ids.get("new_booth_id", 0)}


def free_booth(ids: Ids) -> Made:
    """Name a booth that nobody holds."""
    return {"booth_id": ids["free_booth_id"]}


def elsewhere(ids: Ids) -> Made:
    """Name the festival whose call for ideas is open."""
    return {"edition_id": ids["other_edition_id"], "slug": ids["other_slug"]}


def new_entry(ids: Ids) -> Made:
    """Name the idea that was begun."""
    return {"entry_id": ids.get("new_entry_id", 0)}


def newcomer(_ids: Ids) -> Made:
    """Return the body of somebody whom an officer registers."""
    return {"full_name": "Hà Thị Tư", "organisation": "Hộ nón Tư", "through": "paper", "consent": True}


def helped(ids: Ids) -> Made:
    """Name the one whom an officer registered."""
    return {"person_id": ids["helped_id"]}


def scan(number: int, ids: Ids) -> Made:
    """Return one scan of the festival's pass."""
    return {"client_id": f"api-scan-{number}", "code": ids["pass_code"]}


def own_scan(number: int, ids: Ids) -> Made:
    """Return one scan of the festival's pass, in the words of the check-in API."""
    return {"nonce": f"api-nonce-{number}", "code": ids["pass_code"], "list": ids["list_id"]}


GOOD = (
    Good("nobody", "GET", "/api/v1/editions"),
    Good("nobody", "GET", EDITION),
    Good("nobody", "GET", EDITION + "/programme"),
    Good("nobody", "GET", EDITION + "/pass-keys"),
    Good("nobody", "GET", EDITION + "/halls"),
    Good("nobody", "GET", EDITION + "/exhibitors"),
    Good("nobody", "GET", EDITION + "/products"),
    Good("nobody", "GET", EDITION + "/products/{product_id}"),
    Good("nobody", "GET", EDITION + "/contest"),
    Good("nobody", "GET", EDITION + "/contest/entries"),
    Good("nobody", "GET", EDITION + "/contest/entries/{entry_id}"),
    Good("nobody", "GET", EDITION + "/contest/results"),
    Good("nobody", "GET", EDITION + "/ticket-types"),
    Good("nobody", "GET", EDITION + "/vouchers/{voucher_code}"),
    Good("nobody", "GET", "/api/v1/orders/{secret}"),
    Good("owner", "POST", QUESTIONS, question, keeps="new_question_id"),
    Good("owner", "GET", QUESTIONS),
    Good("owner", "PUT", QUESTIONS + "/{question_id}", question, ids=new_question),
    Good("owner", "DELETE", QUESTIONS + "/{question_id}", ids=new_question),
    Good("nobody", "POST", "/api/v1/passes/verify", lambda ids: {"code": ids["pass_code"]}),
    Good(
        "nobody",
        "POST",
        EDITION + "/orders",
        lambda ids: {
            "client_id": "api-order-1",
            "lines": [{"ticket_type": ids["ticket_type"], "count": 1}],
            "full_name": "Lê Thị Lan",
            "phone": "0912345678",
        },
    ),
    Good("nobody", "GET", "/api/v1/places"),
    Good("nobody", "GET", "/api/v1/places/ward"),
    Good("gate_phone", "GET", "/api/v1/gate/bundle"),
    Good("gate_phone", "GET", "/api/v1/gate/status"),
    Good("gate_phone", "POST", "/api/v1/gate/redeem", lambda ids: scan(1, ids)),
    Good("gate_phone", "GET", "/api/v1/gate/counts"),
    Good(
        "gate_phone",
        "POST",
        "/api/v1/gate/counts",
        lambda ids: {"counts": [{"client_id": "tap-00001", "visitors": 5, "device_at": "2026-10-16T01:00:00Z"}]},
    ),
    Good(
        "gate_phone",
        "POST",
        "/api/v1/gate/scans",
        lambda ids: {"scans": [{**scan(2, ids), "device_at": "2026-10-16T01:00:00Z", "shown": "admitted"}]},
    ),
    Good("gate_phone", "POST", "/api/v1/gate/search", lambda _ids: {"name": "Trần Mai"}),
    Good("gate_phone", "POST", "/api/v1/checkin/redeem", lambda ids: own_scan(1, ids)),
    Good(
        "gate_phone",
        "POST",
        "/api/v1/checkin/scans",
        lambda ids: {"scans": [{**own_scan(2, ids), "device_at": "2026-10-16T01:00:00Z"}]},
    ),
    Good("gate_phone", "POST", "/api/v1/gate/undo", lambda ids: {"nonce": scan(1, ids)["client_id"]}),
    Good("gate_phone", "POST", "/api/v1/checkin/undo", lambda ids: {"nonce": scan(1, ids)["client_id"]}),
    Good("finance", "GET", MANAGE + "/payments"),
    Good("finance", "GET", MANAGE + "/payments/{document_id}"),
    Good("owner", "GET", MANAGE + "/imports/kinds"),
    Good("owner", "GET", MANAGE + "/imports"),
    Good("owner", "POST", MANAGE + "/imports", sheet, keeps="new_batch_id"),
    Good("owner", "GET", SHEET),
    Good("owner", "POST", SHEET + "/choices", lambda _ids: {"cells": []}, ids=new_sheet),
    Good("owner", "POST", SHEET + "/accept", ids=new_sheet),
    Good("owner", "POST", SHEET + "/columns", lambda _ids: {"columns": {"Tên đơn vị": "organisation"}}),
    Good("owner", "POST", SHEET + "/discard"),
    Good("owner", "GET", TWICE),
    Good(
        "owner",
        "POST",
        TWICE + "/merge",
        lambda ids: {"kind": "organisation", "kept": ids["twice_id"], "merged": ids["twice_again_id"]},
        keeps="merge_id",
    ),
    Good("owner", "GET", TWICE + "/merges"),
    Good("owner", "POST", TWICE + "/undo", lambda ids: {"merge": ids.get("merge_id", 0)}),
    Good(
        "owner",
        "POST",
        TWICE + "/apart",
        lambda ids: {"kind": "organisation", "first": ids["twice_id"], "second": ids["twice_again_id"]},
    ),
    Good("floor", "GET", HELPED),
    Good("floor", "POST", HELPED + "/alike", newcomer),
    Good("floor", "POST", HELPED, newcomer),
    Good("floor", "GET", HELPED + "/{person_id}", ids=helped),
    Good("floor", "POST", HELPED + "/{person_id}/fill-in", ids=helped),
    Good("floor", "POST", "/api/v1/filling-in/stop"),
    Good("floor", "POST", HELPED + "/{person_id}/card", ids=helped),
    Good("floor", "DELETE", HELPED + "/{person_id}/card", ids=helped),
    Good("floor", "POST", HELPED + "/{person_id}/contact", lambda _ids: {"contact": "0912 345 699"}, helped),
    Good(
        "floor",
        "POST",
        HELPED + "/{person_id}/code",
        lambda _ids: {"code": "123456"},
        lambda ids: {"person_id": ids["coded_id"]},
    ),
    Good("floor", "GET", MANAGE + "/halls"),
    Good("floor", "GET", MANAGE + "/applications"),
    Good("floor", "GET", MANAGE + "/applications/{application_id}"),
    Good("floor", "POST", MANAGE + "/halls/{hall_id}/booths", lambda _ids: booth("Y1", (20, 20)), keeps="new_booth_id"),
    Good("floor", "PUT", BOOTH, lambda _ids: booth("Y2", (20, 20), (21, 20)), new_booth),
    Good("floor", "POST", BOOTH + "/hold", lambda ids: {"application": ids["application_id"]}, free_booth),
    Good("floor", "POST", BOOTH + "/release", ids=free_booth),
    Good("floor", "DELETE", BOOTH, ids=new_booth),
    Good("floor", "GET", RUN),
    Good("owner", "POST", RUN + "/publish"),
    Good("owner", "POST", RUN + "/discard", ids=lambda ids: {"run_id": ids["second_run_id"]}),
    Good("owner", "POST", MANAGE + "/allocation-runs"),
    Good("exhibitor_owner", "GET", OWN),
    Good("exhibitor_owner", "POST", OWN, lambda _ids: PRODUCT, keeps="new_product_id"),
    Good("exhibitor_member", "GET", OWN + "/{product_id}"),
    Good("exhibitor_member", "PUT", OWN + "/{product_id}", lambda _ids: PRODUCT),
    Good("exhibitor_member", "DELETE", OWN + "/{product_id}", ids=new_product),
    Good("team_member", "GET", "/api/v1/entries"),
    Good("applicant", "POST", EDITION + "/contest/entries", lambda _ids: IDEA, elsewhere, "new_entry_id"),
    Good("applicant", "PATCH", ENTRY, lambda _ids: {"progress": "Đã dệt thử."}, new_entry),
    Good("team_member", "GET", ENTRY),
    Good("applicant", "POST", ENTRY + "/submit", ids=new_entry),
    Good("jury_chair", "GET", MANAGE + "/contest/rounds"),
    Good("jury_chair", "POST", ROUND + "/assignments"),
    Good("judge_tablet", "GET", "/api/v1/judge/bundle"),
    Good("judge_tablet", "POST", "/api/v1/judge/ballots", lambda _ids: {"ballots": [{"client_id": "api-ballot-1"}]}),
    Good("jury_chair", "POST", ROUND + "/seal"),
    Good("jury_chair", "GET", ROUND + "/ranking"),
    Good("jury_chair", "POST", ROUND + "/awards", lambda ids: {"entry_id": ids["entry_id"], "rank": 1}),
    Good("jury_chair", "GET", ROUND + "/awards"),
    Good("jury_chair", "POST", ROUND + "/publish", lambda _ids: {"confirmed": True}),
    Good("jury_chair", "POST", ROUND + "/open", lambda _ids: {}, lambda ids: {"round_id": ids["second_round_id"]}),
    Good("jury_chair", "POST", MANAGE + "/contest/call", lambda _ids: {"open": False}),
    Good("applicant", "POST", ENTRY + "/withdraw", ids=new_entry),
)
