"""What changes to applications and allocations are called in the log."""

from app.kernel.audit_words import Field, LogWords, Subject, names_in
from app.kernel.i18n import N_
from booths.allocation.enums import APPLICATION_STATE_NAMES
from booths.allocation.tables import Application

WORDS = LogWords(
    actions={
        "allocation.discard": N_("Dropped a proposal"),
        "allocation.publish": N_("Published the allocation"),
        "allocation.start": N_("Asked for a proposal"),
        "allocation.stop": N_("Stopped the computation of a proposal"),
        "application.allocate": N_("Allocated a booth to an application"),
        "application.bill": N_("Billed a booth"),
        "application.cancel": N_("Ended an application with the festival"),
        "application.change": N_("Changed an application"),
        "application.expire": N_("Let a draft expire"),
        "application.replace": N_("Gave another booth for money that came late"),
        "application.send": N_("Sent an application in"),
        "application.submit": N_("Applied for a booth"),
        "application.wait": N_("Put an application on the waiting list"),
        "application.waive": N_("Changed who bears a booth's fee"),
        "application.withdraw": N_("Withdrew an application"),
        "fee.plan": N_("Changed when booth fees are due"),
    },
    subjects={
        "allocation_run": Subject(
            name=N_("Proposal"), fields={"placed": Field(N_("Placed")), "waiting": Field(N_("On the waiting list"))}
        ),
        "application": Subject(
            name=N_("Application"),
            find=names_in(Application, Application.organisation.name),
            fields={
                "cells_wanted": Field(N_("Cells wanted")),
                "zone_wanted": Field(N_("Zone wanted")),
                "power_watts": Field(N_("Power (watts)"), show=str),
                "category": Field(N_("Kind of goods")),
                "note": Field(N_("Note")),
                "contact": Field(N_("Contact"), subject="person"),
                "state": Field(N_("State"), values=APPLICATION_STATE_NAMES),
                "booth": Field(N_("Booth")),
                "fee_minor": Field(N_("Amount"), money=True),
                "waived_minor": Field(N_("Borne by others"), money=True),
                "waived_by": Field(N_("Borne by")),
            },
        ),
        "fee_plan": Subject(
            name=N_("Fee plan"),
            fields={
                "first_percent": Field(N_("First part in percent")),
                "first_days": Field(N_("Days until it is due")),
                "rest_due_on": Field(N_("The rest is due on")),
            },
        ),
    },
)
