"""What others bear of an invoice, on its page: what of it came, and the form that records more."""

from collections.abc import Sequence
from typing import Any

from litestar import Request

from app.accounts.actor import Actor
from app.events.pages import form_again
from app.kernel.clock import now
from app.kernel.forms import NOT_A_CHOICE, Form, FormError, open_form, read_form
from app.kernel.i18n import _
from app.kernel.money import Money, format_money, typed_money
from app.kernel.names import text_key
from app.payments.controllers.sent import sent_again
from app.payments.enums import METHOD_NAMES, HandMethod, PaymentMethod, Settlement
from app.payments.errors import AmountOutOfRange, DrawerNeeded, ToldAlready
from app.payments.errors_borne import MoreThanBorne, NothingToCount, WhyCountedBack
from app.payments.errors_off import PartWentBack
from app.payments.errors_sent import StandsElsewhere
from app.payments.queries import DocumentInfo
from app.payments.queries_borne import Borne, borne_in, borne_of, payments_of_bearers
from app.payments.schemas import BorneForm, CountBackForm, CountForm, read_amount, want_number
from app.payments.services.bearing import count_back, count_for_another, record_borne


async def borne_part(document: DocumentInfo, form: Form | None = None) -> dict[str, Any]:
    """What the page of a document shows of those who bear a part of it; ``rows`` is empty where nobody does."""
    rows = await borne_of(document.id)
    owing = [one for one in rows if one.due.amount_minor]
    others = await borne_in(document.edition_id) if any(one.owed.amount_minor for one in rows) else []
    payments = await payments_of_bearers(document.id) if rows else []
    counted = {one.id: one for _who, one in payments if one.outcome == Settlement.COUNTED}
    undone = {one.returns_id for _who, one in payments if one.outcome == Settlement.MISTAKEN}
    first = Form.empty(borne_method=HandMethod.TRANSFER)
    if len(owing) == 1:
        first.values |= {"borne_by": str(owing[0].line_id), "borne_amount": typed_money(owing[0].due)}
    return {
        "rows": rows,
        "counts_for": {
            one.line_id: [other for other in _others_of(one, others) if other.due.amount_minor]
            for one in rows
            if one.due_back.amount_minor
        },
        "too_much": [other for one in owing for other in _others_of(one, others) if other.due_back.amount_minor],
        "owing": owing,
        "names": [(str(one.line_id), one.bearer) for one in owing],
        "payments": payments,
        "counted": counted,
        "counting": [one for one in counted.values() if one.id not in undone],
        "form": form or first,
        "methods": [(one.value, _(METHOD_NAMES[PaymentMethod(one)])) for one in HandMethod],
    }


def _others_of(borne: Borne, others: Sequence[Borne]) -> list[Borne]:
    """What a bearer bears of other invoices in the same currency."""
    hers = (text_key(borne.bearer), borne.owed.currency)
    return [
        one
        for one in others
        if one.document_id != borne.document_id and (text_key(one.bearer), one.owed.currency) == hers
    ]


async def count_for_bearer(request: Request[Actor, Any, Any], document: DocumentInfo, bearer: str) -> tuple[str, str]:
    """Count what a bearer paid too much for another invoice of hers; gives what is wrong, or what was done."""
    try:
        values = await read_form(request, CountForm)
        amount, number = await count_for_another(
            document_id=document.id, bearer=bearer, line_id=values.counts_for, actor=request.user, now=now()
        )
    except FormError:
        return _(NOT_A_CHOICE), ""
    except NothingToCount as error:
        return error.sentence(), ""
    done = _("{amount} counts for invoice {number} now.")
    return "", done.format(amount=format_money(amount), number=number)


async def count_back_from(
    request: Request[Actor, Any, Any], document: DocumentInfo, payment_id: int
) -> tuple[str, int, str]:
    """Take back that something counts for another invoice; gives what is wrong with its status, or what was done."""
    try:
        values = await read_form(request, CountBackForm)
        amount, number = await count_back(
            document_id=document.id, payment_id=payment_id, reason=values.count_back, actor=request.user, now=now()
        )
    except FormError as error:
        return " ".join(error.form.errors.values()), error.status, ""
    except (WhyCountedBack, PartWentBack) as error:
        return error.sentence(), error.status, ""
    done = _("{amount} does not count for invoice {number} any more.")
    return "", 0, done.format(amount=format_money(amount), number=number)


async def record_from_bearer(request: Request[Actor, Any, Any], document: DocumentInfo) -> tuple[Form, int] | None:
    """Record what the form says that came; gives the form with its errors and a status where something is wrong."""
    try:
        reading = await open_form(request, BorneForm)
        values, amount = reading.values, read_amount(reading, "borne_amount", Money(0, document.amount.currency))
        want_number(reading, "borne_note", values.borne_method)
        chosen = [one for one in await borne_of(document.id) if str(one.line_id) == values.borne_by]
        if not chosen:
            reading.refuse("borne_by", _(NOT_A_CHOICE))
        reading.settle()
        await record_borne(
            document_id=document.id,
            bearer=chosen[0].bearer,
            method=PaymentMethod(values.borne_method),
            amount=amount,
            actor=request.user,
            note=values.borne_note,
            anew=values.borne_another,
            stood=values.stood,
            now=now(),
        )
    except FormError as error:
        return error.form, error.status
    except (AmountOutOfRange, MoreThanBorne, StandsElsewhere) as error:
        status = 422 if isinstance(error, MoreThanBorne) else error.status
        return await sent_again(request, "borne_amount", error), status
    except ToldAlready as error:
        return await form_again(request, {"borne_another": error.sentence()}), error.status
    except DrawerNeeded as error:
        return await form_again(request, {"borne_method": error.sentence()}), error.status
    return None
