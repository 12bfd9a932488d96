"""What the database itself refuses of the audit log."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import dialect, fetch

ID = "2026-11-22T02:10:01"
VERSION = "1.38.0"
DESCRIPTION = "The audit log is only added to; the personal values of an entry may be erased"

# An entry is never deleted and what happened never rewritten. Who has the right to be forgotten is: the name may become
# empty, and of what was before and after the values may go, all together or one by one to null.
KEPT = ("id", "at", "actor_person_id", "device_id", "action", "subject_type", "subject_id", "edition_id", "request_id")
SENTENCE = "the audit log is append-only"
VALUES = {
    "sqlite": 'NOT EXISTS (SELECT 1 FROM json_tree(NEW."{name}") WHERE atom IS NOT NULL)',
    "postgres": "NOT jsonb_path_exists(NEW.\"{name}\"::jsonb, '$.** ? (@ != null && !(@.type() like_regex \"object|array\"))')",
}
POSTGRES_FUNCTION = (
    f"CREATE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{SENTENCE}'; END $$"
)


def _differs(name: str) -> str:
    if dialect() == "sqlite":
        return f'NEW."{name}" IS NOT OLD."{name}"'
    return f'NEW."{name}"::text IS DISTINCT FROM OLD."{name}"::text'  # json alone cannot be compared


def _rewritten() -> str:
    """The condition of an update that does more than erase."""
    erased = {"actor_name": "NEW.\"actor_name\" = ''"} | {
        name: f'(NEW."{name}" IS NULL OR {VALUES[dialect()].format(name=name)})' for name in ("before", "after")
    }
    changed = [_differs(name) for name in KEPT]
    return " OR ".join(changed + [f"({_differs(name)} AND NOT {condition})" for name, condition in erased.items()])


def _triggers() -> tuple[str, ...]:
    updating = 'CREATE TRIGGER "audit_entry_stays" BEFORE UPDATE ON "audit_entry" FOR EACH ROW WHEN'
    deleting = 'CREATE TRIGGER "audit_entry_is_kept" BEFORE DELETE ON "audit_entry" FOR EACH'
    if dialect() == "sqlite":
        refuse = f"BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END"
        return (f"{updating} {_rewritten()} {refuse}", f"{deleting} ROW {refuse}")
    refuse = "EXECUTE FUNCTION audit_entry_refuse()"
    return (
        POSTGRES_FUNCTION,
        f"{updating} ({_rewritten()}) {refuse}",
        f"{deleting} ROW {refuse}",
        f'CREATE TRIGGER "audit_entry_is_not_emptied" BEFORE TRUNCATE ON "audit_entry" FOR EACH STATEMENT {refuse}',
    )


async def forwards() -> MigrationManager:
    """Make the triggers."""
    manager = MigrationManager(migration_id=ID, app_name="kernel", description=DESCRIPTION)

    async def make() -> None:
        for statement in _triggers():
            await fetch(statement)

    async def drop() -> None:
        if dialect() == "sqlite":
            await fetch('DROP TRIGGER "audit_entry_is_kept"')
            await fetch('DROP TRIGGER "audit_entry_stays"')
        else:
            await fetch("DROP FUNCTION audit_entry_refuse() CASCADE")

    manager.add_raw(make)
    manager.add_raw_backwards(drop)
    return manager
