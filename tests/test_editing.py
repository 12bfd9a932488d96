"""Two people on one form: both are heard. Every form that edits a record carries what stood in it when opened."""

from __future__ import annotations

import ast
import html
import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from app.judging.enums import EntryState
from app.judging.queries.contests import contest_of_edition, criteria_of, rounds_of
from app.judging.tables import Entry
from app.kernel import editing
from app.kernel.audit import list_entries
from app.kernel.forms import OPENED
from booths.allocation.tables import Application
from tests.support.client import Browser, new_browser, sign_in
from tests.support.festival import Festival, make_festival
from tests.support.race import overtaken, race, unguarded
from tests.test_routes import handlers
from tests.test_routes_by_role import address
from ticketing.sales.controllers import manage

SETTINGS = "/manage/{edition_id:int}/settings"
TICKET_TYPE = "/manage/{edition_id:int}/tickets/{type_id:int}"
CONTEST = "/manage/{edition_id:int}/contest/settings"
PROFILE = "/exhibitor/{organisation_id:int}/{edition_id:int}/profile"


@dataclass(frozen=True)
class Edit:
    """A form that edits a record: two of its fields, and what two people write into them."""

    first: tuple[str, str]
    second: tuple[str, str]
    page: str = ""
    """Where the form stands, when that is not where it is sent."""


EDITS = {
    SETTINGS: Edit(("venue_name", "Nhà thi đấu"), ("closes_at", "21:00")),
    TICKET_TYPE: Edit(("quota", "321"), ("name_en", "Day ticket")),
    "/manage/{edition_id:int}/tickets/vouchers/{voucher_id:int}": Edit(("note", "Báo chí"), ("max_uses", "7")),
    "/manage/{edition_id:int}/tickets/quotas/{quota_id:int}": Edit(("size", "654"), ("name", "Nhà thi đấu")),
    "/manage/{edition_id:int}/tickets/questions/{question_id:int}": Edit(
        ("wording_en", "Which ward?"), ("position", "9")
    ),
    PROFILE: Edit(("certificates", "HACCP 2025; OCOP 2024"), ("story_en", "We weave.")),
    "/exhibitor/{organisation_id:int}/{edition_id:int}/products/{product_id:int}": Edit(
        ("price", "150.000"), ("name_en", "Silk scarf")
    ),
    "/manage/{edition_id:int}/programme/{session_id:int}": Edit(("place", "Sân đình"), ("speaker", "Lê Thị Hai")),
    "/manage/{edition_id:int}/programme/tracks/{track_id:int}": Edit(
        ("name_id", "Desa kerajinan"), ("name_en", "Craft villages"), "/manage/{edition_id:int}/programme/tracks"
    ),
    "/manage/{edition_id:int}/floorplan/editor/{booth_id:int}": Edit(("zone", "Lụa"), ("power_watts", "2500")),
    "/manage/{edition_id:int}/floorplan/halls/{hall_id:int}": Edit(("name", "Nhà A1"), ("depth", "33")),
    "/manage/{edition_id:int}/gates/{gate_id:int}": Edit(("name", "Cổng Nam"), ("hall", "{hall_id:int}")),
    CONTEST: Edit(("judges_per_entry", "5"), ("intro_en", "Bring a dish.")),
    CONTEST + "/rounds/{round_id:int}": Edit(("name_id", "Dapur"), ("name_en", "Kitchen")),
    CONTEST + "/rounds/{round_id:int}/criteria/{criterion_id:int}": Edit(("name_id", "Rasa"), ("anchor_2_en", "Good")),
    "/manage/{edition_id:int}/payments/{document_id:int}/legal": Edit(
        ("legal_series", "1C26TAA"), ("legal_number", "123")
    ),
    "/manage/{edition_id:int}/booth-fees/plan": Edit(("first_days", "9"), ("rest_due_on", "2026-11-02")),
    "/manage/{edition_id:int}/booth-fees/{application_id:int}": Edit(("waived_by", "SHB"), ("amount", "500.000")),
    "/manage/{edition_id:int}/tickets/rules": Edit(("back_percent", "80"), ("fee", "5.000")),
    "/manage/{edition_id:int}/payments/terms": Edit(("seller_name", "Hội LHPN"), ("due_days", "14")),
    "/team/ideas/{entry_id:int}/edit/{part:int}": Edit(("title", "Trà sen"), ("category", "Trà")),
    "/manage/{edition_id:int}/gates/lists/{list_id:int}": Edit(("name", "Ngày thứ hai"), ("exits", "on")),
}

#: Pages with a form that edits no record, or one that nobody else edits.
NO_EDIT = {
    "/account": "one's own",
    "/account/contacts/link/{token:str}": "a code",
    "/account/data/erase": "an act",
    "/account/two-step": "one's own",
    "/e/{slug:str}/apply/mine/{application_id:int}/fee/{document_id:int}/card": "an act",
    "/e/{slug:str}/apply/mine/{application_id:int}/fee/{document_id:int}/proof": "an act",
    "/e/{slug:str}/apply/{step:str}": "one's own draft",
    "/e/{slug:str}/contest/enter": "makes something new",
    "/e/{slug:str}/exhibitors/{organisation_id:int}/contact": "makes something new",
    "/e/{slug:str}/invoices/done/{secret:str}/card": "an act",
    "/e/{slug:str}/invoices/done/{secret:str}/proof": "an act",
    "/e/{slug:str}/register": "makes something new",
    "/e/{slug:str}/saved": "one's own",
    "/e/{slug:str}/tickets/again": "an act",
    "/e/{slug:str}/tickets/done/{secret:str}/answers": "one's own; test_questions.py changes it",
    "/e/{slug:str}/tickets/done/{secret:str}/cancel": "an act",
    "/e/{slug:str}/tickets/done/{secret:str}/card": "an act",
    "/e/{slug:str}/tickets/done/{secret:str}/change/{item_id:int}": "an act",
    "/e/{slug:str}/tickets/done/{secret:str}/give/{item_id:int}": "makes something new",
    "/e/{slug:str}/tickets/done/{secret:str}/give/{item_id:int}/withdraw": "an act",
    "/e/{slug:str}/tickets/done/{secret:str}/names": "one's own; test_renaming.py lets two write in it",
    "/e/{slug:str}/tickets/done/{secret:str}/pay/{change_id:int}/card": "an act",
    "/e/{slug:str}/tickets/done/{secret:str}/pay/{change_id:int}/proof": "an act",
    "/e/{slug:str}/tickets/done/{secret:str}/proof": "an act",
    "/e/{slug:str}/tickets/done/{secret:str}/resend": "an act",
    "/e/{slug:str}/tickets/given/{token:str}": "an act",
    "/e/{slug:str}/tickets/done/{secret:str}/names/sheet": "fills the form of the names, and saves nothing",
    "/e/{slug:str}/tickets/group": "makes something new",
    "/e/{slug:str}/tickets/order": "makes something new",
    "/invite/{token:str}": "an act",
    "/judge/entries/{assignment_id:int}": "one's own ballot, whose revisions are all kept",
    "/manage/{edition_id:int}/box-office": "makes something new",
    "/manage/{edition_id:int}/cancel": "an act",
    "/manage/{edition_id:int}/contest/{round_id:int}/assign": "an act",
    "/manage/{edition_id:int}/copy": "makes something new",
    "/manage/{edition_id:int}/gates/handed-over": "an act",
    "/manage/{edition_id:int}/import/{kind:str}": "makes something new",
    "/manage/{edition_id:int}/passes/prints": "makes something new",
    "/manage/{edition_id:int}/payments/bank/statements": "makes something new",
    "/manage/{edition_id:int}/payments/days": "an act",
    "/manage/{edition_id:int}/payments/drawers": "makes something new",
    "/manage/{edition_id:int}/payments/payouts": "makes something new",
    "/manage/{edition_id:int}/payments/{document_id:int}/card-refunds/{payment_id:int}": "makes something new",
    "/manage/{edition_id:int}/people": "makes something new",
    "/manage/{edition_id:int}/people/erase": "an act",
    "/manage/{edition_id:int}/postpone": "an act",
    "/manage/{edition_id:int}/tickets/register": "one choice, with nothing beside it",
    "/sign-in": "an act",
    "/sign-in/password": "an act",
    "/sign-in/two-step": "an act",
    "/sign-in/{token:str}": "an act",
    "/take-over/{token:str}": "an act",
}

#: Forms that begin with something that is known, and edit no record.
NO_RECORD = {
    "app/accounts/controllers/sign_in.py: contact=form.contact": "what was typed on the page before",
    "app/accounts/controllers/sign_in.py: **=values": "one's own account",
    "app/events/controllers/manage.py: **=names": "of a copy",
    "app/events/controllers/programme.py: starts_at=first.isoformat(timespec='minutes')": "of a new session",
    "app/events/passes/manage.py: first_day=edition.starts_on": "of a new pass",
    "app/events/passes/manage.py: last_day=edition.ends_on": "of a new pass",
    "app/judging/controllers/manage.py: **=_usual_name()": "of a new contest",
    "app/judging/controllers/manage.py: entries_close_at=closes and closes.astimezone(zone(contest.timezone))": (
        "the act of opening the call, which only one can do"
    ),
    "app/judging/controllers/manage.py: closes_at=round_.closes_at and round_.closes_at.astimezone("
    "zone(contest.timezone))": "the act of opening a round, which only one can do",
    "app/payments/controllers/bank.py: **=_greedily(entry.left, candidates, borne)": "of a new assignment",
    "app/payments/controllers/drawers.py: takes_back=standing[0][0] if len(standing) == 1 else ''": (
        "which move is taken back"
    ),
    "app/payments/controllers/finance.py: payment=removable[0].id if len(removable) == 1 else ''": (
        "which payment is not for the invoice"
    ),
    "app/payments/controllers/finance.py: amount=typed_money(one.due_back)": "of a new refund",
    "app/payments/controllers/finance.py: method=ways[one.id]": "of a new refund",
    "app/payments/controllers/payouts.py: account=(first[0] if first else Account.TERMINAL).value": "of a new payout",
    "app/payments/controllers/payouts.py: arrives_on=edition.today(now()).isoformat()": "of a new payout",
    "app/payments/controllers/payouts.py: taken=typed_money(first[1]) if first else ''": "of a new payout",
    "ticketing/checkin/controllers/manage.py: gate=gate or known[0]['id']": "of a new phone",
    "ticketing/checkin/controllers/manage.py: check_in_list=lists[0]['id']": "of a new gate",
    "ticketing/sales/controllers/given.py: full_name=offer['name']": "of who accepts a ticket",
    "ticketing/sales/controllers/group.py: full_name=user.full_name if user else ''": "of a new order",
    "ticketing/sales/controllers/public.py: full_name=user.full_name if user else ''": "of a new order",
    "ticketing/sales/controllers/public.py: **=named": "who was named before the tickets were gone",
}

ROOT = Path(__file__).parent.parent


@pytest.fixture
async def festival(client: Browser, frozen_now: datetime) -> Festival:
    """A festival with one thing of every kind, while the service runs."""
    assert client is not None
    found = await make_festival(frozen_now)
    contest = await contest_of_edition(found.edition.id)
    assert contest is not None
    # A round that has not begun, and an idea that is a draft: both can still be edited.
    round_id = (await rounds_of(contest.id))[1].id
    found.ids |= {"round_id": round_id, "criterion_id": (await criteria_of(round_id))[0].id}
    await Entry.update({Entry.state: EntryState.DRAFT}).where(Entry.id == found.ids["entry_id"])
    borne = {Application.waived_minor: 1_000, Application.waived_by: "BIDV"}
    await Application.update(borne).where(Application.id == found.ids["application_id"])
    return found


async def browser_of(festival: Festival, path: str, *, second: bool = False) -> Browser:
    """A browser of somebody who may edit what stands at a path; the first and the second are two people if they can."""
    people = ("owner", "manager")
    if path.startswith("/exhibitor"):
        people = ("exhibitor_owner", "exhibitor_member")
    elif "/payments/" in path or "/booth-fees/" in path:
        people = ("owner", "finance")
    elif path.startswith("/team"):
        people = ("team_member", "team_member")
    browser = new_browser()
    await sign_in(browser, festival.people[people[second]].person_id or 0)
    return browser


def fields_of(page: str) -> dict[str, Any]:
    """The fields of a page's edit form, as a browser would send them if nobody touched it."""
    (form,) = [form for form in re.findall(r"<form.*?</form>", page, re.DOTALL) if OPENED in form]
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        kind, name, value = (
            html.unescape(match[1]) if (match := re.search(rf'\s{key}="([^"]*)"', tag)) else ""
            for key in ("type", "name", "value")
        )
        if not name or kind == "file":
            continue
        if kind in ("checkbox", "radio"):
            if re.search(r"\schecked\b", tag):
                found.setdefault(name, []).append(value)
        else:
            found[name] = value
    for name, text in re.findall(r'<textarea[^>]*\sname="([^"]*)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        found[name] = html.unescape(text).replace("\n", "\r\n")
    for name, options in re.findall(r'<select[^>]*\sname="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options) or re.search(
            r'<option value="([^"]*)"', options
        )
        found[name] = html.unescape(chosen[1]) if chosen else ""
    return found


async def shown(browser: Browser, address: str) -> dict[str, Any]:
    """The edit form at an address."""
    answer = await browser.get(f"{address}?lang=en")
    assert answer.status_code == 200
    return fields_of(answer.text)


def plain(value: Any) -> Any:
    """The value of a field, the same for one of many and one alone."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def test_every_page_with_a_form_says_whether_it_edits_a_record() -> None:
    methods: dict[str, set[str]] = {}
    for path, handler in handlers():
        methods.setdefault(path, set()).update(getattr(handler, "http_methods", ()))
    both = {path for path, known in methods.items() if {"GET", "POST"} <= known}
    asked = {path for path in both if not path.startswith("/api/") and not path.endswith("/new")}
    assert asked == {path for path, edit in EDITS.items() if not edit.page} | set(NO_EDIT)


def test_a_form_that_shows_a_record_is_made_as_one() -> None:
    found = {
        f"{path.relative_to(ROOT).as_posix()}: {word.arg or '**'}={ast.unparse(word.value)}"
        for top in ("app", "booths", "ticketing")
        for path in (ROOT / top).rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "Form.empty"
        for word in call.keywords
        if word.arg is None or any(_is_of_something(part) for part in ast.walk(word.value))
    }
    assert found == set(NO_RECORD)


def _is_of_something(node: ast.AST) -> bool:
    """Whether an expression takes an attribute or an item of a variable."""
    taken = isinstance(node, ast.Attribute | ast.Subscript) and node.value
    return isinstance(taken, ast.Name) and taken.id.islower()


@pytest.mark.parametrize("path", EDITS)
async def test_a_form_carries_what_stood_in_it_and_two_who_save_it_are_both_heard(
    path: str, festival: Festival
) -> None:
    edit = EDITS[path]
    here, at = address(path, festival), address(edit.page or path, festival)
    one, other = await browser_of(festival, path), await browser_of(festival, path, second=True)
    opened = await shown(one, at)
    carried = json.loads(opened[OPENED])
    assert set(opened) - set(carried) == {OPENED, "_csrf_token"}

    (name, value), (name_2, value_2) = edit.first, edit.second
    value_2 = address(value_2, festival)
    assert (await one.post(here, data={**opened, name: value})).status_code == 303
    assert (await other.post(here, data={**opened, name_2: value_2})).status_code == 303
    now = await shown(one, at)
    assert (plain(now[name]), plain(now[name_2])) == (value, value_2)
    untouched = set(opened) - {OPENED, "_csrf_token", name, name_2, "venue_address"}
    assert {key: now.get(key) for key in untouched} == {key: opened[key] for key in untouched}

    # What both changed is said at its field; saving once more is a decision.
    typed = "6" if value.isdigit() else "90.000" if name == "price" else "Của tôi"
    refused = await other.post(here, data={**opened, name: typed}, headers={"accept-language": "en"})
    assert refused.status_code == 409
    assert f"it is now “{value}”. What you wrote still stands here" in html.unescape(refused.text)
    again = fields_of(refused.text)
    assert (again[name], plain(again[name_2])) == (typed, value_2)
    assert plain((await shown(one, at))[name]) == value
    assert (await other.post(here, data=again)).status_code == 303
    assert plain((await shown(one, at))[name]) == typed

    # Without the hidden field everything that is sent is taken.
    blind = {key: text for key, text in opened.items() if key != OPENED} | {name: value}
    assert (await one.post(here, data=blind)).status_code == 303
    assert plain((await shown(one, at))[name]) == value


async def test_the_sentence_names_who_changed_the_field_and_says_choices_in_words(festival: Festival) -> None:
    here = address(TICKET_TYPE, festival)
    one, other = await browser_of(festival, here), await browser_of(festival, here, second=True)
    opened = await shown(one, here)
    changed = {"quota": "400", "pass_kind": "staff", "active": [], "first_day": "2026-10-17", "name_vi": "Vé mới"}
    assert (await one.post(here, data={**opened, **changed})).status_code == 303
    entries, _total = await list_entries(action="ticket_type.update")
    author = entries[0]["actor_name"]
    typed = {"quota": "500", "pass_kind": "exhibitor", "first_day": "2026-10-18", "name_vi": "Vé khác"}
    refused = await other.post(f"{here}", data={**opened, **typed}, headers={"accept-language": "en"})
    said = re.findall(r'id="field-(\w+)-error">.*?<span>(.*?)</span>', html.unescape(refused.text), re.DOTALL)
    told = f"{author} changed this meanwhile: it is now “{{}}”."
    assert {name: sentence.partition(" What you")[0] for name, sentence in said} == {
        "quota": told.format("400"),
        "pass_kind": told.format("Staff"),
        "first_day": told.format("17/10/2026"),
        "name_vi": told.format("Vé mới"),
    }


async def test_what_a_service_refuses_shows_the_form_with_the_work_of_both(festival: Festival) -> None:
    one, other = await browser_of(festival, SETTINGS), await browser_of(festival, SETTINGS, second=True)
    here = address(SETTINGS, festival)
    opened = await shown(one, here)
    assert (await one.post(here, data={**opened, "opens_at": "09:15"})).status_code == 303
    refused = await other.post(here, data={**opened, "closes_at": "09:00"})
    assert refused.status_code == 422
    again = fields_of(refused.text)
    assert (again["opens_at"], again["closes_at"]) == ("09:15", "09:00")
    assert (await other.post(here, data={**again, "closes_at": "20:00"})).status_code == 303
    now = await shown(one, here)
    assert (now["opens_at"], now["closes_at"]) == ("09:15", "20:00")


ONE_EACH = {
    "quota": "444",
    "price": "70.000",
    "name_id": "Tiket harian",
    "name_en": "Day ticket",
    "description_vi": "Một ngày",
    "description_en": "One day",
}


@pytest.mark.race
async def test_many_who_save_one_form_at_once_lose_nothing(festival: Festival) -> None:
    here = address(TICKET_TYPE, festival)
    browser = await browser_of(festival, here)
    opened = await shown(browser, here)
    named = list(ONE_EACH.items())

    async def save(number: int) -> int:
        name, value = named[number]
        return (await browser.post(here, data={**opened, name: value})).status_code

    assert await race(len(named), save) == [303] * len(named)
    now = await shown(browser, here)
    assert {name: now[name] for name in ONE_EACH} == ONE_EACH


@pytest.mark.race
async def test_without_holding_the_record_the_work_of_one_is_lost(
    festival: Festival, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = address(TICKET_TYPE, festival)
    browser = await browser_of(festival, here)
    opened = await shown(browser, here)

    async def save(name: str) -> int:
        return (await browser.post(here, data={**opened, name: ONE_EACH[name]})).status_code

    unguarded(monkeypatch, editing)
    done = await overtaken(monkeypatch, manage, "open_edit", lambda: save("quota"), lambda: save("name_en"))
    now = await shown(browser, here)
    assert (done, now["quota"], now["name_en"]) == ([303, 303], "444", opened["name_en"])


async def test_the_log_of_the_settings_holds_what_changed_and_nothing_else(festival: Festival) -> None:
    browser = await browser_of(festival, SETTINGS)
    here = address(SETTINGS, festival)
    opened = await shown(browser, here)
    assert (await browser.post(here, data=opened)).status_code == 303
    assert (await list_entries(action="edition.update"))[1] == 0
    assert (await browser.post(here, data={**opened, "closes_at": "21:30"})).status_code == 303
    ((entry,), _total) = await list_entries(action="edition.update")
    assert (entry["before"], entry["after"]) == ({"closes_at": opened["closes_at"]}, {"closes_at": "21:30"})
