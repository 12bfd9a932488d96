"""What allocation holds of people: who is reached about an application."""

from datetime import datetime
from typing import Any

from app.accounts.personal.registry import NUMBER_ONLY, Held, PersonalData, Rows
from app.accounts.personal.whom import Whom
from app.kernel.i18n import N_
from booths.allocation.enums import APPLICATION_STATE_NAMES
from booths.allocation.tables import AllocationRun, Application


async def _applications(whom: Whom) -> Rows:
    return await Application.select(
        Application.edition.as_alias("edition_id"),
        Application.organisation.name.as_alias("organisation"),
        Application.note,
        Application.state,
        Application.submitted_at,
    ).where(Application.contact == whom.person_id)


async def _leave_applications(whom: Whom, now: datetime) -> int:
    values: dict[Any, Any] = {Application.contact: None}
    return len(await Application.update(values).where(Application.contact == whom.person_id).returning(Application.id))


DATA = PersonalData(
    held=(
        Held(
            key="applications",
            title=N_("Applications for a booth that you sent"),
            purpose=N_("To tell you which booth the organisation got, and why."),
            until=N_("Until you ask for erasure"),
            stays=N_("The application itself: it is the organisation's."),
            find=_applications,
            erase=_leave_applications,
            words={"state": APPLICATION_STATE_NAMES.get},
        ),
    ),
    erased=frozenset({"application.contact"}),
    texts=(Application.note, AllocationRun.error),
    kept={"allocation_run.started_by": NUMBER_ONLY},
    impersonal=frozenset(
        {
            *(f"application.{name}" for name in ("zone_wanted", "category", "waived_by")),
            "allocation_run.unmet",
            "allocation.reasons",
        }
    ),
    ties=(Application.contact,),
)
