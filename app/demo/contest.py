"""The start-up contest and the programme: ideas, judges, experts, sessions."""

from datetime import datetime

from app.demo.files import Row
from app.demo.lines import fields, lines
from app.demo.people import Cast

IDEA_HEADERS = (
    "Tên ý tưởng", "Tóm tắt", "Tên nhóm", "Trưởng nhóm", "Số điện thoại", "Email", "Lĩnh vực",
    "Phường/xã", "Số thành viên",
)  # fmt: skip
JUDGE_HEADERS = ("Full name", "Phone", "Email", "Organisation", "Expertise", "Role")
EXPERT_HEADERS = ("Nama lengkap", "Telepon", "Email", "Organisasi", "Keahlian")
SESSION_HEADERS = (
    "Chuỗi hoạt động", "Tên (tiếng Việt)", "Tên (tiếng Anh)", "Tên (tiếng Indonesia)", "Bắt đầu", "Kết thúc",
    "Địa điểm", "Diễn giả",
)  # fmt: skip
TRACKS = {
    "stage": {"vi": "Sân khấu", "en": "Stage", "id": "Panggung"},
    "forum": {"vi": "Hội thảo", "en": "Forum", "id": "Forum"},
    "craft": {"vi": "Xưởng trải nghiệm", "en": "Workshops", "id": "Lokakarya"},
}


def ideas(cast: Cast) -> list[Row]:
    """Sixty ideas with their teams."""
    rows: list[Row] = []
    for line in (*lines("ideas_a"), *lines("ideas_b")):
        title, category, team, leader, ward, members, summary = fields(line)
        email = cast.email(leader) if cast.random.random() < 0.7 else None
        phone = cast.written(cast.phone())
        rows.append((title, summary, team, leader, phone, email, category, ward, int(members)))
    return rows


def judges(cast: Cast) -> list[Row]:
    """Twelve judges who score, and two who chair."""
    rows: list[Row] = []
    for line in lines("jury")[: lines("jury").index("---")]:
        name, organisation, expertise, role, *contact = fields(line)
        if contact:
            phone, email = contact
            rows.append((name, phone, email, organisation, expertise, role))
            continue
        drawn = cast.indonesian_phone() if name.startswith("Siti") else cast.written(cast.phone())
        rows.append((name, drawn, cast.email(name), organisation, expertise, role))
    return rows


def experts(cast: Cast) -> list[Row]:
    """Twenty experts, buyers and supporters."""
    rows: list[Row] = []
    for line in lines("jury")[lines("jury").index("---") + 1 :]:
        name, organisation, expertise = fields(line)
        foreign = name.split()[0] in ("Rahayu", "Emily", "Ong")
        phone = None if foreign else cast.written(cast.phone())
        rows.append((name, phone, cast.email(name), organisation, expertise))
    return rows


def sessions() -> list[Row]:
    """Fourteen sessions; times are those of Hanoi, as a spreadsheet has them."""
    rows: list[Row] = []
    for line in lines("programme"):
        track, day, start, end, place, speakers, vietnamese, english, indonesian = fields(line)
        begins, ends = (datetime.fromisoformat(f"2026-10-{day}T{clock}") for clock in (start, end))
        rows.append((TRACKS[track]["vi"], vietnamese, english, indonesian, begins, ends, place, speakers))
    return rows
