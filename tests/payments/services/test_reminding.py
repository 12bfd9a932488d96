"""Reminders: each stage told once, to who has to pay, in her language; never of what is held for minutes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.events.queries import EditionInfo
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.enums import PaymentMethod
from app.payments.errors import DocumentNotOpen, PayerNotReached, RemindedToday
from app.payments.lines import Line, Terms
from app.payments.queries import DocumentInfo, document_by_id
from app.payments.services import reminding, telling
from app.payments.services.documents import cancel_document, open_document
from app.payments.services.issuing import Part, Payer
from app.payments.services.recording import record_payment
from app.payments.services.reminding import Due, remind_now, remind_payers, stage_of
from app.payments.services.telling import Reached, register_payers
from app.payments.services.terms import set_terms
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.factories import Seller, make_document
from tests.support.factories import make_person
from tests.support.factories_ticketing import make_open_edition, make_order, make_ticket_type
from tests.support.race import meet_before, race, unguarded
from ticketing.sales.plugin import start as start_sales

pytestmark = pytest.mark.engines


def on(day: int, month: int = 10, hour: int = 9) -> datetime:
    """An hour of a day where editions are."""
    return datetime.fromisoformat(f"2026-{month:02d}-{day:02d}T{hour:02d}:00:00+07:00")


async def bill(
    edition: EditionInfo, *, subject_id: int = 1, parts: tuple[Part, ...] = (), **contact: Any
) -> DocumentInfo:
    """A bill over 50.000 ₫ of somebody with a contact, due on 23 October unless it is due in parts."""
    person = await make_person(**(contact or {"email": "lan@example.vn"}))
    return await open_document(
        edition_id=edition.id,
        purpose="order",
        subject_id=subject_id,
        payer=Payer(name="Lê Thị Lan", person_id=person.id, language="en"),
        description="Gian hàng A1",
        currency="VND",
        lines=[Line(description="Gian hàng A1", unit_minor=50_000)],
        parts=parts,
        now=NOW,
    )


async def told() -> list[dict[str, Any]]:
    """What was told but for money that came, the oldest first."""
    return await fetch(
        "SELECT to_address, subject, body_text FROM outbox_message "
        "WHERE unique_key IS NULL OR unique_key NOT LIKE 'payment-part:%' ORDER BY id"
    )


async def test_one_goes_out_before_the_day_and_one_after_it(database: str, seller: Seller) -> None:
    document = await bill(await make_edition())
    sent = [await remind_payers(at) for at in (on(19), on(20, hour=7), on(20, hour=8), on(20), on(23), on(24), on(30))]
    assert sent == [0, 0, 1, 0, 0, 1, 0]
    before, after = await told()
    assert (before["to_address"], before["subject"]) == (
        "lan@example.vn",
        f"Invoice {document.number} is to be paid by 23 Oct 2026",
    )
    for part in (document.number, "50.000\xa0₫", "Gian hàng A1", document.reference, "by 23 Oct 2026"):
        assert part in before["body_text"]
    assert after["subject"] == f"Invoice {document.number} was to be paid by 23 Oct 2026"
    assert (await document_by_id(document.id)).reminded_at == on(24)


async def test_stages_that_nobody_sent_are_told_as_one(database: str, seller: Seller) -> None:
    await bill(await make_edition())
    assert [await remind_payers(at) for at in (on(27), on(28))] == [1, 0]
    assert "was to be paid" in (await told())[0]["subject"]


async def test_a_new_bill_is_no_reminder_of_what_lies_before_it(database: str, seller: Seller) -> None:
    edition = await make_edition()
    await set_terms(edition_id=edition.id, terms=Terms(due_days=2, remind_days=3), actor=SYSTEM, now=NOW)
    await bill(edition)
    assert [await remind_payers(at) for at in (on(16), on(18), on(19))] == [0, 0, 1]


async def test_each_part_has_its_own_two(database: str, seller: Seller) -> None:
    edition = await make_edition()
    parts = (Part(due_on=date(2026, 10, 23), amount_minor=20_000), Part(due_on=date(2026, 11, 6), amount_minor=30_000))
    document = await bill(edition, parts=parts)
    assert await remind_payers(on(20)) == 1
    await record_payment(
        document_id=document.id,
        method=PaymentMethod.TRANSFER,
        amount=Money(20_000, "VND"),
        actor=None,
        now=on(21),
    )
    assert [await remind_payers(at) for at in (on(24), on(3, 11), on(7, 11))] == [0, 1, 1]
    assert [("20.000\xa0₫" in one["body_text"], "30.000\xa0₫" in one["body_text"]) for one in await told()] == [
        (True, False),
        (False, True),
        (False, True),
    ]


async def test_what_is_overdue_is_told_with_the_next_part(database: str, seller: Seller) -> None:
    parts = (Part(due_on=date(2026, 10, 23), amount_minor=20_000), Part(due_on=date(2026, 11, 6), amount_minor=30_000))
    await bill(await make_edition(), parts=parts)
    assert [await remind_payers(at) for at in (on(24), on(3, 11))] == [1, 1]
    assert ["20.000\xa0₫" in (await told())[0]["body_text"], "50.000\xa0₫" in (await told())[1]["body_text"]] == [
        True,
        True,
    ]


@pytest.mark.parametrize("days", [0, 1, 10])
async def test_the_edition_says_how_long_before(database: str, seller: Seller, days: int) -> None:
    edition = await make_edition()
    await set_terms(edition_id=edition.id, terms=Terms(due_days=20, remind_days=days), actor=SYSTEM, now=NOW)
    await bill(edition)  # to be paid by 5 November
    sent = [await remind_payers(at) for at in (on(25), on(26), on(4, 11), on(6, 11))]
    assert sent == {0: [0, 0, 0, 0], 1: [0, 0, 1, 1], 10: [0, 1, 0, 1]}[days]


async def test_nobody_is_reminded_of_what_is_paid_taken_back_or_hers_no_more(database: str, seller: Seller) -> None:
    edition = await make_edition()
    paid, cancelled, partly = [await bill(edition, subject_id=number, email=f"a{number}@x.vn") for number in (1, 2, 3)]
    await record_payment(document_id=paid.id, method=PaymentMethod.TRANSFER, amount=paid.amount, actor=None, now=NOW)
    await cancel_document(document_id=cancelled.id, actor=SYSTEM, now=NOW)
    await record_payment(
        document_id=partly.id, method=PaymentMethod.TRANSFER, amount=Money(20_000, "VND"), actor=None, now=NOW
    )
    assert await remind_payers(on(24)) == 1
    assert "30.000\xa0₫" in (await told())[-1]["body_text"]


async def test_who_cannot_be_reached_is_not_taken_for_reminded(database: str, seller: Seller) -> None:
    document = await make_document(await make_edition())
    assert await remind_payers(on(24)) == 0
    assert (await document_by_id(document.id)).reminded_at is None
    with pytest.raises(PayerNotReached):
        await remind_now(document_id=document.id, actor=SYSTEM, now=on(24))


async def test_the_module_that_sells_says_where_her_page_is(
    database: str, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def reach(document: DocumentInfo) -> Reached | None:
        return Reached(phone="+84912345678", page="http://testserver.local/me/fees/1")

    monkeypatch.setattr(telling, "_reach", {})
    register_payers("order", reach)
    register_payers("order", reach)
    with pytest.raises(ValueError, match="another module"):
        register_payers("order", lambda document: reach(document))
    await bill(await make_edition())
    assert await remind_payers(on(24)) == 1
    (message,) = await told()
    assert message["to_address"] == "+84912345678"
    assert message["body_text"].endswith("Your page: http://testserver.local/me/fees/1")


async def test_an_order_that_is_held_for_minutes_is_not_reminded_of(database: str) -> None:
    start_sales()
    edition = await make_open_edition(now=NOW)
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=50_000)
    placed = await make_order(edition.id, {type_id: 1}, now=NOW)
    before = len(await told())
    assert await remind_payers(on(24)) == 0  # nobody let it expire
    (row,) = await fetch("SELECT payment_document FROM ticket_order WHERE id = {}", placed.order_id)
    with pytest.raises(PayerNotReached):
        await remind_now(document_id=row["payment_document"], actor=SYSTEM, now=NOW)
    assert len(await told()) == before


async def test_somebody_may_remind_by_hand_once_a_day(database: str, seller: Seller) -> None:
    document = await bill(await make_edition())
    await remind_now(document_id=document.id, actor=SYSTEM, now=on(17))
    with pytest.raises(RemindedToday):
        await remind_now(document_id=document.id, actor=SYSTEM, now=on(17, hour=23))
    await remind_now(document_id=document.id, actor=SYSTEM, now=on(20))
    assert await remind_payers(on(20, hour=10)) == 0  # that stage was told
    assert await remind_payers(on(24)) == 1
    assert len(await told()) == 3
    assert [row["action"] for row in await fetch("SELECT action FROM audit_entry WHERE action = 'payment.remind'")] == [
        "payment.remind"
    ] * 2
    await cancel_document(document_id=document.id, actor=SYSTEM, now=on(25))
    with pytest.raises(DocumentNotOpen):
        await remind_now(document_id=document.id, actor=SYSTEM, now=on(26))


def test_the_newest_stage_counts() -> None:
    zone = on(1).tzinfo
    dues = [Due(on=date(2026, 10, day), amount=Money(day, "VND")) for day in (10, 12)]

    def stage(at: datetime) -> Any:
        found = stage_of(dues, days=3, zone=zone, now=at)  # type: ignore[arg-type]  # a fixed offset does as well
        return found and (found[0].day, found[1].on.day)

    assert [stage(on(day)) for day in (6, 7, 9, 11, 12, 13)] == [None, (7, 10), (9, 12), (11, 10), (11, 10), (13, 12)]


@pytest.mark.race
async def test_two_workers_remind_once(database: str, seller: Seller) -> None:
    edition = await make_edition()
    for number in range(6):
        await bill(edition, subject_id=number, email=f"a{number}@example.vn")
    results = await race(4, lambda _number: remind_payers(on(24)))
    assert sum(one for one in results if isinstance(one, int)) == 6
    assert len(await told()) == 6


@pytest.mark.race
async def test_without_its_condition_a_reminder_goes_out_twice(
    database: str, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""

    async def careless(document: DocumentInfo, now: datetime) -> bool:
        return True

    await bill(await make_edition())
    unguarded(monkeypatch, reminding)
    monkeypatch.setattr(reminding, "_claim", careless)
    meet_before(monkeypatch, reminding, "_remind", parties=2)
    assert await race(2, lambda _number: remind_payers(on(24))) == [1, 1]
    assert len(await told()) == 2


async def test_what_was_paid_since_it_was_read_is_not_reminded_of(database: str, seller: Seller) -> None:
    document = await bill(await make_edition())
    stale = replace(document)
    await record_payment(
        document_id=document.id, method=PaymentMethod.TRANSFER, amount=Money(1, "VND"), actor=None, now=NOW
    )
    assert not await reminding._claim(stale, NOW + timedelta(hours=1))
