"""The admissions of a pass on a list become one, which knows how many they were: the one that is open, else the last.

The scans keep the history. How many were of its day is counted by days of UTC, on which every festival so far was open.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import dialect, fetch

ID = "2026-11-30T02:11:01"
VERSION = "1.38.0"
DESCRIPTION = "One admission for a pass and a list"

_DAY = {"sqlite": "SUBSTR({}, 1, 10)", "postgres": "CAST({} AT TIME ZONE 'UTC' AS DATE)"}
_LATER = {"sqlite": "MAX", "postgres": "GREATEST"}
_SAME = "FROM admission o WHERE o.event_pass = admission.event_pass AND o.list_id = admission.list_id"
UNDO = (
    'DROP INDEX "admission_inside"',
    'DROP INDEX "admission_is_one"',
    'CREATE UNIQUE INDEX "admission_one_open" ON "admission" ("list_id", "event_pass") WHERE left_at IS NULL',
    'CREATE INDEX "admission_at" ON "admission" ("admitted_at")',
)


def statements() -> tuple[str, ...]:
    """What is done, in its order."""
    of_day, later = _DAY[dialect()], _LATER[dialect()]
    return (
        "UPDATE scan SET judged_at = CASE WHEN offline AND device_at < at THEN device_at ELSE at END",
        'CREATE INDEX "admission_of_pass" ON "admission" ("event_pass", "list_id")',
        f"UPDATE admission SET entries = (SELECT COUNT(*) {_SAME}), "
        f"entries_of_day = (SELECT COUNT(*) {_SAME} "
        f"AND {of_day.format('o.admitted_at')} = {of_day.format('admission.admitted_at')}), "
        f"last_at = (SELECT MAX({later}(o.admitted_at, COALESCE(o.left_at, o.admitted_at))) {_SAME})",
        "DELETE FROM admission WHERE id IN (SELECT id FROM (SELECT id, ROW_NUMBER() OVER "
        "(PARTITION BY event_pass, list_id ORDER BY CASE WHEN left_at IS NULL THEN 0 ELSE 1 END, admitted_at DESC, "
        "id DESC) AS place FROM admission) AS ranked WHERE place > 1)",
        'DROP INDEX "admission_of_pass"',
        'DROP INDEX "admission_one_open"',
        'DROP INDEX "admission_at"',
        'CREATE UNIQUE INDEX "admission_is_one" ON "admission" ("event_pass", "list_id")',
        'CREATE INDEX "admission_inside" ON "admission" ("list_id") WHERE left_at IS NULL',
    )


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="checkin", description=DESCRIPTION)

    async def run() -> None:
        for statement in statements():
            await fetch(statement)

    async def back() -> None:
        for statement in UNDO:
            await fetch(statement)

    manager.add_raw(run)
    manager.add_raw_backwards(back)
    return manager
