"""Tables of editions, places, the programme, passes and short codes."""

from piccolo.columns import JSON, Date, ForeignKey, Integer, Serial, SmallInt, Timestamptz, Varchar
from piccolo.columns.base import OnDelete
from piccolo.table import Table

from app.accounts.tables import Organisation, Person
from app.events.enums import BadgePaper, EditionState, PassKind, PassReason, PassState, PrintState, PrintWhat


class Venue(Table, tablename="venue"):
    """A place that is used year after year."""

    id: Serial
    name = Varchar(length=160)
    address = Varchar(length=300)
    created_at = Timestamptz(default=None)


class Edition(Table, tablename="edition"):
    """One festival, in one year. Texts are ``{"vi": …, "id": …, "en": …}``; hours are ``HH:MM`` in the own zone."""

    id: Serial
    slug = Varchar(length=80, unique=True)
    name = JSON(default="{}")
    intro = JSON(default="{}")
    place = JSON(default="{}")
    venue = ForeignKey(references=Venue, null=True, on_delete=OnDelete.restrict)
    timezone = Varchar(length=40, default="Asia/Ho_Chi_Minh")
    currency = Varchar(length=3, default="VND")
    starts_on = Date(default=None)
    ends_on = Date(default=None)
    opens_at = Varchar(length=5, default="08:00")
    closes_at = Varchar(length=5, default="17:00")
    organiser = ForeignKey(references=Organisation, null=True, on_delete=OnDelete.restrict)
    parts = JSON(default="[]")
    state = Varchar(length=10, choices=EditionState, default=EditionState.DRAFT)
    cover = Varchar(length=64, default=None, null=True)
    copied_from: ForeignKey["Edition"] = ForeignKey(references="self", null=True, on_delete=OnDelete.set_null)
    created_at = Timestamptz(default=None)
    opened_at = Timestamptz(default=None, null=True)
    closed_at = Timestamptz(default=None, null=True)
    was_starts_on = Date(default=None, null=True, help_text="First day before it was postponed last")
    was_ends_on = Date(default=None, null=True)
    change_reason = Varchar(length=500, default="", help_text="Why it was postponed or cancelled")
    keep_months = SmallInt(default=12, help_text="Months after the last day until visitors' data go")


class Hall(Table, tablename="hall"):
    """A hall of an edition, cut into ``width_cells`` by ``depth_cells`` squares of ``cell_size_mm``."""

    id: Serial
    edition = ForeignKey(references=Edition, null=False, on_delete=OnDelete.restrict, index=True)
    venue = ForeignKey(references=Venue, null=True, on_delete=OnDelete.restrict)
    name = Varchar(length=80)
    width_cells = Integer()
    depth_cells = Integer()
    cell_size_mm = Integer(default=3000)
    position = SmallInt(default=0)


class Track(Table, tablename="track"):
    """A strand of the programme. ``name_key`` is its name in lower case without diacritics."""

    id: Serial
    edition = ForeignKey(references=Edition, null=False, on_delete=OnDelete.restrict)
    name = JSON(default="{}")
    name_key = Varchar(length=160)
    position = SmallInt(default=0)


class ProgrammeSession(Table, tablename="programme_session"):
    """Something that begins and ends: a talk, a show, a class. ``title_key`` serves search and re-import."""

    id: Serial
    edition = ForeignKey(references=Edition, null=False, on_delete=OnDelete.restrict, index=True)
    track = ForeignKey(references=Track, null=True, on_delete=OnDelete.restrict)
    title = JSON(default="{}")
    title_key = Varchar(length=400)
    summary = JSON(default="{}")
    starts_at = Timestamptz(default=None, index=True)
    ends_at = Timestamptz(default=None)
    place = Varchar(length=160)
    speaker = Varchar(length=200)


class PassCounter(Table, tablename="pass_counter"):
    """How many serials an edition has given out, from 1, and how many of them never became a pass."""

    id: Serial
    edition = ForeignKey(references=Edition, null=False, on_delete=OnDelete.restrict, unique=True)
    issued = Integer(default=0)
    unused = Integer(default=0)


class Pass(Table, tablename="pass"):
    """A pass. ``label`` is what a gate shows as its type; of the secret link only a hash and its seed stand here.

    ``type_no`` is the number of its ticket type, of which events know nothing else; ``replaces`` that of the pass it
    was made for, and ``note`` what a gate is to see that asks the service. It may say something of its holder.
    """

    id: Serial
    edition = ForeignKey(references=Edition, null=False, on_delete=OnDelete.restrict)
    serial = Integer()
    kind = Varchar(length=12, choices=PassKind)
    state = Varchar(length=10, choices=PassState, default=PassState.ISSUED)
    label = Varchar(length=80)
    holder = ForeignKey(references=Person, null=True, on_delete=OnDelete.set_null, index=True)
    holder_name = Varchar(length=160)
    search_text = Varchar(length=200)
    valid_from = Timestamptz(default=None)
    valid_until = Timestamptz(default=None)
    key_id = SmallInt()
    code = Varchar(length=140)
    short_code = Varchar(length=8, unique=True)
    secret_seed = Varchar(length=32)
    secret_hash = Varchar(length=64, unique=True)
    issued_at = Timestamptz(default=None)
    revoked_at = Timestamptz(default=None, null=True)
    revoked_reason = Varchar(length=200, default=None, null=True)
    type_no = Integer(default=None, null=True)
    state_reason = Varchar(length=12, choices=PassReason, default=PassReason.NONE)
    replaces = Integer(default=None, null=True)
    note = Varchar(length=80)
    organisation = Varchar(length=160, help_text="What its badge says whom the holder is of")


class PassShift(Table, tablename="pass_shift"):
    """What a key signed before its edition was postponed: such codes count so many minutes later than they say."""

    id: Serial
    edition = ForeignKey(references=Edition, null=False, on_delete=OnDelete.restrict, index=True)
    key_id = SmallInt(unique=True)
    minutes = Integer(default=0)


class PrintRun(Table, tablename="print_run"):
    """A file of badges or passes that was made to be printed.

    ``choice`` says of which passes (:class:`~app.events.passes.printing.Choice`); the file is kept for some days.
    """

    id: Serial
    edition = ForeignKey(references=Edition, null=False, on_delete=OnDelete.restrict, index=True)
    what = Varchar(length=8, choices=PrintWhat)
    paper = Varchar(length=16, choices=BadgePaper)
    choice = JSON(default="{}")
    locale = Varchar(length=2)
    state = Varchar(length=10, choices=PrintState, default=PrintState.MAKING)
    passes = Integer(default=0, help_text="Of how many it is")
    pages = Integer(default=0)
    file = Varchar(length=80)
    job_id = Integer(default=None, null=True)
    created_by = ForeignKey(references=Person, null=True, on_delete=OnDelete.set_null, index=True)
    created_at = Timestamptz(default=None)
    finished_at = Timestamptz(default=None, null=True)


class PrintedPass(Table, tablename="printed_pass"):
    """A pass that stands in the file of a run; it counts once the run is ready."""

    id: Serial
    run = ForeignKey(references=PrintRun, null=False, on_delete=OnDelete.cascade)
    event_pass = ForeignKey(references=Pass, null=False, on_delete=OnDelete.cascade, index=True)


class ShortCode(Table, tablename="short_code"):
    """Seven characters that lead to a booth, a product, an idea, a session."""

    id: Serial
    code = Varchar(length=8, unique=True)
    edition = ForeignKey(references=Edition, null=False, on_delete=OnDelete.restrict)
    kind = Varchar(length=20)
    target_id = Integer()
    created_at = Timestamptz(default=None)


TABLES: list[type[Table]] = [
    Venue,
    Edition,
    Hall,
    Track,
    ProgrammeSession,
    PassCounter,
    Pass,
    PassShift,
    PrintRun,
    PrintedPass,
    ShortCode,
]
