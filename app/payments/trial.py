"""What ``fairground doctor`` says of payments that do not fit what is sold."""

from app.kernel.doctor import Finding
from app.kernel.settings import settings
from app.payments.queries_card import editions_that_sell

#: So many editions are named.
NAMED = 3


async def sold_on_trial() -> list[Finding]:
    """That festivals sell while cards are tried out: who pays there gets what she bought, and no money comes."""
    given = settings()
    if not given.stripe_secret_key or given.stripe_mode == "live" or given.demo:
        return []
    selling = await editions_that_sell()
    if not selling:
        return []
    named = ", ".join([*selling[:NAMED], *(["…"] if len(selling) > NAMED else [])])
    return [
        Finding(
            "mind",
            f"STRIPE_MODE is sandbox while festivals bill ({named}): whoever pays by a test card there gets what she "
            "bought, and no money comes.",
        )
    ]
