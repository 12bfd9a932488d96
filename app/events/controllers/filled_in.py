"""What officers filled in for somebody, on her own page; whether they may; and taking the account over."""

from collections import defaultdict
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromQuery

from app.accounts.actor import Actor
from app.accounts.enums import EXHIBITOR_ROLES, GIVEN_THROUGH_NAMES, RecordKind
from app.accounts.guards import signed_in
from app.accounts.lists import assistance_of, is_reachable, people_named
from app.accounts.queries import record_names, records_of_person
from app.accounts.services.consents import consents_of
from app.accounts.services.filling_in import allow_help, forbid_help, take_over
from app.events.pages import MOST_EXPORTED, PAGE_SIZE, download, offset_of, page_asked, pager_of, with_query
from app.events.queries import EditionInfo, Page, editions
from app.kernel import audit
from app.kernel.audit_words import LogLine, readable
from app.kernel.clock import now
from app.kernel.i18n import _
from app.kernel.sheets import write_xlsx
from app.kernel.web import page, redirect

PATH = "/account/filled-in"
ZONE = "Asia/Ho_Chi_Minh"
CURRENCY = "VND"  # of entries that belong to no festival, and so tell of no price


class FilledInController(Controller):
    """``/account/filled-in``: for everybody who is signed in."""

    path = PATH
    guards = [signed_in]
    include_in_schema = False

    @get("/")
    async def show(self, request: Request[Actor, Any, Any], q: FromQuery[str] = "") -> Response[str]:
        """Who registered her and when, what was filled in, her consents, and the button that allows it."""
        person_id = request.user.person_id or 0
        number = page_asked(request) or 1
        lines, total = await _lines(person_id, q, number, PAGE_SIZE)
        row = await assistance_of(person_id)
        consents = [one for one in await consents_of(person_id) if one["current"] and one["given_to"] and one["given"]]
        asked = [one["given_to"] for one in consents] + ([row["registered_by"]] if row else [])
        return page(
            "events/filled_in.html",
            lines=lines,
            pager=pager_of(request, Page(lines, total, offset_of(number) + 1, PAGE_SIZE)),
            assistance=row,
            consents=consents,
            names=await record_names(RecordKind.PERSON, [one for one in asked if one]),
            through={key.value: _(name) for key, name in GIVEN_THROUGH_NAMES.items()},
            may_allow=row is not None or request.user.has(*EXHIBITOR_ROLES),
            reachable=await is_reachable(person_id),
            zone=ZONE,
            q=q,
            export=with_query(request, f"{PATH}/export.xlsx"),
        )

    @get("/export.xlsx")
    async def export(self, request: Request[Actor, Any, Any], q: FromQuery[str] = "") -> Response[bytes]:
        """The same list as a sheet."""
        lines, _total = await _lines(request.user.person_id or 0, q, 1, MOST_EXPORTED)
        headers = [_("When"), _("Who"), _("What"), _("On what"), _("Name"), _("Before"), _("After")]
        table: list[list[Any]] = [
            [
                line.at,
                line.who,
                line.what,
                line.subject,
                line.name,
                "; ".join(f"{label}: {old}" for label, old, _new in line.changes if old),
                "; ".join(f"{label}: {new}" for label, _old, new in line.changes if new),
            ]
            for line in lines
        ]
        return download(write_xlsx(_("Filled in for me"), headers, table, timezone=ZONE), "filled-in.xlsx")

    @post("/allow")
    async def allow(self, request: Request[Actor, Any, Any]) -> Response[Any]:
        """Let officers fill in."""
        await allow_help(actor=request.user, now=now())
        return redirect(PATH, toast=_("Officers may fill in for you."))

    @post("/forbid")
    async def forbid(self, request: Request[Actor, Any, Any]) -> Response[Any]:
        """Let nobody fill in."""
        await forbid_help(actor=request.user, now=now())
        return redirect(PATH, toast=_("Nobody may fill in for you any more."))

    @post("/take-over")
    async def take(self, request: Request[Actor, Any, Any]) -> Response[Any]:
        """She has looked at it."""
        await take_over(actor=request.user, now=now())
        return redirect("/me", toast=_("The account is yours."))


async def _lines(person_id: int, search: str, number: int, size: int) -> tuple[list[LogLine], int]:
    """Entries of what was filled in for her, the newest first, each in the zone and currency of its festival."""
    rows, total = await audit.list_entries(
        on_behalf_of=await records_of_person(person_id),
        who=search,
        who_ids=await people_named(search) if search else (),
        page=number,
        per_page=size,
    )
    known: dict[int, EditionInfo] = {
        one.id: one for one in await editions(ids={row["edition_id"] for row in rows if row["edition_id"]})
    }
    groups: dict[int | None, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        groups[row["edition_id"]].append(place)
    found: dict[int, LogLine] = {}
    for edition_id, places in groups.items():
        edition = known.get(edition_id or 0)
        told = await readable(
            [rows[place] for place in places],
            timezone=edition.timezone if edition else ZONE,
            currency=edition.currency if edition else CURRENCY,
        )
        found.update(zip(places, told, strict=True))
    return [found[place] for place in range(len(rows))], total
