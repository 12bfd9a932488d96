"""Drawers: each cashier has her own, finance sees all; where drawers are used no cash goes beside them."""

from __future__ import annotations

import re

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.accounts.queries import actor_of_person
from app.events.queries import EditionInfo
from app.kernel.errors import NotAllowed
from app.kernel.money import Money
from app.payments.enums import DocumentState, PaymentMethod
from app.payments.errors import DrawerNeeded
from app.payments.lines import Terms
from app.payments.queries import document_by_id, payments_of
from app.payments.queries_drawers import drawers_of, moves_of
from app.payments.services.assigning import match_new
from app.payments.services.documents import require_refund
from app.payments.services.drawers import close_drawer, open_drawer
from app.payments.services.recording import record_payment
from app.payments.services.refunding import record_refund
from app.payments.services.terms import set_terms
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.factories import Seller, make_document, make_entry
from tests.support.client import Browser, sign_in
from tests.support.factories import make_holder

pytestmark = pytest.mark.engines
FIFTY = Money(50_000, "VND")


@pytest.fixture
async def edition(database: str, seller: Seller) -> EditionInfo:
    """A festival."""
    return await make_edition()


def drawers(edition: EditionInfo) -> str:
    """Where the drawers stand."""
    return f"/manage/{edition.id}/payments/drawers"


@pytest.mark.parametrize("role", [Role.MANAGER, Role.GATE_LEAD, Role.FINANCE])
async def test_who_takes_cash_opens_counts_and_closes_her_own(
    edition: EditionInfo, client: Browser, role: Role
) -> None:
    other = await actor_of_person((await make_holder(Role.GATE_LEAD, edition_id=edition.id, name="Trần Thị Quầy")).id)
    of_other = await open_drawer(edition_id=edition.id, float_=FIFTY, actor=other, now=NOW)
    await sign_in(client, (await make_holder(role, edition_id=edition.id, name="Lê Thị Tôi")).id)
    assert (await client.post(drawers(edition), data={"amount": "200.000"})).status_code == 303
    shown = (await client.get(f"{drawers(edition)}?lang=en")).text
    assert ("Lê Thị Tôi" in shown, "Trần Thị Quầy" in shown) == (True, role == Role.FINANCE)
    own = next(one.id for one in await drawers_of(edition.id) if one.cashier == "Lê Thị Tôi")
    assert (await client.get(f"{drawers(edition)}/{own}")).status_code == 200
    closed = await client.post(f"{drawers(edition)}/{own}/close", data={"amount": "200.000"})
    assert closed.headers["location"] == drawers(edition)
    assert "/close" not in (await client.get(f"{drawers(edition)}/{own}")).text
    assert (await client.post(f"{drawers(edition)}/{own}/close", data={"amount": "200.000"})).status_code == 404
    reached = 200 if role == Role.FINANCE else 404
    assert (await client.get(f"{drawers(edition)}/{of_other}")).status_code == reached
    taken = await client.post(f"{drawers(edition)}/{of_other}/close?lang=en", data={"amount": "50.000"})
    assert taken.status_code == (422 if role == Role.FINANCE else 404)
    if role == Role.FINANCE:
        assert "Please say why it is not closed by its cashier." in taken.text
        body = {"amount": "46.000", "note": "Chị Quầy ốm"}
        assert (await client.post(f"{drawers(edition)}/{of_other}/close", data=body)).status_code == 303
        (found,) = [one for one in await drawers_of(edition.id) if one.id == of_other]
        assert (found.counted, found.note) == (Money(46_000, "VND"), "Chị Quầy ốm")


async def test_what_was_counted_stands_in_the_form_as_it_was_typed(database: str, client: Browser) -> None:
    abroad = await make_edition("abroad", timezone="Europe/Berlin", currency="EUR")
    cashier = await actor_of_person((await make_holder(Role.GATE_LEAD, edition_id=abroad.id)).id)
    drawer_id = await open_drawer(edition_id=abroad.id, float_=Money(1_250, "EUR"), actor=cashier, now=NOW)
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=abroad.id)).id)
    refused = await client.post(f"{drawers(abroad)}/{drawer_id}/close", data={"amount": "12.50"})
    assert (refused.status_code, 'value="12.50"' in refused.text) == (422, True)


async def test_nobody_but_finance_closes_anothers(edition: EditionInfo) -> None:
    cashier, other = [
        await actor_of_person((await make_holder(Role.GATE_LEAD, edition_id=edition.id)).id) for _time in range(2)
    ]
    drawer_id = await open_drawer(edition_id=edition.id, float_=FIFTY, actor=cashier, now=NOW)
    with pytest.raises(NotAllowed):
        await close_drawer(drawer_id=drawer_id, edition_id=edition.id, counted=FIFTY, actor=other, note="Vì", now=NOW)


@pytest.mark.parametrize("role", [Role.FLOOR, Role.JURY_CHAIR])
async def test_others_have_no_drawer(edition: EditionInfo, client: Browser, role: Role) -> None:
    await sign_in(client, (await make_holder(role, edition_id=edition.id)).id)
    assert (await client.get(drawers(edition))).status_code == 403


async def test_an_open_drawer_stands_first_however_old_it_is(edition: EditionInfo) -> None:
    cashiers = [
        await actor_of_person((await make_holder(Role.GATE_LEAD, edition_id=edition.id)).id) for _time in range(3)
    ]
    ids = [await open_drawer(edition_id=edition.id, float_=FIFTY, actor=one, now=NOW) for one in cashiers]
    for drawer_id, cashier in list(zip(ids, cashiers, strict=True))[1:]:
        await close_drawer(drawer_id=drawer_id, edition_id=edition.id, counted=FIFTY, actor=cashier, now=NOW)
    assert [one.id for one in await drawers_of(edition.id, limit=1)] == [ids[0], ids[2]]


async def test_where_drawers_are_used_cash_without_one_is_refused(edition: EditionInfo, client: Browser) -> None:
    person = await make_holder(Role.FINANCE, edition_id=edition.id)
    actor = await actor_of_person(person.id)
    document = await make_document(edition)
    await sign_in(client, person.id)
    own = f"/manage/{edition.id}/payments/{document.id}"
    assert drawers(edition) not in (await client.get(own)).text
    terms = {"tax_mode": "none", "due_days": "7", "use_drawers": "on"}
    assert (await client.post(f"/manage/{edition.id}/payments/terms", data=terms)).status_code == 303
    assert "checked" in (await client.get(f"/manage/{edition.id}/payments/terms")).text
    assert drawers(edition) in (await client.get(own)).text
    refused = await client.post(f"{own}/payments?lang=en", data={"method": "cash", "amount": "50.000"})
    assert (refused.status_code, refused.text.count("Cash goes through drawers here. Open yours first")) == (409, 1)
    assert drawers(edition) in refused.text
    assert (await document_by_id(document.id)).state == DocumentState.OPEN
    drawer_id = await open_drawer(edition_id=edition.id, float_=FIFTY, actor=actor, now=NOW)
    assert (await client.post(f"{own}/payments", data={"method": "cash", "amount": "50.000"})).status_code == 303
    (payment,) = await payments_of(document.id)
    assert payment.drawer_id == drawer_id
    await require_refund(document_id=document.id, actor=actor, now=NOW)
    await close_drawer(drawer_id=drawer_id, edition_id=edition.id, counted=Money(100_000, "VND"), actor=actor, now=NOW)
    back = await client.post(f"{own}/refunds/{payment.id}", data={"method": "cash", "amount": "50.000"})
    assert back.status_code == 409
    with pytest.raises(DrawerNeeded):
        await record_refund(payment_id=payment.id, method=PaymentMethod.CASH, actor=actor, now=NOW)
    await record_refund(payment_id=payment.id, method=PaymentMethod.TRANSFER, actor=actor, now=NOW)


async def test_the_terminal_needs_no_drawer(edition: EditionInfo) -> None:
    actor = await actor_of_person((await make_holder(Role.FINANCE, edition_id=edition.id)).id)
    await set_terms(edition_id=edition.id, terms=Terms(use_drawers=True), actor=SYSTEM, now=NOW)
    document = await make_document(edition)
    await record_payment(document_id=document.id, method=PaymentMethod.TERMINAL, amount=FIFTY, actor=actor, now=NOW)
    assert (await document_by_id(document.id)).state == DocumentState.PAID


async def test_nobody_writes_down_money_that_stripe_alone_tells_of(edition: EditionInfo, client: Browser) -> None:
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=edition.id)).id)
    document = await make_document(edition)
    own = f"/manage/{edition.id}/payments/{document.id}"
    assert (await client.post(f"{own}/payments", data={"method": "card", "amount": "50.000"})).status_code == 422
    assert await payments_of(document.id) == []
    assert (await client.post(f"{own}/payments", data={"method": "cash", "amount": "50.000"})).status_code == 303
    await require_refund(document_id=document.id, actor=SYSTEM, now=NOW)
    (payment,) = await payments_of(document.id)
    back = await client.post(f"{own}/refunds/{payment.id}", data={"method": "card", "amount": "50.000"})
    assert back.status_code == 422
    assert (await document_by_id(document.id)).owed == FIFTY


async def test_what_does_not_lie_in_the_drawer_is_refused_in_the_form(edition: EditionInfo, client: Browser) -> None:
    person = await make_holder(Role.FINANCE, edition_id=edition.id)
    actor = await actor_of_person(person.id)
    await sign_in(client, person.id)
    document = await make_document(edition)
    await record_payment(document_id=document.id, method=PaymentMethod.TRANSFER, amount=FIFTY, actor=actor, now=NOW)
    await require_refund(document_id=document.id, actor=actor, now=NOW)
    (payment,) = await payments_of(document.id)
    own = f"/manage/{edition.id}/payments/{document.id}"
    shown = (await client.get(own)).text
    assert re.findall(r'<option value="(\w+)" selected', shown) == ["transfer"]
    await open_drawer(edition_id=edition.id, float_=Money(20_000, "VND"), actor=actor, now=NOW)
    body = {"method": "cash", "amount": "50.000", "note": "chị Lan ký"}
    refused = await client.post(f"{own}/refunds/{payment.id}?lang=en", data=body)
    assert refused.status_code == 409
    for words in ("20.000\xa0₫ should lie in the drawer, so 50.000\xa0₫ cannot go out of it.", 'value="chị Lan ký"'):
        assert words in refused.text
    assert re.findall(r'<option value="(\w+)" selected', refused.text) == ["cash"]
    for change, status, words in (
        ({"amount": "x"}, 422, "Please write an amount"),
        ({"amount": "60.000"}, 409, "50.000\xa0₫ has to go back, not 60.000\xa0₫"),
    ):
        refused = await client.post(f"{own}/refunds/{payment.id}?lang=en", data=body | change)
        assert (refused.status_code, words in refused.text) == (status, True)
    by_bank = {"method": "transfer", "amount": "50.000", "note": "FT26290123"}
    assert (await client.post(f"{own}/refunds/{payment.id}", data=by_bank)).status_code == 303
    assert "FT26290123" in (await client.get(own)).text


async def test_cash_is_moved_on_the_drawers_page_and_found_at_the_bank(edition: EditionInfo, client: Browser) -> None:
    person = await make_holder(Role.FINANCE, edition_id=edition.id, name="Lê Thị Tiền")
    await sign_in(client, person.id)
    drawer_id = await open_drawer(
        edition_id=edition.id, float_=Money(200_000, "VND"), actor=await actor_of_person(person.id), now=NOW
    )
    own = f"{drawers(edition)}/{drawer_id}"
    good = {"client_id": "form-0001", "way": "to_bank", "moved": "150.000", "reason": "Phiếu 0012"}
    for change, status, words in (
        ({"moved": "x"}, 422, "Please write an amount"),
        ({"moved": "0"}, 422, "The amount has to be above zero."),
        ({"reason": ""}, 422, "Please fill this in."),
        ({"moved": "250.000"}, 409, "200.000\xa0₫ should lie in the drawer, so 250.000\xa0₫ cannot go out of it."),
        ({"way": "home"}, 422, "Please choose one of the list."),
    ):
        refused = await client.post(f"{own}/moves?lang=en", data=good | change)
        assert (refused.status_code, words in refused.text, "Phiếu 0012" in refused.text) == (
            status,
            True,
            "reason" not in change,
        )
    moved = await client.post(f"{own}/moves", data=good)
    assert (moved.status_code, moved.headers["location"]) == (303, own)
    assert (await client.post(f"{own}/moves", data=good)).status_code == 303  # sent twice it is one move
    change = good | {"way": "from_safe", "moved": "30.000"}
    refused = await client.post(f"{own}/moves?lang=en", data=change)
    assert (refused.status_code, "This form recorded a move of cash before" in refused.text) == (409, True)
    (anew,) = re.findall(r'name="client_id" value="([^"]+)"', refused.text)
    assert (await client.post(f"{own}/moves", data=change | {"client_id": anew})).status_code == 303
    shown = (await client.get(f"{own}?lang=en")).text
    for words in (
        "Phiếu 0012",
        "-150.000\xa0₫",
        "80.000\xa0₫ should lie in it",
        "From the drawer to the bank",
        person.full_name,
    ):
        assert words in shown
    assert "-30.000\xa0₫" in (await client.get(f"{drawers(edition)}?lang=en")).text  # of the safe
    entry_id = (await make_entry("NOP TIEN", amount=150_000, edition=edition)).id
    await match_new(NOW)
    page = f"/manage/{edition.id}/payments/bank/{entry_id}"
    offered = (await client.get(f"{page}?lang=en")).text
    assert "Cash brought to the bank" in offered
    (payout_id,) = re.findall(r'name="payout_id" value="(\d+)"', offered)
    assert (await client.post(f"{page}/payout", data={"payout_id": payout_id})).status_code == 303
    assert "On the bank account" in (await client.get(f"/manage/{edition.id}/payments/payouts?lang=en")).text


async def test_a_move_is_taken_back_on_the_drawers_page(edition: EditionInfo, client: Browser) -> None:
    person = await make_holder(Role.GATE_LEAD, edition_id=edition.id, name="Lê Thị Tiền")
    await sign_in(client, person.id)
    actor = await actor_of_person(person.id)
    drawer_id = await open_drawer(edition_id=edition.id, float_=Money(200_000, "VND"), actor=actor, now=NOW)
    own = f"{drawers(edition)}/{drawer_id}"
    assert 'id="back"' not in (await client.get(own)).text
    form = {"client_id": "form-0001", "way": "to_safe", "moved": "150.000", "reason": "Cuối ca"}
    await client.post(f"{own}/moves", data=form)
    ((move_id, named),) = re.findall(
        r'name="takes_back" value="(\d+)" checked required>\s*<span class="choice-text"><span>([^<]+)',
        (await client.get(f"{own}?lang=en")).text,
    )
    assert named.startswith("150.000\xa0₫ · From the drawer into the safe · ")
    back = {"takes_back": move_id, "why": "Còn trong ngăn"}
    for change, words in (
        ({"why": ""}, "Please fill this in."),
        ({"takes_back": "x"}, "Còn trong ngăn"),
    ):
        refused = await client.post(f"{own}/moves?lang=en", data=back | change)
        assert (refused.status_code, words in refused.text) == (422, True)
    assert (await client.post(f"{own}/moves", data=back | {"takes_back": "999999"})).status_code == 404
    done = await client.post(f"{own}/moves", data=back)
    assert (done.status_code, done.headers["location"]) == (303, own)
    shown = (await client.get(f"{own}?lang=en")).text
    for words in (
        "200.000\xa0₫ should lie in it",
        "Reversal: From the drawer into the safe",
        ">Reversed<",
        "Còn trong ngăn",
        "-150.000\xa0₫",
    ):
        assert words in shown
    assert 'name="takes_back"' not in shown
    assert (await client.post(f"{own}/moves", data=back)).status_code == 303  # twice it is taken back once
    await close_drawer(drawer_id=drawer_id, edition_id=edition.id, counted=Money(200_000, "VND"), actor=actor, now=NOW)
    (anew,) = [one.id for one in await moves_of(drawer_id) if one.takes_back]
    refused = await client.post(f"{own}/moves?lang=en", data=back | {"takes_back": str(anew)})
    assert (refused.status_code, "This row took a move back." in refused.text) == (409, True)


async def test_who_counts_something_else_is_shown_what_and_asked_why(edition: EditionInfo, client: Browser) -> None:
    person = await make_holder(Role.GATE_LEAD, edition_id=edition.id)
    await sign_in(client, person.id)
    drawer_id = await open_drawer(
        edition_id=edition.id, float_=Money(200_000, "VND"), actor=await actor_of_person(person.id), now=NOW
    )
    close = f"{drawers(edition)}/{drawer_id}/close"
    refused = await client.post(f"{close}?lang=en", data={"amount": "150.000"})
    assert refused.status_code == 422
    for words in (
        "200.000\xa0₫ should lie in it, 150.000\xa0₫ was counted. The difference is -50.000\xa0₫",
        "more than a tenth",
        'name="sure"',
        'value="150.000"',
    ):
        assert words in refused.text
    body = {"amount": "150.000", "note": "mất tờ 50"}
    refused = await client.post(f"{close}?lang=en", data=body)
    assert (refused.status_code, "please say where" in refused.text, "more than a tenth" in refused.text) == (
        422,
        False,
        True,
    )
    assert (await client.post(close, data=body | {"sure": "on"})).status_code == 303
    assert "-50.000\xa0₫" in (await client.get(f"{drawers(edition)}?lang=en")).text
    shown = (await client.get(f"{drawers(edition)}/{drawer_id}?lang=en")).text
    assert ("mất tờ 50" in shown, "-50.000\xa0₫" in shown, "/moves" in shown) == (True, True, False)


async def test_the_safe_is_brought_to_the_bank_under_payouts(edition: EditionInfo, client: Browser) -> None:
    person = await make_holder(Role.FINANCE, edition_id=edition.id)
    actor = await actor_of_person(person.id)
    await sign_in(client, person.id)
    document = await make_document(edition)
    await open_drawer(edition_id=edition.id, float_=FIFTY, actor=actor, now=NOW)
    await record_payment(document_id=document.id, method=PaymentMethod.CASH, amount=FIFTY, actor=actor, now=NOW)
    (drawer,) = await drawers_of(edition.id)
    await close_drawer(drawer_id=drawer.id, edition_id=edition.id, counted=Money(100_000, "VND"), actor=actor, now=NOW)
    payouts = f"/manage/{edition.id}/payments/payouts"
    shown = (await client.get(f"{payouts}?from=safe&lang=en")).text
    assert re.findall(r'value="(\w+)" checked', shown) == ["safe"]
    assert ('value="50.000"' in shown, 'value="cash"' in shown) == (True, False)
    body = {"account": "safe", "taken": "50.000", "reference": "NT-1", "arrives_on": "2026-10-16"}
    assert (await client.post(payouts, data=body)).status_code == 303
    assert (await client.post(payouts, data=body)).status_code == 303  # sent twice
    assert (await client.post(payouts, data=body | {"taken": "40.000"})).status_code == 409
    assert "NT-1" in (await client.get(payouts)).text
