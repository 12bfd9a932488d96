"""Tables of the floor plan: cells, booths, and who holds each cell."""

from piccolo.columns import BigInt, Boolean, ForeignKey, Integer, Serial, Timestamptz, Varchar
from piccolo.table import Table

from app.accounts.tables import Organisation
from app.events.tables import Edition, Hall
from booths.floorplan.enums import HolderState


class Booth(Table, tablename="booth"):
    """A booth: one or more neighbouring cells of a hall under one code."""

    id: Serial
    edition = ForeignKey(Edition, null=False, index=True)
    hall = ForeignKey(Hall, null=False)
    code = Varchar(length=12)
    zone = Varchar(length=80, default="")
    cell_count = Integer(help_text="How many cells it has")
    power_watts = Integer(default=0)
    price_minor = BigInt(default=0)
    currency = Varchar(length=3, default="VND")
    short_code = Varchar(length=12, default=None, null=True)


class Cell(Table, tablename="cell"):
    """One square of a hall's floor; ``x`` grows to the east, ``y`` to the south, both from 0."""

    id: Serial
    hall = ForeignKey(Hall, null=False)
    x = Integer()
    y = Integer()
    booth = ForeignKey(Booth, default=None, null=True, index=True)


class CellHold(Table, tablename="cell_hold"):
    """Somebody's claim on a cell. The database refuses a second live one for the same cell."""

    id: Serial
    cell = ForeignKey(Cell, null=False)
    booth = ForeignKey(Booth, null=False, index=True)
    organisation = ForeignKey(Organisation, null=False, index=True)
    state = Varchar(length=12, choices=HolderState, default=HolderState.HELD)
    live = Boolean(default=True)
    held_at = Timestamptz(default=None, null=True)
    released_at = Timestamptz(default=None, null=True)


TABLES: list[type[Table]] = [Booth, Cell, CellHold]
