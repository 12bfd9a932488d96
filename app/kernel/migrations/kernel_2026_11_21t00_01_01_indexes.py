"""Indexes with conditions, which Piccolo's columns cannot say."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import fetch

ID = "2026-11-21T00:01:01"
VERSION = "1.38.0"
DESCRIPTION = "Indexes of jobs, messages and the audit log"

INDEXES = {
    "job_active_key": "UNIQUE job (unique_key) WHERE state IN ('queued', 'running')",
    "job_due": "job (run_at) WHERE state = 'queued'",
    "job_leased": "job (lease_until) WHERE state = 'running'",
    "outbox_message_due": "outbox_message (next_try_at) WHERE state = 'waiting'",
    "outbox_message_leased": "outbox_message (lease_until) WHERE state = 'sending'",
    "audit_entry_subject": "audit_entry (subject_type, subject_id)",
}


async def forwards() -> MigrationManager:
    """Make the indexes."""
    manager = MigrationManager(migration_id=ID, app_name="kernel", description=DESCRIPTION)

    async def make() -> None:
        for name, rest in INDEXES.items():
            unique = "UNIQUE " if rest.startswith("UNIQUE ") else ""
            await fetch(f"CREATE {unique}INDEX {name} ON {rest.removeprefix('UNIQUE ')}")

    async def drop() -> None:
        for name in INDEXES:
            await fetch(f"DROP INDEX {name}")

    manager.add_raw(make)
    manager.add_raw_backwards(drop)
    return manager
