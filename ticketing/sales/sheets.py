"""Ticket types and attendees as sheets."""

import dataclasses
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from app.accounts.actor import SYSTEM, Actor
from app.accounts.services.people_bulk import PersonValues, people_by_contact
from app.events.enums import PassKind
from app.kernel.i18n import LOCALES, N_
from app.kernel.money import Money
from app.kernel.names import clean_text
from app.kernel.sheets import CellProblem, Column, Laying, LoadResult, SheetContext, SheetKind, SheetRow
from app.kernel.sheets.parsers import choice, day, email, integer, moment, money, phone, text
from ticketing.sales.errors import DaysOutsideEdition, QuotaMissing, SalesReversed, UnknownTicketType
from ticketing.sales.queries import quotas_of, room_of, ticket_types_of, tickets_held
from ticketing.sales.services.attendees import Attendee, lay_attendees, show_attendees, take_over_attendees
from ticketing.sales.services.laid import drop_laid
from ticketing.sales.services.ticket_types import (
    TicketTypeValues,
    check_days,
    check_sales,
    create_ticket_type,
    update_ticket_type,
)

QUOTA_BELOW = N_("{taken} are sold or held already; the quota cannot be less.")
QUOTA_LACKS = N_("A new ticket type needs a number of places.")
NO_SUCH_TYPE = N_("There is no ticket type “{code}”. Load the ticket types first.")
NO_CONTACT = N_("A phone number or a mail address is needed.")
NOT_ENOUGH = N_("Only {left} tickets of this type are left.")

PASS_KIND_LABELS: Mapping[PassKind, Mapping[str, Sequence[str]]] = {
    PassKind.VISITOR: {"en": ("visitor",), "vi": ("khách tham quan", "khách"), "id": ("pengunjung",)},
    PassKind.EXHIBITOR: {"en": ("exhibitor",), "vi": ("đơn vị trưng bày", "gian hàng"), "id": ("peserta pameran",)},
    PassKind.STAFF: {"en": ("staff",), "vi": ("nhân viên", "ban tổ chức"), "id": ("staf", "panitia")},
    PassKind.JUDGE: {"en": ("judge",), "vi": ("giám khảo",), "id": ("juri",)},
    PassKind.SPEAKER: {"en": ("speaker",), "vi": ("diễn giả",), "id": ("pembicara",)},
    PassKind.GUEST: {"en": ("guest",), "vi": ("khách mời",), "id": ("tamu", "tamu undangan")},
}
LOCALE_LABELS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "vi": {"en": ("Vietnamese", "vi"), "vi": ("tiếng Việt", "Việt"), "id": ("bahasa Vietnam",)},
    "id": {"en": ("Indonesian", "id"), "vi": ("tiếng Indonesia",), "id": ("bahasa Indonesia", "Indonesia")},
    "en": {"en": ("English", "en"), "vi": ("tiếng Anh", "Anh"), "id": ("bahasa Inggris", "Inggris")},
}

TYPE_COLUMNS = (
    Column("code", {"en": ("Code",), "vi": ("Mã", "Mã vé"), "id": ("Kode",)}, text(30), required=True),
    Column(
        "name_vi",
        {
            "en": ("Name (Vietnamese)", "Name (vi)", "Name"),
            "vi": ("Tên", "Tên vé", "Tên (vi)", "Tên (tiếng Việt)"),
            "id": ("Nama (bahasa Vietnam)", "Nama (vi)"),
        },
        text(120),
        required=True,
    ),
    Column(
        "name_id",
        {
            "en": ("Name (Indonesian)", "Name (id)"),
            "vi": ("Tên (tiếng Indonesia)", "Tên (id)"),
            "id": ("Nama", "Nama (id)", "Nama (bahasa Indonesia)"),
        },
        text(120),
    ),
    Column(
        "name_en",
        {
            "en": ("Name (English)", "Name (en)"),
            "vi": ("Tên (tiếng Anh)", "Tên (en)"),
            "id": ("Nama (bahasa Inggris)", "Nama (en)"),
        },
        text(120),
    ),
    Column(
        "price_vnd",
        {"en": ("Price (VND)", "Price"), "vi": ("Giá", "Giá vé", "Giá (VND)"), "id": ("Harga", "Harga (VND)")},
        money(),
    ),
    Column(
        "quota",
        {"en": ("Quota", "Places"), "vi": ("Số lượng", "Hạn mức"), "id": ("Kuota", "Jumlah")},
        integer(0, 1_000_000),
    ),
    Column(
        "sales_from",
        {"en": ("Sales from",), "vi": ("Mở bán", "Bán từ"), "id": ("Dijual dari", "Penjualan mulai")},
        moment(),
    ),
    Column(
        "sales_until",
        {"en": ("Sales until",), "vi": ("Ngừng bán", "Bán đến"), "id": ("Dijual sampai", "Penjualan sampai")},
        moment(),
    ),
    Column(
        "description_vi",
        {
            "en": ("Description (Vietnamese)", "Description (vi)"),
            "vi": ("Mô tả", "Mô tả (vi)", "Mô tả (tiếng Việt)"),
            "id": ("Deskripsi (bahasa Vietnam)", "Deskripsi (vi)"),
        },
        text(600),
    ),
    Column(
        "description_id",
        {
            "en": ("Description (Indonesian)", "Description (id)"),
            "vi": ("Mô tả (tiếng Indonesia)", "Mô tả (id)"),
            "id": ("Deskripsi", "Deskripsi (id)", "Deskripsi (bahasa Indonesia)"),
        },
        text(600),
    ),
    Column(
        "description_en",
        {
            "en": ("Description (English)", "Description (en)", "Description"),
            "vi": ("Mô tả (tiếng Anh)", "Mô tả (en)"),
            "id": ("Deskripsi (bahasa Inggris)", "Deskripsi (en)"),
        },
        text(600),
    ),
    Column("kind", {"en": ("Kind",), "vi": ("Loại", "Đối tượng"), "id": ("Jenis",)}, choice(PASS_KIND_LABELS)),
    Column(
        "first_day",
        {"en": ("First day", "Valid from"), "vi": ("Ngày đầu", "Ngày đầu tiên"), "id": ("Hari pertama",)},
        day(),
    ),
    Column(
        "last_day",
        {"en": ("Last day", "Valid until"), "vi": ("Ngày cuối", "Ngày cuối cùng"), "id": ("Hari terakhir",)},
        day(),
    ),
)

ATTENDEE_COLUMNS = (
    Column(
        "full_name",
        {"en": ("Full name", "Name"), "vi": ("Họ và tên", "Họ tên", "Tên"), "id": ("Nama lengkap", "Nama")},
        text(),
        required=True,
    ),
    Column(
        "phone",
        {
            "en": ("Phone", "Phone number", "Mobile"),
            "vi": ("Số điện thoại", "Điện thoại", "SĐT"),
            "id": ("Telepon", "Nomor telepon", "HP"),
        },
        phone(),
    ),
    Column(
        "email",
        {"en": ("Email", "E-mail", "Mail"), "vi": ("Email", "Thư điện tử"), "id": ("Email", "Surel")},
        email(),
    ),
    Column(
        "ticket_type",
        {"en": ("Ticket type", "Ticket"), "vi": ("Loại vé", "Vé"), "id": ("Jenis tiket", "Tiket")},
        text(30),
        required=True,
    ),
    Column(
        "language",
        {"en": ("Language",), "vi": ("Ngôn ngữ",), "id": ("Bahasa",)},
        choice(LOCALE_LABELS),
    ),
)


async def check_ticket_types(rows: Sequence[SheetRow], context: SheetContext) -> list[CellProblem]:
    """Find quotas that lack, or hold less than is taken, days outside the edition, and sales that end too early."""
    assert context.edition_id is not None
    known = {row["code"].casefold(): row for row in await ticket_types_of(context.edition_id)}
    problems = []
    for row in rows:
        found = known.get(row["code"].casefold())
        taken = found["sold"] + found["held"] if found else 0
        if row["quota"] is None and found is None:
            problems.append(row.problem("quota", QuotaMissing.code, QUOTA_LACKS))
        elif row["quota"] is not None and row["quota"] < taken:
            problems.append(row.problem("quota", "quota_too_small", QUOTA_BELOW, taken=taken))
        try:
            await check_days(context.edition_id, row["first_day"], row["last_day"])
        except DaysOutsideEdition as error:
            column = "first_day" if row["last_day"] is None else "last_day"
            problems.append(row.problem(column, error.code, error.message, **error.params))
        values = _values(row, _values_of(found) if found else None, context.currency)
        try:
            check_sales(values.sales_from, values.sales_until)
        except SalesReversed as error:
            column = "sales_until" if row.has("sales_until") else "sales_from"
            problems.append(row.problem(column, error.code, error.message))
    return problems


async def load_ticket_types(rows: Sequence[SheetRow], context: SheetContext) -> LoadResult:
    """Add ticket types, or change those that have the same code."""
    assert context.edition_id is not None
    actor = context.actor if isinstance(context.actor, Actor) else SYSTEM
    known = {row["code"].casefold(): row for row in await ticket_types_of(context.edition_id)}
    result = LoadResult()
    for row in rows:
        found = known.get(row["code"].casefold())
        before = _values_of(found) if found else None
        values = _values(row, before, context.currency)
        if found is None:
            await create_ticket_type(edition_id=context.edition_id, values=values, actor=actor, now=context.now)
            result += LoadResult(created=1)
        elif values == before:
            result += LoadResult(unchanged=1)
        else:
            await update_ticket_type(
                ticket_type_id=found["id"], edition_id=context.edition_id, values=values, actor=actor, now=context.now
            )
            result += LoadResult(updated=1)
    return result


def _values_of(found: dict[str, object]) -> TicketTypeValues:
    kept = {field.name for field in dataclasses.fields(TicketTypeValues)} - {"pass_kind", "quotas"}
    values: dict[str, Any] = {name: found[name] for name in kept}
    values["suggestions"] = tuple(values["suggestions"])
    return TicketTypeValues(pass_kind=PassKind(str(found["pass_kind"])), **values)


def _values(row: SheetRow, before: TicketTypeValues | None, currency: str) -> TicketTypeValues:
    """What the row says; what the sheet has no column for stays as it was."""
    name = _texts(row, "name", before.name if before else {})
    price = row["price_vnd"] or Money(0, currency)
    return TicketTypeValues(
        code=before.code if before else row["code"],
        name=name,
        price_minor=price.amount_minor if row.has("price_vnd") or before is None else before.price_minor,
        currency=before.currency if before and not row.has("price_vnd") else price.currency,
        quota=row["quota"] if row["quota"] is not None or before is None else before.quota,
        description=_texts(row, "description", before.description if before else {}),
        sales_from=row["sales_from"] if row.has("sales_from") or before is None else before.sales_from,
        sales_until=row["sales_until"] if row.has("sales_until") or before is None else before.sales_until,
        pass_kind=row["kind"] or (before.pass_kind if before else PassKind.VISITOR),
        active=before.active if before else True,
        hidden=before.hidden if before else False,
        min_per_order=before.min_per_order if before else None,
        max_per_order=before.max_per_order if before else None,
        group_most=before.group_most if before else None,
        donation=before.donation if before else False,
        suggestions=before.suggestions if before else (),
        exempt_reason=before.exempt_reason if before else "",
        first_day=row["first_day"] if row.has("first_day") or before is None else before.first_day,
        last_day=row["last_day"] if row.has("last_day") or before is None else before.last_day,
    )


def _texts(row: SheetRow, field: str, before: Mapping[str, str]) -> dict[str, str]:
    """A text by language: what the row says, else what was there."""
    texts = dict(before)
    for code in LOCALES:
        if row.has(f"{field}_{code}"):
            texts[code] = row[f"{field}_{code}"] or ""
    return {code: words for code, words in texts.items() if words}


def _attendee_key(row: SheetRow) -> Hashable | None:
    contact = row["phone"] or row["email"]
    return (contact, _word(row["ticket_type"])) if contact else None


def _word(text: str) -> str:
    return clean_text(text).casefold()


async def _types_by_word(edition_id: int) -> dict[str, dict[str, Any]]:
    """Ticket types by what a sheet may call them: their codes, and their names where only one has it."""
    types = await ticket_types_of(edition_id)
    named = Counter(word for one in types for word in {_word(name) for name in one["name"].values()})
    found = {_word(name): one for one in types for name in one["name"].values() if name and named[_word(name)] == 1}
    return found | {_word(one["code"]): one for one in types}


async def check_attendees(rows: Sequence[SheetRow], context: SheetContext) -> list[CellProblem]:
    """Find attendees without a way to reach them, unknown ticket types, and more than a quota holds."""
    assert context.edition_id is not None
    types = await _types_by_word(context.edition_id)
    reachable = [row for row in rows if row["phone"] or row["email"]]
    known = dict(zip((row.number for row in reachable), await people_by_contact(_people(reachable)), strict=True))
    held = await tickets_held(context.edition_id)
    free = {quota["id"]: quota["left"] for quota in await quotas_of(context.edition_id)}
    problems = []
    for row in rows:
        kind = types.get(_word(row["ticket_type"]))
        if not row["phone"] and not row["email"]:
            problems.append(row.problem("phone", "contact_missing", NO_CONTACT))
        if kind is None:
            written = row["ticket_type"]
            problems.append(row.problem("ticket_type", "unknown_ticket_type", NO_SUCH_TYPE, code=written))
        elif (known.get(row.number), kind["id"]) not in held:
            for quota_id in kind["quotas"]:
                free[quota_id] -= 1
            if room_of(kind, free) < 0 or not kind["quotas"]:
                problems.append(row.problem("ticket_type", "sold_out", NOT_ENOUGH, left=kind["left"]))
    return problems


async def load_attendee_sheet(rows: Sequence[SheetRow], context: SheetContext) -> LoadResult:
    """Give each attendee an order and a pass; nobody is written to."""
    laid = await lay_attendee_sheet(rows, context)
    result = await take_over_attendee_sheet(laid, context)
    await show_attendees(laid)
    return result


async def lay_attendee_sheet(rows: Sequence[SheetRow], context: SheetContext) -> int:
    """Let the orders and passes of very many attendees stand ready."""
    assert context.edition_id is not None
    types = await _types_by_word(context.edition_id)
    attendees = []
    for row, person in zip(rows, _people(rows), strict=True):
        if (found := types.get(_word(row["ticket_type"]))) is None:
            raise UnknownTicketType
        attendees.append(Attendee(person=person, ticket_type_id=found["id"]))
    return await lay_attendees(
        edition_id=context.edition_id, attendees=attendees, now=context.now, report=context.report
    )


async def take_over_attendee_sheet(laid: int, context: SheetContext) -> LoadResult:
    """Take over the orders and passes that stand ready."""
    assert context.edition_id is not None
    actor = context.actor if isinstance(context.actor, Actor) else SYSTEM
    return LoadResult(
        *await take_over_attendees(laid_id=laid, edition_id=context.edition_id, actor=actor, now=context.now)
    )


def _people(rows: Sequence[SheetRow]) -> list[PersonValues]:
    return [
        PersonValues(
            full_name=row["full_name"], phone=row["phone"], email=row["email"], locale=str(row["language"] or "vi")
        )
        for row in rows
    ]


TICKET_TYPES = SheetKind(
    name="ticket_types",
    title=N_("Ticket types"),
    place="/tickets",
    columns=TYPE_COLUMNS,
    key=("code",),
    check=check_ticket_types,
    load=load_ticket_types,
)
ATTENDEES = SheetKind(
    name="attendees",
    title=N_("Attendees"),
    place="/passes",
    columns=ATTENDEE_COLUMNS,
    key=_attendee_key,
    check=check_attendees,
    load=load_attendee_sheet,
    laying=Laying(lay=lay_attendee_sheet, take_over=take_over_attendee_sheet, show=show_attendees, drop=drop_laid),
)
