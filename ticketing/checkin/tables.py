"""Tables of check-in: lists, gates, who is inside, and every scan there was.

A pass has at most one open admission (``left_at`` empty) on a list: a partial unique index refuses the second.
A scan carries an id made by the device, unique: sending it twice gives the first answer again.

``Admission`` and ``Scan`` name lists, gates and devices by plain numbers: a foreign key would make every scan lock the
same few rows. Nothing deletes lists, gates or devices.
"""

from piccolo.columns import JSON, Boolean, Date, ForeignKey, Integer, Serial, Timestamptz, Varchar
from piccolo.table import Table

from app.accounts.tables import Person
from app.events.tables import Edition, Hall, Pass
from ticketing.checkin.enums import Settlement, Verdict


class CheckInList(Table, tablename="check_in_list"):
    """Who may enter somewhere: the kinds of pass it takes (an empty list of kinds takes every one).

    With ``exits`` phones scan people out too, and who went out may come in again on the same day. ``rules.py`` says
    what the times mean; ``note`` is by language.
    """

    id: Serial
    edition = ForeignKey(Edition, null=False, index=True)
    name = Varchar(length=120)
    pass_kinds = JSON(default="[]")
    active = Boolean(default=True)
    exits = Boolean(default=False)
    opens_at = Timestamptz(default=None, null=True)
    closes_at = Timestamptz(default=None, null=True)
    day = Date(default=None, null=True)
    opens_daily = Varchar(length=5, default=None, null=True)
    closes_daily = Varchar(length=5, default=None, null=True)
    area = Varchar(length=40, default="")
    note = JSON(default="{}")
    position = Integer(default=0)


class Gate(Table, tablename="gate"):
    """An entrance where passes are scanned for one list."""

    id: Serial
    edition = ForeignKey(Edition, null=False, index=True)
    check_in_list = ForeignKey(CheckInList, null=False, index=True)
    name = Varchar(length=120)
    hall = ForeignKey(Hall, default=None, null=True)
    position = Integer(default=0)


class Admission(Table, tablename="admission"):
    """Somebody came in with a pass; ``left_at`` is empty while inside. ``attempts`` counts refused further scans."""

    id: Serial
    list_id = Integer()
    event_pass = ForeignKey(Pass, null=False)
    gate_id = Integer()
    device_id = Integer(default=None, null=True)
    admitted_at = Timestamptz(default=None, null=True)
    left_at = Timestamptz(default=None, null=True)
    attempts = Integer(default=0)


class Scan(Table, tablename="scan"):
    """One scan and the answer it got, never changed but for settling a late conflict.

    ``at`` is when the server judged it, ``device_at`` when the phone scanned it by its corrected clock, ``shown`` what
    an offline phone showed. ``previous_at`` and ``previous_gate_id`` say when and where the pass was used before.
    ``reason`` is what stood against an admission that a phone had given while offline.
    """

    id: Serial
    client_id = Varchar(length=64, unique=True)
    list_id = Integer()
    gate_id = Integer()
    device_id = Integer(default=None, null=True)
    event_pass = ForeignKey(Pass, default=None, null=True, index=True)
    code_hash = Varchar(length=64, default="")
    at = Timestamptz(default=None, null=True)
    device_at = Timestamptz(default=None, null=True)
    offline = Boolean(default=False)
    shown = Varchar(length=20, default=None, null=True)
    verdict = Varchar(length=20, choices=Verdict)
    reason = Varchar(length=20, default=None, null=True)
    previous_at = Timestamptz(default=None, null=True)
    previous_gate_id = Integer(default=None, null=True)
    settlement = Varchar(length=10, choices=Settlement, default=None, null=True)
    settled_at = Timestamptz(default=None, null=True)
    settled_by = ForeignKey(Person, default=None, null=True)


TABLES: list[type[Table]] = [CheckInList, Gate, Admission, Scan]
