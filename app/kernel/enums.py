"""Closed sets of values in the kernel's tables."""

from enum import StrEnum


class BatchState(StrEnum):
    """Where an uploaded sheet stands."""

    PREVIEWED = "previewed"
    LOADED = "loaded"
    DISCARDED = "discarded"
