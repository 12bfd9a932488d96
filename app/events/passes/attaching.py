"""What goes with the mail that brings passes: pictures, one PDF of all, and the days for a calendar.

They are made when the mail is sent, from the passes as they are then; those that do not count any more are left out.
"""

from collections.abc import Sequence

from app.events.enums import PassState
from app.events.passes.documents import pass_pdf, pass_png, passes_calendar
from app.events.passes.naming import all_named
from app.events.passes.queries import PassInfo, info_of
from app.events.passes.services import secret_of
from app.events.queries import EditionInfo, edition_by_id
from app.events.tables import Pass
from app.kernel.channels import Attachment
from app.kernel.clock import now
from app.kernel.settings import settings

PDF, PICTURE, CALENDAR = "events.passes_pdf", "events.pass_picture", "events.passes_calendar"
#: Of more passes than these no pictures go with a mail, and of more than those no PDF: their pages have them.
MOST_PICTURES = 4
MOST_IN_A_PDF = 60


def attachments_of(edition: EditionInfo, pass_ids: Sequence[int]) -> list[Attachment]:
    """What goes with a mail that brings these passes: pictures of a few, a PDF of not too many, a calendar always."""
    ids = tuple(pass_ids)
    papers: list[Attachment] = []
    if len(ids) <= MOST_IN_A_PDF:
        papers.append(Attachment(filename=f"{edition.slug}.pdf", mime="application/pdf", made_by=PDF, of=ids))
    if len(ids) <= MOST_PICTURES:
        papers += [
            Attachment(filename=f"{edition.slug}-{number}.png", mime="image/png", made_by=PICTURE, of=(one,))
            for number, one in enumerate(ids, start=1)
        ]
    calendar = Attachment(filename=f"{edition.slug}.ics", mime="text/calendar", made_by=CALENDAR, of=ids)
    return [*papers, calendar] if ids else []


async def make_pdf(pass_ids: Sequence[int]) -> bytes | None:
    """A page for each of the passes that count."""
    passes, edition = await _counting(pass_ids)
    return await pass_pdf(passes, edition) if edition else None


async def make_picture(pass_ids: Sequence[int]) -> bytes | None:
    """The picture of a pass that counts."""
    passes, edition = await _counting(pass_ids)
    return await pass_png(passes[0], edition) if edition else None


async def make_calendar(pass_ids: Sequence[int]) -> bytes | None:
    """The days of the passes that count, each leading back to the first of its passes."""
    passes, edition = await _counting(pass_ids)
    if edition is None:
        return None
    return (await passes_calendar([(one, address_of(one)) for one in passes], edition, now())).encode()


def address_of(found: PassInfo) -> str:
    """The holder's page of a pass."""
    return f"{settings().base_url.rstrip('/')}/pass/{secret_of(found.secret_seed)}"


async def counting_passes(pass_ids: Sequence[int]) -> list[PassInfo]:
    """The passes of these that count, in their order, each with its type in the reader's language."""
    return (await _counting(pass_ids))[0]


async def _counting(pass_ids: Sequence[int]) -> tuple[list[PassInfo], EditionInfo | None]:
    rows = await Pass.select().where(Pass.id.is_in([*pass_ids] or [0]) & (Pass.state == PassState.ISSUED.value))
    by_id = {row["id"]: info_of(row) for row in rows}
    found = [by_id[one] for one in pass_ids if one in by_id]
    if not found:
        return [], None
    edition = await edition_by_id(found[0].edition_id)
    return await all_named(edition.id, found), edition
