"""The outbox: written with its cause, sent after it, tried again, given up, never left in the open."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.kernel import clock, outbox, worker
from app.kernel.channels import DeliveryFailed, OutgoingMessage
from app.kernel.channels.http import HttpChannel
from app.kernel.channels.mail import MailChannel
from app.kernel.channels.screen import ScreenChannel
from app.kernel.database import in_transaction, write_transaction
from app.kernel.enums import ChannelKind, MessageState
from app.kernel.outbox import LEASE, MOST_TRIES, MessageNotFailed, back_off
from app.kernel.tables import OutboxMessage
from tests.kernel.conftest import Configure
from tests.kernel.mail_server import MailServer, mail_server
from tests.support.race import race, winners

NOW = datetime(2026, 10, 16, 1, 30, tzinfo=UTC)
SECRET = "https://fair.example/sign-in/abcdefghijklmnop"
pytestmark = pytest.mark.engines


async def send(**given: Any) -> int:
    values: dict[str, Any] = {
        "to": "hoa@example.com",
        "channel": ChannelKind.MAIL,
        "subject": "Vé của bạn",
        "body": "Xin chào Hoa,\nvé ở đây: https://fair.example/p",
        "locale": "vi",
        "now": NOW,
    }
    made = await outbox.send_message(**{**values, **given})
    assert made is not None
    return made


async def row(message_id: int) -> dict[str, Any]:
    found = await outbox.get_message(message_id)
    assert found is not None
    return found


async def test_a_message_is_there_when_its_cause_is_and_only_then(database: str) -> None:
    async def failing() -> None:
        async with write_transaction():
            await send()
            raise KeyError

    with pytest.raises(KeyError):
        await failing()
    assert await OutboxMessage.count() == 0
    async with write_transaction():
        message_id = await send(person_id=5, edition_id=2)
    found = await row(message_id)
    assert (found["state"], found["person_id"], found["edition_id"], found["attempts"]) == ("waiting", 5, 2, 0)
    assert await outbox.get_message(999) is None


@pytest.mark.race
async def test_a_unique_key_sends_once_however_many_ask(database: str) -> None:
    async def party(_number: int) -> int | None:
        return await outbox.send_message(
            to="a@b.vn", channel=ChannelKind.MAIL, subject="s", body="b", locale="vi", unique_key="ticket:1", now=NOW
        )

    results = winners(await race(40, party))
    assert len(results) == 40
    assert len([result for result in results if result]) == 1
    assert await OutboxMessage.count() == 1


async def test_a_server_that_is_busy_is_tried_again_with_growing_pauses(database: str, mail: MailServer) -> None:
    mail.rcpt = ["451 later", "451 later"]
    mail.data = ["452 full"]
    message_id = await send()
    at, pauses = NOW, []
    for _ in range(4):
        assert await outbox.deliver_due(at) == 1
        found = await row(message_id)
        if found["state"] == "sent":
            break
        assert await outbox.deliver_due(found["next_try_at"] - timedelta(seconds=1)) == 0
        pauses.append((found["next_try_at"] - at).total_seconds())
        at = found["next_try_at"]
    assert pauses == [30, 120, 480]
    assert (found["state"], found["attempts"], found["error"]) == ("sent", 4, "")
    assert len(mail.mails) == 1


async def test_an_address_that_does_not_exist_is_not_tried_again(database: str, mail: MailServer) -> None:
    mail.rcpt = ["550 no such user"]
    message_id = await send()
    await outbox.deliver_due(NOW)
    found = await row(message_id)
    assert (found["state"], found["error"], found["attempts"]) == ("failed", "address refused (550)", 1)


async def test_after_eight_tries_it_is_failed_until_somebody_sends_it_again(database: str, mail: MailServer) -> None:
    mail.rcpt = ["451 later"] * MOST_TRIES
    message_id = await send()
    at = NOW
    for _ in range(MOST_TRIES):
        assert await outbox.deliver_due(at) == 1
        at += timedelta(hours=7)
    found = await row(message_id)
    assert (found["state"], found["attempts"], found["error"]) == ("failed", 8, "address refused (451)")
    assert await outbox.deliver_due(at) == 0
    await outbox.retry(message_id, actor=None, now=at)
    assert await outbox.deliver_due(at) == 1
    assert (await row(message_id))["state"] == "sent"
    with pytest.raises(MessageNotFailed):
        await outbox.retry(message_id, actor=None, now=at)


async def test_a_dropped_connection_leads_to_the_same_mail_again(database: str, mail: MailServer) -> None:
    mail.data = ["drop"]
    message_id = await send()
    await outbox.deliver_due(NOW)
    assert (await row(message_id))["state"] == "waiting"
    await outbox.deliver_due(NOW + timedelta(minutes=1))
    assert [received["message-id"] for received in mail.mails] == [f"<outbox-{message_id}@testserver.local>"] * 2
    assert (await row(message_id))["state"] == "sent"


async def test_a_server_that_does_not_answer_holds_nothing_up(
    database: str, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail.delay = 60
    monkeypatch.setattr(outbox, "TIMEOUT_SECONDS", 0.2)
    message_id = await send()
    async with asyncio.timeout(30):
        delivering = asyncio.ensure_future(outbox.deliver_due(NOW))
        await asyncio.sleep(0.1)
        async with write_transaction():  # nothing is locked meanwhile
            await send(subject="another")
        await delivering
    found = await row(message_id)
    assert (found["state"], found["error"]) == ("waiting", "no answer in time")


async def test_no_server_at_all_is_a_failure_to_try_again(database: str, configure: Configure) -> None:
    configure(smtp_host="127.0.0.1", smtp_port=1, smtp_tls="none")
    message_id = await send()
    await outbox.deliver_due(NOW)
    found = await row(message_id)
    assert (found["state"], found["error"]) == ("waiting", "mail server: SMTPConnectError")


async def test_without_a_channel_messages_wait_and_go_when_there_is_one(database: str, configure: Configure) -> None:
    message_id = await send()
    assert await outbox.deliver_due(NOW + timedelta(days=3)) == 0
    found = await row(message_id)
    assert (found["state"], found["attempts"], found["error"]) == ("waiting", 0, "")
    assert outbox.open_channels() == []
    async with mail_server() as server:
        configure(smtp_host="127.0.0.1", smtp_port=server.port, smtp_tls="none")
        assert outbox.open_channels() == [ChannelKind.MAIL]
        await send(channel=ChannelKind.SMS, to="+84912345678")
        assert await outbox.deliver_due(NOW + timedelta(days=3)) == 1
    assert (await row(message_id))["state"] == "sent"


def test_the_demo_shows_on_screen_what_no_channel_takes(configure: Configure) -> None:
    configure(demo=True, sms_url="http://127.0.0.1:9/")
    assert isinstance(outbox.channel_for(ChannelKind.MAIL), ScreenChannel)
    assert isinstance(outbox.channel_for(ChannelKind.SMS), HttpChannel)
    configure(demo=True, smtp_host="mail.test")
    assert isinstance(outbox.channel_for(ChannelKind.MAIL), MailChannel)


async def test_one_time_links_do_not_lie_about_after_sending(database: str, mail: MailServer) -> None:
    message_id = await send(body=SECRET, body_html=f"<p>{SECRET}</p>", secret=True)
    await outbox.deliver_due(NOW)
    assert SECRET in mail.mails[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    found = await row(message_id)
    assert (found["state"], found["body_text"], found["body_html"]) == ("sent", "", "")


async def test_on_screen_they_stay_for_a_day(database: str, configure: Configure) -> None:
    configure(demo=True)
    message_id = await send(body=SECRET, secret=True)
    await outbox.deliver_due(NOW)
    found = await row(message_id)
    assert (found["state"], found["shown_on_screen"], found["body_text"]) == ("sent", True, SECRET)
    await outbox.clear_shown_secrets(NOW)
    assert (await row(message_id))["body_text"] == SECRET
    await outbox.clear_shown_secrets(NOW + timedelta(days=1))
    assert (await row(message_id))["body_text"] == ""


async def test_no_secret_and_no_address_is_logged(
    database: str, mail: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "fairground")
    mail.rcpt = ["550 <hoa@example.com> unknown"]
    for _ in range(2):
        await send(body=SECRET, secret=True)
    await outbox.deliver_due(NOW)
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("fairground"))
    assert "was not taken: address refused (550)" in ours
    assert SECRET not in ours
    assert "hoa@example.com" not in ours
    assert all("hoa@" not in found["error"] for found in (await outbox.list_messages())[0])


@pytest.mark.race
async def test_of_many_deliverers_one_takes_each_message(database: str, mail: MailServer) -> None:
    for _ in range(20):
        await send()
    claimed = winners(await race(10, lambda _number: outbox.claim_messages(NOW, 5)))
    assert len(claimed) == 10
    ids = [one["id"] for batch in claimed for one in batch]
    assert len(ids) == len(set(ids))
    rest = [one["id"] for one in await outbox.claim_messages(NOW, 50)]
    assert sorted(ids + rest) == sorted({*ids, *rest})
    assert len(ids + rest) == 20


@pytest.mark.race
async def test_without_the_condition_messages_are_taken_twice(
    database: str, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: the product's own statement, which no longer asks whether somebody has the message."""
    condition = outbox._claimable

    def careless(places: str) -> str:
        return condition(places).replace("state = 'waiting' AND ", "").replace("state = 'sending' AND ", "")

    monkeypatch.setattr(outbox, "_claimable", careless)
    assert "state" not in outbox._claimable("{}")
    message_id = await send()
    taken = winners(await race(10, lambda _number: outbox.claim_messages(NOW, 5)))
    assert [[one["id"] for one in batch] for batch in taken] == [[message_id]] * 10


async def test_a_message_whose_deliverer_vanished_is_sent_by_another(database: str, mail: MailServer) -> None:
    message_id = await send()
    (lost,) = await outbox.claim_messages(NOW)
    assert await outbox.deliver_due(NOW + LEASE) == 0
    assert await outbox.deliver_due(NOW + LEASE * 2) == 1
    assert ((await row(message_id))["state"], len(mail.mails)) == ("sent", 1)
    await outbox._write_failure(lost, "too late", lasting=True, now=NOW)
    assert (await row(message_id))["state"] == "sent"


async def test_one_whose_deliverers_always_vanish_fails_at_last(database: str, mail: MailServer) -> None:
    message_id = await send()
    at = NOW
    for _ in range(MOST_TRIES):
        assert len(await outbox.claim_messages(at)) == 1
        at += LEASE * 2
    assert await outbox.claim_messages(at) == []
    found = await row(message_id)
    assert (found["state"], found["error"]) == ("failed", "The worker vanished while it was sent.")


async def test_the_worker_sends_at_once_and_outside_of_transactions(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside: list[bool] = []
    told = asyncio.Event()

    class Listening:
        async def deliver(self, _message: object) -> None:
            inside.append(in_transaction())
            told.set()

    monkeypatch.setattr(worker, "POLL_SECONDS", 30)
    monkeypatch.setattr(outbox, "channel_for", lambda _kind: Listening())
    stop = asyncio.Event()
    with clock.freeze(NOW):
        running = asyncio.ensure_future(worker.run_worker(stop))
        await asyncio.sleep(0.2)
        async with write_transaction():
            await send()
        async with asyncio.timeout(3):
            await told.wait()
        stop.set()
        await running
    assert inside == [False]


async def test_a_channel_that_hangs_holds_up_no_other(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = asyncio.Event()

    class Hanging:
        async def deliver(self, _message: object) -> None:
            await asyncio.sleep(30)

    class Quick:
        async def deliver(self, _message: object) -> None:
            sent.set()

    monkeypatch.setattr(worker, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(outbox, "channel_for", lambda kind: Hanging() if kind == ChannelKind.MAIL else Quick())
    stop = asyncio.Event()
    with clock.freeze(NOW):
        await send()
        running = asyncio.ensure_future(worker.run_worker(stop))
        await asyncio.sleep(0.1)
        await send(channel=ChannelKind.SMS, to="+84912345678")
        async with asyncio.timeout(3):
            await sent.wait()
        monkeypatch.setattr(worker, "GRACE_SECONDS", -0.9)
        stop.set()
        async with asyncio.timeout(3):
            await running


async def test_a_message_that_is_answered_slowly_holds_up_no_other(
    database: str, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [await send(to=f"hoa-{number}@example.com") for number in range(3 * outbox.BATCH)]
    others_sent = asyncio.Event()
    usual = MailChannel.deliver

    async def slow_for_the_first(self: MailChannel, message: OutgoingMessage) -> None:
        if message.id == ids[0]:
            await others_sent.wait()
        await usual(self, message)
        if len(mail.mails) == len(ids) - 1:
            others_sent.set()

    monkeypatch.setattr(MailChannel, "deliver", slow_for_the_first)
    assert await outbox.deliver_due(NOW) == len(ids)
    assert [(await row(one))["state"] for one in ids] == [MessageState.SENT] * len(ids)


async def test_a_fault_of_ours_is_logged_and_tried_again(
    database: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        async def deliver(self, _message: object) -> None:
            raise KeyError(SECRET)

    monkeypatch.setattr(outbox, "channel_for", lambda _kind: Broken())
    message_id = await send()
    await outbox.deliver_due(NOW)
    found = await row(message_id)
    assert (found["state"], found["error"]) == ("waiting", "KeyError")
    assert f"message {message_id} could not be sent" in caplog.text


async def test_messages_are_searched_filtered_and_paged(database: str) -> None:
    for number in range(4):
        await send(subject=f"Vé số {number}", edition_id=1)
    await send(channel=ChannelKind.SMS, to="+84912345678", subject="Mã 100%", edition_id=2)
    found, total = await outbox.list_messages(edition_id=1, page=2, per_page=3)
    assert ([one["subject"] for one in found], total) == (["Vé số 0"], 4)
    assert (await outbox.list_messages(channel=ChannelKind.SMS))[1] == 1
    assert (await outbox.list_messages(state=MessageState.SENT))[1] == 0
    assert (await outbox.list_messages(search="HOA@"))[1] == 4
    assert (await outbox.list_messages(search="số 2"))[1] == 1
    assert (await outbox.list_messages(search="0%"))[1] == 1
    assert (await outbox.list_messages(search="%"))[1] == 1
    assert (await outbox.list_messages(search="_"))[1] == 0


def test_pauses_grow_to_six_hours() -> None:
    assert [back_off(tries).total_seconds() for tries in range(1, 9)] == [
        *(30, 120, 480, 1920, 7680),
        *(21600, 21600, 21600),
    ]


def test_a_refusal_says_whether_it_lasts() -> None:
    assert DeliveryFailed("x").lasting is False
