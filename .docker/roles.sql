-- The roles of the database: one owns the tables and changes them, the other reads and writes their rows and is what the
-- service uses. PostgreSQL's container runs this by itself in a new volume; in an older one app/OPERATIONS.md (Upgrading)
-- says how. It may run again: what is there stays, and the passwords become those of the environment.
\getenv owner_password DATABASE_OWNER_PASSWORD
\getenv service_password DATABASE_PASSWORD
\set ON_ERROR_STOP on
BEGIN;
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'fairground_owner') THEN
        CREATE ROLE fairground_owner;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'fairground_service') THEN
        CREATE ROLE fairground_service;
    END IF;
END $$;
ALTER ROLE fairground_owner LOGIN PASSWORD :'owner_password';
ALTER ROLE fairground_service LOGIN PASSWORD :'service_password';
-- The container's superuser is reached from inside the container alone, where no password is asked for.
SELECT current_user = 'fairground' AS in_container \gset
\if :in_container
ALTER ROLE fairground PASSWORD NULL;
\endif

REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE :"DBNAME" TO fairground_owner, fairground_service;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO fairground_owner;
GRANT USAGE ON SCHEMA public TO fairground_service;

-- What an older installation holds: sequences and indexes go with their tables.
DO $$ DECLARE command text; BEGIN
    FOR command IN
        SELECT format('ALTER TABLE %s OWNER TO fairground_owner', oid::regclass)
        FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
        UNION ALL
        SELECT format('ALTER FUNCTION %s OWNER TO fairground_owner', oid::regprocedure)
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    LOOP
        EXECUTE command;
    END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO fairground_service;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO fairground_service;
-- What has been migrated it only reads; in a new volume the first migration sees to that.
DO $$ BEGIN
    IF to_regclass('public.migration') IS NOT NULL THEN
        REVOKE INSERT, UPDATE, DELETE ON migration FROM fairground_service;
    END IF;
END $$;

-- And what later migrations make.
ALTER DEFAULT PRIVILEGES FOR ROLE fairground_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO fairground_service;
ALTER DEFAULT PRIVILEGES FOR ROLE fairground_owner IN SCHEMA public
    GRANT USAGE ON SEQUENCES TO fairground_service;
COMMIT;
