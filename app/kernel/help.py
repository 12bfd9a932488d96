"""``/help``: what users read, by role and in three languages, from ``app/help``."""

import re
from functools import lru_cache

from litestar import get
from litestar.params import FromPath
from litestar.response import Response
from markupsafe import Markup, escape

from app.kernel.errors import NotFound
from app.kernel.i18n import current_locale
from app.kernel.web import ROOT, page

FOLDER = ROOT / "app" / "help"
ROLES = ("visitor", "exhibitor", "team", "organiser", "finance", "gate", "judge", "chair")


@lru_cache(maxsize=64)
def read_help(role: str, locale: str) -> tuple[str, list[tuple[str, Markup]]]:
    """(title, [(heading, paragraphs)]) of a page; English where a language has none. Raises NotFound.

    The files hold a title (``#``), headings (``##``), paragraphs and ``**bold**``, and nothing else.
    """
    if role not in ROLES:
        raise NotFound
    path = next(path for code in (locale, "en") if (path := FOLDER / code / f"{role}.md").exists())
    title, sections = "", [("", Markup(""))]
    for block in path.read_text(encoding="utf-8").strip().split("\n"):
        if block.startswith("# "):
            title = block[2:]
        elif block.startswith("## "):
            sections.append((block[3:], Markup("")))
        elif block.strip():
            text = Markup(re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", str(escape(block))))  # noqa: S704 - escaped
            sections[-1] = (sections[-1][0], sections[-1][1] + Markup("<p>{}</p>").format(text))
    return title, [section for section in sections if section[1]]


def anchors_of(role: str) -> list[str]:
    """The name of each section of a page, by which an address leads to it: the same in every language.

    It is the English heading, as ``closing-the-day``. Raises NotFound.
    """
    return [re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-") for heading, _text in read_help(role, "en")[1]]


@get("/help", opt={"public": True}, include_in_schema=False)
async def help_index() -> Response[str]:
    """All pages of the help."""
    locale = current_locale()
    return page("web/help.html", role=None, title="", sections=[], roles=[(r, read_help(r, locale)[0]) for r in ROLES])


@get("/help/{role:str}", opt={"public": True}, include_in_schema=False)
async def help_page(role: FromPath[str]) -> Response[str]:
    """One page of the help. Raises NotFound."""
    locale = current_locale()
    title, sections = read_help(role, locale)
    named = [(*section, anchor) for section, anchor in zip(sections, anchors_of(role), strict=True)]
    roles = [(name, read_help(name, locale)[0]) for name in ROLES]
    return page("web/help.html", role=role, title=title, sections=named, roles=roles)
