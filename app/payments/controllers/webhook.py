"""Where Stripe and SePay tell us what happened."""

from typing import Any

import msgspec
from litestar import Request, Response, post

from app.accounts.guards import public
from app.kernel.clock import now
from app.payments.services import sepay
from app.payments.services.inbox import store_event
from app.payments.services.stripe_events import keep_event, read_webhook

#: Stripe's own events stay far below.
LARGEST_BODY = 512 * 1024


@post(
    "/payments/stripe/webhook",
    guards=[public],
    opt={"no_csrf": True},
    status_code=200,
    include_in_schema=False,
    request_max_body_size=LARGEST_BODY,
)
async def stripe_webhook(request: Request[Any, Any, Any]) -> Response[dict[str, bool]]:
    """Verify the raw body, keep the event once, and answer; a job applies it."""
    event = read_webhook(await request.body(), request.headers.get("stripe-signature", ""))
    return Response({"received": True, "new": await keep_event(event, now())})


@post(
    "/payments/bank/sepay/webhook",
    guards=[public],
    opt={"no_csrf": True},
    status_code=200,
    include_in_schema=False,
    request_max_body_size=sepay.MOST_BYTES,
)
async def sepay_webhook(request: Request[Any, Any, Any]) -> Response[dict[str, bool]]:
    """Compare the key, keep the notice once, and answer; a job applies it."""
    authorization = request.headers.get("authorization", "")
    sepay.check_key(authorization)  # before the body is read
    notice = sepay.read_webhook(await request.body(), authorization)
    await store_event(
        provider=sepay.PROVIDER,
        event_id=str(notice.id),
        kind=sepay.kind_of(notice),
        payload=msgspec.to_builtins(notice),
        now=now(),
    )
    return Response({"success": True})
