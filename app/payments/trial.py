"""What ``fairground doctor`` says of payments that do not fit what is sold."""

from app.kernel.doctor import Finding
from app.kernel.settings import settings
from app.payments.queries_card import editions_that_sell
from app.payments.services.stripe_client import cards_on, usual_mode

#: So many editions are named.
NAMED = 3


async def sold_on_trial() -> list[Finding]:
    """That festivals sell while cards are tried out: who pays there gets what she bought, and no money comes."""
    given = settings()
    if not cards_on(False) or given.demo:
        return []
    selling = await editions_that_sell(live=False, usual=usual_mode())
    if not selling:
        return []
    named = ", ".join([*selling[:NAMED], *(["…"] if len(selling) > NAMED else [])])
    return [
        Finding(
            "mind",
            f"Festivals bill in Stripe's sandbox ({named}): whoever pays by a test card there gets what she "
            "bought, and no money comes.",
        )
    ]
