"""What is kept of a ward, and what a sheet proposes."""

from __future__ import annotations

from datetime import datetime

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import OrganisationKind
from app.accounts.places.wards import UNKNOWN, keep_ward, propose_ward, ward_place, ward_problem
from app.accounts.services.people import create_organisation
from app.kernel.i18n import use_locale
from app.kernel.sheets.model import said

OLD, NEW = "P. Hàng Bạc, Q. Hoàn Kiếm", "Phường Hoàn Kiếm, Hà Nội"


@pytest.mark.parametrize(
    ("written", "ward", "code", "before"),
    [
        (OLD, NEW, 70, OLD),
        ("Phường Hoàn Kiếm", "Phường Hoàn Kiếm", 70, ""),
        ("xã Cổ Đông, thị xã Sơn Tây", "xã Cổ Đông, thị xã Sơn Tây", None, ""),
        ("Kelurahan Menteng", "Kelurahan Menteng", None, ""),
        ("", "", None, ""),
    ],
)
def test_only_what_is_certain_is_kept_under_its_name_of_today(
    written: str, ward: str, code: int | None, before: str
) -> None:
    assert keep_ward(written) == {"ward": ward, "ward_code": code, "ward_before": before}


@pytest.mark.parametrize(
    ("locale", "sentence"),
    [
        ("en", "Phường Hàng Bạc, Quận Hoàn Kiếm is Phường Hoàn Kiếm, Hà Nội since 1 July 2025."),
        ("vi", "Phường Hàng Bạc, Quận Hoàn Kiếm là Phường Hoàn Kiếm, Hà Nội từ ngày 01/07/2025."),
    ],
)
def test_what_became_of_a_ward_is_said_in_the_readers_language(locale: str, sentence: str) -> None:
    proposed = propose_ward(OLD)
    assert proposed is not None
    with use_locale(locale):
        assert said(proposed.message, proposed.params) == sentence
    assert (proposed.becomes, proposed.options) == (NEW, ())


def test_a_divided_ward_proposes_all_that_have_a_part_of_it() -> None:
    proposed = propose_ward("xã Cổ Đông, thị xã Sơn Tây")
    assert proposed is not None
    assert (proposed.becomes, sorted(proposed.options)) == (None, ["Xã Hòa Lạc, Hà Nội", "Xã Đoài Phương, Hà Nội"])
    assert propose_ward(NEW) is None


def test_a_ward_that_nobody_knows_is_loaded_with_a_word() -> None:
    proposed = propose_ward("Phường Không Có")
    assert proposed is not None
    assert (proposed.becomes, proposed.options, proposed.message) == ("Phường Không Có", (), UNKNOWN)
    assert propose_ward("Menteng, Jakarta") is None


def test_a_form_asks_again_only_where_several_are_meant() -> None:
    with use_locale("en"):
        assert ward_problem("xã Cổ Đông, Sơn Tây") == (
            "Xã Cổ Đông, Thị xã Sơn Tây was divided on 1 July 2025. It is one of these now: "
            "Xã Đoài Phương, Hà Nội; Xã Hòa Lạc, Hà Nội. Please write which."
        )
    assert [ward_problem(text) for text in (OLD, NEW, "", "Menteng")] == ["", "", "", ""]


def test_records_of_one_ward_are_found_however_it_was_written() -> None:
    assert len({ward_place(text) for text in (OLD, NEW, "phuong hoan kiem", "hang bac")}) == 1
    assert ward_place("Menteng") != ward_place("Gambir")


async def test_an_organisation_keeps_the_old_ward_beside_the_new_one(database: str, frozen_now: datetime) -> None:
    made = await create_organisation(
        name="Bạc Đinh", kind=OrganisationKind.HOUSEHOLD, ward=OLD, actor=SYSTEM, now=frozen_now
    )
    assert (made.ward, made.ward_code, made.ward_before) == (NEW, 70, OLD)
    assert made.search_text == "bac dinh phuong hoan kiem, ha noi p. hang bac, q. hoan kiem"
