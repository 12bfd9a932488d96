"""The catalogue's public pages and its API, as a browser sees them."""

import re

import httpx
import pytest

from app.events.short_codes import resolve_short_code
from app.kernel import clock
from app.kernel.images import store_image
from booths.catalogue.queries.figures import leads_of, scans_of
from booths.catalogue.services import leads
from booths.catalogue.services.codes import booth_code
from booths.catalogue.services.products import add_photos
from booths.catalogue.slots import Part, _votes, add_vote_provider
from booths.floorplan.enums import HolderState
from tests.booths.catalogue.factories import Fair, Stand, a_picture, make_fair, make_product, make_stand
from tests.booths.factories import make_booth
from tests.conftest import NOW
from tests.support.client import new_browser, sign_in
from tests.support.queries import counted_queries


async def make_shown(fair: Fair, *, products: int = 1) -> Stand:
    """An exhibitor with products that have a photo each."""
    stand = await make_stand(fair)
    photo = await store_image(a_picture(), now=NOW)
    for number in range(products):
        product_id = await make_product(stand, f"Khăn lụa {number}")
        await add_photos(
            product_id=product_id, organisation_id=stand.organisation_id, photos=[photo], actor=stand.owner, now=NOW
        )
    return stand


@pytest.mark.parametrize("stands", [1, 3])
@pytest.mark.parametrize(("view", "statements"), [("", 3), ("?q=lua", 4), ("?view=exhibitors", 3)])
async def test_lists_take_as_many_statements_for_three_as_for_one(
    client: httpx.AsyncClient, stands: int, view: str, statements: int
) -> None:
    fair = await make_fair()
    for _number in range(stands):
        await make_shown(fair)
    with counted_queries() as sent:
        answer = await client.get(f"/e/{fair.edition.slug}/catalogue{view}")
    assert (answer.status_code, len(sent)) == (200, statements)
    assert answer.text.count('class="tile"') == stands


async def test_pictures_have_their_size_and_every_width(client: httpx.AsyncClient) -> None:
    fair = await make_fair()
    await make_shown(fair)
    answer = await client.get(f"/e/{fair.edition.slug}/catalogue")
    (tag,) = re.findall(r"<img[^>]+>", answer.text)
    assert 'width="640" height="480"' in tag
    assert "-160.webp 160w" in tag
    assert "-1280.webp 1280w" in tag
    address = re.search(r'src="([^"]+)"', tag)
    assert address is not None
    assert (await client.get(address[1])).headers["content-type"] == "image/webp"


async def test_filters_and_pages_say_what_is_there(client: httpx.AsyncClient) -> None:
    fair = await make_fair()
    stand = await make_stand(fair)
    for number in range(25):
        await make_product(stand, f"Khăn {number}", category="Lụa" if number else "Gốm")
    slug = fair.edition.slug
    first = await client.get(f"/e/{slug}/catalogue")
    assert first.text.count('class="tile"') == 24
    assert "?page=2" in first.text
    second = await client.get(f"/e/{slug}/catalogue?page=2")
    assert second.text.count('class="tile"') == 1
    assert "Lụa (24)" in first.text
    filtered = await client.get(f"/e/{slug}/catalogue", params={"category": "Gốm"})
    assert filtered.text.count('class="tile"') == 1
    for nothing in ("?q=xyz", "?category=xyz", "?page=x", "?view=exhibitors&q=xyz"):
        assert (await client.get(f"/e/{slug}/catalogue{nothing}")).status_code == 200
    past = await client.get(f"/e/{slug}/catalogue?page=99")
    assert (past.status_code, past.headers["location"]) == (303, f"/e/{slug}/catalogue?page=2")


async def test_what_is_only_held_or_hidden_is_nowhere(client: httpx.AsyncClient) -> None:
    fair = await make_fair()
    held = await make_stand(fair, name="Chưa công bố", state=HolderState.HELD)
    product_id = await make_product(held)
    shown = await make_stand(fair)
    hidden_id = await make_product(shown, "Ẩn", active=False)
    path = fair.edition.path
    for address in (f"/exhibitors/{held.organisation_id}", f"/products/{product_id}", f"/products/{hidden_id}"):
        assert (await client.get(path + address)).status_code == 404
    for address in ("/catalogue", "/catalogue?view=exhibitors", "/map", f"/booths/{held.booth_id}", ""):
        answer = await client.get(path + address)
        assert (answer.status_code, "Chưa công bố" in answer.text) == (200, False)


async def test_a_booth_a_product_and_the_map_show_who_stands_there(client: httpx.AsyncClient) -> None:
    fair = await make_fair()
    stand = await make_shown(fair, products=2)
    path = fair.edition.path
    for address in (
        f"/booths/{stand.booth_id}",
        f"/exhibitors/{stand.organisation_id}",
        f"/map?booth={stand.booth_id}",
    ):
        answer = await client.get(path + address)
        assert (answer.status_code, stand.name in answer.text) == (200, True)
    empty = await make_booth(fair.edition.id, fair.hall_id, "Z9", [(29, 29)])
    assert (await client.get(f"{path}/booths/{empty}")).status_code == 200
    assert (await client.get(f"{path}/booths/99999")).status_code == 404
    front = await client.get(path)
    assert f"{path}/catalogue" in front.text
    assert "Khăn lụa 0" in front.text


async def test_a_scan_leads_to_the_booth_and_is_counted(client: httpx.AsyncClient) -> None:
    fair = await make_fair()
    stand = await make_stand(fair)
    code = await booth_code(booth_id=stand.booth_id, edition_id=fair.edition.id, now=NOW)
    with clock.freeze(NOW):
        answer = await client.get(f"/s/{code}")
        await client.get(f"/s/{code}")
        own = new_browser()
        await sign_in(own, stand.owner.person_id or 0)
        tried = await own.get(f"/s/{code}")
    assert (answer.status_code, answer.headers["location"]) == (303, (await resolve_short_code(code))[1])
    assert tried.headers["location"] == answer.headers["location"]
    assert [visitors for _day, visitors in await scans_of(fair.edition.id, "booth", [stand.booth_id])] == [1]


async def test_things_are_saved_without_an_account(client: httpx.AsyncClient) -> None:
    fair = await make_fair()
    stand = await make_stand(fair)
    product_id = await make_product(stand)
    saved = f"{fair.edition.path}/saved"
    back = f"{fair.edition.path}/products/{product_id}"
    for item in (f"p{product_id}", f"x{stand.organisation_id}", "p99999"):
        answer = await client.post(saved, data={"item": item, "keep": "on", "next": back})
        assert (answer.status_code, answer.headers["location"]) == (303, back)
    page = await client.get(saved)
    assert page.text.count('class="tile"') == 2
    assert (await client.get(back)).text.count("take off the list") == 1
    await client.post(saved, data={"item": f"p{product_id}", "next": "//evil.example"})
    assert (await client.get(saved)).text.count('class="tile"') == 1
    client.cookies.set("fg_saved", "forged", domain="testserver.local", path=fair.edition.path)
    assert (await client.get(saved)).status_code == 200
    assert (await client.post(saved, data={"item": "rm -rf", "keep": "on"})).status_code == 422


async def test_a_contact_is_left_only_with_a_ticked_box(client: httpx.AsyncClient) -> None:
    fair = await make_fair()
    stand = await make_stand(fair)
    product_id = await make_product(stand)
    address = f"{fair.edition.path}/exhibitors/{stand.organisation_id}/contact"
    page = await client.get(f"{address}?product={product_id}")
    box = re.search(r'<input type="checkbox"[^>]*name="consent"[^>]*>', page.text)
    assert box is not None
    assert "checked" not in box[0]
    sent = {"name": "Lê Ngọc Ánh", "phone": "0912 345 678", "product_id": str(product_id), "client_id": "c1"}
    for wrong in (
        {**sent},
        {**sent, "consent": "on", "phone": "12"},
        {**sent, "consent": "on", "phone": ""},
        {**sent, "consent": "on", "name": ""},
        {**sent, "consent": "on", "email": "x"},
        {**sent, "phone": "12", "product_id": "9" * 20},
    ):
        answer = await client.post(address, data=wrong)
        assert (answer.status_code, 'aria-invalid="true"' in answer.text) == (422, True)
    both = (await client.post(address, data={"name": "Lê Ngọc Ánh"})).text
    assert all(sentence in both for sentence in ("Please give a phone number or a mail address", "Tick the box"))
    answer = await client.post(address, data={**sent, "consent": "on"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{fair.edition.path}/products/{product_id}")
    (lead,) = (await leads_of(fair.edition.id, stand.organisation_id)).items
    assert (lead.name, lead.phone) == ("Lê Ngọc Ánh", "+84912345678")


async def test_who_left_too_many_contacts_is_told_how_long_to_wait_and_keeps_what_she_wrote(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leads, "PER_BROWSER", 0)
    fair = await make_fair()
    stand = await make_stand(fair)
    address = f"{fair.edition.path}/exhibitors/{stand.organisation_id}/contact?lang=en"
    sent = {"name": "Lê Ngọc Ánh", "phone": "0912 345 678", "consent": "on", "client_id": "c1"}
    answer = await client.post(address, data=sent)
    assert (answer.status_code, "Please wait 60 minutes" in answer.text) == (429, True)
    assert [f'value="{value}"' in answer.text for value in ("Lê Ngọc Ánh", "0912 345 678")] == [True, True]


async def test_another_module_may_render_the_vote(client: httpx.AsyncClient) -> None:
    fair = await make_fair()
    stand = await make_stand(fair)
    product_id = await make_product(stand)
    asked: list[tuple[str, int]] = []

    async def provider(_edition: object, kind: str, target_id: int, _request: object) -> Part | None:
        asked.append((kind, target_id))
        return None

    add_vote_provider(provider)
    add_vote_provider(provider)
    try:
        await client.get(f"{fair.edition.path}/products/{product_id}")
        await client.get(f"{fair.edition.path}/exhibitors/{stand.organisation_id}")
    finally:
        _votes.remove(provider)
    assert asked == [("product", product_id), ("exhibitor", stand.organisation_id)]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/products/{}", 404),
        ("/exhibitors/{}", 404),
        ("/booths/{}", 404),
        ("/map?booth={}", 200),
        ("/catalogue?page={}", 200),
    ],
)
async def test_numbers_that_no_row_can_have_are_no_fault(client: httpx.AsyncClient, address: str, status: int) -> None:
    fair = await make_fair()
    for number in (2**31, 2**63, 10**30):
        assert (await client.get(fair.edition.path + address.format(number))).status_code == status


@pytest.mark.parametrize(("part", "status"), [("tickets", 404), ("fair", 200)])
async def test_a_fair_that_is_switched_off_has_no_catalogue(client: httpx.AsyncClient, part: str, status: int) -> None:
    fair = await make_fair(parts=[part])
    stand = await make_stand(fair)
    product = f"/products/{await make_product(stand)}"
    pages = ("/catalogue", "/map", product, f"/exhibitors/{stand.organisation_id}", f"/booths/{stand.booth_id}")
    for address in pages:
        assert (address, (await client.get(fair.edition.path + address)).status_code) == (address, status)
    for address in ("/halls", "/exhibitors", "/products", product):
        answer = await client.get(f"/api/v1/editions/{fair.edition.slug}{address}")
        assert (address, answer.status_code) == (address, status)
        assert status == 200 or answer.json()["code"] == "edition_not_found"


async def test_the_api_gives_pages_of_exhibitors_and_products(client: httpx.AsyncClient) -> None:
    fair = await make_fair()
    stand = await make_shown(fair, products=3)
    hidden = await make_product(stand, "Ẩn", active=False)
    base = f"/api/v1/editions/{fair.edition.slug}"
    exhibitors = (await client.get(f"{base}/exhibitors")).json()
    assert (exhibitors["total"], exhibitors["items"][0]["name"], exhibitors["items"][0]["products"]) == (
        1,
        stand.name,
        3,
    )
    assert "phone" not in exhibitors["items"][0]
    products = (await client.get(f"{base}/products", params={"q": "khan lua", "per_page": 2, "page": 2})).json()
    assert (products["total"], products["page"], len(products["items"])) == (3, 2, 1)
    assert products["items"][0]["price"] == {"amount_minor": 480_000, "currency": "VND"}
    one = (await client.get(f"{base}/products/{products['items'][0]['id']}")).json()
    assert (one["exhibitor"], len(one["photos"])) == (stand.name, 1)
    missing = await client.get(f"{base}/products/{hidden}")
    assert (missing.status_code, missing.json()["code"]) == (404, "product_not_found")
    assert (await client.get(f"{base}/products?page=-1&per_page=100000")).json()["per_page"] == 100
