"""Lists ask the database as often for three rows as for one."""

from collections.abc import Awaitable, Callable

import pytest

from app.events.enums import PassKind
from app.events.passes.naming import names_of_labels
from app.events.passes.services import issue_pass
from app.events.queries import EditionInfo
from app.payments.services import documents
from tests.conftest import NOW
from tests.events.controllers.test_public import add_session
from tests.events.factories import make_edition
from tests.payments.factories import Seller, make_document
from tests.support.client import Browser, sign_in
from tests.support.factories import make_organisation, make_owner
from tests.support.queries import counted_queries

Add = Callable[[EditionInfo, int], Awaitable[object]]


async def session(edition: EditionInfo, number: int) -> object:
    """One more session."""
    return await add_session(edition, f"Buổi {number}", 0, 8 + number, f"Chuỗi {number}")


async def visitor(edition: EditionInfo, number: int) -> object:
    """One more pass."""
    first, last = edition.window
    return await issue_pass(
        edition_id=edition.id,
        kind=PassKind.VISITOR,
        holder_name=f"Khách {number}",
        valid_from=first,
        valid_until=last,
        now=NOW,
    )


async def invoice(edition: EditionInfo, number: int) -> object:
    """One more invoice."""
    return await make_document(edition, subject_id=number)


async def twins(_edition: EditionInfo, number: int) -> object:
    """Two more records of one organisation."""
    return [await make_organisation(name=f"Hộ {number}", ward="Xã Hòa Vang") for _record in range(2)]


@pytest.mark.parametrize(
    ("path", "add"),
    [
        ("/manage/{id}/duplicates", twins),
        ("/manage/{id}/programme", session),
        ("/manage/{id}/programme/tracks", session),
        ("/manage/{id}/passes", visitor),
        ("/manage/{id}/payments", invoice),
        ("/e/{slug}/programme", session),
        ("/e/{slug}", session),
        ("/api/v1/editions/{slug}/programme", session),
    ],
)
async def test_three_rows_cost_what_one_costs(
    client: Browser, monkeypatch: pytest.MonkeyPatch, path: str, add: Add
) -> None:
    monkeypatch.setattr(documents, "_settlements", {"order": Seller().settle})
    await sign_in(client, (await make_owner()).id)
    edition = await make_edition()
    address = path.format(id=edition.id, slug=edition.slug)
    await names_of_labels(edition.id)  # asked of the database once a minute
    counts = []
    for rows in (1, 2):
        for number in range(rows):
            await add(edition, 10 * rows + number if add is not session else 2 * rows + number)
        with counted_queries() as seen:
            assert (await client.get(address)).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 20
