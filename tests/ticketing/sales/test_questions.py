"""Questions that are asked with tickets: at the order, on the order's own page, in what organisers read."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.accounts.personal.whom import whom_of
from app.kernel.database import fetch
from app.kernel.errors import Invalid
from tests.conftest import NOW
from tests.support.factories_ticketing import make_order, make_question, make_ticket_type
from tests.ticketing.sales.conftest import Scene
from tests.ticketing.sales.orders import places_of
from tests.ticketing.sales.own import LATER, allow, items
from ticketing.sales.enums import QuestionKind
from ticketing.sales.errors import ChangesOver, QuestionAnswered, QuestionKindStays, UnknownTicketType
from ticketing.sales.personal import DATA, expire
from ticketing.sales.queries import quotas_of
from ticketing.sales.queries_questions import answers_of_order
from ticketing.sales.services.answers import Answers, answer_tickets
from ticketing.sales.services.handing_over import accept_ticket, offer_ticket
from ticketing.sales.services.orders import sell_at_box_office
from ticketing.sales.services.questions import QuestionValues, delete_question, update_question

pytestmark = pytest.mark.engines

WARDS = [{"vi": "Phường Hoàn Kiếm", "en": "Hoan Kiem ward"}, {"vi": "Phường Tây Hồ", "en": "Tay Ho ward"}]
PHOTOS = {"vi": "Tôi đồng ý được chụp ảnh.", "en": "I agree to photos."}


class Asked:
    """A ticket type of which four questions are asked."""

    def __init__(self, type_id: int, name: int, ward: int, phone: int, photos: int) -> None:
        self.type_id, self.name, self.ward, self.phone, self.photos = type_id, name, ward, phone, photos


async def ask(edition_id: int, type_id: int) -> Asked:
    """Ask four questions of a type: two need an answer."""
    types = [type_id]
    return Asked(
        type_id,
        await make_question(edition_id, now=NOW, types=types, wording={"vi": "Đơn vị", "en": "Workplace"}),
        await make_question(
            edition_id,
            now=NOW,
            types=types,
            kind=QuestionKind.CHOICE,
            choices=WARDS,
            required=True,
            wording={"vi": "Bạn ở phường nào?", "en": "Which ward?"},
        ),
        await make_question(
            edition_id, now=NOW, types=types, kind=QuestionKind.PHONE, wording={"vi": "Người thân", "en": "Family"}
        ),
        await make_question(edition_id, now=NOW, types=types, kind=QuestionKind.CONSENT, wording=PHOTOS),
    )


async def said(order_id: int, edition_id: int) -> list[list[str]]:
    """What was answered, ticket by ticket."""
    answers = await answers_of_order(order_id, edition_id)
    return [[one.value for one in answers.get(item["id"], [])] for item in await items(order_id)]


async def test_answers_are_kept_with_each_ticket_and_bad_ones_sell_nothing(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW)
    asked = await ask(edition.id, type_id)
    given = {
        (type_id, 1): {asked.ward: "Phường Tây Hồ", asked.phone: "0912 345 678", asked.photos: "yes"},
        (type_id, 2): {asked.ward: "Phường Hoàn Kiếm", asked.name: "  Xưởng  lụa "},
    }
    placed = await make_order(edition.id, {type_id: 2}, now=NOW, answers=Answers(given=given))
    assert await said(placed.order_id, edition.id) == [
        ["Phường Tây Hồ", "+84912345678", "yes"],
        ["Xưởng lụa", "Phường Hoàn Kiếm"],
    ]
    (consent,) = await fetch("SELECT wording, answered_at FROM ticket_answer WHERE question = {}", asked.photos)
    assert consent["wording"] == PHOTOS["en"]
    with pytest.raises(Invalid) as refused:
        await make_order(edition.id, {type_id: 2}, now=NOW, answers=Answers(given={(type_id, 2): {asked.phone: "12"}}))
    assert refused.value.fields.keys() == {
        f"q_{type_id}_1_{asked.ward}",
        f"q_{type_id}_2_{asked.ward}",
        f"q_{type_id}_2_{asked.phone}",
    }
    with pytest.raises(Invalid):
        await make_order(edition.id, {type_id: 1}, now=NOW)  # nothing said at all
    (own,) = await quotas_of(edition.id)
    assert await places_of(own["id"]) == (10, 2, 0)


async def test_the_box_office_and_types_without_questions_ask_nothing(edition: Any) -> None:
    type_id, plain = [await make_ticket_type(edition.id, now=NOW) for _number in range(2)]
    asked = await ask(edition.id, type_id)
    await sell_at_box_office(
        edition_id=edition.id, client_id="counter-01", counts={type_id: 1}, holder_name="", actor=SYSTEM, now=NOW
    )
    await make_order(edition.id, {plain: 1}, now=NOW)
    values = QuestionValues(kind=QuestionKind.CHOICE, wording={"vi": "Nào?"}, choices=WARDS, types=[type_id])
    await update_question(
        question_id=asked.ward,
        edition_id=edition.id,
        values=QuestionValues(**{**values.__dict__, "required": True, "active": False}),
        actor=SYSTEM,
        now=NOW,
    )
    await make_order(edition.id, {type_id: 1}, now=NOW)
    assert await fetch("SELECT id FROM ticket_answer") == []


async def test_a_question_that_was_answered_keeps_its_kind_and_is_not_deleted(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW)
    question = await make_question(edition.id, now=NOW, types=[type_id])
    other = await make_question(edition.id, now=NOW)
    answers = Answers(given={(type_id, 1): {question: "Có"}})
    await make_order(edition.id, {type_id: 1}, now=NOW, answers=answers)
    values = QuestionValues(kind=QuestionKind.CONSENT, wording={"vi": "Khác"}, types=[type_id])
    at = {"edition_id": edition.id, "actor": SYSTEM, "now": NOW}
    with pytest.raises(QuestionKindStays):
        await update_question(question_id=question, values=values, **at)
    with pytest.raises(QuestionAnswered):
        await delete_question(question_id=question, **at)
    with pytest.raises(UnknownTicketType):
        await update_question(
            question_id=other, values=QuestionValues(kind=QuestionKind.TEXT, wording={"vi": "?"}, types=[10**6]), **at
        )
    await delete_question(question_id=other, **at)
    actions = [row["action"] for row in await fetch("SELECT action FROM audit_entry WHERE subject_type = 'question'")]
    assert sorted(actions) == ["question.create", "question.create", "question.delete"]


async def test_answers_change_until_the_organisers_time_and_a_consent_is_withdrawn(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW)
    asked = await ask(edition.id, type_id)
    given = {(type_id, 1): {asked.ward: "Phường Tây Hồ", asked.photos: "yes"}}
    placed = await make_order(edition.id, {type_id: 1}, now=NOW, answers=Answers(given=given))
    (item,) = await items(placed.order_id)
    here = {"order_id": placed.order_id, "edition_id": edition.id, "region": "VN", "actor": None}
    with pytest.raises(ChangesOver):
        await answer_tickets(answers={item["id"]: {}}, now=NOW, **here)
    await allow(edition, answers_until=LATER)
    later = NOW + timedelta(hours=1)
    with pytest.raises(Invalid) as refused:
        await answer_tickets(
            answers={item["id"]: {asked.ward: "Sao Hoả", asked.phone: "+84912345678"}}, now=later, **here
        )
    assert list(refused.value.fields) == [f"q_{item['id']}_{asked.ward}"]
    changes = {asked.ward: "Phường Tây Hồ", asked.phone: "0912345678", asked.photos: ""}
    assert await answer_tickets(answers={item["id"]: changes}, now=later, **here) == 2
    assert await said(placed.order_id, edition.id) == [["Phường Tây Hồ", "+84912345678", "no"]]
    times = {
        one.question.id: one.answered_at for one in (await answers_of_order(placed.order_id, edition.id))[item["id"]]
    }
    assert times == {asked.ward: NOW, asked.phone: later, asked.photos: later}
    logged = await fetch("SELECT before, after FROM audit_entry WHERE action = 'order.answer_own' ORDER BY id")
    assert ['"answer":"yes"' in re.sub(r"\s", "", str(row["before"])) for row in logged] == [False, True]
    with pytest.raises(ChangesOver):
        await answer_tickets(answers={item["id"]: changes}, now=LATER, **here)


async def test_who_gets_a_ticket_does_not_get_the_answers_of_who_gave_it(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW)
    asked = await ask(edition.id, type_id)
    given = {(type_id, number): {asked.ward: "Phường Tây Hồ"} for number in (1, 2)}
    placed = await make_order(edition.id, {type_id: 2}, now=NOW, answers=Answers(given=given))
    await allow(edition)
    first, _second = await items(placed.order_id)
    at = {"order_id": placed.order_id, "edition_id": edition.id, "actor": None, "now": NOW}
    await offer_ticket(item_id=first["id"], name="Mai", phone=None, email="mai@example.vn", locale="vi", **at)
    (row,) = await fetch("SELECT body_text FROM outbox_message WHERE to_address = 'mai@example.vn'")
    token = re.search(r"/tickets/given/([\w-]+)", row["body_text"]) or re.search(r"/([\w-]{20,})\b", row["body_text"])
    assert token is not None
    await accept_ticket(token=token[1], name="Mai", actor=None, now=NOW)
    assert await said(placed.order_id, edition.id) == [[], ["Phường Tây Hồ"]]


async def test_answers_are_in_her_data_and_go_with_it(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW)
    asked = await ask(edition.id, type_id)
    answers = Answers(given={(type_id, 1): {asked.ward: "Phường Tây Hồ", asked.photos: "yes"}})
    for address in ("hoa@example.vn", "mai@example.vn"):
        await make_order(edition.id, {type_id: 1}, now=NOW, answers=answers, email=address, phone=None)
    (buyer,) = await fetch("SELECT id FROM person WHERE email = 'hoa@example.vn'")
    whom = await whom_of(buyer["id"])
    (held,) = [one for one in DATA.held if one.key == "ticket_answers"]
    found = await held.find(whom)
    assert [(row["question"], row["answer"]) for row in found] == [
        ("Which ward?", "Phường Tây Hồ"),
        (PHOTOS["en"], "yes"),
    ]
    assert await held.erase(whom, NOW) == 2
    assert len(await fetch("SELECT id FROM ticket_answer")) == 2
    while await expire(edition.id, 1):
        pass
    assert await fetch("SELECT id FROM ticket_answer") == []


async def test_the_order_page_asks_for_each_ticket_and_says_what_is_wrong(scene: Scene) -> None:
    plain = await scene.browser.get(f"{scene.edition.path}/tickets/order?n-{scene.paid}=1&lang=en")
    assert "q_" not in plain.text
    asked = await ask(scene.edition.id, scene.free)
    step_two = await scene.browser.get(f"{scene.edition.path}/tickets/order?n-{scene.free}=2&n-{scene.paid}=1&lang=en")
    assert re.findall(r"<h2 id=\"asked[^>]+>([^<]+)<", step_two.text) == ["Day ticket · 1/2", "Day ticket · 2/2"]
    assert step_two.text.count("Which ward?") == 2
    body = {
        "full_name": "Nguyễn Thị Hoa",
        "contact": "hoa@example.vn",
        "client_id": "asked-on-page-1",
        "locale": "en",
        f"n-{scene.free}": "2",
        f"q_{scene.free}_1_{asked.ward}": "Phường Tây Hồ",
        f"q_{scene.free}_1_{asked.photos}": "on",
        f"q_{scene.free}_2_{asked.phone}": "091",
    }
    order = f"{scene.edition.path}/tickets/order?lang=en"
    again = await scene.browser.post(order, data=body)
    assert again.status_code == 422
    assert "2 fields need your attention." in again.text
    assert "This is no phone number." in again.text
    assert re.search(rf'name="q_{scene.free}_1_{asked.photos}"[^>]*checked', again.text)
    assert re.search(r'value="Phường Tây Hồ" checked', html.unescape(again.text))
    body |= {f"q_{scene.free}_2_{asked.phone}": "0912345678", f"q_{scene.free}_2_{asked.ward}": "Phường Hoàn Kiếm"}
    done = await scene.browser.post(order, data=body)
    assert done.status_code == 303
    (row,) = await fetch("SELECT id FROM ticket_order")
    assert await said(row["id"], scene.edition.id) == [
        ["Phường Tây Hồ", "yes"],
        ["Phường Hoàn Kiếm", "+84912345678"],
    ]
    await scene.sign_in(Role.MANAGER)
    manage = await scene.browser.get(scene.manage(f"/orders/{row['id']}?lang=en"))
    assert ["Tay Ho ward" in manage.text, "0912 345 678" in manage.text, "Agrees (" in manage.text] == [True] * 3
    sheet = await scene.browser.get(scene.manage("/orders/tickets.xlsx?lang=en"))
    head, *rows = load_workbook(BytesIO(sheet.content)).active.iter_rows(values_only=True)
    assert head[6:] == ("Workplace", "Which ward?", "Family", "I agree to photos.")
    assert [one[7] for one in rows] == ["Tay Ho ward", "Hoan Kiem ward"]


async def test_what_was_answered_stays_while_other_tickets_are_chosen(scene: Scene) -> None:
    asked = await ask(scene.edition.id, scene.free)
    await fetch("UPDATE quota SET size = 0 RETURNING id")
    await fetch("UPDATE quota SET size = 9 WHERE id = (SELECT MAX(id) FROM quota) RETURNING id")
    field = f"q_{scene.free}_1_{asked.ward}"
    body = {
        "full_name": "Hoa",
        "contact": "hoa@example.vn",
        "client_id": "asked-on-page-2",
        f"n-{scene.free}": "1",
        field: "Phường Tây Hồ",
    }
    gone = await scene.browser.post(f"{scene.edition.path}/tickets/order", data=body)
    assert gone.status_code == 409
    assert re.search(rf'name="{field}" value="Phường Tây Hồ"', html.unescape(gone.text))


async def test_the_buyer_changes_answers_by_her_link(scene: Scene) -> None:
    asked = await ask(scene.edition.id, scene.free)
    given = {(scene.free, 1): {asked.ward: "Phường Tây Hồ"}}
    placed = await make_order(scene.edition.id, {scene.free: 1}, now=NOW, answers=Answers(given=given))
    own = f"{scene.edition.path}/tickets/done/{placed.secret}"
    assert "Change the answers" not in (await scene.browser.get(f"{own}?lang=en")).text
    assert (await scene.browser.get(f"{own}/answers")).status_code == 409
    await allow(scene.edition, answers_until=LATER)
    assert "Change the answers" in (await scene.browser.get(f"{own}?lang=en")).text
    form = html.unescape((await scene.browser.get(f"{own}/answers?lang=en")).text)
    assert re.search(r'value="Phường Tây Hồ" checked', form)
    opened = re.search(r'name="as_opened"[^>]*value="(\{.*?\})">', form)
    assert opened is not None
    (item,) = await items(placed.order_id)
    fields = {number: f"q_{item['id']}_{number}" for number in (asked.name, asked.ward, asked.phone, asked.photos)}
    body = {"as_opened": opened[1], fields[asked.ward]: "Phường Hoàn Kiếm", fields[asked.phone]: "09"}
    wrong = await scene.browser.post(f"{own}/answers?lang=en", data=body)
    assert (wrong.status_code, "This is no phone number." in wrong.text) == (422, True)
    body[fields[asked.phone]] = "0912 345 678"
    saved = await scene.browser.post(f"{own}/answers?lang=en", data=body)
    assert (saved.status_code, saved.headers["location"]) == (303, own)
    assert await said(placed.order_id, scene.edition.id) == [["Phường Hoàn Kiếm", "+84912345678"]]


async def test_questions_are_asked_and_answered_through_the_api(scene: Scene) -> None:
    asked = await ask(scene.edition.id, scene.free)
    api = f"/api/v1/editions/{scene.edition.slug}"
    types = (await scene.browser.get(f"{api}/ticket-types")).json()
    assert [[one["id"] for one in row["questions"]] for row in types] == [
        [asked.name, asked.ward, asked.phone, asked.photos],
        [],
    ]
    order = {"client_id": "asked-by-api-1", "full_name": "Hoa", "email": "hoa@example.vn", "lines": []}
    line: dict[str, Any] = {"ticket_type": "DAY", "count": 1}
    refused = await scene.browser.post(f"{api}/orders", json={**order, "lines": [line]})
    assert (refused.status_code, list(refused.json()["fields"])) == (422, [f"q_{scene.free}_1_{asked.ward}"])
    line["answers"] = [{str(asked.ward): "Phường Tây Hồ", str(asked.photos): "yes"}]
    placed = await scene.browser.post(f"{api}/orders", json={**order, "lines": [line]})
    assert placed.status_code == 201
    (row,) = await fetch("SELECT id FROM ticket_order")
    assert await said(row["id"], scene.edition.id) == [["Phường Tây Hồ", "yes"]]
