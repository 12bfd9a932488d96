"""The contest's public page before there is a contest, before the edition is open, and with the part off."""

import httpx
import pytest

from app.accounts.enums import Role
from app.events.tables import Edition
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.judging.scene import scene
from tests.support.client import sign_in
from tests.support.factories import make_holder


async def test_a_contest_that_is_not_set_up_yet(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    answer = await client.get(f"{edition.path}/contest", headers={"accept-language": "en"})
    assert answer.status_code == 200
    assert "The contest is being prepared" in answer.text
    assert (await client.get(f"{edition.path}/contest/1")).status_code == 404


async def test_a_draft_is_shown_to_its_organisers_alone(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    await Edition.update({Edition.state: "draft"}).where(Edition.id == edition.id)
    pages = [f"{edition.path}/contest", f"{edition.path}/tickets"]
    assert [(await client.get(path)).status_code for path in pages] == [404, 404]
    person = await make_holder(Role.MANAGER, edition_id=edition.id, name="Đỗ Thị Yến")
    await sign_in(client, person.id)
    answers = [await client.get(path, headers={"accept-language": "en"}) for path in pages]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert "A draft: only organisers see this page." in answers[1].text


@pytest.mark.parametrize(("parts", "status"), [('["fair"]', 404), ('["contest"]', 200)])
async def test_a_contest_that_is_switched_off_has_no_page(client: httpx.AsyncClient, parts: str, status: int) -> None:
    contest = await scene(NOW, entries=1, judges=1, opened=False)
    await Edition.update({Edition.parts: parts}).where(Edition.id == contest.edition_id)
    pages = ["/e/sang-tao/contest", f"/e/sang-tao/contest/{contest.entry_ids[0]}", "/e/sang-tao/contest/enter"]
    for path in (*pages, "/api/v1/editions/sang-tao/contest"):
        assert (path, (await client.get(path)).status_code) == (path, status)
