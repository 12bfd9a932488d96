"""A form of money that is sent twice counts once: its answer was lost, or two came at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import pytest

from app.accounts.actor import SYSTEM, Actor
from app.accounts.enums import Role
from app.accounts.queries import actor_of_person
from app.events.queries import EditionInfo
from app.kernel.money import Money
from app.kernel.tables import OutboxMessage
from app.payments.enums import DocumentState, PaymentMethod
from app.payments.errors_sent import StandsElsewhere
from app.payments.lines import Line
from app.payments.queries import DocumentInfo, credit_notes_of, document_by_id, payments_of
from app.payments.queries_borne import borne_of
from app.payments.queries_sent import stand_of
from app.payments.services import bearing, corrections, recording, refunding
from app.payments.services.bearing import record_borne, return_borne
from app.payments.services.corrections import credit_document
from app.payments.services.documents import cancel_document
from app.payments.services.recording import record_payment
from app.payments.services.refunding import record_refund
from app.payments.services.taking_off import take_off
from app.payments.tables import Payment
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.books import check_books
from tests.payments.factories import make_document
from tests.support.factories import make_holder
from tests.support.race import losers, race, winners

pytestmark = [pytest.mark.engines, pytest.mark.usefixtures("database", "seller")]
FUND = "Quỹ vì phụ nữ"
KINDS = ("payment", "credit", "refund", "borne", "borne_back")


def vnd(amount: int) -> Money:
    """An amount in đồng."""
    return Money(amount, "VND")


@dataclass
class Desk:
    """An invoice at which each form of money can be sent over a part, and two treasurers."""

    edition: EditionInfo
    document_id: int
    payment_id: int
    lan: Actor
    mai: Actor

    async def document(self) -> DocumentInfo:
        """The invoice as it stands."""
        return await document_by_id(self.document_id)

    async def stood(self) -> str:
        """What a page that is opened now carries."""
        return await stand_of(await self.document())

    async def send(self, kind: str, stood: str, amount: int = 10_000, actor: Actor | None = None) -> int:
        """Send a form of a kind; gives the id of what it made."""
        given: dict[str, Any] = {"amount": vnd(amount), "actor": actor or self.lan, "now": NOW, "stood": stood}
        by: dict[str, Any] = given | {"method": PaymentMethod.TERMINAL, "note": " Phiếu  7"}
        match kind:
            case "payment":
                return (await record_payment(document_id=self.document_id, **by)).payment_id
            case "credit":
                return await credit_document(document_id=self.document_id, reason="Bớt  bàn", **given)
            case "refund":
                return await record_refund(payment_id=self.payment_id, **by)
            case "borne":
                return await record_borne(document_id=self.document_id, bearer=FUND, **by)
        return await return_borne(document_id=self.document_id, bearer=FUND, **by)

    async def made(self) -> tuple[int, int]:
        """How many payments and how many credit notes there are."""
        notes = await credit_notes_of(self.document_id)
        return await Payment.count().where(Payment.document == self.document_id), len(notes)


@pytest.fixture
def open_desk(database: str) -> Callable[[str], Coroutine[Any, Any, Desk]]:
    """Makes the invoice as a kind of form needs it."""

    async def made(kind: str) -> Desk:
        edition = await make_edition()
        people = [await make_holder(Role.FINANCE, edition_id=edition.id) for _one in range(2)]
        actors = [await actor_of_person(person.id) for person in people]
        lines = [
            Line(description="Gian", unit_minor=130_000),
            Line(description="Quỹ chịu", unit_minor=-30_000, funded_by=FUND),
        ]
        document = await make_document(edition, lines=lines)
        by: dict[str, Any] = {"method": PaymentMethod.TERMINAL, "actor": SYSTEM, "now": NOW}
        paid = await record_payment(document_id=document.id, amount=vnd(50_000), **by)
        if kind == "refund":
            await cancel_document(document_id=document.id, actor=SYSTEM, now=NOW)
        elif kind == "borne_back":
            (borne,) = await borne_of(document.id)
            await record_borne(document_id=document.id, bearer=FUND, amount=borne.due, **by)
            await credit_document(document_id=document.id, amount=vnd(90_000), reason="Nhỏ", actor=SYSTEM, now=NOW)
        return Desk(edition, document.id, paid.payment_id, actors[0], actors[1])

    return made


OpenDesk = Callable[[str], Coroutine[Any, Any, Desk]]


@pytest.mark.parametrize("kind", KINDS)
async def test_sent_again_after_a_lost_answer_it_gives_the_first_one(open_desk: OpenDesk, kind: str) -> None:
    desk = await open_desk(kind)
    stood = await desk.stood()
    first = await desk.send(kind, stood)
    made, told = await desk.made(), await OutboxMessage.count()
    assert [await desk.send(kind, stood), await desk.send(kind, stood)] == [first, first]
    assert (await desk.made(), await OutboxMessage.count()) == (made, told)
    assert await desk.send(kind, await desk.stood()) > first  # the page was opened anew: it is meant
    assert sum(await desk.made()) == sum(made) + 1
    await check_books(desk.edition)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_differs_is_refused_on_a_page_that_is_not_true_any_more(open_desk: OpenDesk, kind: str) -> None:
    desk = await open_desk(kind)
    stood = await desk.stood()
    await desk.send(kind, stood)
    made = await desk.made()
    with pytest.raises(StandsElsewhere, match="Nothing was recorded"):
        await desk.send(kind, stood, 9_000)
    if kind != "credit":  # a note does not say who wrote it
        with pytest.raises(StandsElsewhere):
            await desk.send(kind, stood, actor=desk.mai)
    assert await desk.made() == made
    for wrong in ("open", f"{stood}:1", stood.replace(":", "x", 1), "open:0:0:0:x:0", f"open:0:0:0:{10**12}:0"):
        with pytest.raises(StandsElsewhere):
            await desk.send(kind, wrong)
    assert await desk.made() == made


@pytest.mark.race
@pytest.mark.parametrize("kind", KINDS)
async def test_two_at_once_are_one(open_desk: OpenDesk, kind: str) -> None:
    desk = await open_desk(kind)
    stood, before = await desk.stood(), await desk.made()
    answers = await race(6, lambda _number: desk.send(kind, stood))
    assert len(set(winners(answers))) == 1
    assert losers(answers) == []
    assert sum(await desk.made()) == sum(before) + 1
    await check_books(desk.edition)


@pytest.mark.race
@pytest.mark.parametrize("kind", KINDS)
async def test_without_the_comparison_two_at_once_are_two(
    open_desk: OpenDesk, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_given: Any, **_named: Any) -> None:
        return None

    for module, name in (
        (recording, "payment_sent_before"),
        (refunding, "payment_sent_before"),
        (bearing, "payment_sent_before"),
        (corrections, "credit_sent_before"),
    ):
        monkeypatch.setattr(module, name, nothing)
    desk = await open_desk(kind)
    stood, before = await desk.stood(), await desk.made()
    answers = await race(2, lambda _number: desk.send(kind, stood))
    assert len(set(winners(answers))) == 2
    assert sum(await desk.made()) == sum(before) + 2


async def test_what_completes_an_invoice_is_recorded_once_and_answered_twice(open_desk: OpenDesk) -> None:
    desk = await open_desk("payment")
    stood = await desk.stood()
    first = await desk.send("payment", stood, 50_000)
    assert (await desk.document()).state == DocumentState.PAID
    assert await desk.send("payment", stood, 50_000) == first


async def test_all_of_an_open_invoice_taken_back_twice_is_once(open_desk: OpenDesk) -> None:
    desk = await open_desk("credit")
    stood = await desk.stood()
    for _time in range(2):
        assert await desk.send("credit", stood, 100_000) == desk.document_id
    assert (await desk.document()).owed == vnd(50_000)
    with pytest.raises(StandsElsewhere):
        await desk.send("credit", stood, 90_000)


async def test_all_of_a_paid_invoice_taken_back_twice_is_once(open_desk: OpenDesk) -> None:
    desk = await open_desk("credit")
    await desk.send("payment", "", 50_000)
    stood = await desk.stood()
    first = await desk.send("credit", stood, 100_000)
    assert first != desk.document_id
    assert await desk.send("credit", stood, 100_000) == first
    assert (await desk.document()).owed == vnd(100_000)


async def test_a_payment_that_was_taken_off_is_not_the_answer(open_desk: OpenDesk) -> None:
    desk = await open_desk("payment")
    stood = await desk.stood()
    wrong = await desk.send("payment", stood)
    await take_off(document_id=desk.document_id, payment_id=wrong, reason="Nhầm", actor=desk.lan, now=NOW)
    with pytest.raises(StandsElsewhere):
        await desk.send("payment", stood)
    assert (await desk.document()).paid == vnd(50_000)


async def test_what_the_fund_pays_does_not_change_what_the_payer_is_asked(open_desk: OpenDesk) -> None:
    desk = await open_desk("payment")
    stood = await desk.stood()
    await desk.send("borne", stood)
    assert await desk.send("payment", stood)
    assert len(await payments_of(desk.document_id)) == 2
    assert await desk.made() == (3, 0)
