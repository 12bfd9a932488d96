import re
from pathlib import Path

import pytest

from app.kernel.documents.joining import JoinedPdf, NotJoined
from app.kernel.documents.pdf import compile_pdf
from app.kernel.documents.qr import qr_svg
from tests.kernel.conftest import Template
from tests.kernel.test_documents_pdf import pages_of
from tests.support.pdf_codes import codes_of
from tests.support.pdf_text import text_of

TWO = (
    '#set page(width: 60mm, height: 60mm, margin: 3mm)\n#data.name #picture("a.svg", width: 30mm) #pagebreak() (1 0 R)'
)


async def test_documents_become_one(template: Template, tmp_path: Path) -> None:
    template(TWO)
    path = tmp_path / "all.pdf"
    with JoinedPdf(path, title="Nguyễn (Thị) Ắn", locale="vi") as joined:
        for number in range(3):
            name = f"Tên {'ÁẮỢ'[number]}"
            joined.add(
                await compile_pdf(
                    "tests/sample.typ", {"name": name}, codes={"a.svg": f"HTTPS://X.VN/{number}"}, tagged=False
                )
            )
    made = path.read_bytes()
    assert joined.pages == 6
    assert pages_of(made) == 6
    assert codes_of(made) == [f"HTTPS://X.VN/{number}" for number in range(3)]
    assert [line for line in text_of(made).split("\n") if line.strip()] == [
        "Tên Á",
        "(1 0 R)",
        "Tên Ắ",
        "(1 0 R)",
        "Tên Ợ",
        "(1 0 R)",
    ]
    assert b"/Title<feff" in made
    assert len(re.findall(rb"/Type ?/Catalog", made)) == 1
    _offsets_hold(made)


def _offsets_hold(made: bytes) -> None:
    """Every object stands where the table says, and what refers to one finds it."""
    start = int(re.findall(rb"startxref\n(\d+)\n%%EOF", made)[-1])
    lines = made[start:].split(b"\n")
    count = int(lines[1].split()[1])
    for number in range(1, count):
        at = int(lines[2 + number].split()[0])
        assert made[at:].startswith(b"%d 0 obj" % number), number
    assert {int(number) for number in re.findall(rb"(\d+) 0 R", made.split(b"\nxref\n")[0])} <= set(range(1, count))


async def test_what_did_not_end_well_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "all.pdf"
    with pytest.raises(NotJoined), JoinedPdf(path, title="x", locale="vi") as joined:
        joined.add(b"%PDF-1.7\nno table of what is where")
    assert list(tmp_path.iterdir()) == []


async def test_only_its_owner_reads_it(template: Template, tmp_path: Path) -> None:
    template("one")
    path = tmp_path / "deep" / "all.pdf"
    with JoinedPdf(path, title="x", locale="vi") as joined:
        joined.add(await compile_pdf("tests/sample.typ", {}, tagged=False))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


async def test_a_code_drawn_by_the_child_is_the_same_picture(template: Template) -> None:
    template('#picture("a.svg", width: 4cm)')
    drawn = await compile_pdf("tests/sample.typ", {}, codes={"a.svg": "HELLO 42"})
    given = await compile_pdf("tests/sample.typ", {}, images={"a.svg": qr_svg("HELLO 42").encode()})
    assert codes_of(drawn) == codes_of(given) == ["HELLO 42"]
