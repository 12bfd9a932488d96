import json

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import dialect, fetch

ID = "2026-11-30T02:31:00"
VERSION = "1.38.0"
DESCRIPTION = "Each ticket type draws on a quota of its own name, whose places the database itself never oversells"

FITS = "{row}sold >= 0 AND {row}held >= 0 AND {row}sold + {row}held <= {row}size"
COUNTS = "{row}sold >= 0 AND {row}held >= 0"
INDEXES = (
    'CREATE UNIQUE INDEX "quota_type_is_one" ON "quota_type" ("quota", "ticket_type")',
    'CREATE UNIQUE INDEX "quota_type_own" ON "quota_type" ("ticket_type") WHERE own IS TRUE',
    'CREATE UNIQUE INDEX "quota_type_of_one" ON "quota_type" ("quota") WHERE own IS TRUE',
)
OLD = "{row}sold >= 0 AND {row}held >= 0 AND {row}sold + {row}held <= {row}quota"


def guards(table: str, name: str, rule: str) -> dict[str, tuple[str, ...]]:
    """What refuses rows that break a rule; SQLite adds no constraint to a table that is there: a trigger says the same."""
    return {
        "postgres": (f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" CHECK ({rule.format(row="")})',),
        "sqlite": tuple(
            f'CREATE TRIGGER "{name}_{event}" BEFORE {event} ON "{table}" '
            f"WHEN NOT ({rule.format(row='NEW.')}) BEGIN SELECT RAISE(ABORT, '{name}'); END"
            for event in ("insert", "update")
        ),
    }


def unguarded(table: str, name: str) -> dict[str, tuple[str, ...]]:
    return {
        "postgres": (f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"',),
        "sqlite": (f'DROP TRIGGER "{name}_insert"', f'DROP TRIGGER "{name}_update"'),
    }


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="sales", description=DESCRIPTION)

    async def run() -> None:
        for row in await fetch("SELECT id, edition, name, quota, sold, held FROM ticket_type ORDER BY id"):
            names = json.loads(row["name"]) if isinstance(row["name"], str) else row["name"]
            name = names.get("vi") or next((one for one in names.values() if one), "")
            (made,) = await fetch(
                "INSERT INTO quota (edition, name, size, sold, held) VALUES ({}, {}, {}, {}, {}) RETURNING id",
                row["edition"],
                name[:120],
                row["quota"],
                row["sold"],
                row["held"],
            )
            await fetch("INSERT INTO quota_type (quota, ticket_type, own) VALUES ({}, {}, TRUE)", made["id"], row["id"])
        for statement in (
            *INDEXES,
            *unguarded("ticket_type", "ticket_type_quota")[dialect()],
            *guards("ticket_type", "ticket_type_counts", COUNTS)[dialect()],
            *guards("quota", "quota_holds", FITS)[dialect()],
        ):
            await fetch(statement)

    async def back() -> None:
        for statement in (
            *unguarded("quota", "quota_holds")[dialect()],
            *unguarded("ticket_type", "ticket_type_counts")[dialect()],
            *guards("ticket_type", "ticket_type_quota", OLD)[dialect()],
            'DROP INDEX "quota_type_of_one"',
            'DROP INDEX "quota_type_own"',
            'DROP INDEX "quota_type_is_one"',
            "DELETE FROM quota_type",
            "DELETE FROM quota",
        ):
            await fetch(statement)

    manager.add_raw(run)
    manager.add_raw_backwards(back)
    return manager
