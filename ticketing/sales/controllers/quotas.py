"""The organiser's pages of quotas: places that several ticket types draw on."""

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
from app.kernel.forms import Form, FormError
from app.kernel.i18n import _, pick
from app.kernel.names import search_text
from app.kernel.sheets import write_xlsx
from app.kernel.web import page, redirect
from ticketing.sales import queries
from ticketing.sales.errors import QuotaTooSmall, UnknownQuota
from ticketing.sales.schemas import QuotaForm
from ticketing.sales.services import quotas


class QuotaController(Controller):
    """``/manage/{id}/tickets/quotas``: what is sold, held and free of each."""

    path = "/manage/{edition_id:int}/tickets/quotas"
    guards = [requires(Role.MANAGER)]
    include_in_schema = False

    @get("/")
    async def list_all(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[str]:
        """All quotas of the edition, and which ticket types draw on them."""
        edition = await edition_by_id(edition_id)
        search = request.query_params.get("q", "")
        shown, pager = stretch(request, await _found(edition_id, search))
        return page(
            "sales/manage_quotas.html",
            edition=edition,
            quotas=shown,
            pager=pager,
            q=search,
            export=with_query(request, f"/manage/{edition_id}/tickets/quotas/export.xlsx"),
        )

    @get("/export.xlsx")
    async def export(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[bytes]:
        """The list as a sheet."""
        edition = await edition_by_id(edition_id)
        headers = [_("Quota"), _("Places"), _("Sold"), _("Held"), _("Free"), _("Ticket types")]
        rows = [
            [*(row[name] for name in ("name", "size", "sold", "held", "left")), ", ".join(row["type_names"])]
            for row in await _found(edition_id, request.query_params.get("q", ""))
        ]
        content = write_xlsx(_("Quotas"), headers, rows, timezone=edition.timezone)
        return download(content, f"quotas-{edition.slug}.xlsx")

    @get("/new")
    async def new(self, edition_id: FromPath[int]) -> Response[str]:
        """An empty form."""
        return _quota_page(await edition_by_id(edition_id), Form.empty(), None)

    @post("/new")
    async def create(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Add a quota."""
        return await _save(request, await edition_by_id(edition_id), None)

    @get("/{quota_id:int}")
    async def edit(self, edition_id: FromPath[int], quota_id: FromPath[int]) -> Response[str]:
        """The form with what is there."""
        row = await _quota(edition_id, quota_id)
        return _quota_page(await edition_by_id(edition_id), _form_of(row), row)

    @post("/{quota_id:int}")
    async def update(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], quota_id: FromPath[int]
    ) -> Response[Any]:
        """Change a quota."""
        return await _save(request, await edition_by_id(edition_id), await _quota(edition_id, quota_id))

    @post("/{quota_id:int}/delete")
    async def delete(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], quota_id: FromPath[int]
    ) -> Response[Any]:
        """Delete a quota that no ticket type draws on."""
        await quotas.delete_quota(quota_id=quota_id, edition_id=edition_id, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/tickets/quotas", toast=_("The quota was deleted."))


async def _quotas(edition_id: int) -> list[dict[str, Any]]:
    """All quotas, each with the names of its ticket types; one that came with a type is called as it is."""
    names = {row["id"]: pick(row["name"]) for row in await queries.ticket_types_of(edition_id)}
    return [
        {
            **row,
            "name": names[row["own_of"]] if row["own_of"] else row["name"],
            "type_names": [names[type_id] for type_id in row["types"]],
        }
        for row in await queries.quotas_of(edition_id)
    ]


async def _found(edition_id: int, search: str) -> list[dict[str, Any]]:
    """Quotas in whose name, or that of one of their ticket types, every word stands."""
    words = search_text(search).split()
    return [
        row
        for row in await _quotas(edition_id)
        if all(word in search_text(row["name"], *row["type_names"]) for word in words)
    ]


async def _quota(edition_id: int, quota_id: int) -> dict[str, Any]:
    for row in await _quotas(edition_id):
        if row["id"] == quota_id and row["own_of"] is None:
            return row
    raise UnknownQuota


def _form_of(row: dict[str, Any]) -> Form:
    return Form.of(name=row["name"], size=row["size"])


def _quota_page(edition: EditionInfo, form: Form, row: dict[str, Any] | None, *, status: int = 200) -> Response[str]:
    return page("sales/manage_quota.html", status=status, edition=edition, form=form, row=row)


async def _save(request: Request[Actor, Any, Any], edition: EditionInfo, row: dict[str, Any] | None) -> Response[Any]:
    """Read the form and keep it, or show it again."""
    try:
        if row is None:
            values = await _values(request, None)
            await quotas.create_quota(edition_id=edition.id, values=values, actor=request.user, now=now())
        else:
            async with held("edition", edition.id, alone=False), held("quota", row["id"]):
                values = await _values(request, await _quota(edition.id, row["id"]))
                await quotas.update_quota(
                    quota_id=row["id"], edition_id=edition.id, values=values, actor=request.user, now=now()
                )
    except FormError as error:
        return _quota_page(edition, error.form, row, status=error.status)
    except QuotaTooSmall as error:
        return _quota_page(edition, await form_again(request, {"size": error.sentence()}), row, status=error.status)
    return redirect(f"/manage/{edition.id}/tickets/quotas", toast=_("Saved."))


async def _values(request: Request[Actor, Any, Any], row: dict[str, Any] | None) -> quotas.QuotaValues:
    reading = await open_edit(
        request,
        QuotaForm,
        record=_form_of(row) if row else None,
        subject=("quota", row["id"]) if row else None,
    )
    form = reading.settle()
    return quotas.QuotaValues(name=form.name, size=form.size)
