"""The list of a run: who gets which booth and why, and who gets none and why not."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from app.kernel.i18n import N_
from app.kernel.names import search_text
from booths.allocation.queries import applications
from booths.allocation.queries_proposals import proposal, unmet_of


class Lot(StrEnum):
    """What became of somebody's wish."""

    PLACED = "placed"
    OTHERWISE = "otherwise"
    WITHOUT = "without"


LOT_NAMES = {
    Lot.WITHOUT: N_("Without a booth"),
    Lot.OTHERWISE: N_("With a booth, not all as wished for"),
    Lot.PLACED: N_("With a booth"),
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """Somebody in the list of a run; without a booth ``booth_id`` is None, and ``sentences`` say why."""

    application_id: int
    organisation: str
    category: str
    cells_wanted: int
    zone_wanted: str
    power_watts: int
    booth_id: int | None = None
    booth: str = ""
    hall: str = ""
    zone: str = ""
    sentences: list[str]
    notable: list[str]

    def is_of(self, lot: Lot) -> bool:
        """Whether this became of her wish."""
        if lot is Lot.OTHERWISE:
            return self.booth_id is not None and bool(self.notable)
        return (self.booth_id is None) == (lot is Lot.WITHOUT)


async def lines_of(edition_id: int, run_id: int) -> list[Line]:
    """Everybody in the list of a run, each group by name: first who waits without a booth, then who got one."""
    placed = await proposal(run_id)
    having = {one.application_id for one in placed}
    waiting = [
        one
        for one in (await applications(edition_id, state="open")).items
        if one.id not in having and one.booth_id is None
    ]
    unmet = await unmet_of(run_id) if waiting else {}
    without = [
        Line(
            application_id=one.id,
            organisation=one.organisation,
            category=one.category,
            cells_wanted=one.cells_wanted,
            zone_wanted=one.zone_wanted,
            power_watts=one.power_watts,
            sentences=unmet.get(one.id, []),
            notable=[],
        )
        for one in waiting
    ]
    return without + [
        Line(
            application_id=one.application_id,
            organisation=one.organisation,
            category=one.category,
            cells_wanted=one.cells_wanted,
            zone_wanted=one.zone_wanted,
            power_watts=one.power_watts,
            booth_id=one.booth_id,
            booth=one.booth,
            hall=one.hall,
            zone=one.zone,
            sentences=one.sentences,
            notable=one.notable,
        )
        for one in placed
    ]


def chosen(lines: Iterable[Line], search: str, lot: Lot | None) -> list[Line]:
    """Those in whose name or booth every word stands, and whose wish became what is asked for."""
    words = search_text(search).split()
    return [
        line
        for line in lines
        if all(word in search_text(line.organisation, line.booth) for word in words)
        and (lot is None or line.is_of(lot))
    ]
