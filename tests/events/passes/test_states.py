"""A pass is withdrawn for a reason, blocked and let go again; whoever looks at it is told."""

import json
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.accounts.personal.registry import erase_all
from app.accounts.personal.whom import Whom
from app.events.enums import PassReason, PassState
from app.events.errors import PassIsBlocked, PassNotFound, PassRevoked
from app.events.passes.handing_out import send_new_link
from app.events.passes.queries import pass_by_id
from app.events.passes.reissuing import reissue_passes, replace_leaked_key
from app.events.passes.services import IssuedPass
from app.events.passes.states import block_pass, require_valid, revoke_pass, unblock_pass
from app.events.queries import EditionInfo
from app.events.services.cancelling import cancel_edition
from app.events.services.telling import holders_concerned
from app.events.tables import Pass
from app.kernel.database import fetch
from app.kernel.jobs import JobContext, get_job
from app.kernel.outbox import list_messages
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.events.passes.test_services import issue
from tests.support.client import Browser, sign_in
from tests.support.factories import make_holder, make_person
from tests.support.race import losers, race


@pytest.fixture
async def edition(database: str) -> EditionInfo:
    """An edition."""
    return await make_edition()


@pytest.fixture
async def issued(edition: EditionInfo) -> IssuedPass:
    """A pass of it."""
    return await issue(edition)


async def block(pass_id: int, reason: str = "two of them were seen") -> None:
    """Block a pass."""
    await block_pass(pass_id=pass_id, reason=reason, actor=SYSTEM, now=NOW)


async def unblock(pass_id: int) -> None:
    """Lift the block of a pass."""
    await unblock_pass(pass_id=pass_id, reason="a mistake", actor=SYSTEM, now=NOW)


async def revoke(pass_id: int, code: PassReason = PassReason.LEAKED) -> None:
    """Withdraw a pass."""
    await revoke_pass(pass_id=pass_id, reason="on a photo", reason_code=code, actor=SYSTEM, now=NOW)


async def stands(pass_id: int) -> tuple[str, str]:
    """State of a pass and its reason."""
    (row,) = await fetch('SELECT state, state_reason FROM "pass" WHERE id = {}', pass_id)
    return row["state"], row["state_reason"]


async def logged() -> list[tuple[str, Any, Any]]:
    """(action, before, after) of every entry about passes."""
    rows = await fetch("SELECT action, before, after FROM audit_entry WHERE subject_type = 'pass' ORDER BY id")
    return [(row["action"], json.loads(row["before"]), json.loads(row["after"])) for row in rows]


@pytest.mark.engines
async def test_a_pass_is_blocked_until_somebody_lifts_that(issued: IssuedPass) -> None:
    await block(issued.id)
    await block(issued.id, "again")
    assert await stands(issued.id) == ("blocked", "")
    await unblock(issued.id)
    await unblock(issued.id)
    assert await stands(issued.id) == ("issued", "")
    assert await logged() == [
        ("pass.block", {"state": "issued"}, {"state": "blocked", "reason": "two of them were seen"}),
        ("pass.unblock", {"state": "blocked"}, {"state": "issued", "reason": "a mistake"}),
    ]
    with pytest.raises(PassNotFound):
        await block(issued.id + 1)


@pytest.mark.engines
async def test_a_blocked_pass_is_withdrawn_for_good_and_never_counts_again(issued: IssuedPass) -> None:
    await block(issued.id)
    await revoke(issued.id)
    await revoke(issued.id, PassReason.CANCELLED)
    assert await stands(issued.id) == ("revoked", "leaked")
    for change in (block, unblock):
        with pytest.raises(PassRevoked):
            await change(issued.id)
    assert (await logged())[1:] == [
        (
            "pass.revoke",
            {"state": "blocked"},
            {"state": "revoked", "state_reason": "leaked", "reason": "on a photo"},
        )
    ]


@pytest.mark.engines
async def test_what_stands_ready_with_a_sheet_is_no_pass_yet(issued: IssuedPass) -> None:
    await Pass.update({Pass.state: PassState.LAID.value}).where(Pass.id == issued.id)
    for change in (block, unblock, revoke):
        with pytest.raises(PassNotFound):
            await change(issued.id)
    assert await stands(issued.id) == ("laid", "")


@pytest.mark.race
async def test_of_many_who_block_and_withdraw_at_once_each_change_is_written_once(issued: IssuedPass) -> None:
    changes = (block, revoke, unblock)
    results = await race(30, lambda number: changes[number % 3](issued.id))
    losers(results, PassRevoked)
    assert await stands(issued.id) == ("revoked", "leaked")
    entries = await logged()
    assert [action for action, _before, _after in entries].count("pass.revoke") == 1
    states = [before["state"] for _action, before, _after in entries]
    assert states == ["issued", *(after["state"] for _action, _before, after in entries)][:-1]


@pytest.mark.parametrize(
    ("state", "error"),
    [(PassState.BLOCKED, PassIsBlocked), (PassState.REVOKED, PassRevoked), (PassState.STOCK, PassRevoked)],
)
def test_only_a_pass_that_was_issued_counts(state: PassState, error: type[Exception]) -> None:
    require_valid(PassState.ISSUED)
    with pytest.raises(error):
        require_valid(state)


@pytest.mark.engines
async def test_a_festival_that_is_cancelled_withdraws_what_is_blocked_too_and_tells_its_holder(
    edition: EditionInfo,
) -> None:
    holder = await make_person(name="Đỗ Thị Yến", email="yen@example.com")
    issued = await issue(edition)
    await Pass.update({Pass.holder: holder.id}).where(Pass.id == issued.id)
    await block(issued.id)
    assert await holders_concerned(edition.id) == {holder.id}
    await cancel_edition(edition_id=edition.id, typed=edition.slug, reason="Bão", actor=SYSTEM, now=NOW)
    assert await stands(issued.id) == ("revoked", "cancelled")
    with pytest.raises(PassRevoked):
        await unblock(issued.id)


@pytest.mark.engines
async def test_a_blocked_pass_of_a_leaked_key_is_signed_anew_and_its_holder_told_nothing(
    client: Browser, edition: EditionInfo, issued: IssuedPass
) -> None:
    holder = await make_person(name="Đỗ Thị Yến", email="yen@example.com")
    await Pass.update({Pass.holder: holder.id}).where(Pass.id == issued.id)
    await block(issued.id)
    (key,) = await fetch('SELECT key_id FROM "pass"')
    row = await get_job(await replace_leaked_key(key_id=key["key_id"], actor=SYSTEM, now=NOW))
    assert row is not None
    assert await reissue_passes(JobContext(row, "w")) == {"passes": 1}
    assert (await pass_by_id(issued.id)).code != issued.code
    assert await list_messages(edition_id=edition.id) == ([], 0)


@pytest.mark.engines
async def test_a_note_on_a_pass_goes_with_the_name_of_its_holder(client: Browser, issued: IssuedPass) -> None:
    await Pass.update({Pass.note: "comes in a wheelchair"}).where(Pass.id == issued.id)
    await erase_all(Whom(pass_ids=(issued.id,)), NOW, only=("passes",))
    assert await fetch('SELECT holder_name, note, state FROM "pass"') == [
        {"holder_name": "", "note": "", "state": "issued"}
    ]


async def test_the_desk_blocks_a_pass_says_why_and_lets_it_go(client: Browser) -> None:
    edition = await make_edition()
    issued = await issue(edition)
    holder = await make_holder(Role.GATE_LEAD, edition_id=edition.id)
    await sign_in(client, holder.id)
    own = f"/manage/{edition.id}/passes/{issued.id}"
    refused = await client.post(f"{own}/block?lang=en", data={"reason": ""})
    assert (refused.status_code, await stands(issued.id)) == (422, ("issued", ""))
    assert 'id="field-reason-block-error"' in refused.text
    assert (await client.post(f"{own}/block", data={"reason": "Two were seen"})).status_code == 303
    shown = (await client.get(f"{own}?lang=en")).text
    for words in ("opens no gate until the block is lifted", "Two were seen", holder.full_name, "Lift the block"):
        assert words in shown
    assert f"{own}/block" not in shown
    listed = (await client.get(f"/manage/{edition.id}/passes?state=blocked&lang=en")).text
    assert f'href="{own}"' in listed
    with pytest.raises(PassIsBlocked):
        await send_new_link(edition_id=edition.id, pass_id=issued.id, actor=SYSTEM, now=NOW)
    assert (await client.post(f"{own}/unblock", data={"reason": "It was her sister"})).status_code == 303
    shown = (await client.get(f"{own}?lang=en")).text
    assert f"{own}/block" in shown
    assert (await client.post(f"{own}/revoke", data={"reason_code": "king"})).status_code == 422
    assert (await client.post(f"{own}/revoke", data={"reason_code": "leaked"})).status_code == 303
    assert await stands(issued.id) == ("revoked", "leaked")
    assert "Its code got about" in (await client.get(f"{own}?lang=en")).text
    assert (await client.post(f"{own}/block", data={"reason": "x"})).status_code == 410


async def test_its_holder_and_everybody_who_reads_its_code_see_that_it_is_blocked(client: Browser) -> None:
    edition = await make_edition()
    issued = await issue(edition)
    await block(issued.id, "Two were seen")
    shown = (await client.get(f"{issued.path}?lang=en")).text
    assert "This pass is blocked." in shown
    assert "Two were seen" not in shown
    assert issued.short_code[:4] not in shown
    assert (await client.get(f"{issued.path}.png")).status_code == 409
    assert "Blocked" in (await client.get(f"/P/{issued.code}?lang=en")).text
    told = (await client.post("/api/v1/passes/verify", json={"code": issued.code})).json()
    assert (told["revoked"], told["valid_now"]) == (False, False)
    await unblock(issued.id)
    assert issued.short_code[:4] in (await client.get(f"{issued.path}?lang=en")).text
