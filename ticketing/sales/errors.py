"""What can go wrong with tickets and orders."""

from app.kernel.errors import AppError
from app.kernel.i18n import N_, _, ngettext

NONE_LEFT = N_("Tickets of the kind “{name}” are sold out.")


class SoldOut(AppError):
    """The quota has not enough places left."""

    code = "sold_out"
    status = 409
    message = N_("Not enough tickets of the kind “{name}” are left. {left} can still be had.")

    def sentence(self) -> str:
        """What happened, in the reader's language; that nothing is left takes no number."""
        return super().sentence() if self.params["left"] else _(NONE_LEFT).format(**self.params)


class SalesClosed(AppError):
    """Tickets of this kind cannot be had now."""

    code = "sales_closed"
    status = 409
    message = N_("Tickets of the kind “{name}” cannot be had at this time.")


class OrdersSlowed(AppError):
    """More orders come in than people place; this one is taken when it is sent again."""

    code = "orders_slowed"
    status = 429
    message = N_("Very many orders are coming in. Please wait one minute and send yours again; nothing is lost.")


class RegisteringClosed(AppError):
    """Visitors cannot register themselves here now."""

    code = "registering_closed"
    status = 404
    message = N_("Nobody can register here now. Please ask at the entrance.")


class NotForRegistering(AppError):
    """A ticket type that costs something, is hidden or is not offered any more."""

    code = "not_for_registering"
    status = 422
    message = N_("Choose a ticket type that is offered, shown and free of charge.")


class NothingChosen(AppError):
    """An order without tickets."""

    code = "nothing_chosen"
    status = 422
    message = N_("Please choose at least one ticket.")


class TooManyTickets(AppError):
    """More tickets in one order than are allowed."""

    code = "too_many_tickets"
    status = 422
    message = N_("One order holds at most {limit} tickets.")


class TooManyOfType(AppError):
    """More tickets of one type in an order than it allows."""

    code = "too_many_of_type"
    status = 422
    message = N_("Of the kind “{name}” one order holds at most {limit}.")


class TooFewOfType(AppError):
    """Fewer tickets of one type in an order than it allows."""

    code = "too_few_of_type"
    status = 422
    message = N_("Of the kind “{name}” one order holds at least {limit}.")


class AmountUnfit(AppError):
    """A price that the buyer says, and which is none or less than the least."""

    code = "amount_unfit"
    status = 422
    message = N_("For “{name}” please write an amount of {least} or more.")


class NamesColumnMissing(AppError):
    """A sheet of names in which no column of names is known."""

    code = "names_column_missing"
    status = 422
    message = N_("No column of this sheet is called {columns}. Please name the column of the names so.")


class TooManyNames(AppError):
    """A sheet with more names than an order has tickets."""

    code = "too_many_names"
    status = 422
    message = N_("This sheet has {names} names, and the order {tickets} tickets. Please take some rows out.")


class CashLacks(AppError):
    """Less cash than a sale costs."""

    code = "cash_lacks"
    status = 422
    message = N_("{total} is to be paid, and {given} was given: {lacks} is still lacking. Nothing was recorded.")


class UnknownTicketType(AppError):
    """A ticket type that is not of this edition."""

    code = "unknown_ticket_type"
    status = 404
    message = N_("This kind of ticket does not exist.")


class QuotaTooSmall(AppError):
    """A new quota below what is sold and held."""

    code = "quota_too_small"
    status = 409
    message = N_("{taken} tickets are sold or held already. The quota cannot be less.")

    def sentence(self) -> str:
        """As of every error, in the number that it speaks of."""
        return ngettext(
            "{taken} ticket is sold or held already. The quota cannot be less.",
            "{taken} tickets are sold or held already. The quota cannot be less.",
            self.params["taken"],
        ).format(**self.params)


class QuotaTooFull(AppError):
    """A ticket type that would draw on a quota which has no room for what is sold and held of it."""

    code = "quota_too_full"
    status = 409
    message = N_(
        "The quota “{name}” has {size} places, and {taken} tickets would be sold or held. Give it more places first."
    )


class QuotaMissing(AppError):
    """A ticket type without a quota: nothing could be sold of it."""

    code = "quota_missing"
    status = 422
    message = N_("Please write how many places it has of its own, or choose a quota.")


class UnknownQuota(AppError):
    """A quota that is not of this edition."""

    code = "unknown_quota"
    status = 404
    message = N_("This quota does not exist.")


class QuotaInUse(AppError):
    """A quota that goes while ticket types draw on it."""

    code = "quota_in_use"
    status = 409
    message = N_("Ticket types draw on this quota. Take it off them first.")


class UnknownQuestion(AppError):
    """A question that is not of this edition."""

    code = "unknown_question"
    status = 404
    message = N_("This question does not exist.")


class QuestionAnswered(AppError):
    """A question that was to be deleted though somebody answered it."""

    code = "question_answered"
    status = 409
    message = N_("This question was answered already. Switch it off instead: then nobody is asked any more.")


class QuestionAsked(AppError):
    """A question that was to be deleted while gates ask it."""

    code = "question_asked"
    status = 409
    message = N_("The gates of {lists} ask this question. Take it off there first.")


class QuestionKindStays(AppError):
    """Another kind for a question that was answered already."""

    code = "question_kind_stays"
    status = 409
    message = N_("This question was answered already, so its kind stays. Make a new question instead.")


class DaysOutsideEdition(AppError):
    """Days of a ticket type that the edition does not have, or that end before they begin."""

    code = "days_outside_edition"
    status = 422
    message = N_("The festival lasts {days}. Please choose days among these, the first before the last.")


class SalesReversed(AppError):
    """A ticket type that stops selling before it begins."""

    code = "sales_reversed"
    status = 422
    message = N_("Sales would end before they begin. Please choose a later end.")


class LimitsReversed(AppError):
    """A ticket type of which an order would hold at least more than at most."""

    code = "limits_reversed"
    status = 422
    message = N_("An order would hold at least more than at most. Please choose a larger number.")


class TicketCodeTaken(AppError):
    """A code that another ticket type of the edition has."""

    code = "ticket_code_taken"
    status = 409
    message = N_("Another ticket type has this code already.")


class OrderNotFound(AppError):
    """An order that is not there, or not for this person."""

    code = "order_not_found"
    status = 404
    message = N_("This order does not exist.")


class OrderIdTaken(AppError):
    """A ``client_id`` that came before with another order."""

    code = "order_id_taken"
    status = 409
    message = N_("This form was already sent with another order. Please begin again.")


class OrderNotOpen(AppError):
    """An order that was cancelled or has expired."""

    code = "order_not_open"
    status = 409
    message = N_("This order was cancelled or has expired.")


class DueChanged(AppError):
    """Money was taken over another amount than is to be paid by now."""

    code = "due_changed"
    status = 409
    message = N_("{due} is to be paid now, no longer {shown}: please look again. Nothing was recorded.")


class PassesUsed(AppError):
    """An order whose bill would be open again, though one of its passes was used."""

    code = "passes_used"
    status = 409
    message = N_(
        "A pass of order {reference} was used at a gate, so its invoice cannot be open again. Issue a credit note over "
        "the whole amount: then this payment can be taken off. Nothing was changed."
    )


class TicketGivenAway(AppError):
    """An order whose bill would be open again, though one of its tickets is somebody else's by now."""

    code = "ticket_given_away"
    status = 409
    message = N_(
        "A ticket of order {reference} was given to somebody else, so its invoice cannot be open again. Issue a credit "
        "note over the whole amount: then this payment can be taken off. Nothing was changed."
    )


class TicketChanged(AppError):
    """An order whose bill would be open again, though one of its tickets is, or may be, a dearer one by now."""

    code = "ticket_changed"
    status = 409
    message = N_(
        "A ticket of order {reference} was changed for a dearer one, so its invoice cannot be open again. Issue a "
        "credit note over the whole amount: then this payment can be taken off. Nothing was changed."
    )


class ChangeStands(AppError):
    """A dearer ticket whose difference was paid by mistake, and that cannot be what it was before."""

    code = "change_stands"
    status = 409
    message = N_(
        "The ticket of order {reference} cannot be changed back: it is another one by now, was used at a gate, or its "
        "old place is gone. Issue a credit note over the whole amount: then this payment can be taken off. Nothing was "
        "changed."
    )


class TicketsNotOpen(AppError):
    """An edition that gives no tickets."""

    code = "tickets_not_open"
    status = 404
    message = N_("This event gives no tickets here.")


class ChangesOver(AppError):
    """A time until which buyers may do something themselves, and which is over or was never given."""

    code = "changes_over"
    status = 409
    message = N_("This cannot be done here any more. Please ask the organisers.")


class TicketUsed(AppError):
    """A ticket whose pass was used at a gate."""

    code = "ticket_used"
    status = 409
    message = N_("The pass of {name} was used at a gate, so its ticket stays as it is. Nothing was changed.")


class TicketsGone(AppError):
    """A ticket that was cancelled or given away since the page was opened."""

    code = "tickets_gone"
    status = 409
    message = N_("One of these tickets was cancelled or given away meanwhile. Please look again. Nothing was changed.")


class TypeNotOffered(AppError):
    """Another type or day for a ticket than can be had for it now."""

    code = "type_not_offered"
    status = 409
    message = N_("This ticket cannot be changed for that one now. Please choose another. Nothing was changed.")


class RefundChanged(AppError):
    """A ticket that is cancelled for another amount than its page said."""

    code = "refund_changed"
    status = 409
    message = N_("{back} would go back to you now, no longer {shown}: please look again. Nothing was cancelled.")


class DifferenceChanged(AppError):
    """A ticket that is changed for another for another amount than its page said."""

    code = "difference_changed"
    status = 409
    message = N_("The difference is another amount by now: please look again. Nothing was changed.")


class HandoverOpen(AppError):
    """A ticket that is offered to somebody already."""

    code = "handover_open"
    status = 409
    message = N_("This ticket waits for {name} to accept it. Withdraw that first.")


class HandoverClosed(AppError):
    """An offer of a ticket that was accepted, withdrawn, or whose time is over."""

    code = "handover_closed"
    status = 409
    message = N_("This ticket is not offered to you any more: it was accepted, withdrawn, or its time is over.")


class PercentReversed(AppError):
    """A later cancellation that would give more back, or ends before the earlier one."""

    code = "percent_reversed"
    status = 422
    message = N_("The second time has to be after the first, and no more may go back then.")
