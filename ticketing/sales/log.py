"""What changes to ticket types and orders are called in the log."""

from app.kernel.audit_words import Field, LogWords, Subject, names_in
from app.kernel.i18n import N_
from ticketing.sales.enums import ORDER_STATE_NAMES, PASS_KIND_NAMES, QUESTION_KIND_NAMES, VOUCHER_EFFECT_NAMES
from ticketing.sales.tables import Quota, TicketOrder, TicketType
from ticketing.sales.tables_questions import Question
from ticketing.sales.tables_vouchers import Voucher

WORDS = LogWords(
    actions={
        "order.answer_own": N_("Changed an answer by the order's link"),
        "order.cancel": N_("Cancelled an order"),
        "order.cancel_own": N_("Cancelled tickets by the order's link"),
        "order.begin_change": N_("Held a dearer ticket in place of another by the order's link"),
        "order.change_own": N_("Changed a ticket for another by the order's link"),
        "order.give_ticket": N_("Accepted a ticket that was given away"),
        "order.offer_ticket": N_("Offered a ticket to somebody"),
        "order.place": N_("Ordered tickets"),
        "order.reopen": N_("Let an order wait for its payment again"),
        "order.rename": N_("Changed the name on a ticket"),
        "order.rename_own": N_("Changed the name on a ticket by the order's link"),
        "order.sell": N_("Sold tickets at the box office"),
        "order.withdraw_offer": N_("Withdrew the offer of a ticket"),
        "order_rules.update": N_("Changed what buyers may do themselves"),
        "question.create": N_("Added a question"),
        "question.delete": N_("Deleted a question"),
        "question.update": N_("Changed a question"),
        "quota.create": N_("Added a quota"),
        "quota.delete": N_("Deleted a quota"),
        "quota.update": N_("Changed a quota"),
        "registering.update": N_("Changed how visitors register by the poster"),
        "voucher.create": N_("Made vouchers"),
        "voucher.update": N_("Changed a voucher"),
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
                "ticket_type": Field(N_("Ticket type")),
                "total_minor": Field(N_("Amount"), money=True),
                "question": Field(N_("Question"), subject="question"),
                "answer": Field(N_("Answer")),
                "back_minor": Field(N_("Goes back"), money=True),
                "state": Field(N_("State"), values=ORDER_STATE_NAMES),
            },
        ),
        "question": Subject(
            name=N_("Question"),
            find=names_in(Question, Question.wording),
            fields={
                "kind": Field(N_("Kind of answer"), values=QUESTION_KIND_NAMES),
                "wording": Field(N_("Question")),
                "choices": Field(N_("Answers to choose from")),
                "ticket_types": Field(N_("Ticket types"), subject="ticket_type"),
                "required": Field(N_("An answer is needed")),
                "active": Field(N_("Is asked")),
                "position": Field(N_("Place among the questions")),
            },
        ),
        "quota": Subject(
            name=N_("Quota"),
            find=names_in(Quota, Quota.name),
            fields={"size": Field(N_("Places"))},
        ),
        "registering": Subject(
            name=N_("Registering by the poster"),
            fields={"ticket_type": Field(N_("Ticket type"), subject="ticket_type")},
        ),
        "order_rules": Subject(
            name=N_("What buyers may do themselves"),
            fields={
                "names_until": Field(N_("Change names until")),
                "answers_until": Field(N_("Change answers until")),
                "changes_until": Field(N_("Change tickets for others until")),
                "handing_until": Field(N_("Give tickets away until")),
                "back_until": Field(N_("Cancel until")),
                "back_percent": Field(N_("Percent of the price that goes back")),
                "later_until": Field(N_("After that, until")),
                "later_percent": Field(N_("Percent that goes back then")),
                "fee_minor": Field(N_("Kept of every cancelled ticket"), money=True),
            },
        ),
        "voucher": Subject(
            name=N_("Voucher"),
            find=names_in(Voucher, Voucher.code),
            fields={
                "effect": Field(N_("What it does to the price"), values=VOUCHER_EFFECT_NAMES),
                "value": Field(N_("How much")),
                "reveals": Field(N_("Reveals hidden ticket types")),
                "types": Field(N_("For these ticket types"), subject="ticket_type"),
                "max_uses": Field(N_("Tickets it is good for")),
                "count": Field(N_("Vouchers")),
                "valid_until": Field(N_("Valid until")),
                "note": Field(N_("Note")),
            },
        ),
        "ticket_type": Subject(
            name=N_("Ticket type"),
            find=names_in(TicketType, TicketType.name),
            fields={
                "description": Field(N_("Description")),
                "price_minor": Field(N_("Price"), money=True),
                "currency": Field(N_("Currency")),
                "donation": Field(N_("The buyer says how much")),
                "suggestions": Field(N_("Suggested amounts")),
                "exempt_reason": Field(N_("Why no tax is on it")),
                "quota": Field(N_("Places of its own")),
                "quotas": Field(N_("Quotas"), subject="quota"),
                "sales_from": Field(N_("On sale from")),
                "sales_until": Field(N_("On sale until")),
                "pass_kind": Field(N_("Kind of pass"), values=PASS_KIND_NAMES),
                "min_per_order": Field(N_("At least in one order")),
                "max_per_order": Field(N_("At most in one order")),
                "group_most": Field(N_("At most in one order of a group")),
                "hidden": Field(N_("Hidden from visitors")),
                "active": Field(N_("Offered to visitors")),
            },
        ),
    },
)
