"""Drawers: each cashier has her own, finance sees all; where drawers are used no cash goes beside them."""

from __future__ import annotations

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
from app.payments.queries_drawers import drawers_of
from app.payments.services.documents import require_refund
from app.payments.services.drawers import close_drawer, open_drawer
from app.payments.services.recording import record_payment
from app.payments.services.refunding import record_refund
from app.payments.services.terms import set_terms
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.factories import Seller, make_document
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
    assert (await client.get(f"{drawers(edition)}/{own}")).status_code == 404
    reached = 200 if role == Role.FINANCE else 404
    assert (await client.get(f"{drawers(edition)}/{of_other}")).status_code == reached
    taken = await client.post(f"{drawers(edition)}/{of_other}/close?lang=en", data={"amount": "50.000"})
    assert taken.status_code == (422 if role == Role.FINANCE else 404)
    if role == Role.FINANCE:
        assert "Please say why it is not closed by its cashier." in taken.text
        body = {"amount": "40.000", "note": "Chị Quầy ốm"}
        assert (await client.post(f"{drawers(edition)}/{of_other}/close", data=body)).status_code == 303
        (found,) = [one for one in await drawers_of(edition.id) if one.id == of_other]
        assert (found.counted, found.note) == (Money(40_000, "VND"), "Chị Quầy ốm")


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
