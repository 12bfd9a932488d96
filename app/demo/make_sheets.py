"""Makes the sheets of the demo festival: ``python -m app.demo.make_sheets``.

What comes out is committed. Every draw comes from one generator with a fixed seed, and the files carry fixed
properties, so that a second run changes no byte.
"""

from pathlib import Path
from random import Random

from app.demo import association, contest, crowd, layout
from app.demo.fair import KINDS, Exhibitor, exhibitors, read
from app.demo.files import Formula, Row, delimited, xlsx
from app.demo.people import Cast, Contact

SEED = 20261016
SHEETS = Path(__file__).parent / "sheets"
FESTIVAL = "NGÀY HỘI PHỤ NỮ THỦ ĐÔ SÁNG TẠO 2026"

HALL_HEADERS = ("Hội trường", "Gian hàng", "Ô", "Khu vực", "Công suất điện (W)", "Giá thuê (đ)")
APPLICATION_HEADERS = (
    "Tên đơn vị", "Người liên hệ", "Điện thoại", "Email", "Loại hình", "Số ô đăng ký", "Khu vực mong muốn",
    "Công suất điện (W)", "Ngành hàng", "Ghi chú", "Số thành viên", "Phường/xã",
)  # fmt: skip
PRODUCT_HEADERS = (
    "Đơn vị", "Mã sản phẩm", "Tên sản phẩm", "Mô tả", "Giá bán (đ)", "Đơn vị tính", "Nhóm hàng", "Chứng nhận",
    "Tên tiếng Anh", "Tên tiếng Indonesia",
)  # fmt: skip
LETTERS = {"crafts": "TC", "textile": "DM", "tech": "CN", "food": "TP", "herbs": "DL", "cuisine": "AT"}


def make() -> dict[str, bytes]:
    """All sheets by file name."""
    cast = Cast(Random(SEED))  # noqa: S311 - the same festival every time, no secrets
    fair, latecomers = exhibitors(), list(read("late"))
    contacts = {exhibitor.organisation: contact(cast, exhibitor) for exhibitor in (*fair, *latecomers)}
    applied = [application(cast, exhibitor, contacts) for exhibitor in fair]
    late = [application(cast, exhibitor, contacts) for exhibitor in latecomers]
    union = [*association.rows(cast), *association.members(cast, fair, contacts)]
    return {
        "halls.xlsx": xlsx("Mặt bằng", HALL_HEADERS, _booths(cast), title=f"MẶT BẰNG GIAN HÀNG – {FESTIVAL}"),
        "organisations.csv": delimited(association.HEADERS, union),
        "applications.xlsx": xlsx(
            "Đăng ký", APPLICATION_HEADERS, applied, title=f"DANH SÁCH ĐĂNG KÝ GIAN HÀNG – {FESTIVAL}"
        ),
        "applications_with_errors.xlsx": xlsx("Đăng ký muộn", APPLICATION_HEADERS, with_errors(late)),
        "applications_late.xlsx": xlsx("Đăng ký muộn", APPLICATION_HEADERS, late),
        "products.xlsx": xlsx("Sản phẩm", PRODUCT_HEADERS, _products(cast, fair)),
        "ticket_types.csv": delimited(crowd.TICKET_HEADERS, crowd.TICKETS, delimiter=","),
        "gates.csv": delimited(crowd.GATE_HEADERS, crowd.GATES),
        "programme.xlsx": xlsx("Chương trình", contest.SESSION_HEADERS, contest.sessions(), title=FESTIVAL),
        "ideas.xlsx": xlsx("Ý tưởng", contest.IDEA_HEADERS, contest.ideas(cast)),
        "judges.csv": delimited(contest.JUDGE_HEADERS, contest.judges(cast), delimiter=","),
        "experts.csv": delimited(contest.EXPERT_HEADERS, contest.experts(cast)),
        "attendees.csv": delimited(crowd.ATTENDEE_HEADERS, crowd.attendees(cast)),
    }


def contact(cast: Cast, exhibitor: Exhibitor) -> Contact:
    """Where an exhibitor is reached; some have no mail address."""
    return cast.phone(), cast.email(exhibitor.contact) if cast.random.random() < 0.6 else None


def application(cast: Cast, exhibitor: Exhibitor, contacts: dict[str, Contact]) -> Row:
    """One application as a row."""
    phone, email = contacts[exhibitor.organisation]
    return (
        exhibitor.organisation,
        exhibitor.contact,
        cast.written(phone),
        email,
        KINDS[exhibitor.kind],
        exhibitor.cells,
        layout.ZONES[exhibitor.zone],
        exhibitor.watts,
        exhibitor.category,
        exhibitor.note,
        exhibitor.members,
        exhibitor.ward,
    )


def with_errors(rows: list[Row]) -> list[Row]:
    """The same rows with five mistakes, of a kind each: phone, number, empty name, formula, unknown kind."""
    spoilt = [list(row) for row in rows]
    spoilt[1][2] = "09123"
    spoilt[3][5] = "hai"
    spoilt[5][0] = None
    spoilt[8][7] = Formula("=2*600")
    spoilt[10][4] = "Tập đoàn"
    return [tuple(row) for row in spoilt]


def _booths(cast: Cast) -> list[Row]:
    rows: list[Row] = []
    for booth in layout.booths(cast.random):
        cells = " ".join(map(layout.name, booth.cells))
        rows.append((booth.hall, booth.code, cells, layout.ZONES[booth.zone], booth.watts, booth.price))
    return rows


def _products(cast: Cast, fair: list[Exhibitor]) -> list[Row]:
    """All products; now and then a price stands as text, as people type it."""
    rows: list[Row] = []
    for number, exhibitor in enumerate(fair, start=1):
        for position, product in enumerate(exhibitor.products, start=1):
            typed = f"{product.price:,}".replace(",", ".") + "đ"
            rows.append(
                (
                    exhibitor.organisation,
                    f"{LETTERS[exhibitor.zone]}{number:02d}-{position}",
                    product.name,
                    product.description,
                    typed if cast.random.random() < 0.05 else product.price,
                    product.unit,
                    exhibitor.category,
                    product.certificates,
                    product.name_en,
                    product.name_id,
                )
            )
    return rows


def write(folder: Path = SHEETS) -> list[Path]:
    """Write all sheets into a folder and give their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, content in make().items():
        path = folder / name
        path.write_bytes(content)
        paths.append(path)
    return paths


if __name__ == "__main__":
    for written in write():
        print(f"{written.name}: {written.stat().st_size} bytes")
