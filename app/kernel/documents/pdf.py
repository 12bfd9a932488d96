"""PDFs from typst templates, compiled in a child process that is gone afterwards.

A template lies at ``<module>/templates/<module>/NAME.typ``, what templates share in ``documents/templates``.
Values come in as ``data`` (JSON) and are shown as text: nothing is ever spliced into markup. Words are written
``t("…")`` as in TypeScript and translated before the compiler starts.
"""

import asyncio
import json
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from app.kernel.child import ChildFailed, ChildTimeout, run_in_child
from app.kernel.errors import AppError
from app.kernel.i18n import N_, _, current_locale
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


async def compile_pdf(
    template: str,
    data: Mapping[str, Any],
    *,
    images: Mapping[str, bytes] | None = None,
    seconds: float = SECONDS,
    ppi: float | None = None,
) -> bytes:
    """Set a template such as ``sales/ticket.typ`` in the reader's language and return the PDF.

    With ``ppi``, dots per inch, the one page of it is returned as PNG.

    ``data`` is anything that JSON can say; amounts and times are formatted by the caller. ``images`` (SVG, PNG, JPEG or
    WebP) are reached in the template as ``picture("NAME")``. Raises DocumentFailed.
    """
    files = await asyncio.to_thread(_files, template)
    words = {
        message: _(message)
        for source in files.values()
        for message in (json.loads(f'"{found}"') for found in WORD.findall(source.decode()))
    }
    files["/data.json"] = json.dumps({**data, "locale": current_locale()}, ensure_ascii=False).encode()
    files["/words.json"] = json.dumps(words, ensure_ascii=False).encode()
    files |= {f"/images/{name}": content for name, content in (images or {}).items()}
    folders = [str(FONT_FOLDER)] if FONT_FOLDER.is_dir() else []
    request: dict[str, Any] = {"files": files, "font_folders": folders, "families": list(FAMILIES)}
    request |= {"format": "pdf" if ppi is None else "png", "ppi": ppi}
    try:
        async with _gate():
            answer = await run_in_child("app.kernel.documents.typeset:compile_document", request, timeout=seconds)
    except (ChildFailed, ChildTimeout) as error:
        log.exception("%s could not be set", template)
        raise DocumentFailed from error
    content: bytes = answer["content"]
    return content


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


def _gate() -> asyncio.Semaphore:
    """Let two compilers run at a time in a process: each takes some hundred megabytes."""
    return _gates.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))
