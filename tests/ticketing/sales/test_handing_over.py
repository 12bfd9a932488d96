"""A ticket given to somebody else: hers until it is accepted, and from then on nobody's but the other one's."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.accounts.personal.registry import erase_all, find_all
from app.accounts.personal.whom import Whom, whom_of
from app.accounts.services.erasure import erase_person
from app.events.passes.services import secret_of
from app.events.slots import PassContact, contacts_of_passes
from app.events.typed_codes import show_code
from app.kernel import clock
from app.kernel.database import fetch
from app.kernel.errors import TooManyTries
from tests.conftest import NOW
from tests.support.client import Browser
from tests.support.factories_ticketing import make_gate, make_list, make_open_edition, make_order, make_ticket_type
from tests.support.pdf_codes import codes_of
from tests.support.race import drop_index, losers, meet_after, race, unguarded, winners
from tests.ticketing.sales.conftest import Scene
from tests.ticketing.sales.own import LATER, allow, items, told
from tests.ticketing.sales.test_orders import places
from ticketing.checkin.services.redeeming import redeem_pass
from ticketing.sales.errors import ChangesOver, HandoverClosed, HandoverOpen, OrderNotOpen, TicketsGone, TicketUsed
from ticketing.sales.queries import contacts_of_tickets
from ticketing.sales.services import handing_over
from ticketing.sales.services.cancelling import cancel_tickets
from ticketing.sales.services.handing_over import OPEN_FOR, PER_CONTACT, accept_ticket, offer_ticket, withdraw_offer
from ticketing.sales.services.outcomes import cancel_order
from ticketing.sales.services.renaming import rename_tickets
from ticketing.sales.tables_own import Handover

pytestmark = pytest.mark.engines
SITI = "siti@example.id"


async def offer(edition: Any, order_id: int, item_id: int, **values: Any) -> str:
    """Offer a ticket; gives the token of the link that was sent."""
    values = {"name": "Siti", "phone": None, "email": SITI, "locale": "en", "actor": None, "now": NOW, **values}
    await offer_ticket(order_id=order_id, edition_id=edition.id, item_id=item_id, **values)
    return token_sent((await told())[-1][2])


def token_sent(body: str) -> str:
    found = re.search(r"/tickets/given/(\S+)", body)
    assert found is not None
    return found[1]


async def a_ticket(edition: Any, **values: Any) -> tuple[int, dict[str, Any], int]:
    """An order with one ticket: its number, the ticket, the ticket's type."""
    await allow(edition)
    type_id = await make_ticket_type(edition.id, now=NOW, **values)
    placed = await make_order(edition.id, {type_id: 1}, now=NOW, locale="en", email="hoa@example.vn")
    return placed.order_id, (await items(placed.order_id))[0], type_id


async def test_it_is_hers_until_it_is_accepted_and_then_the_others_alone(edition: Any) -> None:
    order_id, item, type_id = await a_ticket(edition)
    token = await offer(edition, order_id, item["id"])
    assert (await told())[-1][0] == SITI
    assert (await items(order_id))[0]["state"] == "issued"
    issued = await accept_ticket(token=token, name="Siti Rahayu", actor=None, now=NOW)
    (after,) = await items(order_id)
    assert (after["pass_id"], after["state"], after["on_pass"], after["replaces"]) == (
        *(issued.id, "issued", "Siti Rahayu"),
        item["pass_id"],
    )
    assert after["code"] != item["code"]
    assert await fetch("SELECT state, state_reason FROM pass WHERE id = {}", item["pass_id"]) == [
        {"state": "revoked", "state_reason": "replaced"}
    ]
    assert await places(type_id) == (1, 0)
    *_before, (buyer, subject, body), (siti, _subject, link) = await told()
    assert (buyer, siti) == ("hoa@example.vn", SITI)
    assert subject.startswith("Your ticket was given away")
    assert ("Siti Rahayu accepted" in body, issued.path in body, issued.path in link) == (True, False, True)
    contact = (await contacts_of_passes([issued.id]))[issued.id]
    assert (contact.email, contact.phone) == (SITI, None)
    for again in range(2):
        with pytest.raises(HandoverClosed):
            await accept_ticket(token=token, name=f"Ani {again}", actor=None, now=NOW)


async def test_an_offer_can_be_withdrawn_and_ends_by_itself(edition: Any) -> None:
    order_id, item, _type_id = await a_ticket(edition)
    token = await offer(edition, order_id, item["id"])
    with pytest.raises(HandoverOpen) as refused:
        await offer(edition, order_id, item["id"], name="Ani")
    assert refused.value.params["name"] == "Siti"
    for _time in range(2):
        await withdraw_offer(order_id=order_id, edition_id=edition.id, item_id=item["id"], actor=None, now=NOW)
    with pytest.raises(HandoverClosed):
        await accept_ticket(token=token, name="Siti", actor=None, now=NOW)
    second = await offer(edition, order_id, item["id"])
    with pytest.raises(HandoverClosed):
        await accept_ticket(token=second, name="Siti", actor=None, now=LATER)
    await allow(edition, handing_until=NOW + timedelta(days=30))
    third = await offer(edition, order_id, item["id"], now=LATER)
    with pytest.raises(HandoverClosed):
        await accept_ticket(token=second, name="Siti", actor=None, now=LATER)
    assert (await accept_ticket(token=third, name="Siti", actor=None, now=LATER + OPEN_FOR / 2)).id
    with pytest.raises(HandoverClosed):
        await withdraw_offer(order_id=order_id, edition_id=edition.id, item_id=item["id"], actor=None, now=NOW)


@pytest.mark.usefixtures("client")  # whose modules say what they hold of people
async def test_the_offer_of_who_is_forgotten_ends(edition: Any) -> None:
    order_id, item, _type_id = await a_ticket(edition)
    token = await offer(edition, order_id, item["id"])
    await erase_all(Whom(emails=(SITI,)), NOW, only=["ticket_handovers"])
    (closed,) = await Handover.select(Handover.name, Handover.contact, Handover.state, Handover.closed_at)
    assert closed == {"name": "", "contact": "", "state": "withdrawn", "closed_at": NOW}
    with pytest.raises(HandoverClosed):
        await accept_ticket(token=token, name="Siti", actor=None, now=NOW)
    again = await offer(edition, order_id, item["id"])
    await accept_ticket(token=again, name="Siti", actor=None, now=NOW)
    await erase_all(Whom(emails=(SITI,)), NOW, only=["ticket_handovers"])
    assert [row["state"] for row in await Handover.select().order_by(Handover.id)] == ["withdrawn", "accepted"]


async def test_who_was_given_a_ticket_is_written_to_in_her_language_and_its_buyer_never(edition: Any) -> None:
    order_id, item, _type_id = await a_ticket(edition)
    hoa = {item["pass_id"]: PassContact(email="hoa@example.vn", locale="en")}
    assert await contacts_of_tickets([item["pass_id"]]) == hoa
    token = await offer(edition, order_id, item["id"], locale="id")
    issued = await accept_ticket(token=token, name="Siti", actor=None, now=NOW)
    assert await contacts_of_tickets([issued.id]) == {issued.id: PassContact(email=SITI, locale="id")}
    await fetch("UPDATE order_item SET given_contact = '' WHERE id = {}", item["id"])  # she was forgotten
    assert await contacts_of_tickets([issued.id]) == {}


async def test_the_buyers_papers_leave_out_what_was_given_away(client: Browser, edition: Any) -> None:
    await allow(edition)
    type_id = await make_ticket_type(edition.id, now=NOW)
    placed = await make_order(edition.id, {type_id: 2}, now=NOW, email="hoa@example.vn")
    kept, given = await items(placed.order_id)
    token = await offer(edition, placed.order_id, given["id"])
    issued = await accept_ticket(token=token, name="Siti", actor=None, now=NOW)
    page = f"{edition.path}/tickets/done/{placed.secret}"
    (code,) = codes_of((await client.get(f"{page}/passes.pdf")).content)
    assert (kept["code"] in code, given["code"] in code) == (True, False)
    calendar = (await client.get(f"{page}/passes.ics")).text
    assert ("BEGIN:VEVENT" in calendar, issued.path in calendar) == (True, False)


async def test_whoever_says_the_orders_number_at_the_counter_gets_no_pass_of_another(scene: Scene) -> None:
    await scene.sign_in(Role.GATE_LEAD)
    await allow(scene.edition)
    placed = await make_order(scene.edition.id, {scene.free: 3}, now=NOW)
    kept, given, cancelled = await items(placed.order_id)
    issued = await accept_ticket(
        token=await offer(scene.edition, placed.order_id, given["id"]), name="Siti", actor=None, now=NOW
    )
    await cancel_tickets(
        order_id=placed.order_id,
        edition_id=scene.edition.id,
        item_ids=[cancelled["id"]],
        shown_minor=0,
        actor=None,
        now=NOW,
    )
    order = scene.manage(f"/box-office/{placed.order_id}?lang=en&reference={placed.reference}")
    shown = (await scene.browser.get(order)).text
    (passes,) = await fetch("SELECT short_code FROM pass WHERE id = {}", kept["pass_id"])
    (others,) = await fetch("SELECT short_code FROM pass WHERE id = {}", issued.id)
    assert shown.count('class="qr"') == 1
    assert (show_code(passes["short_code"]) in shown, show_code(others["short_code"]) in shown) == (True, False)
    assert ("1 × Day ticket" in shown, "3 × Day ticket" in shown) == (True, False)


async def test_a_ticket_given_away_is_the_others_personal_data_and_not_the_buyers(
    client: Browser, edition: Any
) -> None:
    order_id, item, _type_id = await a_ticket(edition)
    await accept_ticket(token=await offer(edition, order_id, item["id"]), name="Siti Rahayu", actor=None, now=NOW)
    people = {row["full_name"]: row["id"] for row in await fetch("SELECT id, full_name FROM person")}
    (order,) = await fetch("SELECT buyer FROM ticket_order WHERE id = {}", order_id)

    async def tickets(person_id: int) -> list[str]:
        return [
            row["holder_name"]
            for found in await find_all(await whom_of(person_id))
            if found.held.key == "tickets"
            for row in found.rows
        ]

    assert (await tickets(order["buyer"]), await tickets(people["Siti Rahayu"])) == ([], ["Siti Rahayu"])
    written = "SELECT holder_name, given_contact FROM order_item"
    await erase_person(person_id=order["buyer"], now=NOW)
    assert await fetch(written) == [{"holder_name": "Siti Rahayu", "given_contact": SITI}]
    await erase_person(person_id=people["Siti Rahayu"], now=NOW)
    assert await fetch(written) == [{"holder_name": "", "given_contact": ""}]


async def test_who_was_given_a_ticket_is_told_in_her_language_that_it_was_cancelled(edition: Any) -> None:
    await allow(edition)
    type_id = await make_ticket_type(edition.id, now=NOW)
    placed = await make_order(edition.id, {type_id: 2}, now=NOW, locale="en", email="hoa@example.vn")
    _kept, given = await items(placed.order_id)
    token = await offer(edition, placed.order_id, given["id"], locale="id")
    await accept_ticket(token=token, name="Siti", actor=None, now=NOW)
    before = len(await told())
    for _time in range(2):
        await cancel_order(order_id=placed.order_id, edition_id=edition.id, actor=SYSTEM, now=NOW)
    (buyer, _subject, _body), (siti, _her_subject, said) = (await told())[before:]
    assert (buyer, siti) == ("hoa@example.vn", SITI)
    assert ("tiket Anda dibatalkan" in said, placed.reference in said) == (True, False)


async def test_what_was_given_away_is_not_the_buyers_any_more(edition: Any) -> None:
    order_id, item, _type_id = await a_ticket(edition)
    await accept_ticket(token=await offer(edition, order_id, item["id"]), name="Siti", actor=None, now=NOW)
    given: dict[str, Any] = {"order_id": order_id, "edition_id": edition.id, "actor": None, "now": NOW}
    assert await rename_tickets(names={item["id"]: "Lan"}, **given) == 0
    with pytest.raises(TicketsGone):
        await cancel_tickets(item_ids=[item["id"]], shown_minor=0, **given)
    with pytest.raises(TicketsGone):
        await offer(edition, order_id, item["id"])
    assert (await items(order_id))[0]["on_pass"] == "Siti"


async def test_nobody_gives_away_after_the_time_or_what_was_used_or_is_anothers(scene: Scene) -> None:
    order_id, item, _type_id = await a_ticket(scene.edition)
    other = await make_order(scene.edition.id, {scene.free: 1}, now=NOW)
    with pytest.raises(TicketsGone):
        await offer(scene.edition, other.order_id, item["id"])
    with pytest.raises(ChangesOver):
        await offer(scene.edition, order_id, item["id"], now=LATER)
    token = await offer(scene.edition, order_id, item["id"])
    list_id = await make_list(scene.edition.id, now=NOW)
    _gate, phone, _token = await make_gate(scene.edition.id, list_id, now=NOW)
    await redeem_pass(actor=phone, client_id="scan-1", code=item["code"], now=clock.now())
    with pytest.raises(TicketUsed):
        await offer(scene.edition, order_id, item["id"])
    with pytest.raises(HandoverClosed):
        await accept_ticket(token=token, name="Siti", actor=None, now=NOW)
    link = f"{scene.edition.path}/tickets/given/{token}"
    refused = await scene.browser.post(link, data={"full_name": "Siti", "agreed": "on"})
    assert (refused.status_code, item["holder_name"] in refused.text) == (409, False)
    assert (await items(order_id))[0]["state"] == "issued"


async def test_offers_are_limited_by_order_and_by_contact(edition: Any) -> None:
    order_id, item, _type_id = await a_ticket(edition)
    for _time in range(PER_CONTACT):
        await offer(edition, order_id, item["id"])
        await withdraw_offer(order_id=order_id, edition_id=edition.id, item_id=item["id"], actor=None, now=NOW)
    with pytest.raises(TooManyTries):
        await offer(edition, order_id, item["id"])


@pytest.mark.race
async def test_of_accepting_withdrawing_and_cancelling_at_once_one_wins(edition: Any) -> None:
    order_id, item, type_id = await a_ticket(edition)
    token = await offer(edition, order_id, item["id"])
    given: dict[str, Any] = {"order_id": order_id, "edition_id": edition.id, "actor": None, "now": NOW}

    async def one(number: int) -> str:
        match number % 3:
            case 0:
                await accept_ticket(token=token, name="Siti", actor=None, now=NOW)
                return "accepted"
            case 1:
                await withdraw_offer(item_id=item["id"], **given)
                return "withdrawn"
            case _:
                await cancel_tickets(item_ids=[item["id"]], shown_minor=0, **given)
                return "cancelled"

    results = await race(9, one)
    won = winners(results)
    losers(results, HandoverClosed, TicketsGone, OrderNotOpen)
    assert won.count("accepted") <= 1
    assert won.count("cancelled") <= 1
    assert (won.count("accepted"), won.count("cancelled")) != (1, 1)
    assert (won.count("accepted"), won.count("withdrawn") > 0) in ((1, False), (0, True), (0, False))
    valid = await fetch("SELECT COUNT(*) AS count FROM pass WHERE state = 'issued'")
    assert (valid[0]["count"], await places(type_id)) == ((0, (0, 0)) if "cancelled" in won else (1, (1, 0)))


@pytest.mark.race
async def test_one_ticket_is_offered_to_one_at_a_time(edition: Any) -> None:
    order_id, item, _type_id = await a_ticket(edition)
    results = await race(6, lambda number: offer(edition, order_id, item["id"], email=f"a{number}@example.vn"))
    losers(results, HandoverOpen)
    assert len(winners(results)) == 1


@pytest.mark.race
async def test_without_index_and_transaction_it_is_offered_twice(edition: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    order_id, item, _type_id = await a_ticket(edition)
    await drop_index("ticket_handover_one_offered")
    unguarded(monkeypatch, handing_over)
    meet_after(monkeypatch, handing_over, "tickets_to_change", parties=2)
    results = await race(2, lambda number: offer(edition, order_id, item["id"], email=f"a{number}@example.vn"))
    assert len(winners(results)) == 2
    assert (await fetch("SELECT COUNT(*) AS count FROM ticket_handover WHERE state = 'offered'"))[0]["count"] == 2


async def test_the_pages_offer_accept_and_never_show_the_new_pass_to_its_giver(scene: Scene) -> None:
    placed = await make_order(scene.edition.id, {scene.free: 2}, now=NOW)
    await allow(scene.edition)
    own = f"{scene.edition.path}/tickets/done/{placed.secret}"
    first, second = await items(placed.order_id)
    give = f"{own}/give/{first['id']}"
    assert f'href="{give}"' in (await scene.browser.get(own)).text
    bad = await scene.browser.post(give, data={"full_name": "", "contact": "12", "locale": "en"})
    assert re.findall(r'id="field-(\w+)-error"', bad.text) == ["full_name", "contact"]
    sent = await scene.browser.post(give, data={"full_name": "Siti", "contact": SITI, "locale": "en"})
    assert sent.status_code == 303
    link = f"{scene.edition.path}/tickets/given/{token_sent((await told())[-1][2])}"
    assert "Waits for Siti to accept it" in (await scene.browser.get(f"{own}?lang=en")).text
    asked = await scene.browser.get(f"{link}?lang=en")
    assert ("Accept the ticket" in asked.text, placed.reference in asked.text) == (True, False)
    refused = await scene.browser.post(link, data={"full_name": "Siti Rahayu"})
    assert (refused.status_code, "field-agreed-error" in refused.text) == (422, True)
    taken = await scene.browser.post(link, data={"full_name": "Siti Rahayu", "agreed": "on"})
    assert (taken.status_code, taken.headers["location"].startswith("/pass/")) == (303, True)
    page = (await scene.browser.get(f"{own}?lang=en")).text
    assert "Given away on" in page
    assert taken.headers["location"] not in page
    assert page.count('href="/pass/') == 1
    (old,) = await fetch("SELECT secret_seed FROM pass WHERE id = {}", first["pass_id"])
    assert secret_of(old["secret_seed"]) not in page
    answer = (await scene.browser.get(f"/api/v1/orders/{placed.secret}")).json()
    assert len(answer["tickets"]) == 1
    assert (await scene.browser.get(link)).status_code == 409
    other = await make_open_edition(now=NOW)
    assert (await scene.browser.get(f"{other.path}/tickets/given/x")).status_code == 409
    await offer(scene.edition, placed.order_id, second["id"])
    withdrawn = await scene.browser.post(f"{own}/give/{second['id']}/withdraw", data={})
    assert withdrawn.status_code == 303
    assert "to accept it" not in (await scene.browser.get(f"{own}?lang=en")).text
