"""The demo's festival stands at the same moment each time it is loaded."""

from datetime import datetime

import pytest

from app.demo import command, loader
from app.kernel.clock import now
from app.kernel.database import close_database

START = datetime.fromisoformat("2026-10-16T08:30:00+07:00")


async def test_the_festival_is_loaded_as_of_its_first_morning(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[datetime] = []

    async def load_demo(_report: loader.Report, at: datetime) -> None:
        told.extend((at, now()))

    async def sign_in_links(at: datetime) -> list[tuple[str, str]]:
        told.append(at)
        return []

    monkeypatch.setattr(loader, "load_demo", load_demo)
    monkeypatch.setattr(loader, "sign_in_links", sign_in_links)
    await close_database()
    assert await command._prepare() == ([], True)
    assert told[:2] == [START, START]
    assert told[2] != START
