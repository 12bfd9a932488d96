from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-29T02:50:02"
VERSION = "1.38.0"
DESCRIPTION = "Documents that stand name who sells as the terms do today"

SELLER = ("seller_name", "seller_address", "seller_tax_code")


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="payments", description=DESCRIPTION)

    async def run() -> None:
        of_edition = "FROM payment_terms t WHERE t.edition = payment_document.edition"
        values = ", ".join(f"{name} = COALESCE((SELECT t.{name} {of_edition}), '')" for name in SELLER)
        await fetch(f"UPDATE payment_document SET {values} WHERE edition IN (SELECT edition FROM payment_terms)")

    async def back() -> None:
        pass  # the columns go with the migration before

    manager.add_raw(run)
    manager.add_raw_backwards(back)
    return manager
