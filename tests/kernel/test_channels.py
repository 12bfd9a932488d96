"""The channels: proper mail, and what an HTTP gateway is given."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from app.kernel import clock, outbox
from app.kernel.channels import Attachment, making
from app.kernel.channels import http as http_channel
from app.kernel.enums import ChannelKind
from app.kernel.i18n import current_locale
from app.kernel.settings import settings
from tests.kernel.mail_server import Gateway, MailServer
from tests.kernel.test_outbox import NOW, row, send

pytestmark = pytest.mark.engines


async def test_mail_is_proper_mime_in_utf8(database: str, mail: MailServer) -> None:
    message_id = await send(body_html="<p>Xin chào <b>Hoa</b></p>")
    assert await outbox.deliver_due(NOW) == 1
    (received,) = mail.mails
    assert received["subject"] == "Vé của bạn"
    assert received["from"] == "Hội chợ <fair@fair.example>"
    assert received["to"] == "hoa@example.com"
    assert received["message-id"] == f"<outbox-{message_id}@testserver.local>"
    assert received["content-language"] == "vi"
    assert received.get_content_type() == "multipart/alternative"
    text, html = received.iter_parts()
    assert text.get_content().strip().splitlines() == ["Xin chào Hoa,", "vé ở đây: https://fair.example/p"]  # type: ignore[attr-defined]
    assert html.get_content().strip() == "<p>Xin chào <b>Hoa</b></p>"  # type: ignore[attr-defined]
    sent = await row(message_id)
    assert (sent["state"], sent["sent_at"], sent["shown_on_screen"]) == ("sent", NOW, False)
    assert sent["body_text"] != ""
    assert await outbox.deliver_due(NOW + timedelta(days=1)) == 0


async def test_files_of_the_data_folder_go_with_a_mail(database: str, mail: MailServer) -> None:
    folder = settings().data_dir / "documents"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ve.pdf").write_bytes(b"%PDF-1.7 x")
    await send(attachments=[Attachment(filename="Vé.pdf", mime="application/pdf", path="documents/ve.pdf")])
    await outbox.deliver_due(NOW)
    (attached,) = mail.mails[0].iter_attachments()
    assert (attached.get_filename(), attached.get_content_type()) == ("Vé.pdf", "application/pdf")
    assert attached.get_payload(decode=True) == b"%PDF-1.7 x"


async def test_attachments_are_made_when_the_mail_is_sent(
    database: str, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the reader's language; what cannot be made, is there no more or is too large holds no mail back."""
    monkeypatch.setattr(making, "MOST_BYTES", 50)
    asked: list[object] = []

    async def numbers(of: Sequence[int]) -> bytes | None:
        asked.append((current_locale(), list(of)))
        return ",".join(map(str, of)).encode()

    async def nothing(_of: Sequence[int]) -> bytes | None:
        return None

    async def broken(_of: Sequence[int]) -> bytes | None:
        raise ValueError("no")

    for maker in (numbers, nothing, broken):
        making.add_maker(maker.__name__, maker)
    kinds = [("numbers", [1, 2]), ("nothing", [3]), ("broken", [4]), ("numbers", list(range(100, 200))), ("gone", [])]
    wanted = [
        Attachment(filename=f"{n}.txt", mime="text/plain", made_by=kind, of=of) for n, (kind, of) in enumerate(kinds)
    ]
    message_id = await send(attachments=wanted)
    await outbox.deliver_due(NOW)
    (attached,) = mail.mails[0].iter_attachments()
    assert attached.get_filename() == "0.txt"
    assert attached.get_payload(decode=True) == b"1,2"
    assert asked == [("vi", [1, 2]), ("vi", list(range(100, 200)))]
    assert (await row(message_id))["state"] == "sent"


async def test_what_is_heavy_to_make_stays_behind_where_many_wait(
    database: str, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def page(_of: Sequence[int]) -> bytes | None:
        return b"x"

    making.add_maker("heavy", page, heavy=True)
    making.add_maker("light", page)
    wanted = [Attachment(filename=f"{kind}.txt", mime="text/plain", made_by=kind) for kind in ("heavy", "light")]
    for most, names in ((0, ["light.txt"]), (40, ["heavy.txt", "light.txt"])):
        monkeypatch.setattr(making, "MOST_WAITING", most)
        monkeypatch.setattr(outbox, "BATCH", 1)
        mail.mails.clear()
        for _mail in range(2):
            await send(attachments=wanted)
        with clock.freeze(NOW):
            await outbox.deliver_due(NOW)
        assert [one.get_filename() for one in mail.mails[0].iter_attachments()] == names


async def test_a_mail_does_not_wait_long_for_what_goes_with_it(
    database: str, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "SECONDS", 0.05)

    async def endless(_of: Sequence[int]) -> bytes | None:
        await asyncio.Event().wait()
        return None

    making.add_maker("endless", endless)
    await send(attachments=[Attachment(filename="x.pdf", mime="application/pdf", made_by="endless", of=[1])])
    await outbox.deliver_due(NOW)
    assert list(mail.mails[0].iter_attachments()) == []


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "documents/none.pdf"])
async def test_a_file_outside_of_the_data_folder_fails_the_message(database: str, mail: MailServer, path: str) -> None:
    message_id = await send(attachments=[Attachment(filename="x.pdf", mime="application/pdf", path=path)])
    await outbox.deliver_due(NOW)
    found = await row(message_id)
    assert (found["state"], found["error"]) == ("failed", "the attachment x.pdf is missing")
    assert mail.mails == []


async def test_a_subject_cannot_bring_headers_with_it(database: str, mail: MailServer) -> None:
    await send(subject="Vé\r\nBcc: thief@example.com")
    await outbox.deliver_due(NOW)
    assert mail.mails[0]["bcc"] is None
    assert mail.mails[0]["subject"] == "Vé Bcc: thief@example.com"


@pytest.mark.parametrize(("channel", "token"), [(ChannelKind.SMS, "sms-token"), (ChannelKind.ZALO, "zalo-token")])
async def test_sms_and_zalo_are_posted_with_their_token(
    database: str, sms: Gateway, channel: ChannelKind, token: str
) -> None:
    sms.answers = [503, "drop"]
    message_id = await send(channel=channel, to="+84912345678", subject="Mã", body="Mã của bạn: 123456")
    at = NOW
    for _ in range(3):
        assert await outbox.deliver_due(at) == 1
        at = (await row(message_id))["next_try_at"]
    assert (await row(message_id))["state"] == "sent"
    assert [request["line"] for request in sms.requests] == ["POST /send HTTP/1.1"] * 3
    assert sms.requests[-1]["body"] == {
        "id": f"outbox-{message_id}",
        "to": "+84912345678",
        "text": "Mã của bạn: 123456",
        "subject": "Mã",
        "locale": "vi",
    }
    assert {request["headers"]["authorization"] for request in sms.requests} == {f"Bearer {token}"}
    assert {request["headers"]["idempotency-key"] for request in sms.requests} == {f"outbox-{message_id}"}


@pytest.mark.parametrize(("answer", "state"), [(400, "failed"), (422, "failed"), (401, "waiting"), (429, "waiting")])
async def test_what_a_gateway_refuses_for_good_is_not_tried_again(
    database: str, sms: Gateway, answer: int, state: str
) -> None:
    sms.answers = [answer]
    message_id = await send(channel=ChannelKind.SMS, to="+84912345678")
    await outbox.deliver_due(NOW)
    found = await row(message_id)
    assert (found["state"], found["error"]) == (state, f"gateway answered {answer}")


async def test_a_slow_gateway_is_given_up_for_now(database: str, sms: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_channel, "TIMEOUT_SECONDS", 0.1)
    sms.delay = 0.3
    message_id = await send(channel=ChannelKind.SMS, to="+84912345678")
    await outbox.deliver_due(NOW)
    assert (await row(message_id))["error"] == "gateway: ReadTimeout"
