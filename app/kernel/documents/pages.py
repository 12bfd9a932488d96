"""The first page of a PDF that somebody uploaded, drawn as a picture.

Drawn in a child that is gone afterwards, with a limit on its time and memory: whatever else is in the file, be it a
script or another file, stays behind.
"""

import logging

from app.kernel.child import ChildFailed, ChildTimeout, run_in_child
from app.kernel.documents.pdf import compile_gate
from app.kernel.errors import AppError
from app.kernel.i18n import N_

SECONDS = 20

log = logging.getLogger(__name__)


class PageNotRead(AppError):
    """A PDF whose first page cannot be drawn."""

    code = "page_not_read"
    status = 422
    message = N_("This PDF cannot be read. Save it without a password, or send a picture of it.")


async def first_page(data: bytes) -> bytes:
    """The first page of a PDF as PNG. Raises PageNotRead."""
    try:
        async with compile_gate():
            answer = await run_in_child("app.kernel.documents.typeset:draw_page", {"pdf": data}, timeout=SECONDS)
    except (ChildFailed, ChildTimeout) as error:
        log.info("an uploaded PDF could not be drawn", exc_info=True)
        raise PageNotRead from error
    content: bytes = answer["content"]
    return content
