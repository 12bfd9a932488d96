"""The sheet of exhibitors' applications."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from app.accounts.actor import SYSTEM, Actor
from app.accounts.enums import OrganisationKind
from app.accounts.places.wards import propose_ward, ward_place
from app.accounts.services.people import create_organisation, find_or_create_person
from app.accounts.sheets import EMAIL, KIND_LABELS, MEMBERS, PHONE, WARD
from app.accounts.tables import Organisation
from app.kernel.i18n import N_
from app.kernel.names import search_text
from app.kernel.sheets import CellProblem, Column, LoadResult, SheetContext, SheetKind, SheetRow
from app.kernel.sheets.parsers import choice, email, integer, phone, text
from booths.allocation.enums import ApplicationState
from booths.allocation.services.applications import submit_application
from booths.allocation.tables import Application
from booths.floorplan.queries import zones_of

_CONTACT = N_("A phone number or a mail address is needed.")
_ALLOCATED = N_("This exhibitor has a booth of {cells} cells already. Release it before its size changes.")
_ZONE = N_("There is no zone of this name on the plan. Zones: {zones}.")


async def _check(rows: Sequence[SheetRow], context: SheetContext) -> list[CellProblem]:
    problems = []
    zones = await zones_of(context.edition_id) if context.edition_id else []
    known = {search_text(zone) for zone in zones}
    for row in rows:
        if not row["phone"] and not row["email"]:
            problems.append(row.problem("phone", "contact_missing", _CONTACT))
        if row["zone_wanted"] and known and search_text(row["zone_wanted"]) not in known:
            problems.append(row.problem("zone_wanted", "zone_unknown", _ZONE, zones=", ".join(zones)))
    return [*problems, *await _with_booths(rows, context)]


async def _with_booths(rows: Sequence[SheetRow], context: SheetContext) -> list[CellProblem]:
    """Exhibitors whose booth would not have the size any more that they ask for."""
    allocated = {
        one["organisation"]: one["cells_wanted"]
        for one in await Application.select(Application.organisation, Application.cells_wanted).where(
            (Application.edition == context.edition_id) & (Application.state == ApplicationState.ALLOCATED.value)
        )
    }
    if not allocated:
        return []
    known = await _Organisations.stored()
    problems = []
    for row in rows:
        cells = allocated.get(known.find(row) or 0)
        if row.has("cells_wanted") and cells is not None and cells != (row["cells_wanted"] or 1):
            problems.append(row.problem("cells_wanted", "booth_allocated", _ALLOCATED, cells=cells))
    return problems


@dataclass
class _Organisations:
    """Those that a row may mean: by name and ward, by name alone where it gives no ward."""

    by_place: dict[tuple[str, str], int] = field(default_factory=dict)
    by_name: dict[str, int] = field(default_factory=dict)

    @classmethod
    async def stored(cls) -> Self:
        """All that there are."""
        found = cls()
        columns = (Organisation.id, Organisation.name, Organisation.ward, Organisation.merged_into)
        for one in await Organisation.select(*columns).order_by(Organisation.id):
            found.add(one["name"], one["ward"], one["merged_into"] or one["id"])
        return found

    def add(self, name: str, ward: str | None, organisation_id: int) -> None:
        """One more; of several of a name the first is meant where a row gives no ward."""
        self.by_place[(search_text(name), ward_place(ward))] = organisation_id
        self.by_name.setdefault(search_text(name), organisation_id)

    def find(self, row: SheetRow) -> int | None:
        """Which one a row means."""
        name = search_text(row["organisation"])
        return self.by_place.get((name, ward_place(row["ward"]))) if row["ward"] else self.by_name.get(name)


async def _load(rows: Sequence[SheetRow], context: SheetContext) -> LoadResult:
    assert context.edition_id is not None
    actor = context.actor if isinstance(context.actor, Actor) else SYSTEM
    zones = {search_text(zone): zone for zone in await zones_of(context.edition_id)}
    known = await _Organisations.stored()
    earlier = {
        application["organisation"]: application
        for application in await Application.select().where(Application.edition == context.edition_id)
    }
    created = updated = unchanged = 0
    for row in rows:
        contact = await find_or_create_person(
            full_name=row["contact_name"] or row["organisation"],
            phone=row["phone"],
            email=row["email"],
            now=context.now,
        )
        organisation_id = known.find(row)
        if organisation_id is None:
            values: dict[str, Any] = {
                "phone": row["phone"],
                "email": row["email"],
                "ward": row["ward"] or "",
                "ward_before": row.written.get("ward", ""),
                "member_count": row["member_count"],
                "contact": contact.id,
            }
            kind = row["kind"] or OrganisationKind.HOUSEHOLD
            fresh = await create_organisation(
                name=row["organisation"],
                kind=kind,
                edition_id=context.edition_id,
                actor=actor,
                now=context.now,
                **values,
            )
            organisation_id = fresh.id
            known.add(row["organisation"], row["ward"], fresh.id)
        wish: dict[str, Any] = {
            "cells_wanted": row["cells_wanted"] or 1,
            "zone_wanted": zones.get(search_text(row["zone_wanted"]), row["zone_wanted"] or ""),
            "power_watts": row["power_watts"] or 0,
            "category": row["category"] or "",
            "note": row["note"] or "",
        }
        old = earlier.get(organisation_id)
        if old is not None:  # what the sheet has no column for stays as it is
            wish |= {key: old[key] for key in wish if not row.has(key)}
        if old is not None and all(old[key] == value for key, value in wish.items()) and old["contact"] == contact.id:
            unchanged += 1
            continue
        _id, new = await submit_application(
            edition_id=context.edition_id,
            organisation_id=organisation_id,
            contact_id=contact.id,
            actor=actor,
            now=context.now,
            **wish,
        )
        created, updated = created + new, updated + (not new)
    return LoadResult(created=created, updated=updated, unchanged=unchanged)


APPLICATIONS = SheetKind(
    name="applications",
    title=N_("Exhibitors' applications"),
    place="/applications",
    columns=(
        Column(
            "organisation",
            {
                "en": ["Organisation", "exhibitor", "name"],
                "vi": ["Tên đơn vị", "đơn vị", "tên cơ sở", "đơn vị đăng ký"],
                "id": ["Organisasi", "peserta", "nama usaha"],
            },
            text(200),
            required=True,
        ),
        Column(
            "contact_name",
            {
                "en": ["Contact name", "contact", "contact person"],
                "vi": ["Người liên hệ", "người đại diện", "họ và tên"],
                "id": ["Nama kontak", "kontak"],
            },
            text(200),
        ),
        Column("phone", PHONE, phone()),
        Column("email", EMAIL, email()),
        Column(
            "kind",
            {"en": ["Kind", "type"], "vi": ["Loại hình", "loại"], "id": ["Jenis", "bentuk usaha"]},
            choice(KIND_LABELS),
        ),
        Column(
            "cells_wanted",
            {
                "en": ["Cells wanted", "cells"],
                "vi": ["Số ô đăng ký", "số ô", "số gian"],
                "id": ["Jumlah petak", "petak"],
            },
            integer(1, 12),
        ),
        Column(
            "zone_wanted",
            {
                "en": ["Zone wanted", "zone"],
                "vi": ["Khu vực mong muốn", "khu vực", "khu"],
                "id": ["Zona pilihan", "zona"],
            },
            text(80),
        ),
        Column(
            "power_watts",
            {
                "en": ["Power (W)", "power"],
                "vi": ["Công suất điện (W)", "công suất điện", "điện"],
                "id": ["Daya (W)", "daya", "listrik"],
            },
            integer(0, 100_000),
        ),
        Column(
            "category",
            {
                "en": ["Kind of goods", "goods", "category"],
                "vi": ["Ngành hàng", "mặt hàng", "nhóm hàng", "lĩnh vực"],
                "id": ["Jenis barang", "barang", "kategori"],
            },
            text(120),
        ),
        Column("note", {"en": ["Note"], "vi": ["Ghi chú", "giới thiệu"], "id": ["Catatan"]}, text(2000, lines=True)),
        Column("member_count", MEMBERS, integer(0, 1_000_000)),
        Column("ward", WARD, text(120), propose=propose_ward),
    ),
    load=_load,
    check=_check,
    key=lambda row: (search_text(row["organisation"]), ward_place(row["ward"])),
)
