"""Jobs of payments, run as the worker runs them."""

from datetime import timedelta
from typing import Any

import pytest

from app.kernel import clock, jobs
from app.kernel.worker import run_job
from app.payments.plugin import REQUEUE, module
from app.payments.services import inbox
from app.payments.services.inbox import JOB, store_event
from app.payments.tables import PaymentEvent
from tests.conftest import NOW
from tests.payments.services.test_inbox import Effect


@pytest.fixture
def effect(monkeypatch: pytest.MonkeyPatch) -> Effect:
    """The effect of ``test`` events of kind ``paid``."""
    made = Effect()
    monkeypatch.setattr(inbox, "_effects", {("test", "paid"): made.apply})
    for kind, handler in module.jobs.items():
        jobs.register(kind, handler)
    return made


async def work(at: Any) -> dict[str, Any]:
    """Run the job that is due and give what became of it."""
    with clock.freeze(at):
        row = await jobs.claim("worker", at)
        assert row is not None
        await run_job(row, "worker")
    done = await jobs.get_job(row["id"])
    assert done is not None
    return done


async def test_a_stored_event_is_applied_by_its_job(database: str, effect: Effect) -> None:
    await store_event(provider="test", event_id="1", kind="paid", payload={}, now=NOW)
    done = await work(NOW)
    assert (done["kind"], done["state"], done["result"]) == (JOB, "done", {"effect": "done", "others": 0})


async def test_an_event_whose_job_gave_up_is_queued_again_and_applied(database: str, effect: Effect) -> None:
    await store_event(provider="test", event_id="1", kind="paid", payload={}, now=NOW)
    effect.fails = True
    at = NOW
    while (await work(at))["state"] != "failed":
        at += timedelta(minutes=30)
    effect.fails = False
    later = at + timedelta(hours=1)
    await jobs.enqueue(REQUEUE, now=later)
    assert (await work(later))["result"] == {"queued": 1}
    assert (await work(later))["result"] == {"effect": "done", "others": 0}
    (row,) = await PaymentEvent.select()
    assert (row["tries"], row["effect"]) == (3, "done")
