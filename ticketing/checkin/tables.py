"""Tables of check-in: lists, gates, who is inside, and every scan there was.

A pass has one admission on a list: a unique index refuses the second, and whoever scans decides under its lock.
A scan carries an id made by the device, unique: sending it twice gives the first answer again.

``Admission`` and ``Scan`` name lists, gates and devices by plain numbers: a foreign key would make every scan lock the
same few rows. Nothing deletes lists, gates or devices.
"""

from piccolo.columns import JSON, BigInt, Boolean, Date, ForeignKey, Integer, Serial, Timestamptz, Varchar
from piccolo.table import Table

from app.accounts.tables import Person
from app.events.tables import Edition, Hall, Pass
from ticketing.checkin.enums import Settlement, Verdict
from ticketing.checkin.tables_counting import HeadCount


class CheckInList(Table, tablename="check_in_list"):
    """Who may enter somewhere: the kinds of pass and the ticket types it takes (none named: every one).

    With ``exits`` phones scan people out too, and who went out may come in again on the same day. ``rules.py`` says
    what the times and the rules of entry mean; ``note`` is by language.
    ``questions`` are the numbers of those that its gates ask where a ticket has no answer yet.
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
    ticket_types = JSON(default="[]")
    once = Boolean(default=False)
    entries_a_day = Integer(default=None, null=True)
    again_after = Integer(default=None, null=True)
    capacity = Integer(default=None, null=True)
    questions = JSON(default="[]")
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
    """What a list knows of a pass: how often it let it in, when and where last, and whether it is inside.

    ``left_at`` is empty while inside. ``entries_of_day`` are those of the list's day on which it came in last, and
    ``admitted_by`` is the client's id of the scan that let it in last. ``last_at`` is the time of the latest scan that
    counted: a scan of an earlier time makes all of this anew from the scans (``recording.py``). ``attempts`` counts
    refused further scans. ``changed_in`` is the write that changed it last (``changes.py``): phones ask what is new.
    """

    id: Serial
    list_id = Integer()
    event_pass = ForeignKey(Pass, null=False)
    gate_id = Integer()
    device_id = Integer(default=None, null=True)
    admitted_at = Timestamptz(default=None, null=True)
    left_at = Timestamptz(default=None, null=True)
    attempts = Integer(default=0)
    entries = Integer(default=0)
    entries_of_day = Integer(default=0)
    admitted_by = Varchar(length=64, default=None, null=True)
    last_at = Timestamptz(default=None, null=True)
    changed_in = BigInt(default=0)


class Scan(Table, tablename="scan"):
    """One scan and the answer it got, never changed but for settling a late conflict and for taking it back.

    ``at`` is when it reached the server, ``device_at`` when the phone scanned it by its corrected clock, ``judged_at``
    the time that it was held against, ``shown`` what an offline phone showed. ``previous_at`` and ``previous_gate_id``
    say when and where the pass was used before. ``reason`` is what stood against an admission that a phone had given
    while offline, ``clock_at`` what the phone's own clock said. One with ``undone_at`` was taken back, by a person or
    by ``undone_device``, and counts for nothing. ``override`` is why a gate lead let somebody in who had been refused:
    that is a scan of its own, settled by her.
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
    judged_at = Timestamptz(default=None, null=True, index=True)
    offline = Boolean(default=False)
    shown = Varchar(length=20, default=None, null=True)
    verdict = Varchar(length=20, choices=Verdict)
    reason = Varchar(length=20, default=None, null=True)
    by_name = Boolean(default=False, help_text="Whether the holder was found by name, without her code")
    previous_at = Timestamptz(default=None, null=True)
    previous_gate_id = Integer(default=None, null=True)
    settlement = Varchar(length=10, choices=Settlement, default=None, null=True)
    settled_at = Timestamptz(default=None, null=True)
    settled_by = ForeignKey(Person, default=None, null=True)
    clock_at = Timestamptz(default=None, null=True)
    undone_at = Timestamptz(default=None, null=True)
    undone_by = ForeignKey(Person, default=None, null=True)
    undone_device = Integer(default=None, null=True)
    override = Varchar(length=200, default="")


class Emptying(Table, tablename="emptying"):
    """A moment at which everybody had left: whoever was inside a list of the edition before is not any more."""

    id: Serial
    edition = ForeignKey(Edition, null=False, index=True)
    at = Timestamptz(default=None)


TABLES: list[type[Table]] = [CheckInList, Gate, Admission, Scan, Emptying, HeadCount]
