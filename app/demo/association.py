"""The tree of the women's union: the city, its 126 wards and communes, some branches, and businesses they vouch for."""

from vietnam_provinces import Province, ProvinceCode, Ward

from app.demo.fair import HOME, KINDS, Exhibitor
from app.demo.files import Row
from app.demo.lines import lists
from app.demo.people import Cast, Contact

CITY = "Hội Liên hiệp Phụ nữ thành phố Hà Nội"
HEADERS = (
    "Tên tổ chức", "Loại hình", "Trực thuộc", "Cấp", "Mã đơn vị", "Mã số thuế", "Điện thoại", "Email", "Địa chỉ",
    "Phường/xã", "Số hội viên", "Người liên hệ", "Có hiệu lực từ",
)  # fmt: skip
KIND = "Hội"
VOUCHED = ("household", "cooperative", "company")
VILLAGES = ("Đông", "Đoài", "Thượng", "Hạ", "Trung", "Nội", "Ngoại", "Cầu")
TAX_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)
REFORM = "01/07/2025"  # wards and communes as they are now: the two tiers of local government began on that day
PROVINCE, WARD, BRANCH = "Tỉnh/thành phố", "Phường/xã", "Chi hội"


def rows(cast: Cast) -> list[Row]:
    """One row for each union, parents before children."""
    random = cast.random
    hanoi = Province.from_code(ProvinceCode.P_01)
    wards = sorted(Ward.iter_by_province(hanoi.code), key=lambda ward: ward.code)
    counted = {ward.code: random.randrange(1_800, 9_500) for ward in wards}
    address = "Số 7 phố Tôn Thất Thuyết, phường Cầu Giấy, thành phố Hà Nội"
    found: list[Row] = [
        (CITY, KIND, None, PROVINCE, f"{hanoi.code:02d}", None, cast.landline(), "vanphong@example.org", address,
         "Phường Cầu Giấy, Hà Nội", sum(counted.values()), cast.woman(), None),
    ]  # fmt: skip
    for ward in wards:
        union = union_of(ward.name)
        house = "Nhà văn hóa" if random.random() < 0.2 else "Trụ sở UBND"
        phone = cast.landline() if random.random() < 0.35 else cast.written(cast.phone())
        email = f"hoiphunu.{ward.codename.removeprefix('phuong_').removeprefix('xa_').replace('_', '')}@example.org"
        place = f"{house} {_lower(ward.name)}, thành phố Hà Nội"
        found.append(
            (union, KIND, CITY, WARD, f"{ward.code:05d}", None, phone, email, place, f"{ward.name}, Hà Nội",
             counted[ward.code], cast.woman(), REFORM)
        )  # fmt: skip
        for branch in lists("places").get(ward.name, "").split(";"):
            if branch:
                found.append(
                    (f"{branch}, {_lower(ward.name)}", KIND, union, BRANCH, None, None,
                     cast.written(cast.phone()), None, f"{place}", f"{ward.name}, Hà Nội",
                     random.randrange(35, 260), cast.woman(), None)
                )  # fmt: skip
    return found


def members(cast: Cast, exhibitors: list[Exhibitor], contacts: dict[str, Contact]) -> list[Row]:
    """Exhibitors of Hanoi that their ward's union vouches for: businesses, not single artisans."""
    found: list[Row] = []
    for exhibitor in exhibitors:
        if exhibitor.kind not in VOUCHED or not exhibitor.ward.endswith(HOME):
            continue
        ward = exhibitor.ward.removesuffix(HOME)
        phone, email = contacts[exhibitor.organisation]
        if ward.startswith("Xã"):
            house = f"Thôn {cast.random.choice(VILLAGES)}"
        else:
            house = f"Số {cast.random.randrange(2, 180)}, ngõ {cast.random.randrange(3, 90)}"
        tax = None if exhibitor.kind == "household" else tax_number(cast)
        found.append(
            (exhibitor.organisation, KINDS[exhibitor.kind], union_of(ward), None, None, tax, cast.written(phone), email,
             f"{house}, {_lower(ward)}, thành phố Hà Nội", exhibitor.ward, exhibitor.members, exhibitor.contact,
             None)
        )  # fmt: skip
    return found


def tax_number(cast: Cast) -> str:
    """Ten digits with a right check digit, in a range (0199…) that Hanoi has not reached.

    The check digit is 10 less the weighted sum modulo 11 (General Department of Taxation, structure of tax codes).
    """
    while True:
        digits = [0, 1, 9, 9, *(cast.random.randrange(10) for _digit in range(5))]
        rest = 10 - sum(digit * weight for digit, weight in zip(digits, TAX_WEIGHTS, strict=True)) % 11
        if rest < 10:
            return "".join(map(str, [*digits, rest]))


def union_of(ward: str) -> str:
    """Name of the union of a ward or commune, as ``Phường Hà Đông``."""
    return f"Hội Liên hiệp Phụ nữ {_lower(ward)}"


def _lower(ward: str) -> str:
    return ward[0].lower() + ward[1:]
