"""The child's side of making PDFs: the only place that imports typst."""

from collections.abc import Callable
from typing import Any

EMBEDDED = "Libertinus Serif"  # inside the typst wheel; carries every Vietnamese letter and ₫


def compile_document(payload: dict[str, Any], _report: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Set one document from ``files`` (path → bytes, ``main`` first of all) with the typefaces in ``font_folders``."""
    import typst

    folders = payload["font_folders"]
    known = typst.Fonts(include_system_fonts=False, font_paths=folders).families()
    font = next((family for family in payload["families"] if family in known), EMBEDDED)
    pdf, _warnings = typst.compile_with_warnings(
        payload["files"],
        font_paths=folders,
        ignore_system_fonts=True,
        sys_inputs={"font": font, "fallback": EMBEDDED},
    )
    return {"pdf": pdf}
