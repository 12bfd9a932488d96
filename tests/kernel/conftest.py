"""Fixtures of the kernel's tests."""

import pytest
from piccolo.table import create_db_tables

from app.kernel.tables import TABLES


@pytest.fixture
async def database(database: str) -> str:
    """A fresh database that surely has the kernel's tables; gives its address."""
    await create_db_tables(*TABLES, if_not_exists=True)
    return database
