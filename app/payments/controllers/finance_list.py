"""The finance desk's list of documents: what is open, what is overdue, what was paid, what must go back."""

from typing import Any

from litestar import Controller, Request, Response, get
from litestar.params import FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.pages import PAGE_SIZE, download, offset_of, page_asked, pager_of, with_query
from app.events.queries import EditionInfo, Page, edition_by_id
from app.kernel.clock import now
from app.kernel.i18n import _
from app.kernel.money import Money
from app.kernel.names import search_text
from app.kernel.sheets import write_xlsx
from app.kernel.web import page
from app.payments import queries
from app.payments.enums import STATE_NAMES, TAKES, DocumentKind, DocumentState
from app.payments.queries import DocumentInfo
from app.payments.queries_borne import borne_in_notes
from app.payments.queries_due import count_overdue, next_days, open_by_day
from app.payments.queries_legal import open_at_ending_rates
from app.payments.queries_proof import with_waiting_proofs
from app.payments.services.modes import mode_shown

#: A tab of the list beside the states: open invoices of which a day of payment is over.
OVERDUE = "overdue"


class DocumentListController(Controller):
    """``/manage/{edition_id}/payments``."""

    path = "/manage/{edition_id:int}/payments"
    guards = [requires(Role.OWNER, Role.FINANCE)]
    include_in_schema = False

    @get("/")
    async def documents(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
    ) -> Response[str]:
        """The list, searched and filtered."""
        state = request.query_params.get("state", "")
        edition = await edition_by_id(edition_id)
        today = edition.today(now())
        offset = offset_of(page_asked(request))
        found = await _found(edition, state, q, offset=offset, limit=PAGE_SIZE)
        states = [(one.value, _(name)) for one, name in STATE_NAMES.items()]
        return page(
            "payments/list.html",
            edition=edition,
            live=await mode_shown(edition_id),
            documents=found.items,
            ending_rates=await open_at_ending_rates(edition_id, today),
            over_borne=await borne_in_notes([one.id for one in found.items]),
            proof_waits=await with_waiting_proofs([one.id for one in found.items]),
            pager=pager_of(request, found),
            next_days=await next_days(found.items, today),
            counts={**await queries.counts_by_state(edition_id), OVERDUE: await count_overdue(edition_id, today)},
            states=[*states[:1], (OVERDUE, _("Overdue")), *states[1:]],
            state_names=_names(),
            q=q,
            state=state,
            export=with_query(request, f"/manage/{edition_id}/payments/export.xlsx"),
        )

    @get("/export.xlsx")
    async def export(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], q: FromQuery[str] = ""
    ) -> Response[bytes]:
        """The list as a sheet; of the whole list the sum of the amounts is what the books hold."""
        state = request.query_params.get("state", "")
        edition = await edition_by_id(edition_id)
        found = await _found(edition, state, q)
        days = await next_days(found.items, edition.today(now()))
        headers = [
            _("Invoice"),
            _("Payer"),
            _("For"),
            _("Amount, of the chosen rows alone") if state or q else _("Amount"),
            _("Currency"),
            _("State"),
            _("Reference"),
            _("Made on"),
            _("Settled on"),
            _("Still to come"),
            _("To be paid by"),
            _("Overdue"),
            _("To give back"),
        ]
        names = _names()
        rows = [
            [
                one.number,
                one.payer_name,
                one.description,
                _counted(one),
                one.amount.currency,
                names[one.state],
                one.reference if one.kind == DocumentKind.INVOICE else "",
                one.created_at,
                one.settled_at,
                one.due if one.id in days else None,
                days[one.id].on if one.id in days else None,
                _("Overdue") if one.id in days and days[one.id].late else "",
                one.owed if one.owed.amount_minor else None,
            ]
            for one in found.items
        ]
        content = write_xlsx(_("Payments"), headers, rows, timezone=edition.timezone)
        return download(content, f"payments-{edition.slug}.xlsx")


def _counted(one: DocumentInfo) -> Money:
    """What a document counts in the books: below zero for a credit note, nothing for what was taken back without one.

    An invoice that credit notes took back counts as much as these, which stand in the list beside it.
    """
    if one.kind == DocumentKind.CREDIT_NOTE:
        return Money(-one.amount.amount_minor if one.state == DocumentState.ISSUED else 0, one.amount.currency)
    return one.amount if one.state in (*TAKES, DocumentState.PAID) else one.credited


def _names() -> dict[DocumentState, str]:
    return {state: _(name) for state, name in STATE_NAMES.items()}


async def _found(edition: EditionInfo, state: str, q: str, *, offset: int = 0, limit: int | None = None) -> Page:
    """The documents of a tab: open and overdue ones by their days, others the newest first."""
    search = search_text(q)
    if state in (DocumentState.OPEN, OVERDUE):
        late = edition.today(now()) if state == OVERDUE else None
        return await open_by_day(edition.id, overdue_on=late, search=search, offset=offset, limit=limit)
    return await queries.documents(edition.id, state=_state(state), search=search, offset=offset, limit=limit)


def _state(text: str) -> DocumentState | None:
    return DocumentState(text) if text in set(DocumentState) else None
