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
    CANCELLED = "cancelled"


#: An application in one of these waits for a booth.
OPEN_STATES = (ApplicationState.SUBMITTED, ApplicationState.WAITING)
OPEN_VALUES = [state.value for state in OPEN_STATES]

APPLICATION_STATE_NAMES = {
    ApplicationState.DRAFT: N_("Draft"),
    ApplicationState.SUBMITTED: N_("Submitted"),
    ApplicationState.ALLOCATED: N_("Booth allocated"),
    ApplicationState.WAITING: N_("On the waiting list"),
    ApplicationState.WITHDRAWN: N_("Taken back"),
    ApplicationState.CANCELLED: N_("Festival cancelled"),
}


#: Name under which payments knows invoices of booths; their subject is the application.
FEE_PURPOSE = "booth_fee"


class FeeState(StrEnum):
    """Where the fee of an allocated booth stands."""

    UNBILLED = "unbilled"
    OPEN = "open"
    PAID = "paid"
    BORNE = "borne"


FEE_STATE_NAMES = {
    FeeState.UNBILLED: N_("Not billed yet"),
    FeeState.OPEN: N_("Not paid yet"),
    FeeState.PAID: N_("Paid"),
    FeeState.BORNE: N_("Borne by others"),
}


class FeeNews(StrEnum):
    """What an exhibitor is told about the fee of her booth."""

    BILLED = "billed"
    BORNE = "borne"
    KEPT = "kept"
    REPLACED = "replaced"
    GONE = "gone"
    BILLED_ANEW = "billed_anew"
    PAID_ANEW = "paid_anew"
    TAKEN_BACK = "taken_back"
    OWED_BACK = "owed_back"
    BORNE_BACK = "borne_back"


class RunState(StrEnum):
    """Where a run of the optimiser stands."""

    RUNNING = "running"
    PROPOSED = "proposed"
    PUBLISHED = "published"
    DISCARDED = "discarded"
    FAILED = "failed"


class Reason(StrEnum):
    """Why an application got its booth, or none; sentences are in ``REASON_NAMES``."""

    SIZE = "size"
    LARGER = "larger"
    LARGER_NONE = "larger_none"
    LARGER_GONE = "larger_gone"
    ZONE = "zone"
    OTHER_ZONE = "other_zone"
    OTHER_ZONE_NONE = "other_zone_none"
    OTHER_ZONE_GONE = "other_zone_gone"
    NO_WISH = "no_wish"
    POWER = "power"
    CORNER = "corner"
    APART = "apart"
    BESIDE = "beside"
    COMPETITOR = "competitor"
    ALONE = "alone"
    BY_HAND = "by_hand"
    ALL_GONE = "all_gone"
    TOO_LITTLE_POWER = "too_little_power"
    NO_SIZE = "no_size"


REASON_NAMES = {
    Reason.SIZE: N_("{cells} cells, as asked for."),
    Reason.LARGER: N_("{cells} cells, one more than asked for: so it could stand in a better place."),
    Reason.LARGER_NONE: N_(
        "{cells} cells, one more than asked for: no free booth of exactly {wanted} had enough power."
    ),
    Reason.LARGER_GONE: N_(
        "{cells} cells, one more than asked for: the booths of exactly {wanted} that fit ({there}) went to others."
    ),
    Reason.ZONE: N_("In the wished zone, {zone}: booths free there: {there}, exhibitors who wished for it: {wished}."),
    Reason.OTHER_ZONE: N_("In {zone}, not in {wanted} as wished: for everybody together the plan is better so."),
    Reason.OTHER_ZONE_NONE: N_("In {zone}, not in {wanted} as wished: no booth free there had the size and power."),
    Reason.OTHER_ZONE_GONE: N_(
        "In {zone}, not in {wanted} as wished: the booths there that fit ({there}) went to others; "
        "exhibitors who wished for that zone: {wished}."
    ),
    Reason.NO_WISH: N_("No zone was asked for; it stands in {zone}."),
    Reason.POWER: N_("Power {has} W; {needed} W are needed."),
    Reason.CORNER: N_("A corner: open to the aisle on two sides."),
    Reason.APART: N_("Beside {neighbours}: nobody there offers the same goods ({category})."),
    Reason.BESIDE: N_("Beside {neighbours}."),
    Reason.COMPETITOR: N_(
        "Beside {neighbours}, with the same kind of goods ({category}): "
        "no place apart was found that does not cost others more."
    ),
    Reason.ALONE: N_("Nobody stands right beside it."),
    Reason.BY_HAND: N_("The organisers chose this booth by hand."),
    Reason.ALL_GONE: N_(
        "The free booths with {wanted} cells or one more and enough power ({there}) went to other exhibitors."
    ),
    Reason.TOO_LITTLE_POWER: N_(
        "Booths with {wanted} cells or one more were free ({there}), but none of them has {needed} W."
    ),
    Reason.NO_SIZE: N_("No booth with {wanted} cells or one more was free."),
}
