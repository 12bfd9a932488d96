"""What changes to ticket types and orders are called in the log."""

from app.kernel.audit_words import Field, LogWords, Subject, names_in
from app.kernel.i18n import N_
from ticketing.sales.enums import ORDER_STATE_NAMES, PASS_KIND_NAMES
from ticketing.sales.tables import Quota, TicketOrder, TicketType

WORDS = LogWords(
    actions={
        "order.cancel": N_("Cancelled an order"),
        "order.place": N_("Ordered tickets"),
        "order.reopen": N_("Let an order wait for its payment again"),
        "order.rename": N_("Changed the name on a ticket"),
        "order.sell": N_("Sold tickets at the box office"),
        "quota.create": N_("Added a quota"),
        "quota.delete": N_("Deleted a quota"),
        "quota.update": N_("Changed a quota"),
        "ticket_type.create": N_("Added a ticket type"),
        "ticket_type.update": N_("Changed a ticket type"),
    },
    subjects={
        "ticket_order": Subject(
            name=N_("Order"),
            find=names_in(TicketOrder, TicketOrder.reference),
            fields={
                "reference": Field(""),
                "count": Field(N_("Tickets")),
                "holder_name": Field(N_("Holder")),
                "total_minor": Field(N_("Amount"), money=True),
                "state": Field(N_("State"), values=ORDER_STATE_NAMES),
            },
        ),
        "quota": Subject(
            name=N_("Quota"),
            find=names_in(Quota, Quota.name),
            fields={"size": Field(N_("Places"))},
        ),
        "ticket_type": Subject(
            name=N_("Ticket type"),
            find=names_in(TicketType, TicketType.name),
            fields={
                "description": Field(N_("Description")),
                "price_minor": Field(N_("Price"), money=True),
                "currency": Field(N_("Currency")),
                "quota": Field(N_("Places of its own")),
                "quotas": Field(N_("Quotas"), subject="quota"),
                "sales_from": Field(N_("On sale from")),
                "sales_until": Field(N_("On sale until")),
                "pass_kind": Field(N_("Kind of pass"), values=PASS_KIND_NAMES),
                "min_per_order": Field(N_("At least in one order")),
                "max_per_order": Field(N_("At most in one order")),
                "hidden": Field(N_("Hidden from visitors")),
                "active": Field(N_("Offered to visitors")),
            },
        ),
    },
)
