"""The JSON API of likely duplicates: read the pairs, merge two, say that two are two, read and undo merges."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, get, post
from litestar.params import Body, FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.enums import Likeness, RecordKind, Role
from app.accounts.guards import requires
from app.accounts.queries import merges_of
from app.accounts.services.merging import merge_records, say_not_the_same, undo_merge
from app.accounts.services.proposals import Proposal, proposals
from app.events.controllers.duplicates import ApartForm, MergeForm, UndoForm, kind_for, known_id
from app.events.pages import PAGE_SIZE, offset_of
from app.events.queries import edition_by_id
from app.kernel.clock import now
from app.kernel.paging import page_number

ApiRequest = Request[Actor, Any, Any]


class RecordDTO(msgspec.Struct, kw_only=True):
    """A person or an organisation as organisers see it."""

    id: int
    name: str
    phone: str | None
    email: str | None
    ward: str = ""
    tax_number: str | None = None


class PairDTO(msgspec.Struct, kw_only=True):
    """Two records that look like one, the older first, and why."""

    first: RecordDTO
    second: RecordDTO
    reasons: list[Likeness]

    @classmethod
    def of(cls, found: Proposal) -> "PairDTO":
        """The pair as JSON has it."""
        first, second = (
            RecordDTO(
                id=row["id"],
                name=row.get("full_name") or row.get("name") or "",
                phone=row["phone"],
                email=row["email"],
                ward=row.get("ward") or "",
                tax_number=row.get("tax_number"),
            )
            for row in (found.first, found.second)
        )
        return cls(first=first, second=second, reasons=list(found.reasons))


class PairListDTO(msgspec.Struct, kw_only=True):
    """One page of pairs."""

    items: list[PairDTO]
    total: int
    page: int


class MergeDTO(msgspec.Struct, kw_only=True):
    """A merge that stands."""

    id: int
    kept: int
    kept_name: str
    merged: int
    merged_name: str
    merged_at: datetime


class MergeListDTO(msgspec.Struct, kw_only=True):
    """One page of merges, the newest first."""

    items: list[MergeDTO]
    total: int
    page: int


class MadeDTO(msgspec.Struct, kw_only=True):
    """The merge that was made."""

    id: int


class DuplicatesApi(Controller):
    """``/api/v1/manage/{edition_id}/duplicates``. A manager has organisations, an owner people, too."""

    path = "/api/v1/manage/{edition_id:int}/duplicates"
    guards = [requires(Role.OWNER, Role.MANAGER)]
    tags = ["Likely duplicates"]

    @get("/", summary="Records that look like one")
    async def list_pairs(
        self,
        request: ApiRequest,
        edition_id: FromPath[int],
        kind: FromQuery[RecordKind] = RecordKind.ORGANISATION,
        q: FromQuery[str] = "",
        page: FromQuery[int] = 1,
    ) -> PairListDTO:
        """Fifty at a time, the oldest first; ``q`` looks in names, phone numbers, mail addresses and tax numbers."""
        await edition_by_id(edition_id)
        asked = kind_for(request.user, edition_id, kind.value)
        found = await proposals(asked, edition_id=edition_id, actor=request.user, search=q)
        shown = found[offset_of(page) : offset_of(page) + PAGE_SIZE]
        return PairListDTO(items=[PairDTO.of(one) for one in shown], total=len(found), page=page_number(page))

    @post("/merge", status_code=200, summary="Make two records one")
    async def merge(
        self, request: ApiRequest, edition_id: FromPath[int], data: Annotated[MergeForm, Body(title="The two")]
    ) -> MadeDTO:
        """Errors: ``not_mergeable``, ``merge_not_yours``, ``merge_own_account``, ``merge_loses_two_step``,
        ``merge_upside_down``, ``merge_on_one_jury``, ``merge_both_applied``."""
        edition = await edition_by_id(edition_id)
        made = await merge_records(
            kind=kind_for(request.user, edition_id, data.kind.value),
            kept_id=known_id(data.kept),
            merged_id=known_id(data.merged),
            edition_id=edition_id,
            festival=edition.title,
            actor=request.user,
            now=now(),
        )
        return MadeDTO(id=made)

    @post("/apart", status_code=204, summary="Say that two records are two")
    async def apart(
        self, request: ApiRequest, edition_id: FromPath[int], data: Annotated[ApartForm, Body(title="The two")]
    ) -> None:
        """They are never proposed again. Errors: ``not_mergeable``, ``merge_not_yours``, ``merge_own_account``."""
        await edition_by_id(edition_id)
        await say_not_the_same(
            kind=kind_for(request.user, edition_id, data.kind.value),
            first=known_id(data.first),
            second=known_id(data.second),
            edition_id=edition_id,
            actor=request.user,
            now=now(),
        )

    @get("/merges", summary="Merges that can be undone")
    async def list_merges(
        self,
        request: ApiRequest,
        edition_id: FromPath[int],
        kind: FromQuery[RecordKind] = RecordKind.ORGANISATION,
        q: FromQuery[str] = "",
        page: FromQuery[int] = 1,
    ) -> MergeListDTO:
        """Fifty at a time, the newest first; ``q`` looks in both records."""
        await edition_by_id(edition_id)
        asked = kind_for(request.user, edition_id, kind.value)
        rows, total = await merges_of(edition_id, asked, search=q, offset=offset_of(page), limit=PAGE_SIZE)
        return MergeListDTO(items=[MergeDTO(**row) for row in rows], total=total, page=page_number(page))

    @post("/undo", status_code=204, summary="Make two records of one again")
    async def undo(
        self, request: ApiRequest, edition_id: FromPath[int], data: Annotated[UndoForm, Body(title="The merge")]
    ) -> None:
        """Errors: ``merge_undone``, ``merge_not_last``, ``merge_not_yours``, ``merge_own_account``."""
        edition = await edition_by_id(edition_id)
        await undo_merge(
            merge_id=known_id(data.merge), edition_id=edition_id, festival=edition.title, actor=request.user, now=now()
        )
