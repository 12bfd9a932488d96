"""Money of an order that goes back by the edition's rules, for what its buyer gives up of it herself.

It is taken back by credit notes of the order's invoice, and of those over which she changed a ticket for a dearer one.
To a card it is sent by a job, once that stands; all else waits at the finance desk, with her bank account.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.accounts.actor import SYSTEM
from app.kernel.database import fetch
from app.kernel.jobs import enqueue
from app.kernel.money import Money
from app.payments.enums import DocumentState
from app.payments.queries import DocumentInfo
from app.payments.services.corrections import credit_document
from app.payments.services.documents import require_refund
from ticketing.sales.queries_own import Rules, price_standing
from ticketing.sales.services.own import Held
from ticketing.sales.tables_own import RefundAccount

#: Sends what has to go back to the cards that it came from.
TO_CARDS = "sales.refund_to_cards"


@dataclass(frozen=True, kw_only=True)
class Account:
    """A bank account as its holder writes it."""

    bank: str
    number: str
    holder: str


async def back_for(prices: Sequence[int], bills: Sequence[DocumentInfo], rules: Rules, now: datetime) -> Money:
    """What goes back at a time, by the rules, for so much of the prices, in minor units, of some of an order's tickets.

    ``bills`` are the order's own invoice, first, and those of its changes; none for one that cost nothing. It is never
    more than the tickets' part, by their prices among those that stand, of what the bills have kept: finance may have
    taken some of that back.
    """
    kept = sum(bill.paid.amount_minor for bill in bills if bill.state == DocumentState.PAID)
    if not kept:
        return Money(0, bills[0].paid.currency if bills else rules.fee.currency)
    wanted = sum(rules.back_of(price, now) for price in prices)
    all_prices = await price_standing(bills[0].subject_id)
    part = kept * sum(prices) // all_prices if all_prices else 0
    return Money(min(wanted, part), bills[0].paid.currency)


async def give_back(held: Held, item_ids: Collection[int], back: Money, reason: str, now: datetime) -> None:
    """Take money back of a held order's bills, in the caller's transaction, and let it go to the cards that paid it.

    First of the invoices over which these tickets were changed, then of the order's own, then of what is left.
    """
    of_items = [bill for change, bill in held.changes if change["order_item"] in item_ids]
    others = [bill for change, bill in held.changes if change["order_item"] not in item_ids]
    own = [held.document] if held.document is not None else []
    rest = back.amount_minor
    for bill in (*reversed(of_items), *own, *reversed(others)):
        part = Money(min(rest, bill.left.amount_minor), back.currency)
        if bill.state != DocumentState.PAID or not part.amount_minor:
            continue
        if part == bill.left:
            await require_refund(document_id=bill.id, actor=None, now=now)
        else:
            await credit_document(document_id=bill.id, amount=part, reason=reason, actor=SYSTEM, tell=False, now=now)
        await enqueue(TO_CARDS, {"document": bill.id}, edition_id=held.edition.id, now=now)
        rest -= part.amount_minor


async def keep_account(order_id: int, account: Account) -> None:
    """Note where the buyer wants her money, in place of what she wrote before."""
    await RefundAccount.delete().where(RefundAccount.ticket_order == order_id)
    await RefundAccount(ticket_order=order_id, bank=account.bank, number=account.number, holder=account.holder).save()


async def forget_accounts() -> int:
    """Forget bank accounts of buyers whose money has gone back; returns how many. Runs as a job."""
    gone = await fetch(
        "DELETE FROM refund_account WHERE ticket_order IN (SELECT o.id FROM ticket_order o "
        "JOIN payment_document d ON d.id = o.payment_document WHERE d.owed_minor = 0) AND ticket_order NOT IN "
        "(SELECT i.ticket_order FROM ticket_change c JOIN order_item i ON i.id = c.order_item "
        "JOIN payment_document d ON d.id = c.payment_document WHERE d.owed_minor > 0) RETURNING id"
    )
    return len(gone)
