"""Reads of sales."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypedDict

from app.events.enums import EditionState, Part
from app.events.passes.naming import LONGEST_LABEL
from app.events.queries import EditionInfo, edition_by_slug
from app.events.slots import PassContact
from app.kernel.database import fetch
from app.kernel.i18n import format_days, pick
from app.kernel.money import Money
from app.kernel.names import search_text, searched
from app.kernel.rows import among
from app.kernel.searching import like_pattern
from ticketing.sales.enums import OrderState
from ticketing.sales.errors import TicketsNotOpen
from ticketing.sales.queries_vouchers import Offer
from ticketing.sales.tables import TicketOrder, TicketType

#: Orders that are there for people: those of a sheet that stand ready are not, until all of them do.
SHOWN = TicketOrder.state != OrderState.LAID.value


def texts(stored: Any) -> dict[str, str]:
    """The texts of a JSON column, however the driver gave them."""
    found: dict[str, str] = stored if isinstance(stored, dict) else json.loads(stored or "{}")
    return found


async def edition_with_tickets(slug: str) -> EditionInfo:
    """The open edition at ``/e/{slug}``. Raises EditionNotFound, and TicketsNotOpen when it has no tickets now."""
    edition = await edition_by_slug(slug)
    if not edition.has(Part.TICKETS) or edition.state != EditionState.OPEN:
        raise TicketsNotOpen
    return edition


async def ticket_types_of(edition_id: int) -> list[dict[str, Any]]:
    """All ticket types of an edition in their order.

    ``quotas`` are the ids of the quotas that each draws on, ``left`` how many tickets all of them have room for.
    ``own`` is the one of them that came with the type, ``quota`` its size; None where it draws on shared ones only.
    """
    rows = (
        await TicketType.select()
        .where(TicketType.edition == edition_id)
        .order_by(TicketType.position, TicketType.id)
        .output(load_json=True)
    )
    quotas = {row["id"]: row for row in await quotas_of(edition_id)}
    free = {quota_id: quota["left"] for quota_id, quota in quotas.items()}
    types = []
    for row in rows:
        mine = [quota_id for quota_id, quota in quotas.items() if row["id"] in quota["types"]]
        own = next((quota_id for quota_id in mine if quotas[quota_id]["own_of"] == row["id"]), None)
        size = None if own is None else quotas[own]["size"]
        types.append({**row, "quotas": mine, "own": own, "quota": size, "left": room_of({"quotas": mine}, free)})
    return types


async def ids_by_code(edition_id: int) -> dict[str, int]:
    """The ids of an edition's ticket types by their codes."""
    rows = await fetch("SELECT id, code FROM ticket_type WHERE edition = {}", edition_id)
    return {row["code"]: row["id"] for row in rows}


async def types_asked_for(edition_id: int, type_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """What matters to an order of some ticket types, and what is ``left``, by id, before anything of it is taken.

    Of one that ``asks`` questions are asked.
    """
    chosen, ids = among(sorted(type_ids))
    rows = await fetch(
        "SELECT t.id, t.name, t.price_minor, t.currency, t.min_per_order, t.max_per_order, t.hidden, t.donation, "
        "t.group_most, "
        "EXISTS (SELECT 1 FROM ticket_question_type a WHERE a.ticket_type = t.id) AS asks, "
        "MIN(q.size - q.sold - q.held) AS room FROM ticket_type t "
        "LEFT JOIN quota_type j ON j.ticket_type = t.id LEFT JOIN quota q ON q.id = j.quota "
        f"WHERE t.edition = {{}} AND t.id {chosen} GROUP BY t.id",
        edition_id,
        ids,
    )
    return {row["id"]: {**row, "name": texts(row["name"]), "left": row["room"] or 0} for row in rows}


def room_of(ticket_type: Mapping[str, Any], free: Mapping[int, int]) -> int:
    """How many tickets of a type its ``quotas`` have room for; ``free`` are the places of each. Without one, none."""
    return min((free[quota_id] for quota_id in ticket_type["quotas"]), default=0)


async def quotas_of(edition_id: int) -> list[dict[str, Any]]:
    """All quotas of an edition by age: what is ``sold``, ``held`` and ``left`` of their ``size``, and whose they are.

    ``types`` are the ids of the ticket types that draw on each, in the order of their ids; ``own_of`` is the one that
    it came with, None for those that types share.
    """
    rows = await fetch(
        "SELECT q.id, q.name, q.size, q.sold, q.held, t.ticket_type, t.own FROM quota q "
        "LEFT JOIN quota_type t ON t.quota = q.id WHERE q.edition = {} ORDER BY q.id, t.ticket_type",
        edition_id,
    )
    found: dict[int, dict[str, Any]] = {}
    for row in rows:
        type_id, is_own = row.pop("ticket_type"), row.pop("own")
        left = max(0, row["size"] - row["sold"] - row["held"])
        quota = found.setdefault(row["id"], {**row, "left": left, "types": [], "own_of": type_id if is_own else None})
        if type_id is not None:
            quota["types"].append(type_id)
    return list(found.values())


def days_of(edition: EditionInfo, row: dict[str, Any]) -> str:
    """The days on which passes of a ticket type count, as people write them; empty for all days of the edition."""
    first, last = row["first_day"] or edition.starts_on, row["last_day"] or edition.ends_on
    return "" if (first, last) == (edition.starts_on, edition.ends_on) else format_days(first, last)


async def ticket_types_on_sale(edition: EditionInfo, now: datetime, offer: Offer | None = None) -> list[dict[str, Any]]:
    """Ticket types that a visitor may see: active, not hidden, in or before their sales period, the last day not over.

    With a voucher's ``offer`` those that it reveals too, and the prices with it; ``first_minor`` is what one costs
    without.

    ``open`` when they can be had, ``least`` to ``most`` of them in one order; ``days`` are the edition's days on which
    their passes count, if not on all of them.
    """
    shown = []
    for row in await ticket_types_of(edition.id):
        covered = offer is not None and offer.covers(row["id"])
        revealed = covered and offer is not None and offer.reveals
        if (
            not row["active"]
            or (row["hidden"] and not revealed)
            or (row["sales_until"] is not None and row["sales_until"] <= now)
        ):
            continue
        if row["last_day"] is not None and row["last_day"] < edition.today(now):
            continue
        row["days"] = days_of(edition, row)
        row["first_minor"] = row["price_minor"]
        row["least"] = row["min_per_order"] or 1
        row["most"] = min(row["left"], row["max_per_order"] or row["left"])
        if offer is not None and covered:
            if not row["donation"]:  # of which the buyer says the price
                row["price_minor"] = offer.price(row["first_minor"])
            row["most"] = min(row["most"], max(row["least"], offer.left))
        row["open"] = row["most"] >= row["least"] and (row["sales_from"] is None or row["sales_from"] <= now)
        shown.append(row)
    return shown


async def price_of(edition_id: int, counts: Mapping[int, int], said: Mapping[int, int], currency: str) -> Money:
    """What so many tickets of an edition's types, by their ids, cost together; ``said`` are the prices of donations."""
    rows = await TicketType.select(TicketType.id, TicketType.price_minor).where(TicketType.edition == edition_id)
    prices = {row["id"]: row["price_minor"] for row in rows} | dict(said)
    return Money(sum(prices.get(type_id, 0) * count for type_id, count in counts.items()), currency)


async def counts_of_order(order_id: int) -> dict[int, int]:
    """How many tickets of each type an order holds."""
    return (await counts_of_orders([order_id]))[order_id]


async def counts_of_orders(order_ids: Sequence[int]) -> dict[int, dict[int, int]]:
    """How many tickets of each type orders hold, by order; one that was cancelled by itself is held no more."""
    chosen, ids = among(order_ids)
    rows = await fetch(
        "SELECT ticket_order, ticket_type, COUNT(*) AS count FROM order_item "
        f"WHERE ticket_order {chosen} AND cancelled_at IS NULL GROUP BY ticket_order, ticket_type",
        ids,
    )
    counts: dict[int, dict[int, int]] = {order_id: {} for order_id in order_ids}
    for row in rows:
        counts[row["ticket_order"]][row["ticket_type"]] = row["count"]
    return counts


async def order_by_secret(secret_hash: str) -> dict[str, Any] | None:
    """An order by the hash of its secret."""
    row = await TicketOrder.select().where(TicketOrder.secret_hash == secret_hash).first()
    return dict(row) if row else None


def half_hidden(contact: str) -> str:
    """A mail address or phone number that whoever looks over a shoulder need not read."""
    name, at, host = contact.partition("@")
    return f"{name[:2]}…@{host}" if at else (f"{contact[:5]}…{contact[-2:]}" if contact else "")


async def tickets_of_order(order_id: int) -> list[dict[str, Any]]:
    """The tickets of an order with type and pass; ``is_hers`` those that its buyer has, so that she may open them."""
    rows = await fetch(
        "SELECT i.id, i.holder_name, i.price_minor, i.cancelled_at, i.given_at, t.id AS type_id, t.code AS type_code, "
        "t.name AS type_name, p.id AS pass_id, p.code AS pass_code, p.secret_seed, p.short_code, "
        "p.state AS pass_state FROM order_item i JOIN ticket_type t ON t.id = i.ticket_type "
        'LEFT JOIN "pass" p ON p.id = i.event_pass WHERE i.ticket_order = {} ORDER BY i.id',
        order_id,
    )
    return [
        {
            **row,
            "type_name": texts(row["type_name"]),
            "is_hers": row["cancelled_at"] is None and row["given_at"] is None,
        }
        for row in rows
    ]


async def names_of_pass(pass_id: int) -> dict[str, str] | None:
    """The name by language of the ticket type that a pass was issued for."""
    rows = await fetch(
        "SELECT t.name AS name FROM order_item i JOIN ticket_type t ON t.id = i.ticket_type WHERE i.event_pass = {}",
        pass_id,
    )
    return texts(rows[0]["name"]) if rows else None


async def names_of_labels(edition_id: int) -> dict[str, dict[str, str]]:
    """The names by language of an edition's ticket types, by the label that their passes get."""
    rows = await TicketType.select(TicketType.name).where(TicketType.edition == edition_id)
    return {label_of(named): named for named in (texts(row["name"]) for row in rows)}


def label_of(name: Mapping[str, str]) -> str:
    """What stands on a pass of a ticket type with this name: one language, the edition's first, as far as it fits."""
    return pick(name, "vi")[:LONGEST_LABEL]


async def orders_of_contact(edition_id: int, contact: str) -> list[int]:
    """Ids of the orders of an edition that were made under a contact, the newest first."""
    mine = (TicketOrder.edition == edition_id) & (TicketOrder.contact == contact)
    rows = await TicketOrder.select(TicketOrder.id).where(mine).order_by(TicketOrder.id, ascending=False)
    return [row["id"] for row in rows]


async def contacts_of_tickets(pass_ids: Sequence[int]) -> dict[int, PassContact]:
    """The contact that was written into the order of each pass, or that of whom its ticket was given to."""
    chosen, ids = among(list(pass_ids))
    rows = await fetch(
        "SELECT i.event_pass, i.given_at, i.given_contact, o.contact, o.locale, h.locale AS given_locale "
        "FROM order_item i JOIN ticket_order o ON o.id = i.ticket_order "
        "LEFT JOIN ticket_handover h ON h.order_item = i.id AND h.state = 'accepted' "
        f"WHERE i.event_pass {chosen}",
        ids,
    )
    contacts = {
        row["event_pass"]: (row["contact"], row["locale"])
        if row["given_at"] is None
        else (row["given_contact"], row["given_locale"] or row["locale"])
        for row in rows
    }
    return {
        pass_id: PassContact(locale=locale, **{"email" if "@" in contact else "phone": contact})
        for pass_id, (contact, locale) in contacts.items()
        if contact
    }


async def buyers_concerned(edition_id: int) -> set[int]:
    """Who bought tickets that count, or holds them for some minutes."""
    rows = await fetch(
        "SELECT DISTINCT buyer FROM ticket_order WHERE edition = {} AND buyer IS NOT NULL "
        "AND (state IN ('held', 'confirmed') OR (state = 'cancelled' AND closed_at = "
        "(SELECT closed_at FROM edition WHERE id = {} AND state = 'cancelled')))",
        edition_id,
        edition_id,
    )
    return {row["buyer"] for row in rows}


_ORDERS = """
FROM ticket_order LEFT JOIN person ON person.id = ticket_order.buyer
WHERE ticket_order.edition = {} AND ticket_order.state <> 'laid'
"""


async def find_orders(
    edition_id: int, *, limit: int = 50, offset: int = 0, search: str = "", state: str = "", channel: str = ""
) -> tuple[list[dict[str, Any]], int]:
    """Orders of an edition, newest first, and how many there are. ``search``: names, contacts, references, vouchers."""
    condition = _ORDERS
    values: list[Any] = [edition_id]
    if state:
        condition += " AND ticket_order.state = {}"
        values.append(state)
    if channel:
        condition += " AND ticket_order.channel = {}"
        values.append(channel)
    for word in search_text(searched(search)).split()[:6]:
        pattern = like_pattern(word)
        condition += (
            " AND (person.search_text LIKE {} ESCAPE '!' OR LOWER(ticket_order.reference) LIKE {} ESCAPE '!'"
            " OR EXISTS (SELECT 1 FROM order_item WHERE order_item.ticket_order = ticket_order.id"
            " AND LOWER(order_item.holder_name) LIKE {} ESCAPE '!')"
            " OR EXISTS (SELECT 1 FROM voucher_use u JOIN voucher v ON v.id = u.voucher"
            " WHERE u.ticket_order = ticket_order.id AND LOWER(v.code) LIKE {} ESCAPE '!'))"
        )
        values += [pattern, pattern, pattern, pattern]
    count = await fetch("SELECT COUNT(*) AS count " + condition, *values)
    rows = await fetch(
        "SELECT ticket_order.id AS id, ticket_order.reference AS reference, ticket_order.state AS state, "
        "ticket_order.channel AS channel, ticket_order.total_minor AS total_minor, "
        "ticket_order.currency AS currency, ticket_order.created_at AS created_at, "
        "person.full_name AS full_name, person.phone AS phone, person.email AS email, "
        "(SELECT COUNT(*) FROM order_item WHERE order_item.ticket_order = ticket_order.id "
        "AND (order_item.cancelled_at IS NULL OR ticket_order.state = 'cancelled')) AS tickets, "
        "(SELECT MIN(order_item.holder_name) FROM order_item WHERE order_item.ticket_order = ticket_order.id) "
        "AS holder_name, (SELECT MIN(v.code) FROM voucher_use u JOIN voucher v ON v.id = u.voucher "
        "WHERE u.ticket_order = ticket_order.id) AS voucher "
        + condition
        + " ORDER BY ticket_order.id DESC LIMIT {} OFFSET {}",
        *values,
        limit,
        offset,
    )
    kinds = await _kinds_of_orders(edition_id, [row["id"] for row in rows])
    return [{**row, "kinds": kinds.get(row["id"], "")} for row in rows], int(count[0]["count"])


async def _kinds_of_orders(edition_id: int, order_ids: Sequence[int]) -> dict[int, str]:
    """By order, what its tickets are called in the reader's language, with how many where it has several kinds."""
    if not order_ids:
        return {}
    rows = await fetch(
        "SELECT i.ticket_order AS order_id, i.ticket_type AS type_id, COUNT(*) AS count FROM order_item i "
        "JOIN ticket_order o ON o.id = i.ticket_order WHERE o.edition = {} AND i.ticket_order BETWEEN {} AND {} "
        "AND (i.cancelled_at IS NULL OR o.state = 'cancelled') "
        "GROUP BY i.ticket_order, i.ticket_type ORDER BY i.ticket_order, i.ticket_type",
        edition_id,
        min(order_ids),
        max(order_ids),
    )
    names = {row["id"]: pick(row["name"]) for row in await ticket_types_of(edition_id)}
    found: dict[int, list[tuple[int, str]]] = {}
    for row in rows:
        found.setdefault(row["order_id"], []).append((row["count"], names[row["type_id"]]))
    return {
        order_id: kinds[0][1] if len(kinds) == 1 else ", ".join(f"{count} × {name}" for count, name in kinds)
        for order_id, kinds in found.items()
    }


class HeldTicket(NamedTuple):
    """A ticket that counts: its order item, its order, its pass once there is one, and its holder's name."""

    item_id: int
    order_id: int
    pass_id: int | None
    holder_name: str


async def tickets_held(edition_id: int) -> dict[tuple[int, int], HeldTicket]:
    """Tickets that count, by (person, ticket type)."""
    rows = await fetch(
        "SELECT i.id AS id, i.ticket_order AS order_id, i.ticket_type AS type_id, i.event_pass AS pass_id, "
        "i.holder_name AS holder_name, o.buyer AS buyer FROM order_item i JOIN ticket_order o ON o.id = i.ticket_order "
        "WHERE o.edition = {} AND o.state IN ('held', 'confirmed') AND o.buyer IS NOT NULL "
        "AND i.cancelled_at IS NULL AND i.given_at IS NULL ORDER BY i.id DESC",
        edition_id,
    )
    return {
        (row["buyer"], row["type_id"]): HeldTicket(row["id"], row["order_id"], row["pass_id"], row["holder_name"])
        for row in rows
    }


async def newest_order() -> int:
    """The number of the newest order of all; 0 when there is none."""
    (row,) = await fetch("SELECT COALESCE(MAX(id), 0) AS id FROM ticket_order")
    return int(row["id"])


async def order_by_id(order_id: int, edition_id: int) -> dict[str, Any] | None:
    """One order of an edition with its buyer."""
    rows = await fetch(
        "SELECT o.id AS id, o.reference AS reference, o.state AS state, o.channel AS channel, "
        "o.total_minor AS total_minor, o.currency AS currency, o.payment_document AS payment_document, "
        "o.created_at AS created_at, o.expires_at AS expires_at, o.confirmed_at AS confirmed_at, "
        "o.closed_at AS closed_at, o.locale AS locale, person.full_name AS full_name, person.phone AS phone, "
        "person.email AS email FROM ticket_order o LEFT JOIN person ON person.id = o.buyer "
        "WHERE o.id = {} AND o.edition = {} AND o.state <> 'laid'",
        order_id,
        edition_id,
    )
    return rows[0] if rows else None


def as_stored(reference: str) -> str:
    """An order's number as it is stored, from what people write: in any case, with blanks and hyphens."""
    return "".join(reference.upper().replace("-", " ").split())


async def order_id_of(reference: str, edition_id: int) -> int | None:
    """The order of an edition with this number, as people write it."""
    rows = await TicketOrder.select(TicketOrder.id).where(
        SHOWN & (TicketOrder.reference == as_stored(reference)) & (TicketOrder.edition == edition_id)
    )
    return rows[0]["id"] if rows else None


async def last_box_office_sales(edition_id: int, limit: int = 5) -> list[dict[str, Any]]:
    """The newest sales at the counter, to print again."""
    return await fetch(
        "SELECT o.id AS id, o.reference AS reference, o.created_at AS created_at, "
        "(SELECT COUNT(*) FROM order_item WHERE order_item.ticket_order = o.id) AS tickets FROM ticket_order o "
        "WHERE o.edition = {} AND o.channel = 'box_office' AND o.state = 'confirmed' ORDER BY o.id DESC LIMIT {}",
        edition_id,
        limit,
    )


class Totals(TypedDict):
    """How many ticket types an edition has, what is sold and held of them, and orders that wait for money.

    ``places`` are those of all quotas; None where a type draws on several: what they hold together is not their sum.
    """

    types: int
    sold: int
    held: int
    waiting: int
    places: int | None


async def totals_of(edition_id: int) -> Totals:
    """What an edition has and sells in all."""
    (row,) = await fetch(
        "SELECT COALESCE(SUM(sold), 0) AS sold, COALESCE(SUM(held), 0) AS held, COUNT(*) AS types, "
        "(SELECT COUNT(*) FROM ticket_order WHERE edition = {} AND state = 'held') AS waiting "
        "FROM ticket_type WHERE edition = {}",
        edition_id,
        edition_id,
    )
    quotas = [quota for quota in await quotas_of(edition_id) if quota["types"]]
    drawn = [type_id for quota in quotas for type_id in quota["types"]]
    places = sum(quota["size"] for quota in quotas) if len(drawn) == len(set(drawn)) else None
    return Totals(
        types=int(row["types"]),
        sold=int(row["sold"]),
        held=int(row["held"]),
        waiting=int(row["waiting"]),
        places=places,
    )
