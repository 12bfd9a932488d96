"""Passwords: what is refused, that they count as typed, and what changing one takes and tells."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

import httpx
import pytest
from argon2 import Type

from app.accounts.actor import SYSTEM, Actor
from app.accounts.errors import (
    OldPasswordWrong,
    PasswordHoldsName,
    PasswordTooCommon,
    PasswordTooShort,
    SignInAgain,
    SignInFailed,
)
from app.accounts.passwords import breached, words
from app.accounts.queries import actor_of_session
from app.accounts.schemas import NewPasswordForm, PasswordForm
from app.accounts.services import sign_in as service
from app.accounts.services.sign_in import change_password, check_password, set_password, start_session
from app.accounts.services.telling import ZONE
from app.accounts.tables import Person, Session
from app.events.queries import names_of_festivals
from app.kernel.clock import freeze
from app.kernel.errors import TooManyTries
from app.kernel.forms import decode_form
from app.kernel.i18n import format_datetime, use_locale
from app.kernel.security import hash_token
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.client import sign_in
from tests.support.contacts import told
from tests.support.factories import make_person
from tests.support.hashing import AS_SERVED

GOOD = "con trâu uống nước ruộng"
OTHER = "mưa rơi trên mái ngói"
EMAIL = "hoa@example.com"
COMMON = [
    "password1234",
    "PASSWORD1234",
    "123456789012",
    "qwertyuiop123",
    "iloveyou1234",
    "anhyeuem1234",
    "aaaaaaaaaaaa",
]
LATER = NOW + timedelta(hours=1)


async def signed_in(person: Person) -> Actor:
    token = await start_session(person_id=person.id, browser="a", old_token=None, now=NOW)
    found = await actor_of_session(hash_token(token), NOW)
    assert found is not None
    return found[0]


@pytest.mark.parametrize("password", COMMON)
async def test_common_and_breached_passwords_are_refused(database: str, password: str) -> None:
    person = await make_person()
    with pytest.raises(PasswordTooCommon):
        await set_password(person_id=person.id, password=password, actor=SYSTEM, now=NOW)
    assert await Person.exists().where((Person.id == person.id) & Person.password_hash.is_null())


def test_the_list_holds_what_it_was_made_of_and_little_else() -> None:
    some = [f"mật khẩu số {number}" for number in range(2000)]
    made = breached.filter_of(some)
    assert len(made) == 3600
    held = [all(made[bit // 8] >> (bit % 8) & 1 for bit in breached._bits(text, len(made) * 8)) for text in some]
    assert held == [True] * 2000
    wrongly = sum(breached.is_breached(f"một câu chưa ai viết {number}") for number in range(5000))
    assert wrongly < 25
    assert (breached.FILE.stat().st_size * 8) // breached.BITS_EACH > 1_400_000


async def test_words_that_everybody_knows_are_refused(database: str) -> None:
    words.add_words(names_of_festivals)
    await make_edition("phu-nu-khoi-nghiep-2026", name={"vi": "Hội chợ Sen Hồng 2026", "en": "Pink Lotus Fair"})
    person = await make_person(name="Lê Thị Hoa", phone="+84912345678", email="hoa.theu@example.com")
    for password in (
        "My-Fairground-login",
        "lê thị hoa yêu hoa",
        "xin chao LeThiHoa",
        "hoa.theu ở nhà",
        "hoa.theu@example.com",
        "0912 345 678 gọi tôi",
        "vào hội chợ sen hồng",
        "PinkLotusFair-vao",
        "phu-nu-khoi-nghiep-9",
    ):
        with pytest.raises(PasswordHoldsName):
            await set_password(person_id=person.id, password=password, actor=SYSTEM, now=NOW)
    for password in (GOOD, "hoa sen và hoa hồng", "một hai ba bốn 345"):
        await set_password(person_id=person.id, password=password, actor=SYSTEM, now=NOW)


async def test_a_short_password_is_refused_and_twelve_letters_are_counted_as_people_do(database: str) -> None:
    person = await make_person()
    decomposed = unicodedata.normalize("NFD", "ắ ế ố ứ ợ")
    assert len(decomposed) > service.PASSWORD_LENGTH
    for password in ("mười một ký", decomposed):
        with pytest.raises(PasswordTooShort):
            await set_password(person_id=person.id, password=password, actor=SYSTEM, now=NOW)


@pytest.mark.parametrize("form", [PasswordForm, NewPasswordForm])
def test_forms_leave_passwords_as_they_were_typed(form: type[PasswordForm] | type[NewPasswordForm]) -> None:
    typed = "  hai  dấu\tcách \n"
    posted = {"password": [typed], "contact": [" a  b "]}
    values = decode_form(posted, form).settle()
    assert values.password == typed
    if isinstance(values, PasswordForm):
        assert values.contact == "a b"


@pytest.mark.engines
async def test_a_password_counts_as_typed(database: str) -> None:
    person = await make_person(email=EMAIL)
    await set_password(person_id=person.id, password="  trâu  uống nước ", actor=SYSTEM, now=NOW)
    for wrong in ("trâu uống nước", "  trâu  uống nước", "  Trâu  uống nước "):
        with pytest.raises(SignInFailed):
            await check_password(contact=EMAIL, password=wrong, now=NOW)
    for right in ("  trâu  uống nước ", unicodedata.normalize("NFD", "  trâu  uống nước ")):
        assert await check_password(contact=EMAIL, password=right, now=NOW) == person.id


def test_a_guess_costs_what_is_advised() -> None:
    """At least the second of the two settings of RFC 9106, section 4."""
    assert (AS_SERVED.type, AS_SERVED.parallelism) == (Type.ID, 4)
    assert (AS_SERVED.time_cost >= 3, AS_SERVED.memory_cost >= 64 * 1024) == (True, True)


async def test_passwords_of_before_still_sign_in(database: str) -> None:
    """They were hashed as forms had tidied them, and are compared so."""
    person = await make_person(email=EMAIL)
    old = service._hasher.hash("trâu uống nước")
    await Person.update({Person.password_hash: old}).where(Person.id == person.id)
    for right in ("trâu uống nước", " trâu  uống nước "):
        assert await check_password(contact=EMAIL, password=right, now=NOW) == person.id
    with pytest.raises(SignInFailed):
        await check_password(contact=EMAIL, password="trâu uống", now=NOW)


@pytest.mark.engines
async def test_a_change_takes_the_old_password_or_a_fresh_sign_in_and_is_told(database: str) -> None:
    person = await make_person(email=EMAIL, locale="en")
    her = await signed_in(person)
    with pytest.raises(SignInAgain):
        await change_password(old="", password=GOOD, actor=her, now=LATER)
    await change_password(old="", password=GOOD, actor=her, now=NOW)
    with pytest.raises(SignInAgain):
        await change_password(old="", password=OTHER, actor=her, now=LATER)
    with pytest.raises(OldPasswordWrong):
        await change_password(old=OTHER, password=OTHER, actor=her, now=LATER)
    assert await check_password(contact=EMAIL, password=GOOD, now=NOW) == person.id
    await change_password(old=GOOD, password=OTHER, actor=her, now=LATER)
    assert await check_password(contact=EMAIL, password=OTHER, now=NOW) == person.id
    with use_locale("en"):
        times = [format_datetime(at, ZONE) for at in (NOW, LATER)]
    said = [text.split("\n\n")[1] for text in await told(EMAIL)]
    assert said == [f"on {time} a new password was set for your account." for time in times]


async def test_the_old_password_cannot_be_guessed(database: str) -> None:
    person = await make_person()
    her = await signed_in(person)
    await change_password(old="", password=GOOD, actor=her, now=NOW)
    for _time in range(10):
        with pytest.raises(OldPasswordWrong):
            await change_password(old="x", password=OTHER, actor=her, now=LATER)
    with pytest.raises(TooManyTries):
        await change_password(old=GOOD, password=OTHER, actor=her, now=LATER)


async def test_somebody_changes_her_password_on_her_page(client: httpx.AsyncClient) -> None:
    person = await make_person(email=EMAIL)
    with freeze(NOW):
        await sign_in(client, person.id)
        assert 'name="old"' not in (await client.get("/account")).text
        done = await client.post("/account/password", data={"password": GOOD})
        assert (done.status_code, done.headers["location"]) == (303, "/account")
    with freeze(LATER):
        assert 'name="old"' in (await client.get("/account")).text
        for sent, status, sentence in (
            ({"password": OTHER}, 403, "Please confirm that it is you"),
            ({"old": "x", "password": OTHER}, 403, "This is not your password."),
            ({"old": GOOD, "password": "password1234"}, 422, "This password is one of those that are tried first"),
            ({"old": GOOD, "password": "fairground 2026"}, 422, "A password must not hold your name"),
            ({"old": GOOD, "password": "short"}, 422, "A password needs at least 12 characters."),
        ):
            answer = await client.post("/account/password", data=sent)
            assert (answer.status_code, sentence in answer.text) == (status, True)
        assert (await client.post("/account/password", data={"old": GOOD, "password": OTHER})).status_code == 303
    assert await Session.count() == 1


async def test_somebody_without_a_password_is_led_to_a_fresh_sign_in(client: httpx.AsyncClient) -> None:
    person = await make_person()
    with freeze(NOW):
        await sign_in(client, person.id)
    with freeze(LATER):
        shown = (await client.get("/account")).text
        assert ('name="password"' in shown, "Send me a link and a code" in shown) == (False, True)
        assert (await client.post("/account/password", data={"password": GOOD})).status_code == 403
    assert await Person.exists().where((Person.id == person.id) & Person.password_hash.is_null())
