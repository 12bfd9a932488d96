"""The sheet of products."""

from pathlib import Path

from app.accounts.actor import SYSTEM
from app.kernel.sheets import SheetContext, read_table
from app.kernel.sheets.checking import examine
from booths.catalogue.queries.products import product_info, products_of_organisation
from booths.catalogue.sheets import PRODUCTS
from booths.catalogue.tables import Product
from tests.booths.catalogue.factories import make_fair, make_product, make_stand
from tests.conftest import NOW
from tests.support.factories import make_organisation

SHEET = Path(__file__).parents[3] / "app/demo/sheets/products.xlsx"
HEADER = "Đơn vị;Mã sản phẩm;Tên sản phẩm;Giá bán (đ);Nhóm hàng;Chứng nhận;Tên tiếng Anh\n"


async def load(text: str, edition_id: int) -> tuple[int, int, int]:
    context = SheetContext(edition_id=edition_id, actor=SYSTEM, now=NOW)
    examined = await examine(PRODUCTS, read_table((HEADER + text).encode(), "sp.csv", PRODUCTS.columns), context)
    assert examined.problems == ()
    result = await PRODUCTS.load(examined.rows, context)
    return result.created, result.updated, result.unchanged


async def test_loading_twice_updates_and_does_not_double(database: str) -> None:
    fair = await make_fair()
    stand = await make_stand(fair, name="Gốm Chi")
    sheet = 'Gốm Chi;G1;Bình gốm;1.250.000;Gốm;"OCOP 4 sao 2024; VietGAP";Clay vase\ngốm  chi;;Đĩa gốm;;;;\n'
    assert await load(sheet, fair.edition.id) == (2, 0, 0)
    assert await load(sheet, fair.edition.id) == (0, 0, 2)
    changed = sheet.replace("1.250.000", "1.300.000").replace("VietGAP", "GlobalGAP")
    assert await load(changed, fair.edition.id) == (0, 1, 1)
    first, second = await products_of_organisation(stand.organisation_id)
    found = await product_info(first.id)
    assert (found.name, found.code, found.category) == ({"vi": "Bình gốm", "en": "Clay vase"}, "G1", "Gốm")
    assert found.price is not None
    assert found.price.amount_minor == 1_300_000
    assert [certificate.title for certificate in found.certificates] == ["OCOP 4 sao 2024", "GlobalGAP"]
    assert (second.name, second.price) == ({"vi": "Đĩa gốm"}, None)


async def test_a_column_that_is_missing_changes_nothing(database: str) -> None:
    fair = await make_fair()
    stand = await make_stand(fair, name="Gốm Chi")
    product_id = await make_product(stand, "Bình gốm", description={"vi": "Men rạn."}, certificates=[("VietGAP", None)])
    context = SheetContext(edition_id=fair.edition.id, actor=SYSTEM, now=NOW)
    table = read_table("Đơn vị;Tên sản phẩm;Giá\nGốm Chi;Bình gốm;500000\n".encode(), "sp.csv", PRODUCTS.columns)
    examined = await examine(PRODUCTS, table, context)
    await PRODUCTS.load(examined.rows, context)
    found = await product_info(product_id)
    assert found.price is not None
    assert (found.price.amount_minor, found.unit, found.category) == (500_000, "chiếc", "Lụa")
    assert (found.description, len(found.certificates)) == ({"vi": "Men rạn."}, 1)


async def test_an_unknown_organisation_is_a_problem_of_its_cell(database: str) -> None:
    fair = await make_fair()
    await make_stand(fair, name="Gốm Chi")
    context = SheetContext(edition_id=fair.edition.id, actor=SYSTEM, now=NOW)
    table = read_table((HEADER + "Gốm Chị;;Bình;;;;\n").encode(), "sp.csv", PRODUCTS.columns)
    examined = await examine(PRODUCTS, table, context)
    assert examined.problems == ()  # accents do not matter
    table = read_table((HEADER + "Gốm Lan;;Bình;không;;;\n").encode(), "sp.csv", PRODUCTS.columns)
    examined = await examine(PRODUCTS, table, context)
    assert [(one.row, one.column, one.code) for one in examined.problems] == [(2, "D", "not_money")]
    table = read_table((HEADER + "Gốm Lan;;Bình;;;;\n").encode(), "sp.csv", PRODUCTS.columns)
    examined = await examine(PRODUCTS, table, context)
    assert [(one.row, one.column, one.value, one.code) for one in examined.problems] == [
        (2, "A", "Gốm Lan", "organisation_unknown")
    ]


async def test_the_sheet_of_the_demo_is_loaded_whole(database: str) -> None:
    fair = await make_fair()
    context = SheetContext(edition_id=fair.edition.id, actor=SYSTEM, now=NOW)
    table = read_table(SHEET.read_bytes(), SHEET.name, PRODUCTS.columns)
    column = table.headers.index("Đơn vị")
    for name in dict.fromkeys(str(row.values[column]) for row in table.rows):
        await make_organisation(name=name)
    examined = await examine(PRODUCTS, table, context)
    assert examined.problems == ()
    assert (await PRODUCTS.load(examined.rows, context)).created == 320
    assert (await PRODUCTS.load(examined.rows, context)).unchanged == 320
    assert await Product.count() == 320
