"""Which two organisations must not become one while both wait for booths."""

from app.accounts.enums import RecordKind
from booths.allocation.enums import ApplicationState
from booths.allocation.errors import MergeBothApplied
from booths.allocation.tables import Application

_OVER = [ApplicationState.WITHDRAWN.value, ApplicationState.CANCELLED.value]


async def object_to_merge(kind: RecordKind, kept_id: int, merged_id: int) -> None:
    """Raises MergeBothApplied when both have an application in one edition that is not over.

    An organisation has one in an edition: which of the two counts is the organiser's to say first.
    """
    if kind != RecordKind.ORGANISATION:
        return
    rows = await Application.select(Application.edition, Application.organisation).where(
        Application.organisation.is_in([kept_id, merged_id]) & Application.state.not_in(_OVER)
    )
    editions = [row["edition"] for row in rows]
    if len(editions) != len(set(editions)):
        raise MergeBothApplied
