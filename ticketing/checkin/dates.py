"""Which dates of check-in move with an edition that is postponed."""

from app.events.moving import Dates, Mover
from app.kernel.i18n import N_
from ticketing.checkin.tables import CheckInList

_FACT = "It says when something happened."

MOVER = Mover(
    moved=(
        Dates(
            title=N_("Hours of check-in lists"),
            columns=(CheckInList.opens_at, CheckInList.closes_at),
            of=CheckInList.edition,
            begins=(CheckInList.opens_at,),
        ),
        Dates(title=N_("Days of check-in lists"), columns=(CheckInList.day,), of=CheckInList.edition),
    ),
    stays={
        "admission.admitted_at": _FACT,
        "admission.left_at": _FACT,
        "admission.last_at": _FACT,
        "emptying.at": _FACT,
        "scan.judged_at": _FACT,
        "scan.at": _FACT,
        "scan.device_at": _FACT,
        "scan.previous_at": _FACT,
        "scan.settled_at": _FACT,
        "scan.clock_at": _FACT,
        "scan.undone_at": _FACT,
    },
)
