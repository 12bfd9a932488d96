"""Of whom something is held: her number, and the names and addresses under which she may stand anywhere."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from piccolo.columns import Column

from app.accounts.tables import Person
from app.kernel.database import dialect, fetch
from app.kernel.names import search_text, show_phone
from app.kernel.tables import AuditEntry

#: What stands where a name stood.
NOBODY = "—"


@dataclass(frozen=True, kw_only=True)
class Whom:
    """A person, or (``person_id`` empty) who holds the passes ``pass_ids`` and is known by name alone.

    ``names`` are looked for in what others wrote only while nobody else bears the same: see :func:`whom_of`.
    """

    person_id: int | None = None
    names: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    pass_ids: tuple[int, ...] = ()

    @cached_property
    def addresses(self) -> tuple[str, ...]:
        """Phone numbers as stored, and mail addresses."""
        return self.phones + self.emails

    @cached_property
    def written(self) -> tuple[str, ...]:
        """Every way in which she may be written in a text, the longest first."""
        names = {form for name in self.names for form in (name, name.lower(), search_text(name))}
        numbers = {
            form
            for phone in self.phones
            for shown in (show_phone(phone), show_phone(phone, ""))
            for form in (phone, phone[1:], shown, re.sub(r"\D", "", shown))
        }
        forms = names | numbers | set(self.emails)
        forms |= {json.dumps(form)[1:-1] for form in forms}
        return tuple(sorted(forms - {""}, key=lambda form: (-len(form), form)))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, self.written)) + r")(?!\w)", re.IGNORECASE)

    def is_named_in(self, text: str) -> bool:
        """Whether she stands in a text."""
        return bool(self.written) and self._pattern.search(text) is not None

    def redacted(self, text: str) -> str:
        """The text without her."""
        return self._pattern.sub(NOBODY, text) if self.written else text

    async def rows_naming(self, *columns: Column) -> list[dict[str, object]]:
        """Rows (``id`` and these columns of one table, as text) in which she stands."""
        if not self.written:
            return []
        table = columns[0]._meta.table._meta.tablename
        like = "LIKE" if dialect() == "sqlite" else "ILIKE"
        texts = [f'CAST("{column._meta.name}" AS TEXT)' for column in columns]
        patterns = [_pattern_of(form) for form in self.written]
        condition = " OR ".join(f"{text} {like} {{}} ESCAPE '!'" for text in texts for _form in self.written)
        shown = ", ".join(f'{text} AS "{column._meta.name}"' for text, column in zip(texts, columns, strict=True))
        rows = await fetch(f'SELECT id, {shown} FROM "{table}" WHERE {condition} ORDER BY id', *(patterns * len(texts)))
        return [row for row in rows if any(self.is_named_in(str(row[c._meta.name] or "")) for c in columns)]


def _pattern_of(form: str) -> str:
    return "%" + re.sub(r"([!%_])", r"!\1", form) + "%"


async def whom_of(person_id: int, *, records: Sequence[int] = ()) -> Whom:
    """A person with all names and addresses that she has or, as the log tells, had.

    A name of one word, or one that somebody else bears too, is left out: it would take others' names with it.
    ``records`` are the ids of all that is known to be her, where records were merged: none of them is somebody else.
    """
    hers = [person_id, *records]
    row = await Person.select().where(Person.id == person_id).first()
    if row is None:
        return Whom(person_id=person_id)
    told = [row]
    entries = await AuditEntry.select(AuditEntry.before, AuditEntry.after).where(
        (AuditEntry.subject_type == "person")
        & (AuditEntry.subject_id == str(person_id))
        & AuditEntry.action.is_in(["person.update", "person.contact"])
    )
    for state in (text for entry in entries for text in entry.values() if text):
        told.append(json.loads(state))
    found: dict[str, dict[str, None]] = {"full_name": {}, "phone": {}, "email": {}}
    for one in told:
        for key, values in found.items():
            if one.get(key):
                values[str(one[key])] = None
    names = [name for name in found["full_name"] if " " in name and not await _is_shared(name, hers)]
    taken = await _taken([*found["phone"], *found["email"]], hers)
    return Whom(
        person_id=person_id,
        names=tuple(names),
        phones=tuple(phone for phone in found["phone"] if phone not in taken),
        emails=tuple(email for email in found["email"] if email not in taken),
    )


async def _is_shared(name: str, hers: list[int]) -> bool:
    folded = search_text(name)
    rows = await fetch(
        "SELECT id, full_name FROM person WHERE search_text = {} OR search_text LIKE {}", folded, f"{folded} %"
    )
    return any(search_text(row["full_name"]) == folded for row in rows if row["id"] not in hers)


async def _taken(addresses: list[str], hers: list[int]) -> set[str]:
    """Which of them are somebody else's today: a number that was passed on names the other."""
    if not addresses:
        return set()
    rows = await Person.select(Person.phone, Person.email).where(
        Person.id.not_in(hers) & (Person.phone.is_in(addresses) | Person.email.is_in(addresses))
    )
    return {value for row in rows for value in row.values() if value in addresses}
