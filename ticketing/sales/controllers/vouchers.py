"""The organiser's pages of vouchers."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.pages import download, form_again, stretch, with_query
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.clock import now
from app.kernel.editing import held, open_edit
from app.kernel.forms import REQUIRED, Form, FormError, Reading
from app.kernel.i18n import N_, _, pick
from app.kernel.money import Money, parse_money, typed_money
from app.kernel.settings import settings
from app.kernel.sheets import write_xlsx
from app.kernel.web import page, redirect
from app.payments.schemas import why_no_amount
from ticketing.sales import queries
from ticketing.sales.enums import VOUCHER_EFFECT_NAMES, VoucherEffect
from ticketing.sales.errors_vouchers import (
    TooManyPercent,
    VoucherBelowUse,
    VoucherCodeTaken,
    VoucherDoesNothing,
    VoucherUnknown,
)
from ticketing.sales.queries_vouchers import effect_of, vouchers_of
from ticketing.sales.schemas_vouchers import MOST_AT_ONCE, VoucherForm, VouchersForm
from ticketing.sales.services import vouchers

NOT_AN_AMOUNT = N_("Please write an amount such as 50.000, or 0.")
#: At which field the refusals of the service are said.
_FIELDS: dict[type[Exception], str] = {
    VoucherCodeTaken: "code",
    VoucherBelowUse: "max_uses",
    TooManyPercent: "value",
    VoucherDoesNothing: "reveals",
}


class VoucherController(Controller):
    """``/manage/{id}/tickets/vouchers``: what each does, and how often it was used."""

    path = "/manage/{edition_id:int}/tickets/vouchers"
    guards = [requires(Role.MANAGER)]
    include_in_schema = False

    @get("/")
    async def list_all(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[str]:
        """All vouchers of the edition, the newest first."""
        edition = await edition_by_id(edition_id)
        search = request.query_params.get("q", "")
        shown, pager = stretch(request, await _vouchers(edition, search))
        return page(
            "sales/manage_vouchers.html",
            edition=edition,
            vouchers=shown,
            pager=pager,
            q=search,
            present=now(),
            export=with_query(request, f"/manage/{edition_id}/tickets/vouchers/export.xlsx"),
        )

    @get("/export.xlsx")
    async def export(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[bytes]:
        """The list as a sheet, each with the address that opens the order page with it."""
        edition = await edition_by_id(edition_id)
        headers = [
            _("Voucher"),
            _("What it does"),
            _("Ticket types"),
            _("Reveals hidden types"),
            _("Tickets it is good for"),
            _("Used for"),
            _("Valid until"),
            _("Switched on"),
            _("Note"),
            _("Address"),
        ]
        rows = [
            [
                row["code"],
                row["does"],
                ", ".join(row["type_names"]),
                row["reveals"],
                row["max_uses"],
                row["used"],
                row["valid_until"],
                row["active"],
                row["note"],
                row["url"],
            ]
            for row in await _vouchers(edition, request.query_params.get("q", ""))
        ]
        content = write_xlsx(_("Vouchers"), headers, rows, timezone=edition.timezone)
        return download(content, f"vouchers-{edition.slug}.xlsx")

    @get("/new")
    async def new(self, edition_id: FromPath[int]) -> Response[str]:
        """An empty form."""
        form = Form.empty(effect=VoucherEffect.PERCENT, max_uses="1", number="1", active="on")
        return await _voucher_page(await edition_by_id(edition_id), form, None)

    @post("/new")
    async def create(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Add a voucher, or many."""
        return await _save(request, await edition_by_id(edition_id), None)

    @get("/{voucher_id:int}")
    async def edit(self, edition_id: FromPath[int], voucher_id: FromPath[int]) -> Response[str]:
        """The form with what is there."""
        edition = await edition_by_id(edition_id)
        row = await _voucher(edition, voucher_id)
        return await _voucher_page(edition, _form_of(row, edition), row)

    @post("/{voucher_id:int}")
    async def update(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], voucher_id: FromPath[int]
    ) -> Response[Any]:
        """Change a voucher."""
        edition = await edition_by_id(edition_id)
        return await _save(request, edition, await _voucher(edition, voucher_id))

    @post("/{voucher_id:int}/off")
    async def off(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], voucher_id: FromPath[int]
    ) -> Response[Any]:
        """Switch a voucher off."""
        await vouchers.switch_voucher(
            voucher_id=voucher_id, edition_id=edition_id, active=False, actor=request.user, now=now()
        )
        return redirect(f"/manage/{edition_id}/tickets/vouchers", toast=_("The voucher was switched off."))


async def _vouchers(edition: EditionInfo, search: str = "") -> list[dict[str, Any]]:
    """Vouchers of an edition, each with what it does in words, its types' names, and the address that opens with it."""
    names = {row["id"]: pick(row["name"]) for row in await queries.ticket_types_of(edition.id)}
    return [
        {
            **row,
            "reveals": bool(row["reveals"]),
            "active": bool(row["active"]),
            "does": effect_of(row["effect"], row["value"], edition.currency),
            "type_names": [names[type_id] for type_id in row["types"]],
            "url": f"{settings().base_url}{edition.path}/tickets?voucher={row['code']}",
        }
        for row in await vouchers_of(edition.id, search)
    ]


async def _voucher(edition: EditionInfo, voucher_id: int) -> dict[str, Any]:
    for row in await _vouchers(edition):
        if row["id"] == voucher_id:
            return row
    raise VoucherUnknown


def _form_of(row: dict[str, Any], edition: EditionInfo) -> Form:
    value = str(row["value"])
    if row["effect"] in (VoucherEffect.AMOUNT, VoucherEffect.PRICE):
        value = typed_money(Money(row["value"], edition.currency))
    return Form.of(
        code=row["code"],
        effect=row["effect"],
        value="" if row["effect"] == VoucherEffect.NONE else value,
        reveals="on" if row["reveals"] else "",
        types=row["types"],
        max_uses=row["max_uses"],
        valid_until=row["valid_until"].astimezone(edition.zone) if row["valid_until"] else None,
        note=row["note"],
        active="on" if row["active"] else "",
    )


async def _voucher_page(
    edition: EditionInfo, form: Form, row: dict[str, Any] | None, *, status: int = 200
) -> Response[str]:
    return page(
        "sales/manage_voucher.html",
        status=status,
        edition=edition,
        form=form,
        row=row,
        most=MOST_AT_ONCE,
        effects=[(effect.value, _(name)) for effect, name in VOUCHER_EFFECT_NAMES.items()],
        types=[(one["id"], pick(one["name"])) for one in await queries.ticket_types_of(edition.id)],
    )


async def _save(request: Request[Actor, Any, Any], edition: EditionInfo, row: dict[str, Any] | None) -> Response[Any]:
    """Read the form and keep it, or show it again."""
    try:
        if row is None:
            reading = await open_edit(request, VouchersForm, record=None, subject=None, tz=edition.timezone)
            values = _values(reading, edition)
            codes = await vouchers.create_vouchers(
                edition_id=edition.id,
                values=values,
                number=reading.values.number,
                actor=request.user,
                now=now(),
            )
            made = _("The voucher {code} was made.").format(code=codes[0])
        else:
            async with held("edition", edition.id, alone=False), held("voucher", row["id"]):
                record = await _voucher(edition, row["id"])
                edited = await open_edit(
                    request,
                    VoucherForm,
                    record=_form_of(record, edition),
                    subject=("voucher", row["id"]),
                    tz=edition.timezone,
                )
                if not edited.values.code:
                    edited.refuse("code", _(REQUIRED))
                await vouchers.update_voucher(
                    voucher_id=row["id"],
                    edition_id=edition.id,
                    values=_values(edited, edition),
                    actor=request.user,
                    now=now(),
                )
            codes, made = [], _("Saved.")
    except FormError as error:
        return await _voucher_page(edition, error.form, row, status=error.status)
    except (VoucherCodeTaken, VoucherBelowUse, TooManyPercent, VoucherDoesNothing) as error:
        form = await form_again(request, {_FIELDS[type(error)]: error.sentence()})
        return await _voucher_page(edition, form, row, status=error.status)
    toast = _("The vouchers were made: their codes are in the sheet.") if len(codes) > 1 else made
    return redirect(f"/manage/{edition.id}/tickets/vouchers", toast=toast)


def _values(reading: Reading[Any], edition: EditionInfo) -> vouchers.VoucherValues:
    """What the form says. Raises FormError."""
    typed, value = reading.values, 0
    if typed.effect is VoucherEffect.PERCENT:
        digits = typed.value.removesuffix("%").strip()
        value = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 4 else 0
    elif typed.effect is not VoucherEffect.NONE:
        if not typed.value:
            reading.refuse("value", _(REQUIRED))
        try:
            value = parse_money(typed.value or "0", edition.currency).amount_minor
        except ValueError as error:
            reading.refuse("value", why_no_amount(error, edition.currency, _(NOT_AN_AMOUNT)))
    form = reading.settle()
    return vouchers.VoucherValues(
        code=form.code,
        effect=form.effect,
        value=value,
        reveals=form.reveals,
        max_uses=form.max_uses,
        valid_until=form.valid_until,
        types=form.types,
        active=form.active,
        note=form.note,
    )
