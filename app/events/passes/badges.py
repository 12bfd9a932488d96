"""Badges: what stands on one, and on which papers they are printed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.events.enums import PASS_KIND_NAMES, BadgePaper, PassKind
from app.events.passes.codec import qr_text
from app.events.passes.queries import PassInfo
from app.events.queries import EditionInfo
from app.events.typed_codes import show_code
from app.kernel.documents.pdf import compile_pdf
from app.kernel.i18n import _
from app.kernel.settings import settings

#: At most so many are set in one child, whose memory grows with each of them.
MOST_IN_ONE_CHILD = 480
#: How sharp the picture of a first page is, in dots per inch.
PREVIEW_PPI = 110.0


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A badge's size in mm, and how many stand beside and below one another on a sheet of A4; none: a page is a badge.

    ``gap`` lies between columns. The grid stands in the middle of the sheet, as those of labels that are sold do;
    ``cut`` draws a line where scissors go.
    """

    width: float
    height: float
    columns: int = 0
    rows: int = 0
    gap: float = 0
    cut: bool = False

    @property
    def per_page(self) -> int:
        """How many badges stand on a page."""
        return max(self.columns * self.rows, 1)


PAPERS = {
    BadgePaper.A6: Paper(width=105, height=148),
    BadgePaper.A6_SHEET: Paper(width=105, height=148, columns=2, rows=2, cut=True),
    BadgePaper.CARD: Paper(width=86, height=54),
    BadgePaper.CARD_SHEET: Paper(width=86, height=54, columns=2, rows=5, cut=True),
    BadgePaper.LABELS_99X68: Paper(width=99.1, height=67.7, columns=2, rows=4, gap=2.5),
    BadgePaper.LABELS_99X57: Paper(width=99.1, height=57, columns=2, rows=5, gap=2.5),
    BadgePaper.LABELS_99X38: Paper(width=99.1, height=38.1, columns=2, rows=7, gap=2.5),
    BadgePaper.LABELS_64X38: Paper(width=63.5, height=38.1, columns=3, rows=7, gap=2.54),
}

#: Colours of the roles, as the template calls them; the word stands in each.
TONES = {
    PassKind.VISITOR: "ink",
    PassKind.EXHIBITOR: "jade",
    PassKind.STAFF: "lacquer",
    PassKind.JUDGE: "indigo",
    PassKind.SPEAKER: "gold",
    PassKind.GUEST: "plum",
}


async def badges_pdf(
    passes: Sequence[PassInfo], edition: EditionInfo, paper: Paper, *, ppi: float | None = None, tagged: bool = True
) -> bytes:
    """Badges of at most ``MOST_IN_ONE_CHILD`` passes as PDF; with ``ppi`` those of one page as PNG.

    Labels are as they stand in the passes: name them first. Raises DocumentFailed.
    """
    data: dict[str, Any] = {
        "heading": _("Badges: {festival}").format(festival=edition.title),
        "edition": edition.title,
        "width": paper.width,
        "height": paper.height,
        "columns": paper.columns,
        "rows": paper.rows,
        "gap": paper.gap,
        "cut": paper.cut,
        "badges": [_badge(found, f"{number}.svg") for number, found in enumerate(passes)],
    }
    codes = {f"{number}.svg": qr_text(found.code, settings().base_url) for number, found in enumerate(passes)}
    return await compile_pdf("events/badges.typ", data, codes=codes, ppi=ppi, tagged=tagged)


def _badge(found: PassInfo, picture: str) -> dict[str, str]:
    role = _(PASS_KIND_NAMES[found.kind])
    return {
        "name": found.holder_name,
        "organisation": found.organisation,
        "role": role,
        "tone": TONES[found.kind],
        "label": "" if found.label == role else found.label,
        "code": show_code(found.short_code),
        "picture": picture,
    }
