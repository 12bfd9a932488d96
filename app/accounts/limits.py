"""How often somebody may try a way of signing in, or what changes one: by account, and by browser. Never by the
address of a network: a hall is one.

The account is what was typed (a phone number, a mail address) or what a link, card or first step stands for. The
browser is told by its signed cookie of forms, without which nothing can be posted. One that throws its cookies away
counts as a new one; the limits of the accounts hold all the same. The browser is counted first, so that one that is
over its limit cannot use up anybody's tries. Right and wrong tries count alike.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from litestar import Request

from app.kernel.security import limit
from app.kernel.web import browser_of

SECONDS = 900


class Way(StrEnum):
    """A way in."""

    ASK = "ask"
    CODE = "code"
    LINK = "link"
    PASSWORD = "password"  # noqa: S105 - the name of a way, not a password
    TWO_STEP = "two_step"
    CARD = "card"
    NEW_CONTACT = "new_contact"
    CONTACT = "contact"
    BEFORE_CHANGE = "before_change"  # the old password, for a new one


@dataclass(frozen=True)
class Tries:
    """Tries in a quarter of an hour."""

    per_account: int
    per_browser: int


#: A browser may be that of a desk where many are helped, one after the other.
TRIES = {
    Way.ASK: Tries(5, 30),
    Way.CODE: Tries(5, 20),
    Way.LINK: Tries(60, 40),
    Way.PASSWORD: Tries(10, 30),
    Way.TWO_STEP: Tries(5, 20),
    Way.CARD: Tries(60, 40),
    Way.NEW_CONTACT: Tries(5, 20),
    Way.CONTACT: Tries(5, 20),
    Way.BEFORE_CHANGE: Tries(10, 30),
}


async def count_account(way: Way, account: object, *, now: datetime) -> None:
    """Count a try for an account. Raises TooManyTries."""
    await limit(f"{way}:account:{account}", times=TRIES[way].per_account, seconds=SECONDS, now=now)


async def count_browser(way: Way, request: Request[Any, Any, Any], *, now: datetime) -> None:
    """Count a try of a browser, whichever the account. Raises TooManyTries."""
    await limit(f"{way}:browser:{browser_of(request)}", times=TRIES[way].per_browser, seconds=SECONDS, now=now)
