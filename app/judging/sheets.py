"""Sheets of ideas and of judges: what an organiser may load from XLSX and CSV."""

from collections.abc import Hashable, Sequence
from typing import cast

from app.accounts.actor import SYSTEM, Actor
from app.accounts.enums import Role
from app.accounts.services.people import find_or_create_person, grant_role
from app.events.short_codes import register_short_codes
from app.judging.enums import EntryState, MemberRole, PanelRole
from app.judging.queries.contests import ContestRow, contest_of_edition
from app.judging.services.contests import create_contest
from app.judging.services.entries import SHORT_CODE_KIND, TEXT_FIELDS, add_entry, add_member, columns_of
from app.judging.services.panels import add_judge
from app.judging.tables import Entry, EntryMember, PanelMember
from app.kernel import audit
from app.kernel.errors import NotFound
from app.kernel.i18n import N_
from app.kernel.names import search_text
from app.kernel.sheets import CellProblem, Column, LoadResult, SheetContext, SheetKind, SheetRow, parsers

NO_CONTACT = N_("A phone number or an e-mail address is needed.")
SHEET_TEXTS = ("title", "summary", "team_name", "category", "ward")

PHONE = Column(
    "phone",
    {
        "en": ["Phone", "Phone number", "Mobile", "Tel"],
        "vi": ["Số điện thoại", "Điện thoại", "SĐT", "Di động"],
        "id": ["Telepon", "No. HP", "Nomor telepon"],
    },
    parsers.phone(),
)
EMAIL = Column(
    "email",
    {"en": ["Email", "E-mail", "Mail"], "vi": ["Email", "Thư điện tử"], "id": ["Email", "Surel"]},
    parsers.email(),
)

IDEA_COLUMNS = (
    Column(
        "title",
        {
            "en": ["Title", "Idea", "Name of the idea"],
            "vi": ["Tên ý tưởng", "Ý tưởng", "Tên dự án"],
            "id": ["Judul", "Nama ide", "Ide"],
        },
        parsers.text(160),
        required=True,
    ),
    Column(
        "summary",
        {"en": ["Summary", "Description"], "vi": ["Tóm tắt", "Mô tả"], "id": ["Ringkasan", "Deskripsi"]},
        parsers.text(4000, lines=True),
        required=True,
    ),
    Column(
        "team_name",
        {"en": ["Team", "Team name"], "vi": ["Tên đội", "Đội", "Tên nhóm", "Nhóm"], "id": ["Tim", "Nama tim"]},
        parsers.text(160),
        required=True,
    ),
    Column(
        "leader_name",
        {
            "en": ["Team leader", "Leader", "Leader name"],
            "vi": ["Đội trưởng", "Trưởng nhóm", "Người đại diện", "Họ và tên"],
            "id": ["Ketua tim", "Ketua", "Nama ketua"],
        },
        parsers.text(200),
        required=True,
    ),
    PHONE,
    EMAIL,
    Column(
        "category",
        {"en": ["Category", "Field"], "vi": ["Lĩnh vực", "Ngành"], "id": ["Kategori", "Bidang"]},
        parsers.text(80),
    ),
    Column(
        "ward",
        {
            "en": ["Ward", "Ward or commune", "Place"],
            "vi": ["Phường/xã", "Phường xã", "Địa bàn"],
            "id": ["Kelurahan", "Desa/kelurahan"],
        },
        parsers.text(120),
    ),
    Column(
        "members",
        {
            "en": ["Members", "Number of members", "Team size"],
            "vi": ["Số thành viên", "Thành viên"],
            "id": ["Jumlah anggota", "Anggota"],
        },
        parsers.integer(1, 1000),
    ),
)

JUDGE_COLUMNS = (
    Column(
        "full_name",
        {"en": ["Full name", "Name"], "vi": ["Họ và tên", "Họ tên"], "id": ["Nama lengkap", "Nama"]},
        parsers.text(200),
        required=True,
    ),
    PHONE,
    EMAIL,
    Column(
        "organisation",
        {
            "en": ["Organisation", "Organization", "Employer"],
            "vi": ["Đơn vị", "Tổ chức", "Cơ quan"],
            "id": ["Organisasi", "Lembaga", "Instansi"],
        },
        parsers.text(200),
    ),
    Column(
        "expertise",
        {"en": ["Expertise", "Field"], "vi": ["Chuyên môn", "Lĩnh vực"], "id": ["Keahlian", "Bidang"]},
        parsers.text(200),
    ),
    Column(
        "role",
        {"en": ["Role"], "vi": ["Vai trò"], "id": ["Peran"]},
        parsers.choice(
            {
                PanelRole.JUDGE: {"en": ["judge"], "vi": ["giám khảo"], "id": ["juri"]},
                PanelRole.CHAIR: {
                    "en": ["chair", "jury chair"],
                    "vi": ["trưởng ban giám khảo", "trưởng ban"],
                    "id": ["ketua juri", "ketua"],
                },
            }
        ),
    ),
)


def _actor(context: SheetContext) -> Actor:
    return cast(Actor, context.actor) if context.actor is not None else SYSTEM


async def _contest(context: SheetContext) -> ContestRow:
    """The edition's contest, set up when there is none yet. Raises NotFound for a sheet without an edition."""
    if context.edition_id is None:
        raise NotFound
    found = await contest_of_edition(context.edition_id)
    if found is None:
        await create_contest(edition_id=context.edition_id, actor=_actor(context), now=context.now)
        found = await contest_of_edition(context.edition_id)
    assert found is not None
    return found


async def check_contacts(rows: Sequence[SheetRow], _context: SheetContext) -> list[CellProblem]:
    """Rows whose person could not be reached."""
    return [
        row.problem("phone", "contact_missing", NO_CONTACT) for row in rows if not row["phone"] and not row["email"]
    ]


async def load_ideas(rows: Sequence[SheetRow], context: SheetContext) -> LoadResult:
    """Add ideas as sent in, or change those that the same leader has under the same title."""
    contest = await _contest(context)
    created = updated = unchanged = 0
    fresh: list[int] = []
    for row in rows:
        leader = await find_or_create_person(
            full_name=row["leader_name"], phone=row["phone"], email=row["email"], now=context.now
        )
        known = (
            await Entry.select(Entry.id, *(getattr(Entry, name) for name in TEXT_FIELDS), Entry.member_count)
            .where(
                (Entry.contest == contest.id)
                & (Entry.title == row["title"])
                & Entry.id.is_in(
                    EntryMember.select(EntryMember.entry).where(
                        (EntryMember.person == leader.id) & (EntryMember.role == MemberRole.LEADER.value)
                    )
                )
            )
            .first()
        )
        values = {name: row[name] or "" for name in SHEET_TEXTS if row.has(name)}
        if known is None:
            entry_id = await add_entry(contest_id=contest.id, values=values, created_by=leader.id, now=context.now)
            await Entry.update(
                {
                    Entry.state: EntryState.SUBMITTED,
                    Entry.submitted_at: context.now,
                    Entry.member_count: row["members"],
                }
            ).where(Entry.id == entry_id)
            await add_member(entry_id=entry_id, person_id=leader.id, role=MemberRole.LEADER)
            await grant_role(
                person_id=leader.id,
                role=Role.TEAM_MEMBER,
                edition_id=contest.edition_id,
                actor=_actor(context),
                now=context.now,
            )
            fresh.append(entry_id)
            created += 1
            continue
        merged = {name: str(values.get(name, known[name])) for name in TEXT_FIELDS}
        count = row["members"] if row.has("members") else known["member_count"]
        wanted = {**merged, "member_count": count}
        before, after = audit.changes({name: known[name] for name in wanted}, wanted)
        if not after:
            unchanged += 1
            continue
        await Entry.update({**columns_of(merged), Entry.member_count: count, Entry.updated_at: context.now}).where(
            Entry.id == known["id"]
        )
        await audit.record(
            actor=_actor(context),
            action="entry.update",
            subject_type="entry",
            subject_id=known["id"],
            edition_id=contest.edition_id,
            before=before,
            after=after,
            now=context.now,
        )
        updated += 1
    codes = await register_short_codes(SHORT_CODE_KIND, fresh, contest.edition_id, context.now)
    for entry_id, code in codes.items():
        await Entry.update({Entry.short_code: code}).where(Entry.id == entry_id)
    return LoadResult(created, updated, unchanged)


async def load_judges(rows: Sequence[SheetRow], context: SheetContext) -> LoadResult:
    """Put people into the jury, or change what the list says of them."""
    contest = await _contest(context)
    created = updated = unchanged = 0
    for row in rows:
        person = await find_or_create_person(
            full_name=row["full_name"], phone=row["phone"], email=row["email"], now=context.now
        )
        known = (
            await PanelMember.select()
            .where((PanelMember.contest == contest.id) & (PanelMember.person == person.id))
            .first()
        )
        role = row["role"] or (PanelRole(known["role"]) if known else PanelRole.JUDGE)
        organisation = (row["organisation"] or "") if row.has("organisation") or not known else known["organisation"]
        expertise = (row["expertise"] or "") if row.has("expertise") or not known else known["expertise"]
        wanted = (role, organisation, expertise, None)
        if known and wanted == (known["role"], known["organisation"], known["expertise"], known["removed_at"]):
            unchanged += 1
            continue
        await add_judge(
            contest_id=contest.id,
            full_name=row["full_name"],
            phone=row["phone"],
            email=row["email"],
            organisation=organisation,
            expertise=expertise,
            role=role,
            actor=_actor(context),
            now=context.now,
        )
        created, updated = (created, updated + 1) if known else (created + 1, updated)
    return LoadResult(created, updated, unchanged)


def idea_key(row: SheetRow) -> Hashable | None:
    """Title and the leader's contact tell ideas apart."""
    return (search_text(row["title"]), row["phone"] or row["email"])


def judge_key(row: SheetRow) -> Hashable | None:
    """A person's contact tells judges apart."""
    return cast(Hashable, row["phone"] or row["email"])


IDEAS = SheetKind(
    "ideas", N_("Ideas"), IDEA_COLUMNS, load=load_ideas, check=check_contacts, key=idea_key, place="/contest"
)
JUDGES = SheetKind(
    "judges", N_("Judges"), JUDGE_COLUMNS, load=load_judges, check=check_contacts, key=judge_key, place="/people"
)
SHEET_KINDS = (IDEAS, JUDGES)
