"""``/e/{slug}/tickets/group``: a delegation's tickets in one order, their names by a sheet."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from app.accounts.guards import public
from app.events.pages import form_again
from app.events.queries import EditionInfo
from app.kernel.clock import now
from app.kernel.errors import TooManyTries
from app.kernel.forms import Form, FormError, Reading, contact_in, open_form
from app.kernel.i18n import LOCALES, N_, _, current_locale, format_number, pick
from app.kernel.money import Money, format_money
from app.kernel.security import limit, new_token
from app.kernel.web import browser_of, page, redirect
from app.payments.queries import is_taxed
from ticketing.sales import queries
from ticketing.sales.controllers.public import billed_to
from ticketing.sales.errors import (
    OrdersSlowed,
    SalesClosed,
    SoldOut,
    TooFewOfType,
    TooManyOfType,
    UnknownTicketType,
)
from ticketing.sales.names_sheet import UNREAD, NamesRead, names_in_lines, read_names
from ticketing.sales.schemas_group import MOST_IN_GROUP, GroupForm
from ticketing.sales.services.orders import place_order

HOUR = 3600
#: So many sheets of names an hour are read from one browser.
MOST_READ = 30
NO_COUNT = N_("Please write the names, or how many tickets it shall be.")
TOO_FEW = N_("There are {names} names. Please write no smaller number, or leave it empty.")
LINE = N_("Line {number}: {sentence}")


class GroupController(Controller):
    """The page of a group."""

    path = "/e/{slug:str}/tickets/group"
    guards = [public]
    include_in_schema = False
    request_max_body_size = 1_000_000

    @get("/")
    async def form(self, request: Request[Any, Any, Any], slug: FromPath[str]) -> Response[str]:
        """What there is for groups, and an empty form."""
        edition = await queries.edition_with_tickets(slug)
        user = request.user
        form = Form.empty(client_id=new_token(), locale=current_locale(), full_name=user.full_name if user else "")
        return await _group_page(edition, form)

    @post("/")
    async def order(self, request: Request[Any, Any, Any], slug: FromPath[str]) -> Response[Any]:
        """Read a sheet of names and show what was read; without one, place the order."""
        edition = await queries.edition_with_tickets(slug)
        sheet = (await request.form()).get("sheet")
        if isinstance(sheet, UploadFile) and sheet.filename:
            return await _read(request, edition, sheet)
        try:
            reading = await open_form(request, GroupForm)
            phone, email = contact_in(reading, edition.region)
            bill = billed_to(reading, edition)
            names = names_in_lines(reading.values.names)
            count = _count(reading, names)
            values = reading.settle()
            placed = await place_order(
                edition_id=edition.id,
                client_id=values.client_id,
                counts={values.ticket_type: count},
                full_name=values.full_name,
                phone=phone,
                email=email,
                locale=values.locale if values.locale in LOCALES else current_locale(),
                actor=request.user,
                browser=browser_of(request),
                billed_to=bill,
                group=names.names,
                now=now(),
            )
        except FormError as error:
            return await _group_page(edition, error.form, status=422)
        except (SoldOut, SalesClosed, TooManyOfType, TooFewOfType, UnknownTicketType) as error:
            form = await form_again(request, {"ticket_type": error.sentence()})
            return await _group_page(edition, form, status=error.status)
        except (OrdersSlowed, TooManyTries) as error:
            form = await form_again(request, {"contact": error.sentence()})
            return await _group_page(edition, form, status=error.status)
        return redirect(f"{edition.path}/tickets/done/{placed.secret}")


def _count(reading: Reading[GroupForm], names: NamesRead) -> int:
    """How many tickets it shall be; refuses names that do not fit, and fewer tickets than names."""
    for row in names.wrong[:1]:
        reading.refuse("names", _(LINE).format(number=row.number, sentence=row.sentence))
    count = reading.values.count
    if count is None and not names.names:
        reading.refuse("names", _(NO_COUNT))
    if count is not None and count < len(names.names):
        reading.refuse("count", _(TOO_FEW).format(names=format_number(len(names.names))))
    return count or len(names.names)


async def _read(request: Request[Any, Any, Any], edition: EditionInfo, sheet: UploadFile) -> Response[str]:
    """The form as it was, with the names of a sheet in it, and what is wrong with its rows."""
    form = await form_again(request, {})
    try:
        await limit(f"group-sheet:{edition.id}:{browser_of(request)}", times=MOST_READ, seconds=HOUR, now=now())
        read = await read_names(await sheet.read(), sheet.filename)
    except (*UNREAD, TooManyTries) as error:
        form.errors["sheet"] = error.sentence()
        return await _group_page(edition, form, status=error.status)
    form.values["names"] = "\n".join(name or "–" for name in read.names)
    return await _group_page(edition, form, read=read, status=422 if read.wrong else 200)


async def _group_page(
    edition: EditionInfo, form: Form, *, read: NamesRead | None = None, status: int = 200
) -> Response[str]:
    types = [
        row
        for row in await queries.ticket_types_on_sale(edition, now())
        if row["group_most"] is not None and not row["donation"]
    ]
    if not types:
        raise UnknownTicketType
    if len(types) == 1:
        form.values["ticket_type"] = types[0]["id"]
    return page(
        "sales/group.html",
        status=status,
        headers={"cache-control": "private, no-store"},
        edition=edition,
        form=form,
        types=[(row["id"], pick(row["name"]), _told(row)) for row in types],
        paid=any(row["price_minor"] for row in types),
        most=MOST_IN_GROUP,
        read=read,
        taxed=await is_taxed(edition.id),
    )


def _told(row: dict[str, Any]) -> str:
    """What a type costs, on which days it counts, and how many there may be."""
    price = format_money(Money(row["price_minor"], row["currency"])) if row["price_minor"] else _("Free of charge")
    most = _("at most {most} in one order").format(most=format_number(min(row["group_most"], row["left"])))
    return " · ".join(filter(None, (price, row["days"], most if row["left"] else _("Sold out"))))
