"""What counts as a job that was taken over, and that a run in which none was does not pass."""

from __future__ import annotations

import pytest

from tests.faults.__main__ import KINDS, stood
from tests.faults.cluster import Orphan, not_taken_over

DONE = {"state": "done", "worker": "here:2:b", "attempts": 2}


@pytest.mark.parametrize(
    ("orphan", "job", "faults"),
    [
        (Orphan("here:1:a", 1), DONE, 0),
        (None, DONE, 1),
        (Orphan("here:2:b", 1), DONE, 1),
        (Orphan("here:1:a", 2), DONE, 1),
        (Orphan("here:1:a", 1), {**DONE, "state": "running"}, 1),
    ],
    ids=["taken over", "no kill met it", "the same worker", "no further attempt", "not done"],
)
def test_a_job_is_taken_over_by_another_worker_or_it_is_a_fault(
    orphan: Orphan | None, job: dict[str, object], faults: int
) -> None:
    assert not_taken_over(orphan, job) == faults


STOOD = {"kinds": dict.fromkeys(KINDS, 3), "sent_again": 1, "refused": 0, "faults": {"orders_lost": 0}}


@pytest.mark.parametrize(
    ("changes", "passes"),
    [
        ({}, True),
        ({"kinds": {"orders": 9, "redeem": 9}}, False),
        ({"sent_again": 0}, False),
        ({"refused": 1}, False),
        ({"faults": {"orders_lost": 1}}, False),
    ],
    ids=["all was tried", "no ballot", "nothing was cut off", "one was refused", "one was lost"],
)
def test_a_run_passes_only_when_all_was_tried_and_nothing_lost(changes: dict[str, object], passes: bool) -> None:
    assert stood({**STOOD, **changes}) is passes


def test_walks_that_nobody_made_do_not_pass() -> None:
    assert [stood({"walks": count, "refused": 0, "faults": {}}) for count in (0, 5)] == [False, True]
