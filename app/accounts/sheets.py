"""Sheets of accounts: organisations (also the association tree) and experts."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.accounts.enums import OrganisationKind, UnitLevel
from app.accounts.places.wards import keep_ward, propose_ward, ward_place
from app.accounts.services.people import find_or_create_person
from app.accounts.services.people_bulk import CHUNK, PersonValues, find_or_create_people, people_by_contact
from app.accounts.tables import Organisation, Person
from app.kernel import audit
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
EXPERT = (Person.is_expert, Person.expertise)

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
    kept = {row["id"]: row for row in stored}
    by_tax = {row["tax_number"]: row for row in stored if row["tax_number"]}
    by_place: dict[Any, dict[str, Any]] = {}
    by_name: dict[str, int] = {}
    for old in sorted(stored, key=lambda row: row["merged_into"] is None):  # of one place the one that stayed counts
        by_place[search_text(old["name"]), ward_place(old["ward"])] = old
    for old in stored:
        by_name.setdefault(search_text(old["name"]), old["merged_into"] or old["id"])
    loaded: list[tuple[dict[str, Any], dict[str, Any], bool, str]] = []
    for row in rows:
        values = _said(row)
        if row["contact_name"] and (row["phone"] or row["email"]):
            person = await find_or_create_person(
                full_name=row["contact_name"], phone=row["phone"], email=row["email"], now=context.now
            )
            values["contact"] = person.id
        place = (search_text(values["name"]), ward_place(row["ward"]))
        found = by_tax.get(row["tax_number"]) if row["tax_number"] else None
        found = found or by_place.get(place)
        fresh = found is None
        if found is not None and found["merged_into"] is not None:  # what the one that stayed lacks is all it may say
            found = kept[found["merged_into"]]
            values = {name: value for name, value in values.items() if not found[name] and name != "tax_number"}
        elif found is not None and values.get("ward", found["ward"]) != found["ward"]:
            values.setdefault("ward_before", "")
        if found is None:
            organisation = Organisation(**values, **_derived(values), created_at=context.now)
            await organisation.save()
            found = by_place[place] = organisation.to_dict()
            by_name.setdefault(place[0], found["id"])
        loaded.append((found, values, fresh, search_text(row["parent"])))
    updated = 0
    for found, values, fresh, parent in loaded:
        above = by_name.get(parent) if parent else None
        if above is not None and above != found["id"]:
            values["parent"] = above
        before, after = audit.changes({key: found[key] for key in values}, values)
        if not after:
            continue
        found.update(after)
        changed: dict[Any, Any] = {**after, **_derived(found)}
        await Organisation.update(changed).where(Organisation.id == found["id"])
        if fresh:
            continue
        updated += 1
        await audit.record(
            actor=context.actor,
            action="organisation.update",
            subject_type="organisation",
            subject_id=found["id"],
            edition_id=context.edition_id,
            before=before,
            after=after,
            now=context.now,
        )
    created = sum(fresh for _found, _values, fresh, _parent in loaded)
    return LoadResult(created=created, updated=updated, unchanged=len(rows) - created - updated)


def _said(row: SheetRow) -> dict[str, Any]:
    """The columns that a row says something of: an empty cell takes nothing away but a day, an address and a ward."""
    values: dict[str, Any] = {
        "name": clean_name(row["name"]),
        "kind": row["kind"].value if row["kind"] else None,
        "unit_level": row["unit_level"].value if row["unit_level"] else None,
        **{name: row[name] for name in ("unit_code", "tax_number", "phone", "email", "member_count")},
    }
    values = {name: value for name, value in values.items() if value is not None}
    values |= {name: row[name] or "" for name in ("address", "ward") if row.has(name)}
    if row.has("ward"):
        values["ward_code"] = keep_ward(values["ward"])["ward_code"]
    if "ward" in row.written:
        values["ward_before"] = row.written["ward"]
    return values | {name: row[name] for name in VALIDITY if row.has(name)}


def _derived(values: Mapping[str, Any]) -> dict[str, Any]:
    """What an organisation is sorted and searched by."""
    searched = (values.get(name) for name in ("name", "ward", "ward_before", "phone", "tax_number"))
    return {"sort_key": text_key(values["name"])[:400], "search_text": search_text(*searched)[:600]}


ORGANISATIONS = SheetKind(
    name="organisations",
    title=N_("Organisations"),
    place="/organisations",
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
        Column("ward", WARD, text(120), propose=propose_ward),
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
    key=lambda row: row["tax_number"] or (search_text(row["name"]), ward_place(row["ward"])),
)


async def _load_experts(rows: Sequence[SheetRow], context: SheetContext) -> LoadResult:
    people = [PersonValues(full_name=row["full_name"], phone=row["phone"], email=row["email"]) for row in rows]
    known = await people_by_contact(people)
    ids = await find_or_create_people(people, now=context.now)
    stored: dict[int, dict[str, Any]] = {}
    for start in range(0, len(ids), CHUNK):
        some = Person.id.is_in(ids[start : start + CHUNK])
        stored |= {one["id"]: one for one in await Person.select(Person.id, *EXPERT).where(some)}
    created = updated = 0
    for row, person_id, was_known in zip(rows, ids, known, strict=True):
        expertise = ", ".join(part for part in (row["expertise"], row["organisation"]) if part)[:200]
        found = stored[person_id]
        fresh = not found["is_expert"]
        wanted = {"is_expert": True, "expertise": expertise}
        before, after = audit.changes({name: found[name] for name in wanted}, wanted)
        if not after:
            continue
        changed: dict[Any, Any] = {**after}
        await Person.update(changed).where(Person.id == person_id)
        found.update(after)
        created, updated = created + fresh, updated + (not fresh)
        if was_known is not None:
            await audit.record(
                actor=context.actor,
                action="person.update",
                subject_type="person",
                subject_id=person_id,
                edition_id=context.edition_id,
                before=before,
                after=after,
                now=context.now,
            )
    return LoadResult(created=created, updated=updated, unchanged=len(rows) - created - updated)


async def _check_contact(rows: Sequence[SheetRow], _context: SheetContext) -> list[CellProblem]:
    sentence = N_("A phone number or a mail address is needed.")
    return [row.problem("phone", "contact_missing", sentence) for row in rows if not row["phone"] and not row["email"]]


EXPERTS = SheetKind(
    name="experts",
    title=N_("Experts"),
    place="/people",
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
