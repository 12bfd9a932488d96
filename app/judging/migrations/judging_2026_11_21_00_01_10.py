from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from app.kernel.database import dialect, fetch

ID = "2026-11-21T00:01:10"
VERSION = "1.38.0"
DESCRIPTION = "What the database itself refuses or finds fast in judging"

STATEMENTS = (
    'CREATE UNIQUE INDEX "contest_round_number_is_one" ON "contest_round" ("contest", "number")',
    'CREATE UNIQUE INDEX "contest_entry_member_is_one" ON "contest_entry_member" ("entry", "person")',
    'CREATE UNIQUE INDEX "contest_round_entry_is_one" ON "contest_round_entry" ("round", "entry")',
    'CREATE UNIQUE INDEX "contest_panel_member_is_one" ON "contest_panel_member" ("contest", "person")',
    'CREATE UNIQUE INDEX "contest_assignment_is_one" ON "contest_assignment" ("round", "entry", "judge")',
    'CREATE UNIQUE INDEX "contest_ballot_revision_number_is_one" ON "contest_ballot_revision" ("ballot", "number")',
    'CREATE UNIQUE INDEX "contest_round_anchor_number_is_one" ON "contest_round_anchor" ("round", "number")',
    'CREATE UNIQUE INDEX "contest_award_is_one" ON "contest_award" ("round", "entry")',
    'CREATE INDEX "contest_criterion_of_round" ON "contest_criterion" ("round", "position")',
    'CREATE INDEX "contest_entry_of_contest" ON "contest_entry" ("contest", "state")',
    'CREATE INDEX "contest_entry_member_of_person" ON "contest_entry_member" ("person")',
    'CREATE INDEX "contest_round_entry_of_entry" ON "contest_round_entry" ("entry")',
    'CREATE INDEX "contest_assignment_of_judge" ON "contest_assignment" ("judge")',
    'CREATE INDEX "contest_assignment_of_entry" ON "contest_assignment" ("entry")',
    'CREATE INDEX "contest_set_aside_of_assignment" ON "contest_set_aside" ("assignment")',
    'CREATE INDEX "contest_award_of_entry" ON "contest_award" ("entry")',
)

# A revision is never changed nor deleted; its comments and their salt alone may be erased.
KEPT = (
    "ballot", "number", "client_id", "scores", "comments_hash", "pseudonym", "scored_at", "received_at", "prev_hash", "hash",
)
SENTENCE = "ballot revisions are append-only"
SQLITE = (
    f'CREATE TRIGGER "contest_ballot_revision_stays" BEFORE UPDATE OF {", ".join(KEPT)} ON "contest_ballot_revision" '
    f"BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END",
    'CREATE TRIGGER "contest_ballot_revision_is_kept" BEFORE DELETE ON "contest_ballot_revision" '
    f"BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END",
)
POSTGRES = (
    "CREATE FUNCTION contest_ballot_revision_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{SENTENCE}'; END $$",
    f'CREATE TRIGGER "contest_ballot_revision_stays" BEFORE UPDATE OF {", ".join(KEPT)} ON "contest_ballot_revision" '
    "FOR EACH ROW EXECUTE FUNCTION contest_ballot_revision_refuse()",
    'CREATE TRIGGER "contest_ballot_revision_is_kept" BEFORE DELETE ON "contest_ballot_revision" '
    "FOR EACH ROW EXECUTE FUNCTION contest_ballot_revision_refuse()",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="judging", description=DESCRIPTION)

    async def run() -> None:
        for statement in STATEMENTS + (SQLITE if dialect() == "sqlite" else POSTGRES):
            await fetch(statement)

    async def back() -> None:
        on = "" if dialect() == "sqlite" else ' ON "contest_ballot_revision"'
        await fetch(f'DROP TRIGGER "contest_ballot_revision_is_kept"{on}')
        await fetch(f'DROP TRIGGER "contest_ballot_revision_stays"{on}')
        if on:
            await fetch("DROP FUNCTION contest_ballot_revision_refuse()")
        for statement in reversed(STATEMENTS):
            await fetch(f"DROP INDEX {statement.split('INDEX ')[1].split(' ON')[0]}")

    manager.add_raw(run)
    manager.add_raw_backwards(back)
    return manager
