"""Visitors, the tickets they hold and the gates they come through."""

from app.demo.files import Row
from app.demo.people import Cast

DAY, FAMILY, SEAT = "NGAY", "GIADINH", "HOITHAO"

TICKET_HEADERS = (
    "Code",
    "Name (vi)",
    "Name (id)",
    "Name (en)",
    "Price (VND)",
    "Quota",
    "Sales from",
    "Sales until",
    "Description (vi)",
    "Description (id)",
    "Description (en)",
    "Kind",
)
TICKETS: list[Row] = [
    (DAY, "Vé tham quan", "Tiket pengunjung", "Visitor pass", 0, 6000, "2026-09-01 08:00",
     "2026-10-18 16:00",
     "Một người, cả ba ngày, mọi gian hàng ở hai hội trường.",
     "Satu orang, ketiga hari, semua stan di kedua aula.",
     "One person, all three days, every booth in both halls.", "visitor"),
    (FAMILY, "Vé gia đình ba ngày", "Tiket keluarga tiga hari", "Three-day family pass", 50000, 800, "2026-09-01 08:00",
     "2026-10-18 12:00",
     "Tối đa hai người lớn và ba trẻ em, cả ba ngày. Cả nhà dùng chung một mã và vào cửa cùng lúc.",
     "Paling banyak dua orang dewasa dan tiga anak, ketiga hari. Sekeluarga memakai satu kode dan masuk bersama.",
     "At most two adults and three children, all three days. The family shares one code and comes in together.",
     "visitor"),
    (SEAT, "Ghế hội thảo và lớp thợ", "Kursi seminar dan lokakarya", "Workshop and seminar seat", 150000, 320,
     "2026-09-10 08:00", "2026-10-17 18:00",
     "Một chỗ ngồi trong phòng hội thảo và các lớp thợ, cả ba ngày, kèm vé vào hai hội trường.",
     "Satu kursi di ruang seminar dan lokakarya, ketiga hari, termasuk masuk ke kedua aula.",
     "One seat in the seminar room and the craft workshops, all three days, with entry to both halls.", "guest"),
]  # fmt: skip

GATE_HEADERS = ("Nama gerbang", "Daftar check-in", "Aula")
ENTRY, SEMINAR = "Vào cửa", "Hội thảo"
GATES: list[Row] = [
    ("Cổng A1 – sảnh chính", ENTRY, "Hội trường A"),
    ("Cổng A2 – bãi xe máy", ENTRY, "Hội trường A"),
    ("Cổng A3 – lối xe lăn và xe nôi", ENTRY, "Hội trường A"),
    ("Cổng B1 – phố ẩm thực", ENTRY, "Hội trường B"),
    ("Cổng B2 – bến xe buýt", ENTRY, "Hội trường B"),
    ("Cửa phòng hội thảo", SEMINAR, "Hội trường B"),
]

ATTENDEE_HEADERS = ("Họ và tên", "Số điện thoại", "Email", "Loại vé", "Ngôn ngữ")
VISITORS = 2_000


def attendees(cast: Cast) -> list[Row]:
    """Two thousand visitors: most with a phone number alone, some with both, some with an address alone."""
    random = cast.random
    rows: list[Row] = []
    for _number in range(VISITORS):
        ticket = random.choices((DAY, FAMILY, SEAT), (76, 17, 7))[0]
        language = random.choices(("vi", "en", "id"), (93, 4, 3))[0]
        name = cast.anybody() if language == "vi" else cast.guest(language)
        reach = random.random()
        phone: str | int | None = None
        if language == "id":
            phone = cast.indonesian_phone() if reach < 0.7 else None
        elif reach < 0.85 and language == "vi":
            phone = cast.written(cast.phone())
        email = cast.email(name) if phone is None or reach < 0.25 else None
        rows.append((name, phone, email, ticket, language))
    return rows
