"""Likely duplicates: what may be one, side by side; merging, undoing, and saying that two are two."""

from typing import Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.enums import LIKENESS_NAMES, ORGANISATION_KIND_NAMES, RecordKind, Role
from app.accounts.guards import LARGEST_ID, requires
from app.accounts.queries import merges_of
from app.accounts.services.merging import merge_records, say_not_the_same, undo_merge
from app.accounts.services.proposals import Proposal, hanging, proposal, proposals, what_contacts_open
from app.events import queries
from app.events.pages import (
    MOST_EXPORTED,
    PAGE_SIZE,
    download,
    offset_of,
    page_asked,
    pager_of,
    stretch,
    with_query,
)
from app.events.queries import Page
from app.kernel.clock import now
from app.kernel.errors import NotAllowed, NotFound
from app.kernel.forms import read_form
from app.kernel.i18n import N_, _
from app.kernel.names import show_phone
from app.kernel.sheets import write_xlsx
from app.kernel.web import page, redirect

KIND_NAMES = {RecordKind.ORGANISATION: N_("Organisation"), RecordKind.PERSON: N_("Person")}


class MergeForm(msgspec.Struct):
    """Which record stays, and which one is merged into it."""

    kind: RecordKind
    kept: int
    merged: int


class ApartForm(msgspec.Struct):
    """Two records that are two."""

    kind: RecordKind
    first: int
    second: int


class UndoForm(msgspec.Struct):
    """A merge that is taken back."""

    merge: int


def kind_for(actor: Actor, edition_id: int, asked: str) -> RecordKind:
    """The kind that is asked for, organisations else. Raises NotAllowed: people are an owner's to merge."""
    kind = RecordKind.PERSON if asked == RecordKind.PERSON.value else RecordKind.ORGANISATION
    if kind == RecordKind.PERSON and not actor.has(Role.OWNER, edition_id=edition_id):
        raise NotAllowed
    return kind


def known_id(number: int) -> int:
    """The number of a record. Raises NotFound for one that no row can have."""
    if not 0 < number <= LARGEST_ID:
        raise NotFound
    return number


def _named(row: Any) -> str:
    return str(row.get("full_name") or row.get("name") or "")


def _reach(row: Any) -> str:
    return " · ".join(part for part in (_phone(row["phone"]), row["email"], row.get("tax_number")) if part)


def _phone(phone: str | None) -> str:
    """A number as people write it; one that is stored as none is shown as it stands."""
    return (show_phone(phone) if phone.startswith("+") else phone) if phone else ""


def _why(found: Proposal) -> str:
    return ", ".join(_(LIKENESS_NAMES[reason]) for reason in found.reasons)


class DuplicatesController(Controller):
    """``/manage/{edition_id}/duplicates``. A manager sees organisations, an owner people, too."""

    path = "/manage/{edition_id:int}/duplicates"
    guards = [requires(Role.OWNER, Role.MANAGER)]
    include_in_schema = False

    @get("/")
    async def show(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        kind: FromQuery[str] = "",
        q: FromQuery[str] = "",
    ) -> Response[str]:
        """The pairs, the oldest record first."""
        asked = kind_for(request.user, edition_id, kind)
        found = await proposals(asked, edition_id=edition_id, actor=request.user, search=q)
        shown, pager = stretch(request, found)
        return page(
            "events/duplicates.html",
            **await _frame(request, edition_id, asked, "duplicates"),
            pairs=[
                {
                    "first": one.first["id"],
                    "second": one.second["id"],
                    "names": [(_named(row), _reach(row), row.get("ward") or "") for row in (one.first, one.second)],
                    "why": _why(one),
                }
                for one in shown
            ],
            pager=pager,
            q=q,
            export=with_query(request, f"/manage/{edition_id}/duplicates/export.xlsx"),
        )

    @get("/export.xlsx")
    async def export(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        kind: FromQuery[str] = "",
        q: FromQuery[str] = "",
    ) -> Response[bytes]:
        """The same pairs as a sheet."""
        edition = await queries.edition_by_id(edition_id)
        asked = kind_for(request.user, edition_id, kind)
        found = await proposals(asked, edition_id=edition_id, actor=request.user, search=q)
        headers = [_("Name"), _("Reach"), _("Other name"), _("Other reach"), _("Why")]
        table = [
            [_named(one.first), _reach(one.first), _named(one.second), _reach(one.second), _why(one)]
            for one in found[:MOST_EXPORTED]
        ]
        return download(write_xlsx(_("Likely duplicates"), headers, table), f"duplicates-{edition.slug}.xlsx")

    @get("/compare")
    async def compare(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        first: FromQuery[int],
        second: FromQuery[int],
        kind: FromQuery[str] = "",
    ) -> Response[str]:
        """Both side by side, with what hangs on each and what merging opens to whom."""
        asked = kind_for(request.user, edition_id, kind)
        found = await proposal(asked, known_id(first), known_id(second), actor=request.user)
        one, other = found.first, found.second
        people = asked == RecordKind.PERSON
        opens = await what_contacts_open(one["id"], other["id"]) if people else {}
        return page(
            "events/duplicates_compare.html",
            **await _frame(request, edition_id, asked, "duplicates"),
            why=_why(found),
            records=[
                {"id": row["id"], "name": _named(row), "facts": _facts(row), "counts": counts, "reach": _reach(row)}
                for row, counts in zip((one, other), await _counts(asked, one["id"], other["id"]), strict=True)
            ],
            people=people,
            opens=opens,
        )

    @post("/merge")
    async def merge(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Make the two one."""
        form = await read_form(request, MergeForm)
        kind_for(request.user, edition_id, form.kind.value)
        edition = await queries.edition_by_id(edition_id)
        await merge_records(
            kind=form.kind,
            kept_id=known_id(form.kept),
            merged_id=known_id(form.merged),
            edition_id=edition_id,
            festival=edition.title,
            actor=request.user,
            now=now(),
        )
        said = _("The two records are one. Both contacts are being told.")
        return redirect(f"/manage/{edition_id}/duplicates/merged?kind={form.kind.value}", toast=said)

    @post("/apart")
    async def apart(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Never propose these two again."""
        form = await read_form(request, ApartForm)
        kind_for(request.user, edition_id, form.kind.value)
        await say_not_the_same(
            kind=form.kind,
            first=known_id(form.first),
            second=known_id(form.second),
            edition_id=edition_id,
            actor=request.user,
            now=now(),
        )
        said = _("These two are not proposed again.")
        return redirect(f"/manage/{edition_id}/duplicates?kind={form.kind.value}", toast=said)

    @get("/merged")
    async def merged(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        kind: FromQuery[str] = "",
        q: FromQuery[str] = "",
    ) -> Response[str]:
        """What was merged here and can be taken back."""
        asked = kind_for(request.user, edition_id, kind)
        offset = offset_of(page_asked(request))
        rows, total = await merges_of(edition_id, asked, search=q, offset=offset)
        return page(
            "events/duplicates_merged.html",
            **await _frame(request, edition_id, asked, "merged"),
            merges=rows,
            pager=pager_of(request, Page(rows, total, offset + 1, PAGE_SIZE)),
            q=q,
            export=with_query(request, f"/manage/{edition_id}/duplicates/merged.xlsx"),
        )

    @get("/merged.xlsx")
    async def export_merged(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        kind: FromQuery[str] = "",
        q: FromQuery[str] = "",
    ) -> Response[bytes]:
        """The same merges as a sheet."""
        edition = await queries.edition_by_id(edition_id)
        asked = kind_for(request.user, edition_id, kind)
        rows, _total = await merges_of(edition_id, asked, search=q, limit=MOST_EXPORTED)
        headers = [_("Stayed"), _("Merged into it"), _("When")]
        table = [[row["kept_name"], row["merged_name"], row["merged_at"].astimezone(edition.zone)] for row in rows]
        return download(write_xlsx(_("Merged records"), headers, table), f"merged-{edition.slug}.xlsx")

    @post("/undo")
    async def undo(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Make them two again."""
        form = await read_form(request, UndoForm)
        edition = await queries.edition_by_id(edition_id)
        kind = await undo_merge(
            merge_id=known_id(form.merge),
            edition_id=edition_id,
            festival=edition.title,
            actor=request.user,
            now=now(),
        )
        said = _("They are two records again. Both contacts are being told.")
        return redirect(f"/manage/{edition_id}/duplicates?kind={kind.value}", toast=said)


async def _frame(request: Request[Actor, Any, Any], edition_id: int, kind: RecordKind, here: str) -> dict[str, Any]:
    """What the three pages share: the edition, the two lists, and the kinds that this organiser may see."""
    base = f"/manage/{edition_id}/duplicates"
    owner = request.user.has(Role.OWNER, edition_id=edition_id)
    return {
        "edition": await queries.edition_by_id(edition_id),
        "base": base,
        "kind": kind.value,
        "tabs": [
            (_("To look at"), f"{base}?kind={kind.value}", here == "duplicates"),
            (_("Merged"), f"{base}/merged?kind={kind.value}", here == "merged"),
        ],
        "kinds": [(one.value, _(name)) for one, name in KIND_NAMES.items() if owner or one == RecordKind.ORGANISATION],
    }


def _facts(row: Any) -> list[tuple[str, str]]:
    kinds = {key.value: _(name) for key, name in ORGANISATION_KIND_NAMES.items()}
    told = [
        (_("Phone number"), _phone(row["phone"])),
        (_("Mail address"), row["email"]),
        (_("Kind"), kinds.get(row.get("kind", ""), "")),
        (_("Tax number"), row.get("tax_number")),
        (_("Ward"), row.get("ward")),
        (_("Address"), row.get("address")),
        (_("Expertise"), row.get("expertise")),
    ]
    return [(label, str(value)) for label, value in told if value]


async def _counts(kind: RecordKind, first: int, second: int) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    found = await hanging(kind, first, second)
    return [(_(label), one) for label, one, _other in found], [(_(label), other) for label, _one, other in found]
