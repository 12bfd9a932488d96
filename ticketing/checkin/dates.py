"""Which dates of check-in move with an edition that is postponed: none; lists go by the days of the passes."""

from app.events.moving import Mover

_FACT = "It says when something happened."

MOVER = Mover(
    stays={
        "admission.admitted_at": _FACT,
        "admission.left_at": _FACT,
        "scan.at": _FACT,
        "scan.device_at": _FACT,
        "scan.previous_at": _FACT,
        "scan.settled_at": _FACT,
    }
)
