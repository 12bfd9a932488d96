"""A signing key that leaked: its passes are issued again, once each, and what it signed opens nothing."""

from typing import Any

import httpx
import pytest

from app.accounts.actor import SYSTEM
from app.events.enums import PassKind, PassState
from app.events.errors import PassCodeNotValid
from app.events.passes import reissuing
from app.events.passes.codec import code_in, decode_code
from app.events.passes.queries import genuine
from app.events.passes.reissuing import JOB, reissue_passes, replace_leaked_key
from app.events.passes.services import issue_pass
from app.events.passes.states import revoke_pass
from app.events.queries import EditionInfo
from app.events.tables import Pass
from app.kernel.database import fetch
from app.kernel.jobs import JobContext, get_job
from app.kernel.signing import KeyLeakedBefore, KeyUnknown, active_key, ensure_key, list_keys
from app.kernel.tables import OutboxMessage
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.factories import make_person
from tests.support.factories_ticketing import make_order, make_ticket_type

pytestmark = pytest.mark.engines


async def issue(edition: EditionInfo, **more: Any) -> int:
    window = edition.window_of(edition.starts_on, edition.ends_on)
    issued = await issue_pass(
        edition_id=edition.id,
        kind=PassKind.GUEST,
        holder_name="Đỗ Thị Yến",
        valid_from=window[0],
        valid_until=window[1],
        now=NOW,
        **more,
    )
    return issued.id


async def passes() -> dict[int, dict[str, Any]]:
    return {row["id"]: row for row in await Pass.select().order_by(Pass.id)}


async def run(job_id: int, *, stop: bool = False) -> dict[str, Any] | None:
    row = await get_job(job_id)
    assert row is not None
    job = JobContext(row, "w")
    job.stopping = stop
    return await reissue_passes(job)


async def test_every_pass_of_the_key_gets_a_new_code_once(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reissuing, "CHUNK", 2)
    edition, other = await make_edition(slug="one"), await make_edition(slug="two")
    holder = await make_person(name="Đỗ Thị Yến", email="yen@example.com")
    held = await issue(edition, holder_id=holder.id)
    nobody = await issue(edition)
    withdrawn = await issue(edition)
    await revoke_pass(pass_id=withdrawn, reason="lost", actor=SYSTEM, now=NOW)
    elsewhere = await issue(other)
    before = await passes()
    leaked = before[held]["key_id"]

    job_id = await replace_leaked_key(key_id=leaked, actor=SYSTEM, now=NOW)
    for pass_id in (held, nobody, withdrawn):
        with pytest.raises(PassCodeNotValid):
            await genuine(before[pass_id]["code"])
    assert await run(job_id, stop=True) == {"passes": 0}
    assert await run(job_id) == {"passes": 2}
    after = await passes()
    new_key = (await active_key(f"passes-{edition.id}")).key_id
    assert {key_id: (row["key_id"], row["code"] != before[key_id]["code"]) for key_id, row in after.items()} == {
        held: (new_key, True),
        nobody: (new_key, True),
        withdrawn: (leaked, False),
        elsewhere: (before[elsewhere]["key_id"], False),
    }
    for pass_id in (held, nobody):
        assert decode_code(code_in(after[pass_id]["code"]))[0] == await genuine(after[pass_id]["code"])
        unchanged = ("serial", "short_code", "secret_hash", "valid_from", "valid_until", "state", "holder_name")
        assert [after[pass_id][name] for name in unchanged] == [before[pass_id][name] for name in unchanged]
    assert (await genuine(after[elsewhere]["code"])).edition_id == other.id
    assert after[withdrawn]["state"] == PassState.REVOKED

    assert await run(job_id) == {"passes": 0}
    (message,) = await OutboxMessage.select()
    assert (message["to_address"], message["locale"], message["secret"]) == ("yen@example.com", "vi", True)
    assert message["subject"].startswith("Thẻ của bạn có mã mới: ")


async def test_the_buyer_of_a_ticket_is_told_by_the_contact_of_the_order(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    ticket_type = await make_ticket_type(edition.id, now=NOW)
    await make_order(edition.id, {ticket_type: 1}, now=NOW, phone=None, email="mua@example.com")
    (row,) = (await passes()).values()
    await fetch("DELETE FROM outbox_message")
    await run(await replace_leaked_key(key_id=row["key_id"], actor=SYSTEM, now=NOW))
    assert [message["to_address"] for message in await OutboxMessage.select()] == ["mua@example.com"]


async def test_a_key_leaks_once_and_only_one_of_passes(database: str) -> None:
    edition = await make_edition()
    key_id = (await ensure_key(f"passes-{edition.id}", NOW)).key_id
    await replace_leaked_key(key_id=key_id, actor=SYSTEM, now=NOW)
    assert [(key.key_id, key.state) for key in await list_keys()] == [(key_id, "leaked"), (key_id + 1, "signs")]
    results = (await ensure_key("results", NOW)).key_id
    for wrong, refusal in ((key_id, KeyLeakedBefore), (results, KeyUnknown), (999, KeyUnknown)):
        with pytest.raises(refusal):
            await replace_leaked_key(key_id=wrong, actor=SYSTEM, now=NOW)
    assert [key.state for key in await list_keys()] == ["leaked", "signs", "signs"]
    jobs = await fetch("SELECT kind FROM job WHERE kind = {}", JOB)
    assert len(jobs) == 1
