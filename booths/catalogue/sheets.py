"""The sheet of products: organisations are found by their names, products by their codes, else by their names."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from app.accounts.tables import Organisation
from app.kernel import audit
from app.kernel.i18n import LOCALES, N_
from app.kernel.money import Money
from app.kernel.names import search_text
from app.kernel.sheets import CellProblem, Column, LoadResult, SheetContext, SheetKind, SheetRow
from app.kernel.sheets.parsers import custom, money, text
from booths.allocation.tables import Application
from booths.catalogue.certificates import parse_certificates
from booths.catalogue.queries.exhibitors import texts_of
from booths.catalogue.schemas import ProductValues
from booths.catalogue.services.products import by_name, columns_of, told
from booths.catalogue.tables import Certificate, Product

_UNKNOWN = N_("There is no exhibitor of this name. Load organisations or applications first, or correct the name.")
_CERTIFICATES = N_("At most 12 certificates of 120 characters, with a semicolon between them.")
_BATCH = 200
_MAIN_LANGUAGE = {"VN": "vi", "ID": "id"}

Certificates = list[tuple[str, int | None]]


async def _organisations(edition_id: int | None) -> dict[str, int]:
    """Organisations by folded name; of several with one name, the one that applied for the edition."""
    columns = (Organisation.id, Organisation.name, Organisation.merged_into)
    stored = await Organisation.select(*columns).order_by(Organisation.id)
    applied: set[int] = set()
    if edition_id is not None:
        rows = await Application.select(Application.organisation).where(Application.edition == edition_id)
        applied = {row["organisation"] for row in rows}
    found: dict[str, int] = {}
    for row in stored:
        name, stands = search_text(row["name"]), row["merged_into"] or row["id"]
        if name not in found or (stands in applied and found[name] not in applied):
            found[name] = stands
    return found


def _key(row: SheetRow) -> tuple[str, str, str]:
    maker = search_text(row["organisation"])
    return (maker, "code", row["code"].casefold()) if row["code"] else (maker, "name", search_text(row["name"]))


async def _check(rows: Sequence[SheetRow], context: SheetContext) -> list[CellProblem]:
    known = await _organisations(context.edition_id)
    return [
        row.problem("organisation", "organisation_unknown", _UNKNOWN)
        for row in rows
        if search_text(row["organisation"]) not in known
    ]


async def _load(rows: Sequence[SheetRow], context: SheetContext) -> LoadResult:
    organisations = await _organisations(context.edition_id)
    makers = sorted({organisations[search_text(row["organisation"])] for row in rows})
    stored: list[dict[str, Any]] = []
    certificates: dict[int, Certificates] = defaultdict(list)
    for start in range(0, len(makers), _BATCH):
        chunk = makers[start : start + _BATCH]
        stored += await Product.select().where(Product.organisation.is_in(chunk)).order_by(Product.id)
        for found in (
            await Certificate.select(Certificate.product, Certificate.name, Certificate.year)
            .where(Certificate.organisation.is_in(chunk) & Certificate.product.is_not_null())
            .order_by(Certificate.id)
        ):
            certificates[found["product"]].append((found["name"], found["year"]))
    by_code = {(old["organisation"], old["code"].casefold()): old for old in stored if old["code"]}
    called: dict[tuple[int, str], dict[str, Any]] = {}
    position: dict[int, int] = defaultdict(int)
    for old in stored:
        position[old["organisation"]] = max(position[old["organisation"]], old["position"] + 1)
        for name in texts_of(old["name"]).values():
            called.setdefault((old["organisation"], search_text(name)), old)
    fresh: list[tuple[Product, Certificates]] = []
    replaced: dict[int, tuple[int, Certificates]] = {}
    updated = unchanged = 0
    for row in rows:
        maker = organisations[search_text(row["organisation"])]
        found_old = by_code.get((maker, row["code"].casefold())) if row["code"] else None
        if found_old is None:
            same_name = called.get((maker, search_text(row["name"])))
            found_old = same_name if same_name and (not row["code"] or not same_name["code"]) else None
        values = _values(row, context, found_old, certificates[found_old["id"]] if found_old else [])
        columns = columns_of(values, context.currency, context.now)
        named = by_name(columns)
        if found_old is None:
            product = Product(organisation=maker, position=position[maker], created_at=context.now, **named)
            position[maker] += 1
            fresh.append((product, list(values.certificates)))
            continue
        before, after = audit.changes(told(found_old, certificates[found_old["id"]]), told(named, values.certificates))
        if not after:
            unchanged += 1
            continue
        updated += 1
        await Product.update(columns).where(Product.id == found_old["id"])
        if "certificates" in after:
            replaced[found_old["id"]] = (maker, list(values.certificates))
        await audit.record(
            actor=context.actor,
            action="product.change",
            subject_type="product",
            subject_id=found_old["id"],
            edition_id=context.edition_id,
            before=before,
            after=after,
            now=context.now,
        )
    await _insert(fresh)
    for product_id, (maker, named_certificates) in replaced.items():
        await Certificate.delete().where(Certificate.product == product_id)
        await _insert_certificates([(maker, product_id, named_certificates)])
    return LoadResult(created=len(fresh), updated=updated, unchanged=unchanged)


def _values(
    row: SheetRow, context: SheetContext, old: dict[str, Any] | None, old_certificates: Certificates
) -> ProductValues:
    """What a row says of a product; what its sheet has no column for stays as it is."""
    main = _MAIN_LANGUAGE.get(context.region, "vi")
    name = {**(texts_of(old["name"]) if old else {}), main: row["name"]}
    for code in LOCALES:
        if row.has(f"name_{code}") and code != main:
            name[code] = row[f"name_{code}"] or ""
    description = dict(texts_of(old["description"])) if old else {}
    if row.has("description"):
        description[main] = row["description"] or ""
    price = row["price_vnd"]
    kept = {name: old[name] if old else "" for name in ("unit", "category")}
    if old and not row.has("price_vnd") and old["price_minor"] is not None:
        price = Money(old["price_minor"], old["currency"])
    return ProductValues(
        name={code: words for code, words in name.items() if words},
        description={code: words for code, words in description.items() if words},
        code=row["code"] or (old["code"] if old else ""),
        price=price,
        unit=(row["unit"] or "") if row.has("unit") else kept["unit"],
        category=(row["category"] or "") if row.has("category") else kept["category"],
        certificates=(row["certificates"] or []) if row.has("certificates") else old_certificates,
        active=old["active"] if old else True,
    )


async def _insert(fresh: Sequence[tuple[Product, Certificates]]) -> None:
    for start in range(0, len(fresh), _BATCH):
        chunk = fresh[start : start + _BATCH]
        await Product.insert(*(product for product, _certificates in chunk))
        await _insert_certificates(
            [(product.organisation, product.id, certificates) for product, certificates in chunk]
        )


async def _insert_certificates(found: Sequence[tuple[Any, int, Certificates]]) -> None:
    rows = [
        Certificate(organisation=maker, product=product_id, name=name, year=year)
        for maker, product_id, certificates in found
        for name, year in certificates
    ]
    if rows:
        await Certificate.insert(*rows)


PRODUCTS = SheetKind(
    name="products",
    title=N_("Products"),
    place="/catalogue",
    columns=(
        Column(
            "organisation",
            {
                "en": ["Organisation", "exhibitor", "maker", "producer"],
                "vi": ["Đơn vị", "tên đơn vị", "cơ sở", "tên cơ sở", "nhà sản xuất", "chủ thể"],
                "id": ["Organisasi", "peserta", "nama usaha", "produsen"],
            },
            text(200),
            required=True,
        ),
        Column(
            "code",
            {
                "en": ["Code", "product code", "SKU"],
                "vi": ["Mã sản phẩm", "mã", "mã hàng"],
                "id": ["Kode", "kode produk"],
            },
            text(40),
        ),
        Column(
            "name",
            {
                "en": ["Name", "product", "product name"],
                "vi": ["Tên sản phẩm", "sản phẩm", "tên hàng"],
                "id": ["Nama produk", "produk", "nama"],
            },
            text(160),
            required=True,
        ),
        Column(
            "description",
            {"en": ["Description"], "vi": ["Mô tả", "giới thiệu"], "id": ["Deskripsi", "keterangan"]},
            text(4000, lines=True),
        ),
        Column(
            "price_vnd",
            {
                "en": ["Price (VND)", "price"],
                "vi": ["Giá bán (đ)", "giá bán", "giá", "đơn giá"],
                "id": ["Harga (Rp)", "harga"],
            },
            money(),
        ),
        Column("unit", {"en": ["Unit"], "vi": ["Đơn vị tính", "ĐVT", "quy cách"], "id": ["Satuan"]}, text(40)),
        Column(
            "category",
            {
                "en": ["Kind of goods", "goods", "category"],
                "vi": ["Ngành hàng", "mặt hàng", "nhóm hàng", "nhóm sản phẩm"],
                "id": ["Jenis barang", "barang", "kategori", "kelompok"],
            },
            text(80),
        ),
        Column(
            "certificates",
            {
                "en": ["Certificates", "certificate"],
                "vi": ["Chứng nhận", "chứng chỉ", "OCOP"],
                "id": ["Sertifikat", "sertifikasi"],
            },
            custom(parse_certificates, "certificates_unclear", _CERTIFICATES),
        ),
        Column(
            "name_en",
            {"en": ["Name in English", "English name"], "vi": ["Tên tiếng Anh"], "id": ["Nama bahasa Inggris"]},
            text(160),
        ),
        Column(
            "name_id",
            {
                "en": ["Name in Indonesian", "Indonesian name"],
                "vi": ["Tên tiếng Indonesia"],
                "id": ["Nama bahasa Indonesia"],
            },
            text(160),
        ),
        Column(
            "name_vi",
            {
                "en": ["Name in Vietnamese", "Vietnamese name"],
                "vi": ["Tên tiếng Việt"],
                "id": ["Nama bahasa Vietnam"],
            },
            text(160),
        ),
    ),
    load=_load,
    check=_check,
    key=_key,
)
