import re
import shutil
import subprocess
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from app.kernel.documents import qr

ADDRESS = "HTTPS://FAIR.EXAMPLE.VN/P/" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" * 4 + "ABCDEFGHIJKLM"


def drawn(svg: str) -> list[list[bool]]:
    root = ElementTree.fromstring(svg)
    size = int(root.attrib["viewBox"].split()[2])
    path = root[1].attrib["d"]
    cells = [[False] * size for _ in range(size)]
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", path):
        for column in range(int(x), int(x) + int(length)):
            cells[int(y)][column] = True
    return cells


def version_of(text: str) -> int:
    """Return the version (size class, 1 to 40) of a code: four modules more a side for each, and a quiet zone of 4."""
    return (len(drawn(qr.qr_svg(text))) - 2 * qr.BORDER - 17) // 4


def test_svg_and_png_show_the_same_modules() -> None:
    cells = drawn(qr.qr_svg("Nguyễn Thị Ắn"))
    image = Image.open(BytesIO(qr.qr_png("Nguyễn Thị Ắn", 3)))
    assert image.size == (len(cells) * 3, len(cells) * 3)
    shown = [[image.getpixel((x * 3 + 1, y * 3 + 1)) == 0 for x in range(len(cells))] for y in range(len(cells))]
    assert shown == cells
    assert not any(any(row[:4]) or any(row[-4:]) for row in cells), "the quiet zone is four modules"


def test_svg_is_one_path_without_styles_and_escapes_its_label() -> None:
    svg = qr.qr_svg("X", label='Booth "A1" <now>')
    root = ElementTree.fromstring(svg)
    assert [child.tag.rpartition("}")[2] for child in root] == ["rect", "path"]
    assert "style" not in svg
    assert root.attrib["aria-label"] == 'Booth "A1" <now>'


def test_upper_case_text_takes_fewer_modules() -> None:
    assert len(ADDRESS) == 167
    assert version_of(ADDRESS) <= 8
    assert version_of(ADDRESS.lower()) > 8


def test_high_correction_is_denser() -> None:
    assert len(drawn(qr.qr_svg(ADDRESS, high=True))) > len(drawn(qr.qr_svg(ADDRESS)))


@pytest.mark.skipif(shutil.which("zbarimg") is None, reason="zbarimg is not installed")
@pytest.mark.parametrize("text", [ADDRESS, "https://fair.example.vn/s/K7QX"])
def test_a_reader_reads_it(text: str, tmp_path: Path) -> None:
    path = tmp_path / "code.png"
    path.write_bytes(qr.qr_png(text, 4))
    read = subprocess.run(["zbarimg", "--raw", "-q", str(path)], capture_output=True, check=True)
    assert read.stdout.decode().strip() == text
