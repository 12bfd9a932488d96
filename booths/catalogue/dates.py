"""Which dates of the catalogue move with an edition that is postponed: none."""

from app.events.moving import Mover

_FACT = "It says when something happened."

MOVER = Mover(stays={"code_scan.day": _FACT, "code_scan.first_at": _FACT, "lead.created_at": _FACT})
