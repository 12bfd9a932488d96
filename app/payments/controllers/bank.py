"""The bank's transfers at the finance desk: what was assigned by itself, and what a person has to see to."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.pages import MOST_EXPORTED, PAGE_SIZE, download, form_again, offset_of, page_asked, pager_of, with_query
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.clock import now
from app.kernel.errors import AppError
from app.kernel.forms import Form, FormError, read_form
from app.kernel.i18n import N_, _
from app.kernel.money import Money, parse_money, typed_money
from app.kernel.names import search_text
from app.kernel.settings import settings
from app.kernel.sheets import write_xlsx
from app.kernel.web import page, redirect
from app.payments import queries_bank, queries_payouts
from app.payments.bank_lines import is_ours
from app.payments.controllers.bank_reasons import REASON_NAMES, said_why
from app.payments.enums import ENTRY_STATE_NAMES, FOR_NOTHING_OF_OURS, SOURCE_NAMES, STATE_NAMES, EntryState
from app.payments.queries_bank import EntryInfo, PayableDocument, TypedTransfer
from app.payments.queries_borne import Borne, borne_like, borne_on_lines
from app.payments.queries_due import due_now
from app.payments.queries_proof import waiting_proofs
from app.payments.schemas import SetAsideForm, why_no_amount
from app.payments.services.assigning import (
    assign_entry,
    link_entry,
    typed_together,
    verdicts_on,
)
from app.payments.services.for_nothing import set_aside, take_up_again
from app.payments.services.matching import SIGN_NAMES, Reason
from app.payments.services.payout_matching import part_from_payout

MOST_CHOSEN = 20
#: What stands before the id in a query where it is what somebody bears of an invoice (``Borne.line_id``).
BORNE = "b"
MOST_FOUND = 10
MOST_TYPED = 5
#: What a transfer becomes that is for none of our documents, as its form says it and as it is answered.
BECOMES = {
    EntryState.IGNORED: (N_("Nobody knows yet: set it aside"), N_("The transfer was set aside.")),
    EntryState.INCOME: (N_("Other income: a gift, or interest"), N_("The transfer is entered as other income.")),
    EntryState.SENT_BACK: (N_("It was sent back"), N_("It is noted that the transfer was sent back.")),
}


class BankController(Controller):
    """``/manage/{edition_id}/payments/bank``."""

    path = "/manage/{edition_id:int}/payments/bank"
    guards = [requires(Role.OWNER, Role.FINANCE)]
    include_in_schema = False

    @get("/")
    async def entries(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], q: FromQuery[str] = ""
    ) -> Response[str]:
        """The transfers, searched and filtered, with what may be meant by those that wait."""
        state = request.query_params.get("state", "")
        edition = await edition_by_id(edition_id)
        found = await queries_bank.entries(
            edition_id,
            state=_state(state),
            search=search_text(q),
            offset=offset_of(page_asked(request)),
            limit=PAGE_SIZE,
        )
        return page(
            "payments/bank.html",
            edition=edition,
            entries=found.items,
            notes=await _notes_on(edition_id, found.items),
            pager=pager_of(request, found),
            counts=await queries_bank.counts_of_entries(edition_id),
            proofs=await waiting_proofs(edition_id),
            states=[(one.value, _(name)) for one, name in ENTRY_STATE_NAMES.items()],
            state_names=_state_names(),
            q=q,
            state=state,
            export=with_query(request, f"/manage/{edition_id}/payments/bank/export.xlsx"),
        )

    @get("/export.xlsx")
    async def export(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], q: FromQuery[str] = ""
    ) -> Response[bytes]:
        """The list as a sheet."""
        state = _state(request.query_params.get("state", ""))
        edition = await edition_by_id(edition_id)
        found = await queries_bank.entries(edition_id, state=state, search=search_text(q), limit=MOST_EXPORTED)
        notes = await _notes_on(edition_id, found.items)
        names = _state_names()
        headers = [
            *(
                _("Booked on"),
                _("Amount"),
                _("Currency"),
                _("Text of the transfer"),
                _("Who sent it"),
                _("Account"),
                _("Bank's number"),
            ),
            *(_("Told by"), _("State"), _("Note")),
        ]
        rows = [
            [
                *(
                    one.booked_on(edition.timezone),
                    one.amount,
                    one.amount.currency,
                    one.purpose,
                    one.payer_name,
                    one.payer_account,
                ),
                *(one.bank_reference, _(SOURCE_NAMES[one.source]), names[one.state]),
                " ".join(text for text, _document in notes.get(one.id, ())),
            ]
            for one in found.items
        ]
        content = write_xlsx(_("Transfers"), headers, rows, timezone=edition.timezone)
        return download(content, f"transfers-{edition.slug}.xlsx")

    @get("/{transfer_id:int}")
    async def entry(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        transfer_id: FromPath[int],
        q: FromQuery[str] = "",
    ) -> Response[str]:
        """One transfer: what it paid, or to what it can be assigned."""
        entry = await queries_bank.entry_by_id(transfer_id, edition_id)
        asked = request.query_params.get("with")
        edition = await edition_by_id(edition_id)
        return await _entry_page(edition, entry, q=q, chosen=_ids(asked), bearers=_ids(asked, BORNE) or ())

    @post("/{transfer_id:int}/assign")
    async def assign(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], transfer_id: FromPath[int]
    ) -> Response[Any]:
        """Assign it to one invoice or split it over several: a field for each, empty ones do not count."""
        edition = await edition_by_id(edition_id)
        entry = await queries_bank.entry_by_id(transfer_id, edition_id)
        data = {name: str(value).strip() for name, value in (await request.form()).items()}
        errors: dict[str, str] = {}
        amounts = _shares(data, "amount_", entry.amount.currency, errors)
        borne = _shares(data, "borne_", entry.amount.currency, errors)
        shown: dict[str, Any] = {"chosen": list(amounts)[:MOST_CHOSEN], "bearers": list(borne)[:MOST_CHOSEN]}
        if errors:
            return await _entry_page(edition, entry, **shown, form=await form_again(request, errors), status=422)
        try:
            await assign_entry(
                edition_id=edition_id,
                entry_id=transfer_id,
                amounts={one: amount for one, amount in amounts.items() if amount.amount_minor},
                stood={one: data[f"stood_{one}"] for one in amounts if f"stood_{one}" in data},
                borne={one: amount for one, amount in borne.items() if amount.amount_minor},
                borne_stood={one: data[f"owed_{one}"] for one in borne if f"owed_{one}" in data},
                actor=request.user,
                now=now(),
            )
        except AppError as error:
            if error.status == 404:
                raise
            form = await form_again(request, {})
            entry = await queries_bank.entry_by_id(transfer_id, edition_id)
            return await _entry_page(edition, entry, **shown, form=form, problem=error.sentence(), status=error.status)
        return redirect(f"/manage/{edition_id}/payments/bank?state=left", toast=_("The transfer was assigned."))

    @post("/{transfer_id:int}/link")
    async def link(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], transfer_id: FromPath[int]
    ) -> Response[Any]:
        """Say that it is what was written down by hand: ids of payments, joined by commas."""
        ids = _ids(str((await request.form()).get("payments", ""))) or []
        await link_entry(edition_id=edition_id, entry_id=transfer_id, payment_ids=ids, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/payments/bank?state=left", toast=_("The transfer was assigned."))

    @post("/{transfer_id:int}/set-aside")
    async def put_aside(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], transfer_id: FromPath[int]
    ) -> Response[Any]:
        """Say that it is for none of our invoices, why, and what becomes of it."""
        edition = await edition_by_id(edition_id)
        entry = await queries_bank.entry_by_id(transfer_id, edition_id)
        try:
            values = await read_form(request, SetAsideForm)
        except FormError as error:
            return await _entry_page(edition, entry, chosen=[], form=error.form, status=422)
        becomes = EntryState(values.becomes)
        await set_aside(
            edition_id=edition_id,
            entry_id=transfer_id,
            reason=values.reason,
            becomes=becomes,
            actor=request.user,
            now=now(),
        )
        return redirect(f"/manage/{edition_id}/payments/bank?state=left", toast=_(BECOMES[becomes][1]))

    @post("/{transfer_id:int}/take-up")
    async def take_up(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], transfer_id: FromPath[int]
    ) -> Response[Any]:
        """Let it be assigned after all: it was set aside or had an end, or was taken for a payout that it is not."""
        payout = await queries_payouts.payout_of_entry(transfer_id, edition_id)
        undo = take_up_again if payout is None else part_from_payout
        await undo(edition_id=edition_id, entry_id=transfer_id, actor=request.user, now=now())
        return redirect(
            f"/manage/{edition_id}/payments/bank/{transfer_id}", toast=_("The transfer can be assigned again.")
        )


async def _entry_page(
    edition: EditionInfo,
    entry: EntryInfo,
    *,
    q: str = "",
    chosen: Sequence[int] | None = None,
    bearers: Sequence[int] = (),
    form: Form | None = None,
    problem: str = "",
    status: int = 200,
) -> Response[str]:
    waits, reason = entry.state in (EntryState.NEW, EntryState.LEFT), entry.reason
    ours = settings().bank_account
    elsewhere = not is_ours(ours, entry.account)
    told_above = elsewhere and reason == Reason.ELSEWHERE
    candidates: list[PayableDocument] = []
    found: list[PayableDocument] = []
    signs: Mapping[int, str] = {}
    typed: list[TypedTransfer] = []
    together: list[TypedTransfer] = []
    borne: list[Borne] = []
    borne_found: list[Borne] = []
    matches = [one for one in await queries_bank.matches_of([entry.id]) if one.edition_id == edition.id]
    wrong = {one.document_id for one in matches if one.taken_off}
    if waits:
        typed = await queries_bank.typed_transfers(amount=entry.left, edition_id=edition.id)
        (verdict,) = await verdicts_on([entry], edition.id)
        together = await typed_together(entry, verdict)
        if reason in (Reason.DAMAGED, Reason.PART):  # which of them it is changes as parts of the invoice are paid
            reason = Reason.PART if verdict.shares or verdict.reason == Reason.PART else Reason.DAMAGED
        signs = {one.document_id: _(SIGN_NAMES[one.sign]) for one in verdict.suggestions}
        shown = [one for one in list(signs) or [share.document_id for share in verdict.shares] if one not in wrong]
        candidates = await queries_bank.documents_of_ids(shown if chosen is None else chosen, edition.id)
        here = {one.id for one in candidates}
        borne = await borne_on_lines(bearers, edition.id)
        if q:
            results_borne = await borne_like(edition.id, search_text(q), MOST_FOUND + len(borne))
            borne_found = [one for one in results_borne if one not in borne][:MOST_FOUND]
            results = await queries_bank.invoices_like(edition.id, search_text(q), MOST_FOUND + len(here))
            found = [one for one in results if one.id not in here][:MOST_FOUND]
    return page(
        "payments/bank_entry.html",
        status=status,
        edition=edition,
        entry=entry,
        waits=waits,
        reason=entry.reason if entry.state in FOR_NOTHING_OF_OURS else "" if told_above else said_why(reason),
        elsewhere=elsewhere,
        ours=ours,
        becomes=[(one.value, _(said[0])) for one, said in BECOMES.items() if waits or one != EntryState.IGNORED],
        matches=[one for one in matches if not one.taken_off],
        taken_off=[one for one in matches if one.taken_off],
        payouts=await queries_payouts.payouts_like(edition.id, entry.left)
        if waits and entry.left == entry.amount
        else [],
        payout=await queries_payouts.payout_of_entry(entry.id, edition.id),
        candidates=candidates,
        signs=signs,
        found=found,
        due_now=await due_now([one.id for one in (*candidates, *found)]),
        typed=together or typed[-MOST_TYPED:],
        together=[one.payment_id for one in together],
        borne=borne,
        borne_found=borne_found,
        chosen=[*(str(one.id) for one in candidates), *(f"{BORNE}{one.line_id}" for one in borne)],
        form=form
        or Form.empty(
            becomes=(EntryState.IGNORED if waits else EntryState.INCOME).value,
            **_greedily(entry.left, candidates, borne),
        ),
        problem=problem,
        state_names=_state_names(),
        document_states={state: _(name) for state, name in STATE_NAMES.items()},
        source=_(SOURCE_NAMES[entry.source]),
        q=q,
    )


async def _notes_on(edition_id: int, found: Sequence[EntryInfo]) -> dict[int, list[tuple[str, int | None]]]:
    """What to say beside transfers: what they paid, or may be for, each with its invoice; or why they wait."""
    notes: dict[int, list[tuple[str, int | None]]] = {}
    wrong: set[tuple[int, int]] = set()
    for one in await queries_bank.matches_of([entry.id for entry in found]):
        if one.taken_off:
            wrong.add((one.entry_id, one.document_id))
        elif one.edition_id == edition_id:
            notes.setdefault(one.entry_id, []).append((one.number, one.document_id))
    left = [entry for entry in found if entry.state == EntryState.LEFT]
    verdicts = await verdicts_on(left, edition_id) if left else []
    meant = {one.document_id for verdict in verdicts for one in verdict.suggestions}
    numbers = {one.id: one.number for one in await queries_bank.documents_of_ids(sorted(meant), edition_id)}
    for entry, verdict in zip(left, verdicts, strict=True):
        meant_by_it = [one.document_id for one in verdict.suggestions if (entry.id, one.document_id) not in wrong]
        known = [one for one in meant_by_it if one in numbers]
        notes[entry.id] = [(numbers[one], one) for one in known] or [(said_why(entry.reason), None)]
        if known and verdict.reason == Reason.ELSEWHERE:
            notes[entry.id].append((_(REASON_NAMES[Reason.ELSEWHERE.value]), None))
    notes |= {entry.id: [(entry.reason, None)] for entry in found if entry.state in FOR_NOTHING_OF_OURS}
    for entry in found:
        if entry.reversed_at:
            notes.setdefault(entry.id, []).append((_("The same amount went out again."), None))
    return notes


def _greedily(amount: Money, candidates: Sequence[PayableDocument], borne: Sequence[Borne]) -> dict[str, str]:
    """What stands in the fields at first: each invoice and bearer gets what is open, as far as the money goes."""
    rest, typed = amount.amount_minor, {}
    takes = {f"amount_{one.id}": one.takes for one in candidates} | {f"borne_{one.line_id}": one.due for one in borne}
    for name, most in takes.items():
        share = min(rest, most.amount_minor)
        typed[name] = typed_money(Money(share, amount.currency)) if share > 0 else ""
        rest -= share
    return typed


def _shares(data: Mapping[str, str], prefix: str, currency: str, errors: dict[str, str]) -> dict[int, Money]:
    """The amounts in the fields that begin with a prefix, by the id that follows it; an empty one is nothing."""
    found: dict[int, Money] = {}
    for name, text in data.items():
        number = name.removeprefix(prefix)
        if number == name or not _is_id(number):
            continue
        found[int(number)] = Money(0, currency)
        try:
            if text:
                found[int(number)] = parse_money(text, currency)
        except ValueError as error:
            errors[name] = why_no_amount(error, currency)
    return found


def _state_names() -> dict[EntryState, str]:
    return {state: _(name) for state, name in ENTRY_STATE_NAMES.items()}


def _state(text: str) -> EntryState | None:
    return EntryState(text) if text in ENTRY_STATE_NAMES else None


def _is_id(text: str) -> bool:
    return len(text) < 10 and text.isascii() and text.isdigit()


def _ids(text: str | None, kind: str = "") -> list[int] | None:
    """The ids of a kind in a query such as ``3,17,b45``; None where nothing was asked."""
    if text is None:
        return None
    parts = [part.removeprefix(kind) for part in text.split(",") if part.startswith(kind)]
    return [int(part) for part in dict.fromkeys(parts) if _is_id(part)][:MOST_CHOSEN]
