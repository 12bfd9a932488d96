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


class CellOccupied(AppError):
    """A plan's change would take a cell from a booth that somebody holds."""

    code = "cell_occupied"
    status = 409
    message = N_("Booth {booth} is held by somebody; release it before changing its cells.")


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
