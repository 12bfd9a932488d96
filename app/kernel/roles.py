"""What the database lets this process do: PostgreSQL's role of ``DATABASE_URL``, as ``.docker/roles.sql`` makes it."""

from dataclasses import dataclass

from app.kernel.database import dialect, fetch


class MayNotMigrate(Exception):
    """Tables are to be changed, and the role of ``DATABASE_URL`` may not; says who may."""


@dataclass(frozen=True)
class DatabaseRole:
    """A role, and ``owner``, whose the tables are; None before the first migration."""

    name: str
    superuser: bool
    owns_tables: bool
    creates_tables: bool
    owner: str | None

    @property
    def changes_tables(self) -> bool:
        """Whether migrations can run."""
        return self.creates_tables and (self.owns_tables or self.owner is None)


async def database_role() -> DatabaseRole | None:
    """The role that this process is in; None on SQLite, where who opens the file may do all."""
    if dialect() == "sqlite":
        return None
    (row,) = await fetch(
        "SELECT current_user::text AS name, "
        "(SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser, "
        "COALESCE(pg_has_role(relowner, 'USAGE'), FALSE) AS owns_tables, "
        "COALESCE(has_schema_privilege(current_schema(), 'CREATE'), FALSE) AS creates_tables, "
        "pg_get_userbyid(relowner)::text AS owner "
        "FROM (SELECT to_regclass('migration') AS oid) AS wanted LEFT JOIN pg_class USING (oid)"
    )
    return DatabaseRole(**row)


async def keep_record_of_migrations() -> None:
    """Let nobody but the owner of the tables write what has been migrated; on SQLite there is nobody else."""
    if dialect() == "postgres":
        await fetch(_KEPT)


#: Later tables are the service's to write, by default privileges; this one it reads.
_KEPT = """
DO $$ DECLARE role text; BEGIN
    FOR role IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
        WHERE table_schema = current_schema() AND table_name = 'migration' AND grantee <> 'PUBLIC'
            AND grantee <> (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = to_regclass('migration'))
    LOOP
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON migration FROM %I', role);
    END LOOP;
END $$
"""


async def refuse_service_role(why: str, command: str) -> None:
    """Raise MayNotMigrate when the role of ``DATABASE_URL`` may not change tables, which ``command`` wants to."""
    role = await database_role()
    if role is not None and not role.changes_tables:
        owner = role.owner or "the role that shall own the tables"
        raise MayNotMigrate(
            f"{why}, and the database role {role.name} may not change tables; run `fairground {command}` as {owner}."
        )
