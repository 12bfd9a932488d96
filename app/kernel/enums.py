"""Closed sets of values in the kernel's tables."""

from enum import StrEnum

from app.kernel.i18n import N_


class BatchState(StrEnum):
    """Where an uploaded sheet stands."""

    READING = "reading"
    PREVIEWED = "previewed"
    LOADING = "loading"
    LOADED = "loaded"
    DISCARDED = "discarded"


BATCH_STATE_NAMES = {
    BatchState.READING: N_("Being read"),
    BatchState.PREVIEWED: N_("Not accepted yet"),
    BatchState.LOADING: N_("Being loaded"),
    BatchState.LOADED: N_("Loaded"),
    BatchState.DISCARDED: N_("Dropped"),
}


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


CHANNEL_NAMES = {
    ChannelKind.MAIL: N_("Mail"),
    ChannelKind.SMS: N_("SMS"),
    ChannelKind.ZALO: N_("Zalo"),
}


class MessageState(StrEnum):
    """Where a message of the outbox stands."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


MESSAGE_STATE_NAMES = {
    MessageState.WAITING: N_("Waiting"),
    MessageState.SENDING: N_("On its way"),
    MessageState.SENT: N_("Sent"),
    MessageState.FAILED: N_("Failed"),
}
