"""``/manage/{id}/orders/tickets.xlsx``: every ticket of an edition's orders, with what was answered for it."""

from typing import Any

from litestar import Controller, Request, Response, get
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.pages import download
from app.events.queries import edition_by_id
from app.events.typed_codes import show_code
from app.kernel.i18n import _, pick
from app.kernel.money import Money
from app.kernel.sheets import write_xlsx
from ticketing.sales.enums import ORDER_STATE_NAMES
from ticketing.sales.queries import texts
from ticketing.sales.queries_questions import answers_of_edition, questions_of, tickets_for_sheet

MOST_EXPORTED = 200_000


class TicketsSheetController(Controller):
    """The sheet."""

    path = "/manage/{edition_id:int}/orders/tickets.xlsx"
    guards = [requires(Role.MANAGER, Role.FINANCE)]
    include_in_schema = False

    @get("/")
    async def export(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[bytes]:
        """A row for each ticket, the newest orders first; a column for each question."""
        edition = await edition_by_id(edition_id)
        questions, answers = await questions_of(edition_id), await answers_of_edition(edition_id)
        states = {key.value: _(name) for key, name in ORDER_STATE_NAMES.items()}
        headers = [_("Order number"), _("Ticket type"), _("Holder"), _("Price"), _("State"), _("Pass")]
        rows = []
        for row in await tickets_for_sheet(edition_id, MOST_EXPORTED):
            said = {one.question.id: one.told(edition.timezone) for one in answers.get(row["id"], ())}
            rows.append(
                [
                    row["reference"],
                    pick(texts(row["type_name"])),
                    row["holder_name"],
                    Money(row["price_minor"], row["currency"]),
                    _("Cancelled") if row["cancelled_at"] else states[row["state"]],
                    show_code(row["short_code"]) if row["short_code"] else "",
                    *(said.get(question.id, "") for question in questions),
                ]
            )
        content = write_xlsx(
            _("Tickets"),
            [*headers, *(pick(question.wording) for question in questions)],
            rows,
            timezone=edition.timezone,
        )
        return download(content, f"tickets-{edition.slug}.xlsx")
