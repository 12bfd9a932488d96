"""Tables of the kernel."""

from piccolo.columns import JSON, Integer, Serial, SmallInt, Text, Timestamptz, Varchar
from piccolo.table import Table

from app.kernel.enums import BatchState


class RateLimit(Table, tablename="rate_limit"):
    """Tries under one key in one window of time."""

    key = Varchar(length=40, unique=True, null=False)
    tries = Integer()
    expires_at = Timestamptz(default=None, null=True, index=True)


class MediaFile(Table, tablename="media_file"):
    """A stored image; its file is named by the hash of its content."""

    id: Serial
    hash = Varchar(length=64, unique=True)
    mime = Varchar(length=40)
    width = Integer()
    height = Integer()
    size_bytes = Integer()
    created_at = Timestamptz(default=None)


class SigningKey(Table, tablename="signing_key"):
    """An Ed25519 key. Retired keys sign no more, but what they signed stays valid."""

    id: Serial
    key_id = SmallInt(unique=True)
    purpose = Varchar(length=40, index=True)
    public_key = Varchar(length=64)
    private_encrypted = Text()
    created_at = Timestamptz(default=None)
    retired_at = Timestamptz(default=None, null=True)


class ImportBatch(Table, tablename="import_batch"):
    """An uploaded sheet between preview and acceptance."""

    id: Serial
    kind = Varchar(length=40)
    edition_id = Integer(default=None, null=True, index=True)
    filename = Varchar(length=255)
    digest = Varchar(length=64)
    stored_path = Varchar(length=255)
    mapping = JSON(default="{}")
    state = Varchar(length=12, choices=BatchState, default=BatchState.PREVIEWED)
    row_count = Integer()
    problem_count = Integer()
    problems = JSON(default="[]")
    sample = JSON(default="{}")
    result = JSON(default=None, null=True)
    created_by = Integer(default=None, null=True)
    created_at = Timestamptz(default=None)
    loaded_at = Timestamptz(default=None, null=True)


class ImportMapping(Table, tablename="import_mapping"):
    """Which column an organiser meant by which header, kept for sheets with the same headers."""

    id: Serial
    kind = Varchar(length=40)
    signature = Varchar(length=64, unique=True)
    mapping = JSON(default="{}")
    updated_at = Timestamptz(default=None)


TABLES: list[type[Table]] = [RateLimit, MediaFile, SigningKey, ImportBatch, ImportMapping]
