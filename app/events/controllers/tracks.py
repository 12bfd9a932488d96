"""The organiser's page about the tracks of the programme."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events import queries
from app.events.errors import TrackInUse
from app.events.queries import EditionInfo
from app.events.schemas import TrackForm
from app.events.services import programme as service
from app.kernel.clock import now
from app.kernel.editing import held, open_edit
from app.kernel.forms import Form, FormError
from app.kernel.i18n import _
from app.kernel.web import page, redirect


class TracksController(Controller):
    """``/manage/{edition_id}/programme/tracks``."""

    path = "/manage/{edition_id:int}/programme/tracks"
    guards = [requires(Role.OWNER, Role.MANAGER)]
    include_in_schema = False

    @get("/")
    async def tracks(self, edition_id: FromPath[int]) -> Response[str]:
        """All tracks with their names."""
        return await _page(await queries.edition_by_id(edition_id))

    @post("/{track_id:int}")
    async def rename(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], track_id: FromPath[int]
    ) -> Response[Any]:
        """Give a track its names."""
        edition = await queries.edition_by_id(edition_id)
        try:
            async with held("track", track_id):
                rows = {row["id"]: row for row in await queries.tracks(edition_id)}
                reading = await open_edit(
                    request,
                    TrackForm,
                    record=_form_of(rows[track_id]) if track_id in rows else None,
                    subject=("track", track_id),
                )
                values = reading.settle()
                names = {"vi": values.name_vi, "id": values.name_id, "en": values.name_en}
                await service.rename_track(
                    edition_id=edition_id, track_id=track_id, name=names, actor=request.user, now=now()
                )
        except FormError as error:
            return await _page(edition, track_id, error.form, status=error.status)
        return redirect(f"/manage/{edition_id}/programme/tracks", toast=_("Saved."))

    @post("/{track_id:int}/delete")
    async def delete(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], track_id: FromPath[int]
    ) -> Response[Any]:
        """Remove a track without sessions."""
        edition = await queries.edition_by_id(edition_id)
        try:
            await service.delete_track(edition_id=edition_id, track_id=track_id, actor=request.user, now=now())
        except TrackInUse as error:
            return await _page(edition, problem=error.sentence(), status=error.status)
        return redirect(f"/manage/{edition_id}/programme/tracks", toast=_("The track was removed."))


def _form_of(row: dict[str, Any]) -> Form:
    return Form.of(**{f"name_{code}": row["name"].get(code, "") for code in ("vi", "id", "en")})


async def _page(
    edition: EditionInfo, changed: int | None = None, form: Form | None = None, *, problem: str = "", status: int = 200
) -> Response[str]:
    shown = [
        (
            row["id"],
            form if form is not None and row["id"] == changed else _form_of(row),
        )
        for row in await queries.tracks(edition.id)
    ]
    return page("events/manage_tracks.html", status=status, edition=edition, tracks=shown, problem=problem)
