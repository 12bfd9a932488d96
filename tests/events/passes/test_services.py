"""Passes are issued with dense serials, found again, and withdrawn."""

from datetime import timedelta

import pytest

from app.accounts.actor import SYSTEM
from app.events.enums import PassKind, PassState
from app.events.errors import PassCodeNotValid, PassNotFound
from app.events.passes import services
from app.events.passes.codec import verify_code
from app.events.passes.queries import genuine, pass_by_id, pass_by_secret, pass_by_typed, pass_public_keys, state_of
from app.events.passes.services import (
    IssuedPass,
    PassRequest,
    issue_pass,
    issue_passes_bulk,
    renew_pass_secret,
    secret_of,
)
from app.events.passes.states import revoke_pass
from app.events.queries import EditionInfo
from app.events.tables import Pass, PassCounter
from app.events.typed_codes import show_code
from app.kernel.database import write_transaction
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.race import drop_index, meet_after, race, unguarded, winners


async def issue(edition: EditionInfo, name: str = "Nguyễn Thị Hoa") -> IssuedPass:
    """One visitor's pass for all days."""
    first, last = edition.window
    return await issue_pass(
        edition_id=edition.id,
        kind=PassKind.VISITOR,
        holder_name=name,
        label="Vé thường",
        valid_from=first,
        valid_until=last,
        now=NOW,
    )


@pytest.mark.engines
async def test_an_issued_pass_verifies_without_the_database_and_is_found_by_all_its_names(database: str) -> None:
    edition = await make_edition()
    issued = await issue(edition)
    assert issued.serial == 1
    payload = verify_code(issued.code, await pass_public_keys(edition.id))
    assert (payload.edition_id, payload.serial, payload.kind) == (edition.id, 1, PassKind.VISITOR)
    assert (payload.valid_from, payload.valid_until) == edition.window
    by_secret = await pass_by_secret(issued.secret)
    assert by_secret.holder_name == "Nguyễn Thị Hoa"
    assert secret_of(by_secret.secret_seed) == issued.secret
    for typed in (issued.code, f"http://x/p/{issued.code.lower()}", show_code(issued.short_code).lower()):
        assert (await pass_by_typed(typed, edition.id)).id == issued.id
    with pytest.raises(PassNotFound):
        await pass_by_typed(issued.code, edition.id + 1)
    with pytest.raises(PassNotFound):
        await pass_by_id(issued.id, edition.id + 1)


async def test_a_link_is_stored_only_as_hash_and_seed(database: str) -> None:
    issued = await issue(await make_edition())
    row = (await Pass.select())[0]
    assert all(issued.secret not in str(value) for value in row.values())


async def test_a_renewed_link_makes_the_old_one_worthless(database: str) -> None:
    issued = await issue(await make_edition())
    secret = await renew_pass_secret(pass_id=issued.id, actor=SYSTEM, now=NOW)
    assert (await pass_by_secret(secret)).id == issued.id
    with pytest.raises(PassNotFound):
        await pass_by_secret(issued.secret)
    with pytest.raises(PassNotFound):
        await renew_pass_secret(pass_id=issued.id + 1, actor=SYSTEM, now=NOW)


async def test_a_pass_is_withdrawn_once(database: str) -> None:
    issued = await issue(await make_edition())
    await revoke_pass(pass_id=issued.id, reason="lost", actor=SYSTEM, now=NOW)
    await revoke_pass(pass_id=issued.id, reason="again", actor=SYSTEM, now=NOW + timedelta(hours=1))
    row = (await Pass.select())[0]
    assert (row["state"], row["revoked_reason"], row["revoked_at"]) == ("revoked", "lost", NOW)
    assert await state_of(await genuine(issued.code)) == PassState.REVOKED
    with pytest.raises(PassNotFound):
        await revoke_pass(pass_id=issued.id + 1, reason="", actor=SYSTEM, now=NOW)


async def test_another_editions_key_makes_no_pass_of_this_one(database: str) -> None:
    here, there = await make_edition("here"), await make_edition("there")
    issued = await issue(there)
    assert (await genuine(issued.code)).edition_id == there.id
    assert set(await pass_public_keys(here.id)) & set(await pass_public_keys(there.id)) == set()
    with pytest.raises(PassCodeNotValid):
        await genuine(issued.code[:-9] + "AAAAAAAAA")


async def test_two_thousand_passes_at_once_have_dense_serials_and_codes_of_their_own(database: str) -> None:
    edition = await make_edition()
    first, last = edition.window
    wanted = [
        PassRequest(kind=PassKind.VISITOR, valid_from=first, valid_until=last, holder_name=f"Khách {number}")
        for number in range(2000)
    ]
    issued = await issue_passes_bulk(edition_id=edition.id, requests=wanted, now=NOW)
    assert [one.serial for one in issued] == list(range(1, 2001))
    assert len({one.short_code for one in issued}) == 2000
    rows = {row["id"]: row["holder_name"] for row in await Pass.select(Pass.id, Pass.holder_name)}
    assert rows[issued[1234].id] == "Khách 1234"
    assert await issue_passes_bulk(edition_id=edition.id, requests=[], now=NOW) == []


async def test_a_serial_that_was_rolled_back_is_given_out_again(database: str) -> None:
    edition = await make_edition()

    async def issue_and_fail() -> None:
        async with write_transaction():
            await issue(edition)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await issue_and_fail()
    assert (await issue(edition)).serial == 1


@pytest.mark.race
async def test_serials_are_dense_when_many_issue_at_once(database: str) -> None:
    edition = await make_edition()
    results = await race(40, lambda number: issue(edition, f"Khách {number}"))
    assert sorted(one.serial for one in winners(results)) == list(range(1, 41))


@pytest.mark.race
async def test_without_the_counters_one_statement_a_serial_is_given_out_twice(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = await make_edition()
    await issue(edition)
    await drop_index("pass_serial_is_one")
    unguarded(monkeypatch, services)

    class Reading:
        @staticmethod
        async def issued(edition_id: int) -> int:
            return int((await PassCounter.select().where(PassCounter.edition == edition_id))[0]["issued"])

    meet_after(monkeypatch, Reading, "issued", parties=2)

    async def read_then_write(edition_id: int, count: int) -> int:
        before = await Reading.issued(edition_id)
        await PassCounter.update({PassCounter.issued: before + count}).where(PassCounter.edition == edition_id)
        return before + 1

    monkeypatch.setattr(services, "take_serials", read_then_write)
    results = await race(2, lambda number: issue(edition, f"Khách {number}"))
    assert [one.serial for one in winners(results)] == [2, 2]
