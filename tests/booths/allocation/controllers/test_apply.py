"""Applying as an exhibitor, step by step."""

import re
from datetime import timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.accounts.limits import TRIES, Tries, Way
from app.accounts.services.people import create_person
from app.kernel import clock
from app.kernel.tables import OutboxMessage
from booths.allocation.enums import ApplicationState
from booths.allocation.queries import applications
from booths.allocation.services.conversation import KEPT, apply_by_message, pack_draft, unpack_draft
from booths.floorplan.services import hold_booth
from tests.booths.factories import ZONE, make_application, make_row
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.client import Browser, sign_in
from tests.support.factories import make_holder

WHO = {"organisation": "Lụa Nha Xá", "kind": "cooperative", "ward": "Duy Tiên"}
WISH = {"cells_wanted": "2", "zone_wanted": ZONE, "power_watts": ""}
GOODS = {"category": "Lụa", "note": "Dệt tay, nhuộm tự nhiên.\n" * 30}
CONTACT = {"contact_name": "Phạm Thị Lụa", "contact": "0912 000 111"}


@pytest.fixture(autouse=True)
def now(frozen_now: Any) -> None:
    """The first morning of the festival."""


async def tell(browser: Browser, slug: str, **steps: dict[str, Any]) -> str:
    """Answer questions one after another; gives where the last one led."""
    where = ""
    for step, answers in steps.items():
        answer = await browser.post(f"/e/{slug}/apply/{step}", data=answers)
        assert answer.status_code == 303
        where = answer.headers["location"]
    return where


async def test_a_stranger_applies_and_sends_it_by_the_link(client: Browser) -> None:
    edition = await make_edition()
    await make_row(edition.id, 1)
    base = f"/e/{edition.slug}/apply"
    assert f"{base}" in (await client.get(f"/e/{edition.slug}")).text
    assert (await client.get(base)).status_code == 200
    assert (await client.get(f"{base}/check")).headers["location"] == f"{base}/who"
    end = await tell(client, edition.slug, who=WHO, wish=WISH, goods=GOODS, contact=CONTACT)
    assert end == f"{base}/check"
    assert "Lụa Nha Xá" in (await client.get(end)).text
    assert 'value="Lụa Nha Xá"' in (await client.get(f"{base}/who")).text
    assert (await applications(edition.id)).total == 0
    sent = await client.post(end)
    assert (sent.status_code, "+84912000111" in sent.text) == (200, True)
    (found,) = (await applications(edition.id)).items
    assert (found.state, found.kind, found.contact) == (ApplicationState.DRAFT, "cooperative", "Phạm Thị Lụa")
    (message,) = await OutboxMessage.select()
    link = re.search(r"/sign-in/\S+", message["body_text"])
    assert link is not None
    entered = await client.post(link[0])
    own = f"{base}/mine/{found.id}"
    assert entered.headers["location"] == own
    assert f"{own}/send" in (await client.get(own)).text
    assert (await client.post(f"{own}/send")).headers["location"] == own
    (found,) = (await applications(edition.id)).items
    assert (found.state, found.submitted_at) == (ApplicationState.SUBMITTED, NOW)
    assert found.organisation in (await client.get(base)).text
    # and changes it: the same application, the same organisation
    assert (await client.post(f"{own}/change")).headers["location"] == f"{base}/check"
    assert await tell(client, edition.slug, wish={**WISH, "cells_wanted": "1"}) == f"{base}/check"
    assert (await client.post(f"{base}/check")).headers["location"] == own
    (changed,) = (await applications(edition.id)).items
    assert (changed.id, changed.cells_wanted, changed.note) == (found.id, 1, found.note)
    assert (await client.post(f"{own}/withdraw")).status_code == 303
    assert (await applications(edition.id)).items[0].state == ApplicationState.WITHDRAWN


@pytest.mark.parametrize(
    ("step", "answers", "sentence"),
    [
        ("who", {**WHO, "organisation": ""}, "Please write the name"),
        ("wish", {**WISH, "cells_wanted": "40"}, "12 or less"),
        ("goods", {"category": ""}, "Please fill this in"),
        ("contact", {**CONTACT, "contact": "12"}, "a phone number such as 0912 345 678, or a mail address"),
        ("contact", {**CONTACT, "contact": "lan"}, "a phone number such as 0912 345 678, or a mail address"),
        ("contact", {**CONTACT, "contact": "lan@"}, "This is no mail address"),
    ],
)
async def test_an_answer_that_does_not_fit_is_asked_again(
    client: Browser, step: str, answers: dict[str, str], sentence: str
) -> None:
    edition = await make_edition()
    answer = await client.post(f"/e/{edition.slug}/apply/{step}?lang=en", data=answers)
    assert (answer.status_code, sentence in answer.text) == (422, True)


@pytest.mark.parametrize(
    ("contact", "where"),
    [("0912 000 113", "look among the messages of unknown senders"), ("lan@example.vn", "look among unwanted mail")],
)
async def test_the_page_says_that_the_application_is_a_draft_and_where_to_look(
    client: Browser, contact: str, where: str
) -> None:
    edition = await make_edition()
    await tell(client, edition.slug, who=WHO, wish=WISH, goods=GOODS, contact={**CONTACT, "contact": contact})
    sent = (await client.post(f"/e/{edition.slug}/apply/check?lang=en")).text
    assert sent.count("stays a draft until you press “Send the application” there") == 1
    places = ("look among the messages of unknown senders", "look among unwanted mail")
    assert [place for place in places if place in sent] == [where]
    (message,) = await OutboxMessage.select(OutboxMessage.body_text)
    assert message["body_text"].count("a draft until you open this link and press “Send the application”") == 1


async def test_one_address_is_written_to_five_times_an_hour(client: Browser) -> None:
    edition = await make_edition()
    for number in range(6):
        await tell(client, edition.slug, who=WHO, wish=WISH, goods=GOODS, contact=CONTACT)
        answer = await client.post(f"/e/{edition.slug}/apply/check")
        assert answer.status_code == (200 if number < 5 else 429)
    assert await OutboxMessage.count() == 5


async def test_one_browser_cannot_write_to_everybody(client: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TRIES, Way.ASK, Tries(per_account=5, per_browser=2))
    edition = await make_edition()
    await make_row(edition.id, 1)
    statuses = []
    for number in range(3):
        contact = {**CONTACT, "contact": f"0912 000 11{number}"}
        end = await tell(client, edition.slug, who=WHO, wish=WISH, goods=GOODS, contact=contact)
        statuses.append((await client.post(end)).status_code)
    assert (statuses, await OutboxMessage.count()) == ([200, 200, 429], 2)


async def test_somebody_signed_in_is_not_asked_who_she_is(client: Browser) -> None:
    edition, last = await make_edition(), await make_edition("last")
    _made, organisation = await make_application(last.id, name="Gốm Bát Tràng")
    person = await make_holder(Role.EXHIBITOR_OWNER, edition_id=last.id, organisation_id=organisation.id)
    await sign_in(client, person.id)
    base = f"/e/{edition.slug}/apply"
    assert "Gốm Bát Tràng" in (await client.get(f"{base}/who")).text
    end = await tell(client, edition.slug, who={"organisation_id": organisation.id}, wish=WISH, goods=GOODS)
    assert end == f"{base}/check"
    assert (await client.get(f"{base}/contact")).headers["location"] == end
    assert (await client.post(f"{base}/contact", data={})).status_code == 422
    sent = await client.post(end)
    (found,) = (await applications(edition.id)).items
    assert sent.headers["location"] == f"{base}/mine/{found.id}"
    assert (found.organisation_id, found.state) == (organisation.id, ApplicationState.SUBMITTED)
    assert await OutboxMessage.count() == 0


async def test_nobody_applies_for_anothers_organisation_or_sees_her_application(client: Browser) -> None:
    edition = await make_edition()
    made, organisation = await make_application(edition.id, draft=True)
    _mine, own = await make_application(edition.id)
    person = await make_holder(Role.EXHIBITOR_OWNER, edition_id=edition.id, organisation_id=own.id)
    await sign_in(client, person.id)
    base = f"/e/{edition.slug}/apply"
    assert (await client.get(f"{base}/mine/{made}")).status_code == 404
    for what in ("send", "change", "withdraw"):
        assert (await client.post(f"{base}/mine/{made}/{what}")).status_code == 404
    who = {**WHO, "organisation_id": str(organisation.id)}
    await tell(client, edition.slug, who=who, wish=WISH, goods=GOODS)
    await client.post(f"{base}/check")
    assert len((await applications(edition.id)).items) == 3


async def test_the_way_in_is_shown_while_a_booth_is_free(client: Browser) -> None:
    edition = await make_edition()
    (booth,) = await make_row(edition.id, 1)
    way = f'href="/e/{edition.slug}/apply"'
    assert way in (await client.get(f"/e/{edition.slug}")).text
    _made, organisation = await make_application(edition.id)
    await hold_booth(booth_id=booth, organisation_id=organisation.id, actor=SYSTEM, now=NOW)
    assert way not in (await client.get(f"/e/{edition.slug}")).text


async def test_after_the_fair_nobody_applies(client: Browser) -> None:
    edition = await make_edition()
    base = f"/e/{edition.slug}/apply"
    with clock.freeze(NOW + timedelta(days=4)):
        assert "Applications are closed" in (await client.get(f"{base}?lang=en")).text
        assert (await client.get(f"{base}/who")).headers["location"] == base
        assert (await client.post(f"{base}/who", data=WHO)).headers["location"] == base
    assert (await client.get(f"{base}/what")).status_code == 404
    assert (await client.post(f"{base}/what")).status_code == 404
    tickets_only = await make_edition("tickets-only", parts=["tickets"])
    assert (await client.get(f"/e/{tickets_only.slug}/apply")).status_code == 404


def test_a_draft_fits_into_a_cookie_and_cannot_be_forged() -> None:
    draft = {"organisation": "Hợp tác xã dệt lụa " * 8, "note": "Chúng tôi dệt lụa bằng tay từ bốn đời. " * 25}
    packed = pack_draft(draft, NOW)
    assert len(packed) < 3500
    assert unpack_draft(packed, NOW) == draft
    assert unpack_draft(packed, NOW + KEPT + timedelta(days=1)) == {}
    for wrong in (None, "", "x", packed[:-5], pack_draft(["no"], NOW)):  # type: ignore[arg-type]
        assert unpack_draft(wrong, NOW) == {}


async def test_a_stranger_who_knows_a_phone_number_signs_in_as_herself_alone(database: str) -> None:
    victim = await create_person(full_name="Trần Thu Quỳnh", phone="+84375123894", now=NOW)
    edition = await make_edition()
    await make_row(edition.id, 1)
    draft: Any = {"organisation": "Lụa", "contact_name": "Mallory", "cells_wanted": 1, "category": "Lụa"}
    contact = {"phone": "+84375123894", "email": "mallory@example.com"}
    await apply_by_message(edition_id=edition.id, draft=draft, path="/x", title="Hội chợ", now=NOW, **contact)
    (message,) = await OutboxMessage.select()
    assert message["to_address"] == "mallory@example.com"
    assert message["person_id"] != victim.id
