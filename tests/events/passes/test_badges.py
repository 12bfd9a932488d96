"""Badges on every paper: what is read on them, by people and by scanners, and that nothing leaves its edges."""

import io
import re
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import typst
from PIL import Image

from app.events.enums import BadgePaper, PassKind
from app.events.passes.badges import PAPERS, TONES, Paper, badges_pdf
from app.events.passes.codec import qr_text
from app.events.passes.queries import PassInfo, pass_by_id
from app.events.passes.services import issue_pass
from app.events.queries import EditionInfo
from app.kernel.i18n import use_locale
from app.kernel.settings import settings
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.pdf_codes import codes_of
from tests.support.pdf_text import text_of

LONGEST = "Công Tằng Tôn Nữ Hoàng Diệu Thục Quyên Anh Thư Phương Khánh Linh Nguyễn Thị Hồng Hạnh Ngọc Trâm Bích Ngân Ý"
HOUSE = (
    "Hợp tác xã Thủ công mỹ nghệ truyền thống và Du lịch cộng đồng phụ nữ Kim Bồng – Cẩm Kim – Hội An – Quảng Nam (cũ)"
)


async def some(edition: EditionInfo, names: list[str], organisation: str = "") -> list[PassInfo]:
    found = []
    for name, kind in zip(names, cycle(PassKind), strict=False):
        begin, end = edition.window
        issued = await issue_pass(
            edition_id=edition.id,
            kind=kind,
            holder_name=name,
            organisation=organisation,
            label="Vé hai ngày",
            valid_from=begin,
            valid_until=end,
            now=NOW,
        )
        found.append(await pass_by_id(issued.id))
    return found


@pytest.mark.parametrize("paper", list(BadgePaper))
async def test_people_and_scanners_read_every_badge(database: str, paper: BadgePaper) -> None:
    edition = await make_edition()
    names = ["Nguyễn Thị Hoa", "Trần Lan", "Siti Rahmawati", "Lê Ngọc Ánh", "Đặng Mỹ Ý", "Phạm Thu Đông", "Vũ An"]
    passes = await some(edition, names, "HTX Kim Bồng")
    with use_locale("vi"):
        made = await badges_pdf(passes, edition, PAPERS[paper])
    assert sorted(codes_of(made)) == sorted(qr_text(found.code, settings().base_url) for found in passes)
    shown = " ".join(text_of(made).split())
    for words in (*names, "Khách tham quan", "Giám khảo", "Phụ nữ sáng tạo 2026"):
        assert words in shown
    assert shown.count("HTX Kim Bồng") == len(names)
    assert len(re.findall(rb"/Type/Page/", made)) == -(-len(passes) // PAPERS[paper].per_page)


@pytest.mark.parametrize("paper", list(BadgePaper))
async def test_the_longest_names_stay_on_their_badge(database: str, paper: BadgePaper) -> None:
    """Nothing is set beside a badge, and what is longest covers neither the code nor the role."""
    edition = await make_edition(name={"vi": "Ngày hội Phụ nữ khởi nghiệp sáng tạo " * 4})
    (found,) = await some(edition, [LONGEST], HOUSE)
    passes = [found, replace(found, holder_name="A" * 160, organisation="B" * 160), replace(found, holder_name="")]
    with use_locale("vi"):
        made = await badges_pdf(passes, edition, PAPERS[paper])
    assert codes_of(made) == [qr_text(found.code, settings().base_url)] * 3
    assert text_of(made).count("Khách tham quan") == 3
    for picture in _pages(made):
        assert _margins_are_white(picture, PAPERS[paper])


def _pages(made: bytes) -> list[Image.Image]:
    """Each page drawn at ten dots to the millimetre."""
    drawn = []
    sizes = re.findall(rb"/MediaBox\[0 0 ([\d.]+) ([\d.]+)\]", made)
    with TemporaryDirectory() as folder:
        Path(folder, "badges.pdf").write_bytes(made)
        main = Path(folder, "page.typ")
        for page, (width, height) in enumerate(sizes, start=1):
            size = f"width: {width.decode()}pt, height: {height.decode()}pt"
            main.write_text(f'#set page({size}, margin: 0pt)\n#image("badges.pdf", page: {page})')
            picture = typst.compile(str(main), root=folder, format="png", ppi=254)
            drawn.append(Image.open(io.BytesIO(picture)).convert("L"))
    return drawn


def _margins_are_white(picture: Image.Image, paper: Paper) -> bool:
    """Whether nothing stands in the outermost millimetre of any badge but its band, nor on a sheet around them."""
    columns, rows = max(paper.columns, 1), max(paper.rows, 1)
    across = columns * paper.width + (columns - 1) * paper.gap
    left = (210 - across) / 2 if paper.columns else 0
    top = (297 - rows * paper.height) / 2 if paper.columns else 0
    upright = paper.height > paper.width
    band = 14 if upright else 8
    strips = [(0, 0, left - 0.5, 297), (0, 0, 210, top - 0.5), (0, 297 - top + 0.5, 210, 297)]
    for column in range(columns):
        for row in range(rows):
            x, y = left + column * (paper.width + paper.gap), top + row * paper.height
            first, last = (y, y + paper.height - band) if upright else (y + band, y + paper.height)
            strips += [
                (x + 0.4, first + 0.4, x + 1.4, last - 0.4),
                (x + paper.width - 1.4, first + 0.4, x + paper.width - 0.4, last - 0.4),
                (x + 0.4, first + 0.4, x + paper.width - 0.4, first + 1.2) if upright else (0, 0, 0, 0),
                (x + 0.4, last - 1.4, x + paper.width - 0.4, last - 0.4),
            ]
    boxes = [tuple(round(10 * edge) for edge in strip) for strip in strips]
    return all(picture.crop(box).getextrema()[0] > 250 for box in boxes if box[2] > box[0] and box[3] > box[1])


async def test_a_role_has_a_word_and_not_only_a_colour(database: str) -> None:
    edition = await make_edition()
    passes = await some(edition, ["An"] * len(PassKind))
    for locale, words in (("vi", "Diễn giả"), ("id", "Pembicara"), ("en", "Speaker")):
        with use_locale(locale):
            made = await badges_pdf(passes, edition, PAPERS[BadgePaper.CARD])
        assert words in text_of(made)
    assert set(TONES) == set(PassKind)
    assert len(set(TONES.values())) == len(PassKind)


async def test_a_picture_of_one_page(database: str) -> None:
    edition = await make_edition()
    passes = await some(edition, list(islice(cycle(["Lan", "Mai"]), 4)))
    drawn = Image.open(io.BytesIO(await badges_pdf(passes, edition, PAPERS[BadgePaper.A6_SHEET], ppi=50.8)))
    assert (drawn.format, drawn.size) == ("PNG", (420, 594))
