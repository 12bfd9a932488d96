"""The child's side of making PDFs: the only place that imports typst."""

from collections.abc import Callable
from typing import Any

EMBEDDED = "Libertinus Serif"  # inside the typst wheel; carries every Vietnamese letter and ₫


def compile_document(payload: dict[str, Any], _report: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Set one document from ``files`` (path → bytes, ``main`` first of all) with the typefaces in ``font_folders``.

    ``format`` is ``pdf`` or, for a document of one page, ``png`` with so many dots per inch as ``ppi`` says.
    """
    import typst

    folders = payload["font_folders"]
    known = typst.Fonts(include_system_fonts=False, font_paths=folders).families()
    font = next((family for family in payload["families"] if family in known), EMBEDDED)
    content, _warnings = typst.compile_with_warnings(
        payload["files"],
        font_paths=folders,
        ignore_system_fonts=True,
        format=payload["format"],
        ppi=payload["ppi"],
        sys_inputs={"font": font, "fallback": EMBEDDED},
    )
    return {"content": content}
