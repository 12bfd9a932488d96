from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.clock import now
from app.kernel.database import fetch
from app.payments.enums import TaxMode
from app.payments.tax import net_and_tax, rate_on

ID = "2026-11-29T04:20:02"
VERSION = "1.38.0"
DESCRIPTION = "What others bear of a fee is what they pay, tax and all, also where tax is added to prices"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="allocation", description=DESCRIPTION)

    async def run() -> None:
        today = now().date()
        for row in await fetch(
            "SELECT a.id, a.waived_minor, t.tax_name FROM application a JOIN payment_terms t ON t.edition = a.edition "
            "WHERE a.waived_minor > 0 AND t.tax_mode = 'added' AND t.exempt_reason = '' ORDER BY a.id"
        ):
            net, tax = net_and_tax(row["waived_minor"], rate_on(row["tax_name"], today), TaxMode.ADDED)
            await fetch("UPDATE application SET waived_minor = {} WHERE id = {} RETURNING id", net + tax, row["id"])

    async def back() -> None:
        pass  # what was typed before is not known any more

    manager.add_raw(run)
    manager.add_raw_backwards(back)
    return manager
