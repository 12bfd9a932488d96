"""Handing the account over by card, by code, by her own sign-in; and what she sees."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from app.accounts.enums import AccountState, HandOver
from app.accounts.errors import (
    AlreadyHandedOver,
    HandOverCardNotValid,
    HandOverCodeWrong,
)
from app.accounts.lists import helped
from app.accounts.services import handing_over
from app.accounts.services.consents import consents_of
from app.accounts.services.filling_in import hand_over
from app.accounts.tables import Assistance, Person, Session
from app.kernel.database import write_transaction
from app.kernel.tables import OutboxMessage
from tests.accounts.officers.scene import PRODUCT, Scene, card_of, code_sent_to, fill_in, log
from tests.conftest import NOW
from tests.support.client import new_browser, sign_in
from tests.support.factories import make_person
from tests.support.race import losers, race, winners

pytestmark = pytest.mark.engines


async def test_the_card_hands_the_account_over_once(scene: Scene) -> None:
    await fill_in(scene)
    shown = await scene.browser.post(f"{scene.page}/card")
    assert (shown.status_code, shown.headers["cache-control"]) == (200, "private, no-store")
    assert re.search(r'<p class="[^"]*no-print">Print this card and give it to her', shown.text)
    token = await card_of(scene)  # a new card: the first one ends
    async with new_browser() as hers, new_browser() as another:
        looked = await hers.get(f"/take-over/{token}")
        assert (looked.status_code, await Session.count()) == (200, 1)
        taken = await hers.post(f"/take-over/{token}")
        assert (taken.status_code, taken.headers["location"]) == (303, "/account/filled-in")
        assert (await another.post(f"/take-over/{token}")).status_code == 410
        assert (await another.get(f"/take-over/{token}")).status_code == 410
        me = await hers.get("/me")
        assert me.headers["location"] == "/account/filled-in"
        mine = await hers.get("/account/filled-in")
        assert (mine.status_code, mine.text.count("Cán bộ Hoa registered you")) == (200, 1)
        assert (await hers.post("/account/filled-in/take-over")).status_code == 303
    assert (await scene.browser.get(scene.own)).status_code == 403
    assert (await scene.browser.post(f"{scene.page}/fill-in")).status_code == 403
    assert (await scene.browser.post(f"{scene.page}/card")).status_code == 409
    (entry,) = await log("help.hand_over")
    assert (entry["actor_person_id"], entry["after"]) == (scene.person_id, {"way": "card"})
    (row,), _total = await helped(scene.edition.id, now=NOW)
    assert (row["state"], row["officer"], row["handed_over_at"] is not None, row["allowed"]) == (
        AccountState.TAKEN_OVER,
        "Cán bộ Hoa",
        True,
        False,
    )


async def test_of_many_who_open_one_card_at_once_one_gets_in(scene: Scene) -> None:
    token = await card_of(scene)

    async def use(_number: int) -> int:
        return await handing_over.use_card(token=token, now=NOW)

    results = await race(8, use)
    assert (winners(results), len(losers(results, HandOverCardNotValid))) == ([scene.person_id], 7)


async def test_a_card_is_withdrawn_replaced_and_grows_old(scene: Scene) -> None:
    first = await card_of(scene)
    second = await card_of(scene)
    late = NOW + timedelta(days=handing_over.CARD_DAYS, seconds=1)
    with pytest.raises(HandOverCardNotValid):
        await handing_over.use_card(token=first, now=NOW)
    with pytest.raises(HandOverCardNotValid):
        await handing_over.use_card(token=second, now=late)
    assert (await scene.browser.post(f"{scene.page}/card/withdraw")).status_code == 303
    with pytest.raises(HandOverCardNotValid):
        await handing_over.use_card(token=second, now=NOW)
    assert [len(await log(action)) for action in ("help.card", "help.card_withdraw")] == [2, 1]


async def test_a_card_opens_nothing_once_she_has_signed_in_herself(scene: Scene) -> None:
    token = await card_of(scene)
    await fill_in(scene)
    async with new_browser() as hers:
        await sign_in(hers, scene.person_id)
    with pytest.raises(HandOverCardNotValid):
        await handing_over.use_card(token=token, now=NOW)
    (entry,) = await log("help.hand_over")
    assert entry["after"] == {"way": "sign_in"}
    assert (await scene.browser.get(scene.own)).status_code == 403


async def test_a_contact_is_proven_by_its_code(scene: Scene) -> None:
    asked = await scene.browser.post(f"{scene.page}/contact", data={"contact": "0912 000 222"})
    assert asked.status_code == 303
    code = await code_sent_to("+84912000222")
    wrong = "000000" if code != "000000" else "111111"
    assert (await scene.browser.post(f"{scene.page}/code", data={"code": wrong})).status_code == 422
    assert (await scene.browser.post(f"{scene.page}/code", data={"code": code})).status_code == 303
    person = await Person.objects().get(Person.id == scene.person_id)
    assert person is not None
    assert person.phone == "+84912000222"
    (entry,) = await log("help.hand_over")
    assert (entry["actor_person_id"], entry["after"]) == (scene.officer.person_id, {"way": "code"})
    last = await OutboxMessage.select().order_by(OutboxMessage.id, ascending=False).first()
    assert last is not None
    found = re.search(r"/sign-in/[^\s]+", last["body_text"])
    assert found is not None
    async with new_browser() as hers:
        entered = await hers.post(found[0])
        assert entered.headers["location"] == "/account/filled-in"
    assert (await scene.browser.post(f"{scene.page}/fill-in")).status_code == 403


async def test_a_code_grows_old_and_works_once(scene: Scene) -> None:
    given = {"person_id": scene.person_id, "edition_id": scene.edition.id, "actor": scene.officer}
    await handing_over.send_code(contact="lan@example.org", now=NOW, **given)
    code = await code_sent_to("lan@example.org")
    with pytest.raises(HandOverCodeWrong):
        await handing_over.prove_contact(code=code, now=NOW + timedelta(minutes=21), **given)
    await handing_over.prove_contact(code=code, now=NOW + timedelta(minutes=1), **given)
    with pytest.raises(AlreadyHandedOver):
        await handing_over.prove_contact(code=code, now=NOW + timedelta(minutes=2), **given)


async def test_anothers_contact_is_refused(scene: Scene) -> None:
    await make_person(phone="+84912000333", now=NOW)
    answer = await scene.browser.post(f"{scene.page}/contact", data={"contact": "0912000333"})
    assert (answer.status_code, await OutboxMessage.count()) == (409, 0)


async def test_she_sees_what_was_filled_in_and_confirms_her_consent(scene: Scene) -> None:
    await fill_in(scene)
    await scene.browser.post(f"{scene.own}/products/new", data=PRODUCT)
    token = await card_of(scene)
    (consent,) = await consents_of(scene.person_id)
    async with new_browser() as hers:
        await hers.post(f"/take-over/{token}")
        mine = (await hers.get("/account/filled-in")).text
        assert (mine.count("Khăn thổ cẩm") >= 1, mine.count("On paper, to the officer: Cán bộ Hoa")) == (True, 1)
        back = re.findall(r'name="next" value="([^"]+)"', mine)
        assert back == ["/account/filled-in"] * 2
        sent = await hers.post(f"/account/data/consents/{consent['id']}", data={"given": "yes", "next": back[0]})
        assert sent.headers["location"].split("#")[0] == "/account/filled-in"
        again = (await hers.get("/account/filled-in")).text
    assert again.count("On paper, to the officer") == 0
    newest, oldest = await consents_of(scene.person_id)
    assert (newest["given"], newest["given_through"], newest["given_to"], oldest["given_through"]) == (
        True,
        "herself",
        None,
        "paper",
    )
    assert len(await log("consent.confirm")) == 1


async def test_a_hand_over_is_done_once(scene: Scene) -> None:
    """The negative control: without its condition the second would be told, too."""
    done = []
    for _time in range(2):
        async with write_transaction():
            done.append(await hand_over(person_id=scene.person_id, way=HandOver.SIGN_IN, now=NOW))
    assert done == [True, False]
    await Assistance.update({Assistance.handed_over_at: None}).where(Assistance.person == scene.person_id)
    async with write_transaction():
        assert await hand_over(person_id=scene.person_id, way=HandOver.SIGN_IN, now=NOW)
