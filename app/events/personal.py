"""What events hold of people: the passes they hold, and who speaks in the programme."""

from datetime import datetime
from typing import Any

from app.accounts.personal.registry import NUMBER_ONLY, Held, PersonalData, Rows
from app.accounts.personal.whom import Whom
from app.events.enums import PASS_STATE_NAMES
from app.events.passes.prints import remove_files_of
from app.events.passes.queries import SHOWN
from app.events.tables import Edition, Pass, ProgrammeSession
from app.kernel.database import fetch
from app.kernel.i18n import N_


def _of(whom: Whom) -> Any:
    mine: Any = Pass.id.is_in(list(whom.pass_ids) or [0])
    return mine if whom.person_id is None else mine | (Pass.holder == whom.person_id)


async def _passes(whom: Whom) -> Rows:
    return await Pass.select(
        Pass.edition.as_alias("edition_id"),
        Pass.serial,
        Pass.label,
        Pass.holder_name,
        Pass.organisation,
        Pass.state,
        Pass.note,
        Pass.valid_from,
        Pass.valid_until,
        Pass.issued_at,
    ).where(SHOWN & _of(whom))


async def _erase_passes(whom: Whom, now: datetime) -> int:
    """The pass goes on opening the gate, for nobody in particular; it is found by its short code only."""
    values: dict[Any, Any] = {
        Pass.holder: None,
        Pass.holder_name: "",
        Pass.search_text: "",
        Pass.note: "",
        Pass.organisation: "",
    }
    gone = await Pass.update(values).where(_of(whom)).returning(Pass.id, Pass.short_code)
    await remove_files_of([row["id"] for row in gone])
    for row in gone:
        await Pass.update({Pass.search_text: row["short_code"].lower()}).where(Pass.id == row["id"])
    return len(gone)


async def expire(edition_id: int, at_most: int) -> int:
    """Take the names off an edition's passes."""
    return len(
        await fetch(
            "UPDATE pass SET holder = NULL, holder_name = '', note = '', organisation = '', "
            "search_text = LOWER(short_code) WHERE id IN ("
            "SELECT id FROM pass WHERE edition = {} AND (holder IS NOT NULL OR holder_name <> '' OR note <> '' "
            "OR organisation <> '') "
            "ORDER BY id LIMIT {}) RETURNING id",
            edition_id,
            at_most,
        )
    )


DATA = PersonalData(
    held=(
        Held(
            key="passes",
            title=N_("Your passes"),
            purpose=N_("So that the gate lets you in, and the desk finds your pass when you have lost it."),
            until=N_("As long as visitors' data of the festival are kept"),
            stays=N_("The pass without your name: it opens the gate as before. Scans of it name nobody."),
            find=_passes,
            erase=_erase_passes,
            words={"state": PASS_STATE_NAMES.get},
        ),
    ),
    erased=frozenset({"pass.holder", "pass.holder_name", "pass.search_text", "pass.note", "pass.organisation"}),
    kept={"print_run.created_by": NUMBER_ONLY},
    texts=(
        Pass.revoked_reason,
        ProgrammeSession.speaker,
        ProgrammeSession.title,
        ProgrammeSession.title_key,
        ProgrammeSession.summary,
        Edition.intro,
    ),
    impersonal=frozenset(
        {
            *(f"pass.{name}" for name in ("label", "code", "short_code", "secret_seed", "secret_hash")),
            *(f"edition.{name}" for name in ("slug", "name", "place", "timezone", "currency", "opens_at")),
            *(f"edition.{name}" for name in ("closes_at", "parts", "cover", "change_reason")),
            "programme_session.place",
            *(f"short_code.{name}" for name in ("code", "kind")),
            *(f"{table}.name" for table in ("venue", "hall", "track")),
            *(f"print_run.{name}" for name in ("choice", "locale", "file")),
            "venue.address",
            "track.name_key",
        }
    ),
    expire=expire,
    ties=(Pass.holder,),
)
