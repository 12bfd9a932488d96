"""Closed sets of values in the kernel's tables."""

from enum import StrEnum


class BatchState(StrEnum):
    """Where an uploaded sheet stands."""

    PREVIEWED = "previewed"
    LOADED = "loaded"
    DISCARDED = "discarded"


class JobState(StrEnum):
    """Where a background job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ChannelKind(StrEnum):
    """How a message reaches a person."""

    MAIL = "mail"
    SMS = "sms"
    ZALO = "zalo"


class MessageState(StrEnum):
    """Where a message of the outbox stands."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
