"""Tables of the kernel."""

from piccolo.columns import JSON, Boolean, Integer, Serial, SmallInt, Text, Timestamptz, Varchar
from piccolo.table import Table

from app.kernel.enums import BatchState, ChannelKind, JobState, MessageState


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
    """An Ed25519 key. Retired keys sign no more, but what they signed stays valid, unless they leaked."""

    id: Serial
    key_id = SmallInt(unique=True)
    purpose = Varchar(length=40, index=True)
    public_key = Varchar(length=64)
    private_encrypted = Text()
    created_at = Timestamptz(default=None)
    retired_at = Timestamptz(default=None, null=True)
    leaked_at = Timestamptz(default=None, null=True)


class ImportBatch(Table, tablename="import_batch"):
    """An uploaded sheet between preview and acceptance. A big one is worked on by a job, and may fail there."""

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
    job_id = Integer(default=None, null=True)
    failure = JSON(default=None, null=True)
    proposal_count = Integer(default=0)
    proposals = JSON(default="[]")
    choices = JSON(default="{}")
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


class Job(Table, tablename="job"):
    """A piece of background work; the row is its queue entry, its lease and its result."""

    id: Serial
    kind = Varchar(length=80, index=True)
    payload = JSON(default="{}")
    state = Varchar(length=10, choices=JobState, default=JobState.QUEUED)
    unique_key = Varchar(length=200, default=None, null=True)
    run_at = Timestamptz(default=None)
    attempts = Integer()
    max_attempts = Integer(default=3)
    lease_until = Timestamptz(default=None, null=True)
    heartbeat_at = Timestamptz(default=None, null=True)
    worker = Varchar(length=80, default=None, null=True)
    progress_done = Integer()
    progress_total = Integer()
    progress_note = Varchar(length=200)
    cancel_requested = Boolean()
    result = JSON(default=None, null=True)
    error = Text()
    created_at = Timestamptz(default=None)
    finished_at = Timestamptz(default=None, null=True)
    edition_id = Integer(default=None, null=True, index=True)
    created_by = Integer(default=None, null=True)


class OutboxMessage(Table, tablename="outbox_message"):
    """A message to a person, written in the transaction of what it tells about and delivered afterwards."""

    id: Serial
    channel = Varchar(length=8, choices=ChannelKind)
    to_address = Varchar(length=254)
    person_id = Integer(default=None, null=True, index=True)
    subject = Varchar(length=300)
    body_text = Text()
    body_html = Text()
    attachments = JSON(default="[]")
    locale = Varchar(length=5)
    secret = Boolean()
    unique_key = Varchar(length=200, default=None, null=True, unique=True)
    state = Varchar(length=8, choices=MessageState, default=MessageState.WAITING)
    attempts = Integer()
    next_try_at = Timestamptz(default=None)
    lease_until = Timestamptz(default=None, null=True)
    error = Text()
    created_at = Timestamptz(default=None)
    sent_at = Timestamptz(default=None, null=True)
    shown_on_screen = Boolean()
    edition_id = Integer(default=None, null=True, index=True)


class AuditEntry(Table, tablename="audit_entry"):
    """A change made by a person, with what was before and after. Rows are only ever added."""

    id: Serial
    at = Timestamptz(default=None, index=True)
    actor_person_id = Integer(default=None, null=True, index=True)
    actor_name = Varchar(length=200)
    on_behalf_of = Integer(default=None, null=True, index=True, help_text="Whom an officer filled in for")
    device_id = Integer(default=None, null=True)
    action = Varchar(length=80)
    subject_type = Varchar(length=60)
    subject_id = Varchar(length=60)
    edition_id = Integer(default=None, null=True, index=True)
    before = JSON(default=None, null=True)
    after = JSON(default=None, null=True)
    request_id = Varchar(length=64)


TABLES: list[type[Table]] = [
    RateLimit,
    MediaFile,
    SigningKey,
    ImportBatch,
    ImportMapping,
    Job,
    OutboxMessage,
    AuditEntry,
]
