"""What looks like one, and what does not."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from app.accounts.enums import Likeness, RecordKind
from app.accounts.merging.likeness import likely_pairs, name_key, number_key, phone_key, ward_key
from app.accounts.tables import Organisation
from tests.support.factories import make_organisation, make_person


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("+84912345678", "0912 345 678", True),
        ("+84912345678", "+62912345678", True),
        ("0084 912 345 678", "84-912.345.678", True),
        ("+842438251234", "024 3825 1234", True),
        ("+84912345678", "+84912345679", False),
        ("113", "113", False),
    ],
)
def test_phones_are_compared_as_they_are_dialled_at_home(one: str, other: str, same: bool) -> None:
    assert (bool(phone_key(one)) and phone_key(one) == phone_key(other)) == same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Công ty TNHH Sen Hồng", "SEN HONG", True),
        ("Công ty TNHH MTV Sen Hồng", "Công ty cổ phần Sen hồng", True),
        ("HTX Lụa Vạn Phúc", "Hợp tác xã Lụa Vạn Phúc", True),
        ("Hộ kinh doanh Nguyễn Thị Lan", "Hộ Nguyễn Thị Lan", True),
        ("PT. Batik Ayu", "Batik Ayu, PT", True),
        ("Sen Hồng", "Sen Vàng", False),
        ("Công ty", "HTX", False),
    ],
)
def test_names_are_compared_without_case_accents_and_legal_forms(one: str, other: str, same: bool) -> None:
    assert (name_key(one) == name_key(other)) == same


def test_numbers_and_wards_are_compared_without_signs() -> None:
    assert number_key("0107 712 345") == number_key("107712345")
    assert number_key("0107712345") != number_key("0107712345-001")
    assert ward_key("Phường Cát Hải") == ward_key("cat hai") == ward_key("P. Cát Hải")


async def alike(kind: RecordKind) -> list[tuple[int, int, tuple[Likeness, ...]]]:
    """Return the pairs."""
    return [(pair.first, pair.second, pair.reasons) for pair in await likely_pairs(kind)]


async def test_organisations_by_each_sign(database: str, frozen_now: datetime) -> None:
    async def make(**values: Any) -> int:
        return (await make_organisation(now=frozen_now, **values)).id

    first = await make(name="HTX Sen", ward="Xã Hòa Vang", phone="+84912345678", tax_number="0107712345")
    by_name = await make(name="hợp tác xã SEN", ward="hoa vang")
    by_phone = await make(name="Khác", phone="0912 345 678")
    by_number = await make(name="Lạ", tax_number="107 712 345")
    await make(name="HTX Sen", ward="Xã Khác")
    await make(name="HTX Sen")
    assert await alike(RecordKind.ORGANISATION) == [
        (first, by_name, (Likeness.NAME_AND_WARD,)),
        (first, by_phone, (Likeness.PHONE,)),
        (first, by_number, (Likeness.NUMBER,)),
    ]


async def test_wards_of_one_name_in_two_provinces_are_two(database: str, frozen_now: datetime) -> None:
    for code in (101, 202):
        await make_organisation(name="HTX Sen", ward="Xã Tân Hội", ward_code=code, now=frozen_now)
    assert await alike(RecordKind.ORGANISATION) == []


async def test_one_that_followed_the_other_is_no_duplicate(database: str, frozen_now: datetime) -> None:
    ended, _begun = [
        await make_organisation(name="Hội Cát Hải", ward="Cát Hải", now=frozen_now, **values)
        for values in ({"valid_to": date(2025, 6, 30)}, {"valid_from": date(2025, 7, 1)})
    ]
    assert await alike(RecordKind.ORGANISATION) == []
    await Organisation.update({Organisation.valid_to: date(2025, 7, 31)}).where(Organisation.id == ended.id)
    assert len(await alike(RecordKind.ORGANISATION)) == 1


async def test_people_by_number_and_by_name_in_a_ward_and_never_by_name_alone(
    database: str, frozen_now: datetime
) -> None:
    one, two, far = [
        await make_person(name=name, now=frozen_now) for name in ("Hồ Thị Lan", "HO THI LAN", "Hồ Thị Lan")
    ]
    for person, ward in ((one, "Xã A Lưới"), (two, "A Lưới"), (far, "Xã Nam Đông")):
        await make_organisation(contact=person.id, ward=ward, now=frozen_now)
    wife, twin = await make_person(name="Vũ A", now=frozen_now), await make_person(name="Vũ B", now=frozen_now)
    await make_organisation(contact=wife.id, tax_number="001188012345", now=frozen_now)
    await make_organisation(contact=twin.id, tax_number="001 188 012 345", now=frozen_now)
    assert await alike(RecordKind.PERSON) == [
        (one.id, two.id, (Likeness.NAME_AND_WARD,)),
        (wife.id, twin.id, (Likeness.NUMBER,)),
    ]


async def test_a_number_that_many_share_gives_few_pairs(database: str, frozen_now: datetime) -> None:
    ids = [(await make_organisation(phone="+84912345678", now=frozen_now)).id for _ in range(9)]
    assert [pair[:2] for pair in await alike(RecordKind.ORGANISATION)] == [(ids[0], other) for other in ids[1:]]
