"""The reconciliation finds nothing after a quiet load, and afterwards, its negative control, each row that is gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest

from app.accounts.services.sign_in import start_session
from app.judging.queries.contests import criteria_of
from app.kernel.database import dialect, fetch
from app.kernel.settings import settings
from app.payments.services.inbox import apply_event
from booths.allocation.tables import AllocationRun
from tests.booths.factories import make_booth
from tests.faults.load import Load
from tests.faults.reconcile import faults
from tests.support.client import the_app, transport_to
from tests.support.festival import make_festival
from tests.support.race import drop_trigger
from ticketing.sales.tables import TicketType

pytestmark = pytest.mark.engines
SECRET = "whsec_of_the_load"
#: Numbers of requests, one of each kind but two ballots of one judge, of which the second is set aside.
NUMBERS = (1, 4, 5, 21, 7, 3)
#: What is taken away, one after the other, and how the reconciliation calls it.
GONE = (
    ("DELETE FROM scan WHERE client_id LIKE 'fault-%'", "scans_lost_or_changed"),
    ("DELETE FROM outbox_message WHERE unique_key LIKE 'ticket-order:%'", "order_messages_not_once"),
    ("UPDATE ticket_order SET state = 'held' WHERE client_id LIKE 'fault-%'", "orders_lost_or_changed"),
    ("UPDATE \"pass\" SET short_code = 'gone' || CAST(id AS VARCHAR)", "passes_lost"),
    ("DELETE FROM contest_ballot_revision", "ballots_lost"),
    ("DELETE FROM contest_set_aside WHERE client_id LIKE 'fault-%'", "ballots_set_aside_lost"),
    ("DELETE FROM job WHERE kind LIKE 'payment%'", "payment_events_forgotten"),
    ("UPDATE payment SET provider_reference = 'gone' || CAST(id AS VARCHAR)", "payments_not_once"),
    ("DELETE FROM payment_event WHERE handled_at IS NOT NULL", "payment_events_lost"),
    ("DELETE FROM cell_hold", "booths_lost"),
    ("UPDATE ticket_order SET secret_hash = CAST(id AS VARCHAR)", "orders_or_passes_seen_and_lost"),
    ("UPDATE allocation_run SET state = 'proposed'", "forms_lost"),
)


#: What breaks a rule that no row may ever break, and how the reconciliation calls it.
BROKEN = (
    ("UPDATE ticket_order SET state = 'cancelled' WHERE client_id LIKE 'fault-%'", "sold_is_not_the_sum"),
    ("UPDATE ticket_order SET state = 'confirmed' WHERE client_id LIKE 'fault-%'", "orders_without_message"),
    ("UPDATE order_item SET event_pass = NULL", "confirmed_without_pass"),
    ("UPDATE pass_counter SET issued = issued + 1", "serials_not_dense"),
    ("UPDATE outbox_message SET state = 'sent', sent_at = NULL", "messages_sent_without_a_stamp"),
    ("UPDATE outbox_message SET state = 'failed', error = ''", "messages_failed_without_a_reason"),
    ("DELETE FROM admission", "admitted_without_admission"),
    ("DELETE FROM cell_hold", "allocated_without_booth"),
    ("DELETE FROM payment", "paid_without_payment"),
    ("UPDATE contest_ballot SET revision_count = revision_count + 1", "ballot_versions_not_dense"),
)
LEDGER_KEPT = {"sqlite": "ledger_entry_stays", "postgres": "ledger_entry_is_kept"}


@pytest.fixture
def paid_through_stripe(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The secret that the load signs with."""
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", SECRET)
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


async def loaded(now: datetime) -> dict[str, dict[str, Any]]:
    """Send one request of each kind to a festival; returns what was acknowledged, with what a walk saw besides."""
    festival = await make_festival(now)
    here, ids = festival.edition.id, festival.ids
    sold = await TicketType.objects().get(TicketType.id == ids["type_id"])
    assert sold is not None
    idea = {
        "assignment": ids["assignment_id"],
        "token": festival.judge_token,
        "criteria": [criterion.id for criterion in await criteria_of(ids["round_id"])],
    }
    paid = {"id": ids["order_document_id"], "amount_minor": 50_000, "currency": "VND"}
    load = Load(
        url="",
        slug=festival.edition.slug,
        codes=[ids["pass_code"]],
        tokens=[festival.gate_token],
        run="fault",
        prepared={
            "edition_id": here,
            "documents": [paid, paid],
            "ideas": [idea],
            "holds": [
                {
                    "booth": await make_booth(here, ids["hall_id"], "Y9", [(24, 24)]),
                    "application": ids["application_id"],
                }
            ],
            "session": await start_session(
                person_id=festival.people["owner"].person_id or 0, browser="test", old_token=None, now=now
            ),
        },
        stripe_secret=SECRET,
        ticket=sold.code,
    )
    async with httpx.AsyncClient(transport=transport_to(the_app()), base_url="http://testserver.local") as client:
        for number in NUMBERS:
            await load.ask_for(client, number)
        load.heads.clear()  # as of another tablet
        await load.ask_for(client, 19)
    assert load.refused == []
    run = AllocationRun(edition=here, state="published", started_at=now, published_at=now)
    await run.save()
    scan = next(one for one in load.acknowledged.values() if one["path"].endswith("/redeem"))
    walked = {
        ids["order_secret"]: {"path": "/done", "answer": {}},
        ids["pass_secret"]: {"path": "/pass", "answer": {}},
        "walk-1": {"path": f"/manage/{here}/allocation/{run.id}/publish", "answer": {}},
        "walk-2": {"path": f"/manage/{here}/settings", "answer": {}},
        "walk-3": {"path": scan["path"], "answer": scan["answer"]},
    }
    return load.acknowledged | walked


@pytest.mark.usefixtures("client", "paid_through_stripe")
async def test_each_acknowledged_row_that_is_gone_is_reported(frozen_now: datetime) -> None:
    acknowledged = await loaded(frozen_now)
    assert len(acknowledged) == len(NUMBERS) + 1 + 5
    (event, _waits) = await fetch("SELECT id FROM payment_event WHERE kind LIKE 'checkout.%' ORDER BY id")
    await apply_event(event["id"], frozen_now)
    before = await faults(acknowledged)
    assert {name: count for name, count in before.items() if count} == {}
    await drop_trigger("contest_ballot_revision", "contest_ballot_revision_is_kept")
    for sql, name in GONE:
        was = (await faults(acknowledged))[name]
        await fetch(sql)
        assert (was, (await faults(acknowledged))[name] > 0, sql) == (0, True, sql)
    with pytest.raises(KeyError):
        await faults({"x": {"path": "/something/new", "answer": {}}})


@pytest.mark.usefixtures("client", "paid_through_stripe")
async def test_each_rule_that_is_broken_is_reported(frozen_now: datetime) -> None:
    acknowledged = await loaded(frozen_now)
    await fetch("UPDATE outbox_message SET to_address = 'nobody@example.vn'")
    await drop_trigger("ledger_entry", LEDGER_KEPT[dialect()])
    await fetch("UPDATE ledger_entry SET payment = NULL")
    await fetch("UPDATE payment_document SET state = 'paid'")
    await fetch("UPDATE ticket_order SET state = 'held' WHERE client_id LIKE 'fault-%'")
    for sql, name in BROKEN:
        await fetch(sql)
        assert ((await faults(acknowledged))[name] > 0, sql) == (True, sql)
