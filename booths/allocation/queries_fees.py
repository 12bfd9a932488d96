"""Reads of booth fees: what booths cost, who was billed for what, and what became of it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from app.kernel.money import Money
from app.kernel.searching import is_named
from app.payments.enums import STANDS, DocumentState
from app.payments.lines import Line, total_of
from app.payments.own_invoice import OwnInvoice, own_invoice
from app.payments.queries import DocumentInfo, invoices_for, terms_of
from app.payments.queries_borne import as_known, bearers_known, borne_amounts
from booths.allocation.enums import FEE_PURPOSE, ApplicationState, FeeState
from booths.allocation.tables import Application, BoothBill, FeePlan
from booths.floorplan.enums import HolderState
from booths.floorplan.tables import Booth, CellHold


@dataclass(frozen=True, kw_only=True)
class Plan:
    """In which parts a fee is due: the share of the first in percent, its days from the invoice on, the rest's day."""

    first_percent: int = 100
    first_days: int = 14
    rest_due_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Fee:
    """An allocated booth that costs something, what somebody else bears of it, and the invoice that stands.

    ``price`` is the booth's, with tax or without, as the edition's terms have it. ``total`` is what is billed for it,
    tax and all, and ``waived`` what of that somebody else pays: as the invoice says that stands, or as it would be
    billed today.
    """

    application_id: int
    edition_id: int
    organisation_id: int
    organisation: str
    address: str
    tax_number: str
    contact_id: int | None
    locale: str
    booth_id: int
    booth: str
    price: Money
    total: Money
    waived: Money
    waived_by: str
    document: DocumentInfo | None

    @property
    def to_pay(self) -> Money:
        """What the exhibitor pays herself, tax and all."""
        return Money(self.total.amount_minor - self.waived.amount_minor, self.total.currency)

    @property
    def state(self) -> FeeState:
        """Where it stands."""
        if self.document is None:
            return FeeState.UNBILLED
        if self.document.is_borne:
            return FeeState.BORNE
        return FeeState.PAID if self.document.state == DocumentState.PAID else FeeState.OPEN


async def fee_plan_of(edition_id: int) -> Plan | None:
    """The fee plan of an edition; None while nobody has made one."""
    rows = await FeePlan.select().where(FeePlan.edition == edition_id)
    names = ("first_percent", "first_days", "rest_due_on")
    return Plan(**{name: rows[0][name] for name in names}) if rows else None


async def fees(edition_id: int, today: date, *, search: str = "", state: FeeState | None = None) -> list[Fee]:
    """Allocated booths of an edition that cost something, by name of the exhibitor, taxed as they are today."""
    chosen: Any = (Application.edition == edition_id) & (Application.state == ApplicationState.ALLOCATED.value)
    if search:
        chosen = chosen & is_named(Application.organisation.search_text, search)
    return [fee for fee in await _fees(edition_id, today, chosen) if state in (None, fee.state)]


async def fee_of(edition_id: int, today: date, application_id: int) -> Fee | None:
    """The fee of one application, taxed as it is today; None while it has no booth that costs something."""
    allocated = Application.state == ApplicationState.ALLOCATED.value
    found = await _fees(edition_id, today, (Application.id == application_id) & allocated)
    return found[0] if found else None


async def bearers_in(edition_id: int, *, but: int | None = None) -> dict[str, str]:
    """Who bears something of an edition's invoices or of fees not billed yet, as ``queries_borne.as_known`` takes them.

    ``but`` is an application whose own spelling does not count.
    """
    known = await bearers_known(edition_id)
    named = (Application.edition == edition_id) & (Application.waived_by != "")
    for row in await Application.select(Application.id, Application.waived_by).where(named).order_by(Application.id):
        if row["id"] != but:
            as_known(row["waived_by"], known)
    return known


async def _fees(edition_id: int, today: date, chosen: Any) -> list[Fee]:
    organisation, contact = Application.organisation, Application.contact
    rows = (
        await Application.select(
            Application.id,
            Application.waived_minor,
            Application.waived_by,
            organisation.id.as_alias("organisation_id"),
            organisation.name.as_alias("organisation"),
            organisation.address.as_alias("address"),
            organisation.ward.as_alias("ward"),
            organisation.tax_number.as_alias("tax_number"),
            contact.id.as_alias("contact_id"),
            contact.locale.as_alias("locale"),
        )
        .where((Application.edition == edition_id) & chosen)
        .order_by(organisation.sort_key)
        .order_by(Application.id)
    )
    priced = await _priced_booths(edition_id)
    booths = {row["id"]: priced[row["organisation_id"]] for row in rows if row["organisation_id"] in priced}
    standing = await _standing({number: booth["booth"] for number, booth in booths.items()})
    terms, borne = await terms_of(edition_id), await borne_amounts([one.id for one in standing.values()])

    def amounts(row: dict[str, Any], booth: dict[str, Any]) -> dict[str, Any]:
        """What is billed for a booth, and what of it somebody else pays; as its invoice says, where one stands."""
        currency, bearer = booth["currency"], row["waived_by"]
        if document := standing.get(row["id"]):
            bearer, waived = borne.get(document.id, ("", 0))
            total = document.amount.amount_minor + waived
        else:
            total = total_of([Line(description="", unit_minor=booth["price_minor"])], terms, today)
            waived = min(row["waived_minor"], total)
        return {"total": Money(total, currency), "waived": Money(waived, currency), "waived_by": bearer}

    return [
        Fee(
            application_id=row["id"],
            edition_id=edition_id,
            organisation_id=row["organisation_id"],
            organisation=row["organisation"],
            address=row["address"] or row["ward"],
            tax_number=row["tax_number"] or "",
            contact_id=row["contact_id"],
            locale=row["locale"] or "vi",
            booth_id=booth["booth"],
            booth=booth["code"],
            price=Money(booth["price_minor"], booth["currency"]),
            document=standing.get(row["id"]),
            **amounts(row, booth),
        )
        for row in rows
        if (booth := booths.get(row["id"]))
    ]


async def _priced_booths(edition_id: int) -> dict[int, dict[str, Any]]:
    """Allocated booths that cost something, by who has them."""
    booth = CellHold.booth
    rows = await CellHold.select(
        CellHold.organisation,
        CellHold.booth,
        booth.code.as_alias("code"),
        booth.price_minor.as_alias("price_minor"),
        booth.currency.as_alias("currency"),
    ).where(
        CellHold.live.eq(True)
        & (CellHold.state == HolderState.ALLOCATED.value)
        & (booth.edition == edition_id)
        & (booth.price_minor > 0)
    )
    return {row["organisation"]: row for row in rows}


async def _standing(booths: dict[int, int]) -> dict[int, DocumentInfo]:
    """The invoices that stand, by application; one that was written off stands for the booth that it was made for."""
    found = await invoices_for(FEE_PURPOSE, booths)
    given_up = [one.id for one in found if one.state == DocumentState.WRITTEN_OFF]
    rows = await BoothBill.select(BoothBill.document, BoothBill.application, BoothBill.booth).where(
        BoothBill.document.is_in(given_up or [0])
    )
    still = {row["document"] for row in rows if booths[row["application"]] == row["booth"]}
    return {one.subject_id: one for one in found if one.state in STANDS or one.id in still}


async def own_fees(application_id: int) -> list[OwnInvoice]:
    """The invoices of an application, the newest first; older ones only where money came for them."""
    documents = (await invoices_for(FEE_PURPOSE, [application_id]))[::-1]
    found = [await own_invoice(one, is_asked=one.state == DocumentState.OPEN) for one in documents]
    return [*found[:1], *(one for one in found[1:] if one.payments)]


async def bill_of(document_id: int) -> dict[str, Any]:
    """Which application and booth an invoice is for: ``application``, ``booth``, ``code``, ``price_minor``."""
    (row,) = await BoothBill.select(
        BoothBill.application, BoothBill.booth, BoothBill.price_minor, BoothBill.booth.code.as_alias("code")
    ).where(BoothBill.document == document_id)
    return dict(row)


async def equal_booths(booth_id: int, *, price_minor: int, power_watts: int) -> list[int]:
    """A booth and those that are worth as much, by code, itself first: same hall, zone, size and price.

    ``price_minor`` is what it was billed for, ``power_watts`` what its exhibitor needs. One that costs less is worth
    less: the invoice stands as it is, and nobody would give back the rest.
    """
    (billed,) = await Booth.select().where(Booth.id == booth_id)
    rows = (
        await Booth.select(Booth.id)
        .where(
            (Booth.hall == billed["hall"])
            & (Booth.zone == billed["zone"])
            & (Booth.cell_count == billed["cell_count"])
            & (Booth.currency == billed["currency"])
            & (Booth.price_minor == price_minor)
            & (Booth.power_watts >= power_watts)
            & (Booth.id != booth_id)
        )
        .order_by(Booth.code)
        .order_by(Booth.id)
    )
    return [booth_id, *(row["id"] for row in rows)]
