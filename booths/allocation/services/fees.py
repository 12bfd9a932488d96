"""Booth fees: the plan of an edition, who bears what of a fee, billing, and taking an invoice back."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from app.accounts.actor import Actor
from app.events.queries import hold_edition, hold_edition_going_on
from app.kernel import audit
from app.kernel.database import write_transaction
from app.kernel.i18n import _, use_locale
from app.payments.enums import STANDS, DocumentState
from app.payments.lines import Line, Terms, borne
from app.payments.queries import document_by_id, invoices_for, terms_of
from app.payments.queries_borne import as_known
from app.payments.services.documents import cancel_document, open_document, require_refund
from app.payments.services.issuing import Part, Payer, in_two
from booths.allocation.enums import FEE_PURPOSE, FeeNews, FeeState
from booths.allocation.errors import ApplicationNotFound, FeeBilled
from booths.allocation.queries_fees import Fee, Plan, bearers_in, bill_of, fee_plan_of, fees
from booths.allocation.services.fee_messages import tell_fee
from booths.allocation.tables import Application, BoothBill, FeePlan


@dataclass(frozen=True, kw_only=True)
class Billed:
    """How many booths were billed, and for how many of them nothing is to be paid because others bear all of it."""

    count: int
    borne: int


async def set_fee_plan(*, edition_id: int, plan: Plan, actor: Actor, now: datetime) -> None:
    """Say in which parts booth fees are due: for invoices that are made from now on."""
    values: dict[str, Any] = asdict(plan)
    async with write_transaction():
        before = await fee_plan_of(edition_id)
        await FeePlan.insert(FeePlan(edition=edition_id, **values)).on_conflict(
            target=FeePlan.edition, action="DO UPDATE", values=[getattr(FeePlan, name) for name in values]
        )
        await audit.record(
            actor=actor,
            action="fee.plan",
            subject_type="fee_plan",
            subject_id=edition_id,
            edition_id=edition_id,
            before=asdict(before) if before else None,
            after=values,
            now=now,
        )


async def waive_fee(
    *, edition_id: int, application_id: int, waived_minor: int, waived_by: str, actor: Actor, now: datetime
) -> None:
    """Let somebody else bear a part of a booth's fee, or all of it; 0 lets the exhibitor pay it herself.

    Raises ApplicationNotFound, FeeBilled while an invoice stands.
    """
    async with write_transaction():
        await hold_edition_going_on(edition_id, alone=True)
        by = as_known(waived_by, await bearers_in(edition_id, but=application_id)) if waived_by.strip() else ""
        values = {"waived_minor": waived_minor, "waived_by": by}
        for document in await invoices_for(FEE_PURPOSE, [application_id]):
            if document.state in STANDS:
                raise FeeBilled(number=document.number)
        chosen = (Application.id == application_id) & (Application.edition == edition_id)
        row = await Application.select(Application.waived_minor, Application.waived_by).where(chosen).first()
        if row is None:
            raise ApplicationNotFound
        changed: dict[Any, Any] = {**values}
        await Application.update(changed).where(chosen)
        before, after = audit.changes(row, values)
        if after:
            await audit.record(
                actor=actor,
                action="application.waive",
                subject_type="application",
                subject_id=application_id,
                edition_id=edition_id,
                before=before,
                after=after,
                now=now,
            )


async def bill_booths(*, edition_id: int, actor: Actor, now: datetime) -> Billed:
    """Bill every allocated booth that costs something and has no invoice that stands, and tell its exhibitor.

    One that others bear as a whole is billed, too: its invoice says so, and nothing of it is to be paid. Whoever
    presses at the same moment, or again, waits and bills nothing twice. Raises EditionIsCancelled, and what
    open_document raises.
    """
    async with write_transaction(), audit.gathered():
        edition = await hold_edition_going_on(edition_id, alone=True)
        plan, terms = await fee_plan_of(edition_id), await terms_of(edition_id)
        unbilled = await fees(edition_id, edition.today(now), state=FeeState.UNBILLED)
        bearers = await bearers_in(edition_id)
        for one in unbilled:
            fee = replace(one, waived_by=as_known(one.waived_by, bearers)) if one.waived_by else one
            await _bill(fee, plan, terms, edition.today(now), actor, now)
    return Billed(count=len(unbilled), borne=sum(not fee.to_pay.amount_minor for fee in unbilled))


async def _bill(fee: Fee, plan: Plan | None, terms: Terms, today: date, actor: Actor, now: datetime) -> None:
    with use_locale(fee.locale):
        lines = lines_of_fee(fee, terms, today)
        description = _("Booth {booth}").format(booth=fee.booth)
    document = await open_document(
        edition_id=fee.edition_id,
        purpose=FEE_PURPOSE,
        subject_id=fee.application_id,
        payer=Payer(
            name=fee.organisation,
            person_id=fee.contact_id,
            address=fee.address,
            tax_code=fee.tax_number,
            language=fee.locale,
        ),
        description=description,
        currency=fee.price.currency,
        lines=lines,
        parts=parts_for(fee.to_pay.amount_minor, plan, today) if plan and fee.to_pay.amount_minor else (),
        may_be_borne=True,
        now=now,
    )
    await BoothBill(
        document=document.id,
        application=fee.application_id,
        booth=fee.booth_id,
        price_minor=fee.price.amount_minor,
    ).save()
    await audit.record(
        actor=actor,
        action="application.bill",
        subject_type="application",
        subject_id=fee.application_id,
        edition_id=fee.edition_id,
        after={"fee_minor": fee.total.amount_minor, "waived_minor": fee.waived.amount_minor}
        if fee.waived.amount_minor
        else {"fee_minor": document.amount.amount_minor},
        now=now,
    )
    if document.is_borne:
        await tell_fee(FeeNews.BORNE, document, booth=fee.booth, amount=fee.total, bearer=fee.waived_by, now=now)
    else:
        await tell_fee(FeeNews.BILLED, document, booth=fee.booth, amount=document.amount, now=now)


def lines_of_fee(fee: Fee, terms: Terms, today: date) -> list[Line]:
    """What a fee is billed as, in the language that is in use: the booth, and what somebody else bears of it."""
    booth = Line(description=_("Booth {booth}").format(booth=fee.booth), unit_minor=fee.price.amount_minor)
    if not fee.waived.amount_minor:
        return [booth]
    return [booth, borne(booth, fee.waived.amount_minor, fee.waived_by, terms, today)]


def parts_for(total_minor: int, plan: Plan, today: date) -> Sequence[Part]:
    """The parts of an invoice that is made today, as the plan has them."""
    return in_two(total_minor, plan.first_percent, today + timedelta(days=plan.first_days), plan.rest_due_on)


async def take_bill_back(*, edition_id: int, application_id: int, actor: Actor, now: datetime) -> None:
    """Take the invoice of an application that lost its booth back, and tell its exhibitor: what came has to go back.

    One that was written off before anything came stays so: nobody waits for it. In the caller's transaction.
    """
    async with write_transaction():
        await hold_edition(edition_id)
        for document in await invoices_for(FEE_PURPOSE, [application_id]):
            came = document.paid.amount_minor > 0
            if document.state == DocumentState.OPEN or (document.state == DocumentState.WRITTEN_OFF and came):
                await cancel_document(document_id=document.id, actor=actor, now=now, tell=False)
            elif document.state == DocumentState.PAID:
                await require_refund(document_id=document.id, actor=actor, now=now)
            else:
                continue
            owed = min(document.paid, (await document_by_id(document.id)).owed, key=lambda one: one.amount_minor)
            bill = await bill_of(document.id)
            nothing_came = FeeNews.BORNE_BACK if document.is_borne else FeeNews.TAKEN_BACK
            await tell_fee(
                FeeNews.OWED_BACK if owed.amount_minor else nothing_came,
                document,
                booth=bill["code"],
                amount=owed,
                occasion=document.state,  # one that was cancelled may be paid late, and is taken back once more
                now=now,
            )
