"""What changes to editions, the programme and passes are called in the log, and to messages."""

from app.events.enums import (
    BADGE_PAPER_NAMES,
    EDITION_STATE_NAMES,
    PART_NAMES,
    PASS_KIND_NAMES,
    PASS_REASON_NAMES,
    PASS_STATE_NAMES,
    PRINT_WHAT_NAMES,
)
from app.events.schemas import ZONE_NAMES
from app.events.tables import Edition, Pass, ProgrammeSession, Track, Venue
from app.kernel.audit_words import Field, LogWords, Subject, names_in
from app.kernel.enums import MESSAGE_STATE_NAMES
from app.kernel.i18n import N_
from app.kernel.tables import OutboxMessage

WORDS = LogWords(
    actions={
        "edition.create": N_("Made the edition"),
        "edition.update": N_("Changed the edition"),
        "edition.open": N_("Opened the edition"),
        "edition.closed": N_("Closed the edition"),
        "edition.cancel": N_("Cancelled the festival"),
        "edition.postpone": N_("Put the festival off"),
        "edition.expire": N_("Erased visitors' data whose time was over"),
        "key.leaked": N_("Replaced a signing key that had leaked"),
        "message.retry": N_("Sent a message again"),
        "pass.block": N_("Blocked a pass"),
        "pass.forget": N_("Took the holder's name off a pass"),
        "pass.issue": N_("Handed out a pass"),
        "pass.renew_link": N_("Sent a new link to a pass"),
        "pass.revoke": N_("Withdrew a pass"),
        "pass.unblock": N_("Lifted the block of a pass"),
        "print.drop": N_("Said that a file of badges or passes was not printed"),
        "print.start": N_("Had badges or passes made to be printed"),
        "print.stop": N_("Stopped the making of badges or passes"),
        "session.create": N_("Added a session"),
        "session.update": N_("Changed a session"),
        "session.delete": N_("Took a session out of the programme"),
        "track.update": N_("Renamed a track"),
        "track.delete": N_("Removed a track"),
    },
    subjects={
        "edition": Subject(
            name=N_("Edition"),
            find=names_in(Edition, Edition.name),
            fields={
                "slug": Field(N_("Address of its page")),
                "intro": Field(N_("Introduction")),
                "place": Field(N_("Place")),
                "venue": Field(N_("Venue"), subject="venue"),
                "timezone": Field(N_("Time zone"), values=ZONE_NAMES),
                "currency": Field(N_("Currency")),
                "starts_on": Field(N_("First day")),
                "ends_on": Field(N_("Last day")),
                "opens_at": Field(N_("Opens at")),
                "closes_at": Field(N_("Closes at")),
                "organiser": Field(N_("Organiser"), subject="organisation"),
                "parts": Field(N_("Parts"), values=PART_NAMES),
                "cover": Field(N_("Photo"), picture=True),
                "keep_months": Field(N_("Months to keep visitors' data")),
                "records": Field(N_("Records")),
                "people": Field(N_("People")),
                "state": Field(N_("State"), values=EDITION_STATE_NAMES),
                "closed": Field(N_("Admissions closed")),
                "applications": Field(N_("Applications that ended")),
                "booths": Field(N_("Booths that became free")),
                "orders": Field(N_("Orders cancelled")),
                "refunds": Field(N_("Payments to be refunded")),
                "passes": Field(N_("Passes withdrawn")),
                "lists": Field(N_("Lists of gates closed")),
                "rounds": Field(N_("Rounds sealed")),
            },
        ),
        "venue": Subject(name=N_("Venue"), find=names_in(Venue, Venue.name)),
        "track": Subject(name=N_("Track"), find=names_in(Track, Track.name)),
        "session": Subject(
            name=N_("Session"),
            find=names_in(ProgrammeSession, ProgrammeSession.title),
            fields={
                "track": Field(N_("Track")),
                "summary": Field(N_("Summary")),
                "starts_at": Field(N_("Begins")),
                "ends_at": Field(N_("Ends")),
                "place": Field(N_("Place")),
                "speaker": Field(N_("Speaker")),
            },
        ),
        "message": Subject(
            name=N_("Message"),
            find=names_in(OutboxMessage, OutboxMessage.subject),
            fields={"state": Field(N_("State"), values=MESSAGE_STATE_NAMES)},
        ),
        "print_run": Subject(
            name=N_("File of badges or passes"),
            fields={
                "what": Field(N_("What is printed"), values=PRINT_WHAT_NAMES),
                "paper": Field(N_("Paper"), values=BADGE_PAPER_NAMES),
                "passes": Field(N_("Passes")),
            },
        ),
        "pass": Subject(
            name=N_("Pass"),
            find=names_in(Pass, Pass.holder_name),
            fields={
                "kind": Field(N_("Kind"), values=PASS_KIND_NAMES),
                "holder_name": Field(N_("Holder")),
                "serial": Field(N_("Number"), show=str),
                "state": Field(N_("State"), values=PASS_STATE_NAMES),
                "state_reason": Field(N_("Why"), values=PASS_REASON_NAMES),
            },
        ),
    },
)
