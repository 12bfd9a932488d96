"""Contacts that visitors leave, scans that are counted, profiles with their consent."""

from datetime import timedelta

import pytest

from app.accounts.tables import Consent
from app.events.short_codes import resolve_short_code
from app.events.slots import Scan
from app.kernel.errors import TooManyTries
from booths.catalogue import errors
from booths.catalogue.queries.exhibitors import exhibitor_info, exhibitors_of
from booths.catalogue.queries.figures import leads_of, scans_of
from booths.catalogue.schemas import ProfileValues
from booths.catalogue.services import leads as service
from booths.catalogue.services.codes import booth_code, count_scan, product_codes, resolve_product
from booths.catalogue.services.profiles import save_profile
from booths.catalogue.tables import CodeScan, Lead
from tests.booths.catalogue.factories import Fair, Stand, make_fair, make_product, make_stand
from tests.conftest import NOW
from tests.support.client import the_app


async def leave(fair: Fair, stand: Stand, **values: object) -> None:
    given: dict[str, object] = {
        "name": "Trần Thị Hương",
        "phone": "+84912345678",
        "consent_wording": "Tôi đồng ý.",
        "consented": True,
        "client_id": "c1",
        **values,
    }
    await service.leave_contact(
        edition_id=fair.edition.id,
        organisation_id=stand.organisation_id,
        now=NOW,
        **given,  # type: ignore[arg-type]
    )


async def test_a_contact_is_kept_once_with_what_was_agreed_to(database: str) -> None:
    fair = await make_fair()
    stand = await make_stand(fair)
    product_id = await make_product(stand)
    await leave(fair, stand, product_id=product_id, message="Giá sỉ?")
    await leave(fair, stand, product_id=product_id, message="Giá sỉ?")
    (found,) = (await leads_of(fair.edition.id, stand.organisation_id)).items
    assert (found.name, found.phone, found.product) == ("Trần Thị Hương", "+84912345678", {"vi": "Khăn lụa tơ tằm"})
    row = await Lead.select(Lead.consent_wording).first()
    assert row == {"consent_wording": "Tôi đồng ý."}


@pytest.mark.parametrize(
    ("values", "refusal"),
    [({"consented": False}, errors.ConsentMissing), ({"phone": ""}, errors.ContactMissing)],
)
async def test_nothing_is_kept_without_consent_or_contact(
    database: str, values: dict[str, object], refusal: type[Exception]
) -> None:
    fair = await make_fair()
    stand = await make_stand(fair)
    with pytest.raises(refusal):
        await leave(fair, stand, **values)
    assert await Lead.count() == 0


async def test_a_contact_goes_to_an_exhibitor_of_the_edition_about_its_own_product(database: str) -> None:
    fair, other_fair = await make_fair(), await make_fair(slug="nam-sau")
    stand, elsewhere = await make_stand(fair), await make_stand(other_fair)
    foreign = await make_product(elsewhere)
    with pytest.raises(errors.ExhibitorNotFound):
        await leave(fair, elsewhere)
    with pytest.raises(errors.ProductNotFound):
        await leave(fair, stand, product_id=foreign)


async def test_one_browser_cannot_flood_an_exhibitor(database: str) -> None:
    fair = await make_fair()
    stand = await make_stand(fair)
    for number in range(service.PER_BROWSER):
        await leave(fair, stand, client_id=f"c{number}", browser="b")
    with pytest.raises(TooManyTries):
        await leave(fair, stand, client_id="more", browser="b")
    await leave(fair, stand, client_id="another", browser="other")


async def test_scans_are_counted_by_browser_and_day_of_the_edition(database: str) -> None:
    fair = await make_fair()
    stand = await make_stand(fair)
    late = NOW + timedelta(hours=16)  # half past midnight in Hanoi
    for visitor, at in (("v1", NOW), ("v1", NOW), ("v2", NOW), ("v1", late)):
        await count_scan(
            Scan(code="X", kind="booth", target_id=stand.booth_id, edition_id=fair.edition.id, at=at, visitor=visitor)
        )
    await count_scan(Scan(code="Y", kind="session", target_id=1, edition_id=fair.edition.id, at=NOW))
    found = await scans_of(fair.edition.id, "booth", [stand.booth_id])
    assert [(day.isoformat(), visitors) for day, visitors in found] == [("2026-10-16", 2), ("2026-10-17", 1)]
    rows = await CodeScan.select(CodeScan.times)
    assert sum(row["times"] for row in rows) == 4


async def test_codes_lead_to_the_booth_and_the_product(client: object) -> None:
    the_app()
    fair = await make_fair()
    stand = await make_stand(fair)
    product_id = await make_product(stand)
    code = await booth_code(booth_id=stand.booth_id, edition_id=fair.edition.id, now=NOW)
    assert await booth_code(booth_id=stand.booth_id, edition_id=fair.edition.id, now=NOW) == code
    _row, path = await resolve_short_code(code)
    assert path == f"/e/{fair.edition.slug}/booths/{stand.booth_id}"
    codes = await product_codes(product_ids=[product_id], edition_id=fair.edition.id, now=NOW)
    _row, path = await resolve_short_code(codes[product_id])
    assert path == f"/e/{fair.edition.slug}/products/{product_id}"
    assert await resolve_product(10_000) is None


async def test_contact_details_are_shown_only_with_consent_which_is_kept(database: str) -> None:
    fair = await make_fair()
    stand = await make_stand(fair)
    assert (await exhibitor_info(stand.organisation_id)).phone == ""
    values = ProfileValues(
        story={"vi": "Ba đời làm gốm."},
        certificates=[("HACCP", 2025)],
        contact_public=True,
        consent_wording="Hiện số điện thoại.",
    )
    for shown in (True, True, False):
        await save_profile(
            organisation_id=stand.organisation_id,
            values=ProfileValues(**{**values.__dict__, "contact_public": shown}),
            photo="a" * 64,
            actor=stand.owner,
            now=NOW,
        )
        found = await exhibitor_info(stand.organisation_id)
        assert (bool(found.phone), found.contact_public) == (shown, shown)
    assert [certificate.title for certificate in found.certificates] == ["HACCP 2025"]
    kept = await Consent.select(Consent.person, Consent.given, Consent.wording).order_by(Consent.id)
    assert [(row["person"], row["given"], row["wording"]) for row in kept] == [
        (stand.owner.person_id, True, "Hiện số điện thoại."),
        (stand.owner.person_id, False, "Hiện số điện thoại."),
    ]
    (card,) = await exhibitors_of(fair.edition.id)
    assert (card.photo, card.has_story) == ("a" * 64, True)
