"""Many people at once, as a sheet brings them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.accounts.errors import ContactMissing
from app.accounts.tables import Person
from app.kernel.database import fetch, write_transaction
from app.kernel.names import clean_name, search_text, sort_key

CHUNK = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonValues:
    """Somebody as a sheet names them; phone in E.164 and mail normalised already."""

    full_name: str
    phone: str | None = None
    email: str | None = None
    locale: str = "vi"


async def find_or_create_people(people: Sequence[PersonValues], *, now: datetime) -> list[int]:
    """Ids of people in their order: found by phone number, else by mail address, else added. A few statements in all.

    Nothing is changed of somebody who is there already. Raises ContactMissing for somebody without either.
    """
    if any(not one.phone and not one.email for one in people):
        raise ContactMissing
    async with write_transaction():
        known = await _by_contact(people)
        made: dict[str, Person] = {}
        mails: set[str] = set()
        for one in people:
            if (one.phone and one.phone in known) or (one.email and one.email in known):
                continue
            key = one.phone or one.email or ""
            if key in made:
                continue
            if one.email and one.email in mails:
                continue
            name = clean_name(one.full_name)
            mails |= {one.email} if one.email else set()
            made[key] = Person(
                full_name=name,
                sort_key=sort_key(name),
                search_text=search_text(name, one.phone, one.email)[:600],
                phone=one.phone,
                email=one.email,
                locale=one.locale,
                created_at=now,
            )
        rows = list(made.values())
        for start in range(0, len(rows), CHUNK):
            await Person.insert(*rows[start : start + CHUNK])
        known = await _by_contact(people)
    return [_known(known, one) or 0 for one in people]


async def people_by_contact(people: Sequence[PersonValues]) -> list[int | None]:
    """Ids of people who are known already, None for the others, in their order."""
    known = await _by_contact(people)
    return [_known(known, one) for one in people]


def _known(known: dict[str, int], one: PersonValues) -> int | None:
    by_phone = known.get(one.phone) if one.phone else None
    return by_phone or (known.get(one.email) if one.email else None)


async def _by_contact(people: Sequence[PersonValues]) -> dict[str, int]:
    found: dict[str, int] = {}
    for column, values in (
        (Person.phone, sorted({one.phone for one in people if one.phone})),
        (Person.email, sorted({one.email for one in people if one.email})),
    ):
        for start in range(0, len(values), CHUNK):
            rows = await Person.select(Person.id, Person.merged_into, column).where(
                column.is_in(values[start : start + CHUNK])
            )
            found |= {row[column._meta.name]: row["merged_into"] or row["id"] for row in rows}
    return found


#: What of people is laid ready; ``person`` is filled by :func:`settle_people`.
LAID = {
    "full_name": "TEXT",
    "sort_key": "TEXT",
    "search_text": "TEXT",
    "phone": "TEXT",
    "email": "TEXT",
    "locale": "TEXT",
    "first": "BIGINT",
    "person": "BIGINT",
}


def people_to_lay(people: Sequence[PersonValues]) -> Iterator[tuple[Any, ...]]:
    """Values of ``LAID`` for people in their order; ``first`` is 1 for who would be added, were nobody known.

    Raises ContactMissing for somebody without phone number and mail address.
    """
    taken: set[str] = set()
    for one in people:
        contacts = {contact for contact in (one.phone, one.email) if contact}
        if not contacts:
            raise ContactMissing
        first = (one.phone or one.email) not in taken and one.email not in taken
        taken |= contacts if first else set()
        name = clean_name(one.full_name)
        found = search_text(name, one.phone, one.email)[:600]
        yield name, sort_key(name), found, one.phone, one.email, one.locale, int(first), None


async def settle_people(table: str, *, where: str, order: str, now: datetime) -> None:
    """Give each row laid ready that meets ``where`` its person: found by phone number, by mail address, or added.

    People are added in the ``order`` of a column, so that the same sheet gives the same rows however it is cut into
    pieces. Call it in a transaction. Nothing is changed of somebody who is there already.
    """
    await _find_laid(table, where)
    await fetch(
        "INSERT INTO person (full_name, sort_key, search_text, phone, email, locale, created_at) "
        f"SELECT full_name, sort_key, search_text, phone, email, locale, {{}} FROM {table} "
        f"WHERE person IS NULL AND first = 1 AND {where} ORDER BY {order}",
        now,
    )
    await _find_laid(table, where)


async def _find_laid(table: str, where: str) -> None:
    for contact in ("phone", "email"):
        await fetch(
            f"UPDATE {table} SET person = (SELECT COALESCE(merged_into, id) FROM person "
            f"WHERE person.{contact} = {table}.{contact}) WHERE person IS NULL AND {contact} IS NOT NULL AND {where}"
        )


async def forget_added(people: Sequence[int], *, added_at: datetime) -> None:
    """Delete those of these people who were added at that instant and whom nothing has pointed at since."""
    apart = " AND ".join(
        f'NOT EXISTS (SELECT 1 FROM "{key._meta.table._meta.tablename}" AS other '
        f'WHERE other."{key._meta.db_column_name}" = person.id)'
        for key in Person._meta.foreign_key_references
    )
    for start in range(0, len(people), CHUNK):
        ids = ", ".join(str(number) for number in people[start : start + CHUNK])
        await fetch(f"DELETE FROM person WHERE id IN ({ids}) AND created_at = {{}} AND {apart}", added_at)
