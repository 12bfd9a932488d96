"""The child's side of making PDFs: the only place that imports typst."""

import resource
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.kernel.documents.qr import qr_svg

#: What an uploaded PDF is drawn on: A4, some 1,240 by 1,750 pixels large, whatever the size of its own page.
PAGE = """#set page(width: 595pt, height: 842pt, margin: 0pt)
#image("page.pdf", page: 1, width: 100%, height: 100%, fit: "contain")
"""
PAGE_PPI = 150
PAGE_MEMORY = 2 * 2**30
EMBEDDED = "Libertinus Serif"  # inside the typst wheel; carries every Vietnamese letter and ₫


def compile_document(payload: dict[str, Any], _report: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Set one document from ``files`` (path → bytes, ``main`` first of all) with the typefaces in ``font_folders``.

    ``how`` says in which form; ``codes`` (name → text) are drawn as QR codes among the pictures.
    """
    set_one = _compiler(payload)
    drawn = {f"/images/{name}": qr_svg(text).encode() for name, text in payload["codes"].items()}
    return {"content": set_one(payload["files"] | drawn, **payload["how"])}


def compile_each(payload: dict[str, Any], _report: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Set a PDF for each of ``documents`` (path → bytes of its own) over the ``files`` that all share."""
    set_one = _compiler(payload)
    return {"contents": [set_one({**payload["files"], **own}, format="pdf") for own in payload["documents"]]}


def draw_page(payload: dict[str, Any], _report: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Draw the first page of ``pdf``, which somebody uploaded, as PNG. The compiler sees its folder and no more."""
    import typst

    resource.setrlimit(resource.RLIMIT_AS, (PAGE_MEMORY, PAGE_MEMORY))
    with TemporaryDirectory(prefix="fairground-page-") as folder:
        Path(folder, "page.pdf").write_bytes(payload["pdf"])
        main = Path(folder, "page.typ")
        main.write_text(PAGE)
        fonts = typst.Fonts(include_system_fonts=False)
        return {"content": typst.compile(str(main), root=folder, format="png", ppi=PAGE_PPI, font_paths=fonts)}


def _compiler(payload: dict[str, Any]) -> Callable[..., bytes]:
    """What sets files with the first of ``families`` that is there; the typefaces are read once."""
    import typst

    fonts = typst.Fonts(include_system_fonts=False, font_paths=payload["font_folders"])
    known = fonts.families()
    font = next((family for family in payload["families"] if family in known), EMBEDDED)

    def set_one(files: dict[str, bytes], **how: Any) -> bytes:
        content, _warnings = typst.compile_with_warnings(
            files, font_paths=fonts, sys_inputs={"font": font, "fallback": EMBEDDED}, **how
        )
        made: bytes = content
        return made

    return set_one
