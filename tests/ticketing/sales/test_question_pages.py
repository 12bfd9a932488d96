"""The organiser's pages and API of questions."""

from __future__ import annotations

import html
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from app.accounts.enums import Role
from app.events.queries import edition_by_id
from app.kernel.database import fetch
from tests.conftest import NOW
from tests.support.factories_ticketing import make_open_edition, make_order, make_question
from tests.ticketing.sales.conftest import Scene
from ticketing.sales.queries_questions import questions_of
from ticketing.sales.services.answers import Answers
from ticketing.sales.services.copying import copy_ticket_types

pytestmark = pytest.mark.engines


async def test_an_organiser_asks_for_the_ward_and_puts_it_first(scene: Scene) -> None:
    await scene.sign_in(Role.MANAGER)
    photos = await make_question(scene.edition.id, now=NOW, types=[scene.paid], wording={"vi": "Ảnh?"})
    new = scene.manage("/tickets/questions/new")
    body: dict[str, Any] = {
        "kind": "choice",
        "wording_vi": "Bạn ở phường nào?",
        "wording_en": "Which ward?",
        "choices_vi": "Phường Tây Hồ\nPhường Hoàn Kiếm\n",
        "choices_en": "Tay Ho ward",
        "ticket_types": [str(scene.free), str(scene.paid)],
        "position": "0",
        "required": "on",
        "active": "on",
    }
    wrong = await scene.browser.post(f"{new}?lang=en", data=body)
    assert wrong.status_code == 422
    assert "Please write as many lines as in Vietnamese, in the same order, or none." in wrong.text
    one = await scene.browser.post(f"{new}?lang=en", data={**body, "choices_vi": "Tây Hồ", "choices_en": ""})
    assert "Please write at least two answers to choose from" in one.text
    body["choices_en"] = "Tay Ho ward\nHoan Kiem ward"
    made = await scene.browser.post(new, data=body)
    assert (made.status_code, made.headers["location"]) == (303, scene.manage("/tickets/questions"))
    ward, second = await questions_of(scene.edition.id)
    assert (second.id, ward.types, ward.required, ward.position) == (photos, (scene.free, scene.paid), True, 0)
    assert ward.options == [("Phường Tây Hồ", "Tay Ho ward"), ("Phường Hoàn Kiếm", "Hoan Kiem ward")]
    listed = await scene.browser.get(scene.manage("/tickets/questions?lang=en&q=seat"))
    assert ["Which ward?" in listed.text, "An answer is needed" in listed.text] == [True, True]
    sheet = await scene.browser.get(scene.manage("/tickets/questions/export.xlsx?lang=en"))
    assert [row[0] for row in load_workbook(BytesIO(sheet.content)).active.values] == [
        "Question",
        "Which ward?",
        "Ảnh?",
    ]
    form = await scene.browser.get(scene.manage(f"/tickets/questions/{ward.id}?lang=en"))
    assert "Phường Tây Hồ\nPhường Hoàn Kiếm" in html.unescape(form.text)
    edit = {**body, "position": "7", "ticket_types": [], "required": ""}
    assert (await scene.browser.post(scene.manage(f"/tickets/questions/{ward.id}"), data=edit)).status_code == 303
    assert [(one.id, one.types) for one in await questions_of(scene.edition.id)] == [
        (photos, (scene.paid,)),
        (ward.id, ()),
    ]
    gone = await scene.browser.post(scene.manage(f"/tickets/questions/{ward.id}/delete"))
    assert (gone.status_code, len(await questions_of(scene.edition.id))) == (303, 1)


async def test_the_kind_of_an_answered_question_is_refused_at_its_field(scene: Scene) -> None:
    await scene.sign_in(Role.MANAGER)
    question = await make_question(scene.edition.id, now=NOW, types=[scene.free])
    answers = Answers(given={(scene.free, 1): {question: "Có"}})
    await make_order(scene.edition.id, {scene.free: 1}, now=NOW, answers=answers)
    path = scene.manage(f"/tickets/questions/{question}")
    body = {"kind": "consent", "wording_vi": "Ảnh?", "active": "on"}
    refused = await scene.browser.post(f"{path}?lang=en", data=body)
    assert (refused.status_code, "so its kind stays" in refused.text) == (409, True)
    assert (await scene.browser.post(f"{path}/delete")).status_code == 409
    form = await scene.browser.get(f"{path}?lang=en")
    assert "Delete this question" not in form.text


async def test_questions_through_the_api(scene: Scene) -> None:
    api = f"/api/v1/manage/{scene.edition.id}/questions"
    assert (await scene.browser.get(api)).status_code == 401
    await scene.sign_in(Role.MANAGER)
    body: dict[str, Any] = {"kind": "choice", "wording": {"vi": "Phường?"}, "ticket_types": ["DAY"]}
    refused = await scene.browser.post(api, json=body)
    assert (refused.status_code, list(refused.json()["fields"])) == (422, ["choices"])
    body["choices"] = [{"vi": "Tây Hồ", "en": "Tay Ho"}, {"vi": "Hoàn Kiếm"}]
    assert (await scene.browser.post(api, json=body)).status_code == 422  # half of them in English
    body["choices"] = [{"vi": "Tây Hồ"}, {"vi": "Hoàn Kiếm"}]
    unknown = await scene.browser.post(api, json={**body, "ticket_types": ["NONE"]})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_ticket_type")
    made = (await scene.browser.post(api, json=body)).json()
    assert (made["ticket_types"], made["position"], made["active"]) == (["DAY"], 1, True)
    changed = await scene.browser.put(f"{api}/{made['id']}", json={**body, "required": True, "position": 4})
    assert (changed.json()["required"], changed.json()["position"]) == (True, 4)
    assert [row["id"] for row in (await scene.browser.get(api)).json()] == [made["id"]]
    assert (await scene.browser.delete(f"{api}/{made['id']}")).status_code == 204
    assert (await scene.browser.put(f"{api}/{made['id']}", json=body)).json()["code"] == "unknown_question"


async def test_a_new_edition_asks_what_the_earlier_one_asked(scene: Scene) -> None:
    await make_question(scene.edition.id, now=NOW, types=[scene.paid], required=True)
    made = await make_open_edition(now=NOW)
    await copy_ticket_types(await edition_by_id(scene.edition.id), made, NOW)
    (seat,) = await fetch("SELECT id FROM ticket_type WHERE edition = {} AND code = 'SEAT'", made.id)
    (question,) = await questions_of(made.id)
    assert (question.types, question.required) == ((seat["id"],), True)
