"""Bodies of the API by which gate phones count visitors."""

from datetime import datetime
from typing import Annotated

import msgspec

from ticketing.checkin.schemas import MOST_IN_ONE_BATCH, ClientId, Instant


class CountTold(msgspec.Struct):
    """So many visitors who came in without a pass. ``client_id`` is made by the device: the same one counts once.

    ``device_at`` is its corrected time and ``gate`` the id of the gate at which it counted; left out, it is the
    device's. ``undoes`` is the ``client_id`` of a count of the same device that is taken back.
    """

    client_id: ClientId
    visitors: Annotated[int, msgspec.Meta(ge=1, le=50)]
    device_at: Instant
    gate: int | None = None
    undoes: ClientId | None = None


class CountsRequest(msgspec.Struct):
    """The queue of a phone, in any order."""

    counts: Annotated[list[CountTold], msgspec.Meta(max_length=MOST_IN_ONE_BATCH)]


class CountAnswer(msgspec.Struct, omit_defaults=True):
    """That a count was taken over, or, in ``error``, the code of what kept it from that."""

    client_id: str
    replayed: bool = False
    error: str | None = None


class CountedAnswer(msgspec.Struct):
    """How many visitors were counted at the device's gate since its day began, by all phones."""

    server_time: datetime
    gate_id: int
    gate: str
    visitors: int


class CountsAnswer(CountedAnswer):
    """An answer for each count in the order in which they came, and how many there are now."""

    answers: list[CountAnswer]
