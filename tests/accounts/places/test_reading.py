"""Old addresses as people write them, held against a list that was written from the resolutions."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from app.accounts.places.reading import Standing, read_ward
from app.accounts.places.searching import find_units, find_wards
from app.accounts.places.units import units

SHEET = Path(__file__).with_name("old_addresses.csv")
LINES = csv.DictReader(SHEET.read_text(encoding="utf-8").splitlines(keepends=True))
ROWS = [(row["written"], row["today"]) for row in LINES]
SETTLED = [row for row in ROWS if row[1][0] not in "=?" and ";" not in row[1]]
OPEN = [row for row in ROWS if row[1][0] == "?" or ";" in row[1]]
STAYING = [written for written, today in ROWS if today == "="]


def test_the_list_is_long_enough_to_be_of_use() -> None:
    assert (len(SETTLED) >= 60, len(OPEN) >= 12, len(STAYING) >= 4) == (True, True, True)


@pytest.mark.parametrize(("written", "today"), SETTLED)
def test_a_ward_that_went_into_one_is_that_one(written: str, today: str) -> None:
    reading = read_ward(written)
    assert (reading.standing, [ward.full for ward in reading.wards]) == (Standing.MOVED, [today])


@pytest.mark.parametrize(("written", "today"), OPEN)
def test_a_ward_that_can_be_several_is_not_guessed(written: str, today: str) -> None:
    reading = read_ward(written)
    assert (reading.standing, reading.ward) == (Standing.OPEN, None)
    assert {ward.full for ward in reading.wards} == set(today.removeprefix("?").split("; "))


@pytest.mark.parametrize("written", STAYING)
def test_what_is_todays_or_no_ward_at_all_stays(written: str) -> None:
    assert read_ward(written).standing in (Standing.TODAY, Standing.UNKNOWN)


@pytest.mark.parametrize(
    ("written", "standing"),
    [
        ("Phường Hàng Bạc, Thị xã Sơn Tây", Standing.UNKNOWN),  # no such ward in that district
        ("Phường Hàng Bác, Quận Hoàn Kiếm", Standing.UNKNOWN),  # another accent is another name
        ("Phường Hoàn Kiếm, Quận Hoàn Kiếm", Standing.TODAY),  # the new ward beside the old district
        ("Phường 1", Standing.UNKNOWN),  # too many to offer any
        ("", Standing.UNKNOWN),
        (", , ;", Standing.UNKNOWN),
        ("Quận Hoàn Kiếm, Hà Nội", Standing.UNKNOWN),
        ("a " * 500, Standing.UNKNOWN),
    ],
)
def test_what_does_not_fit_together_is_not_understood(written: str, standing: Standing) -> None:
    assert read_ward(written).standing == standing


def test_every_former_ward_is_found_by_its_own_full_address() -> None:
    former = [unit for unit in units().all if unit.level == "ward" and unit.valid_to is not None]
    lost = []
    for ward in former:
        assert ward.above is not None
        assert ward.above.above is not None
        reading = read_ward(f"{ward.full}, {ward.above.above.name}")
        if ward not in reading.former:
            lost.append(ward.full)
    assert lost == []


def test_an_old_name_finds_the_new_ward() -> None:
    assert [(ward.full, former.full if former else "") for ward, former in find_wards("phuong hang bac")] == [
        ("Phường Hoàn Kiếm, Hà Nội", "Phường Hàng Bạc, Quận Hoàn Kiếm"),
    ]
    assert next((ward.name, former) for ward, former in find_wards("Hoàn Kiế")) == ("Phường Hoàn Kiếm", None)
    assert find_wards("x") == []


def test_units_are_known_as_of_a_day() -> None:
    assert [unit.full for unit in find_units("Hàng Bạc", on=date(2025, 6, 30))] == ["Phường Hàng Bạc, Quận Hoàn Kiếm"]
    assert [unit.full for unit in find_units("Hàng Bạc", on=date(2025, 7, 1))] == ["Phường Hoàn Kiếm, Hà Nội"]
    assert [unit.full for unit in find_units("quận hoàn kiếm", on=date(2024, 1, 1))] == [
        "Quận Hoàn Kiếm, Hà Nội",
    ]
