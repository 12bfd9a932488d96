"""Words of allocation."""

from enum import StrEnum

from app.kernel.i18n import N_


class ApplicationState(StrEnum):
    """Where an application stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ALLOCATED = "allocated"
    WAITING = "waiting"
    WITHDRAWN = "withdrawn"


APPLICATION_STATE_NAMES = {
    ApplicationState.DRAFT: N_("Draft"),
    ApplicationState.SUBMITTED: N_("Submitted"),
    ApplicationState.ALLOCATED: N_("Booth allocated"),
    ApplicationState.WAITING: N_("On the waiting list"),
    ApplicationState.WITHDRAWN: N_("Withdrawn"),
}


class RunState(StrEnum):
    """Where a run of the optimiser stands."""

    RUNNING = "running"
    PROPOSED = "proposed"
    PUBLISHED = "published"
    DISCARDED = "discarded"
    FAILED = "failed"


class Reason(StrEnum):
    """Why an application got its booth; texts are in ``REASON_NAMES``."""

    SIZE = "size"
    LARGER = "larger"
    ZONE = "zone"
    OTHER_ZONE = "other_zone"
    POWER = "power"
    NO_WISH = "no_wish"
    COMPETITOR = "competitor"


REASON_NAMES = {
    Reason.SIZE: N_("It has the number of cells you asked for."),
    Reason.LARGER: N_("It is larger than you asked for, because no booth of your size was left."),
    Reason.ZONE: N_("It stands in the zone you wished for."),
    Reason.OTHER_ZONE: N_("The zone you wished for was full, so it stands in another one."),
    Reason.POWER: N_("It has the electric power you need."),
    Reason.NO_WISH: N_("You named no zone, so any would do."),
    Reason.COMPETITOR: N_("A neighbour offers the same kind of goods."),
}
