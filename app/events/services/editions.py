"""Editions: made, copied, changed, opened and closed."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.services.people import grant_role
from app.events import slots
from app.events.enums import ENDED_STATES, EditionState, Part
from app.events.errors import (
    CurrencyInUse,
    DatesReversed,
    EditionIsCancelled,
    EditionIsClosed,
    EditionNotFound,
    NotInDong,
    NotReadyToOpen,
    SlugTaken,
    StateNotReachable,
)
from app.events.passes.services import prepare_signing
from app.events.queries import EditionInfo, edition_by_id, hold_edition, tracks
from app.events.schemas import EditionValues as EditionValues
from app.events.tables import Edition, Track, Venue
from app.kernel import audit
from app.kernel.database import fetch, is_unique_violation, write_transaction
from app.kernel.i18n import _
from app.kernel.names import clean_text, search_text

Texts = Mapping[str, str]
VIETNAM = "Asia/Ho_Chi_Minh"


def slug_of(text: str) -> str:
    """A name as it can stand in an address: ``Phụ nữ sáng tạo 2026`` becomes ``phu-nu-sang-tao-2026``."""
    return re.sub(r"[^a-z0-9]+", "-", search_text(text)).strip("-")[:80].rstrip("-")


def _columns(values: EditionValues) -> dict[Any, Any]:
    if values.ends_on < values.starts_on:
        raise DatesReversed
    if values.closes_at <= values.opens_at:
        raise DatesReversed
    return {
        "slug": slug_of(values.slug),
        "name": _json(values.name),
        "intro": _json(values.intro),
        "place": _json(values.place),
        "venue": values.venue_id,
        "timezone": values.timezone,
        "currency": values.currency,
        "starts_on": values.starts_on,
        "ends_on": values.ends_on,
        "opens_at": values.opens_at,
        "closes_at": values.closes_at,
        "organiser": values.organiser_id,
        "parts": json.dumps([part.value for part in Part if part in values.parts]),
        "cover": values.cover,
        "keep_months": values.keep_months,
    }


def _check_currency(columns: Mapping[str, Any]) -> None:
    """What is sold in Vietnam is in đồng (decision 0024). Raises NotInDong."""
    if columns["timezone"] == VIETNAM and columns["currency"] != "VND":
        raise NotInDong


async def _leave_currency(edition_id: int, wanted: str) -> None:
    """See to it that nothing of an edition stands in the currency that it has. Raises CurrencyInUse."""
    edition = await hold_edition(edition_id, alone=True)  # whoever opens a drawer or bills something waits
    if what := await slots.held_in_currency(edition, wanted):
        raise CurrencyInUse(currency=edition.currency, what=", ".join(_(one) for one in what))


def _json(texts: Texts) -> str:
    return json.dumps({key: text for key, text in texts.items() if text}, ensure_ascii=False)


def _audited(columns: Mapping[str, Any]) -> dict[str, Any]:
    return {key: str(value) if isinstance(value, date) else value for key, value in columns.items()}


async def create_edition(
    *, values: EditionValues, actor: Actor, now: datetime, copied_from_id: int | None = None
) -> EditionInfo:
    """Add an edition as a draft, with its signing key; whoever makes it becomes its owner.

    Raises DatesReversed, SlugTaken, NotInDong; a copy keeps the currency of its source.
    """
    columns = _columns(values)
    if copied_from_id is None:
        _check_currency(columns)
    try:
        async with write_transaction():
            row = Edition(**columns, state=EditionState.DRAFT.value, copied_from=copied_from_id, created_at=now)
            await row.save()
            await prepare_signing(row.id, now)
            if actor.person_id is not None and not actor.has(Role.OWNER, edition_id=row.id):
                await grant_role(person_id=actor.person_id, role=Role.OWNER, edition_id=row.id, actor=actor, now=now)
            await audit.record(
                actor=actor,
                action="edition.create",
                subject_type="edition",
                subject_id=row.id,
                edition_id=row.id,
                after=_audited(columns),
                now=now,
            )
    except Exception as error:
        if is_unique_violation(error):
            raise SlugTaken(slug=columns["slug"]) from error
        raise
    return await edition_by_id(row.id)


_COPY_HALLS = (
    "INSERT INTO hall (edition, venue, name, width_cells, depth_cells, cell_size_mm, position) "
    "SELECT {}, venue, name, width_cells, depth_cells, cell_size_mm, position FROM hall WHERE edition = {} ORDER BY id"
)


async def copy_edition(
    *, source_id: int, slug: str, name: Texts, starts_on: date, actor: Actor, now: datetime
) -> EditionInfo:
    """Begin a new edition from an earlier one: venue, texts, parts, zone, currency, length, tracks and halls are taken
    over, and by the other modules booths, ticket types, gates and the contest's rounds; no people, sales or results.

    Raises EditionNotFound, SlugTaken.
    """
    source = await edition_by_id(source_id)
    values = EditionValues(
        slug=slug,
        name=name,
        intro=source.intro,
        place=source.place,
        timezone=source.timezone,
        currency=source.currency,
        starts_on=starts_on,
        ends_on=starts_on + (source.ends_on - source.starts_on),
        opens_at=source.opens_at,
        closes_at=source.closes_at,
        parts=tuple(source.parts),
        venue_id=source.venue_id,
        organiser_id=source.organiser_id,
        cover=source.cover,
        keep_months=source.keep_months,
    )
    async with write_transaction():
        made = await create_edition(values=values, actor=actor, now=now, copied_from_id=source_id)
        rows = [
            Track(edition=made.id, name=_json(track["name"]), name_key=track["name_key"], position=position)
            for position, track in enumerate(await tracks(source_id))
        ]
        if rows:
            await Track.insert(*rows)
        await fetch(_COPY_HALLS, made.id, source_id)
        await slots.copy_parts(source, made, now)
    return made


async def update_edition(*, edition_id: int, values: EditionValues, actor: Actor, now: datetime) -> EditionInfo:
    """Change what an edition says of itself.

    Raises EditionNotFound, EditionIsClosed, EditionIsCancelled, DatesReversed, SlugTaken, NotInDong, CurrencyInUse.
    """
    columns = _columns(values)
    try:
        async with write_transaction():
            before = await Edition.select().where(Edition.id == edition_id).first()
            if before is None:
                raise EditionNotFound
            if any(before[name] != columns[name] for name in ("timezone", "currency")):
                _check_currency(columns)
            if before["currency"] != columns["currency"]:
                await _leave_currency(edition_id, columns["currency"])
            changed = (
                await Edition.update(columns)
                .where((Edition.id == edition_id) & Edition.state.not_in([state.value for state in ENDED_STATES]))
                .returning(Edition.id)
            )
            if not changed:
                cancelled = (await edition_by_id(edition_id)).state == EditionState.CANCELLED
                raise EditionIsCancelled if cancelled else EditionIsClosed
            old, new = audit.changes({key: before[key] for key in columns}, columns)
            if new:
                await audit.record(
                    actor=actor,
                    action="edition.update",
                    subject_type="edition",
                    subject_id=edition_id,
                    edition_id=edition_id,
                    before=_audited(old),
                    after=_audited(new),
                    now=now,
                )
    except Exception as error:
        if is_unique_violation(error):
            raise SlugTaken(slug=columns["slug"]) from error
        raise
    return await edition_by_id(edition_id)


async def open_edition(*, edition_id: int, actor: Actor, now: datetime) -> None:
    """Show an edition to everybody; also opens a closed one again.

    Raises NotReadyToOpen without name and place, StateNotReachable when it is open already.
    """
    edition = await edition_by_id(edition_id)
    if not edition.title or not edition.where:
        raise NotReadyToOpen
    async with write_transaction():
        await _change_state(
            edition_id,
            (EditionState.DRAFT, EditionState.CLOSED),
            EditionState.OPEN,
            {Edition.opened_at: now},
            actor,
            now,
        )


async def close_edition(*, edition_id: int, actor: Actor, now: datetime) -> None:
    """End an edition; its pages stay. Raises StateNotReachable when it is not open."""
    async with write_transaction():
        await _change_state(edition_id, (EditionState.OPEN,), EditionState.CLOSED, {Edition.closed_at: now}, actor, now)


async def _change_state(
    edition_id: int,
    before: Sequence[EditionState],
    after: EditionState,
    extra: Mapping[Any, Any],
    actor: Actor,
    now: datetime,
) -> None:
    was = (await edition_by_id(edition_id)).state
    if was not in before:
        raise StateNotReachable
    changed = (
        await Edition.update({Edition.state: after.value, **extra})
        .where((Edition.id == edition_id) & (Edition.state == was.value))
        .returning(Edition.id)
    )
    if not changed:
        raise StateNotReachable
    await audit.record(
        actor=actor,
        action="edition.open" if after == EditionState.OPEN else "edition.closed",
        subject_type="edition",
        subject_id=edition_id,
        edition_id=edition_id,
        before={"state": was.value},
        after={"state": after.value},
        now=now,
    )


async def find_or_create_venue(*, name: str, address: str, now: datetime) -> int:
    """The venue of this name (in any case), added when there is none; its address is brought up to date."""
    cleaned = clean_text(name)[:160]
    async with write_transaction():
        rows = await Venue.select(Venue.id, Venue.name)
        known = {search_text(row["name"]): row["id"] for row in rows}
        found = known.get(search_text(cleaned))
        if found is None:
            venue = Venue(name=cleaned, address=clean_text(address)[:300], created_at=now)
            await venue.save()
            return venue.id
        if address:
            await Venue.update({Venue.address: clean_text(address)[:300]}).where(Venue.id == found)
        return int(found)


def default_dates(now: datetime, source: EditionInfo | None = None) -> date:
    """A first day to propose: the same week day a year after the source, or in three months."""
    if source is not None:
        return source.starts_on + timedelta(weeks=52)
    return now.date() + timedelta(days=90)


def next_name(name: str, source: EditionInfo, starts_on: date) -> str:
    """The name to propose for the next edition: the year of the source, where it stands in the name, moves on."""
    return re.sub(rf"(?<!\d){source.starts_on.year}(?!\d)", str(starts_on.year), name)
