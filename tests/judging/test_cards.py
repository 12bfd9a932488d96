"""The cards that the organiser prints for the judges' tablets."""

from typing import Any

import pytest

from app.accounts.enums import Role
from app.accounts.services.people import grant_role
from app.accounts.tables import Device
from app.judging.controllers import manage
from app.kernel.documents.labels import Label
from tests.conftest import NOW
from tests.judging.scene import scene
from tests.support.client import Browser, new_browser, sign_in

pytestmark = pytest.mark.usefixtures("frozen_now")


@pytest.mark.parametrize(
    ("locale", "foot"),
    [
        ("vi", ("Sáng tạo · 16–18/10/2026", "Mở bằng máy ảnh của máy tính bảng. Chỉ dùng được một lần.")),
        ("en", ("Creative · 16–18 Oct 2026", "Open it with the tablet's camera. It works once.")),
    ],
)
async def test_a_card_names_its_judge_the_festival_and_its_days(
    client: Browser, monkeypatch: pytest.MonkeyPatch, locale: str, foot: tuple[str, str]
) -> None:
    printed: list[tuple[list[Label], dict[str, Any]]] = []

    async def label_sheets(labels: list[Label], **how: Any) -> list[bytes]:
        printed.append((labels, how))
        return [b"%PDF"]

    monkeypatch.setattr(manage, "label_sheets", label_sheets)
    found = await scene(NOW, entries=0, judges=2, opened=False)
    assert found.chair.person_id is not None
    await grant_role(
        person_id=found.chair.person_id, role=Role.JURY_CHAIR, edition_id=found.edition_id, actor=found.chair, now=NOW
    )
    await sign_in(client, found.chair.person_id)
    assert (await client.post(f"/manage/{found.edition_id}/contest/judges/cards?lang={locale}")).status_code == 200
    ((labels, how),) = printed
    assert [(label.title, label.subtitle) for label in labels] == [("Lê Văn K", "Quỹ 0"), ("Lê Văn L", "Quỹ 1")]
    assert how["foot"] == foot
    for label in labels:
        async with new_browser() as tablet:
            assert (await tablet.post(label.link.removeprefix("http://testserver.local"))).status_code == 303
    bound = await Device.select(Device.person).where(Device.paired_at.is_not_null()).order_by(Device.id)
    assert [device["person"] for device in bound] == [judge.person_id for judge in found.judges]
