"""The units of before and after July 2025, held against vietnam-provinces and against what the resolutions say."""

from __future__ import annotations

from collections import Counter
from datetime import date

from vietnam_provinces import Province, Ward

from app.accounts.places.units import DISTRICT, PROVINCE, WARD, Unit, fold, units

BEFORE, AFTER = date(2025, 6, 30), date(2025, 7, 1)


def in_force(level: str, on: date) -> list[Unit]:
    """Return the units of a level that were there on a day."""
    return [unit for unit in units().all if unit.level == level and unit.in_force(on)]


def test_todays_units_are_those_of_vietnam_provinces() -> None:
    wards = {(unit.code, unit.name, unit.above.code if unit.above else 0) for unit in in_force(WARD, AFTER)}
    assert wards == {(ward.code, ward.name, ward.province_code) for ward in Ward.iter_all()}
    provinces = {(unit.code, unit.name) for unit in in_force(PROVINCE, AFTER)}
    assert provinces == {(one.code, one.name) for one in Province.iter_all()}
    counts = [len(in_force(level, AFTER)) for level in (PROVINCE, DISTRICT, WARD)]
    assert counts == [34, 0, 3_321]  # as the resolutions of June 2025 made them


def test_the_day_before_there_were_three_tiers() -> None:
    counts = [len(in_force(level, BEFORE)) for level in (PROVINCE, DISTRICT, WARD)]
    assert counts == [63, 696, 10_035]  # as the Ministry of Home Affairs counted them at the end of June 2025


def test_every_former_ward_went_into_wards_of_the_province_that_its_own_went_into() -> None:
    astray = []
    for ward in in_force(WARD, BEFORE):
        assert ward.above is not None
        assert ward.above.above is not None
        targets = {one.above for one in ward.into}
        if targets != set(ward.above.above.into):
            astray.append(ward.full)
    assert astray == []


def test_every_ward_of_today_has_a_part_of_a_former_unit() -> None:
    parts = {ward for unit in units().all if unit.level != PROVINCE for ward in unit.into}
    assert parts == set(in_force(WARD, AFTER))


def test_hanoi_has_126_wards_and_communes_and_took_them_from_526() -> None:
    hanoi = [ward for ward in in_force(WARD, AFTER) if ward.above is not None and ward.above.code == 1]
    kinds = Counter(ward.name.split()[0] for ward in hanoi)
    assert kinds == {"Phường": 51, "Xã": 75}  # resolution 1656/NQ-UBTVQH15, article 1
    before = [w for w in in_force(WARD, BEFORE) if w.above and w.above.above and w.above.above.code == 1]
    assert len(before) == 526  # since resolution 1286/NQ-UBTVQH15, of 1 January 2025
    assert {ward for one in before for ward in one.into} == set(hanoi)


def test_names_are_compared_without_what_people_leave_out() -> None:
    assert [fold(name) for name in ("Mỹ Đình 1", "mi dinh 1", "01", "Ea H'Leo")] == [
        "midinh1",
        "midinh1",
        "1",
        "eahleo",
    ]
