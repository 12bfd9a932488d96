import asyncio
import re
from datetime import timedelta

import pytest

from app.accounts.actor import Actor
from app.accounts.errors import LinkUsed, PasswordTooShort, SignInFailed
from app.accounts.limits import TRIES, Way
from app.accounts.queries import actor_of_session
from app.accounts.services import sign_in
from app.accounts.tables import Person, Session, SignInToken
from app.kernel import outbox
from app.kernel.errors import TooManyTries
from app.kernel.i18n import use_locale
from app.kernel.outbox import list_messages
from app.kernel.security import hash_token
from app.kernel.settings import settings
from tests.conftest import NOW
from tests.kernel.mail_server import gateway
from tests.support.factories import make_person
from tests.support.race import ask_first, losers, race, unguarded, winners

HERE = "the browser that asked"


async def token_for(person_id: int, next_path: str = "/me") -> tuple[str, str]:
    link, code = await sign_in.make_sign_in_link(person_id=person_id, next_path=next_path, now=NOW, browser=HERE)
    return link.rpartition("/")[2], code


async def test_a_link_leads_on_once(database: str) -> None:
    person = await make_person()
    token, _code = await token_for(person.id, "/manage/3")
    assert await sign_in.redeem_link(token=token, now=NOW) == (person.id, "/manage/3")
    with pytest.raises(LinkUsed):
        await sign_in.redeem_link(token=token, now=NOW)


@pytest.mark.race
async def test_of_forty_who_open_a_link_one_gets_in(database: str) -> None:
    person = await make_person()
    token, _code = await token_for(person.id)
    results = await race(40, lambda _number: sign_in.redeem_link(token=token, now=NOW))
    assert len(winners(results)) == 1
    assert len(losers(results, LinkUsed)) == 39


@pytest.mark.race
async def test_without_its_condition_a_link_lets_two_in(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    person = await make_person()
    token, _code = await token_for(person.id)
    unguarded(monkeypatch, sign_in)
    ask_first(monkeypatch, SignInToken, parties=2)
    results = await race(2, lambda _number: sign_in.redeem_link(token=token, now=NOW))
    assert winners(results) == [(person.id, "/me")] * 2


async def test_a_link_is_good_for_minutes(database: str) -> None:
    person = await make_person()
    token, _code = await token_for(person.id)
    with pytest.raises(LinkUsed):
        await sign_in.redeem_link(token=token, now=NOW + timedelta(minutes=sign_in.LINK_MINUTES, seconds=1))


async def test_tokens_are_stored_hashed(database: str) -> None:
    person = await make_person()
    token, code = await token_for(person.id)
    row = await SignInToken.select().first()
    assert row is not None
    assert token not in str(row)
    assert code not in (row["code_hash"], row["token_hash"])


async def test_a_code_works_for_its_own_person_only(database: str) -> None:
    person, other = await make_person(), await make_person()
    _token, code = await token_for(person.id)
    with pytest.raises(SignInFailed):
        await sign_in.redeem_code(contact=other.phone, code=code, browser=HERE, now=NOW)
    assert (await sign_in.redeem_code(contact=person.phone, code=code, browser=HERE, now=NOW))[0] == person.id


async def test_a_code_works_in_the_browser_that_asked_and_the_link_in_any(database: str) -> None:
    person = await make_person(locale="en")
    for browser in ("another", "", sign_in.UNKNOWN_BROWSER):
        _link, code = await asked_for(person.phone, HERE)
        with pytest.raises(SignInFailed):
            await sign_in.redeem_code(contact=person.phone, code=code, browser=browser, now=NOW)
    token, code = await asked_for(person.phone, HERE)
    assert await sign_in.redeem_code(contact=person.phone, code=code, browser=HERE, now=NOW) == (person.id, "/me")
    token, _code = await asked_for(person.phone, HERE)
    assert await sign_in.redeem_link(token=token, now=NOW) == (person.id, "/me")


async def asked_for(contact: str | None, browser: str) -> tuple[str, str]:
    """Ask to sign in; the link's token and the code, as the message tells them."""
    await sign_in.request_sign_in(contact=contact or "", next_path="/me", browser=browser, now=NOW)
    messages, _total = await list_messages()
    text = messages[0]["body_text"]
    return re.findall(r"/sign-in/(\S+)", text)[0], re.findall(r"\b\d{6}\b", text)[0]


async def test_asking_again_voids_what_was_asked_for_before(database: str) -> None:
    person, other = await make_person(locale="en"), await make_person(locale="en")
    old_link, old_code = await asked_for(person.phone, HERE)
    others_link, _code = await asked_for(other.phone, HERE)
    letter, _code = await sign_in.make_sign_in_link(person_id=person.id, next_path="/manage", now=NOW)
    new_link, new_code = await asked_for(person.phone, HERE)
    with pytest.raises(LinkUsed):
        await sign_in.redeem_link(token=old_link, now=NOW)
    if old_code != new_code:
        with pytest.raises(SignInFailed):
            await sign_in.redeem_code(contact=person.phone, code=old_code, browser=HERE, now=NOW)
    assert (await sign_in.redeem_link(token=new_link, now=NOW))[0] == person.id
    assert (await sign_in.redeem_link(token=others_link, now=NOW))[0] == other.id
    assert await sign_in.redeem_link(token=letter.rpartition("/")[2], now=NOW) == (person.id, "/manage")


async def test_a_code_that_nobody_is_told_counts_nowhere(database: str) -> None:
    person = await make_person()
    _link, code = await sign_in.make_sign_in_link(person_id=person.id, next_path="/me", now=NOW)
    for browser in ("", HERE):
        with pytest.raises(SignInFailed):
            await sign_in.redeem_code(contact=person.phone, code=code, browser=browser, now=NOW)


@pytest.mark.race
async def test_of_requests_at_once_one_stays_good(database: str) -> None:
    person = await make_person(locale="en")
    asked = await race(5, lambda _number: sign_in.request_sign_in(contact=person.phone, next_path="/me", now=NOW))
    assert len(winners(asked)) == 5
    assert await SignInToken.count().where(SignInToken.used_at.is_null()) == 1


async def test_codes_cannot_be_guessed_one_after_the_other(database: str) -> None:
    person = await make_person()
    _token, code = await token_for(person.id)
    for _time in range(TRIES[Way.CODE].per_account):
        with pytest.raises(SignInFailed):
            await sign_in.redeem_code(contact=person.phone, code="x", browser=HERE, now=NOW)
    with pytest.raises(TooManyTries):
        await sign_in.redeem_code(contact=person.phone, code=code, browser=HERE, now=NOW)


@pytest.mark.parametrize("chosen", [True, False])
@pytest.mark.parametrize(
    ("locale", "subject", "begins"),
    [
        ("en", "Sign in to Fairground", "Your code is "),
        ("vi", "Đăng nhập Fairground", "Mã của Quý vị là "),
        ("id", "Masuk ke Fairground", "Kode Anda "),
    ],
)
async def test_a_request_sends_one_message_in_the_persons_language_else_the_pages(
    database: str, locale: str, subject: str, begins: str, chosen: bool
) -> None:
    other = "vi" if locale == "en" else "en"
    person = await make_person(phone=None, email="hoa@example.com", locale=locale if chosen else other)
    await Person.update({Person.locale_chosen: chosen}).where(Person.id == person.id)
    with use_locale(other if chosen else locale):
        await sign_in.request_sign_in(contact="HOA@example.com", next_path="/me", now=NOW)
    messages, total = await list_messages()
    assert (total, messages[0]["person_id"], messages[0]["channel"]) == (1, person.id, "mail")
    assert (messages[0]["subject"], messages[0]["body_text"][: len(begins)]) == (subject, begins)
    assert "/sign-in/" in messages[0]["body_text"]


@pytest.mark.parametrize("zalo", [False, True])
async def test_a_phone_is_reached_by_zalo_where_its_gateway_is_set(
    database: str, monkeypatch: pytest.MonkeyPatch, zalo: bool
) -> None:
    person = await make_person(email="hoa@example.com")
    async with gateway() as by_sms, gateway() as by_zalo:
        urls = {"sms_url": by_sms.url, "zalo_url": by_zalo.url if zalo else ""}
        known = settings().model_copy(update=urls)
        monkeypatch.setattr(outbox, "settings", lambda: known)
        await sign_in.request_sign_in(contact=str(person.phone), next_path="/me", now=NOW)
        assert await outbox.deliver_due(NOW) == 1
    asked, other = (by_zalo, by_sms) if zalo else (by_sms, by_zalo)
    assert [request["body"]["to"] for request in asked.requests] == [person.phone]
    assert "/sign-in/" in asked.requests[0]["body"]["text"]
    assert other.requests == []


async def test_an_unknown_address_gets_silence(database: str) -> None:
    await sign_in.request_sign_in(contact="nobody@example.com", next_path="/me", now=NOW)
    assert (await list_messages())[1] == 0


async def test_what_is_no_address_is_refused(database: str) -> None:
    with pytest.raises(SignInFailed):
        await sign_in.request_sign_in(contact="xin chào", next_path="/me", now=NOW)


async def test_passwords(database: str) -> None:
    person = await make_person(email="hoa@example.com")
    with pytest.raises(PasswordTooShort):
        await sign_in.set_password(person_id=person.id, password="ngắn", actor=Actor(person_id=person.id), now=NOW)
    await sign_in.set_password(
        person_id=person.id, password="mười hai ký tự", actor=Actor(person_id=person.id), now=NOW
    )
    assert await sign_in.check_password(contact="hoa@example.com", password="mười hai ký tự", now=NOW) == person.id
    for contact in ("hoa@example.com", "nobody@example.com"):
        with pytest.raises(SignInFailed):
            await sign_in.check_password(contact=contact, password="sai mật khẩu", now=NOW)


async def test_a_sign_in_rotates_the_session(database: str) -> None:
    person = await make_person()
    first = await sign_in.start_session(person_id=person.id, browser="a", old_token=None, now=NOW)
    second = await sign_in.start_session(person_id=person.id, browser="a", old_token=first, now=NOW)
    assert first != second
    assert await actor_of_session(hash_token(first), NOW) is None
    assert await actor_of_session(hash_token(second), NOW) is not None


async def test_a_new_password_ends_other_sessions(database: str) -> None:
    person = await make_person()
    tokens = [await sign_in.start_session(person_id=person.id, browser=name, old_token=None, now=NOW) for name in "ab"]
    session = await actor_of_session(hash_token(tokens[0]), NOW)
    assert session is not None
    await sign_in.set_password(person_id=person.id, password="mười hai ký tự", actor=session[0], now=NOW)
    assert await Session.count() == 1
    assert await actor_of_session(hash_token(tokens[0]), NOW) is not None


async def test_a_session_ends_by_time(database: str) -> None:
    person = await make_person()
    token = await sign_in.start_session(person_id=person.id, browser="a", old_token=None, now=NOW)
    await asyncio.sleep(0)
    assert await actor_of_session(hash_token(token), NOW + timedelta(days=15)) is None
