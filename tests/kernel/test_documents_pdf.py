import asyncio
import re
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from app.kernel.documents import labels, pdf
from app.kernel.documents.labels import Label, label_sheets, one_file
from app.kernel.documents.pdf import Copy, DocumentFailed, compile_each, compile_pdf
from app.kernel.documents.qr import qr_svg
from app.kernel.i18n import use_locale
from tests.kernel.conftest import Template
from tests.support.pdf_text import text_of


def pages_of(content: bytes) -> int:
    return max(int(count) for count in re.findall(rb"/Count (\d+)", content))


async def test_values_are_text_and_never_markup(template: Template) -> None:
    template("#show: document.with(title: data.title)\n#data.title\n\n#data.body")
    evil = 'x #panic("no") *b* $y$ [z] \\u{41} "q" `raw` @ref <l> // c'
    shown = text_of(await compile_pdf("tests/sample.typ", {"title": "Nguyễn Thị Ắn — Ước ₫", "body": evil}))
    assert "Nguyễn Thị Ắn — Ước ₫" in shown
    assert evil in re.sub(r"\s+", " ", shown)


async def test_words_come_in_the_readers_language(template: Template, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"Good morning, {name}": "Chào {name}", 'Say "no"': "Nói “không”"}
    monkeypatch.setattr(pdf, "_", known.__getitem__)
    template('#t("Good morning, {name}", name: data.name) #t("Say \\"no\\"") #data.locale')
    with use_locale("vi"):
        shown = text_of(await compile_pdf("tests/sample.typ", {"name": "Mai"}))
    assert shown.split() == ["Chào", "Mai", "Nói", "“không”", "vi"]


async def test_pictures_and_neighbours(template: Template) -> None:
    template("#let greeting = [hello]", "part")
    template('#import "/tests/part.typ": greeting\n#greeting #picture("code.svg", width: 3cm)')
    made = await compile_pdf("tests/sample.typ", {}, images={"code.svg": qr_svg("HELLO").encode()})
    assert made.startswith(b"%PDF-")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
async def test_a_picture_of_dots_is_set(template: Template, kind: str) -> None:
    buffer = BytesIO()
    Image.effect_noise((40, 30), 60).save(buffer, kind)
    template('#picture("photo.svg", width: 3cm)')
    made = await compile_pdf("tests/sample.typ", {}, images={"photo.svg": buffer.getvalue()})
    assert re.search(rb"/Subtype ?/Image", made)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"plain", b"<svg"])
async def test_a_broken_picture_is_one_clear_error(template: Template, content: bytes) -> None:
    template('#picture("photo.svg")')
    with pytest.raises(DocumentFailed):
        await compile_pdf("tests/sample.typ", {}, images={"photo.svg": content})


async def test_many_copies_come_each_in_its_language(template: Template, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_", lambda message: f"{message}-{pdf.current_locale()}")
    template('#t("Word") #data.name #if data.name == "b" { picture("code.svg", width: 1cm) }')
    pictures = {"code.svg": qr_svg("HELLO").encode()}
    copies = [
        Copy(locale="vi", data={"name": "a"}),
        Copy(locale="id", data={"name": "b"}, images=pictures),
        Copy(locale="vi", data={"name": "c"}),
    ]
    made = await compile_each("tests/sample.typ", copies)
    assert [text_of(one).split() for one in made] == [["Word-vi", "a"], ["Word-id", "b"], ["Word-vi", "c"]]
    assert await compile_each("tests/sample.typ", []) == []
    with pytest.raises(DocumentFailed):
        await compile_each("tests/sample.typ", [*copies, Copy(locale="vi", data={"name": "b"})])


@pytest.mark.parametrize("missing", [True, False])
async def test_vietnamese_is_set_with_and_without_our_typeface(
    template: Template, monkeypatch: pytest.MonkeyPatch, missing: bool
) -> None:
    """No letter may come from a typeface that lacks it: typst would draw boxes (.notdef) or take another one."""
    if missing:
        monkeypatch.setattr(pdf, "FONT_FOLDER", Path("/nowhere"))
    elif not pdf.FONT_FOLDER.is_dir():
        pytest.skip("the front end is not built")
    letters = "aăâbcdđeêghiklmnoôơpqrstuưvxy ạảãàáặẳẵằắậẩẫầấẹẻẽèéệểễềếịỉĩìíọỏõòóộổỗồốợởỡờớụủũùúựửữừứỵỷỹỳý ₫"
    template("#show: document.with(title: data.x)\n#data.x")
    made = await compile_pdf("tests/sample.typ", {"x": letters + letters.upper()})
    fonts = {name.decode().split("+")[1] for name in re.findall(rb"/BaseFont\s*/([\w+\-]+)", made)}
    assert len({font.split("-")[0] for font in fonts}) == 1
    if missing:
        assert {font[: len("LibertinusSerif")] for font in fonts} == {"LibertinusSerif"}


@pytest.mark.parametrize("body", ["#panic", "#nothing", '#image("/images/gone.svg")', '#read("/etc/passwd")'])
async def test_a_broken_template_is_one_clear_error(template: Template, body: str) -> None:
    template(body if body != "#panic" else '#panic("no")')
    with pytest.raises(DocumentFailed):
        await compile_pdf("tests/sample.typ", {})


async def test_a_template_cannot_take_for_ever(template: Template) -> None:
    template("#for i in range(500) { [#range(1000000).map(n => n + i).sum()] }")
    with pytest.raises(DocumentFailed):
        await compile_pdf("tests/sample.typ", {}, seconds=0.4)


@pytest.mark.parametrize("name", ["tests/none.typ", "../pdf.py", "tests/sample.txt"])
async def test_unknown_templates(template: Template, name: str) -> None:
    with pytest.raises(FileNotFoundError):
        await compile_pdf(name, {})


async def test_two_compilers_at_most(template: Template, monkeypatch: pytest.MonkeyPatch) -> None:
    running, most = 0, 0

    async def child(*_: Any, **__: Any) -> dict[str, Any]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1
        return {"content": b"%PDF-"}

    monkeypatch.setattr(pdf, "run_in_child", child)
    template("x")
    await asyncio.gather(*(compile_pdf("tests/sample.typ", {}) for _ in range(8)))
    assert most == 2


def test_typst_is_not_imported_by_the_service() -> None:
    code = "import app.kernel.documents.labels, sys; sys.exit('typst' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=pdf.ROOT, check=False).returncode == 0


def some(count: int) -> list[Label]:
    return [
        Label(f"HTTPS://X.VN/S/{n}", f"Nguyễn Thị Số {n}", "Hợp tác xã", f"K{n:03}", "Khách mời" if n % 2 else "")
        for n in range(count)
    ]


@pytest.mark.parametrize(("columns", "rows", "pages"), [(3, 7, 2), (2, 2, 6), (1, 1, 22), (5, 13, 1)])
async def test_labels_fill_sheets(columns: int, rows: int, pages: int) -> None:
    files = await label_sheets(some(22), columns=columns, rows=rows, heading="Booths")
    assert len(files) == 1
    assert pages_of(files[0]) == pages
    assert set(re.findall(r"K\d{3}", text_of(files[0]))) == {f"K{n:03}" for n in range(22)}


@pytest.mark.parametrize(("columns", "rows", "pages"), [(2, 4, 3), (2, 2, 6), (3, 7, 2)])
async def test_what_all_labels_share_stands_at_the_foot_of_each(columns: int, rows: int, pages: int) -> None:
    foot = ("Ngày hội Sáng tạo", "16–18 tháng 10, 2026")
    (made,) = await label_sheets(some(22), columns=columns, rows=rows, foot=foot)
    assert pages_of(made) == pages
    shown = text_of(made)
    assert [shown.count(line) for line in foot] == [22, 22]
    assert set(re.findall(r"K\d{3}", shown)) == {f"K{n:03}" for n in range(22)}


async def test_long_and_odd_names_stay_inside_their_label() -> None:
    odd = [
        Label("X", "Hợp tác xã Thủ công mỹ nghệ truyền thống " * 8, "Nghiêng" * 40, "CODE", "Ban tổ chức"),
        Label("X", "A" * 120, "", "CODE"),
        Label("X", '#strong[x] *b* "\\', "", ""),
        Label("X", "", "", ""),
    ]
    files = await label_sheets(odd, columns=2, rows=2, foot=("Ngày hội của những người phụ nữ " * 8, "16–18"))
    assert pages_of(files[0]) == 1
    assert text_of(files[0]).count("CODE") == 2


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("Nguyễn Thị Hoa", "Nguyễn Thị Hoa"),
        ("Nguyễn" * 7, "Nguyễn" * 7),
        ("Nguyễn" * 33, "Nguyễn" * 7),
        ("Nguyễn Thị Hồng Hạnh " * 9, "Nguyễn Thị Hồng Hạnh Nguyễn Thị Hồng Hạnh"),
        ("", ""),
    ],
)
async def test_a_fitted_text_stands_whole_or_ends_with_an_ellipsis(template: Template, words: str, shown: str) -> None:
    template(
        "#context { let one = fitted(data.words, 50mm, 10mm, sizes: (14pt, 10pt)); "
        "let (width, height) = measure(one); [#one #(width <= 50mm and height <= 10mm)] }"
    )
    text = text_of(await compile_pdf("tests/sample.typ", {"words": words}))
    (*lines, fits) = text.split("\n")
    said = " ".join("".join(lines).split())
    assert fits == "true"
    assert said.startswith(shown)
    assert said.endswith("…") == (words != shown)


async def test_many_labels_come_in_whole_sheets_of_at_most_500(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = []

    async def compiled(_template: str, data: dict[str, Any], **_: Any) -> bytes:
        counts.append(len(data["labels"]))
        return b"%PDF-"

    monkeypatch.setattr(labels, "compile_pdf", compiled)
    assert len(await label_sheets(some(1_000), columns=3, rows=7)) == 3
    assert counts == [483, 483, 34]
    assert await label_sheets([], columns=3, rows=7) == []
    with pytest.raises(ValueError, match="6 × 7"):
        await label_sheets(some(1), columns=6)


def test_one_file_or_a_package() -> None:
    assert one_file("badges", [b"a"]) == ("badges.pdf", "application/pdf", b"a")
    name, kind, content = one_file("badges", [b"a", b"b"])
    assert (name, kind) == ("badges.zip", "application/zip")
    assert zipfile.ZipFile(BytesIO(content)).namelist() == ["badges-1.pdf", "badges-2.pdf"]
