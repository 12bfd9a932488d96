"""Which dates of the floor plan move with an edition that is postponed: none."""

from app.events.moving import Mover

_FACT = "It says when something happened; a hold has no end of its own."

MOVER = Mover(stays={"cell_hold.held_at": _FACT, "cell_hold.released_at": _FACT})
