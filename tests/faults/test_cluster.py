"""What counts as a job that was taken over, and that a run in which none was does not pass."""

from __future__ import annotations

import pytest

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
