"""Which dates of allocation move with an edition that is postponed. One may apply until its last day, whenever."""

from app.events.moving import Dates, Mover
from app.kernel.i18n import N_
from booths.allocation.tables import FeePlan

_FACT = "It says when something happened."

MOVER = Mover(
    moved=(Dates(title=N_("Fee plan"), columns=(FeePlan.rest_due_on,), of=FeePlan.edition),),
    stays={
        "application.submitted_at": _FACT,
        "application.changed_at": _FACT,
        "allocation_run.started_at": _FACT,
        "allocation_run.finished_at": _FACT,
        "allocation_run.published_at": _FACT,
    },
)
