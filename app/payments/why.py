"""Why something waits or failed: kept without a language beside what waits, and said in the reader's."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from app.kernel.errors import AppError, error_kinds
from app.kernel.i18n import N_, _

#: What is kept of a card payment that Stripe tells will not come.
NOT_COME = "the payment did not come"
#: What Stripe calls the reasons for which a refund failed: https://docs.stripe.com/api/refunds/object
STRIPES = {
    NOT_COME: N_("The payment did not come."),
    "lost_or_stolen_card": N_("The card is lost or stolen."),
    "expired_or_canceled_card": N_("The card has expired or was cancelled."),
    "charge_for_pending_refund_disputed": N_("The cardholder claims the payment back."),
    "insufficient_funds": N_("There is not enough money in the account at Stripe."),
    "declined": N_("The bank of the card declined it."),
    "merchant_request": N_("It was stopped at Stripe."),
    "canceled": N_("It was stopped at Stripe."),
    "unknown": N_("Stripe does not say why."),
}


def kept(error: Exception, most: int) -> str:
    """An error in at most ``most`` characters: of one that people may see its code and what it names."""
    if not isinstance(error, AppError):
        return f"{type(error).__name__}: {error}"[:most]
    params = {name: str(value) for name, value in error.params.items()}
    whole = json.dumps([error.code, params], ensure_ascii=False)
    return whole if len(whole) <= most else json.dumps([error.code, {}])


def said(text: str) -> str:
    """What :func:`kept` gave, or what Stripe said, as a sentence for the reader."""
    if text in STRIPES:
        return _(STRIPES[text])
    code, params = _read(text)
    for kind in error_kinds():
        if code and kind.code == code:
            try:
                return _(kind.message).format(**params)
            except KeyError:  # what it names was too long to be kept
                return _(AppError.message)
    return text


def with_why(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows whose ``error`` is said in the reader's language; ``foreign`` are those with words of others, in English."""
    return [{**row, "error": said(row["error"]), "foreign": said(row["error"]) == row["error"]} for row in rows]


def _read(text: str) -> tuple[str, dict[str, Any]]:
    try:
        code, params = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return "", {}
    known = isinstance(code, str) and isinstance(params, dict)
    return (code, params) if known else ("", {})
