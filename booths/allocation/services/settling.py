"""What becomes of money that came for a booth: it is kept, another booth is given in its place, or it goes back.

Payments holds the edition, then the document; here the application is held before the booths, and booths in the order
of their ids. Whoever gives or takes back a booth by hand holds the edition alone, so that nobody waits for each other.
"""

from datetime import datetime
from typing import Any

from app.accounts.actor import SYSTEM, Actor
from app.events.queries import edition_by_id
from app.kernel import audit
from app.kernel.database import hold_row
from app.kernel.money import Money
from app.payments.enums import STANDS, DocumentState, Settlement
from app.payments.queries import DocumentInfo, PaymentInfo, document_by_id, invoices_for
from booths.allocation.enums import FEE_PURPOSE, OPEN_STATES, ApplicationState, FeeNews
from booths.allocation.queries import held_booths
from booths.allocation.queries_fees import bill_of, equal_booths
from booths.allocation.services.applications import move_applications
from booths.allocation.services.by_hand import settle_held
from booths.allocation.services.fee_messages import tell_fee
from booths.allocation.tables import Application, BoothBill
from booths.floorplan.enums import HolderState
from booths.floorplan.queries import booth_in
from booths.floorplan.services import first_free, hold_booth, release_booth


async def settle_fee(document: DocumentInfo, payment: PaymentInfo, now: datetime) -> Settlement:
    """What payments asks when all of a booth's fee has come; the exhibitor is told. In the payment's transaction.

    Kept while the application has its booth. Otherwise the booth is given again if it is free, else an equal one.
    """
    bill = await bill_of(document.id)
    await hold_row("application", bill["application"], alone=True)
    anew = await _billed_anew(document, bill)
    booth_id = None if anew else await _booth_for(document, bill, now)
    told: dict[str, Any] = {"booth": bill["code"], "amount": document.left, "occasion": str(payment.id), "now": now}
    if booth_id is None:
        told["amount"] = (await document_by_id(document.id)).paid  # with the parts that came before
        if anew is None:
            await tell_fee(FeeNews.GONE, document, **told)
        else:
            news = FeeNews.PAID_ANEW if anew.state == DocumentState.PAID else FeeNews.BILLED_ANEW
            await tell_fee(news, document, instead=anew.number, **told)
        return Settlement.REFUND
    if booth_id == bill["booth"]:
        await tell_fee(FeeNews.KEPT, document, **told)
        return Settlement.KEPT
    code = (await booth_in(document.edition_id, booth_id))["code"]
    await BoothBill.update({BoothBill.booth: booth_id}).where(BoothBill.document == document.id)
    await audit.record(
        actor=SYSTEM,
        action="application.replace",
        subject_type="application",
        subject_id=bill["application"],
        edition_id=document.edition_id,
        before={"booth": bill["code"]},
        after={"booth": code},
        now=now,
    )
    await tell_fee(FeeNews.REPLACED, document, instead=code, **told)
    return Settlement.REPLACED


async def has_its_booth(document: DocumentInfo) -> bool:
    """Whether the exhibitor of a bill has the very booth that she was billed for. In the payment's transaction."""
    bill = await bill_of(document.id)
    application = await Application.objects().get(Application.id == bill["application"])
    assert application is not None  # its bill refers to it
    held = (await held_booths(document.edition_id)).get(application.organisation)
    return held is not None and held["booth"] == bill["booth"]


async def release_taken_back(document: DocumentInfo, owed: Money, actor: Actor | None, now: datetime) -> None:
    """Release the booth of a paid invoice that finance took back as a whole, or whose money a provider gave back.

    What payments calls inside the transaction that does so; the money is owed back already. The application waits
    again, so that nothing is billed to it anew, and its exhibitor is told (decision 0031).
    """
    bill = await bill_of(document.id)
    await hold_row("application", bill["application"], alone=True)
    application = await Application.objects().get(Application.id == bill["application"])
    assert application is not None  # its bill refers to it
    held = (await held_booths(document.edition_id)).get(application.organisation)
    if held is not None and held["booth"] == bill["booth"]:
        by = actor or SYSTEM
        await release_booth(booth_id=bill["booth"], actor=by, now=now)
        await move_applications(
            Application.id == application.id,
            states=[ApplicationState.ALLOCATED],
            target=ApplicationState.WAITING,
            action="application.wait",
            edition_id=document.edition_id,
            actor=by,
            now=now,
        )
    await tell_fee(
        FeeNews.OWED_BACK if owed.amount_minor else FeeNews.TAKEN_BACK,
        document,
        booth=bill["code"],
        amount=owed,
        occasion=DocumentState.PAID,
        now=now,
    )


async def _billed_anew(document: DocumentInfo, bill: dict[str, Any]) -> DocumentInfo | None:
    """The invoice that its application has to pay, or has paid, in place of this one; None when there is none."""
    others = await invoices_for(FEE_PURPOSE, [bill["application"]])
    return next((one for one in others if one.id != document.id and one.state in STANDS), None)


async def _booth_for(document: DocumentInfo, bill: dict[str, Any], now: datetime) -> int | None:
    """The booth that the money is for, given if need be: its own, or an equal one; None when there is none."""
    edition_id = document.edition_id
    application = await Application.objects().get(Application.id == bill["application"])
    assert application is not None  # its bill refers to it
    if application.state not in (*OPEN_STATES, ApplicationState.ALLOCATED):
        return None
    equal = await equal_booths(bill["booth"], price_minor=bill["price_minor"], power_watts=application.power_watts)
    held = (await held_booths(edition_id)).get(application.organisation)
    if held is not None:
        if held["booth"] not in equal:
            return None
        if held["state"] == HolderState.HELD:
            await settle_held(edition_id=edition_id, booth_id=held["booth"], actor=SYSTEM, now=now)
        return int(held["booth"])
    if (await edition_by_id(edition_id)).window[1] <= now:
        return None  # no booth of a fair that is over is given any more
    booth_id = await first_free(equal)
    if booth_id is None:
        return None
    await hold_booth(
        booth_id=booth_id,
        organisation_id=application.organisation,
        state=HolderState.ALLOCATED,
        actor=SYSTEM,
        now=now,
    )
    await move_applications(
        Application.id == application.id,
        states=OPEN_STATES,
        target=ApplicationState.ALLOCATED,
        action="application.allocate",
        edition_id=edition_id,
        actor=SYSTEM,
        now=now,
    )
    return booth_id
