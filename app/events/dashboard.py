"""What events itself says on the organiser's timeline and in her navigation."""

from datetime import datetime

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.events.enums import EditionState, Part
from app.events.queries import edition_by_id, halls, programme
from app.events.slots import DashboardItem, NavItem, Stage
from app.kernel.i18n import LANGUAGE_NAMES, LOCALES, N_, _, format_date, ngettext

_DEVICE_ROLES = (Role.MANAGER, Role.GATE_LEAD, Role.JURY_CHAIR)

NAV = (
    NavItem(title=N_("Overview"), path="", icon="house", order=0),
    NavItem(title=N_("Programme"), path="/programme", icon="calendar", part=Part.PROGRAMME, order=60),
    NavItem(title=N_("Passes"), path="/passes", icon="qr-code", roles=(Role.MANAGER, Role.GATE_LEAD), order=45),
    NavItem(title=N_("Load sheets"), path="/import", icon="upload", roles=(Role.MANAGER,), order=90),
    NavItem(title=N_("People and roles"), path="/people", icon="users", roles=(Role.MANAGER,), order=80),
    NavItem(title=N_("Organisations"), path="/organisations", icon="store", roles=(Role.MANAGER,), order=81),
    NavItem(title=N_("Likely duplicates"), path="/duplicates", icon="copy", roles=(Role.MANAGER,), order=81),
    NavItem(title=N_("Devices"), path="/devices", icon="smartphone", roles=_DEVICE_ROLES, order=82),
    NavItem(title=N_("Messages"), path="/outbox", icon="mail", roles=(Role.MANAGER,), order=85),
    NavItem(title=N_("Status"), path="/status", icon="activity", roles=(Role.MANAGER,), order=86),
    NavItem(title=N_("Log of changes"), path="/audit", icon="history", roles=(Role.MANAGER,), order=92),
    NavItem(
        title=N_("Settings"),
        path="/settings",
        below=("/copy", "/postpone", "/cancel"),
        icon="settings",
        roles=(Role.MANAGER,),
        order=95,
    ),
)


async def events_dashboard(edition_id: int, actor: Actor, now: datetime) -> list[DashboardItem]:
    """Texts, programme, opening and closing."""
    edition = await edition_by_id(edition_id)
    base = f"/manage/{edition_id}"
    settings_page = f"{base}/settings" if actor.has(Role.MANAGER, edition_id=edition_id) else ""
    # An edition speaks the languages that it has a name in; another one is nothing to wait for.
    missing = [_(LANGUAGE_NAMES[code]) for code in LOCALES if edition.name.get(code) and not edition.intro.get(code)]
    items = [
        DashboardItem(
            stage=Stage.SET_UP,
            title=_("Name, dates, places and texts"),
            detail=_("The introduction is missing in: {languages}").format(languages=", ".join(missing))
            if missing
            else "",
            href=settings_page,
            waiting=len(missing),
            done=not missing,
        )
    ]
    if edition.has(Part.PROGRAMME):
        count = (await programme(edition_id, limit=1)).total
        items.append(
            DashboardItem(
                stage=Stage.SET_UP,
                title=_("Programme"),
                detail=ngettext("%(num)s session", "%(num)s sessions", count) % {"num": count},
                href=f"{base}/programme",
                waiting=0 if count else 1,
                done=count > 0,
            )
        )
    if edition.has(Part.FAIR) and not await halls(edition_id):
        items.append(
            DashboardItem(
                stage=Stage.SET_UP,
                title=_("Load the halls and booths"),
                href=f"{base}/import/halls" if settings_page else "",
                waiting=1,
            )
        )
    if edition.state == EditionState.DRAFT:
        items.append(
            DashboardItem(
                stage=Stage.CALL,
                title=_("Open the edition"),
                detail=_("Until then only organisers see its page."),
                href=settings_page,
                waiting=1,
            )
        )
    if edition.state == EditionState.OPEN:
        over = edition.today(now) > edition.ends_on
        last_day = _("The last day is {day}.").format(day=format_date(edition.ends_on))
        items.append(
            DashboardItem(
                stage=Stage.REPORT,
                title=_("Close the edition"),
                detail="" if over else last_day,
                href=settings_page if over else "",
                waiting=int(over),
            )
        )
    if edition.state == EditionState.CLOSED:
        items.append(
            DashboardItem(
                stage=Stage.REPORT, title=_("Begin the next edition as a copy"), href=f"{base}/copy", done=True
            )
        )
    return items
