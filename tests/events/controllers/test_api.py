"""The JSON API."""

from app.accounts.actor import SYSTEM
from app.events.enums import Part, PassKind
from app.events.passes.services import issue_pass
from app.events.passes.states import revoke_pass
from app.events.tables import Pass
from tests.conftest import NOW
from tests.events.controllers.test_public import add_session
from tests.events.factories import make_edition
from tests.support.client import Browser


async def test_editions_and_their_programme_are_read(client: Browser) -> None:
    edition = await make_edition()
    await make_edition("draft", opened=False)
    await add_session(edition, "Khai mạc", 0, 9, "Sân khấu")
    (listed,) = (await client.get("/api/v1/editions")).json()
    assert listed == (await client.get(f"/api/v1/editions/{edition.slug}")).json()
    assert (listed["slug"], listed["starts_on"], listed["state"]) == (edition.slug, "2026-10-16", "open")
    assert listed["parts"] == ["fair", "tickets", "contest", "programme"]
    (session,) = (await client.get(f"/api/v1/editions/{edition.slug}/programme")).json()
    assert (session["title"]["vi"], session["starts_at"]) == ("Khai mạc", "2026-10-16T02:00:00Z")
    missing = await client.get("/api/v1/editions/draft")
    assert (missing.status_code, missing.json()["code"]) == (404, "edition_not_found")


async def test_an_edition_without_a_programme_lists_no_sessions(client: Browser) -> None:
    edition = await make_edition(parts=(Part.FAIR, Part.TICKETS, Part.CONTEST))
    await add_session(edition, "Khai mạc", 0, 9, "Sân khấu")
    answer = await client.get(f"/api/v1/editions/{edition.slug}/programme")
    assert (answer.status_code, answer.json().get("code")) == (404, "edition_not_found")


async def test_a_pass_is_verified_and_nothing_is_said_of_its_holder(client: Browser, frozen_now: object) -> None:
    edition = await make_edition()
    first, last = edition.window
    issued = await issue_pass(
        edition_id=edition.id,
        kind=PassKind.JUDGE,
        holder_name="Nguyễn Thị Hoa",
        valid_from=first,
        valid_until=last,
        now=NOW,
    )
    (key,) = (await client.get(f"/api/v1/editions/{edition.slug}/pass-keys")).json()
    assert len(bytes.fromhex(key["public_key"])) == 32
    answer = (await client.post("/api/v1/passes/verify", json={"code": issued.code.lower()})).json()
    assert answer == {
        "edition_id": edition.id,
        "kind": "judge",
        "valid_from": "2026-10-15T17:00:00Z",
        "valid_until": "2026-10-18T17:00:00Z",
        "valid_now": True,
        "revoked": False,
    }
    await revoke_pass(pass_id=issued.id, reason="", actor=SYSTEM, now=NOW)
    answer = (await client.post("/api/v1/passes/verify", json={"code": issued.code})).json()
    assert (answer["valid_now"], answer["revoked"]) == (False, True)
    await Pass.delete().where(Pass.id == issued.id)
    assert (await client.post("/api/v1/passes/verify", json={"code": issued.code})).json()["revoked"]
    assert "Withdrawn" in (await client.get(f"/P/{issued.code}?lang=en")).text
    wrong = await client.post("/api/v1/passes/verify", json={"code": "ABC"})
    assert (wrong.status_code, wrong.json()["code"]) == (404, "pass_not_genuine")
