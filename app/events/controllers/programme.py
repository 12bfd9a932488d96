"""The organiser's pages about the programme."""

from datetime import datetime, timedelta
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import organiser, requires
from app.events import queries
from app.events.errors import DatesReversed, SessionOutsideEdition
from app.events.pages import PAGE_SIZE, download, form_again, offset_of, pager_of, with_query
from app.events.queries import EditionInfo, SessionInfo
from app.events.schemas import SessionForm
from app.events.services import programme as service
from app.events.sheets import PROGRAMME
from app.kernel.clock import now
from app.kernel.editing import held, open_edit
from app.kernel.forms import Form, FormError
from app.kernel.i18n import N_, _, pick
from app.kernel.names import search_text
from app.kernel.sheets import write_xlsx
from app.kernel.web import page, redirect

WITHOUT_TITLE = N_("Please give the title in at least one language.")


class ProgrammeController(Controller):
    """``/manage/{edition_id}/programme``."""

    path = "/manage/{edition_id:int}/programme"
    include_in_schema = False

    @get("/", guards=[organiser])
    async def sessions(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
        track: FromQuery[str] = "",
    ) -> Response[str]:
        """The list, searched and filtered."""
        edition = await queries.edition_by_id(edition_id)
        found = await queries.programme(
            edition_id,
            search=search_text(q),
            track_id=_int(track),
            offset=offset_of(_int(request.query_params.get("page"))),
            limit=PAGE_SIZE,
        )
        return page(
            "events/manage_programme.html",
            edition=edition,
            sessions=found.items,
            pager=pager_of(request, found),
            tracks=[(row["id"], pick(row["name"])) for row in await queries.tracks(edition_id)],
            q=q,
            track=track,
            export=with_query(request, f"/manage/{edition_id}/programme/export.xlsx"),
            may_manage=request.user.has(Role.MANAGER, edition_id=edition_id),
        )

    @get("/export.xlsx", guards=[organiser])
    async def export(
        self, edition_id: FromPath[int], q: FromQuery[str] = "", track: FromQuery[str] = ""
    ) -> Response[bytes]:
        """The list as a sheet that can be loaded again."""
        edition = await queries.edition_by_id(edition_id)
        found = await queries.programme(edition_id, search=search_text(q), track_id=_int(track))
        headers = PROGRAMME.labels(
            *("track", "title_vi", "title_en", "title_id", "starts_at", "ends_at", "place", "speaker")
        )
        rows = [
            [
                session.track,
                *(session.title.get(code, "") for code in ("vi", "en", "id")),
                session.starts_at,
                session.ends_at,
                session.place,
                session.speaker,
            ]
            for session in found.items
        ]
        content = write_xlsx(_("Programme"), headers, rows, timezone=edition.timezone)
        return download(content, f"programme-{edition.slug}.xlsx")

    @get("/new", guards=[requires(Role.OWNER, Role.MANAGER)])
    async def new(self, edition_id: FromPath[int]) -> Response[str]:
        """An empty form."""
        edition = await queries.edition_by_id(edition_id)
        day = edition.starts_on.isoformat()
        first = datetime.fromisoformat(f"{day}T{edition.opens_at}")
        form = Form.empty(
            starts_at=first.isoformat(timespec="minutes"),
            ends_at=(first + timedelta(hours=1)).isoformat(timespec="minutes"),
        )
        return await _form_page(edition, form, None)

    @post("/new", guards=[requires(Role.OWNER, Role.MANAGER)])
    async def create(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Add a session."""
        return await _save(request, await queries.edition_by_id(edition_id), None)

    @get("/{session_id:int}", guards=[requires(Role.OWNER, Role.MANAGER)])
    async def edit(self, edition_id: FromPath[int], session_id: FromPath[int]) -> Response[str]:
        """The form with what is there."""
        edition = await queries.edition_by_id(edition_id)
        session = await queries.session_by_id(session_id, edition_id)
        return await _form_page(edition, _form_of(session, edition), session)

    @post("/{session_id:int}", guards=[requires(Role.OWNER, Role.MANAGER)])
    async def update(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], session_id: FromPath[int]
    ) -> Response[Any]:
        """Change a session."""
        edition = await queries.edition_by_id(edition_id)
        return await _save(request, edition, await queries.session_by_id(session_id, edition_id))

    @post("/{session_id:int}/delete", guards=[requires(Role.OWNER, Role.MANAGER)])
    async def delete(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], session_id: FromPath[int]
    ) -> Response[Any]:
        """Take a session out."""
        await service.delete_session(edition_id=edition_id, session_id=session_id, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/programme", toast=_("The session was removed."))


def _form_of(session: SessionInfo, edition: EditionInfo) -> Form:
    return Form.of(
        starts_at=session.starts_at.astimezone(edition.zone),
        ends_at=session.ends_at.astimezone(edition.zone),
        track=session.track,
        place=session.place,
        speaker=session.speaker,
        **{f"title_{code}": session.title.get(code, "") for code in ("vi", "id", "en")},
        **{f"summary_{code}": session.summary.get(code, "") for code in ("vi", "id", "en")},
    )


async def _form_page(
    edition: EditionInfo, form: Form, session: SessionInfo | None, *, status: int = 200
) -> Response[str]:
    names = [pick(row["name"]) for row in await queries.tracks(edition.id)]
    return page("events/manage_session.html", status=status, edition=edition, form=form, session=session, tracks=names)


async def _save(request: Request[Actor, Any, Any], edition: EditionInfo, session: SessionInfo | None) -> Response[Any]:
    try:
        async with held("programme_session", session.id if session else None):
            standing = await queries.session_by_id(session.id, edition.id) if session else None
            reading = await open_edit(
                request,
                SessionForm,
                record=_form_of(standing, edition) if standing else None,
                subject=("session", standing.id) if standing else None,
                tz=edition.timezone,
            )
            if not reading.values.values().title:
                reading.refuse("title_vi", _(WITHOUT_TITLE))
            values = reading.settle().values()
            await service.save_session(
                edition_id=edition.id,
                values=values,
                actor=request.user,
                now=now(),
                session_id=standing.id if standing else None,
            )
    except FormError as error:
        return await _form_page(edition, error.form, session, status=error.status)
    except DatesReversed as error:
        form = await form_again(request, {"ends_at": error.sentence()})
        return await _form_page(edition, form, session, status=422)
    except SessionOutsideEdition as error:
        form = await form_again(request, {"starts_at": error.sentence()})
        return await _form_page(edition, form, session, status=422)
    return redirect(f"/manage/{edition.id}/programme", toast=_("Saved."))


def _int(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None
