"""The table of visitors who are counted, not scanned."""

from piccolo.columns import Integer, Serial, SmallInt, Timestamptz, Varchar
from piccolo.table import Table


class HeadCount(Table, tablename="head_count"):
    """So many visitors whom staff let in at a gate without a pass, or that an earlier count was a mistake.

    ``undoes`` is the ``client_id`` of the count that the same phone takes back; ``visitors`` is then how many those
    were. Rows are added and never changed, so that they may come in any order. ``at`` is when it reached the server,
    ``device_at`` when it was tapped by the phone's corrected clock, ``counted_at`` the time that figures hold it
    against. Nobody is named, and no figure of passes has any of these in it.
    """

    id: Serial
    client_id = Varchar(length=64, unique=True)
    gate_id = Integer()
    device_id = Integer()
    visitors = SmallInt()
    undoes = Varchar(length=64, default=None, null=True)
    at = Timestamptz(default=None)
    device_at = Timestamptz(default=None, null=True)
    counted_at = Timestamptz(default=None)
