"""The link of an order sent again: to its own contact, limited, and without a word on who is known."""

from __future__ import annotations

from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.kernel.database import fetch
from app.kernel.errors import TooManyTries
from app.kernel.security import hash_token
from tests.conftest import NOW
from tests.support.factories_ticketing import make_open_edition, make_order, make_ticket_type
from tests.ticketing.sales.conftest import Scene
from tests.ticketing.sales.own import told
from ticketing.sales.queries import order_by_secret
from ticketing.sales.services.outcomes import cancel_order
from ticketing.sales.services.references import order_secret
from ticketing.sales.services.resending import PER_BROWSER, PER_CONTACT, PER_ORDER, resend_order, resend_to_contact

pytestmark = pytest.mark.engines
HOA = "hoa@example.vn"


async def ask(edition: Any, email: str | None = HOA, *, phone: str | None = None, browser: str = "a") -> None:
    await resend_to_contact(edition=edition, phone=phone, email=email, browser=browser, now=NOW)


async def test_each_order_of_a_contact_that_counts_is_sent_to_it_again(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW)
    mine = [await make_order(edition.id, {type_id: 1}, now=NOW, email=HOA, locale="en") for _time in range(3)]
    await make_order(edition.id, {type_id: 1}, now=NOW, email="lan@example.vn")
    elsewhere = await make_open_edition(now=NOW)
    their_type = await make_ticket_type(elsewhere.id, now=NOW)
    await make_order(elsewhere.id, {their_type: 1}, now=NOW, email=HOA)
    await cancel_order(order_id=mine[0].order_id, edition_id=edition.id, actor=SYSTEM, now=NOW)
    before = len(await told())
    await ask(edition)
    sent = (await told())[before:]
    assert {to for to, _subject, _body in sent} == {HOA}
    assert sorted(body.split("/tickets/done/")[1][:40] for _to, _subject, body in sent) == sorted(
        one.secret for one in mine[1:]
    )


async def test_an_order_out_of_a_sheet_goes_to_its_persons_own_contact(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW)
    placed = await make_order(edition.id, {type_id: 1}, now=NOW, phone="+84912345678")
    await fetch("UPDATE ticket_order SET contact = ''")
    await ask(edition, None, phone="+84912345678")
    assert (await told())[-1][0] == "+84912345678"
    order = await order_by_secret(hash_token(placed.secret))
    assert order is not None
    assert await resend_order(edition=edition, order=order, now=NOW)
    assert order_secret(order["client_id"]) == placed.secret


async def test_an_unknown_contact_gets_nothing_and_the_page_says_the_same(scene: Scene) -> None:
    placed = await make_order(scene.edition.id, {scene.free: 1}, now=NOW, email=HOA)
    before = len(await told())
    page = f"{scene.edition.path}/tickets/again"
    answers = []
    for contact in (HOA, "nobody@example.vn", "0912 999 999"):
        answer = await scene.browser.post(page, data={"contact": contact})
        answers.append((answer.status_code, answer.headers["location"], answer.text))
    assert len(set(answers)) == 1
    assert answers[0][0] == 303
    assert [to for to, _subject, _body in (await told())[before:]] == [HOA]
    wrong = await scene.browser.post(page, data={"contact": "12"})
    assert (wrong.status_code, "field-contact-error" in wrong.text) == (422, True)
    assert placed.secret not in str(answers)


async def test_known_and_unknown_contacts_meet_the_same_limit(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW)
    await make_order(edition.id, {type_id: 1}, now=NOW, email=HOA)
    for contact in (HOA, "nobody@example.vn"):
        for _time in range(PER_CONTACT):
            await ask(edition, contact)
        with pytest.raises(TooManyTries):
            await ask(edition, contact)
    for number in range(PER_BROWSER):
        await ask(edition, f"a{number}@example.vn", browser="b")
    with pytest.raises(TooManyTries):
        await ask(edition, "last@example.vn", browser="b")


async def test_an_orders_own_page_sends_it_so_often(scene: Scene) -> None:
    placed = await make_order(scene.edition.id, {scene.free: 1}, now=NOW, email=HOA)
    own = f"{scene.edition.path}/tickets/done/{placed.secret}"
    before = len(await told())
    for _time in range(PER_ORDER):
        assert (await scene.browser.post(f"{own}/resend", data={})).status_code == 303
    assert (await scene.browser.post(f"{own}/resend", data={})).status_code == 429
    sent = (await told())[before:]
    assert [(to, placed.secret in body) for to, _subject, body in sent] == [(HOA, True)] * PER_ORDER
    assert (await scene.browser.get(f"{own}/resend")).headers["location"] == own
