"""One person with several records."""

from app.accounts.personal.whom import Whom, whom_of
from app.accounts.queries import records_of_person


async def whoms_of(person_id: int) -> list[Whom]:
    """Each record that is this person: those that were merged first, the one that stayed last."""
    records = await records_of_person(person_id)
    return [await whom_of(record_id, records=records) for record_id in records]
