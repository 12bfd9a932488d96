"""What can go wrong on the floor plan."""

from app.kernel.errors import AppError
from app.kernel.i18n import N_


class BoothTaken(AppError):
    """Somebody else holds the booth or one of its cells."""

    code = "booth_taken"
    status = 409
    message = N_("Booth {booth} is taken. Choose another one.")


class BoothNotFound(AppError):
    """There is no such booth in this edition."""

    code = "booth_not_found"
    status = 404
    message = N_("There is no such booth in this edition.")


class HallNotFound(AppError):
    """There is no such hall in this edition."""

    code = "hall_not_found"
    status = 404
    message = N_("There is no such hall in this edition.")


class CellOccupied(AppError):
    """A cell belongs to another booth, or to one that somebody holds."""

    code = "cell_occupied"
    status = 409
    message = N_("These cells belong to booth {booth}. A booth's cells cannot change while somebody holds it.")


class BoothUsed(AppError):
    """A booth that has had a holder stays, for the record."""

    code = "booth_used"
    status = 409
    message = N_("Booth {booth} has had a holder, so it stays on the plan. You can change its code, zone and power.")


class CellsApart(AppError):
    """The cells of a booth do not touch."""

    code = "cells_apart"
    status = 422
    message = N_("The cells of booth {booth} do not touch one another.")


class BoothCodeTaken(AppError):
    """Two booths of a hall with one code."""

    code = "booth_code_taken"
    status = 409
    message = N_("There is a booth {booth} in this hall already.")


class HallNameTaken(AppError):
    """Two halls of an edition with one name, marks and case aside: sheets could not tell them apart."""

    code = "hall_name_taken"
    status = 409
    message = N_("There is a hall {hall} in this edition already.")


class HallTooSmall(AppError):
    """A booth would lie outside."""

    code = "hall_too_small"
    status = 409
    message = N_("The hall must keep at least {width} by {depth} cells: booths stand there.")
