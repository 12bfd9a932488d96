"""What check-in shows on the organiser's timeline, in her navigation and on the page of a pass."""

from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.events.enums import Part
from app.events.queries import EditionInfo, edition_by_id
from app.events.slots import DashboardItem, NavItem, PassUse, Stage
from app.kernel.i18n import N_, _, format_date, format_datetime, format_number, ngettext
from app.kernel.waiting import Waiting, counted
from ticketing.checkin.enums import SETTLEMENT_NAMES, VERDICT_NAMES, VERDICT_TONES, Settlement, Verdict
from ticketing.checkin.queries import counts_of_edition, gates_of, open_conflicts, scans_of_pass
from ticketing.checkin.queries_counting import counted_by_gate

MOST_SHOWN = 50

LEADS = (Role.MANAGER, Role.GATE_LEAD)
NAV = (
    NavItem(title=N_("Gates"), path="/gates", icon="door-open", part=Part.TICKETS, roles=LEADS, order=35),
    NavItem(title=N_("Live"), path="/live", icon="scan-line", part=Part.TICKETS, roles=LEADS, order=36),
)


async def checkin_dashboard(edition_id: int, actor: Actor, now: datetime) -> list[DashboardItem]:
    """Gates to be made, the live day page, conflicts to be settled, what is there to report."""
    edition = await edition_by_id(edition_id)
    if not edition.has(Part.TICKETS) or not actor.has(*LEADS, edition_id=edition_id):
        return []
    base = f"/manage/{edition_id}"
    gates = await gates_of(edition_id)
    paired = any(gate["phones"] for gate in gates)
    items = [
        DashboardItem(
            stage=Stage.SET_UP,
            title=_("Gates and phones"),
            detail=_("No phone scans for a gate yet.") if gates and not paired else "",
            href=f"{base}/gates",
            waiting=0 if gates else 1,
            done=paired,
        )
    ]
    inside, admitted = await counts_of_edition(edition_id)
    begun = edition.today(now) >= edition.starts_on
    if begun:
        detail = _("{count} inside now").format(count=format_number(inside))
    else:
        detail = _("It fills from {day} on.").format(day=format_date(edition.starts_on))
    if gates or begun:
        items.append(DashboardItem(stage=Stage.RUN, title=_("Live"), detail=detail, href=f"{base}/live"))
    counted = sum((await counted_by_gate(edition_id)).values())
    waiting = await open_conflicts(edition_id)
    if waiting:
        items.append(
            DashboardItem(
                stage=Stage.RUN,
                title=_("Scans to be settled"),
                href=f"{base}/live/conflicts",
                waiting=waiting,
            )
        )
    if admitted:
        items.append(
            DashboardItem(
                stage=Stage.REPORT,
                title=_("All scans as a sheet"),
                detail=_("{count} let in so far").format(count=format_number(admitted)),
                href=f"{base}/live/scans.xlsx",
            )
        )
    if counted:
        items.append(
            DashboardItem(
                stage=Stage.REPORT,
                title=_("Counted visitors as a sheet"),
                detail=_("{count} counted so far, without those who were scanned").format(count=format_number(counted)),
                href=f"{base}/live/counts.xlsx",
            )
        )
    return items


async def checkin_waiting(now: datetime) -> list[Waiting]:
    """Scans of phones that were offline, which somebody has to settle."""
    sql = "SELECT COUNT(*) AS count, MIN(at) AS since FROM scan WHERE verdict = {} AND settlement IS NULL"
    return [await counted("scan_conflict", sql, Verdict.LATE_CONFLICT.value, failed=True)]


WAITING_WORDS = {
    "scan_conflict": lambda count: (
        ngettext("%(num)s scan has to be settled", "%(num)s scans have to be settled", count) % {"num": count}
    )
}


async def scans_told(edition: EditionInfo, pass_id: int) -> list[PassUse]:
    """The last scans of a pass, each with its gate and what the gate answered."""
    return [
        PassUse(
            at=row["device_at"] or row["at"],
            place=row["gate"],
            word=_("Taken back") if row["undone_at"] else _(VERDICT_NAMES[Verdict(row["verdict"])]),
            tone="plain" if row["undone_at"] else VERDICT_TONES.get(Verdict(row["verdict"]), "refused"),
            detail=_detail(row, edition),
        )
        for row in await scans_of_pass(edition.id, pass_id, MOST_SHOWN)
    ]


def _detail(row: dict[str, Any], edition: EditionInfo) -> str:
    """What stood against the pass, how that was settled, where it was used before, and whether the phone was alone."""
    parts = []
    if row["reason"]:
        parts.append(_(VERDICT_NAMES[Verdict(row["reason"])]))
    if row["settlement"]:
        parts.append(_(SETTLEMENT_NAMES[Settlement(row["settlement"])]))
    if row["previous_at"]:
        parts.append(f"{format_datetime(row['previous_at'], edition.timezone)} {row['previous_gate'] or ''}".strip())
    if row["by_name"]:
        parts.append(_("found by name"))
    if row["offline"]:
        parts.append(_("offline"))
    return " · ".join(parts)
