"""The JSON API of an exhibitor's own products."""

from typing import Any

import pytest

from app.accounts.enums import Role
from app.kernel.audit import list_entries
from tests.booths.catalogue.factories import Fair, Stand, make_fair, make_product, make_stand
from tests.conftest import NOW
from tests.support.client import CSRF_HEADER, Browser, new_browser, sign_in
from tests.support.factories import make_holder

SCARF: dict[str, Any] = {
    "name": {"vi": "Khăn lụa", "en": "Silk scarf"},
    "description": {"vi": "Dệt tay.\nNhuộm củ nâu."},
    "code": "K1",
    "price_minor": 480_000,
    "unit": "chiếc",
    "category": "Lụa",
    "certificates": ["OCOP 4 sao 2025", "VietGAP"],
}
Own = tuple[Browser, Stand, Fair, str]


@pytest.fixture
async def own(client: Browser) -> Own:
    """An exhibitor's browser, her stand and fair, and where her products are."""
    fair = await make_fair()
    stand = await make_stand(fair, name="Lụa Vân")
    await sign_in(client, stand.owner.person_id)
    return client, stand, fair, f"/api/v1/exhibitor/{stand.organisation_id}/{fair.edition.id}/products"


@pytest.mark.engines
async def test_a_product_is_added_changed_hidden_and_removed(own: Own) -> None:
    browser, _stand, fair, base = own
    made = await browser.post(base, json=SCARF)
    assert made.status_code == 201
    product = made.json()
    assert {key: value for key, value in product.items() if key != "id"} == {
        **{key: value for key, value in SCARF.items() if key != "price_minor"},
        "price": {"amount_minor": 480_000, "currency": "VND"},
        "photos": [],
        "active": True,
    }
    at = f"{base}/{product['id']}"
    assert (await browser.get(at)).json() == product
    public = f"/api/v1/editions/{fair.edition.slug}/products"
    assert [item["id"] for item in (await browser.get(public)).json()["items"]] == [product["id"]]
    changed = (await browser.put(at, json={"name": {"vi": "Khăn lụa to"}, "active": False})).json()
    assert (changed["name"], changed["price"], changed["certificates"], changed["active"]) == (
        {"vi": "Khăn lụa to"},
        None,
        [],
        False,
    )
    assert (await browser.get(public)).json()["total"] == 0
    ((entry,), total) = await list_entries(action="product.change", subject_id=product["id"])
    assert (total, entry["before"]["price_minor"], entry["after"]["price_minor"]) == (1, 480_000, None)
    assert (await browser.delete(at)).status_code == 204
    assert (await browser.get(at)).json()["code"] == "product_not_found"


async def test_products_are_listed_searched_and_filtered(own: Own) -> None:
    browser, stand, _fair, base = own
    scarf = await make_product(stand, "Khăn lụa", code="K1")
    dress = await make_product(stand, "Áo dài", active=False)
    found = (await browser.get(base)).json()
    assert (found["total"], found["page"], [item["id"] for item in found["items"]]) == (2, 1, [scarf, dress])
    assert found["items"][0] == {
        "id": scarf,
        "code": "K1",
        "name": {"vi": "Khăn lụa"},
        "price": {"amount_minor": 480_000, "currency": "VND"},
        "unit": "chiếc",
        "category": "Lụa",
        "photo": None,
        "active": True,
    }
    for query, wanted in (("q=ao+dai", [dress]), ("q=k1", [scarf]), ("show=hidden", [dress]), ("page=2", [])):
        assert [item["id"] for item in (await browser.get(f"{base}?{query}")).json()["items"]] == wanted, query


async def test_texts_are_cleaned_as_a_form_does(own: Own) -> None:
    browser, _stand, _fair, base = own
    sent = {
        "name": {"vi": " Khăn\x00  lụa\n", "en": "\u200b"},
        "description": {"vi": "a\x00\r\n  b "},
        "code": " K\t1 ",
    }
    product = (await browser.post(base, json=sent)).json()
    assert (product["name"], product["description"], product["code"]) == ({"vi": "Khăn lụa"}, {"vi": "a\nb"}, "K 1")


WRONG: list[tuple[dict[str, Any], int, str, str]] = [
    ({"name": {"vi": " "}}, 422, "invalid", "name"),
    ({"name": {"fr": "Foulard"}}, 400, "bad_request", "name"),
    ({"certificates": ["x" * 121]}, 422, "invalid", "certificates"),
    ({"certificates": ["a;b;c;d;e;f;g", "h;i;j;k;l;m"]}, 422, "invalid", "certificates"),
    ({"price_minor": -1}, 400, "bad_request", "price_minor"),
    ({"price_minor": 10**15 + 1}, 400, "bad_request", "price_minor"),
    ({"owner": 1}, 400, "bad_request", ""),
    ({"code": "Taken"}, 409, "product_code_taken", ""),
]


@pytest.mark.parametrize(("changes", "status", "code", "field"), WRONG)
async def test_refusals_are_named(own: Own, changes: dict[str, Any], status: int, code: str, field: str) -> None:
    browser, stand, _fair, base = own
    await make_product(stand, "Áo dài", code="Taken")
    answer = await browser.post(base, json={**SCARF, **changes})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    if field:
        assert [name.partition(".")[0].partition("[")[0] for name in answer.json()["fields"]] == [field]


async def test_another_exhibitors_products_are_out_of_reach(own: Own) -> None:
    browser, stand, fair, base = own
    rival = await make_stand(fair)
    theirs = await make_product(rival)
    foreign = f"/api/v1/exhibitor/{rival.organisation_id}/{fair.edition.id}/products"
    assert (await browser.get(foreign)).status_code == 403
    for answer in (
        await browser.get(f"{base}/{theirs}"),
        await browser.put(f"{base}/{theirs}", json=SCARF),
        await browser.delete(f"{base}/{theirs}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "product_not_found")
    forged = await browser.post(base, json=SCARF, headers={CSRF_HEADER: "guessed"})
    assert (forged.status_code, forged.json()["code"]) == (403, "form_expired")
    async with new_browser() as stranger:
        assert (await stranger.get(base)).status_code == 401
        helper = await make_holder(
            Role.EXHIBITOR_MEMBER, edition_id=fair.edition.id, organisation_id=stand.organisation_id, now=NOW
        )
        await sign_in(stranger, helper.id)
        assert (await stranger.post(base, json=SCARF)).status_code == 201
