"""Loads the demo festival: the sheets as an organiser would upload them, through the same import.

What an organiser, an exhibitor, a gate or a jury does first is left to them: no booth is allocated, the first round has
not begun, nobody has been admitted.
"""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from app.accounts.actor import SYSTEM, Actor
from app.accounts.queries import actor_of_person
from app.accounts.services.people import find_or_create_person, grant_role
from app.accounts.tables import Organisation
from app.demo import association, contest, crowd, festival, layout
from app.demo.cover import draw_cover
from app.demo.links import sign_in_links
from app.demo.sales import let_buyers_change, sell_tickets
from app.demo.windows import add_photos, add_stories, start_drawing
from app.events.enums import PassKind
from app.events.queries import tracks
from app.events.services.editions import create_edition, find_or_create_venue, open_edition
from app.events.services.programme import rename_track
from app.judging.enums import ContestState
from app.judging.queries.contests import contest_of_edition
from app.judging.services.contests import set_contest_state
from app.kernel.database import write_transaction
from app.kernel.images import store_image
from app.kernel.sheets import SheetContext
from app.kernel.sheets.batches import accept, preview
from app.kernel.sheets.kept import problems_of
from booths.allocation.tables import Application
from booths.floorplan.services import save_hall
from ticketing.checkin.services.gates import create_list

__all__ = ["load_demo", "load_sheet", "sign_in_links"]

SHEETS = Path(__file__).parent / "sheets"
COVER_SEED = 3
#: The photos take about as long as this many sheets.
PHOTO_STEPS = 8

#: Kind and file of each sheet, in the order in which they build on one another; the association comes before all.
ORDER = (
    ("experts", "experts.csv"),
    ("halls", "halls.xlsx"),
    ("ticket_types", "ticket_types.csv"),
    ("gates", "gates.csv"),
    ("programme", "programme.xlsx"),
    ("applications", "applications.xlsx"),
    ("products", "products.xlsx"),
    ("ideas", "ideas.xlsx"),
    ("judges", "judges.csv"),
    ("attendees", "attendees.csv"),
)

Report = Callable[[str, int, int], None]


class SheetNotTaken(Exception):
    """A sheet of the demo does not pass the import's own check; says where."""


async def load_demo(report: Report, now: datetime) -> None:
    """Load the whole festival or nothing. ``report(what, done, total)`` is told before each step."""
    async with contextlib.AsyncExitStack() as ending, write_transaction():
        steps = len(ORDER) + 3 + PHOTO_STEPS
        report("association", 0, steps)
        actor = await _organiser(now)
        await load_sheet("organisations", "organisations.csv", SheetContext(edition_id=None, actor=actor, now=now))
        report("edition", 1, steps)
        edition_id = await _edition(actor, now)
        await _prepare_places(edition_id, actor, now)
        context = SheetContext(edition_id=edition_id, actor=actor, now=now)
        for number, (kind, filename) in enumerate(ORDER, start=2):
            report(kind.replace("_", " "), number, steps)
            await load_sheet(kind, filename, context)
            if kind == "applications":
                await _give_help(edition_id, actor, now)
            if kind == "products":
                drawing = await start_drawing()
                ending.callback(drawing.cancel)
        report("sales", len(ORDER) + 2, steps)
        await sell_tickets(edition_id, actor, now)
        await let_buyers_change(edition_id, actor, now)
        await _name_tracks(edition_id, actor, now)
        await _open_contest(edition_id, actor, now)
        await add_stories(edition_id, now)
        before = steps - PHOTO_STEPS
        await add_photos(
            drawing, now, lambda done, total: report("photos", before + PHOTO_STEPS * done // total, steps)
        )


async def load_sheet(kind: str, filename: str, context: SheetContext) -> None:
    """Preview and accept one sheet. Raises SheetNotTaken with the first bad cells."""
    data = SHEETS.joinpath(filename).read_bytes()
    batch = await preview(kind, data, filename, context)
    if batch.problem_count:
        said = [f"{p['row']}{p['column']} {p['value']!r}: {p['message']}" for p in problems_of(batch)[:5]]
        raise SheetNotTaken(f"{filename}, {batch.problem_count} problems: " + "; ".join(said))
    await accept(batch.id, context)


async def _organiser(now: datetime) -> Actor:
    """The organiser of every edition, as ``fairground admin create`` makes one."""
    name, phone, email, role = festival.ORGANISER
    person = await find_or_create_person(full_name=name, phone=phone, email=email, now=now)
    await grant_role(person_id=person.id, role=role, actor=SYSTEM, now=now)
    return await actor_of_person(person.id)


async def _edition(actor: Actor, now: datetime) -> int:
    """The edition, open to everybody, with the people who work on it."""
    city = await Organisation.select(Organisation.id).where(Organisation.name == association.CITY).first()
    venue_id = await find_or_create_venue(name=festival.VENUE, address=festival.ADDRESS, now=now)
    cover = await store_image(await asyncio.to_thread(draw_cover, COVER_SEED), now=now)
    values = festival.edition_values(venue_id=venue_id, organiser_id=city["id"] if city else None, cover=cover)
    edition = await create_edition(values=values, actor=actor, now=now)
    await open_edition(edition_id=edition.id, actor=actor, now=now)
    for name, phone, email, role in festival.STAFF:
        person = await find_or_create_person(full_name=name, phone=phone, email=email, now=now)
        await grant_role(person_id=person.id, role=role, edition_id=edition.id, actor=actor, now=now)
    return edition.id


async def _prepare_places(edition_id: int, actor: Actor, now: datetime) -> None:
    """What the sheets of booths and gates do not say: aisles around the booths, and who may enter the seminars."""
    for name, width, depth in (layout.SIZE_A, layout.SIZE_B):
        await save_hall(edition_id=edition_id, name=name, width=width, depth=depth, actor=actor, now=now)
    await create_list(edition_id=edition_id, name=crowd.ENTRY, pass_kinds=[], actor=actor, now=now)
    seated = [kind.value for kind in (PassKind.GUEST, PassKind.SPEAKER, PassKind.STAFF)]
    await create_list(edition_id=edition_id, name=crowd.SEMINAR, pass_kinds=seated, actor=actor, now=now)


async def _give_help(edition_id: int, actor: Actor, now: datetime) -> None:
    """Somebody who helps at the booth of the exhibitor that applied first."""
    name, phone, email, role = festival.HELPER
    person = await find_or_create_person(full_name=name, phone=phone, email=email, now=now)
    query = Application.select(Application.organisation).where(Application.edition == edition_id)
    first = await query.order_by(Application.id).first()
    assert first is not None
    await grant_role(
        person_id=person.id,
        role=role,
        edition_id=edition_id,
        organisation_id=first["organisation"],
        actor=actor,
        now=now,
    )


async def _name_tracks(edition_id: int, actor: Actor, now: datetime) -> None:
    """The tracks' names in three languages, which the programme's sheet has no room for."""
    names = {texts["vi"]: texts for texts in contest.TRACKS.values()}
    for track in await tracks(edition_id):
        texts = names[track["name"]["vi"]]
        await rename_track(edition_id=edition_id, track_id=track["id"], name=texts, actor=actor, now=now)


async def _open_contest(edition_id: int, actor: Actor, now: datetime) -> None:
    """The call stays open, so that a team can still enter an idea; the chair opens the first round."""
    found = await contest_of_edition(edition_id)
    assert found is not None
    await set_contest_state(contest_id=found.id, state=ContestState.OPEN, actor=actor, now=now)
