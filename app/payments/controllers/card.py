"""On the way to Stripe's page and back. Where the payer came from is kept in a cookie of her own browser.

So the address that Stripe sends her back to is the same for everybody: no secret of an order stands in it.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from litestar import Request, Response, get

from app.accounts.guards import public
from app.events.queries import EditionInfo
from app.kernel.clock import now
from app.kernel.cookies import keep_cookie, read_cookie
from app.kernel.errors import AppError
from app.kernel.i18n import _
from app.kernel.security import LinkNotValid, sign, unsign
from app.kernel.web import local_path, page, redirect
from app.payments.enums_card import AttemptState
from app.payments.queries_card import GOING_ON, newest_attempt
from app.payments.services.card_checkout import CANCEL_PATH, LASTS, RETURN_PATH, look_up

COOKIE, COOKIE_PATH = "fg_card", "/pay/card"
SIGNED_FOR = "card"
#: How long the webhook is waited for before Stripe is asked: it mostly comes within a second.
LOOKS, PAUSE_SECONDS = 6, 0.25

log = logging.getLogger("fairground.stripe")


async def leave_for_checkout(edition: EditionInfo, url: str, *, document_id: int, back: str) -> Response[str]:
    """The page that leads on to Stripe's page ``url``; ``back`` is the path where the payer finds what she paid for.

    A page and no redirect: browsers hold the target of a form to this site, wherever it is sent on to.
    """
    attempt = await newest_attempt(document_id)
    headers = {"cache-control": "private, no-store"}
    live = attempt is not None and bool(attempt["live"])
    answer = page("payments/leave.html", headers=headers, edition=edition, url=url, live=live)
    at = now() + LASTS * 2
    keep_cookie(
        answer,
        COOKIE,
        sign([document_id, back], SIGNED_FOR, at),
        seconds=int(LASTS.total_seconds() * 2),
        path=COOKIE_PATH,
    )
    return answer


@get(RETURN_PATH, guards=[public], include_in_schema=False)
async def checkout_done(request: Request[Any, Any, Any]) -> Response[Any]:
    """Stripe says that she has paid: wait for its webhook a moment, ask it when that is late, and lead her back."""
    came = _came_from(request)
    if came is None:
        return _elsewhere()
    document_id, back = came
    attempt = await _settled(document_id)
    if attempt is not None and attempt["state"] in GOING_ON:
        headers = {"cache-control": "private, no-store"}
        live = bool(attempt["live"])
        return page("payments/waiting.html", headers=headers, back=f"{CANCEL_PATH}?later", again=RETURN_PATH, live=live)
    paid = attempt is not None and attempt["state"] == AttemptState.PAID.value
    return redirect(back, toast=_("Your payment has come. Thank you.") if paid else None)


@get(CANCEL_PATH, guards=[public], include_in_schema=False)
async def back_from_checkout(request: Request[Any, Any, Any]) -> Response[Any]:
    """She left Stripe's page without paying; or, ``later``, the page on which she waited to hear that she has paid."""
    came = _came_from(request)
    toast = None if "later" in request.query_params else _("Nothing was paid.")
    return redirect(came[1], toast=toast) if came else _elsewhere()


async def _settled(document_id: int) -> Mapping[str, Any] | None:
    """The newest checkout of a document, as it is when its webhook has come or Stripe has been asked."""
    attempt = await newest_attempt(document_id)
    for _look in range(LOOKS):
        if attempt is None or attempt["state"] not in GOING_ON:
            return attempt
        await asyncio.sleep(PAUSE_SECONDS)
        attempt = await newest_attempt(document_id)
    if attempt is not None and attempt["session_id"]:
        try:
            await look_up(attempt, now())
        except AppError as error:  # she is told that it takes a while; the job goes on with it
            log.warning("a checkout could not be settled: %s", error.code)
    return await newest_attempt(document_id)


def _came_from(request: Request[Any, Any, Any]) -> tuple[int, str] | None:
    """The document and the page that this browser left; None for another browser, or much later."""
    try:
        document_id, back = unsign(read_cookie(request, COOKIE, COOKIE_PATH), SIGNED_FOR, now())
    except LinkNotValid:
        return None
    return int(document_id), local_path(back)


def _elsewhere() -> Response[str]:
    return page("payments/elsewhere.html")
