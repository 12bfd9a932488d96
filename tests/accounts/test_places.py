"""Units and wards: what fields offer, and the JSON API."""

from __future__ import annotations

import httpx

HOAN_KIEM = {"level": "ward", "code": 70, "name": "Phường Hoàn Kiếm", "full_name": "Phường Hoàn Kiếm, Hà Nội"}
HANG_BAC = {
    "level": "ward",
    "code": 61,
    "name": "Phường Hàng Bạc",
    "full_name": "Phường Hàng Bạc, Quận Hoàn Kiếm",
    "valid_from": None,
    "valid_to": "2025-06-30",
    "into": [HOAN_KIEM],
}


async def test_a_field_offers_the_ward_of_today(client: httpx.AsyncClient) -> None:
    found = (await client.get("/places/wards", params={"ward": "hang bac, hoan kiem", "lang": "en"})).text
    assert found.count("<option") == 1
    assert '<option value="Phường Hoàn Kiếm, Hà Nội">Phường Hàng Bạc, Quận Hoàn Kiếm</option>' in found
    assert "is Phường Hoàn Kiếm, Hà Nội since 1 July 2025." in found
    assert (await client.get("/places/wards")).text.count("<option") == 0
    assert (await client.get("/places/wards", params={"ward": "<b>"})).text.count("<b>") == 0


async def test_the_api_knows_units_as_of_a_day(client: httpx.AsyncClient) -> None:
    base = "/api/v1/places"
    assert (await client.get(base, params={"q": "Hàng Bạc", "on": "2025-06-30"})).json() == [HANG_BAC]
    (today,) = (await client.get(base, params={"q": "Hàng Bạc", "on": "2026-01-01"})).json()
    assert (today["full_name"], today["valid_from"], today["valid_to"]) == (
        "Phường Hoàn Kiếm, Hà Nội",
        "2025-07-01",
        None,
    )
    assert (await client.get(base)).json() == []
    assert (await client.get(base, params={"q": "a" * 201})).status_code == 400


async def test_the_api_reads_an_old_address(client: httpx.AsyncClient) -> None:
    read = (await client.get("/api/v1/places/ward", params={"q": "P. Hàng Bạc, Q. Hoàn Kiếm"})).json()
    assert (read["standing"], read["wards"], read["former"]) == ("moved", [HOAN_KIEM], [HANG_BAC])
    several = (await client.get("/api/v1/places/ward", params={"q": "xã Cổ Đông, Sơn Tây"})).json()
    assert (several["standing"], len(several["wards"])) == ("open", 2)
    unknown = (await client.get("/api/v1/places/ward", params={"q": "Menteng"})).json()
    assert unknown == {"standing": "unknown", "wards": [], "former": [], "message": ""}
