"""The JSON API of likely duplicates."""

from __future__ import annotations

from datetime import datetime

import httpx

from app.accounts.enums import Role
from app.accounts.tables import NotTheSame, Organisation
from tests.events.factories import make_edition
from tests.support.client import sign_in
from tests.support.factories import make_holder, make_organisation


async def test_pairs_are_read_merged_undone_and_told_apart(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    edition = await make_edition(now=frozen_now)
    kept, merged = [
        (await make_organisation(name=name, ward="Xã Hòa Vang", tax_number=number, now=frozen_now)).id
        for name, number in (("Công ty TNHH Sen", "0107712345"), ("SEN", "107 712 345"))
    ]
    manager = await make_holder(Role.MANAGER, edition_id=edition.id, now=frozen_now)
    await sign_in(client, manager.id)
    base = f"/api/v1/manage/{edition.id}/duplicates"
    blank = {"phone": None, "email": None, "ward": "Xã Hòa Vang"}
    assert (await client.get(base)).json() == {
        "items": [
            {
                "first": {"id": kept, "name": "Công ty TNHH Sen", "tax_number": "0107712345", **blank},
                "second": {"id": merged, "name": "SEN", "tax_number": "107 712 345", **blank},
                "reasons": ["number", "name_and_ward"],
            }
        ],
        "total": 1,
        "page": 1,
    }
    assert (await client.get(f"{base}?q=xyzzyx")).json() == {"items": [], "total": 0, "page": 1}
    assert (await client.get(f"{base}?kind=person")).json()["code"] == "not_allowed"

    both = {"kind": "organisation", "kept": kept, "merged": merged}
    made = await client.post(f"{base}/merge", json=both)
    assert made.status_code == 200
    again = await client.post(f"{base}/merge", json=both)
    assert (again.status_code, again.json()["code"]) == (409, "not_mergeable")
    (listed,) = (await client.get(f"{base}/merges")).json()["items"]
    assert (listed["id"], listed["kept"], listed["merged"], listed["merged_name"]) == (
        made.json()["id"],
        kept,
        merged,
        "SEN",
    )
    undo = {"merge": listed["id"]}
    assert (await client.post(f"{base}/undo", json=undo)).status_code == 204
    assert (await client.post(f"{base}/undo", json=undo)).json()["code"] == "merge_undone"
    assert await Organisation.count().where(Organisation.merged_into.is_not_null()) == 0

    apart = {"kind": "organisation", "first": kept, "second": merged}
    assert (await client.post(f"{base}/apart", json=apart)).status_code == 204
    assert (await client.get(base)).json()["total"] == 0
    assert await NotTheSame.count() == 1
    person = await client.post(f"{base}/merge", json={**both, "kind": "person"})
    assert (person.status_code, person.json()["code"]) == (403, "not_allowed")
    assert (await client.post(f"{base}/merge", json={**both, "kept": 2**40})).status_code == 404


async def test_a_merge_of_another_festival_is_not_undone_here(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    here, elsewhere = await make_edition(now=frozen_now), await make_edition("noi-khac", now=frozen_now)
    kept, merged = [(await make_organisation(name="Sen", ward="Hòa Vang", now=frozen_now)).id for _ in range(2)]
    for edition, manager in [(one, await make_holder(Role.MANAGER, edition_id=one.id)) for one in (here, elsewhere)]:
        await sign_in(client, manager.id)
        if edition is here:
            both = {"kind": "organisation", "kept": kept, "merged": merged}
            made = (await client.post(f"/api/v1/manage/{here.id}/duplicates/merge", json=both)).json()["id"]
    answer = await client.post(f"/api/v1/manage/{elsewhere.id}/duplicates/undo", json={"merge": made})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
