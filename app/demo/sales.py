"""What the box office of the demo sold on the first morning: paid tickets, each with its invoice and its receipt.

Whoever stands in the sheet of attendees has paid nothing here. At the counter nobody leaves an address, so that nobody
is written to.
"""

from datetime import datetime

from app.accounts.actor import Actor
from app.demo.crowd import FAMILY, SEAT
from app.events.queries import edition_by_id
from app.kernel.money import Money
from app.payments.enums import PaymentMethod
from ticketing.sales.queries import ticket_types_of
from ticketing.sales.queries_own import Rules
from ticketing.sales.services.orders import sell_at_box_office
from ticketing.sales.services.rules import set_rules

CASH, TERMINAL = PaymentMethod.CASH, PaymentMethod.TERMINAL
#: Ticket, how many, for whom, how it was paid; a terminal's slips are numbered.
SALES = (
    (FAMILY, 1, "Nguyễn Thị Thanh Hà", CASH),
    (FAMILY, 2, "Trần Thu Trang", TERMINAL),
    (SEAT, 1, "Lê Minh Nguyệt", CASH),
    (FAMILY, 1, "", CASH),
    (SEAT, 4, "Hợp tác xã Sen Tây Hồ", TERMINAL),
    (FAMILY, 1, "Phạm Thị Ngọc Ánh", CASH),
    (FAMILY, 3, "Chi hội Phụ nữ tổ dân phố số 7", CASH),
    (SEAT, 2, "Đặng Thùy Linh", TERMINAL),
    (FAMILY, 1, "", CASH),
    (SEAT, 1, "Vũ Hoài Phương", CASH),
    (FAMILY, 2, "Bùi Thị Lan Hương", TERMINAL),
    (SEAT, 10, "Trường Trung cấp nghề Kim Hoàn", TERMINAL),
    (FAMILY, 1, "Hoàng Thị Mỹ Duyên", CASH),
    (FAMILY, 1, "", CASH),
    (SEAT, 2, "Đỗ Khánh Vân", CASH),
    (FAMILY, 1, "Ngô Thị Bích Thủy", TERMINAL),
)
TICKETS_SOLD = sum(count for _code, count, _name, _method in SALES)


async def let_buyers_change(edition_id: int, actor: Actor, now: datetime) -> None:
    """Let buyers do themselves what they may: on a demo, as long as it lasts."""
    edition = await edition_by_id(edition_id)
    first, last = edition.end_of(edition.starts_on), edition.end_of(edition.ends_on)
    rules = Rules(
        fee=Money(5_000, edition.currency),
        names_until=last,
        answers_until=last,
        changes_until=last,
        handing_until=last,
        back_until=first,
        later_until=last,
    )
    await set_rules(edition=edition, rules=rules, actor=actor, now=now)


async def sell_tickets(edition_id: int, actor: Actor, now: datetime) -> None:
    """Sell them as the box office does."""
    types = {one["code"]: one["id"] for one in await ticket_types_of(edition_id)}
    for number, (code, count, name, method) in enumerate(SALES, start=1):
        await sell_at_box_office(
            edition_id=edition_id,
            client_id=f"demo-box-office-{number:02}",
            counts={types[code]: count},
            holder_name=name,
            method=method,
            note=f"{4210 + number}" if method == TERMINAL else "",
            actor=actor,
            now=now,
        )
