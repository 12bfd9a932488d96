"""What an exhibitor sees of itself: its editions, and what is to be done next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.accounts.actor import Actor
from app.accounts.enums import EXHIBITOR_ROLES
from app.events.queries import EditionInfo, editions
from app.kernel.i18n import _, ngettext
from app.kernel.money import format_money
from app.kernel.names import text_key
from app.payments.enums import STANDS, DocumentState
from booths.allocation.enums import APPLICATION_STATE_NAMES, ApplicationState
from booths.allocation.queries_fees import own_fees
from booths.allocation.tables import Application
from booths.catalogue.queries.exhibitors import BoothPlace, ExhibitorInfo, organisation_names
from booths.catalogue.queries.products import ProductCard
from booths.floorplan.enums import HolderState
from booths.floorplan.tables import CellHold

#: Texts and products are due a week before the first day: then the guide is printed.
DAYS_BEFORE = 7
#: Nobody is late in the first days after she got her booth.
DAYS_AFTER_BOOTH = 3
ENOUGH_PRODUCTS = 3


@dataclass(frozen=True, kw_only=True)
class OwnPlace:
    """An organisation in an edition, of those that somebody may look after."""

    organisation_id: int
    organisation: str
    edition: EditionInfo
    state: str

    @property
    def path(self) -> str:
        """Address of its home."""
        return f"/exhibitor/{self.organisation_id}/{self.edition.id}"


@dataclass(frozen=True, kw_only=True)
class Step:
    """Something that an exhibitor has to do, or has done. ``due`` is its last day."""

    title: str
    detail: str
    href: str
    due: date | None = None
    done: bool = False


async def own_places(actor: Actor) -> list[OwnPlace]:
    """Organisations and editions that an exhibitor looks after, the newest edition first."""
    grants = [grant for grant in actor.grants if grant.role in EXHIBITOR_ROLES and grant.organisation_id]
    if not grants:
        return []
    wanted = sorted({grant.organisation_id for grant in grants if grant.organisation_id})
    rows = await Application.select(Application.organisation, Application.edition, Application.state).where(
        Application.organisation.is_in(wanted)
    )
    states = {(row["organisation"], row["edition"]): row["state"] for row in rows}
    pairs = {(grant.organisation_id, grant.edition_id) for grant in grants if grant.edition_id is not None}
    everywhere = {grant.organisation_id for grant in grants if grant.edition_id is None}
    pairs |= {pair for pair in states if pair[0] in everywhere}
    names = await organisation_names(wanted)
    known = {edition.id: edition for edition in await editions(ids={edition for _organisation, edition in pairs})}
    return [
        OwnPlace(
            organisation_id=organisation_id,
            organisation=names[organisation_id],
            edition=edition,
            state=_state_name(states.get((organisation_id, edition.id))),
        )
        for edition in known.values()
        for organisation_id in sorted(names, key=lambda one: text_key(names[one]))
        if (organisation_id, edition.id) in pairs
    ]


async def own_application(edition_id: int, organisation_id: int) -> tuple[int, ApplicationState] | None:
    """The organisation's application and where it stands, None without one."""
    row = (
        await Application.select(Application.id, Application.state)
        .where((Application.edition == edition_id) & (Application.organisation == organisation_id))
        .first()
    )
    return (row["id"], ApplicationState(row["state"])) if row else None


def _state_name(state: str | None) -> str:
    return _(APPLICATION_STATE_NAMES[ApplicationState(state)]) if state else ""


async def booth_given_on(edition: EditionInfo, organisation_id: int) -> date | None:
    """The day on which the organisation got its newest booth, in the edition's zone; None without one."""
    row = (
        await CellHold.select(CellHold.held_at)
        .where(
            (CellHold.booth.edition == edition.id)
            & (CellHold.organisation == organisation_id)
            & CellHold.live.eq(True)
            & (CellHold.state == HolderState.ALLOCATED.value)
            & CellHold.held_at.is_not_null()
        )
        .order_by(CellHold.held_at, ascending=False)
        .first()
    )
    return edition.today(row["held_at"]) if row else None


async def fee_step(edition: EditionInfo, application_id: int) -> Step | None:
    """Paying what is due of the booth's fee; None without an invoice that stands."""
    found = [one for one in await own_fees(application_id) if one.document.state in STANDS]
    if not found:
        return None
    fee, own = found[0], f"{edition.path}/apply/mine/{application_id}"
    if fee.borne:
        names, amount = fee.borne
        said = _("Nothing is to be paid: %(name)s bears all of %(amount)s.")
        detail = said % {"name": names, "amount": format_money(amount)}
        return Step(title=_("The booth's fee"), detail=detail, href=own, done=True)
    if fee.document.state == DocumentState.PAID:
        return Step(title=_("Pay the booth's fee"), detail=_("It is paid."), href=own, done=True)
    unpaid = [part.due_on for part in fee.parts if part.paid != part.amount]
    detail = _("{amount} is due next. How to pay stands on the page of the fee.").format(amount=format_money(fee.next))
    return Step(
        title=_("Pay the booth's fee"), detail=detail, href=own, due=unpaid[0] if unpaid else fee.document.due_on
    )


def _due(edition: EditionInfo, days_before: int, given_on: date | None) -> date | None:
    """So many days before the first day, but never sooner than a booth's owner can do it; None without a booth."""
    if given_on is None:
        return None
    usual = edition.starts_on - timedelta(days=days_before)
    return max(usual, min(given_on + timedelta(days=DAYS_AFTER_BOOTH), max(edition.starts_on, given_on)))


def next_steps(
    *,
    base: str,
    edition: EditionInfo,
    profile: ExhibitorInfo,
    products: Sequence[ProductCard],
    booths: Sequence[BoothPlace],
    given_on: date | None,
    scanned: int,
    fee: Step | None,
) -> list[Step]:
    """What there is to do, in the order in which it is best done; what is done comes last.

    ``given_on`` is the day on which the booth was given: before it nothing is due.
    ``scanned`` counts visitors who scanned the booth's code: then its poster hangs. ``fee``: see :func:`fee_step`.
    """
    due = _due(edition, DAYS_BEFORE, given_on)
    shown = [product for product in products if product.active]
    bare = [product for product in shown if not product.photo]
    missing = max(ENOUGH_PRODUCTS - len(shown), 0)
    steps = [fee] if fee else []
    steps += [
        Step(
            title=_("Tell your story"),
            detail=_("Who you are, how you work, what is special: visitors read it when they scan your code."),
            href=f"{base}/profile",
            due=due,
            done=bool(any(profile.story.values())),
        ),
        Step(
            title=_("Add a photo of you at work"),
            detail=_("The photo stands at the head of your page."),
            href=f"{base}/profile#field-photo",
            due=due,
            done=profile.photo is not None,
        ),
        Step(
            title=_("Add your products"),
            detail=ngettext("%(num)s more makes a good page.", "%(num)s more make a good page.", missing)
            % {"num": missing}
            if missing
            else ngettext("%(num)s product is shown.", "%(num)s products are shown.", len(shown)) % {"num": len(shown)},
            href=f"{base}/products/new" if missing else f"{base}/products",
            due=due,
            done=not missing,
        ),
    ]
    if shown:
        steps.append(
            Step(
                title=_("Give every product a photo"),
                detail=ngettext("%(num)s product has no photo yet.", "%(num)s products have no photo yet.", len(bare))
                % {"num": len(bare)}
                if bare
                else _("Each one has a photo."),
                href=f"{base}/products/{bare[0].id}" if len(bare) == 1 else f"{base}/products",
                due=due,
                done=not bare,
            )
        )
    if booths:
        steps.append(
            Step(
                title=_("Print the poster of your booth"),
                detail=_("It hangs: visitors have scanned it.")
                if scanned
                else _(
                    "Its code leads visitors to your products. Hang it at eye height. "
                    "Ticked off once a visitor has scanned it."
                ),
                href=f"{base}/poster.pdf",
                due=_due(edition, 1, given_on),
                done=scanned > 0,
            )
        )
    return sorted(steps, key=lambda step: step.done)
