"""Tables of allocation: applications, runs of the optimiser, and what they propose."""

from piccolo.columns import JSON, BigInt, Date, ForeignKey, Integer, Real, Serial, SmallInt, Text, Timestamptz, Varchar
from piccolo.columns.base import OnDelete
from piccolo.table import Table

from app.accounts.tables import Organisation, Person
from app.events.tables import Edition
from app.payments.tables import PaymentDocument
from booths.allocation.enums import ApplicationState, RunState
from booths.floorplan.tables import Booth


class Application(Table, tablename="application"):
    """An organisation's wish for a booth in an edition."""

    id: Serial
    edition = ForeignKey(Edition, null=False, index=True)
    organisation = ForeignKey(Organisation, null=False, index=True)
    contact = ForeignKey(Person, default=None, null=True)
    cells_wanted = Integer(default=1)
    zone_wanted = Varchar(length=80, default="")
    power_watts = Integer(default=0)
    category = Varchar(length=120, default="")
    note = Text(default="")
    state = Varchar(length=12, choices=ApplicationState, default=ApplicationState.DRAFT)
    submitted_at = Timestamptz(default=None, null=True)
    changed_at = Timestamptz(default=None, null=True)
    waived_minor = BigInt(default=0, help_text="What of the booth's fee somebody else bears")
    waived_by = Varchar(length=120, default="")


class AllocationRun(Table, tablename="allocation_run"):
    """One press of Allocate. ``objective`` is the plan's worth, ``gap`` how far from the best it can be (0 to 1).

    ``unmet`` says for each application without a booth why (number → facts, see ``reasons.py``).
    """

    id: Serial
    edition = ForeignKey(Edition, null=False, index=True)
    job_id = Integer(default=None, null=True)
    state = Varchar(length=12, choices=RunState, default=RunState.RUNNING)
    objective = Real(default=None, null=True)
    gap = Real(default=None, null=True)
    seconds = Real(default=None, null=True)
    placed = Integer(default=0)
    unplaced = Integer(default=0)
    unmet = JSON(default="{}")
    error = Text(default="")
    started_by = Integer(default=None, null=True)
    started_at = Timestamptz(default=None, null=True)
    finished_at = Timestamptz(default=None, null=True)
    published_at = Timestamptz(default=None, null=True)


class Allocation(Table, tablename="allocation"):
    """A booth for an application, proposed by a run; ``reasons`` explain it."""

    id: Serial
    run = ForeignKey(AllocationRun, null=False)
    application = ForeignKey(Application, null=False, index=True)
    booth = ForeignKey(Booth, null=False)
    score = Real(default=0.0)
    reasons = JSON(default="[]")


class FeePlan(Table, tablename="fee_plan"):
    """In which parts an edition's booth fees are due; without a row as a whole, as the terms of payment have it."""

    id: Serial
    edition = ForeignKey(Edition, null=False, unique=True)
    first_percent = SmallInt(default=100, help_text="Share of the first part; 100 is all of it")
    first_days = SmallInt(default=14, help_text="Days from the invoice until the first part is due")
    rest_due_on = Date(default=None, null=True)


class BoothBill(Table, tablename="booth_bill"):
    """Which booth an invoice is for: the one that was billed, or the one that was given in its place."""

    id: Serial
    document = ForeignKey(PaymentDocument, null=False, on_delete=OnDelete.restrict, unique=True)
    application = ForeignKey(Application, null=False, on_delete=OnDelete.restrict, index=True)
    booth = ForeignKey(Booth, null=False, on_delete=OnDelete.restrict)
    price_minor = BigInt(default=0, help_text="The booth's price when it was billed")


TABLES: list[type[Table]] = [Application, AllocationRun, Allocation, FeePlan, BoothBill]
