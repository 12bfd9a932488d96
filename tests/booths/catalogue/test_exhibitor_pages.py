"""An exhibitor's own pages: what to do next, its products, its poster, and nobody else's."""

import re
from datetime import date
from io import BytesIO

import httpx
import pytest
from markupsafe import Markup

from app.accounts.enums import Role
from app.events.tables import Edition
from app.kernel import clock
from app.kernel.audit import list_entries
from app.kernel.documents.qr import qr_svg
from app.kernel.i18n import LOCALES
from app.kernel.sheets import read_table
from app.kernel.sheets.model import Refused
from booths.allocation.enums import ApplicationState
from booths.allocation.tables import Application
from booths.catalogue import documents
from booths.catalogue.queries.exhibitors import exhibitor_info
from booths.catalogue.queries.figures import leads_of
from booths.catalogue.queries.own import booth_given_on, next_steps
from booths.catalogue.queries.products import product_info, products_of_organisation
from booths.catalogue.services.codes import booth_code, product_codes
from booths.floorplan.enums import HolderState
from tests.booths.catalogue.factories import Fair, Stand, a_picture, make_fair, make_product, make_stand
from tests.booths.catalogue.test_visitors import leave
from tests.booths.factories import make_application
from tests.conftest import NOW
from tests.support.client import new_browser, sign_in
from tests.support.factories import make_holder
from tests.support.queries import counted_queries


async def enter(client: httpx.AsyncClient, stand: Stand) -> None:
    assert stand.owner.person_id is not None
    await sign_in(client, stand.owner.person_id)


def home(fair: Fair, stand: Stand) -> str:
    return f"/exhibitor/{stand.organisation_id}/{fair.edition.id}"


async def test_the_only_booth_opens_at_once(client: httpx.AsyncClient) -> None:
    fair = await make_fair()
    stand = await make_stand(fair)
    assert (await client.get("/exhibitor/")).status_code == 303  # to sign in
    await enter(client, stand)
    answer = await client.get("/exhibitor/")
    assert (answer.status_code, answer.headers["location"]) == (303, home(fair, stand))


async def test_home_says_what_is_next_and_shows_the_booth(client: httpx.AsyncClient) -> None:
    fair = await make_fair()
    stand = await make_stand(fair)
    await make_product(stand)
    await enter(client, stand)
    with clock.freeze(NOW), counted_queries() as sent:
        answer = await client.get(home(fair, stand))
    assert answer.status_code == 200
    for words in ("Tell your story", "By Friday", "Why this booth", "2 more make a good page."):
        assert words in answer.text
    assert len(sent) <= 18


@pytest.mark.parametrize(
    ("given", "due"),
    [
        (None, None),  # without a booth nothing is due
        (date(2026, 9, 1), date(2026, 10, 9)),  # a week before the first day
        (date(2026, 10, 9), date(2026, 10, 12)),  # three days after the booth was given
        (date(2026, 10, 15), date(2026, 10, 16)),  # yet on the first day at the latest
        (date(2026, 10, 17), date(2026, 10, 17)),  # and not before it was given
    ],
)
async def test_nothing_is_due_before_it_can_be_done(database: str, given: date | None, due: date | None) -> None:
    fair = await make_fair()
    stand = await make_stand(fair)
    steps = next_steps(
        base="",
        edition=fair.edition,
        profile=await exhibitor_info(stand.organisation_id),
        products=(),
        booths=(),
        given_on=given,
        scanned=0,
        fee=None,
    )
    assert {step.due for step in steps} == {due}
    assert await booth_given_on(fair.edition, stand.organisation_id) == date(2026, 10, 16)


async def test_home_of_a_cancelled_festival_asks_for_nothing(client: httpx.AsyncClient) -> None:
    fair = await make_fair()
    stand = await make_stand(fair)
    await enter(client, stand)
    assert "Do it now" in (await client.get(f"{home(fair, stand)}?lang=en")).text
    await Edition.update({Edition.state: "cancelled"}).where(Edition.id == fair.edition.id)
    shown = (await client.get(f"{home(fair, stand)}?lang=en")).text
    assert "There is nothing left to do for this festival." in shown
    assert [words in shown for words in ("Do it now", "What there is to do")] == [False, False]


async def test_home_without_a_booth_leads_to_the_application(client: httpx.AsyncClient) -> None:
    fair = await make_fair()
    stand = await make_stand(fair, state=HolderState.HELD)
    await enter(client, stand)
    answer = await client.get(home(fair, stand))
    assert "No booth has been allocated" in answer.text
    assert f"{fair.edition.path}/apply" in answer.text
    assert (await client.get(home(fair, stand) + "/poster.pdf")).status_code == 409


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (ApplicationState.DRAFT, "Your application is a draft."),
        (ApplicationState.SUBMITTED, "Your application is in."),
        (ApplicationState.WAITING, "You are on the waiting list."),
        (ApplicationState.WITHDRAWN, "Your application was withdrawn."),
    ],
)
async def test_home_says_where_the_application_stands(
    client: httpx.AsyncClient, state: ApplicationState, words: str
) -> None:
    fair = await make_fair()
    application_id, organisation = await make_application(fair.edition.id)
    await Application.update({Application.state: state.value}).where(Application.id == application_id)
    person = await make_holder(
        Role.EXHIBITOR_MEMBER, edition_id=fair.edition.id, organisation_id=organisation.id, now=NOW
    )
    await sign_in(client, person.id)
    answer = await client.get(f"/exhibitor/{organisation.id}/{fair.edition.id}")
    assert answer.status_code == 200
    assert words in answer.text
    mine = f"{fair.edition.path}/apply/mine/{application_id}"
    assert mine in answer.text


async def test_a_product_is_added_with_a_photo_and_changed(client: httpx.AsyncClient) -> None:
    fair = await make_fair()
    stand = await make_stand(fair)
    await enter(client, stand)
    products = home(fair, stand) + "/products"
    typed = {
        "name_vi": "Nón lá làng Chuông",
        "price": "150.000",
        "unit": "chiếc",
        "active": "on",
        "certificates": "OCOP 3 sao 2025",
    }
    answer = await client.post(
        f"{products}/new",
        data=typed,
        files=[
            ("photos", ("a.jpg", a_picture(), "image/jpeg")),
            ("photos", ("b.jpg", a_picture("#0b6e4f"), "image/jpeg")),
        ],
    )
    assert (answer.status_code, answer.headers["location"]) == (303, products)
    (card,) = await products_of_organisation(stand.organisation_id)
    found = await product_info(card.id)
    assert (found.name, len(found.photos), found.photos[0].width) == ({"vi": "Nón lá làng Chuông"}, 2, 400)
    assert found.price is not None
    assert found.price.amount_minor == 150_000
    page = await client.get(f"{products}/{card.id}")
    assert 'value="150.000"' in page.text
    answer = await client.post(f"{products}/{card.id}", data={**typed, "name_en": "Conical hat", "active": ""})
    assert answer.status_code == 303
    changed = await product_info(card.id, hidden=True)
    assert (changed.name["en"], changed.active, len(changed.photos)) == ("Conical hat", False, 2)
    assert "Conical hat" in (await client.get(products)).text
    first = changed.photos[1].id
    for act, left in (("first", 2), ("remove", 1)):
        answer = await client.post(f"{products}/{card.id}/photos/{first}/{act}")
        assert answer.status_code == 303
        assert len((await product_info(card.id, hidden=True)).photos) == left
    assert (await client.post(f"{products}/{card.id}/remove")).status_code == 303
    assert await products_of_organisation(stand.organisation_id, hidden=True) == []


@pytest.mark.parametrize(
    ("typed", "upload", "sentence"),
    [
        ({"name_vi": ""}, None, "Please give the name in at least one language."),
        ({"price": "nhiều"}, None, "This is no amount in VND."),
        ({"price": "9" * 17}, None, "The amount is more than"),
        ({"price": "nhiều"}, a_picture(), "This is no amount in VND."),
        ({"certificates": "x" * 130}, None, "At most 12 certificates"),
        ({"code": "A1"}, None, "Another product of yours has the code A1."),
        ({}, b"no picture", "This file is no picture that can be read."),
        ({}, a_picture(size=(9000, 8000)), "This picture is too large"),
    ],
)
async def test_what_does_not_fit_is_said_at_its_field(
    client: httpx.AsyncClient, typed: dict[str, str], upload: bytes | None, sentence: str
) -> None:
    fair = await make_fair()
    stand = await make_stand(fair)
    await make_product(stand, code="A1")
    await enter(client, stand)
    files = [("photos", ("a.jpg", upload, "image/jpeg"))] if upload else None
    answer = await client.post(
        home(fair, stand) + "/products/new", data={"name_vi": "Nón", "description_vi": "Lá cọ.", **typed}, files=files
    )
    assert (answer.status_code, sentence in answer.text, "Lá cọ." in answer.text) == (422, True, True)
    assert ("Please choose the photos again." in answer.text) == (upload is not None)
    assert len(await products_of_organisation(stand.organisation_id, hidden=True)) == 1


async def test_all_that_does_not_fit_is_said_at_once(client: httpx.AsyncClient) -> None:
    fair = await make_fair()
    stand = await make_stand(fair)
    await enter(client, stand)
    product = {"price": "nhiều", "certificates": "x" * 130, "code": "y" * 41}
    sent = {"website": "nowhere", "certificates": "x" * 130, "story_vi": "y" * 4001, "contact_public": "on"}
    for page, name, typed in (("/products/new", "photos", product), ("/profile", "photo", sent)):
        files = {name: ("a.jpg", b"no picture", "image/jpeg")}
        answer = await client.post(f"{home(fair, stand)}{page}", data=typed, files=files)
        wrong = re.findall(r'id="field-(\w+)-error"', answer.text)
        assert set(wrong) == {name, *typed} - {"contact_public"} | ({"name_en"} if name == "photos" else set())
    assert re.search(r'name="contact_public" value="on" checked', answer.text) is not None


async def test_an_error_in_another_language_lies_open(client: httpx.AsyncClient) -> None:
    fair = await make_fair()
    stand = await make_stand(fair)
    await enter(client, stand)
    for name, is_open in (("x" * 161, True), ("Hat", False)):
        typed = {"name_vi": "Nón", "name_en": name, "price": "nhiều"}
        answer = await client.post(f"{home(fair, stand)}/products/new?lang=vi", data=typed)
        assert ('<details class="more-languages" open>' in answer.text) == is_open
        assert answer.text.count(" autofocus") == 1


async def test_the_profile_is_kept_and_shown(client: httpx.AsyncClient) -> None:
    fair = await make_fair()
    stand = await make_stand(fair)
    await enter(client, stand)
    address = home(fair, stand) + "/profile"
    for locale in LOCALES:  # one's own language first, with what is expected in it
        shown = (await client.get(f"{address}?lang={locale}")).text
        fields = re.findall(r'name="story_(\w+)"( [^>]*aria-describedby)?', shown)
        assert [bool(hint) for _language, hint in fields] == [True, False, False]
        assert fields[0][0] == locale
    typed = {"story_vi": "Ba đời làm nón.", "website": "www.nonchuong.example", "contact_public": "on"}
    photo = {"photo": ("a.jpg", a_picture(), "image/jpeg")}
    assert (await client.post(address, data=typed, files=photo)).status_code == 303
    found = await exhibitor_info(stand.organisation_id)
    assert (found.story, found.website, bool(found.phone), found.photo is not None) == (
        {"vi": "Ba đời làm nón."},
        "https://www.nonchuong.example",
        True,
        True,
    )
    public = await client.get(f"{fair.edition.path}/exhibitors/{stand.organisation_id}")
    assert "Ba đời làm nón." in public.text
    assert found.phone_shown in public.text
    for wrong in ({"website": "javascript:alert(1)"}, {"website": "nowhere"}):
        for sent in ({}, photo):
            answer = await client.post(address, data={**typed, **wrong}, files=sent)
            assert answer.status_code == 422
            assert ("Please choose the photo again." in answer.text) == bool(sent)


async def test_contacts_are_listed_searched_and_exported(client: httpx.AsyncClient) -> None:
    fair = await make_fair()
    stand = await make_stand(fair)
    await enter(client, stand)
    address = home(fair, stand) + "/leads"
    assert "No contacts yet" in (await client.get(address)).text
    await leave(fair, stand, name="=cmd()", message="Giá sỉ?")
    await leave(fair, stand, name="Lê Ngọc Ánh", client_id="c2")
    page = await client.get(address)
    assert page.text.count("<tr>") == 3
    assert (await client.get(address + "?q=gi%C3%A1")).status_code == 200
    export = await client.get(address + ".xlsx")
    table = read_table(export.content)
    assert [row.values[0] for row in table.rows] == ["Lê Ngọc Ánh", "=cmd()"]
    assert not any(isinstance(value, Refused) for row in table.rows for value in row.values)


async def test_a_contact_is_deleted_by_its_exhibitor_alone(client: httpx.AsyncClient) -> None:
    fair = await make_fair()
    stand, stranger = await make_stand(fair), await make_stand(fair)
    await leave(fair, stand)
    (lead,) = (await leads_of(fair.edition.id, stand.organisation_id)).items
    await enter(client, stranger)
    assert (await client.post(f"{home(fair, stranger)}/leads/{lead.id}/remove")).status_code == 404
    assert (await client.post(f"{home(fair, stand)}/leads/{lead.id}/remove")).status_code == 403
    await enter(client, stand)
    assert (await client.post(f"{home(fair, stand)}/leads/{lead.id}/remove")).status_code == 303
    assert (await leads_of(fair.edition.id, stand.organisation_id)).items == []
    entries, _total = await list_entries(subject_type="lead")
    assert [(entry["action"], entry["before"]) for entry in entries] == [("lead.remove", None)]


@pytest.mark.slow
async def test_labels_lead_to_the_products(client: httpx.AsyncClient) -> None:
    fair = await make_fair()
    stand = await make_stand(fair)
    await enter(client, stand)
    assert (await client.get(home(fair, stand) + "/labels.pdf")).status_code == 409
    product_id = await make_product(stand)
    answer = await client.get(home(fair, stand) + "/labels.pdf")
    assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")
    codes = await product_codes(product_ids=[product_id], edition_id=fair.edition.id, now=NOW)
    scanned = await client.get(f"/s/{codes[product_id]}")
    assert scanned.headers["location"] == f"{fair.edition.path}/products/{product_id}"


@pytest.mark.slow
async def test_the_poster_is_a_pdf_with_the_booths_code(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    def drawn(text: str) -> Markup:
        said.append(text)
        return qr_svg(text)

    monkeypatch.setattr(documents, "qr_svg", drawn)
    fair = await make_fair()
    stand = await make_stand(fair)
    await enter(client, stand)
    for size in ("a4", "a5"):
        answer = await client.get(home(fair, stand) + f"/poster.pdf?size={size}")
        assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")
        assert f"-{size}.pdf" in answer.headers["content-disposition"]
    code = await booth_code(booth_id=stand.booth_id, edition_id=fair.edition.id, now=NOW)
    assert said == [f"http://testserver.local/s/{code}"] * 2


async def test_nobody_opens_another_exhibitors_pages(client: httpx.AsyncClient) -> None:
    fair = await make_fair()
    stand, stranger = await make_stand(fair), await make_stand(fair)
    product_id = await make_product(stand)
    await enter(client, stranger)
    theirs, own = home(fair, stand), home(fair, stranger)
    for path in (
        "",
        "/profile",
        "/products",
        "/products/new",
        f"/products/{product_id}",
        "/leads",
        "/leads.xlsx",
        "/poster.pdf",
    ):
        assert (await client.get(theirs + path)).status_code == 403
    for path in ("/profile", "/products/new", f"/products/{product_id}", f"/products/{product_id}/remove"):
        assert (await client.post(theirs + path, data={"name_vi": "Mất"})).status_code == 403
    assert (await client.get(f"{own}/products/{product_id}")).status_code == 404
    for path in (
        f"/products/{product_id}",
        f"/products/{product_id}/remove",
        f"/products/{product_id}/photos/1/remove",
    ):
        assert (await client.post(own + path, data={"name_vi": "Mất"})).status_code == 404
    assert (await product_info(product_id)).name == {"vi": "Khăn lụa tơ tằm"}
    other_edition = f"/exhibitor/{stranger.organisation_id}/{fair.edition.id + 1}"
    assert (await client.get(other_edition)).status_code == 403


async def test_the_organiser_sees_who_has_nothing_to_show(client: httpx.AsyncClient) -> None:
    fair = await make_fair()
    busy, idle = await make_stand(fair, name="Gốm Chi"), await make_stand(fair, name="Nón Chuông")
    await make_product(busy)
    manager = await make_holder(Role.MANAGER, edition_id=fair.edition.id, now=NOW)
    await sign_in(client, manager.id)
    base = f"/manage/{fair.edition.id}"
    dashboard = await client.get(base)
    assert "1 exhibitor has no product yet" in dashboard.text
    with counted_queries() as sent:
        listed = await client.get(f"{base}/catalogue")
    assert (listed.text.count("<tr>"), len(sent)) == (3, 3)
    missing = await client.get(f"{base}/catalogue?missing=products")
    assert (idle.name in missing.text, busy.name in missing.text) == (True, False)
    export = await client.get(f"{base}/catalogue.xlsx?q=gom")
    assert [row.values[0] for row in read_table(BytesIO(export.content).getvalue()).rows] == ["Gốm Chi"]
    async with new_browser() as other:
        await sign_in(other, busy.owner.person_id or 0)
        assert (await other.get(f"{base}/catalogue")).status_code == 403
