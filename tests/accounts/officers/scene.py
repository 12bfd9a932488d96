"""A fair, its officer in a browser, and somebody whom she registered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from app.accounts.actor import Actor
from app.accounts.enums import GivenThrough
from app.accounts.services import handing_over
from app.accounts.services.registering import Newcomer, register_person
from app.events.queries import EditionInfo
from app.kernel import audit
from app.kernel.tables import OutboxMessage
from tests.conftest import NOW
from tests.support.client import Browser

MAI = Newcomer(full_name="Lò Thị Mai", organisation="Hộ thổ cẩm Mai", ward="Mai Châu", locale="en")
PRODUCT = {"name_vi": "Khăn thổ cẩm", "price": "120000", "active": "on"}


@dataclass
class Scene:
    """A fair, its officer in a browser, and somebody whom she registered."""

    edition: EditionInfo
    officer: Actor
    browser: Browser
    person_id: int
    place: int

    @property
    def page(self) -> str:
        """Her page among the registered."""
        return f"/manage/{self.edition.id}/people/registered/{self.person_id}"

    @property
    def own(self) -> str:
        """Her exhibitor's pages."""
        return f"/exhibitor/{self.place}/{self.edition.id}"


async def register(edition: EditionInfo, actor: Actor, newcomer: Newcomer = MAI, **more: Any) -> tuple[int, int]:
    values = {"through": GivenThrough.PAPER, "wording": "Tôi đồng ý.", **more}
    return await register_person(newcomer=newcomer, edition_id=edition.id, actor=actor, now=NOW, **values)


async def fill_in(scene: Scene) -> None:
    answer = await scene.browser.post(f"{scene.page}/fill-in")
    assert (answer.status_code, answer.headers["location"]) == (303, "/exhibitor")


async def card_of(scene: Scene) -> str:
    address = await handing_over.make_card(
        person_id=scene.person_id, edition_id=scene.edition.id, actor=scene.officer, now=NOW
    )
    return address.rpartition("/")[2]


async def code_sent_to(contact: str) -> str:
    rows = await OutboxMessage.select().where(OutboxMessage.to_address == contact).order_by(OutboxMessage.id)
    found = re.search(r"\d{6}", rows[-1]["body_text"])
    assert found is not None
    return found[0]


async def log(action: str) -> list[dict[str, Any]]:
    rows, _total = await audit.list_entries(action=action)
    return rows
