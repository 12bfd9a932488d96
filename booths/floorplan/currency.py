"""Booths of an edition whose currency is changed."""

from app.events.queries import EditionInfo
from app.kernel.i18n import N_
from booths.floorplan.tables import Booth


async def prices_held(edition: EditionInfo, wanted: str) -> list[str]:
    """Name prices in another currency than the wanted one; booths without a price take it.

    In the transaction that changes the currency.
    """
    others = (Booth.edition == edition.id) & (Booth.currency != wanted)
    if await Booth.exists().where(others & (Booth.price_minor > 0)):
        return [N_("prices of booths")]
    await Booth.update({Booth.currency: wanted}).where(others)
    return []
