"""The finance desk at one document: what was paid of it, what must go back, and what is corrected."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.pages import download, form_again
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.clock import now
from app.kernel.documents.qr import qr_svg
from app.kernel.enums import CHANNEL_NAMES, MESSAGE_STATE_NAMES
from app.kernel.errors import AppError
from app.kernel.forms import Form, FormError, open_form, posted_by, read_form
from app.kernel.i18n import N_, _, format_datetime
from app.kernel.money import Money, format_money, typed_money
from app.kernel.security import limit
from app.kernel.web import page, redirect
from app.payments import queries, queries_drawers
from app.payments.controllers.finance_borne import borne_part, count_back_from, count_for_bearer, record_from_bearer
from app.payments.controllers.finance_card import card_part
from app.payments.controllers.sent import sent_again
from app.payments.enums import (
    METHOD_NAMES,
    STANDS,
    STATE_NAMES,
    TAKES,
    DocumentKind,
    DocumentState,
    HandMethod,
    PaymentMethod,
    Settlement,
)
from app.payments.errors import (
    AlreadyPaid,
    AmountDiffers,
    AmountOutOfRange,
    DrawerNeeded,
    MoreThanBilled,
    MoreThanLine,
    MoreThanOwed,
    RestOnOthers,
    ToldAlready,
)
from app.payments.errors_card import GoesBackToCard
from app.payments.errors_cash import RefundShort
from app.payments.errors_sent import StandsElsewhere
from app.payments.lines import room_of_bearer
from app.payments.papers import invoice_pdf
from app.payments.queries import DocumentInfo, PaymentInfo
from app.payments.queries_borne import Borne
from app.payments.queries_proof import proofs_of
from app.payments.queries_sent import stand_of
from app.payments.queries_told import told_of
from app.payments.schemas import CreditForm, PaymentForm, RefundForm, TakeOffForm, read_amount, want_number
from app.payments.services.back_to import back_to
from app.payments.services.bearing import return_borne
from app.payments.services.corrections import credit_document, write_off
from app.payments.services.credit_notes import lines_left, what_stays
from app.payments.services.documents import cancel_document
from app.payments.services.late_parts import may_be_paid, to_pay
from app.payments.services.recording import record_payment
from app.payments.services.refunding import record_refund
from app.payments.services.taking_off import may_be_taken_off, take_off
from app.payments.services.telling import payer_of
from app.payments.transfers import transfer_parts
from app.payments.why import said

#: Asked before a credit note over all of a paid invoice: where its payer can be told, and where she cannot.
TAKES_ALL = N_(
    "This takes back all of the invoice, and with it what was sold: %(what)s. %(amount)s goes back to the payer, who "
    "is told. If that is meant, tick this."
)
TAKES_ALL_UNTOLD = N_(
    "This takes back all of the invoice, and with it what was sold: %(what)s. %(amount)s goes back to the payer. No "
    "phone number or e-mail of hers is known, so tell her yourself. If that is meant, tick this."
)


class FinanceController(Controller):
    """``/manage/{edition_id}/payments/{document_id}``."""

    path = "/manage/{edition_id:int}/payments/{document_id:int}"
    guards = [requires(Role.OWNER, Role.FINANCE)]
    include_in_schema = False

    @get("/")
    async def document(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], document_id: FromPath[int]
    ) -> Response[str]:
        """One document with its payments, and the form to record one."""
        document = await queries.document_by_id(document_id, edition_id)
        edition = await edition_by_id(edition_id)
        lacks_drawer = await queries_drawers.lacks_drawer(edition_id, request.user.person_id)
        off = request.query_params.get("off")
        off_form = Form.empty(payment=off) if off else None
        return await document_page(edition, document, lacks_drawer=lacks_drawer, off_form=off_form)

    @get("/document.pdf")
    async def print_(self, edition_id: FromPath[int], document_id: FromPath[int]) -> Response[bytes]:
        """The document as its payer gets it."""
        document = await queries.document_by_id(document_id, edition_id)
        await limit(f"document-pdf-at-desk:{document.id}", times=20, seconds=3600, now=now())
        return download(await invoice_pdf(document), f"{document.number}.pdf", "application/pdf")

    @post("/payments")
    async def pay(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], document_id: FromPath[int]
    ) -> Response[Any]:
        """Record cash, or a transfer seen on the account; from the payer, or from who bears a part."""
        edition = await edition_by_id(edition_id)
        document = await queries.document_by_id(document_id, edition_id)
        if "borne_by" in await posted_by(request):
            if wrong := await record_from_bearer(request, document):
                form, status = wrong
                return await document_page(edition, document, status=status, borne_form=form)
            return redirect(f"/manage/{edition_id}/payments/{document_id}", toast=_("Recorded."))
        try:
            reading = await open_form(request, PaymentForm)
            amount = read_amount(reading, "amount", document.amount)
            want_number(reading, "note", reading.values.method)
            values = reading.settle()
            recorded = await record_payment(
                document_id=document_id,
                method=PaymentMethod(values.method),
                amount=amount,
                actor=request.user,
                note=values.note,
                anew=values.another,
                stood=values.stood,
                now=now(),
            )
        except FormError as error:
            return await document_page(edition, document, error.form, status=422)
        except (AmountDiffers, AmountOutOfRange, StandsElsewhere) as error:
            form = await sent_again(request, "amount", error)
            return await document_page(edition, document, form, status=error.status)
        except ToldAlready as error:
            form = await form_again(request, {"another": error.sentence()})
            return await document_page(edition, document, form, status=error.status)
        except DrawerNeeded as error:
            form = await form_again(request, {"method": error.sentence()})
            return await document_page(edition, document, form, status=error.status, lacks_drawer=True)
        toast = _("Recorded. What it was for is gone: the money has to go back.")
        if recorded.state == DocumentState.OPEN:
            toast = _("Recorded. The rest is still to come.")
        elif recorded.outcome != Settlement.REFUND:
            toast = _("Recorded. The invoice is paid.")
        return redirect(f"/manage/{edition_id}/payments/{document_id}", toast=toast)

    @post("/refunds/{payment_id:int}")
    async def refund(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        document_id: FromPath[int],
        payment_id: FromPath[int],
    ) -> Response[Any]:
        """Record that money went back, or counts for another invoice of a bearer's; what is refused comes back."""
        edition = await edition_by_id(edition_id)
        document = await queries.document_by_id(document_id, edition_id)
        payment = await queries.payment_by_id(payment_id, document_id)
        if payment.bearer and "counts_for" in await posted_by(request):
            problem, toast = await count_for_bearer(request, document, payment.bearer)
            if problem:
                return await document_page(edition, document, problem=problem, status=409)
            return redirect(f"/manage/{edition_id}/payments/{document_id}#borne", toast=toast)
        if payment.bearer and "count_back" in await posted_by(request):
            problem, status, toast = await count_back_from(request, document, payment_id)
            if problem:
                return await document_page(edition, document, problem=problem, status=status)
            return redirect(f"/manage/{edition_id}/payments/{document_id}#borne", toast=toast)
        try:
            reading = await open_form(request, RefundForm)
            amount = read_amount(reading, "amount", payment.amount)
            want_number(reading, "note", reading.values.method, went_back=True)
            values = reading.settle()
            how: dict[str, Any] = {
                "method": PaymentMethod(values.method),
                "amount": amount,
                "actor": request.user,
                "note": values.note,
                "stood": values.stood,
                "now": now(),
            }
            if payment.bearer:
                await return_borne(document_id=document_id, bearer=payment.bearer, **how)
            else:
                await record_refund(payment_id=payment_id, **how)
        except FormError as error:
            problem = " ".join(error.form.errors.values())
            return await document_page(edition, document, problem=problem, refund=(payment_id, error.form), status=422)
        except (AmountOutOfRange, MoreThanOwed, DrawerNeeded, RefundShort, GoesBackToCard, StandsElsewhere) as error:
            form = await sent_again(request, None, error)
            return await document_page(
                edition, document, problem=error.sentence(), refund=(payment_id, form), status=error.status
            )
        return redirect(f"/manage/{edition_id}/payments/{document_id}", toast=_("Recorded: the money went back."))

    @post("/credits")
    async def credit(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], document_id: FromPath[int]
    ) -> Response[Any]:
        """Take a part of an invoice back."""
        edition = await edition_by_id(edition_id)
        document = await queries.document_by_id(document_id, edition_id)
        try:
            reading = await open_form(request, CreditForm)
            amount = read_amount(reading, "credit", document.amount)
            line = reading.values.credit_of
            sold = not line or not any(one.funded_by for one in (await queries.lines_of(document_id))[line - 1 : line])
            whole = document.state == DocumentState.PAID and amount == document.left and not reading.values.whole
            if (
                whole and sold and reading.values.stood in ("", await stand_of(document))
            ):  # else it may have come before
                told = {"what": document.description, "amount": format_money(document.paid)}
                asked = _(TAKES_ALL) if await payer_of(document) else _(TAKES_ALL_UNTOLD)
                reading.refuse("whole", asked % told)
            values = reading.settle()
            note_id = await credit_document(
                document_id=document_id,
                amount=amount,
                reason=values.reason,
                line=values.credit_of or None,
                stood=values.stood,
                actor=request.user,
                now=now(),
            )
        except FormError as error:
            return await document_page(edition, document, status=422, credit_form=error.form)
        except (MoreThanBilled, MoreThanLine, RestOnOthers, StandsElsewhere) as error:
            form = await sent_again(request, "credit", error)
            status = error.status if isinstance(error, StandsElsewhere) else 422
            return await document_page(edition, document, status=status, credit_form=form)
        whole = note_id == document_id  # of an open invoice: it is cancelled, and no credit note is made
        toast = _("The invoice was cancelled.") if whole else _("The credit note is issued.")
        return redirect(f"/manage/{edition_id}/payments/{note_id}", toast=toast)

    @post("/take-off")
    async def take_it_off(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], document_id: FromPath[int]
    ) -> Response[Any]:
        """Take a payment off an invoice that it was not for."""
        edition = await edition_by_id(edition_id)
        document = await queries.document_by_id(document_id, edition_id)
        try:
            values = await read_form(request, TakeOffForm)
            transfer_id = await take_off(
                document_id=document_id,
                payment_id=values.payment,
                reason=values.why,
                instead=values.instead,
                missing=values.missing,
                actor=request.user,
                now=now(),
            )
        except FormError as error:
            return await document_page(edition, document, status=422, off_form=error.form)
        except AppError as error:
            if error.status == 404:
                raise
            at = "instead" if isinstance(error, AmountDiffers | AlreadyPaid) else "payment"  # what the other one takes
            form = await form_again(request, error.fields or {at: error.sentence()})
            return await document_page(edition, document, status=error.status, off_form=form)
        base = f"/manage/{edition_id}/payments"
        if transfer_id is None:
            toast = _("The payment was taken off, and recorded for the right invoice.")
            toast = toast if values.instead.strip() else _("The payment was taken off.")
            return redirect(f"{base}/{document_id}", toast=toast)
        return redirect(f"{base}/bank/{transfer_id}", toast=_("It was taken off. The transfer can be assigned again."))

    @post("/write-off")
    async def give_up(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], document_id: FromPath[int]
    ) -> Response[Any]:
        """Give up what is still due, when all of it is overdue."""
        await queries.document_by_id(document_id, edition_id)
        await write_off(document_id=document_id, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/payments/{document_id}", toast=_("The invoice was written off."))

    @post("/cancel")
    async def cancel(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], document_id: FromPath[int]
    ) -> Response[Any]:
        """Take an open document back."""
        await queries.document_by_id(document_id, edition_id)
        await cancel_document(document_id=document_id, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/payments/{document_id}", toast=_("The invoice was cancelled."))


async def document_page(
    edition: EditionInfo,
    document: DocumentInfo,
    form: Form | None = None,
    *,
    status: int = 200,
    credit_form: Form | None = None,
    borne_form: Form | None = None,
    refund: tuple[int, Form] | None = None,
    problem: str = "",
    off_form: Form | None = None,
    lacks_drawer: bool = False,
) -> Response[str]:
    """The page of a document; ``form`` records a payment, ``refund`` is a payment that goes back with its form.

    ``problem`` says why what was asked for was not done.
    """
    stood = await stand_of(document)  # before what the page shows: a form says too little rather than too much
    payments, parts = await queries.payments_of(document.id), await queries.parts_of(document)
    borne = await borne_part(document, borne_form)
    theirs = [one for _bearer, one in borne["payments"]]
    removable = [one for one in (*payments, *theirs) if may_be_taken_off(one) and not one.returned.amount_minor]
    # what went back to a bearer, or counts elsewhere, is no payment's own
    came = Counter[str]()
    for row in borne["rows"]:
        came[row.bearer] += row.came.amount_minor
    removable = [one for one in removable if not one.bearer or one.amount.amount_minor <= came[one.bearer]]
    due_back = [one for one in payments if one.due_back.amount_minor > 0]
    creditable = document.kind == DocumentKind.INVOICE and document.state in STANDS and not document.is_borne
    to_pay_by, today = queries.to_pay_by(document, parts), edition.today(now())
    return page(
        "payments/document.html",
        status=status,
        edition=edition,
        document=document,
        payments=payments,
        said=said,
        due_back=due_back,
        back_to=await back_to(document) if due_back else "",
        card=await card_part(document, payments),
        borne=borne,
        lines=await queries.lines_of(document.id),
        parts=parts,
        to_pay_by=to_pay_by,
        late=document.state == DocumentState.OPEN and to_pay_by is not None and to_pay_by < today,
        overdue=queries.is_overdue(document, parts, today),
        notes=await queries.credit_notes_of(document.id),
        proofs=await proofs_of(document.id),
        told=await told_of(document),
        message_states={one: _(name) for one, name in MESSAGE_STATE_NAMES.items()},
        channel_names={one: _(name) for one, name in CHANNEL_NAMES.items()},
        corrects=await queries.document_by_id(document.corrects_id) if document.corrects_id else None,
        creditable=creditable,
        credit_of=await _lines_to_credit(document) if creditable else [],
        stays_after_part=await what_stays(document) if creditable else "",
        payer_told=await payer_of(document) is not None,
        credit_form=credit_form or Form.empty(credit_of="0"),
        form=form or await _first_form(document),
        problem=problem,
        stood=stood,
        off_form=off_form or Form.empty(payment=removable[0].id if len(removable) == 1 else ""),
        off_payers=any(not one.bearer for one in removable),
        off_bearers=any(one.bearer for one in removable),
        removable=[(one.id, _payment_named(one, edition)) for one in removable],
        counted=await queries_drawers.counted_drawers([one.drawer_id for one in removable]),
        refund_forms=_refund_forms(due_back, borne["rows"]) | dict([refund] if refund else []),
        lacks_drawer=lacks_drawer,
        methods=[(one.value, _(METHOD_NAMES[PaymentMethod(one)])) for one in HandMethod],
        method_names={one: _(name) for one, name in METHOD_NAMES.items()},
        state_names={one: _(name) for one, name in STATE_NAMES.items()},
        payable=document.kind == DocumentKind.INVOICE and not document.is_borne and await may_be_paid(document),
        transfers=[
            (part.amount, qr_svg(part.code, label=_("VietQR code of the transfer")))
            for part in transfer_parts(document, queries.to_pay_next(document, parts))
        ],
    )


def _payment_named(payment: PaymentInfo, edition: EditionInfo) -> str:
    """A payment in a list of several: how much, when, how."""
    when = format_datetime(payment.received_at, edition.timezone)
    whose = f" · {payment.bearer}" if payment.bearer else ""
    return f"{format_money(payment.amount)} · {when} · {_(METHOD_NAMES[payment.method])}{whose}"


async def _lines_to_credit(document: DocumentInfo) -> list[tuple[str, str]]:
    """Of what a part can be taken back: the whole, or a line with what is left of it; nothing where one is all."""
    left = await lines_left(document)
    if len(left) < 2:
        return []
    found = [("0", _("All of it, in proportion, with what others bear"))]
    for place, line in enumerate(left, start=1):
        room = sum(room_of_bearer(left, place)) if line.funded_by else line.gross_minor
        name = _("What %(name)s bears") % {"name": line.funded_by} if line.funded_by else line.description
        if room > 0:
            found.append((str(place), f"{name} · {format_money(Money(room, document.amount.currency))}"))
    return found


async def _first_form(document: DocumentInfo) -> Form:
    """The form that records a payment, over what is due next."""
    due = await queries.next_due(document) if document.state in TAKES else await to_pay(document)
    return Form.empty(method=PaymentMethod.CASH, amount=typed_money(due))


def _refund_forms(payments: Sequence[PaymentInfo], borne: Sequence[Borne]) -> dict[int, Form]:
    """The forms that record that money went back, by payment: as a whole, the way it came.

    To no card, which Stripe does; to who bears a part by a transfer.
    """
    ways = {one.id: PaymentMethod.TRANSFER if one.method == PaymentMethod.CARD else one.method for one in payments}
    found = {one.id: Form.empty(method=ways[one.id], amount=typed_money(one.due_back)) for one in payments}
    for one in borne:
        if one.payment_id and one.due_back.amount_minor:
            found[one.payment_id] = Form.empty(method=PaymentMethod.TRANSFER, amount=typed_money(one.due_back))
    return found
