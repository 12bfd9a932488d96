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


#: An application in one of these waits for a booth.
OPEN_STATES = (ApplicationState.SUBMITTED, ApplicationState.WAITING)
OPEN_VALUES = [state.value for state in OPEN_STATES]

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
    BY_HAND = "by_hand"


REASON_NAMES = {
    Reason.SIZE: N_("It has the number of cells you asked for."),
    Reason.LARGER: N_(
        "It is one cell larger than you asked for: no booth of exactly your size was left where it fits."
    ),
    Reason.ZONE: N_("It stands in the zone you wished for."),
    Reason.OTHER_ZONE: N_("The fitting booths of the zone you wished for went to others, so it stands in another one."),
    Reason.POWER: N_("It has the electric power you need."),
    Reason.NO_WISH: N_("You named no zone, so any would do."),
    Reason.COMPETITOR: N_("A neighbour offers the same kind of goods."),
    Reason.BY_HAND: N_("The organisers chose this booth for you."),
}
