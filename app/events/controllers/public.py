"""What everybody sees: the start page, an edition, its programme, short codes."""

import hashlib
import hmac
from datetime import date, datetime, time, timedelta
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.params import FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.enums import EXHIBITOR_ROLES, ORGANISER_ROLES
from app.accounts.guards import public
from app.events import queries
from app.events.enums import ENDED_STATES, EditionState, Part
from app.events.errors import EditionNotFound, SessionNotFound, ShortCodeUnknown
from app.events.queries import EditionInfo, SessionInfo
from app.events.short_codes import codes_of, resolve_short_code
from app.events.slots import PublicSection, Scan, public_sections, tell_scan
from app.events.typed_codes import show_code
from app.kernel.clock import now
from app.kernel.forms import parse_date
from app.kernel.names import text_key
from app.kernel.settings import secret_key
from app.kernel.web import page, redirect


class PublicController(Controller):
    """Pages without sign-in."""

    guards = [public]
    include_in_schema = False

    @get("/")
    async def start(self) -> Response[Any]:
        """The one open edition, or a list of all."""
        found = await queries.editions(states=(EditionState.OPEN, *ENDED_STATES))
        running = [edition for edition in found if edition.state == EditionState.OPEN]
        if len(running) == 1:
            return redirect(running[0].path)
        past = [edition for edition in found if edition.state in ENDED_STATES]
        return page("events/start.html", running=running, past=past)

    @get("/e/{slug:str}")
    async def edition(self, request: Request[Actor, Any, Any], slug: FromPath[str]) -> Response[str]:
        """What, when, where, and a ticket."""
        edition = await visible_edition(slug, request.user)
        sections = await public_sections(edition, now())
        return page(
            "events/edition.html",
            edition=edition,
            sections=sections,
            calls=[section.call for section in sections if section.call],
            today=edition.today(now()),
        )

    @get("/e/{slug:str}/programme")
    async def programme(
        self,
        request: Request[Actor, Any, Any],
        slug: FromPath[str],
        day: FromQuery[str] = "",
        track: FromQuery[str] = "",
    ) -> Response[str]:
        """The programme by day and track."""
        edition = await visible_edition(slug, request.user)
        if not edition.has(Part.PROGRAMME):
            raise EditionNotFound
        found = await queries.programme(edition.id)
        days = sorted({_day_of(session, edition) for session in found.items})
        chosen = _chosen_day(day, days, edition.today(now()))
        names = sorted({session.track for session in found.items if session.track}, key=text_key)
        shown = [
            session
            for session in found.items
            if _day_of(session, edition) == chosen and (not track or session.track == track)
        ]
        return page(
            "events/programme.html",
            edition=edition,
            days=days,
            day=chosen,
            tracks=names,
            track=track,
            sessions=shown,
            present=now(),
        )

    @get("/e/{slug:str}/programme/{session_id:int}")
    async def session(
        self, request: Request[Actor, Any, Any], slug: FromPath[str], session_id: FromPath[int]
    ) -> Response[str]:
        """One session."""
        edition = await visible_edition(slug, request.user)
        session = await queries.session_by_id(session_id, edition.id)
        code = (await codes_of("session", [session_id])).get(session_id)
        return page("events/session.html", edition=edition, session=session, code=show_code(code) if code else None)

    @get("/s/{code:str}")
    async def short_code(self, request: Request[Actor, Any, Any], code: FromPath[str]) -> Response[Any]:
        """Go where a short code leads, and count the scan.

        Organisers and exhibitors who are signed in are no visitors: they try whether a poster's code works.
        """
        try:
            row, path = await resolve_short_code(code)
        except ShortCodeUnknown as error:
            found = await queries.editions(states=(EditionState.OPEN,))
            return page("events/code_unknown.html", status=error.status, message=error.sentence(), editions=found)
        if request.user.has(*ORGANISER_ROLES, *EXHIBITOR_ROLES, edition_id=row["edition"]):
            return redirect(path)
        present = now()
        scan = Scan(
            code=row["code"],
            kind=row["kind"],
            target_id=row["target_id"],
            edition_id=row["edition"],
            at=present,
            visitor=_visitor(request, present),
        )
        await tell_scan(scan)
        return redirect(path)


async def visible_edition(slug: str, actor: Actor) -> EditionInfo:
    """The edition of a public page; a draft is shown to its own organisers. Raises EditionNotFound."""
    edition = await queries.edition_by_slug(slug, drafts=True)
    if edition.state == EditionState.DRAFT and not actor.has(*ORGANISER_ROLES, edition_id=edition.id):
        raise EditionNotFound
    return edition


async def programme_section(edition: EditionInfo, present: datetime) -> PublicSection | None:
    """The next sessions, on the edition's page."""
    if not edition.has(Part.PROGRAMME):
        return None
    day = max(edition.today(present), edition.starts_on)
    begin = max(present - timedelta(minutes=30), datetime.combine(day, time(), edition.zone))
    found = await queries.programme(edition.id, between=(begin, edition.window[1]), limit=4)
    if not found.items:
        found = await queries.programme(edition.id, limit=4)
    if not found.items:
        return None
    return PublicSection(
        key="programme",
        template="events/section_programme.html",
        context={"sessions": found.items},
        order=30,
    )


async def resolve_session(session_id: int) -> str | None:
    """Where the short code of a session leads."""
    try:
        session = await queries.session_by_id(session_id)
    except SessionNotFound:
        return None
    edition = await queries.edition_by_id(session.edition_id)
    return f"{edition.path}/programme/{session_id}"


def _day_of(session: SessionInfo, edition: EditionInfo) -> date:
    return session.starts_at.astimezone(edition.zone).date()


def _chosen_day(asked: str, days: list[date], today: date) -> date | None:
    """The day asked for, else today, else the first."""
    try:
        wanted = parse_date(asked) if asked else today
    except ValueError:
        wanted = today
    if wanted in days:
        return wanted
    return days[0] if days else None


def _visitor(request: Request[Any, Any, Any], present: datetime) -> str:
    """The same browser on the same day, without saying which: a keyed hash that nobody can turn back."""
    client = request.client.host if request.client else ""
    said = f"{client}|{request.headers.get('user-agent', '')}|{present.date().isoformat()}"
    return hmac.new(secret_key(), said.encode(), hashlib.sha256).hexdigest()[:32]
