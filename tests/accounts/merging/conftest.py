"""What tests of merging leave on the disk."""

import shutil
from collections.abc import Iterator

import pytest

from app.kernel.settings import settings


@pytest.fixture(autouse=True)
def cleared() -> Iterator[None]:
    """Take the sheet away that names her: other tests look for her name in every stored file."""
    yield
    shutil.rmtree(settings().data_dir / "imports", ignore_errors=True)
