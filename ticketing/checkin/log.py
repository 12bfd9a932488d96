"""What changes to gates and scans are called in the log."""

from app.events.enums import PASS_KIND_NAMES
from app.events.tables import Hall
from app.kernel.audit_words import Field, LogWords, Subject, names_in
from app.kernel.i18n import N_
from ticketing.checkin.enums import SETTLEMENT_NAMES, VERDICT_NAMES
from ticketing.checkin.tables import CheckInList, Gate, Scan

WORDS = LogWords(
    actions={
        "admission.close_all": N_("Closed all open admissions"),
        "check_in_list.create": N_("Added a check-in list"),
        "check_in_list.update": N_("Changed a check-in list"),
        "gate.create": N_("Added a gate"),
        "gate.update": N_("Changed a gate"),
        "scan.override": N_("Let somebody in who was refused"),
        "scan.settle": N_("Settled a scan"),
        "scan.undo": N_("Took a scan back"),
    },
    subjects={
        "check_in_list": Subject(
            name=N_("Check-in list"),
            find=names_in(CheckInList, CheckInList.name),
            fields={
                "pass_kinds": Field(N_("Kinds of pass"), values=PASS_KIND_NAMES),
                "opens_at": Field(N_("Opens at")),
                "closes_at": Field(N_("Closes at")),
                "day": Field(N_("Day")),
                "opens_daily": Field(N_("Every day from")),
                "closes_daily": Field(N_("Every day until")),
                "area": Field(N_("Area")),
                "note": Field(N_("Note")),
                "ticket_types": Field(N_("Ticket types"), subject="ticket_type"),
                "questions": Field(N_("Questions that the gate asks"), subject="question"),
                "once": Field(N_("Only once")),
                "entries_a_day": Field(N_("Admissions a day")),
                "again_after": Field(N_("Again after so many minutes")),
                "capacity": Field(N_("Room for so many people")),
            },
        ),
        "gate": Subject(
            name=N_("Gate"),
            find=names_in(Gate, Gate.name),
            fields={
                "list": Field(N_("Check-in list"), subject="check_in_list"),
                "hall": Field(N_("Hall"), subject="hall"),
            },
        ),
        "hall": Subject(name=N_("Hall"), find=names_in(Hall, Hall.name)),
        "scan": Subject(
            name=N_("Scan"),
            find=names_in(Scan, Scan.event_pass.holder_name),
            fields={
                "reason": Field(N_("What stands against it"), values=VERDICT_NAMES),
                "settlement": Field(N_("Decision"), values=SETTLEMENT_NAMES),
                "verdict": Field(N_("Answer"), values=VERDICT_NAMES),
                "override": Field(N_("Why she was let in")),
            },
        ),
    },
)
