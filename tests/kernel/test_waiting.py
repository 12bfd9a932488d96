"""What waits: counted from the database, said in words, given to Prometheus."""

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.kernel import outbox
from app.kernel.enums import ChannelKind, JobState, MessageState
from app.kernel.i18n import use_locale
from app.kernel.jobs import enqueue
from app.kernel.settings import settings
from app.kernel.tables import Job, OutboxMessage
from app.kernel.waiting import Waiting, all_waiting, in_words, kernel_waiting
from app.payments.dashboard import payments_waiting
from app.payments.tables import PaymentEvent
from tests.conftest import NOW

pytestmark = pytest.mark.engines
TOKEN = "only the tests know this token"
EARLIER = NOW - timedelta(minutes=10)


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Prometheus may ask."""
    monkeypatch.setenv("METRICS_TOKEN", TOKEN)
    settings.cache_clear()
    yield TOKEN
    settings.cache_clear()


async def message(channel: ChannelKind, state: MessageState = MessageState.WAITING) -> None:
    await outbox.send_message(
        to="hoa@example.com" if channel is ChannelKind.MAIL else "+84912345678",
        channel=channel,
        subject="Vé",
        body="Xin chào",
        locale="vi",
        now=EARLIER,
    )
    newest = await OutboxMessage.select(OutboxMessage.id).order_by(OutboxMessage.id, ascending=False).first()
    await OutboxMessage.update({OutboxMessage.state: state}).where(OutboxMessage.id == newest["id"])


async def test_messages_jobs_and_payment_notices_are_counted_with_the_oldest(database: str) -> None:
    for state in (MessageState.WAITING, MessageState.SENDING, MessageState.SENT, MessageState.FAILED):
        await message(ChannelKind.MAIL, state)
    await message(ChannelKind.SMS)
    await enqueue("test.due", run_at=EARLIER, now=NOW)
    await enqueue("test.later", run_at=NOW + timedelta(hours=1), now=NOW)
    failed = await enqueue("test.failed", now=EARLIER)
    await Job.update({Job.state: JobState.FAILED}).where(Job.id == failed)
    assert await kernel_waiting(NOW) == [
        Waiting("mail", 2, EARLIER),
        Waiting("sms", 1, EARLIER),
        Waiting("zalo", 0, None),
        Waiting("message_failed", 1, EARLIER, failed=True),
        Waiting("job", 1, EARLIER),
        Waiting("job_failed", 1, EARLIER, failed=True),
    ]
    assert await payments_waiting(NOW) == [Waiting("payment_event", 0, None)]
    await PaymentEvent(provider="stripe", event_id="evt_1", kind="x", payload="{}", received_at=EARLIER).save()
    assert await payments_waiting(NOW) == [Waiting("payment_event", 1, EARLIER)]


async def test_every_kind_has_its_words(client: httpx.AsyncClient) -> None:
    found = await all_waiting(NOW)
    assert {waiting.kind for waiting in found} >= {"mail", "job", "payment_event", "scan_conflict"}
    for locale, said in (("en", "3 mails wait"), ("vi", "3 email đang chờ"), ("id", "3 email menunggu")):
        with use_locale(locale):
            assert in_words(Waiting("mail", 3, NOW)) == said
            texts = [in_words(Waiting(waiting.kind, 1, NOW)) for waiting in found]
            assert len(set(texts)) == len(found)


async def test_metrics_are_for_who_has_the_token(client: httpx.AsyncClient, token: str) -> None:
    for given in ({}, {"authorization": "Bearer wrong"}, {"authorization": f"Bearer {token}ễ"[:-1]}):
        expected = 200 if given.get("authorization") == f"Bearer {token}" else 404
        assert (await client.get("/metrics", headers=given)).status_code == expected


async def test_without_the_setting_there_are_no_metrics(client: httpx.AsyncClient) -> None:
    assert (await client.get("/metrics", headers={"authorization": "Bearer "})).status_code == 404


async def test_metrics_count_requests_by_route_and_what_waits(client: httpx.AsyncClient, token: str) -> None:
    await message(ChannelKind.MAIL)
    await client.get("/sign-in/a-secret-that-stands-in-an-address")
    await client.request("BREW", "/sign-in")
    text = (await client.get("/metrics", headers={"authorization": f"Bearer {token}"})).text
    assert "a-secret-that" not in text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    requests = {
        (sample.labels["method"], sample.labels["route"]): sample.value
        for sample in samples
        if sample.name == "fairground_requests_total"
    }
    assert requests["GET", "/sign-in/{token}"] >= 1
    assert {method for method, _route in requests} <= {
        "GET",
        "POST",
        "PUT",
        "DELETE",
        "PATCH",
        "HEAD",
        "OPTIONS",
        "other",
    }
    assert all(sample.labels["worker"] for sample in samples if sample.name == "fairground_requests_total")
    waiting = {sample.labels["kind"]: sample.value for sample in samples if sample.name == "fairground_waiting"}
    assert (waiting["mail"], waiting["payment_event"]) == (1, 0)
    ages = {s.labels["kind"]: s.value for s in samples if s.name == "fairground_waiting_oldest_seconds"}
    assert ages["mail"] >= 600
