"""What sales hold of people: who ordered, where the tickets were sent, and for whom they are."""

from datetime import datetime
from typing import Any

from app.accounts.personal.registry import Held, PersonalData, Rows
from app.accounts.personal.whom import Whom
from app.events.tables import Pass
from app.kernel.database import fetch
from app.kernel.i18n import N_, _
from app.kernel.rows import among
from ticketing.sales.enums import HANDOVER_STATE_NAMES, ORDER_STATE_NAMES, HandoverState
from ticketing.sales.queries import SHOWN
from ticketing.sales.queries_questions import CONSENTED
from ticketing.sales.tables import OrderItem, TicketOrder
from ticketing.sales.tables_own import Handover, RefundAccount
from ticketing.sales.tables_questions import Answer
from ticketing.sales.tables_vouchers import Voucher


def _of(whom: Whom) -> Any:
    mine: Any = TicketOrder.id < 0
    if whom.person_id is not None:
        mine = mine | (TicketOrder.buyer == whom.person_id)
    return mine | TicketOrder.contact.is_in(list(whom.addresses)) if whom.addresses else mine


async def _orders(whom: Whom) -> Rows:
    return await TicketOrder.select(
        TicketOrder.edition.as_alias("edition_id"),
        TicketOrder.reference,
        TicketOrder.contact,
        TicketOrder.state,
        TicketOrder.total_minor,
        TicketOrder.currency,
        TicketOrder.created_at,
    ).where(SHOWN & _of(whom))


async def _accounts(whom: Whom) -> Rows:
    return await RefundAccount.select(
        RefundAccount.ticket_order.edition.as_alias("edition_id"),
        RefundAccount.ticket_order.reference.as_alias("order"),
        RefundAccount.bank,
        RefundAccount.number,
        RefundAccount.holder,
    ).where(RefundAccount.ticket_order.is_in(await _order_ids(whom)))


async def _erase_accounts(whom: Whom, now: datetime) -> int:
    mine = RefundAccount.ticket_order.is_in(await _order_ids(whom))
    return len(await RefundAccount.delete().where(mine).returning(RefundAccount.id))


async def _handovers(whom: Whom) -> Rows:
    chosen, values = among(list(whom.addresses), "TEXT")
    return await fetch(
        "SELECT o.edition AS edition_id, h.name, h.contact, h.state, h.offered_at, h.closed_at FROM ticket_handover h "
        "JOIN order_item i ON i.id = h.order_item JOIN ticket_order o ON o.id = i.ticket_order "
        f"WHERE h.contact {chosen} ORDER BY h.id",
        values,
    )


async def _erase_handovers(whom: Whom, now: datetime) -> int:
    hers = Handover.contact.is_in(list(whom.addresses) or ["-"])
    closed: dict[Any, Any] = {Handover.state: HandoverState.WITHDRAWN.value, Handover.closed_at: now}
    await Handover.update(closed).where(hers & (Handover.state == HandoverState.OFFERED.value))
    values: dict[Any, Any] = {Handover.name: "", Handover.contact: ""}
    return len(await Handover.update(values).where(hers).returning(Handover.id))


async def _order_ids(whom: Whom) -> list[int]:
    return [row["id"] for row in await TicketOrder.select(TicketOrder.id).where(_of(whom))] or [0]


async def _tickets(whom: Whom) -> Rows:
    ids = await _items(whom)
    return await OrderItem.select(
        OrderItem.ticket_order.edition.as_alias("edition_id"),
        OrderItem.ticket_order.reference.as_alias("order"),
        OrderItem.holder_name,
        OrderItem.price_minor,
    ).where(OrderItem.id.is_in(ids or [0]))


async def _items(whom: Whom) -> list[int]:
    """Tickets of her orders that she gave to nobody, those that were given to her, and those whose pass is hers."""
    orders = [row["id"] for row in await TicketOrder.select(TicketOrder.id).where(_of(whom))]
    passes = list(whom.pass_ids)
    if whom.person_id is not None:
        passes += [row["id"] for row in await Pass.select(Pass.id).where(Pass.holder == whom.person_id)]
    hers = OrderItem.ticket_order.is_in(orders or [0]) & OrderItem.given_at.is_null()
    got = OrderItem.given_contact.is_in(list(whom.addresses) or ["-"])
    rows = await OrderItem.select(OrderItem.id).where(hers | got | OrderItem.event_pass.is_in(passes or [0]))
    return [row["id"] for row in rows]


async def _erase_tickets(whom: Whom, now: datetime) -> int:
    ids = await _items(whom)
    if ids:
        await OrderItem.update({OrderItem.holder_name: "", OrderItem.given_contact: ""}).where(OrderItem.id.is_in(ids))
    return len(ids)


async def _answers(whom: Whom) -> Rows:
    chosen, values = among(await _items(whom) or [0])
    return await fetch(
        'SELECT o.edition AS edition_id, o.reference AS "order", a.wording AS question, a.value AS answer, '
        "a.answered_at FROM ticket_answer a JOIN order_item i ON i.id = a.order_item "
        f"JOIN ticket_order o ON o.id = i.ticket_order WHERE i.id {chosen} ORDER BY a.id",
        values,
    )


async def _erase_answers(whom: Whom, now: datetime) -> int:
    mine = Answer.order_item.is_in(await _items(whom) or [0])
    return len(await Answer.delete().where(mine).returning(Answer.id))


async def _erase_orders(whom: Whom, now: datetime) -> int:
    values: dict[Any, Any] = {TicketOrder.buyer: None, TicketOrder.contact: ""}
    return len(await TicketOrder.update(values).where(_of(whom)).returning(TicketOrder.id))


async def expire(edition_id: int, at_most: int) -> int:
    """Take buyers, contacts, names, accounts and answers off an edition's orders."""
    orders = await fetch(
        "UPDATE ticket_order SET buyer = NULL, contact = '' WHERE id IN (SELECT id FROM ticket_order "
        "WHERE edition = {} AND (buyer IS NOT NULL OR contact <> '') ORDER BY id LIMIT {}) RETURNING id",
        edition_id,
        at_most,
    )
    items = await fetch(
        "UPDATE order_item SET holder_name = '', given_contact = '' WHERE id IN (SELECT i.id FROM order_item i "
        "JOIN ticket_order o ON o.id = i.ticket_order WHERE o.edition = {} "
        "AND (i.holder_name <> '' OR i.given_contact <> '') "
        "ORDER BY i.id LIMIT {}) RETURNING id",
        edition_id,
        at_most - len(orders),
    )
    left = at_most - len(orders) - len(items)
    offers = await fetch(
        "UPDATE ticket_handover SET name = '', contact = '' WHERE id IN (SELECT h.id FROM ticket_handover h "
        "JOIN order_item i ON i.id = h.order_item JOIN ticket_order o ON o.id = i.ticket_order "
        "WHERE o.edition = {} AND (h.name <> '' OR h.contact <> '') ORDER BY h.id LIMIT {}) RETURNING id",
        edition_id,
        left,
    )
    accounts = await fetch(
        "DELETE FROM refund_account WHERE id IN (SELECT a.id FROM refund_account a "
        "JOIN ticket_order o ON o.id = a.ticket_order WHERE o.edition = {} ORDER BY a.id LIMIT {}) RETURNING id",
        edition_id,
        left - len(offers),
    )
    answers = await fetch(
        "DELETE FROM ticket_answer WHERE id IN (SELECT a.id FROM ticket_answer a "
        "JOIN ticket_question q ON q.id = a.question WHERE q.edition = {} ORDER BY a.id LIMIT {}) RETURNING id",
        edition_id,
        left - len(offers) - len(accounts),
    )
    return len(orders) + len(items) + len(offers) + len(accounts) + len(answers)


DATA = PersonalData(
    held=(
        Held(
            key="orders",
            title=N_("Your orders"),
            purpose=N_("To give you what you ordered, and to send it to you."),
            until=N_("As long as visitors' data of the festival are kept"),
            stays=N_("That so many tickets were sold, without your name."),
            find=_orders,
            erase=_erase_orders,
            words={"state": ORDER_STATE_NAMES.get},
        ),
        Held(
            key="tickets",
            title=N_("Tickets in your name"),
            purpose=N_("To put the right name on the pass."),
            until=N_("As long as visitors' data of the festival are kept"),
            find=_tickets,
            erase=_erase_tickets,
        ),
        Held(
            key="ticket_answers",
            title=N_("Your answers to questions about tickets"),
            purpose=N_("To tell the organisers what they asked for a ticket; of a consent, to what and when."),
            until=N_("As long as visitors' data of the festival are kept"),
            find=_answers,
            erase=_erase_answers,
            words={"answer": lambda said: _(CONSENTED[said]) if said in CONSENTED else said},
        ),
        Held(
            key="refund_accounts",
            title=N_("Bank accounts for money that goes back"),
            purpose=N_("To send you the money of tickets that you cancelled."),
            until=N_("As long as visitors' data of the festival are kept"),
            find=_accounts,
            erase=_erase_accounts,
        ),
        Held(
            key="ticket_handovers",
            title=N_("Tickets that were offered to you"),
            purpose=N_("To let you accept a ticket that somebody gives you."),
            until=N_("As long as visitors' data of the festival are kept"),
            find=_handovers,
            erase=_erase_handovers,
            words={"state": HANDOVER_STATE_NAMES.get},
        ),
    ),
    erased=frozenset(
        {
            *("ticket_order.buyer", "ticket_order.contact", "order_item.holder_name", "order_item.given_contact"),
            *(f"refund_account.{name}" for name in ("bank", "number", "holder")),
            *("ticket_handover.name", "ticket_handover.contact"),
            *("ticket_answer.value", "ticket_answer.wording"),
        }
    ),
    impersonal=frozenset(
        {
            *(f"ticket_order.{name}" for name in ("client_id", "reference", "currency", "secret_hash", "locale")),
            "laid_sheet.prefix",
            *("quota.name", "voucher.code"),
            *(f"ticket_question.{name}" for name in ("wording", "choices")),
            *("ticket_handover.locale", "ticket_handover.secret_hash"),
            *(f"ticket_type.{name}" for name in ("code", "name", "description", "currency", "pass_kind")),
            *("ticket_type.suggestions", "ticket_type.exempt_reason"),
        }
    ),
    texts=(Voucher.note,),
    expire=expire,
    ties=(TicketOrder.buyer,),
)
