"""What exhibitors do on their pages stands in the log of the edition, in words."""

import httpx

from app.kernel import clock
from app.kernel.audit import list_entries
from app.kernel.audit_words import readable
from app.kernel.i18n import use_locale
from tests.booths.catalogue.factories import a_picture, make_fair, make_stand
from tests.booths.catalogue.test_exhibitor_pages import enter, home
from tests.conftest import NOW

PRODUCT = {"name_vi": "Khăn lụa", "price": "480.000", "unit": "chiếc", "category": "Lụa", "active": "on"}


async def log_of(edition_id: int) -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    """Return (what, on what, changes) of each entry of an edition as a Vietnamese reads them, the oldest first."""
    entries, _total = await list_entries(edition_id=edition_id)
    with use_locale("vi"):
        lines = await readable(entries, timezone="Asia/Ho_Chi_Minh", currency="VND")
    return [(line.action, line.name, list(line.changes)) for line in reversed(lines)]


async def test_a_product_is_logged_from_its_first_day_to_its_last(client: httpx.AsyncClient) -> None:
    fair = await make_fair()
    stand = await make_stand(fair)
    await enter(client, stand)
    base = f"{home(fair, stand)}/products"
    before = len(await log_of(fair.edition.id))
    with clock.freeze(NOW):
        picture = {"photos": ("lua.jpg", a_picture(), "image/jpeg")}
        await client.post(f"{base}/new", data=PRODUCT)
        listed = (await client.get(base)).text
        product = listed.split(f'href="{base}/')[-1].split('"')[0]
        await client.post(f"{base}/{product}", data={**PRODUCT, "description_vi": "Dệt tay", "unit": ""}, files=picture)
        await client.post(f"{base}/{product}", data={**PRODUCT, "description_vi": "Dệt tay", "unit": ""})
        await client.post(f"{base}/{product}/remove")
    log = (await log_of(fair.edition.id))[before:]
    whats = ["product.add", "product.change", "product.add_photos", "product.remove"]
    assert [what for what, _name, _changes in log] == whats
    assert [log[place][1] for place in (0, 1, 3)] == ["Khăn lụa"] * 3
    assert log[1][2] == [("Mô tả", "", "Dệt tay"), ("Đơn vị tính", "chiếc", "trống")]
    assert log[2][2] == [("Ảnh", "", "1 ảnh")]


async def test_story_and_photo_saved_together_are_both_logged(client: httpx.AsyncClient) -> None:
    fair = await make_fair()
    stand = await make_stand(fair)
    await enter(client, stand)
    path = f"{home(fair, stand)}/profile"
    before = len(await log_of(fair.edition.id))
    with clock.freeze(NOW):
        first = {"story_vi": "Ba đời dệt lụa", "website": "lua.example.vn", "certificates": "OCOP 4 sao 2025"}
        await client.post(path, data=first, files={"photo": ("lua.jpg", a_picture(), "image/jpeg")})
        await client.post(path, data={"website": "lua.example.vn", "contact_public": "on"})
        await client.post(path, data={"website": "lua.example.vn", "contact_public": "on"})
    log = (await log_of(fair.edition.id))[before:]
    saved = ("exhibitor_profile.save", stand.name)
    assert [(what, name) for what, name, _changes in log] == [saved, saved]
    assert sorted(log[0][2]) == sorted(
        [
            ("Câu chuyện", "", "Ba đời dệt lụa"),
            ("Trang web", "", "https://lua.example.vn"),
            ("Giấy chứng nhận", "", "OCOP 4 sao 2025"),
            ("Ảnh", "", "thêm mới"),
        ]
    )
    assert sorted(log[1][2]) == sorted(
        [
            ("Câu chuyện", "Ba đời dệt lụa", "trống"),
            ("Giấy chứng nhận", "OCOP 4 sao 2025", "trống"),
            ("Liên hệ hiện cho mọi người", "không", "có"),
        ]
    )
