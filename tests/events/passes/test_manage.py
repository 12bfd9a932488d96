"""Passes that organisers hand out."""

import re
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from app.accounts.enums import Role
from app.events.enums import PassKind, PassState
from app.events.passes.queries import pass_by_secret, passes_of_edition
from app.kernel.outbox import list_messages
from tests.events.factories import make_edition
from tests.support.client import Browser, new_browser, sign_in
from tests.support.factories import make_holder, make_owner

SPEAKER: dict[str, Any] = {
    "kind": "speaker",
    "holder_name": "Đỗ Thị Thúy",
    "label": "Diễn giả",
    "phone": "912 345 678",
    "email": "",
    "locale": "vi",
    "first_day": "2026-10-17",
    "last_day": "2026-10-17",
}


@pytest.fixture
async def organiser(client: Browser) -> Browser:
    """A browser in which an owner of every edition is signed in."""
    await sign_in(client, (await make_owner()).id)
    return client


async def sent_links(edition_id: int) -> list[str]:
    """Secrets in the messages of an edition, the latest first."""
    messages, _total = await list_messages(edition_id=edition_id)
    return [message["body_text"].split("/pass/")[1].split()[0] for message in messages]


async def test_a_speaker_gets_a_pass_by_message_a_new_link_and_loses_it(organiser: Browser) -> None:
    edition = await make_edition()
    base = f"/manage/{edition.id}/passes"
    assert "No pass yet" in (await organiser.get(f"{base}?lang=en")).text
    assert 'value="2026-10-16"' in (await organiser.get(f"{base}/new")).text
    made = await organiser.post(f"{base}/new", data=SPEAKER)
    own = made.headers["location"]
    (first,) = await sent_links(edition.id)
    found = await pass_by_secret(first)
    assert (found.kind, found.label, own) == (PassKind.SPEAKER, "Diễn giả", f"{base}/{found.id}")
    assert found.valid_from.isoformat() == "2026-10-16T17:00:00+00:00"
    assert found.valid_until.isoformat() == "2026-10-17T17:00:00+00:00"
    listed = (await organiser.get(f"{base}?q=do+thi+thuy&kind=speaker&state=issued&lang=vi")).text
    assert "Đỗ Thị Thúy" in listed
    short = f"{found.short_code[:4]}-{found.short_code[4:]}"
    assert "Đỗ Thị Thúy" in (await organiser.get(f"{base}?q={short}")).text
    assert "No pass fits" in (await organiser.get(f"{base}?kind=judge&lang=en")).text
    assert short in (await organiser.get(own)).text
    for sign in ("%25", "_"):
        assert "No pass fits" in (await organiser.get(f"{base}?q={sign}&lang=en")).text
    sheet = await organiser.get(f"{base}/export.xlsx?kind=speaker&lang=en")
    header, line = load_workbook(BytesIO(sheet.content)).active.values
    told = dict(zip(header, line, strict=True))
    assert told["Short code"] == short
    days = [told[name].isoformat() for name in ("First day", "Last day")]
    assert days == ["2026-10-17T00:00:00"] * 2
    assert (await organiser.post(f"{own}/send")).status_code == 303
    second, _first = await sent_links(edition.id)
    assert (await new_browser().get(f"/pass/{first}")).status_code == 404
    assert (await new_browser().get(f"/pass/{second}")).status_code == 200
    assert (await organiser.post(f"{own}/revoke", data={"reason": "không đến được"})).status_code == 303
    assert (await pass_by_secret(second)).state == PassState.REVOKED
    assert "opens no gate" in (await organiser.get(f"{own}?lang=en")).text
    assert (await organiser.post(f"{own}/send")).status_code == 410


async def test_a_pass_without_an_address_is_printed(organiser: Browser) -> None:
    edition = await make_edition()
    made = await organiser.post(f"/manage/{edition.id}/passes/new", data={**SPEAKER, "phone": "", "label": ""})
    own = made.headers["location"]
    assert await sent_links(edition.id) == []
    shown = (await organiser.get(own)).text
    assert "Send a new link" not in shown
    assert (await organiser.post(f"{own}/send")).status_code == 409
    ((found,), total) = (lambda page: (page.items, page.total))(await passes_of_edition(edition.id))
    assert (found.label, total) == ("Speaker", 1)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"phone": "12"}, "This is no phone number"),
        ({"email": "lan"}, "This is no mail address"),
        ({"last_day": "2026-10-16"}, "The end comes before the beginning"),
        ({"holder_name": ""}, "Please fill this in"),
        ({"kind": "king"}, "Please choose one of the list"),
    ],
)
async def test_what_does_not_fit_comes_back(organiser: Browser, changes: dict[str, Any], sentence: str) -> None:
    edition = await make_edition()
    answer = await organiser.post(f"/manage/{edition.id}/passes/new?lang=en", data={**SPEAKER, **changes})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert (await passes_of_edition(edition.id)).total == 0


async def test_all_that_does_not_fit_is_said_at_once(organiser: Browser) -> None:
    edition = await make_edition()
    wrong = {**SPEAKER, "holder_name": "", "phone": "12", "email": "lan"}
    answer = await organiser.post(f"/manage/{edition.id}/passes/new", data=wrong)
    assert re.findall(r'id="field-(\w+)-error"', answer.text) == ["holder_name", "phone", "email"]


async def test_a_pass_of_another_edition_is_not_there(client: Browser) -> None:
    mine, other = await make_edition("mine"), await make_edition("other")
    await sign_in(client, (await make_holder(Role.GATE_LEAD, edition_id=mine.id)).id)
    made = await client.post(f"/manage/{mine.id}/passes/new", data=SPEAKER)
    number = made.headers["location"].rsplit("/", 1)[1]
    assert (await client.get(f"/manage/{other.id}/passes/{number}")).status_code == 403
    await sign_in(client, (await make_owner()).id)
    assert (await client.get(f"/manage/{other.id}/passes/{number}")).status_code == 404
    assert (await client.post(f"/manage/{other.id}/passes/{number}/revoke")).status_code == 404


@pytest.mark.slow
async def test_a_pass_is_set_on_paper(organiser: Browser) -> None:
    edition = await make_edition()
    made = await organiser.post(f"/manage/{edition.id}/passes/new", data=SPEAKER)
    assert (await organiser.get(made.headers["location"] + "/print.pdf")).content[:5] == b"%PDF-"
