"""Slots that modules fill: the organiser's dashboard and navigation, the sections of the public page, scans.

``app/main.py`` (or a module's start) registers the providers; registering the same one again changes nothing.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.accounts.actor import Actor
from app.accounts.enums import ORGANISER_ROLES, Role
from app.events.enums import Part
from app.events.moving import Mover
from app.events.queries import EditionInfo
from app.kernel.i18n import N_


class Stage(StrEnum):
    """The stages of an edition, in their order."""

    SET_UP = "set_up"
    CALL = "call"
    ALLOCATE = "allocate"
    SELL = "sell"
    RUN = "run"
    REPORT = "report"


STAGE_NAMES = {
    Stage.SET_UP: N_("Set up"),
    Stage.CALL: N_("Call"),
    Stage.ALLOCATE: N_("Allocate"),
    Stage.SELL: N_("Sell"),
    Stage.RUN: N_("Run"),
    Stage.REPORT: N_("Report"),
}


@dataclass(frozen=True, kw_only=True)
class DashboardItem:
    """One line of the organiser's timeline. ``waiting`` counts what she should look at; texts are translated."""

    stage: Stage | str
    title: str
    detail: str = ""
    href: str = ""
    waiting: int = 0
    done: bool = False


@dataclass(frozen=True, kw_only=True)
class NavItem:
    """A section of the organiser's navigation. ``title`` is marked with ``N_``; ``path`` follows ``/manage/{id}``.

    Shown to holders of one of ``roles`` while ``part`` is switched on; ``order`` sorts. Pages under ``below`` belong
    to the section too, though their addresses do not follow its own.
    """

    title: str
    path: str
    below: tuple[str, ...] = ()
    icon: str = ""
    part: Part | None = None
    roles: tuple[Role, ...] = ORGANISER_ROLES
    order: int = 50


@dataclass(frozen=True, kw_only=True)
class PublicSection:
    """A section of the edition's public page: a template that gets ``context`` and ``edition``. ``order`` sorts.

    10 tickets, 20 exhibitors, 30 programme, 40 contest and awards. ``call`` (text, address) becomes a button of the
    page's head.
    """

    key: str
    template: str
    context: dict[str, Any] = field(default_factory=dict)
    order: int = 50
    call: tuple[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Scan:
    """A short code that somebody opened. ``visitor`` is a keyed hash of the browser for one day, or empty."""

    code: str
    kind: str
    target_id: int
    edition_id: int
    at: datetime
    visitor: str = ""


@dataclass(frozen=True, kw_only=True)
class PassUse:
    """Something that was done with a pass: when, where, and what came of it, in words with the tone of a badge."""

    at: datetime
    place: str
    word: str
    tone: str
    detail: str = ""


DashboardProvider = Callable[[int, Actor, datetime], Awaitable[list[DashboardItem]]]
SectionProvider = Callable[[EditionInfo, datetime], Awaitable[PublicSection | None]]
ScanListener = Callable[[Scan], Awaitable[None]]
Closer = Callable[[EditionInfo, Actor, datetime], Awaitable[Mapping[str, int]]]
Audience = Callable[[int], Awaitable[set[int]]]
CurrencyHolder = Callable[[EditionInfo, str], Awaitable[list[str]]]
Copier = Callable[[EditionInfo, EditionInfo, datetime], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class PassContact:
    """Where the holder of a pass is told of it: a mail address, a phone number in E.164, or both."""

    locale: str
    email: str | None = None
    phone: str | None = None
    person_id: int | None = None


PassReacher = Callable[[Sequence[int]], Awaitable[Mapping[int, PassContact]]]
PassNamer = Callable[[int], Awaitable[Mapping[str, str] | None]]

PassWitness = Callable[[EditionInfo, int], Awaitable[list[PassUse]]]

_dashboard: list[DashboardProvider] = []
_sections: list[SectionProvider] = []
_nav: list[NavItem] = []
_scans: list[ScanListener] = []
_copiers: list[Copier] = []
_movers: list[Mover] = []
_closers: list[Closer] = []
_holders: list[CurrencyHolder] = []
_audiences: list[Audience] = []
_namers: list[PassNamer] = []
_reachers: list[PassReacher] = []
_witnesses: list[PassWitness] = []


def add_dashboard_provider(provider: DashboardProvider) -> None:
    """Let a module say what waits for the organiser."""
    if provider not in _dashboard:
        _dashboard.append(provider)


def add_section_provider(provider: SectionProvider) -> None:
    """Let a module show a section on the public page of an edition."""
    if provider not in _sections:
        _sections.append(provider)


def add_nav_item(item: NavItem) -> None:
    """Add a section to the organiser's navigation."""
    if item not in _nav:
        _nav.append(item)


def add_scan_listener(listener: ScanListener) -> None:
    """Let a module count scans of short codes; called outside any transaction, must not raise for odd input."""
    if listener not in _scans:
        _scans.append(listener)


def add_pass_namer(namer: PassNamer) -> None:
    """Let a module give the name of a pass's type by language, for passes (by id) that it had issued."""
    if namer not in _namers:
        _namers.append(namer)


async def pass_names(pass_id: int) -> Mapping[str, str]:
    """The name of a pass's type by language; empty when no module has one."""
    for namer in _namers:
        if names := await namer(pass_id):
            return names
    return {}


def add_pass_reacher(reacher: PassReacher) -> None:
    """Let a module say where the holders of passes (by id) that it had issued are told of them."""
    if reacher not in _reachers:
        _reachers.append(reacher)


async def contacts_of_passes(pass_ids: Sequence[int]) -> dict[int, PassContact]:
    """Where the holders of these passes can be reached; those who cannot are left out."""
    found: dict[int, PassContact] = {}
    for reacher in _reachers:
        found |= await reacher(pass_ids)
    return found


def add_pass_witness(witness: PassWitness) -> None:
    """Let a module tell what was done with a pass (an edition's, by id), the newest first."""
    if witness not in _witnesses:
        _witnesses.append(witness)


async def pass_uses(edition: EditionInfo, pass_id: int) -> list[PassUse]:
    """What all modules know was done with a pass, the newest first."""
    uses = [use for witness in _witnesses for use in await witness(edition, pass_id)]
    return sorted(uses, key=lambda use: use.at, reverse=True)


def add_copier(copier: Copier) -> None:
    """Let a module take over what it keeps of an earlier edition, as ``copier(source, made, now)``.

    Called inside the transaction that makes the new edition; its halls and tracks are there already.
    """
    if copier not in _copiers:
        _copiers.append(copier)


def add_mover(mover: Mover) -> None:
    """Let a module say which of its dates move when an edition is postponed, and which are facts."""
    if mover not in _movers:
        _movers.append(mover)


def movers() -> list[Mover]:
    """What all modules say of their dates."""
    return list(_movers)


def add_closer(closer: Closer) -> None:
    """Let a module close what is open of an edition that is cancelled, as ``closer(edition, actor, now)``.

    Called in the order of the modules inside the transaction that cancels it, which holds the edition alone; gives how
    many there were of what was closed, by the word that the log has for it.
    """
    if closer not in _closers:
        _closers.append(closer)


async def close_parts(edition: EditionInfo, actor: Actor, now: datetime) -> dict[str, int]:
    """Let every module close its part of an edition; how many there were of what was closed."""
    closed: dict[str, int] = {}
    for closer in _closers:
        closed |= await closer(edition, actor, now)
    return closed


def add_currency_holder(holder: CurrencyHolder) -> None:
    """Let a module say what stands in an edition's currency, as ``holder(edition, wanted)``: words, marked ``N_``.

    Called inside the transaction that changes it, which holds the edition alone; what costs nothing takes the new one.
    """
    if holder not in _holders:
        _holders.append(holder)


async def held_in_currency(edition: EditionInfo, wanted: str) -> list[str]:
    """What of all modules stands in an edition's currency, so that it cannot have the wanted one."""
    return [what for holder in _holders for what in await holder(edition, wanted)]


def add_audience(audience: Audience) -> None:
    """Let a module say whom an edition concerns, so that she is told when it is postponed or cancelled."""
    if audience not in _audiences:
        _audiences.append(audience)


async def people_concerned(edition_id: int) -> set[int]:
    """Whom an edition concerns, by their numbers."""
    return {person_id for audience in _audiences for person_id in await audience(edition_id)}


async def copy_parts(source: EditionInfo, made: EditionInfo, now: datetime) -> None:
    """Let every module take over its part of an edition."""
    for copier in _copiers:
        await copier(source, made, now)


async def dashboard_items(edition_id: int, actor: Actor, now: datetime) -> list[DashboardItem]:
    """What all modules say, in the order of the stages."""
    items = [item for provider in _dashboard for item in await provider(edition_id, actor, now)]
    stages = list(Stage)
    return sorted(items, key=lambda item: stages.index(Stage(item.stage)))


async def public_sections(edition: EditionInfo, now: datetime) -> list[PublicSection]:
    """The sections of an edition's page in their order."""
    found = [await provider(edition, now) for provider in _sections]
    return sorted((section for section in found if section is not None), key=lambda section: section.order)


def nav_items(edition: EditionInfo, actor: Actor) -> list[NavItem]:
    """The sections that this organiser may open in this edition."""
    shown = [
        item
        for item in _nav
        if (item.part is None or item.part in edition.parts) and actor.has(*item.roles, edition_id=edition.id)
    ]
    return sorted(shown, key=lambda item: item.order)


async def tell_scan(scan: Scan) -> None:
    """Tell every listener about a scan."""
    for listener in _scans:
        await listener(scan)
