"""What the organiser of the demo says about the festival, and who works on it."""

from datetime import date

from app.accounts.enums import Role
from app.events.services.editions import EditionValues

SLUG = "phu-nu-sang-tao-2026"
VENUE = "Trung tâm Hội chợ Bờ Sông"
ADDRESS = "Số 2 đường Hồng Hà, phường Hồng Hà, thành phố Hà Nội"

NAME = {
    "vi": "Ngày hội Phụ nữ Thủ đô sáng tạo 2026",
    "en": "Festival of Creative Women of the Capital 2026",
    "id": "Festival Perempuan Kreatif Ibu Kota 2026",
}
INTRO = {
    "vi": (
        "Ba ngày gặp những người phụ nữ đang giữ nghề và mở nghề: gốm Bát Tràng, lụa Vạn Phúc, lanh của người Mông, "
        "trà ướp sen Tây Hồ, và sáu mươi ý tưởng khởi nghiệp lần đầu lên sân khấu. Vào cửa miễn phí."
    ),
    "en": (
        "Three days with women who keep crafts alive and start new ones: Bat Trang ceramics, Van Phuc silk, "
        "Hmong hemp, West Lake lotus tea, and sixty start-up ideas on stage for the first time. Entry is free."
    ),
    "id": (
        "Tiga hari bersama perempuan yang menjaga kerajinan dan memulai usaha baru: keramik Bat Trang, sutra Van Phuc, "
        "rami Hmong, teh teratai Danau Barat, dan enam puluh ide usaha yang tampil perdana. Masuk gratis."
    ),
}
PLACE = {
    "vi": f"{VENUE}, phường Hồng Hà, Hà Nội",
    "en": "Riverside Fair Centre, Hong Ha ward, Hanoi",
    "id": "Pusat Pameran Tepi Sungai, Kelurahan Hong Ha, Hanoi",
}
STARTS_ON, ENDS_ON = date(2026, 10, 16), date(2026, 10, 18)

#: Full name, phone, mail, role: people of the organiser, who stand in no sheet.
ORGANISER = ("Nguyễn Thị Thu Giang", "+84912026016", "thugiang@example.org", Role.OWNER)
STAFF = (
    ("Trần Bích Vân", "+84912026017", "bichvan@example.org", Role.MANAGER),
    ("Đỗ Hải Yến", "+84912026018", "haiyen@example.org", Role.GATE_LEAD),
    ("Lê Hồng Thúy", "+84912026019", "hongthuy@example.org", Role.FINANCE),
    ("Phạm Thị Mây", "+84912026020", "phammay@example.org", Role.FLOOR),
)

#: Who stands at the booth of the first exhibitor who applied, beside its owner.
HELPER = ("Bùi Thanh Nga", "+84912026021", "thanhnga@example.org", Role.EXHIBITOR_MEMBER)


def edition_values(*, venue_id: int | None, organiser_id: int | None, cover: str | None) -> EditionValues:
    """The edition as the organiser would fill in its form."""
    return EditionValues(
        slug=SLUG,
        name=NAME,
        intro=INTRO,
        place=PLACE,
        starts_on=STARTS_ON,
        ends_on=ENDS_ON,
        opens_at="08:00",
        closes_at="21:00",
        venue_id=venue_id,
        organiser_id=organiser_id,
        cover=cover,
    )
