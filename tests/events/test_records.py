"""What stands written about an edition: devices, the log of changes, messages; each searched, filtered, exported."""

import zipfile
from datetime import timedelta
from io import BytesIO

import httpx
import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import DeviceKind, Role
from app.accounts.services.devices import make_device_invite, pair_device, revoke_device
from app.accounts.services.people import grant_role, revoke_role
from app.accounts.tables import RoleGrant
from app.events.queries import EditionInfo
from app.events.services.editions import EditionValues, update_edition
from app.kernel import clock
from app.kernel.audit import record
from app.kernel.enums import ChannelKind, MessageState
from app.kernel.outbox import send_message
from app.kernel.sheets import read_table
from app.kernel.sheets.errors import SheetEmpty
from app.kernel.tables import OutboxMessage
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.client import sign_in
from tests.support.factories import make_device, make_holder, make_person
from tests.support.queries import counted_queries


async def signed_in_as(client: httpx.AsyncClient, role: Role, edition: EditionInfo) -> None:
    person = await make_holder(role, edition_id=edition.id, name="Vũ Thị Quản")
    await sign_in(client, person.id)


def rows_of(answer: httpx.Response) -> list[tuple[object, ...]]:
    assert answer.status_code == 200
    try:
        return [row.values for row in read_table(answer.content, "list.xlsx").rows]
    except SheetEmpty:
        return []


async def test_the_log_is_read_as_words_with_names(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    person = await make_person(name="Đỗ Thị Yến")
    await grant_role(person_id=person.id, role=Role.FLOOR, edition_id=edition.id, actor=SYSTEM, now=NOW)
    await signed_in_as(client, Role.MANAGER, edition)
    text = (await client.get(f"/manage/{edition.id}/audit?lang=vi&action=role.grant")).text
    assert "Trao vai trò" in text
    assert "Đỗ Thị Yến" in text
    assert "Mặt bằng" in text
    for raw in (">role.grant<", ">floor<", f"person {person.id}"):
        assert raw not in text


async def test_the_log_is_searched_by_who_did_it_without_accents(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    manager = await make_holder(Role.MANAGER, edition_id=edition.id, name="Đỗ Thị Yến")
    await sign_in(client, manager.id)
    form = {"full_name": "Lê Ngọc Ánh", "phone": "0912 345 678", "email": "", "role": "gate_lead"}
    await client.post(f"/manage/{edition.id}/people", data=form)
    found = (await client.get(f"/manage/{edition.id}/audit?q=do thi yen")).text
    assert "Lê Ngọc Ánh" in found
    assert "Opened the edition" not in found.split("<tbody>")[1]
    assert "Nothing fits" in (await client.get(f"/manage/{edition.id}/audit?q=nobody")).text
    given = {"slug": edition.slug, "name": edition.name, "starts_on": edition.starts_on, "ends_on": edition.ends_on}
    values = EditionValues(**given, intro={"vi": "Ba ngày vui."})
    await update_edition(edition_id=edition.id, values=values, actor=SYSTEM, now=NOW)
    changed = (await client.get(f"/manage/{edition.id}/audit?lang=vi&action=edition.update")).text
    assert "<dd><del>Ba ngày hội chợ.</del></dd><dd>Ba ngày vui.</dd>" in changed


@pytest.mark.parametrize("count", [1, 3])
async def test_the_log_asks_as_often_for_one_name_as_for_three(client: httpx.AsyncClient, count: int) -> None:
    edition = await make_edition()
    await signed_in_as(client, Role.MANAGER, edition)
    for _number in range(count):
        await make_holder(Role.FLOOR, edition_id=edition.id)
    await client.get(f"/manage/{edition.id}/audit")
    with counted_queries() as asked:
        await client.get(f"/manage/{edition.id}/audit?action=role.grant")
    assert len(asked) == 6


async def test_the_log_is_exported_with_its_filter(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    await signed_in_as(client, Role.MANAGER, edition)
    rows = rows_of(await client.get(f"/manage/{edition.id}/audit/export.xlsx?action=role.grant"))
    assert [row[1:] for row in rows] == [("Fairground", None, "Gave a role", "Person", "Vũ Thị Quản", "Role: Manager")]


async def test_what_could_become_a_formula_is_neutralised_in_exports(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    await make_holder(Role.FLOOR, edition_id=edition.id, name='=HYPERLINK("x")')
    await signed_in_as(client, Role.MANAGER, edition)
    answer = await client.get(f"/manage/{edition.id}/people/export.xlsx?role=floor")
    written = zipfile.ZipFile(BytesIO(answer.content)).read("xl/worksheets/sheet1.xml").decode()
    assert ">'=HYPERLINK(" in written


async def test_devices_are_searched_filtered_and_exported(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    at = clock.now()
    bound, _token = await make_device(edition_id=edition.id, now=at)
    lost, _token = await make_device(edition_id=edition.id, now=at)
    await revoke_device(device_id=lost.id, actor=SYSTEM, now=at)
    judge = await make_person(name="Đỗ Thị Yến")
    for label, long_ago in (("Bảng mới", timedelta()), ("Bảng cũ", timedelta(days=60))):
        await make_device_invite(
            kind=DeviceKind.JUDGE,
            edition_id=edition.id,
            label=label,
            person_id=judge.id,
            actor=SYSTEM,
            now=at - long_ago,
        )
    await signed_in_as(client, Role.MANAGER, edition)
    base = f"/manage/{edition.id}/devices/export.xlsx"
    for query, labels in (
        ("", {bound.label, lost.label, "Bảng mới", "Bảng cũ"}),
        ("?state=bound", {bound.label}),
        ("?state=revoked", {lost.label}),
        ("?state=invited", {"Bảng mới"}),
        ("?state=expired", {"Bảng cũ"}),
        ("?kind=judge", {"Bảng mới", "Bảng cũ"}),
        ("?q=yen", {"Bảng mới", "Bảng cũ"}),
        (f"?q={bound.label}", {bound.label}),
        ("?q=nothing", set()),
    ):
        assert {row[0] for row in rows_of(await client.get(base + query))} == labels, query
        text = (await client.get(f"/manage/{edition.id}/devices{query}")).text
        assert {label for label in (bound.label, lost.label, "Bảng mới", "Bảng cũ") if f">{label}<" in text} == labels


async def test_a_gate_lead_sees_phones_and_a_chair_tablets(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    phone, _token = await make_device(edition_id=edition.id)
    tablet, _token = await make_device(edition_id=edition.id, kind=DeviceKind.JUDGE)
    base = f"/manage/{edition.id}/devices"
    for role, own, other in ((Role.GATE_LEAD, phone, tablet), (Role.JURY_CHAIR, tablet, phone)):
        await signed_in_as(client, role, edition)
        for query in ("", f"?kind={other.kind}"):
            assert {row[0] for row in rows_of(await client.get(f"{base}/export.xlsx{query}"))} == {own.label}
        assert (await client.post(f"{base}/{other.id}/revoke")).status_code == 404
        assert (await client.post(f"{base}/{own.id}/revoke")).status_code == 303


async def test_a_device_is_seen_when_it_is_paired(database: str) -> None:
    _device_id, address = await make_device_invite(
        kind=DeviceKind.GATE, edition_id=1, label="Máy", actor=SYSTEM, now=NOW
    )
    device, _token = await pair_device(invite_token=address.rpartition("/")[2], now=NOW)
    assert device.last_seen_at == NOW


async def test_messages_name_their_channel_and_state(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    await send_message(
        to="+84912345678",
        channel=ChannelKind.SMS,
        subject="Vé của bạn",
        body="x",
        locale="vi",
        now=NOW + timedelta(days=30000),
        unique_key=None,
        edition_id=edition.id,
    )
    await signed_in_as(client, Role.MANAGER, edition)
    page = (await client.get(f"/manage/{edition.id}/outbox?lang=vi")).text.split("<tbody>")[1]
    assert "SMS</span>" in page
    assert "Đang chờ" in page
    rows = rows_of(await client.get(f"/manage/{edition.id}/outbox/export.xlsx?lang=en"))
    assert [row[:4] for row in rows] == [("Vé của bạn", "+84912345678", "SMS", "Waiting")]


@pytest.mark.engines
async def test_who_sends_a_failed_message_again_stands_in_the_log(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    message_id = await send_message(
        to="+84912345678",
        channel=ChannelKind.SMS,
        subject="Vé của bạn",
        body="x",
        locale="vi",
        now=NOW,
        unique_key=None,
        edition_id=edition.id,
    )
    await OutboxMessage.update({OutboxMessage.state: MessageState.FAILED}).where(OutboxMessage.id == message_id)
    await signed_in_as(client, Role.MANAGER, edition)
    assert (await client.post(f"/manage/{edition.id}/outbox/{message_id}/retry")).status_code == 303
    assert (await client.post(f"/manage/{edition.id}/outbox/{message_id}/retry")).status_code == 303
    rows = rows_of(await client.get(f"/manage/{edition.id}/audit/export.xlsx?action=message.retry"))
    assert [row[1:] for row in rows] == [
        ("Vũ Thị Quản", None, "Sent a message again", "Message", "Vé của bạn", "State: Failed → Waiting")
    ]


async def test_only_owners_and_managers_read_messages(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    for role in (Role.FLOOR, Role.FINANCE, Role.GATE_LEAD, Role.JURY_CHAIR):
        await signed_in_as(client, role, edition)
        assert (await client.get(f"/manage/{edition.id}/outbox")).status_code == 403
        assert (await client.get(f"/manage/{edition.id}/outbox/export.xlsx")).status_code == 403


async def test_people_are_exported_as_they_are_filtered(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    person = await make_holder(Role.FLOOR, edition_id=edition.id, name="Đỗ Thị Yến")
    gone = await make_holder(Role.FLOOR, edition_id=edition.id)
    grant = await RoleGrant.objects().get(RoleGrant.person == gone.id)
    assert grant is not None
    await revoke_role(grant_id=grant.id, edition_id=edition.id, actor=SYSTEM, now=NOW)
    await signed_in_as(client, Role.MANAGER, edition)
    rows = rows_of(await client.get(f"/manage/{edition.id}/people/export.xlsx?role=floor&q=yen"))
    assert rows == [("Đỗ Thị Yến", "Floor", person.phone, None, None, None, None)]


async def test_the_status_page_says_in_words_what_waits(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    with clock.freeze(NOW):
        await signed_in_as(client, Role.MANAGER, edition)
        address = f"/manage/{edition.id}/status?lang=en"
        shown = (await client.get(address)).text
        assert ("Everything is done" in shown, "No backup was made yet." in shown) == (True, True)
        for minutes in (28, 2, 1):
            await send_message(
                to="hoa@example.com",
                channel=ChannelKind.MAIL,
                subject="Vé",
                body="Xin chào",
                locale="vi",
                now=NOW - timedelta(minutes=minutes),
            )
        await record(
            actor=None, action="backup.make", subject_type="installation", subject_id="", now=NOW - timedelta(days=1)
        )
        shown = (await client.get(address)).text
        said = ("3 mails wait since 08:02", "Late", "Everything is done")
        assert [words in shown for words in said] == [True, True, False]
        assert "Last backup: 15 Oct 2026 08:30." in shown
