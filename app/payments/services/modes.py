"""Whether an edition charges cards, or tries them out in Stripe's sandbox."""

from datetime import datetime

from app.accounts.actor import Actor
from app.events.queries import hold_edition
from app.kernel import audit
from app.kernel.database import fetch, write_transaction
from app.payments.errors_card import ModeHasNoKey
from app.payments.queries import terms_of
from app.payments.services.stripe_client import cards_on, usual_mode
from app.payments.tables import PaymentTerms


async def mode_of(edition_id: int) -> bool:
    """Whether an edition's cards are live: as somebody chose, or else as the keys have it."""
    chosen = (await terms_of(edition_id)).live
    return usual_mode() if chosen is None else chosen


async def mode_shown(edition_id: int) -> bool | None:
    """As :func:`mode_of`, where people can pay by card in it; else None."""
    live = await mode_of(edition_id)
    return live if cards_on(live) else None


async def stay_live(edition_id: int) -> None:
    """Keep an edition live where nobody chose, in the caller's transaction, which begins a live checkout there.

    Else a test key that is set beside the live one, for another edition, would let this one take test cards.
    """
    await fetch(
        "INSERT INTO payment_terms (edition, live) VALUES ({}, TRUE) ON CONFLICT (edition) DO UPDATE SET live = TRUE "
        "WHERE payment_terms.live IS NULL RETURNING edition",
        edition_id,
    )


async def set_mode(*, edition_id: int, live: bool, actor: Actor, now: datetime) -> None:
    """Let an edition charge cards, or try them out. A job ends the checkouts that are open in the other mode.

    Raises ModeHasNoKey; EditionNotFound.
    """
    if not cards_on(live):
        raise ModeHasNoKey
    async with write_transaction():
        await hold_edition(edition_id, alone=True)  # what stood before is what the log says
        before = (await terms_of(edition_id)).live
        await PaymentTerms.insert(PaymentTerms(edition=edition_id, live=live)).on_conflict(
            target=PaymentTerms.edition, action="DO UPDATE", values=[PaymentTerms.live]
        )
        await audit.record(
            actor=actor,
            action="payment.card_mode",
            subject_type="payment_terms",
            subject_id=edition_id,
            edition_id=edition_id,
            before={"live": before},
            after={"live": live},
            now=now,
        )
