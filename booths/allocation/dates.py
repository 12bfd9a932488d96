"""Which dates of allocation move with an edition that is postponed: none; one may apply until its last day."""

from app.events.moving import Mover

_FACT = "It says when something happened."

MOVER = Mover(
    stays={
        "application.submitted_at": _FACT,
        "application.changed_at": _FACT,
        "allocation_run.started_at": _FACT,
        "allocation_run.finished_at": _FACT,
        "allocation_run.published_at": _FACT,
    }
)
