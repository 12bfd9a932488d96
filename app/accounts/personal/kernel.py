"""What the kernel's tables hold of people: messages, the log of changes, uploaded sheets, work in the background."""

import asyncio
import json
from datetime import datetime
from functools import partial
from typing import Any

from app.accounts.personal.registry import NUMBER_ONLY, Held, PersonalData, Rows
from app.accounts.personal.whom import Whom
from app.kernel.audit_words import known_actions, known_subjects
from app.kernel.database import after_commit, fetch
from app.kernel.enums import CHANNEL_NAMES, MESSAGE_STATE_NAMES, BatchState, JobState
from app.kernel.i18n import N_
from app.kernel.sheets import kind, kinds, read_tables
from app.kernel.sheets.files import remove_file, stored_bytes
from app.kernel.sheets.model import shown
from app.kernel.tables import AuditEntry, ImportBatch, Job, OutboxMessage

ENDED = [JobState.DONE, JobState.FAILED, JobState.CANCELLED]


def _to(whom: Whom) -> Any:
    mine: Any = OutboxMessage.person_id == whom.person_id
    return mine | OutboxMessage.to_address.is_in(list(whom.addresses)) if whom.addresses else mine


async def _messages(whom: Whom) -> Rows:
    if whom.person_id is None:
        return []
    return await OutboxMessage.select(
        OutboxMessage.channel,
        OutboxMessage.to_address,
        OutboxMessage.subject,
        OutboxMessage.body_text,
        OutboxMessage.state,
        OutboxMessage.created_at,
        OutboxMessage.sent_at,
        OutboxMessage.edition_id,
    ).where(_to(whom))


async def _erase_messages(whom: Whom, now: datetime) -> int:
    """Her own go altogether, sent or not; of those to others she is taken out as of any text."""
    if whom.person_id is None:
        return 0
    return len(await OutboxMessage.delete().where(_to(whom)).returning(OutboxMessage.id))


async def _log(whom: Whom) -> Rows:
    if whom.person_id is None:
        return []
    return await AuditEntry.select(
        AuditEntry.at, AuditEntry.action, AuditEntry.subject_type, AuditEntry.subject_id, AuditEntry.edition_id
    ).where(AuditEntry.actor_person_id == whom.person_id)


def _thing(kind: str) -> str | None:
    """What a kind of subject is called."""
    subject = known_subjects().get(kind)
    return subject.name if subject else None


async def _filled_in(whom: Whom) -> Rows:
    if whom.person_id is None:
        return []
    return await AuditEntry.select(
        AuditEntry.at, AuditEntry.action, AuditEntry.subject_type, AuditEntry.subject_id, AuditEntry.edition_id
    ).where(AuditEntry.on_behalf_of == whom.person_id)


async def _erase_log(whom: Whom, now: datetime) -> int:
    """Empty her name and the values that tell of her; the database lets nothing else of an entry be changed."""
    blank: dict[Any, Any] = {AuditEntry.actor_name: ""}
    signed = set()
    if whom.person_id is not None:
        signed = {
            row["id"]
            for row in await AuditEntry.update(blank)
            .where((AuditEntry.actor_person_id == whom.person_id) & (AuditEntry.actor_name != ""))
            .returning(AuditEntry.id)
        }
    by_name = [int(str(row["id"])) for row in await whom.rows_naming(AuditEntry.actor_name)]
    if by_name:
        await AuditEntry.update(blank).where(AuditEntry.id.is_in(by_name))
    telling = {int(str(row["id"])) for row in await whom.rows_naming(AuditEntry.before, AuditEntry.after)}
    if whom.person_id is not None:
        about = await AuditEntry.select(AuditEntry.id).where(
            (AuditEntry.subject_type == "person")
            & (AuditEntry.subject_id == str(whom.person_id))
            & AuditEntry.action.not_in(["person.erase", "person.erased"])  # how it was asked for names nobody
        )
        telling |= {row["id"] for row in about}
    values: dict[Any, Any] = {AuditEntry.before: None, AuditEntry.after: None}
    for entry_id in sorted(telling):
        await AuditEntry.update(values).where(AuditEntry.id == entry_id)
    return len(signed | set(by_name) | telling)


async def _uploads(whom: Whom) -> Rows:
    return await ImportBatch.select(ImportBatch.filename, ImportBatch.created_at, ImportBatch.edition_id).where(
        ImportBatch.id.is_in(await _batches(whom) or [0])
    )


async def _batches(whom: Whom) -> list[int]:
    """Uploaded sheets in which she stands: in what is shown of them, or anywhere in a file that is still there."""
    columns = (ImportBatch.sample, ImportBatch.problems, ImportBatch.proposals, ImportBatch.filename)
    found = {int(str(row["id"])) for row in await whom.rows_naming(*columns)}
    waiting = await ImportBatch.select(
        ImportBatch.id, ImportBatch.kind, ImportBatch.filename, ImportBatch.stored_path
    ).where(ImportBatch.state == BatchState.PREVIEWED)
    for row in waiting:
        if row["id"] not in found and whom.written and await asyncio.to_thread(_stands_in_file, whom, row):
            found.add(row["id"])
    return sorted(found)


def _stands_in_file(whom: Whom, batch: dict[str, Any]) -> bool:
    try:
        data = stored_bytes(batch["stored_path"])
    except FileNotFoundError:
        return False
    known = {one.name for one in kinds()}
    if batch["kind"] not in known:
        return True  # nobody can read it any more: better it goes
    tables = read_tables(data, batch["filename"], kind(batch["kind"]).columns)
    return any(whom.is_named_in(shown(value)) for table in tables for row in table.rows for value in row.values)


async def _erase_uploads(whom: Whom, now: datetime) -> int:
    """Drop sheets that wait, and what is kept to show of those that were loaded."""
    ids = await _batches(whom)
    for batch_id in ids:
        await forget_batch(batch_id)
        name = await ImportBatch.select(ImportBatch.filename).where(ImportBatch.id == batch_id).first()
        if name:
            await ImportBatch.update({ImportBatch.filename: whom.redacted(name["filename"])[:255]}).where(
                ImportBatch.id == batch_id
            )
    return len(ids)


async def forget_batch(batch_id: int) -> None:
    """Empty what an uploaded sheet shows; one that waits is discarded, and its file goes after the commit."""
    empty: dict[Any, Any] = {
        ImportBatch.sample: json.dumps({"headers": [], "rows": []}),
        ImportBatch.problems: "[]",
        ImportBatch.proposals: "[]",
        ImportBatch.choices: "{}",
    }
    dropped = (
        await ImportBatch.update({ImportBatch.state: BatchState.DISCARDED})
        .where((ImportBatch.id == batch_id) & (ImportBatch.state == BatchState.PREVIEWED))
        .returning(ImportBatch.stored_path)
    )
    await ImportBatch.update(empty).where(ImportBatch.id == batch_id)
    for row in dropped:
        await after_commit(partial(remove_file, row["stored_path"]))


async def _erase_jobs(whom: Whom, now: datetime) -> int:
    """Empty what ended work was given and gave back, where she stands in it."""
    columns = (Job.payload, Job.result, Job.error, Job.progress_note)
    ids = [int(str(row["id"])) for row in await whom.rows_naming(*columns)]
    if not ids:
        return 0
    values: dict[Any, Any] = {Job.payload: "{}", Job.result: None, Job.error: "", Job.progress_note: ""}
    return len(await Job.update(values).where(Job.id.is_in(ids) & Job.state.is_in(ENDED)).returning(Job.id))


async def _no_jobs(whom: Whom) -> Rows:
    return []


async def expire(edition_id: int, at_most: int) -> int:
    """Empty an edition's messages and whom they went to, what the log tells of visitors, what is shown of sheets."""
    rows = await fetch(
        "UPDATE outbox_message SET to_address = '', person_id = NULL, subject = '', body_text = '', body_html = '', "
        "attachments = '[]', error = '' WHERE id IN (SELECT id FROM outbox_message WHERE edition_id = {} "
        "AND to_address <> '' AND state IN ('sent', 'failed') ORDER BY id LIMIT {}) RETURNING id",
        edition_id,
        at_most,
    )
    entries = await fetch(
        "UPDATE audit_entry SET before = NULL, after = NULL WHERE id IN (SELECT id FROM audit_entry "
        "WHERE edition_id = {} AND subject_type IN ('pass', 'ticket_order', 'lead') "
        "AND (before IS NOT NULL OR after IS NOT NULL) ORDER BY id LIMIT {}) RETURNING id",
        edition_id,
        at_most,
    )
    batches = await fetch(
        "SELECT id FROM import_batch WHERE edition_id = {} AND CAST(sample AS TEXT) LIKE {} ORDER BY id LIMIT {}",
        edition_id,
        '%"number"%',
        at_most,
    )
    for row in batches:
        await forget_batch(row["id"])
    return len(rows) + len(entries) + len(batches)


DATA = PersonalData(
    held=(
        Held(
            key="messages",
            title=N_("Messages to you"),
            purpose=N_("To send them, and to see whether they arrived."),
            until=N_("As long as visitors' data of the festival are kept"),
            find=_messages,
            erase=_erase_messages,
            words={"channel": CHANNEL_NAMES.get, "state": MESSAGE_STATE_NAMES.get},
        ),
        Held(
            key="log",
            title=N_("What you changed, in the log of changes"),
            purpose=N_("So that everybody can see who changed what."),
            until=N_("As long as the festival's records are kept"),
            stays=N_("That something was changed and when, without your name and without what it was."),
            find=_log,
            erase=_erase_log,
            words={"action": known_actions().get, "subject_type": _thing},
        ),
        Held(
            key="filled_in",
            title=N_("What officers filled in for you"),
            purpose=N_("So that you can see who did what in your name."),
            until=N_("As long as the festival's records are kept"),
            stays=N_("What was filled in for the organisation and when, without your name."),
            find=_filled_in,
            words={"action": known_actions().get, "subject_type": _thing},
        ),
        Held(
            key="uploads",
            title=N_("Sheets in which you stand"),
            purpose=N_("To show the organiser what was loaded."),
            until=N_("As long as visitors' data of the festival are kept"),
            find=_uploads,
            erase=_erase_uploads,
        ),
        Held(
            key="work",
            title=N_("Work in the background"),
            purpose=N_("To finish what was begun."),
            until=N_("A month after it ended"),
            find=_no_jobs,
            erase=_erase_jobs,
        ),
    ),
    erased=frozenset(
        {
            *(f"outbox_message.{name}" for name in ("to_address", "person_id", "attachments", "unique_key")),
            *(f"audit_entry.{name}" for name in ("actor_name", "before", "after")),
            *(f"import_batch.{name}" for name in ("sample", "problems", "proposals", "choices")),
            *(f"import_batch.{name}" for name in ("filename", "stored_path")),
            *(f"job.{name}" for name in ("payload", "result", "error", "progress_note")),
        }
    ),
    kept={
        "audit_entry.actor_person_id": NUMBER_ONLY,
        "audit_entry.on_behalf_of": NUMBER_ONLY,
        "import_batch.created_by": NUMBER_ONLY,
        "job.created_by": NUMBER_ONLY,
    },
    texts=(OutboxMessage.subject, OutboxMessage.body_text, OutboxMessage.body_html, OutboxMessage.error),
    impersonal=frozenset(
        {
            "rate_limit.key",  # a hash that ends within hours
            *(f"media_file.{name}" for name in ("hash", "mime")),
            *(f"signing_key.{name}" for name in ("purpose", "public_key", "private_encrypted")),
            *(f"import_batch.{name}" for name in ("kind", "digest", "mapping", "result", "failure")),
            *(f"import_mapping.{name}" for name in ("kind", "signature", "mapping")),
            *(f"job.{name}" for name in ("kind", "unique_key", "worker")),
            "outbox_message.locale",
            *(f"audit_entry.{name}" for name in ("action", "subject_type", "subject_id", "request_id")),
        }
    ),
    expire=expire,
)
