"""What pages about an edition share: the organiser's and the public navigation, paging, forms that came back."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar
from urllib.parse import urlencode

from litestar import Request, Response
from litestar.response import Stream

from app.accounts.actor import ANONYMOUS, Actor
from app.accounts.enums import ORGANISER_ROLES
from app.accounts.guards import LARGEST_ID
from app.events.enums import Part
from app.events.queries import EditionInfo, Page, edition_by_id, edition_by_slug
from app.events.slots import nav_items
from app.events.typed_codes import show_code
from app.kernel.forms import Form
from app.kernel.i18n import N_, _, format_days
from app.kernel.images import media_srcset, media_url
from app.kernel.paging import PastTheLastPage, page_number
from app.kernel.web import current_request, environment

Row = TypeVar("Row")

PAGE_SIZE = 50
#: Rows of an export; a spreadsheet holds no more than five times as many.
MOST_EXPORTED = 200_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

#: Sections of the public pages: part that must be on, path below the edition's, title.
_PUBLIC: tuple[tuple[Part | None, str, str], ...] = (
    (None, "", N_("Festival")),
    (Part.TICKETS, "/tickets", N_("Tickets")),
    (Part.FAIR, "/catalogue", N_("Exhibitors and products")),
    (Part.FAIR, "/map", N_("Map")),
    (Part.PROGRAMME, "/programme", N_("Programme")),
    (Part.CONTEST, "/contest", N_("Contest")),
)

#: Pages that stand below a section in the navigation, though not in the address.
_BELOW = {"/products": "/catalogue", "/exhibitors": "/catalogue", "/booths": "/catalogue", "/saved": "/catalogue"}


def _here() -> str:
    request = current_request.get()
    return "" if request is None else request.url.path.rstrip("/")


def manage_nav(edition: EditionInfo, actor: Actor) -> list[tuple[str, str, str, bool]]:
    """(text, address, icon, current) of each section that this organiser may open."""
    base = f"/manage/{edition.id}"
    items = nav_items(edition, actor)
    here = _here()
    places = [(base + path, item) for item in items for path in (item.path, *item.below)]
    fitting = [(len(place), item.path) for place, item in places if here == place or here.startswith(place + "/")]
    current = max(fitting, default=(0, None))[1]
    return [(_(item.title), base + item.path, item.icon, item.path == current) for item in items]


def public_nav(edition: EditionInfo) -> list[tuple[str, str, bool]]:
    """(text, address, current) of each public section of an edition."""
    below = _here().removeprefix(edition.path)
    first = "/" + below[1:].partition("/")[0] if below else ""
    here = edition.path + _BELOW.get(first, below)
    shown = [(path, title) for part, path, title in _PUBLIC if part is None or part in edition.parts]
    fitting = [path for path, _title in shown if here.startswith(edition.path + path)]
    current = max(fitting, key=len, default=None)
    return [(_(title), edition.path + path, path == current) for path, title in shown]


async def error_frame(request: Request[Any, Any, Any]) -> Mapping[str, Any] | None:
    """The edition's header and navigation around an error, for those who may see them. Raises EditionNotFound."""
    place, _slash, rest = request.url.path.strip("/").partition("/")
    key = rest.partition("/")[0]
    actor = request.scope.get("user") or ANONYMOUS
    if place == "e" and key:
        edition = await edition_by_slug(key)
        return {"frame": "events/public_base.html", "edition": edition, "section": edition.path}
    if place == "manage" and key.isascii() and key.isdecimal() and int(key) <= LARGEST_ID:
        if not actor.has(*ORGANISER_ROLES, edition_id=int(key)):
            return None
        edition = await edition_by_id(int(key))
        here = (href for _text, href, _icon, current in manage_nav(edition, actor) if current)
        section = next(here, f"/manage/{edition.id}")
        return {"frame": "events/manage_base.html", "edition": edition, "section": section}
    return None


def register_names() -> None:
    """Let every template use the two navigations, the addresses of photos and short codes as they are printed."""
    environment().globals.update(
        manage_nav=manage_nav, public_nav=public_nav, media_url=media_url, media_srcset=media_srcset
    )
    environment().filters.update(short_code=show_code, days=lambda days: format_days(*days))


def offset_of(page: int | None) -> int:
    """How many rows come before a page, counted from 1."""
    return (page_number(page) - 1) * PAGE_SIZE


def page_asked(request: Request[Any, Any, Any]) -> int | None:
    """The page that the address asks for; None for what is no number."""
    text = request.query_params.get("page", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None


def day_asked(request: Request[Any, Any, Any], name: str = "day") -> date | None:
    """The day that the address asks for by a name; None for what is no day, or the last of all, after which none is."""
    try:
        found = date.fromisoformat(request.query_params.get(name, ""))
    except ValueError:
        return None
    return found if found < date.max else None


def pager_of(request: Request[Any, Any, Any], found: Page, *, at: str = "") -> dict[str, Any]:
    """What ``web/data.html``'s ``pager`` needs: first, last, total, previous, next.

    ``at`` is where the list stands when that is not simply this address: on a page that begins with something else
    (``…#booths``), or that also answers forms. Raises PastTheLastPage.
    """
    number = found.first // max(found.size, 1) + 1
    if found.total and not found.items:
        raise PastTheLastPage(_address(request, -(-found.total // found.size), at))
    before = number > 1
    after = found.last < found.total
    return {
        "first": found.first if found.items else 0,
        "last": found.last if found.items else 0,
        "total": found.total,
        "previous": _address(request, number - 1, at) if before else None,
        "next": _address(request, number + 1, at) if after else None,
    }


def stretch(request: Request[Any, Any, Any], rows: Sequence[Row], *, at: str = "") -> tuple[list[Row], dict[str, Any]]:
    """The page that is asked for out of a list that is there as a whole, and its pager; ``at`` as in it."""
    offset = offset_of(page_asked(request))
    shown = list(rows[offset : offset + PAGE_SIZE])
    return shown, pager_of(request, Page(shown, len(rows), offset + 1, PAGE_SIZE), at=at)


def _address(request: Request[Any, Any, Any], number: int, at: str) -> str:
    kept = {key: value for key, value in request.query_params.items() if key != "page" and value}
    path, hash_sign, place = (at or request.url.path).partition("#")
    return path + "?" + urlencode({**kept, "page": number}) + hash_sign + place


def with_query(request: Request[Any, Any, Any], path: str) -> str:
    """A path with the filters of this page, for exports."""
    kept = {key: value for key, value in request.query_params.items() if key not in ("page", "lang") and value}
    return path + ("?" + urlencode(kept) if kept else "")


async def form_again(request: Request[Any, Any, Any], errors: Mapping[str, str]) -> Form:
    """The form as it was posted, with sentences for fields that only the service could refuse.

    What others changed since it was opened is in it.
    """
    edited = getattr(request.state, "edited", None)
    if edited is not None:
        return Form(edited, errors)
    data = await request.form()
    values: dict[str, Any] = {}
    for key in data:
        given = [value for value in data.getall(key) if isinstance(value, str)]
        if given:
            values[key] = given if len(given) > 1 else given[0]
    return Form(values, errors)


def download(content: bytes, filename: str, media_type: str = XLSX) -> Response[bytes]:
    """A file to keep."""
    return Response(content, media_type=media_type, headers=_to_keep(filename))


def download_in_pieces(pieces: AsyncIterator[bytes], filename: str) -> Stream:
    """A sheet to keep that is sent as it is read."""
    return Stream(pieces, media_type=XLSX, headers=_to_keep(filename))


def _to_keep(filename: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{filename}"', "cache-control": "private, no-store"}
