"""What people type into the search of a list is found in every usual form."""

from __future__ import annotations

from datetime import datetime

import httpx
import pytest

from app.accounts.tables import Organisation, Person
from app.kernel.enums import ChannelKind
from app.kernel.names import search_text
from app.kernel.outbox import send_message
from booths.catalogue.tables import Lead
from tests.support.festival import Festival, make_festival
from tests.test_lists import signed_in

PHONE = "+84938111222"
MANAGE = "/manage/{edition_id}"
LISTS = (
    f"{MANAGE}/applications",
    f"{MANAGE}/audit",
    f"{MANAGE}/contest/judges",
    f"{MANAGE}/devices",
    f"{MANAGE}/orders",
    f"{MANAGE}/organisations",
    f"{MANAGE}/outbox",
    f"{MANAGE}/people",
    f"{MANAGE}/people?role=expert",
    "/exhibitor/{organisation_id}/{edition_id}/leads",
)
"""Lists that show how people are reached, or look for them by it."""
OF_NAMES = tuple(
    f"{MANAGE}/{path}" for path in ("applications", "devices", "organisations", "people", "people?role=expert")
)
"""Lists that look for people and organisations by their names."""


async def everybody_has_it(festival: Festival, now: datetime) -> None:
    """Let the number be known of everybody and everything; it is one person's own, and her judge's card shows it."""
    for person in await Person.objects():
        await Person.update(
            {Person.search_text: search_text(person.full_name, PHONE), Person.is_expert: True}, force=True
        ).where(Person.id == person.id)
    await Person.update({Person.phone: PHONE}).where(Person.id == festival.people["judge"].person_id)
    await Organisation.update({Organisation.search_text: search_text("Lụa", PHONE)}, force=True)
    await Lead.update({Lead.phone: PHONE}, force=True)
    await send_message(
        to=PHONE,
        channel=ChannelKind.SMS,
        subject="Vé",
        body="Chào",
        locale="vi",
        edition_id=festival.edition.id,
        now=now,
    )


@pytest.mark.parametrize(
    ("typed", "empty"),
    [("0938 111 222", 0), ("0938111222", 0), (PHONE, 0), ("+84 938 111 222", 0), ("938111222", 0), ("0938 111 223", 1)],
)
async def test_a_phone_number_is_found_however_it_is_written(
    client: httpx.AsyncClient, frozen_now: datetime, typed: str, empty: int
) -> None:
    festival = await make_festival(frozen_now)
    await everybody_has_it(festival, frozen_now)
    found: dict[str, int] = {}
    for path in LISTS:
        who = "exhibitor_owner" if path.startswith("/exhibitor") else "owner"
        async with await signed_in(festival, who) as browser:
            answer = await browser.get(path.format(**festival.ids), params={"q": typed})
            found[path] = answer.text.count('class="empty"')
    assert found == dict.fromkeys(LISTS, empty)


@pytest.mark.parametrize("mark", ["%", "_", "\\", "!"])
async def test_a_sign_that_databases_read_stands_for_itself(
    client: httpx.AsyncClient, frozen_now: datetime, mark: str
) -> None:
    festival = await make_festival(frozen_now)
    await Person.update({Person.is_expert: True}, force=True)
    empty: list[dict[str, int]] = []
    for name in ("Lụa", f"Lụa {mark} Gấm"):
        await Person.update({Person.search_text: search_text(name)}, force=True)
        await Organisation.update({Organisation.search_text: search_text(name)}, force=True)
        found: dict[str, int] = {}
        async with await signed_in(festival, "owner") as browser:
            for path in OF_NAMES:
                answer = await browser.get(path.format(**festival.ids), params={"q": mark})
                found[path] = answer.text.count('class="empty"')
        empty.append(found)
    assert empty == [dict.fromkeys(OF_NAMES, 1), dict.fromkeys(OF_NAMES, 0)]
