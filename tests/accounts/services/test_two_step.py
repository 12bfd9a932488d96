"""The second step: set up, codes that count once, recovery codes, taking it off."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest

from app.accounts.actor import SYSTEM, Actor
from app.accounts.enums import Role
from app.accounts.errors import SecondCodeWrong, TwoStepLocked, TwoStepNotBegun, TwoStepOn
from app.accounts.limits import TRIES, Way
from app.accounts.queries import actor_of_person
from app.accounts.services import two_step
from app.accounts.services.people import grant_role
from app.accounts.services.sign_in import set_password, start_session
from app.accounts.tables import HalfSignIn, Person, RecoveryCode, Session, TwoStep
from app.kernel import clock, sealing
from app.kernel.errors import NotAllowed, NotFound, TooManyTries
from app.kernel.settings import Settings
from app.kernel.tables import AuditEntry
from tests.conftest import NOW
from tests.support.factories import make_holder, make_owner, make_person
from tests.support.race import ask_first, losers, race, unguarded, winners
from tests.support.two_step import code_at, set_up

STEP = timedelta(seconds=30)
QUARTER = timedelta(minutes=15)
RFC_SECRET = (
    "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # appendix B of RFC 6238, SHA-1; codes are the last six of its eight digits
)


async def test_setting_up_takes_a_first_code(database: str) -> None:
    person = await make_owner()
    await two_step.begin_two_step(person_id=person.id, now=NOW)
    secret = await two_step.secret_to_confirm(person.id)
    assert secret is not None
    with pytest.raises(SecondCodeWrong):
        await two_step.confirm_two_step(person_id=person.id, code="000000", actor=SYSTEM, now=NOW)
    assert not await two_step.has_two_step(person.id)
    codes = await two_step.confirm_two_step(
        person_id=person.id, code=code_at(secret, NOW), actor=await actor_of_person(person.id), now=NOW
    )
    assert await two_step.has_two_step(person.id)
    assert await two_step.secret_to_confirm(person.id) is None
    assert (len(set(codes)), await two_step.recovery_codes_left(person.id)) == (10, 10)
    assert [len(code) for code in codes] == [14] * 10
    with pytest.raises(TwoStepNotBegun):
        await two_step.confirm_two_step(person_id=person.id, code=code_at(secret, NOW), actor=SYSTEM, now=NOW)
    with pytest.raises(TwoStepOn):
        await two_step.begin_two_step(person_id=person.id, now=NOW)


async def test_beginning_again_makes_another_secret(database: str) -> None:
    person = await make_owner()
    found = []
    for _time in range(2):
        await two_step.begin_two_step(person_id=person.id, now=NOW)
        found.append(await two_step.secret_to_confirm(person.id))
    assert found[0] != found[1]


async def test_all_that_began_without_it_ends(database: str) -> None:
    person, other = await make_owner(), await make_owner()
    for one in (person, other):
        await start_session(person_id=one.id, browser="a", old_token=None, now=NOW)
    await set_up(person.id, now=NOW)
    assert [row["person"] for row in await Session.select(Session.person)] == [other.id]


async def test_nothing_stands_in_the_database_in_words(database: str) -> None:
    person = await make_owner()
    secret, codes = await set_up(person.id, now=NOW)
    stored = str([await TwoStep.select(), await RecoveryCode.select(), await AuditEntry.select()])
    assert [word for word in (secret, *codes, *(code.replace("-", "") for code in codes)) if word in stored] == []


async def test_a_secret_is_bound_to_its_person(database: str) -> None:
    person, other = await make_owner(), await make_owner()
    secret, _codes = await set_up(person.id, now=NOW)
    await set_up(other.id, now=NOW)
    row = await TwoStep.select().where(TwoStep.person == person.id).first()
    assert row is not None
    await TwoStep.update({TwoStep.secret_sealed: row["secret_sealed"]}).where(TwoStep.person == other.id)
    with pytest.raises(TwoStepLocked):
        await two_step.check_second_step(person_id=other.id, code=code_at(secret, NOW + STEP), now=NOW + STEP)


async def test_under_another_key_recovery_codes_still_work(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "settings", lambda: Settings(key_encryption_key="x" * 32))
    person = await make_owner()
    secret, codes = await set_up(person.id, now=NOW)
    monkeypatch.setattr(sealing, "settings", lambda: Settings(key_encryption_key="y" * 32))
    with pytest.raises(TwoStepLocked):
        await two_step.check_second_step(person_id=person.id, code=code_at(secret, NOW + STEP), now=NOW + STEP)
    await two_step.check_second_step(person_id=person.id, code=codes[0], now=NOW)


@pytest.mark.parametrize(("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
async def test_one_step_to_each_side_is_tolerated(database: str, steps: int, good: bool) -> None:
    person = await make_owner()
    secret, _codes = await set_up(person.id, now=NOW)
    later = NOW + 10 * STEP
    check = two_step.check_second_step(person_id=person.id, code=code_at(secret, later + steps * STEP), now=later)
    if good:
        await check
    else:
        with pytest.raises(SecondCodeWrong):
            await check


def test_codes_are_those_of_the_standard() -> None:
    found = [pyotp.TOTP(RFC_SECRET).at(second) for second in (59, 1111111109, 1234567890, 20000000000)]
    assert found == ["287082", "081804", "005924", "353130"]


def test_the_address_is_what_apps_read() -> None:
    address = two_step.address_of(RFC_SECRET, "hoa@example.vn")
    assert address == f"otpauth://totp/Fairground:hoa%40example.vn?secret={RFC_SECRET}&issuer=Fairground"


async def test_phones_do_not_know_the_demos_clock(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    person = await make_owner()
    secret, _codes = await set_up(person.id, now=NOW)
    monkeypatch.setattr(clock, "settings", lambda: Settings(clock_offset_seconds=-86400))
    tomorrow = NOW + timedelta(days=1)
    await two_step.check_second_step(person_id=person.id, code=code_at(secret, tomorrow), now=NOW)


async def test_a_code_counts_once_and_no_earlier_one_after_it(database: str) -> None:
    person = await make_owner()
    secret, _codes = await set_up(person.id, now=NOW)
    later = NOW + 10 * STEP
    await two_step.check_second_step(person_id=person.id, code=code_at(secret, later), now=later)
    for at in (later, later - STEP):
        with pytest.raises(SecondCodeWrong):
            await two_step.check_second_step(person_id=person.id, code=code_at(secret, at), now=later)
    await two_step.check_second_step(person_id=person.id, code=code_at(secret, later + STEP), now=later)


async def test_the_code_of_the_set_up_does_not_sign_in(database: str) -> None:
    person = await make_owner()
    secret, _codes = await set_up(person.id, now=NOW)
    with pytest.raises(SecondCodeWrong):
        await two_step.check_second_step(person_id=person.id, code=code_at(secret, NOW), now=NOW)


@pytest.mark.race
async def test_of_many_with_one_code_one_gets_in(database: str) -> None:
    person = await make_owner()
    secret, _codes = await set_up(person.id, now=NOW)
    later = NOW + 10 * STEP
    tries = TRIES[Way.TWO_STEP].per_account
    code = code_at(secret, later)
    results = await race(tries, lambda _number: two_step.check_second_step(person_id=person.id, code=code, now=later))
    assert len(winners(results)) == 1
    assert len(losers(results, SecondCodeWrong)) == tries - 1


@pytest.mark.race
async def test_without_its_condition_one_code_lets_two_in(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    person = await make_owner()
    secret, _codes = await set_up(person.id, now=NOW)
    later = NOW + 10 * STEP
    code = code_at(secret, later)
    unguarded(monkeypatch, two_step)
    ask_first(monkeypatch, TwoStep, parties=2)
    results = await race(2, lambda _number: two_step.check_second_step(person_id=person.id, code=code, now=later))
    assert len(winners(results)) == 2


@pytest.mark.race
async def test_a_recovery_code_counts_once(database: str) -> None:
    person = await make_owner()
    _secret, codes = await set_up(person.id, now=NOW)
    results = await race(5, lambda _number: two_step.check_second_step(person_id=person.id, code=codes[3], now=NOW))
    assert (len(winners(results)), len(losers(results, SecondCodeWrong))) == (1, 4)
    assert await two_step.recovery_codes_left(person.id) == 9
    await two_step.check_second_step(person_id=person.id, code=f" {codes[4].lower()} ", now=NOW + QUARTER)


@pytest.mark.race
async def test_without_its_condition_a_recovery_code_counts_twice(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await make_owner()
    _secret, codes = await set_up(person.id, now=NOW)
    unguarded(monkeypatch, two_step)
    ask_first(monkeypatch, RecoveryCode, parties=2)
    results = await race(2, lambda _number: two_step.check_second_step(person_id=person.id, code=codes[3], now=NOW))
    assert len(winners(results)) == 2


@pytest.mark.race
async def test_of_two_who_confirm_at_once_one_gets_recovery_codes(database: str) -> None:
    person = await make_owner()
    await two_step.begin_two_step(person_id=person.id, now=NOW)
    secret = await two_step.secret_to_confirm(person.id) or ""
    results = await race(
        8,
        lambda _number: two_step.confirm_two_step(
            person_id=person.id, code=code_at(secret, NOW), actor=SYSTEM, now=NOW
        ),
    )
    assert len(winners(results)) == 1
    assert len(losers(results, TwoStepNotBegun)) == 7
    assert await RecoveryCode.count() == 10


async def test_somebody_elses_recovery_code_is_wrong(database: str) -> None:
    person, other = await make_owner(), await make_owner()
    await set_up(person.id, now=NOW)
    _secret, codes = await set_up(other.id, now=NOW)
    with pytest.raises(SecondCodeWrong):
        await two_step.check_second_step(person_id=person.id, code=codes[0], now=NOW)


async def test_codes_cannot_be_guessed_one_after_the_other(database: str) -> None:
    person = await make_owner()
    secret, codes = await set_up(person.id, now=NOW)
    for number in range(TRIES[Way.TWO_STEP].per_account):
        with pytest.raises(SecondCodeWrong):
            await two_step.check_second_step(person_id=person.id, code=f"AAAA-{number}", now=NOW)
    for code in (code_at(secret, NOW + STEP), codes[0]):
        with pytest.raises(TooManyTries):
            await two_step.check_second_step(person_id=person.id, code=code, now=NOW)
    later = NOW + QUARTER
    await two_step.check_second_step(person_id=person.id, code=code_at(secret, later), now=later)


async def test_turning_it_off_wants_a_code(database: str) -> None:
    person = await make_owner()
    secret, codes = await set_up(person.id, now=NOW)
    actor = await actor_of_person(person.id)
    with pytest.raises(SecondCodeWrong):
        await two_step.turn_off_two_step(person_id=person.id, code="123", actor=actor, now=NOW)
    assert await two_step.has_two_step(person.id)
    await two_step.turn_off_two_step(person_id=person.id, code=code_at(secret, NOW + STEP), actor=actor, now=NOW)
    assert (await TwoStep.count(), await RecoveryCode.count()) == (0, 0)
    _secret, codes = await set_up(person.id, now=NOW)
    await two_step.turn_off_two_step(person_id=person.id, code=codes[0], actor=actor, now=NOW)
    assert not await two_step.has_two_step(person.id)
    told = [row["action"] for row in await AuditEntry.select().order_by(AuditEntry.id)]
    assert told[-4:] == ["two_step.set_up", "two_step.turn_off"] * 2


async def take_off(person: Person, actor: Actor) -> None:
    await two_step.take_off_two_step(person_id=person.id, edition_id=1, actor=actor, now=NOW)


async def test_an_owner_takes_it_off_a_colleague_and_the_log_tells(database: str) -> None:
    owner, colleague = await make_holder(Role.OWNER, edition_id=1), await make_holder(Role.FINANCE, edition_id=1)
    await set_up(colleague.id, now=NOW)
    await two_step.start_half_sign_in(person_id=colleague.id, next_path="/me", now=NOW)
    await take_off(colleague, await actor_of_person(owner.id))
    assert (await two_step.has_two_step(colleague.id), await HalfSignIn.count()) == (False, 0)
    entry = await AuditEntry.select().order_by(AuditEntry.id, ascending=False).first()
    assert entry is not None
    told = {key: entry[key] for key in ("action", "actor_person_id", "subject_id", "edition_id")}
    assert told == {
        "action": "two_step.take_off",
        "actor_person_id": owner.id,
        "subject_id": str(colleague.id),
        "edition_id": 1,
    }


async def test_nobody_weakens_who_may_do_more(database: str) -> None:
    owner = await actor_of_person((await make_holder(Role.OWNER, edition_id=1)).id)
    everywhere = await make_owner()
    both = await make_holder(Role.MANAGER, edition_id=1)
    await grant_role(person_id=both.id, role=Role.MANAGER, edition_id=2, actor=SYSTEM, now=NOW)
    elsewhere, nobody = await make_holder(Role.MANAGER, edition_id=2), await make_person()
    for person, error in ((everywhere, NotAllowed), (both, NotAllowed), (elsewhere, NotFound), (nobody, NotFound)):
        await set_up(person.id, now=NOW)
        with pytest.raises(error):
            await take_off(person, owner)
        assert await two_step.has_two_step(person.id)
    above = await actor_of_person((await make_owner()).id)
    for person in (everywhere, both):
        await take_off(person, above)
        assert not await two_step.has_two_step(person.id)


async def test_a_half_sign_in_waits_ten_minutes_and_ends_with_a_new_password(database: str) -> None:
    person = await make_owner()
    token = await two_step.start_half_sign_in(person_id=person.id, next_path="/manage", now=NOW)
    assert await two_step.half_sign_in(token=token, now=NOW + timedelta(minutes=9)) == (person.id, "/manage")
    assert await two_step.half_sign_in(token=token, now=NOW + timedelta(minutes=10)) is None
    await set_password(person_id=person.id, password="mật khẩu mới rất dài", actor=SYSTEM, now=NOW)
    assert await two_step.half_sign_in(token=token, now=NOW) is None


async def test_one_second_step_voids_the_other_first_ones(database: str) -> None:
    person = await make_owner()
    secret, _codes = await set_up(person.id, now=NOW)
    later = NOW + 10 * STEP
    hers, planted = [
        await two_step.start_half_sign_in(person_id=person.id, next_path="/me", now=later) for _time in range(2)
    ]
    done = await two_step.finish_half_sign_in(token=hers, code=code_at(secret, later), now=later)
    assert done == (person.id, "/me")
    after = later + STEP
    assert await two_step.finish_half_sign_in(token=planted, code=code_at(secret, after), now=after) is None
