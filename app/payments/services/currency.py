"""What of the money of an edition stands in its currency, which it keeps from then on."""

from app.events.queries import EditionInfo
from app.kernel.database import fetch
from app.kernel.i18n import N_

#: What is looked for in which table.
HELD = {"payment_document": N_("invoices"), "cash_drawer": N_("drawers of cashiers"), "ledger_entry": N_("the books")}


async def money_held(edition: EditionInfo, wanted: str) -> list[str]:
    """Name what was billed, paid or entered, in the transaction that changes the currency of an edition."""
    return [
        name
        for table, name in HELD.items()
        if await fetch(f"SELECT id FROM {table} WHERE edition = {{}} AND currency <> {{}} LIMIT 1", edition.id, wanted)
    ]
