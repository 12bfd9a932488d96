"""Somebody's own account as her browser meets it: her details, her language, and her contacts."""

from datetime import timedelta
from urllib.parse import urlencode

import httpx
import pytest

from app.accounts.tables import ContactChange, Person
from app.kernel.clock import freeze
from app.kernel.names import show_phone
from tests.conftest import NOW
from tests.support.client import new_browser, sign_in
from tests.support.contacts import code_sent, last_body, token_sent, told
from tests.support.factories import make_person


async def test_wrong_details_come_back_with_a_sentence_at_the_field(client: httpx.AsyncClient) -> None:
    person = await make_person()
    await sign_in(client, person.id)
    answer = await client.post("/account?lang=en", data={"full_name": "", "locale": "vi"})
    assert answer.status_code == 422
    assert "Please fill this in." in answer.text
    for kind, typed, said in (
        ("phone", "12", "This is no phone number"),
        ("email", "x", "This is no mail address"),
        ("phone", "", "Please fill this in."),
        ("phone", person.phone or "", "This is your phone number or mail address already."),
    ):
        again = await client.post(f"/account/contacts/{kind}?lang=en", data={kind: typed})
        assert (again.status_code, said in again.text) == (422, True)
    assert (await client.post("/account/contacts/fax", data={"fax": "12"})).status_code == 404


async def test_the_account_form_changes_no_contact(client: httpx.AsyncClient) -> None:
    person, stranger = await make_person(), await make_person()
    await sign_in(client, person.id)
    sent = {"full_name": "Lê Thị Hoa", "locale": "vi", "phone": stranger.phone, "email": "cua.nguoi.khac@example.com"}
    assert (await client.post("/account", data=sent)).status_code == 303
    row = await Person.select().where(Person.id == person.id).first()
    assert row is not None
    assert (row["full_name"], row["phone"], row["email"]) == ("Lê Thị Hoa", person.phone, None)


async def test_the_language_of_the_account_form_is_spoken_at_once(client: httpx.AsyncClient) -> None:
    """Even where the browser kept another one, as it does from signing in on."""
    person = await make_person(locale="vi")
    await sign_in(client, person.id)
    for locale in ("id", "en"):
        await client.post("/account", data={"full_name": "Lê Thị Hoa", "locale": locale})
        assert f'<html lang="{locale}"' in (await client.get("/account")).text


@pytest.mark.engines
async def test_a_mail_address_is_changed_from_a_sign_in_of_long_ago_to_the_letter_at_the_old_one(
    client: httpx.AsyncClient,
) -> None:
    """The whole way through the pages: asked to sign in again, brought back, a code, and the old address told."""
    old, new = "hoa.cu@example.com", "hoa.moi@example.com"
    person = await make_person(email=old, locale="en")
    with freeze(NOW):
        await sign_in(client, person.id)
    with freeze(NOW + timedelta(hours=1)):
        shown = await client.get("/account/contacts")
        assert ("Send me a link and a code" in shown.text, 'name="email"' in shown.text) == (True, False)
        early = await client.post("/account/contacts/email", data={"email": new})
        assert (early.status_code, await ContactChange.count()) == (403, 0)
        sent = await client.post("/account/data/link", data={"next": "/account/contacts"})
        assert "Enter the code" in sent.text
        entered = await client.post("/sign-in/code", data={"contact": old, "code": code_sent(await last_body(old))})
        assert (entered.status_code, entered.headers["location"]) == (303, "/account/contacts")
        assert 'name="email"' in (await client.get("/account/contacts")).text
        asked = await client.post("/account/contacts/email", data={"email": f" {new.upper()} "})
        assert (asked.status_code, asked.headers["location"]) == (303, "/account/contacts")
        assert f"on their way to {new}" in (await client.get("/account/contacts")).text
        wrong = await client.post("/account/contacts/email/confirm", data={"email_code": "000000"})
        assert (wrong.status_code, "This code or link is not right" in wrong.text) == (422, True)
        code = code_sent(await last_body(new))
        done = await client.post("/account/contacts/email/confirm", data={"email_code": code})
        assert (done.status_code, done.headers["location"]) == (303, "/account")
        assert new in (await client.get("/account")).text
    assert ["another mail address was set" in text for text in await told(old)][-1] is True


async def test_a_new_contact_is_confirmed_by_one_press_of_its_link(client: httpx.AsyncClient) -> None:
    new = "hoa.moi@example.com"
    person = await make_person(locale="en")
    await sign_in(client, person.id)
    await client.post("/account/contacts/email", data={"email": new})
    path = f"/account/contacts/link/{token_sent(await last_body(new))}"
    async with new_browser() as other:
        away = await other.get(path)
        assert away.headers["location"] == "/sign-in?" + urlencode({"next": path})
        await sign_in(other, (await make_person()).id)
        refused = await other.get(path)
        assert (refused.status_code, new in refused.text) == (410, False)
        assert (await other.post(path)).status_code == 410
    for _time in range(2):
        shown = await client.get(path)
        assert (shown.status_code, new in shown.text, person.full_name in shown.text) == (200, True, True)
    assert (await client.post(path)).headers["location"] == "/account"
    assert (await client.post(path)).status_code == 410
    assert await Person.exists().where((Person.id == person.id) & (Person.email == new))


async def test_a_contact_of_somebody_else_is_told_only_to_who_has_shown_that_it_is_hers(
    client: httpx.AsyncClient,
) -> None:
    taken, free = "co.nguoi@example.com", "chua.ai@example.com"
    await make_person(email=taken)
    answers = []
    for address in (taken, free):
        person = await make_person(name="Lê Thị Hoa")
        await sign_in(client, person.id)
        answer = await client.post("/account/contacts/email", data={"email": address})
        shown = (await client.get("/account/contacts")).text.replace(address, "…")
        shown = shown.replace(show_phone(str(person.phone)), "…")
        answers.append((answer.status_code, answer.headers.get("location"), shown, len(await told(address))))
    assert answers[0] == answers[1]
    async with new_browser() as browser:
        await sign_in(browser, (await make_person()).id)
        await browser.post("/account/contacts/email", data={"email": taken})
        sent = {"email_code": code_sent(await last_body(taken))}
        refused = await browser.post("/account/contacts/email/confirm", data=sent)
        said = "There is another account with this phone number or mail address"
        assert (refused.status_code, said in refused.text) == (409, True)


async def test_the_last_contact_is_not_taken_off(client: httpx.AsyncClient) -> None:
    person = await make_person(email="hoa@example.com")
    await sign_in(client, person.id)
    assert "/account/contacts/email/remove" in (await client.get("/account/contacts")).text
    assert (await client.post("/account/contacts/email/remove")).headers["location"] == "/account"
    assert "/remove" not in (await client.get("/account/contacts")).text
    last = await client.post("/account/contacts/phone/remove")
    assert (last.status_code, "A phone number or a mail address is needed." in last.text) == (422, True)
