"""What check-in holds of people: who settled a scan in doubt. Scans and admissions name passes, not people."""

from datetime import datetime
from typing import Any

from app.accounts.personal.registry import Held, PersonalData, Rows
from app.accounts.personal.whom import Whom
from app.events.tables import Pass
from app.kernel.i18n import N_
from ticketing.checkin.enums import SETTLEMENT_NAMES, Settlement, Verdict
from ticketing.checkin.tables import Scan

#: Of scans: those by which somebody came in or went out, as far as it was settled.
_COUNTED = Scan.undone_at.is_null() & (
    Scan.verdict.is_in([Verdict.ADMITTED, Verdict.LEFT])
    | ((Scan.verdict == Verdict.LATE_CONFLICT) & Scan.settlement.is_in([Settlement.ACCEPTED, Settlement.EXPLAINED]))
)


async def _admissions(whom: Whom) -> Rows:
    passes = list(whom.pass_ids)
    if whom.person_id is not None:
        passes += [row["id"] for row in await Pass.select(Pass.id).where(Pass.holder == whom.person_id)]
    scans = (
        await Scan.select(Scan.event_pass.edition.as_alias("edition_id"), Scan.verdict, Scan.judged_at)
        .where(Scan.event_pass.is_in(passes or [0]) & _COUNTED)
        .order_by(Scan.judged_at)
    )
    return [
        {
            "edition_id": row["edition_id"],
            "left_at" if row["verdict"] == Verdict.LEFT else "admitted_at": row["judged_at"],
        }
        for row in scans
    ]


async def _settled(whom: Whom) -> Rows:
    return await Scan.select(Scan.settlement, Scan.settled_at).where(Scan.settled_by == whom.person_id)


async def _erase_settled(whom: Whom, now: datetime) -> int:
    values: dict[Any, Any] = {Scan.settled_by: None}
    return len(await Scan.update(values).where(Scan.settled_by == whom.person_id).returning(Scan.id))


async def _undone(whom: Whom) -> Rows:
    return await Scan.select(Scan.undone_at).where(Scan.undone_by == whom.person_id)


async def _erase_undone(whom: Whom, now: datetime) -> int:
    values: dict[Any, Any] = {Scan.undone_by: None}
    return len(await Scan.update(values).where(Scan.undone_by == whom.person_id).returning(Scan.id))


DATA = PersonalData(
    held=(
        Held(
            key="admissions",
            title=N_("When you came in"),
            purpose=N_("To let each pass in once, and to know how many are inside."),
            until=N_("As long as visitors' data of the festival are kept"),
            stays=N_("That somebody came in at that time: nothing leads from it to you any more."),
            find=_admissions,
        ),
        Held(
            key="settled_scans",
            title=N_("Scans in doubt that you settled"),
            purpose=N_("To know who decided."),
            until=N_("As long as the festival's records are kept"),
            stays=N_("The decision, without you."),
            find=_settled,
            erase=_erase_settled,
            words={"settlement": SETTLEMENT_NAMES.get},
        ),
        Held(
            key="undone_scans",
            title=N_("Scans that you took back"),
            purpose=N_("To know who decided."),
            until=N_("As long as the festival's records are kept"),
            stays=N_("The decision, without you."),
            find=_undone,
            erase=_erase_undone,
        ),
    ),
    erased=frozenset({"scan.settled_by", "scan.undone_by"}),
    impersonal=frozenset(
        {
            *(f"scan.{name}" for name in ("client_id", "code_hash", "shown", "reason", "override")),
            "admission.admitted_by",
            *(f"head_count.{name}" for name in ("client_id", "undoes")),
            *(
                f"check_in_list.{name}"
                for name in (
                    "name",
                    "pass_kinds",
                    "opens_daily",
                    "closes_daily",
                    "area",
                    "note",
                    "ticket_types",
                    "questions",
                )
            ),
            "gate.name",
        }
    ),
)
