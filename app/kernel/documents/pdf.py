"""PDFs from typst templates, compiled in a child process that is gone afterwards.

A template lies at ``<module>/templates/<module>/NAME.typ``, what templates share in ``documents/templates``.
Values come in as ``data`` (JSON) and are shown as text: nothing is ever spliced into markup. Words are written
``t("…")`` as in TypeScript and translated before the compiler starts.
"""

import asyncio
import base64
import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from app.kernel.child import ChildFailed, ChildTimeout, run_in_child
from app.kernel.errors import AppError
from app.kernel.i18n import N_, _, current_locale, use_locale
from app.kernel.module import template_folders

ROOT = Path(__file__).resolve().parents[3]
SHARED = Path(__file__).parent / "templates"
FONT_FOLDER = ROOT / "app" / "web" / "static" / "build" / "fonts" / "ttf"
FAMILIES = ("Be Vietnam Pro",)
WORD = re.compile(r'(?<![\w.])t\(\s*"((?:[^"\\]|\\.)*)"')
AT_ONCE = 2
SECONDS = 60

log = logging.getLogger(__name__)
_gates: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


class DocumentFailed(AppError):
    """The compiler refused the template or took too long."""

    code = "document_failed"
    status = 503
    message = N_("This document could not be made. Please try again; if it fails again, tell the organiser.")


@dataclass(frozen=True, kw_only=True)
class Copy:
    """One of many documents from a template: its reader's language, and data and images as for ``compile_pdf``."""

    locale: str
    data: Mapping[str, Any]
    images: Mapping[str, bytes] = field(default_factory=dict)


async def compile_pdf(
    template: str,
    data: Mapping[str, Any],
    *,
    images: Mapping[str, bytes] | None = None,
    codes: Mapping[str, str] | None = None,
    seconds: float = SECONDS,
    ppi: float | None = None,
    tagged: bool = True,
) -> bytes:
    """Set a template such as ``sales/ticket.typ`` in the reader's language and return the PDF.

    With ``ppi``, dots per inch, the one page of it is returned as PNG. ``codes`` are texts of QR codes by the name
    under which the template reaches their pictures; the child draws them. ``tagged`` says what is what to those who
    have a document read to them; one that is joined with others goes without.

    ``data`` is anything that JSON can say; amounts and times are formatted by the caller. ``images`` (SVG, PNG, JPEG or
    WebP) are reached in the template as ``picture("NAME.svg")``. Raises DocumentFailed.
    """
    files = await asyncio.to_thread(_files, template)
    request = {
        "files": files | _own(files, data, images or {}),
        "codes": dict(codes or {}),
        "how": {"format": "pdf", "pdf_tags": tagged} if ppi is None else {"format": "png", "ppi": ppi},
    }
    answer = await _in_child("app.kernel.documents.typeset:compile_document", template, request, seconds)
    content: bytes = answer["content"]
    return content


async def compile_each(template: str, copies: Sequence[Copy], *, seconds: float = SECONDS) -> list[bytes]:
    """Set a template once for each copy, in its language, all in one child; the PDFs in the order of the copies.

    The child's memory grows with every copy: some hundreds at a time. Raises DocumentFailed for all when one fails.
    """
    files = await asyncio.to_thread(_files, template)
    documents = []
    for copy in copies:
        with use_locale(copy.locale):
            documents.append(_own(files, copy.data, copy.images))
    request = {"files": files, "documents": documents}
    answer = await _in_child("app.kernel.documents.typeset:compile_each", template, request, seconds)
    contents: list[bytes] = answer["contents"]
    return contents


def _own(files: Mapping[str, bytes], data: Mapping[str, Any], images: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files that are one document's own: its data, the template's words in the current language, its pictures."""
    words = {
        message: _(message)
        for source in files.values()
        for message in (json.loads(f'"{found}"') for found in WORD.findall(source.decode()))
    }
    return {
        "/data.json": json.dumps({**data, "locale": current_locale()}, ensure_ascii=False).encode(),
        "/words.json": json.dumps(words, ensure_ascii=False).encode(),
        **{f"/images/{name}": _as_svg(content) for name, content in images.items()},
    }


def _as_svg(content: bytes) -> bytes:
    """A picture as SVG, one of dots inside it: typst takes from memory only what is text. Raises DocumentFailed."""
    if content.lstrip().startswith((b"<svg", b"<?xml")):
        return content
    from PIL import Image

    try:
        with Image.open(BytesIO(content), formats=("PNG", "JPEG", "WEBP")) as image:
            image.load()
            (width, height), kind = image.size, Image.MIME[str(image.format)]
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        log.exception("a picture could not be read")
        raise DocumentFailed from error
    inside = f"data:{kind};base64,{base64.b64encode(content).decode()}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
        f'<image width="{width}" height="{height}" href="{inside}"/></svg>'
    ).encode()


async def _in_child(target: str, template: str, request: dict[str, Any], seconds: float) -> dict[str, Any]:
    folders = [str(FONT_FOLDER)] if FONT_FOLDER.is_dir() else []
    request |= {"font_folders": folders, "families": list(FAMILIES)}
    try:
        async with compile_gate():
            return await run_in_child(target, request, timeout=seconds)
    except (ChildFailed, ChildTimeout) as error:
        log.exception("%s could not be set", template)
        raise DocumentFailed from error


def _files(template: str) -> dict[str, bytes]:
    """Read the template, its neighbours and what all share. Raises FileNotFoundError for an unknown template."""
    for folder in template_folders(ROOT):
        main = folder / template
        if main.is_file() and main.suffix == ".typ":
            break
    else:
        raise FileNotFoundError(template)
    files = {"main": main.read_bytes()}
    files |= {f"/{path.name}": path.read_bytes() for path in SHARED.glob("*.typ")}
    if folder != SHARED:
        files |= {f"/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in main.parent.glob("*.typ")}
    return files


def compile_gate() -> asyncio.Semaphore:
    """Let two compilers run at a time in a process: each takes some hundred megabytes."""
    return _gates.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))
