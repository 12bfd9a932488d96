"""Sheets of accounts: organisations (also the association tree) and experts."""

from collections.abc import Sequence
from typing import Any

from app.accounts.enums import OrganisationKind, UnitLevel
from app.accounts.services.people import find_or_create_person
from app.accounts.tables import Organisation, Person
from app.kernel.i18n import N_
from app.kernel.names import clean_name, search_text, text_key
from app.kernel.sheets import CellProblem, Column, LoadResult, SheetContext, SheetKind, SheetRow
from app.kernel.sheets.parsers import choice, day, email, integer, phone, text

KIND_LABELS = {
    OrganisationKind.HOUSEHOLD: {
        "en": ["Household business", "household"],
        "vi": ["Hộ kinh doanh", "hộ gia đình", "hộ"],
        "id": ["Usaha rumah tangga", "rumah tangga"],
    },
    OrganisationKind.ARTISAN: {
        "en": ["Artisan", "craftswoman"],
        "vi": ["Nghệ nhân", "thợ thủ công"],
        "id": ["Perajin", "pengrajin"],
    },
    OrganisationKind.COOPERATIVE: {
        "en": ["Cooperative", "co-op"],
        "vi": ["Hợp tác xã", "HTX", "tổ hợp tác"],
        "id": ["Koperasi"],
    },
    OrganisationKind.COMPANY: {
        "en": ["Company", "enterprise", "firm"],
        "vi": ["Công ty", "doanh nghiệp", "công ty TNHH", "công ty cổ phần"],
        "id": ["Perusahaan", "PT", "CV"],
    },
    OrganisationKind.ASSOCIATION: {
        "en": ["Association", "union"],
        "vi": ["Hội, hiệp hội", "hội", "hiệp hội", "hội liên hiệp phụ nữ", "chi hội"],
        "id": ["Asosiasi", "perhimpunan"],
    },
}
LEVEL_LABELS = {
    UnitLevel.PROVINCE: {
        "en": ["Province or city", "province", "city"],
        "vi": ["Tỉnh, thành phố", "tỉnh", "thành phố", "tỉnh/thành phố"],
        "id": ["Provinsi atau kota", "provinsi"],
    },
    UnitLevel.WARD: {
        "en": ["Ward or commune", "ward", "commune"],
        "vi": ["Phường, xã", "phường", "xã", "phường/xã"],
        "id": ["Kelurahan atau desa", "kelurahan", "desa"],
    },
    UnitLevel.BRANCH: {"en": ["Branch"], "vi": ["Chi hội", "chi nhánh"], "id": ["Cabang", "ranting"]},
}

NAME = {
    "en": ["Name", "organisation", "organization"],
    "vi": ["Tên", "tên đơn vị", "đơn vị", "tên tổ chức", "tổ chức"],
    "id": ["Nama", "nama organisasi", "organisasi"],
}
PHONE = {
    "en": ["Phone", "phone number", "mobile"],
    "vi": ["Điện thoại", "số điện thoại", "SĐT", "di động"],
    "id": ["Telepon", "nomor telepon", "HP"],
}
EMAIL = {"en": ["E-mail", "email", "mail"], "vi": ["Email", "thư điện tử", "hộp thư"], "id": ["Surel", "email"]}
WARD = {
    "en": ["Ward", "commune", "ward or commune"],
    "vi": ["Phường/xã", "phường", "xã", "địa bàn"],
    "id": ["Kelurahan/desa", "kelurahan", "desa"],
}
MEMBERS = {
    "en": ["Member count", "members"],
    "vi": ["Số thành viên", "thành viên", "số hội viên"],
    "id": ["Jumlah anggota", "anggota"],
}

VALID_FROM = {
    "en": ["Valid from", "in force from", "founded"],
    "vi": ["Có hiệu lực từ", "hiệu lực từ", "ngày thành lập"],
    "id": ["Berlaku mulai", "berlaku sejak", "tanggal berdiri"],
}
VALID_TO = {
    "en": ["Valid to", "in force until", "ended on"],
    "vi": ["Có hiệu lực đến", "hiệu lực đến", "ngày kết thúc"],
    "id": ["Berlaku sampai", "berlaku hingga", "tanggal berakhir"],
}
VALIDITY = ("valid_from", "valid_to")

_ENDS_BEFORE = N_("This ends before it begins.")
_PARENT_UNKNOWN = N_("There is no organisation of this name, neither in the sheet nor here.")


async def _check_organisations(rows: Sequence[SheetRow], _context: SheetContext) -> list[CellProblem]:
    known = {search_text(row["name"]) for row in rows}
    stored = await Organisation.select(Organisation.name)
    known |= {search_text(row["name"]) for row in stored}
    unknown = [
        row.problem("parent", "parent_unknown", _PARENT_UNKNOWN)
        for row in rows
        if row["parent"] and search_text(row["parent"]) not in known
    ]
    reversed_ = [
        row.problem("valid_to", "ends_before_it_begins", _ENDS_BEFORE)
        for row in rows
        if row["valid_from"] and row["valid_to"] and row["valid_to"] < row["valid_from"]
    ]
    return unknown + reversed_


async def _load_organisations(rows: Sequence[SheetRow], context: SheetContext) -> LoadResult:
    stored = await Organisation.select().order_by(Organisation.id)
    by_tax = {row["tax_number"]: row for row in stored if row["tax_number"]}
    by_place: dict[Any, Any] = {(search_text(row["name"]), search_text(row["ward"])): row for row in stored}
    by_name: dict[str, int] = {}
    for old in stored:
        by_name.setdefault(search_text(old["name"]), old["id"])
    created = updated = unchanged = 0
    pending_parents: list[tuple[int, str]] = []
    for row in rows:
        name = clean_name(row["name"])
        place = (search_text(name), search_text(row["ward"]))
        found = by_tax.get(row["tax_number"]) if row["tax_number"] else None
        found = found or by_place.get(place)
        contact = None
        if row["contact_name"] and (row["phone"] or row["email"]):
            person = await find_or_create_person(
                full_name=row["contact_name"], phone=row["phone"], email=row["email"], now=context.now
            )
            contact = person.id
        values: dict[str, Any] = {
            "name": name,
            "sort_key": text_key(name)[:400],
            "search_text": search_text(name, row["ward"], row["phone"], row["tax_number"])[:600],
            "kind": (row["kind"] or OrganisationKind.HOUSEHOLD).value,
            "unit_level": row["unit_level"].value if row["unit_level"] else None,
            "unit_code": row["unit_code"],
            "tax_number": row["tax_number"],
            "phone": row["phone"],
            "email": row["email"],
            "address": row["address"] or "",
            "ward": row["ward"] or "",
            "member_count": row["member_count"],
            "contact": contact,
        }
        values |= {name: row[name] for name in VALIDITY if row.has(name)}
        if found is None:
            organisation = Organisation(**values, created_at=context.now)
            await organisation.save()
            identity = organisation.id
            created += 1
            by_place[place] = {**values, "id": identity, "parent": None}
            by_name.setdefault(search_text(name), identity)
        else:
            identity = found["id"]
            changed: dict[Any, Any] = {
                key: value
                for key, value in values.items()
                if (value is not None or key in VALIDITY) and found.get(key) != value
            }
            if changed:
                await Organisation.update(changed).where(Organisation.id == identity)
                updated += 1
            else:
                unchanged += 1
        if row["parent"]:
            pending_parents.append((identity, search_text(row["parent"])))
    for identity, parent in pending_parents:
        target = by_name.get(parent)
        if target is not None and target != identity:
            await Organisation.update({Organisation.parent: target}).where(Organisation.id == identity)
    return LoadResult(created=created, updated=updated, unchanged=unchanged)


ORGANISATIONS = SheetKind(
    name="organisations",
    title=N_("Organisations"),
    columns=(
        Column("name", NAME, text(200), required=True),
        Column("kind", {"en": ["Kind"], "vi": ["Loại hình", "loại"], "id": ["Jenis"]}, choice(KIND_LABELS)),
        Column(
            "parent",
            {"en": ["Parent", "belongs to"], "vi": ["Trực thuộc", "cấp trên"], "id": ["Induk", "di bawah"]},
            text(200),
        ),
        Column(
            "unit_level",
            {"en": ["Unit level", "level"], "vi": ["Cấp"], "id": ["Tingkat"]},
            choice(LEVEL_LABELS),
        ),
        Column(
            "unit_code",
            {"en": ["Unit code"], "vi": ["Mã đơn vị hành chính", "mã đơn vị", "mã phường xã"], "id": ["Kode wilayah"]},
            integer(1, 99_999),
        ),
        Column("tax_number", {"en": ["Tax number", "tax code"], "vi": ["Mã số thuế", "MST"], "id": ["NPWP"]}, text(20)),
        Column("phone", PHONE, phone()),
        Column("email", EMAIL, email()),
        Column("address", {"en": ["Address"], "vi": ["Địa chỉ"], "id": ["Alamat"]}, text(300)),
        Column("ward", WARD, text(120)),
        Column("member_count", MEMBERS, integer(0, 1_000_000)),
        Column(
            "contact_name",
            {
                "en": ["Contact name", "contact"],
                "vi": ["Người liên hệ", "người đại diện"],
                "id": ["Nama kontak", "kontak"],
            },
            text(200),
        ),
        Column("valid_from", VALID_FROM, day()),
        Column("valid_to", VALID_TO, day()),
    ),
    load=_load_organisations,
    check=_check_organisations,
    key=lambda row: row["tax_number"] or (search_text(row["name"]), search_text(row["ward"])),
)


async def _load_experts(rows: Sequence[SheetRow], context: SheetContext) -> LoadResult:
    created = updated = unchanged = 0
    for row in rows:
        person = await find_or_create_person(
            full_name=row["full_name"], phone=row["phone"], email=row["email"], now=context.now
        )
        expertise = ", ".join(part for part in (row["expertise"], row["organisation"]) if part)[:200]
        fresh = not person.is_expert
        if fresh or person.expertise != expertise:
            await Person.update({Person.is_expert: True, Person.expertise: expertise}).where(Person.id == person.id)
            created, updated = created + fresh, updated + (not fresh)
        else:
            unchanged += 1
    return LoadResult(created=created, updated=updated, unchanged=unchanged)


async def _check_contact(rows: Sequence[SheetRow], _context: SheetContext) -> list[CellProblem]:
    sentence = N_("A phone number or a mail address is needed.")
    return [row.problem("phone", "contact_missing", sentence) for row in rows if not row["phone"] and not row["email"]]


EXPERTS = SheetKind(
    name="experts",
    title=N_("Experts"),
    columns=(
        Column(
            "full_name",
            {"en": ["Full name", "name"], "vi": ["Họ và tên", "họ tên"], "id": ["Nama lengkap", "nama"]},
            text(200),
            required=True,
        ),
        Column("phone", PHONE, phone()),
        Column("email", EMAIL, email()),
        Column(
            "organisation",
            {
                "en": ["Organisation", "workplace"],
                "vi": ["Đơn vị công tác", "đơn vị", "cơ quan"],
                "id": ["Organisasi", "instansi"],
            },
            text(200),
        ),
        Column(
            "expertise",
            {"en": ["Expertise", "field"], "vi": ["Lĩnh vực", "chuyên môn"], "id": ["Keahlian", "bidang"]},
            text(200),
        ),
    ),
    load=_load_experts,
    check=_check_contact,
    key=lambda row: row["phone"] or row["email"],
)
