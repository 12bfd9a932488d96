"""The committed sheets are what the generator makes, and the festival in them is whole and plausible."""

import unicodedata
import zipfile
from collections import Counter
from io import BytesIO
from itertools import pairwise

import pytest
from vietnam_provinces import Province, Ward

from app.demo.crowd import TICKETS
from app.demo.fair import exhibitors
from app.demo.make_sheets import SHEETS, make
from app.kernel.money import parse_money
from app.kernel.names import normalise_email, normalise_phone
from tests.demo.reading import Sheet, read

MADE = make()
NAMES = sorted(MADE)
PHONES = {"Số điện thoại", "Điện thoại", "Phone", "Telepon"}
PEOPLE = ("Người liên hệ", "Trưởng nhóm", "Họ và tên", "Full name", "Nama lengkap")
WARDS = {
    f"{ward.name}, {Province.from_code(ward.province_code).name.removeprefix('Thành phố ')}" for ward in Ward.iter_all()
}


@pytest.fixture(scope="module")
def sheets() -> dict[str, Sheet]:
    return {name: read(MADE[name]) for name in NAMES}


def test_a_second_run_changes_no_byte() -> None:
    assert make() == MADE


@pytest.mark.parametrize("name", NAMES)
def test_committed_sheet_is_the_made_one(name: str) -> None:
    assert content(SHEETS.joinpath(name).read_bytes()) == content(MADE[name])


def test_no_other_sheet_is_committed() -> None:
    assert sorted(path.name for path in SHEETS.iterdir()) == NAMES


def test_counts(sheets: dict[str, Sheet]) -> None:
    assert {name: len(sheet) for name, sheet in sheets.items()} == {
        "applications.xlsx": 95,
        "applications_late.xlsx": 12,
        "applications_with_errors.xlsx": 12,
        "attendees.csv": 2000,
        "experts.csv": 20,
        "gates.csv": 6,
        "halls.xlsx": 180,
        "ideas.xlsx": 60,
        "judges.csv": 14,
        "organisations.csv": 199,
        "products.xlsx": 320,
        "programme.xlsx": 14,
        "ticket_types.csv": 3,
    }


def test_halls_have_260_cells_none_taken_twice(sheets: dict[str, Sheet]) -> None:
    booths = sheets["halls.xlsx"]
    cells = [(row["Hội trường"], cell) for row in booths for cell in row["Ô"].split()]
    assert len(set(cells)) == len(cells) == 260
    assert len({row["Hội trường"] for row in booths}) == 2
    assert Counter(len(row["Ô"].split()) for row in booths) == {1: 110, 2: 60, 3: 10}
    assert len({row["Gian hàng"] for row in booths}) == 180


def test_cells_of_a_booth_touch(sheets: dict[str, Sheet]) -> None:
    for row in sheets["halls.xlsx"]:
        places = [(ord(cell[0]), int(cell[1:])) for cell in row["Ô"].split()]
        steps = [abs(x - p) + abs(y - q) for (x, y), (p, q) in pairwise(places)]
        assert all(step == 1 for step in steps), row


def test_every_wish_has_a_booth_that_could_serve_it(sheets: dict[str, Sheet]) -> None:
    offered = [(row["Khu vực"], len(row["Ô"].split()), row["Công suất điện (W)"]) for row in sheets["halls.xlsx"]]
    for row in sheets["applications.xlsx"]:
        wanted = row["Khu vực mong muốn"], row["Số ô đăng ký"]
        assert any((zone, cells) == wanted and watts >= row["Công suất điện (W)"] for zone, cells, watts in offered), (
            row
        )


def test_exhibitors_by_kind(sheets: dict[str, Sheet]) -> None:
    rows = sheets["applications.xlsx"]
    kinds = Counter(row["Loại hình"] for row in rows)
    assert kinds == {"Hộ kinh doanh": 35, "Hợp tác xã": 25, "Nghệ nhân": 20, "Doanh nghiệp": 15}
    members = [row["Số thành viên"] for row in rows if row["Loại hình"] == "Hợp tác xã"]
    assert (min(members), max(members)) == (7, 120)


def test_late_applicants_are_new(sheets: dict[str, Sheet]) -> None:
    known = {row["Tên đơn vị"] for row in sheets["applications.xlsx"]}
    late = {row["Tên đơn vị"] for row in sheets["applications_late.xlsx"]}
    assert not known & late
    assert len(late) == 12


def test_the_sheet_with_errors_differs_in_five_cells(sheets: dict[str, Sheet]) -> None:
    pairs = zip(sheets["applications_late.xlsx"], sheets["applications_with_errors.xlsx"], strict=True)
    spoilt = [header for good, bad in pairs for header in good if good[header] != bad[header]]
    assert spoilt == ["Điện thoại", "Số ô đăng ký", "Tên đơn vị", "Công suất điện (W)", "Loại hình"]


def test_products_belong_to_exhibitors_and_have_all_three_names(sheets: dict[str, Sheet]) -> None:
    rows = sheets["products.xlsx"]
    assert {row["Đơn vị"] for row in rows} == {row["Tên đơn vị"] for row in sheets["applications.xlsx"]}
    for header in ("Mã sản phẩm", "Tên sản phẩm", "Tên tiếng Anh", "Mô tả"):
        assert len({row[header] for row in rows}) == 320, header
    assert all(row["Tên tiếng Indonesia"] and row["Đơn vị tính"] for row in rows)
    certificates = [row["Chứng nhận"].split(";") for row in rows if row["Chứng nhận"]]
    assert (len(certificates), sum(map(len, certificates))) == (139, 163)


@pytest.mark.parametrize(
    ("name", "header"),
    [("products.xlsx", "Giá bán (đ)"), ("halls.xlsx", "Giá thuê (đ)")],
)
def test_prices_are_above_zero_and_whole_hundreds(sheets: dict[str, Sheet], name: str, header: str) -> None:
    amounts = [parse_money(str(row[header]), "VND").amount_minor for row in sheets[name]]
    assert all(amount > 0 and amount % 500 == 0 for amount in amounts)


def test_quotas_hold_those_who_come(sheets: dict[str, Sheet]) -> None:
    held = Counter(row["Loại vé"] for row in sheets["attendees.csv"])
    quotas = {row[0]: row[5] for row in TICKETS}
    assert all(held[code] <= quotas[code] for code in held)
    assert set(held) == set(quotas)


def test_sessions_lie_in_the_festival_and_do_not_overlap_in_a_place(sheets: dict[str, Sheet]) -> None:
    rows = sheets["programme.xlsx"]
    assert len({row["Chuỗi hoạt động"] for row in rows}) == 3
    assert {row["Bắt đầu"].day for row in rows} == {16, 17, 18}
    ordered = sorted(rows, key=lambda row: (row["Địa điểm"], row["Bắt đầu"]))
    for earlier, later in pairwise(ordered):
        assert earlier["Bắt đầu"] < earlier["Kết thúc"]
        assert earlier["Địa điểm"] != later["Địa điểm"] or earlier["Kết thúc"] <= later["Bắt đầu"]


def test_twelve_judges_score_and_two_chair(sheets: dict[str, Sheet]) -> None:
    assert Counter(row["Role"] for row in sheets["judges.csv"]) == {"judge": 12, "chair": 2}


def test_the_tree_has_every_ward_of_hanoi(sheets: dict[str, Sheet]) -> None:
    rows = sheets["organisations.csv"]
    hanoi = {ward.name for ward in Ward.iter_all() if ward.province_code == 1}
    levels = Counter(row["Cấp"] for row in rows)
    assert levels == {"Tỉnh/thành phố": 1, "Phường/xã": 126, "Chi hội": 24, "": 48}
    assert Counter((row["Cấp"], row["Có hiệu lực từ"]) for row in rows if row["Có hiệu lực từ"]) == {
        ("Phường/xã", "01/07/2025"): 126
    }
    assert {row["Phường/xã"].split(",")[0] for row in rows if row["Cấp"] == "Phường/xã"} == hanoi
    known: set[str] = set()
    for row in rows:
        assert row["Trực thuộc"] in known | {""}
        known.add(row["Tên tổ chức"])
    assert len(known) == len(rows)


@pytest.mark.parametrize("name", NAMES)
def test_wards_exist(sheets: dict[str, Sheet], name: str) -> None:
    wards = {row["Phường/xã"] for row in sheets[name] if "Phường/xã" in row}
    assert wards <= WARDS


@pytest.mark.parametrize("name", NAMES)
def test_every_text_is_nfc_and_clean(sheets: dict[str, Sheet], name: str) -> None:
    for row in sheets[name]:
        for value in (*row, *row.values()):
            if isinstance(value, str):
                assert unicodedata.is_normalized("NFC", value)
                assert value == " ".join(value.split())


def test_phones_are_valid_and_nobody_shares_one(sheets: dict[str, Sheet]) -> None:
    people: dict[str, set[str]] = {}
    for name in NAMES:
        for row in sheets[name]:
            phone = next((row[header] for header in PHONES & row.keys() if row[header]), None)
            if phone and phone != "09123":
                who = next(row[header] for header in PEOPLE if header in row)
                people.setdefault(normalise_phone(str(phone)), set()).add(who)
    assert len(people) > 1900
    assert [phone for phone, names in people.items() if len(names) > 1] == []


def test_vouched_businesses_are_the_exhibitors_of_the_city(sheets: dict[str, Sheet]) -> None:
    applied = {row["Tên đơn vị"]: row for row in sheets["applications.xlsx"]}
    members = [row for row in sheets["organisations.csv"] if not row["Cấp"] and row["Loại hình"] != "Hội"]
    assert len(members) == 48
    for row in members:
        application = applied[row["Tên tổ chức"]]
        assert row["Phường/xã"] == application["Phường/xã"]
        assert row["Email"] == application["Email"]
        assert normalise_phone(str(row["Điện thoại"])) == normalise_phone(str(application["Điện thoại"]))
        assert bool(row["Mã số thuế"]) == (row["Loại hình"] != "Hộ kinh doanh")


def test_mail_addresses_lie_under_reserved_domains(sheets: dict[str, Sheet]) -> None:
    addresses = [row["Email"] for name in NAMES for row in sheets[name] if row.get("Email")]
    assert len(addresses) > 400
    domains = {normalise_email(address).partition("@")[2] for address in addresses}
    assert domains == {"example.com", "example.org", "example.net"}


def test_visitors_can_all_be_reached(sheets: dict[str, Sheet]) -> None:
    assert all(row["Số điện thoại"] or row["Email"] for row in sheets["attendees.csv"])


def test_word_files_are_read_whole() -> None:
    fair = exhibitors()
    assert len({exhibitor.contact for exhibitor in fair}) == 95
    assert min(len(exhibitor.products) for exhibitor in fair) >= 2


def content(data: bytes) -> object:
    """The parts of a workbook, unpacked: another zlib may pack the same parts otherwise."""
    if data[:2] != b"PK":
        return data
    with zipfile.ZipFile(BytesIO(data)) as package:
        return {entry.filename: (entry.date_time, package.read(entry)) for entry in package.infolist()}
