"""Visitors' data go when their time is over, in batches, and the log tells it as the system's doing."""

from __future__ import annotations

from datetime import datetime, timedelta

import httpx
import pytest

from app.accounts.tables import Person
from app.events.passes.services import secret_of
from app.events.queries import edition_by_id
from app.events.services.retention import expire_visitors_data
from app.events.tables import Edition, Pass
from app.kernel.database import fetch
from app.kernel.tables import AuditEntry, ImportBatch, OutboxMessage
from booths.catalogue.tables import Lead
from tests.support.client import sign_in
from tests.support.festival import make_festival
from tests.support.known_person import make_known_person
from ticketing.sales.tables import OrderItem, TicketOrder

pytestmark = pytest.mark.engines


async def left_of(edition_id: int) -> dict[str, int]:
    """Return how many records of an edition still hold something of visitors."""
    return {
        "passes": await Pass.count().where((Pass.edition == edition_id) & (Pass.holder_name != "")),
        "holders": await Pass.count().where((Pass.edition == edition_id) & Pass.holder.is_not_null()),
        "orders": await TicketOrder.count().where((TicketOrder.edition == edition_id) & (TicketOrder.contact != "")),
        "tickets": await OrderItem.count().where(OrderItem.holder_name != ""),
        "leads": await Lead.count().where(Lead.edition == edition_id),
        "messages": await OutboxMessage.count().where(
            (OutboxMessage.edition_id == edition_id) & (OutboxMessage.body_text != "")
        ),
        "sheets": await ImportBatch.count().where(
            (ImportBatch.edition_id == edition_id) & (ImportBatch.state == "previewed")
        ),
    }


async def test_they_go_on_the_day_after_their_last(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    festival = await make_festival(frozen_now)
    her = await make_known_person(festival, frozen_now)
    here = festival.edition.id
    await OutboxMessage.update({OutboxMessage.state: "sent"}).where(OutboxMessage.id > 0)
    edition = await edition_by_id(here)
    last = datetime.combine(edition.keeps_until, datetime.max.time(), edition.zone)
    full = await left_of(here)
    assert min(full.values()) > 0
    people = await Person.count().where(Person.erased_at.is_null())

    assert await expire_visitors_data(now=last) == 0
    assert await left_of(here) == full

    assert await expire_visitors_data(now=last + timedelta(seconds=1), batch=2) >= 1
    assert await left_of(here) == dict.fromkeys(full, 0)
    (told,) = await AuditEntry.select().where((AuditEntry.action == "edition.expire") & (AuditEntry.edition_id == here))
    gone = await Person.count().where(Person.erased_at.is_not_null())
    assert (told["actor_person_id"], told["actor_name"]) == (None, "")
    assert 0 < gone < people
    her_row = await Person.select(Person.full_name).where(Person.id == her.person_id).first()
    assert her_row == {"full_name": her.full_name}  # her role and her organisation still need her
    roles = await fetch(
        "SELECT COUNT(*) AS n FROM role_grant r JOIN person p ON p.id = r.person WHERE p.erased_at IS NOT NULL"
    )
    assert roles == [{"n": 0}]

    assert await expire_visitors_data(now=last + timedelta(days=1)) == 0


async def test_the_settings_say_for_how_long(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    festival = await make_festival(frozen_now)
    address = f"/manage/{festival.edition.id}/settings"
    await sign_in(client, festival.people["owner"].person_id)
    assert 'name="keep_months" value="12"' in (await client.get(address)).text
    fields = {
        "name_vi": "Hội chợ",
        "slug": "hoi-cho",
        "starts_on": "2026-10-16",
        "ends_on": "2026-11-30",
        "opens_at": "08:00",
        "closes_at": "17:00",
        "parts": "tickets",
        "keep_months": "3",
    }
    assert (await client.post(address, data={**fields, "keep_months": "0"})).status_code == 422
    assert (await client.post(address, data=fields)).status_code == 303
    edition = await edition_by_id(festival.edition.id)
    assert (edition.keep_months, edition.keeps_until.isoformat()) == (3, "2027-02-28")
    assert await Edition.count().where(Edition.keep_months == 3) == 1


async def test_whoever_has_the_link_of_a_pass_takes_her_name_off(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    festival = await make_festival(frozen_now)
    own = f"/pass/{festival.ids['pass_secret']}"
    assert f'href="{own}/data"' in (await client.get(own)).text
    assert "Trần Thị Mai" in (await client.get(f"{own}/data")).text
    assert (await client.post(f"{own}/data/forget")).status_code == 303
    found = await Pass.select(Pass.holder_name, Pass.search_text, Pass.state, Pass.short_code).where(
        Pass.id == festival.ids["pass_id"]
    )
    assert found == [
        {
            "holder_name": "",
            "search_text": found[0]["short_code"].lower(),
            "state": "issued",
            "short_code": found[0]["short_code"],
        }
    ]
    assert (await client.get(own)).status_code == 200


async def test_the_holder_of_a_pass_is_sent_a_link_to_her_contact_alone(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    festival = await make_festival(frozen_now)
    buyer = await make_known_person(festival, frozen_now)
    found = await Pass.select(Pass.secret_seed).where(Pass.holder == buyer.person_id).first()
    assert found is not None
    secret = secret_of(found["secret_seed"])
    before = await OutboxMessage.count()
    shown = (await client.get(f"/pass/{secret}/data")).text
    told = [part in shown for part in ("quynh.xoa@example.com", "987 654 321", "987654321")]
    assert told == [False, False, False]
    assert (await client.post(f"/pass/{secret}/data/link")).status_code == 303
    row = (await OutboxMessage.select(OutboxMessage.to_address).order_by(OutboxMessage.id, ascending=False).limit(1))[0]
    assert (await OutboxMessage.count() - before, row["to_address"]) == (1, "quynh.xoa@example.com")
