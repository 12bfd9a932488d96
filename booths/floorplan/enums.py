"""Words of the floor plan."""

from enum import StrEnum

from app.kernel.i18n import N_


class HolderState(StrEnum):
    """How firmly somebody holds a cell."""

    HELD = "held"
    ALLOCATED = "allocated"


class BoothState(StrEnum):
    """What a booth looks like on the plan."""

    FREE = "free"
    HELD = "held"
    ALLOCATED = "allocated"


class Drawn(StrEnum):
    """What drawing a booth did."""

    CREATED = "created"
    CHANGED = "changed"
    SAME = "same"


BOOTH_STATE_NAMES = {
    BoothState.FREE: N_("Free"),
    BoothState.HELD: N_("Held"),
    BoothState.ALLOCATED: N_("Allocated"),
}
