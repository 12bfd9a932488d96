"""Ticket types of which the buyer says the price: what an organiser writes about them, and what a buyer says."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.kernel.forms import Reading
from app.kernel.i18n import N_, _, pick
from app.kernel.money import Money, format_money, parse_money, typed_money
from app.payments.schemas import why_no_amount
from ticketing.sales.errors import AmountUnfit

#: How much for each ticket of a type: fields of an amount that is typed, and of one that is suggested.
TYPED, SUGGESTED = "p-", "s-"
MOST_SUGGESTED = 6
BELOW_LEAST = N_("Please suggest no less than the least, {least}.")
TOO_MANY_SUGGESTED = N_("Please suggest at most {limit} amounts.")


def suggestions_in(reading: Reading[Any], least: Money) -> tuple[int, ...]:
    """The amounts that a form suggests, one in each line; refuses what is none, and less than the least."""
    amounts: list[int] = []
    for line in reading.values.suggestions.splitlines():
        if not line.strip():
            continue
        try:
            amount = parse_money(line, least.currency).amount_minor
        except ValueError as error:
            reading.refuse("suggestions", why_no_amount(error, least.currency))
            continue
        if amount < least.amount_minor:
            reading.refuse("suggestions", _(BELOW_LEAST).format(least=format_money(least)))
        amounts.append(amount)
    if len(amounts) > MOST_SUGGESTED:
        reading.refuse("suggestions", _(TOO_MANY_SUGGESTED).format(limit=MOST_SUGGESTED))
    return tuple(sorted(set(amounts)))


def suggestions_typed(row: Mapping[str, Any]) -> str:
    """The amounts that are suggested of a ticket type, as its form has them."""
    return "\n".join(typed_money(Money(amount, row["currency"])) for amount in row["suggestions"])


def with_amounts(chosen: Sequence[dict[str, Any]], values: Mapping[str, str]) -> list[dict[str, Any]]:
    """Ticket types that were chosen, each of a donation at the price that the buyer says.

    ``said`` is what she typed or touched, ``unfit`` whether it is no such amount; nothing said is nothing given.
    """
    return [_with_amount(row, values) if row["donation"] else row for row in chosen]


def _with_amount(row: dict[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    said = values.get(f"{TYPED}{row['id']}", "").strip() or values.get(f"{SUGGESTED}{row['id']}", "").strip()
    try:
        amount = parse_money(said or "0", row["currency"]).amount_minor
    except ValueError:
        amount = -1
    unfit = amount < row["price_minor"]
    return {**row, "said": said, "unfit": unfit, "least": row["price_minor"], "price_minor": 0 if unfit else amount}


def check_amounts(chosen: Sequence[Mapping[str, Any]]) -> None:
    """Raise AmountUnfit for the first ticket type whose price the buyer did not say as it may be."""
    for row in chosen:
        if row.get("unfit"):
            raise AmountUnfit(name=pick(row["name"]), least=Money(row["least"], row["currency"]))


def prices_said(chosen: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """By ticket type, the price that the buyer says, in minor units."""
    return {row["id"]: row["price_minor"] for row in chosen if row["donation"]}


def amounts_asked(chosen: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The fields of what was said, for an address or a form that goes on with it."""
    return {
        f"{TYPED}{row['id']}": typed_money(Money(row["price_minor"], row["currency"]))
        for row in chosen
        if row["donation"]
    }


def offered(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The amounts that are suggested of a ticket type: as their field sends them, and as people read them."""
    amounts = [Money(amount, row["currency"]) for amount in row["suggestions"]]
    return [(typed_money(amount), format_money(amount)) for amount in amounts]
