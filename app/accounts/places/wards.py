"""The ward of a record: what is written, what is kept of it, and what a sheet proposes to keep."""

import re
from typing import Any, TypedDict

from app.accounts.places.reading import Reading, Standing, read_ward
from app.kernel.i18n import N_, _
from app.kernel.names import search_text
from app.kernel.sheets.model import Proposed, said

#: The first day of the two tiers, as each language writes it.
DAY = {"en": "1 July 2025", "vi": "01/07/2025", "id": "1 Juli 2025"}
IS_NOW = N_("{old} is {new} since {day}.")
WAS_DIVIDED = N_("{old} was divided on {day}. It is one of these now: {wards}.")
SEVERAL = N_("There were several of this name. The ward is one of these now: {wards}.")
GIVEN_UP = N_("{old} is an older name. The ward is probably one of these now: {wards}.")

UNKNOWN = N_("No ward of this name is known. It is loaded as it is written.")
CALLED_A_WARD = re.compile(r"(phuong|xa|thi tran|dac khu)\b")

WRITE_ONE = N_("Please write which.")


class KeptWard(TypedDict):
    """Columns of a record: the ward of today, its official code where it is certain, and what was written before."""

    ward: str
    ward_code: int | None
    ward_before: str


def keep_ward(text: str) -> KeptWard:
    """What is kept of a ward that was written: the one of today where it is certain, else the text as it is."""
    reading = read_ward(text) if text else None
    if reading is None or reading.ward is None:
        return {"ward": text, "ward_code": None, "ward_before": ""}
    if reading.standing == Standing.TODAY:
        return {"ward": text, "ward_code": reading.ward.code, "ward_before": ""}
    return {"ward": reading.ward.full, "ward_code": reading.ward.code, "ward_before": text}


def ward_problem(text: str) -> str:
    """Why a ward that was typed into a form cannot be kept yet, in the reader's language: it can be several today."""
    reading = read_ward(text) if text else None
    if reading is None or reading.standing != Standing.OPEN:
        return ""
    return f"{said(*said_of(text, reading))} {_(WRITE_ONE)}"


def ward_place(text: str | None) -> str:
    """By what records of one ward are found, however it was written: folded, under its name of today."""
    ward = read_ward(text).ward if text else None
    return search_text(ward.full if ward else text)


def propose_ward(text: str) -> Proposed | None:
    """The ward of today for one that is no more; those that it can be where that is not certain; a word for one that
    is not known, if it is called a ward of Vietnam.
    """
    reading = read_ward(text)
    if reading.standing == Standing.MOVED:
        (ward,) = reading.wards
        return Proposed(*said_of(text, reading), becomes=ward.full)
    if reading.standing == Standing.OPEN:
        return Proposed(*said_of(text, reading), options=tuple(ward.full for ward in reading.wards))
    if reading.standing == Standing.UNKNOWN and CALLED_A_WARD.match(search_text(text)):
        return Proposed(UNKNOWN, becomes=text)
    return None


def said_of(text: str, reading: Reading) -> tuple[str, dict[str, Any]]:
    """What became of a former ward: a marked sentence with its parameters."""
    wards = "; ".join(ward.full for ward in reading.wards)
    old = reading.former[0]
    if reading.standing == Standing.MOVED:
        (ward,) = reading.wards
        return IS_NOW, {"old": old.full if len(reading.former) == 1 else text, "new": ward.full, "day": DAY}
    if reading.given_up:
        return GIVEN_UP, {"old": text, "wards": wards}
    if len(reading.former) > 1:
        return SEVERAL, {"wards": wards}
    return WAS_DIVIDED, {"old": old.full, "wards": wards, "day": DAY}
