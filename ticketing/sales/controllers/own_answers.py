"""``/e/{slug}/tickets/done/{secret}/answers``: what was answered for the tickets of an order, changed by its link."""

from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.guards import public
from app.events.pages import form_again
from app.events.queries import EditionInfo
from app.kernel.clock import now
from app.kernel.editing import held, open_edit
from app.kernel.errors import Invalid
from app.kernel.forms import Form, FormError
from app.kernel.i18n import format_number, ngettext
from app.kernel.security import limit
from app.kernel.web import page, redirect
from ticketing.sales.controllers.answer_fields import (
    TicketAsked,
    answers_in,
    asked_of_tickets,
    standing_answers,
    with_answers,
)
from ticketing.sales.controllers.own import HOUR, MOST_SAVED, PRIVATE, hers, own_path
from ticketing.sales.controllers.public import order_of
from ticketing.sales.enums import OrderState
from ticketing.sales.errors import ChangesOver
from ticketing.sales.queries_own import rules_of
from ticketing.sales.queries_questions import answers_of_order
from ticketing.sales.services.answers import answer_tickets
from ticketing.sales.services.own import hold_own


class _Nothing(msgspec.Struct):
    """A form without fields of its own."""


class OwnAnswersController(Controller):
    """What was answered."""

    path = "/e/{slug:str}/tickets/done/{secret:str}/answers"
    guards = [public]
    include_in_schema = False

    @get("/")
    async def answers(self, slug: FromPath[str], secret: FromPath[str]) -> Response[str]:
        """The questions for each ticket with what was said."""
        edition, order = await order_of(slug, secret)
        tickets = await asked_of_tickets(await hers(order))
        if not tickets or not (await rules_of(edition)).may_answer(now()):
            raise ChangesOver
        return _answers_page(edition, secret, tickets, await _form_of(order, tickets))

    @post("/")
    async def change(
        self, request: Request[Any, Any, Any], slug: FromPath[str], secret: FromPath[str]
    ) -> Response[Any]:
        """Save the answers, all or none."""
        edition, order = await order_of(slug, secret)
        await limit(f"order-answers:{order['id']}", times=MOST_SAVED, seconds=HOUR, now=now())
        tickets = await asked_of_tickets(await hers(order))
        try:
            async with held("edition", edition.id, alone=False):
                await hold_own(order["id"], edition.id, OrderState.HELD, OrderState.CONFIRMED)
                tickets = await asked_of_tickets(await hers(order))
                reading = await open_edit(
                    request,
                    with_answers(_Nothing, tickets),
                    record=await _form_of(order, tickets),
                    subject=("ticket_order", order["id"]),
                )
                answers = answers_in(reading, tickets, edition.region)
                reading.settle()
                changed = await answer_tickets(
                    order_id=order["id"],
                    edition_id=edition.id,
                    answers={int(mark): said for mark, said in answers.items()},
                    region=edition.region,
                    actor=request.user,
                    now=now(),
                )
        except FormError as error:
            return _answers_page(edition, secret, tickets, error.form, status=error.status)
        except Invalid as error:
            return _answers_page(edition, secret, tickets, await form_again(request, error.fields), status=422)
        toast = ngettext("{num} answer was changed.", "{num} answers were changed.", changed)
        return redirect(own_path(edition, secret), toast=toast.format(num=format_number(changed)))


async def _form_of(order: dict[str, Any], tickets: Sequence[TicketAsked]) -> Form:
    standing = await answers_of_order(order["id"], order["edition"])
    said = {item_id: {one.question.id: one.value for one in answers} for item_id, answers in standing.items()}
    return Form.of(**standing_answers(tickets, said))


def _answers_page(
    edition: EditionInfo, secret: str, tickets: Sequence[TicketAsked], form: Form, *, status: int = 200
) -> Response[str]:
    return page(
        "sales/own_answers.html",
        status=status,
        headers=PRIVATE,
        edition=edition,
        own=own_path(edition, secret),
        tickets=tickets,
        form=form,
    )
