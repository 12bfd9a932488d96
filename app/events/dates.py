"""Which dates of events, and of the modules below, move with an edition that is postponed."""

from collections.abc import Mapping

from app.events.moving import Apart, Dates, Mover
from app.events.passes.moving import move_passes
from app.events.tables import Edition, Pass, ProgrammeSession
from app.kernel.i18n import N_

_EDITION = Dates(title=N_("Days of the festival"), columns=(Edition.starts_on, Edition.ends_on), of=Edition.id)
_SESSIONS = Dates(
    title=N_("Sessions of the programme"),
    columns=(ProgrammeSession.starts_at, ProgrammeSession.ends_at),
    of=ProgrammeSession.edition,
)
_PASSES = Dates(title=N_("Validity of passes"), columns=(Pass.valid_from, Pass.valid_until), of=Pass.edition)

_FACT = "It says when something happened."
_INVITED = "An invitation ends so many days after it was given, whenever the festival is."
_WORK = "The service's own work is done when it is due, whenever the festival is."

_STAYS: Mapping[str, str] = {
    "edition.created_at": _FACT,
    "edition.opened_at": _FACT,
    "edition.closed_at": _FACT,
    "edition.was_starts_on": _FACT,
    "edition.was_ends_on": _FACT,
    "pass.issued_at": _FACT,
    "pass.revoked_at": _FACT,
    "print_run.created_at": _FACT,
    "print_run.finished_at": _FACT,
    "short_code.created_at": _FACT,
    "role_grant.granted_at": _FACT,
    "role_grant.revoked_at": _FACT,
    "record_merge.merged_at": _FACT,
    "record_merge.undone_at": _FACT,
    "device.invite_expires_at": _INVITED,
    "device.created_at": _FACT,
    "device.paired_at": _FACT,
    "device.last_seen_at": _FACT,
    "device.revoked_at": _FACT,
    "consent.at": _FACT,
    "assistance.registered_at": _FACT,
    "assistance.allowed_at": _FACT,
    "assistance.handed_over_at": _FACT,
    "assistance.taken_over_at": _FACT,
    "assistance.card_expires_at": _INVITED,
    "assistance.code_expires_at": _INVITED,
    "audit_entry.at": _FACT,
    "import_batch.created_at": _FACT,
    "import_batch.loaded_at": _FACT,
    "job.run_at": _WORK,
    "job.lease_until": _WORK,
    "job.heartbeat_at": _WORK,
    "job.created_at": _FACT,
    "job.finished_at": _FACT,
    "outbox_message.next_try_at": _WORK,
    "outbox_message.lease_until": _WORK,
    "outbox_message.created_at": _FACT,
    "outbox_message.sent_at": _FACT,
}

MOVER = Mover(moved=(_EDITION, _SESSIONS), apart=(Apart(dates=_PASSES, move=move_passes),), stays=_STAYS)
