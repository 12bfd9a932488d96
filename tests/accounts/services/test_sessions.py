"""Sessions end: unused, by their longest life, by their owner, by an owner of the festival, by command."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM, Actor
from app.accounts.enums import Role
from app.accounts.errors import ContactMissing, LinkUsed, PersonUnknown, SignInAgain
from app.accounts.queries import actor_of_person, actor_of_session
from app.accounts.services import sessions
from app.accounts.services.bootstrap import sign_out
from app.accounts.services.people import grant_role
from app.accounts.services.sign_in import make_sign_in_link, redeem_link, start_session, touch_session
from app.accounts.services.two_step import start_half_sign_in
from app.accounts.tables import HalfSignIn, Session, SignInToken
from app.kernel.errors import NotAllowed, NotFound
from app.kernel.security import hash_token
from app.kernel.settings import settings
from app.kernel.tables import AuditEntry
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.factories import make_holder, make_owner, make_person

pytestmark = pytest.mark.engines
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def begin(person_id: int, at: datetime = NOW, browser: str = "Chrome") -> str:
    """Sign somebody in; the session's token."""
    return await start_session(person_id=person_id, browser=browser, old_token=None, now=at)


async def is_good(token: str, at: datetime) -> bool:
    return await actor_of_session(hash_token(token), at) is not None


async def use(token: str, at: datetime) -> bool:
    """Use a session as the layer of requests does; whether it is still good."""
    found = await actor_of_session(hash_token(token), at)
    if found is not None:
        await touch_session(token_hash=hash_token(token), grants=found[0].grants, now=at)
    return found is not None


async def actor_in(token: str, at: datetime = NOW) -> Actor:
    found = await actor_of_session(hash_token(token), at)
    assert found is not None
    return found[0]


@pytest.fixture
def short_days(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a sign-in last two days when unused, and three in all."""
    monkeypatch.setenv("SESSION_DAYS", "2")
    monkeypatch.setenv("SESSION_LONGEST_DAYS", "3")
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.parametrize(("organises", "unused"), [(False, 14 * DAY), (True, 12 * HOUR)])
async def test_an_unused_session_ends(database: str, organises: bool, unused: timedelta) -> None:
    person = await (make_owner() if organises else make_person())
    token = await begin(person.id)
    assert await is_good(token, NOW + unused - timedelta(seconds=1))
    assert not await is_good(token, NOW + unused)


@pytest.mark.parametrize(("organises", "step", "longest"), [(False, 5 * DAY, 30 * DAY), (True, 6 * HOUR, 7 * DAY)])
async def test_a_used_session_ends_too(database: str, organises: bool, step: timedelta, longest: timedelta) -> None:
    person = await (make_owner() if organises else make_person())
    token = await begin(person.id)
    at, used = NOW, 0
    while await use(token, at):
        at += step
        used += 1
    assert (at - NOW, used) == (longest, longest // step)


async def test_the_settings_are_what_counts(database: str, short_days: None) -> None:
    person, owner = await make_person(), await make_owner()
    token, organisers = await begin(person.id), await begin(owner.id)
    assert await use(token, NOW + 2 * DAY - HOUR)
    assert await is_good(token, NOW + 3 * DAY - HOUR)
    assert not await is_good(token, NOW + 3 * DAY)
    assert not await is_good(organisers, NOW + 12 * HOUR)


async def test_a_role_that_was_just_given_shortens_sessions_at_once(database: str) -> None:
    person, at = await make_person(), NOW + DAY
    token = await begin(person.id)
    assert await is_good(token, at)
    await grant_role(person_id=person.id, role=Role.FINANCE, edition_id=1, actor=SYSTEM, now=at)
    assert not await is_good(token, at)


async def test_her_sessions_are_those_that_are_alive(database: str) -> None:
    person, other = await make_person(), await make_person()
    await begin(person.id, browser="gone")
    at = NOW + 14 * DAY
    for browser in ("first", "second"):
        token = await begin(person.id, at, browser)
    await begin(other.id, at, "somebody else's")
    found = await sessions.live_sessions(await actor_in(token, at), at)
    assert [(one.browser, one.created_at, one.own) for one in found] == [("second", at, True), ("first", at, False)]


async def test_one_of_her_own_is_ended_and_nobody_elses(database: str) -> None:
    person, other = await make_person(), await make_person()
    own, lost, foreign = await begin(person.id), await begin(person.id), await begin(other.id)
    actor = await actor_in(own)
    ids = [(await actor_in(token)).session_id or 0 for token in (lost, foreign)]
    await sessions.end_own_session(session_id=ids[0], actor=actor, now=NOW)
    for one in (*ids, 999):
        with pytest.raises(NotFound):
            await sessions.end_own_session(session_id=one, actor=actor, now=NOW)
    assert [await is_good(token, NOW) for token in (own, lost, foreign)] == [True, False, True]


async def test_all_others_are_ended(database: str) -> None:
    person, other = await make_person(), await make_person()
    tokens = [await begin(one) for one in (person.id, person.id, person.id, other.id)]
    await start_half_sign_in(person_id=person.id, next_path="/", now=NOW)
    assert await sessions.end_other_sessions(actor=await actor_in(tokens[0]), now=NOW) == 2
    assert [await is_good(token, NOW) for token in tokens] == [True, False, False, True]
    assert await HalfSignIn.count() == 0


async def test_who_did_not_sign_in_just_now_ends_nothing(database: str) -> None:
    person = await make_person()
    tokens, at = [await begin(person.id) for _time in range(2)], NOW + HOUR
    actor, other = [await actor_in(token, at) for token in tokens]
    with pytest.raises(SignInAgain):
        await sessions.end_other_sessions(actor=actor, now=at)
    with pytest.raises(SignInAgain):
        await sessions.end_own_session(session_id=other.session_id or 0, actor=actor, now=at)
    assert [await is_good(token, at) for token in tokens] == [True, True]


async def test_an_owner_signs_a_colleague_out(database: str) -> None:
    edition = await make_edition()
    owner = await actor_of_person((await make_holder(Role.OWNER, edition_id=edition.id)).id)
    colleague, other = await make_holder(Role.FINANCE, edition_id=edition.id), await make_person()
    tokens = [await begin(one) for one in (colleague.id, colleague.id, other.id)]
    link, _code = await make_sign_in_link(person_id=colleague.id, next_path="/", now=NOW)
    ended = await sessions.end_sessions_of(person_id=colleague.id, edition_id=edition.id, actor=owner, now=NOW)
    assert (ended, [await is_good(token, NOW) for token in tokens]) == (2, [False, False, True])
    with pytest.raises(LinkUsed):
        await redeem_link(token=link.rpartition("/")[2], now=NOW)
    entry = await AuditEntry.select().order_by(AuditEntry.id, ascending=False).first()
    assert entry is not None
    told = (entry["action"], entry["subject_id"], entry["actor_person_id"], entry["edition_id"])
    assert told == ("session.end_all", str(colleague.id), owner.person_id, edition.id)


async def test_an_owner_reaches_nobody_of_another_festival(database: str) -> None:
    here, elsewhere = await make_edition(), await make_edition(slug="elsewhere")
    owner = await actor_of_person((await make_holder(Role.OWNER, edition_id=here.id)).id)
    stranger = await make_holder(Role.OWNER, edition_id=elsewhere.id)
    both = await make_holder(Role.FINANCE, edition_id=here.id)
    await grant_role(person_id=both.id, role=Role.OWNER, edition_id=elsewhere.id, actor=SYSTEM, now=NOW)
    refused: list[tuple[Any, type[Exception]]] = [(stranger.id, NotFound), (both.id, NotAllowed)]
    for person_id, error in refused:
        token = await begin(person_id)
        with pytest.raises(error):
            await sessions.end_sessions_of(person_id=person_id, edition_id=here.id, actor=owner, now=NOW)
        assert await is_good(token, NOW)


async def test_the_command_signs_out_one_or_everybody(database: str) -> None:
    person, other = await make_person(email="hoa@example.com"), await make_person()
    tokens = [await begin(person.id), await begin(other.id)]
    assert await sign_out(email="hoa@example.com", phone=None) == (person.full_name, 1)
    assert [await is_good(token, NOW) for token in tokens] == [False, True]
    assert await sign_out(email=None, phone=None) == (None, 1)
    assert await Session.count() == 0
    with pytest.raises(PersonUnknown):
        await sign_out(email="nobody@example.com", phone=None)
    with pytest.raises(ContactMissing):
        await sign_out(email="no address", phone=None)


async def test_what_is_over_is_tidied_and_what_shows_a_contact_stays(database: str) -> None:
    person, owner = await make_person(), await make_owner()
    await begin(person.id)
    alive = await begin(person.id, NOW + 60 * DAY)
    await begin(owner.id, NOW + 59 * DAY)
    await start_half_sign_in(person_id=person.id, next_path="/", now=NOW)
    for used_at in (NOW, None):
        row = SignInToken(person=person.id, token_hash=f"{used_at}", code_hash="c", expires_at=NOW, used_at=used_at)
        await row.save()
    assert await sessions.tidy_sign_ins(now=NOW + 60 * DAY) == 2
    assert [row["token_hash"] for row in await Session.select(Session.token_hash)] == [hash_token(alive)]
    assert (await HalfSignIn.count(), [row["used_at"] for row in await SignInToken.select()]) == (0, [NOW])
