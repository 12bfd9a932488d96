"""Everything that is held of a person, for herself: one JSON file and a sheet, in a ZIP archive."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import msgspec

from app.accounts.labels import label_of, word_of
from app.accounts.personal.records import whoms_of
from app.accounts.personal.registry import Found, find_of_records
from app.kernel.i18n import _
from app.kernel.sheets import write_xlsx


async def export_person(*, person_id: int, now: datetime) -> bytes:
    """The archive, in the reader's language: ``personal-data.json`` and ``personal-data.xlsx``."""
    found = await find_of_records(await whoms_of(person_id))
    whole = {
        "made_at": now,
        "held": [
            {
                "kind": one.held.key,
                "title": _(one.held.title),
                "purpose": _(one.held.purpose),
                "until": _(one.held.until),
                "records": [{key: _plain(value) for key, value in row.items()} for row in one.rows],
            }
            for one in found
        ],
    }
    data = msgspec.json.format(msgspec.json.encode(whole, enc_hook=str), indent=2)
    headers = [_("Kind"), _("No."), _("Detail"), _("Value")]
    sheet = await asyncio.to_thread(write_xlsx, _("My data"), headers, lines_of(found))
    return await asyncio.to_thread(_zipped, {"personal-data.json": data, "personal-data.xlsx": sheet})


def lines_of(found: Sequence[Found]) -> list[list[Any]]:
    """One line for each value that is there: what it is, which record, which detail, and the value."""
    return [
        [_(one.held.title), number, label_of(key), word_of(one.held.words, key, value)]
        for one in found
        for number, row in enumerate(one.rows, start=1)
        for key, value in row.items()
        if value not in (None, "")
    ]


def _plain(value: Any) -> Any:
    """A value as it is; JSON that stands as text is opened."""
    if isinstance(value, str) and value.startswith(("{", "[")):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _zipped(files: dict[str, bytes]) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()
