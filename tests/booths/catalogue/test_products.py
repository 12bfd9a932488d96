"""Products and their photos."""

from dataclasses import replace

import pytest

from app.kernel.audit import list_entries
from app.kernel.money import Money
from booths.catalogue import errors
from booths.catalogue.queries.products import (
    facets,
    product_info,
    products_by_ids,
    products_of_edition,
    products_of_organisation,
)
from booths.catalogue.queries.searching import words_of
from booths.catalogue.schemas import ProductValues
from booths.catalogue.services import products as service
from booths.floorplan.enums import HolderState
from tests.booths.catalogue.factories import make_fair, make_product, make_stand
from tests.conftest import NOW

TEA = ProductValues(
    name={"vi": "Trà sen Tây Hồ", "en": "West Lake lotus tea"},
    description={"vi": "Ướp bằng hoa sen Bách Diệp."},
    code="TS-1",
    price=Money(900_000, "VND"),
    unit="100 g",
    category="Trà",
    certificates=[("OCOP 4 sao", 2024), ("VietGAP", None)],
)


async def test_a_product_is_kept_with_all_that_is_said(database: str) -> None:
    fair = await make_fair()
    stand = await make_stand(fair)
    product_id = await service.add_product(
        organisation_id=stand.organisation_id, values=TEA, photos=["a" * 64, "b" * 64], actor=stand.owner, now=NOW
    )
    found = await product_info(product_id)
    assert (found.name, found.code, found.price, found.unit) == (TEA.name, "TS-1", Money(900_000, "VND"), "100 g")
    assert [certificate.title for certificate in found.certificates] == ["OCOP 4 sao 2024", "VietGAP"]
    assert [photo.hash[0] for photo in found.photos] == ["a", "b"]
    entries, _total = await list_entries(subject_type="product", subject_id=product_id)
    assert (entries[0]["action"], entries[0]["actor_person_id"]) == ("product.add", stand.owner.person_id)


async def test_two_products_of_one_maker_cannot_share_a_code_but_two_makers_can(database: str) -> None:
    fair = await make_fair()
    stand, other = await make_stand(fair), await make_stand(fair)
    first = await make_product(stand, code="A1")
    second = await make_product(stand, "Nón Chuông", code="A2")
    await make_product(other, code="A1")
    await make_product(stand, "Không mã")
    await make_product(stand, "Cũng không mã")
    with pytest.raises(errors.ProductCodeTaken):
        await make_product(stand, code="A1")
    with pytest.raises(errors.ProductCodeTaken):
        await service.change_product(
            product_id=second,
            organisation_id=stand.organisation_id,
            values=replace(TEA, code="A1"),
            actor=stand.owner,
            now=NOW,
        )
    assert (await product_info(first)).code == "A1"


async def test_nobody_touches_the_product_of_another(database: str) -> None:
    fair = await make_fair()
    stand, other = await make_stand(fair), await make_stand(fair)
    product_id = await make_product(stand)
    await service.add_photos(
        product_id=product_id, organisation_id=stand.organisation_id, photos=["a" * 64], actor=stand.owner, now=NOW
    )
    (photo,) = (await product_info(product_id)).photos
    stranger: dict[str, object] = {
        "product_id": product_id,
        "organisation_id": other.organisation_id,
        "actor": other.owner,
        "now": NOW,
    }
    for attempt in (
        service.change_product(values=TEA, **stranger),
        service.remove_product(**stranger),
        service.add_photos(photos=["c" * 64], **stranger),
        service.remove_photo(photo_id=photo.id, **stranger),
        service.put_photo_first(photo_id=photo.id, **stranger),
    ):
        with pytest.raises(errors.ProductNotFound):
            await attempt
    found = await product_info(product_id)
    assert (found.name, [one.hash for one in found.photos]) == ({"vi": "Khăn lụa tơ tằm"}, ["a" * 64])
    with pytest.raises(errors.ProductNotFound):
        await product_info(product_id, organisation_id=other.organisation_id)


async def test_photos_are_ordered_limited_and_removed(database: str) -> None:
    stand = await make_stand(await make_fair())
    product_id = await make_product(stand)
    own: dict[str, object] = {
        "product_id": product_id,
        "organisation_id": stand.organisation_id,
        "actor": stand.owner,
        "now": NOW,
    }
    await service.add_photos(photos=["a" * 64, "b" * 64, "a" * 64], **own)
    await service.add_photos(photos=["b" * 64, "c" * 64], **own)
    photos = (await product_info(product_id)).photos
    assert [photo.hash[0] for photo in photos] == ["a", "b", "c"]
    await service.put_photo_first(photo_id=photos[2].id, **own)
    await service.remove_photo(photo_id=photos[0].id, **own)
    assert [photo.hash[0] for photo in (await product_info(product_id)).photos] == ["c", "b"]
    with pytest.raises(errors.PhotoNotFound):
        await service.remove_photo(photo_id=photos[0].id, **own)
    with pytest.raises(errors.TooManyPhotos):
        await service.change_product(values=TEA, photos=[f"{number:064d}" for number in range(7)], **own)
    assert (await product_info(product_id)).name == {"vi": "Khăn lụa tơ tằm"}


async def test_a_removed_product_is_gone_with_its_photos(database: str) -> None:
    stand = await make_stand(await make_fair())
    product_id = await make_product(stand)
    own: dict[str, object] = {
        "product_id": product_id,
        "organisation_id": stand.organisation_id,
        "actor": stand.owner,
        "now": NOW,
    }
    await service.add_photos(photos=["a" * 64], **own)
    await service.remove_product(**own)
    with pytest.raises(errors.ProductNotFound):
        await product_info(product_id, hidden=True)
    assert await products_of_organisation(stand.organisation_id, hidden=True) == []


async def test_an_edition_shows_what_its_exhibitors_make_and_nothing_else(database: str) -> None:
    fair, other_fair = await make_fair(), await make_fair(slug="nam-sau")
    shown = await make_stand(fair, name="Gốm Chi")
    only_held = await make_stand(fair, state=HolderState.HELD)
    elsewhere = await make_stand(other_fair)
    first = await make_product(shown, "Bình gốm", category="Gốm")
    second = await make_product(shown, "Đĩa gốm", category="Gốm")
    hidden = await make_product(shown, "Ẩn", active=False)
    for stand in (only_held, elsewhere):
        await make_product(stand)
    found = await products_of_edition(fair.edition.id)
    assert [(card.id, card.organisation) for card in found] == [(first, "Gốm Chi"), (second, "Gốm Chi")]
    assert [facet.amount for facet in await facets(fair.edition.id)] == [2]
    assert [card.id for card in await products_by_ids(fair.edition.id, [second, hidden, first])] == [second, first]


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("lua", {"Khăn lụa"}),
        ("LỤA khan", {"Khăn lụa"}),
        ("do", {"Đèn đỏ"}),
        ("ocop", {"Đèn đỏ"}),
        ("100%", {"Cotton 100%"}),
        ("lua do", set()),
        ("lu", {"Khăn lụa"}),
        ("ua", set()),
        ("tton", set()),
        ("thu", {"Ví (thủ công)"}),
        ("thu-cong", {"Ví (thủ công)"}),
        ("b 12", set()),
        ("AB-12", {"Ví (thủ công)"}),
        ("", {"Khăn lụa", "Đèn đỏ", "Cotton 100%", "Ví (thủ công)"}),
    ],
)
async def test_search_needs_no_accents_and_takes_signs_as_they_are(database: str, search: str, names: set[str]) -> None:
    fair = await make_fair()
    stand = await make_stand(fair)
    await make_product(stand, "Khăn lụa", category="")
    await make_product(stand, "Đèn đỏ", category="", certificates=[("OCOP 3 sao", 2025)])
    await make_product(stand, "Cotton 100%", category="")
    await make_product(stand, "Ví (thủ công)", category="", code="AB-12")
    found = await products_of_edition(fair.edition.id, words=words_of(search))
    assert {card.name["vi"] for card in found} == names


async def test_the_first_product_of_each_exhibitor_comes_first(database: str) -> None:
    fair = await make_fair()
    stands = [await make_stand(fair) for _number in range(2)]
    for stand in stands:
        for name in ("Một", "Hai"):
            await make_product(stand, name)
    found = await products_of_edition(fair.edition.id)
    assert [card.name["vi"] for card in found] == ["Một", "Một", "Hai", "Hai"]
    assert await products_of_edition(fair.edition.id, offset=3, limit=2) == found[3:]
