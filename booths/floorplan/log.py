"""What changes to booths are called in the log."""

from typing import Any

from app.events.tables import Hall
from app.kernel.audit_words import Field, LogWords, Subject, names_in
from app.kernel.i18n import N_
from booths.floorplan.enums import BOOTH_STATE_NAMES
from booths.floorplan.squares import show_squares
from booths.floorplan.tables import Booth


def _cells(pairs: list[Any]) -> str:
    """Stored pairs of column and row as ``A1 A2``."""
    return show_squares((x, y) for x, y in pairs)


WORDS = LogWords(
    actions={
        "booth.allocated": N_("Allocated a booth"),
        "booth.change": N_("Changed a booth"),
        "booth.delete": N_("Removed a booth"),
        "booth.draw": N_("Drew a booth"),
        "booth.held": N_("Held a booth"),
        "booth.release": N_("Set a booth free"),
        "hall.change": N_("Changed a hall"),
        "hall.draw": N_("Made a hall"),
    },
    subjects={
        "hall": Subject(
            name=N_("Hall"),
            find=names_in(Hall, Hall.name),
            fields={
                "name": Field(N_("Name")),
                "width_cells": Field(N_("Width in cells")),
                "depth_cells": Field(N_("Depth in cells")),
            },
        ),
        "booth": Subject(
            name=N_("Booth"),
            find=names_in(Booth, Booth.code),
            fields={
                "booth": Field(""),
                "state": Field(N_("State"), values=BOOTH_STATE_NAMES),
                "zone": Field(N_("Zone")),
                "power_watts": Field(N_("Power (watts)"), show=str),
                "price_minor": Field(N_("Price"), money=True),
                "cells": Field(N_("Which cells"), show=_cells),
            },
        ),
    },
)
