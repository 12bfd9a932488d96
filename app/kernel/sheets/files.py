"""Files of uploads between preview and acceptance. They hold people's data: nobody else on the machine reads them."""

import os
from pathlib import Path
from uuid import uuid4

from app.kernel.settings import settings


def put_away(data: bytes) -> str:
    """Keep the bytes of an upload; returns the name under which they are found again."""
    name = f"{uuid4().hex}{'.xlsx' if data[:2] == b'PK' else '.csv'}"
    path = _folder() / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(data)
    return name


def stored_bytes(name: str) -> bytes:
    """The stored file of a batch. Raises FileNotFoundError when it is gone."""
    return (_folder() / name).read_bytes()


def stored_size(name: str) -> int:
    """How many bytes the stored file of a batch has. Raises FileNotFoundError when it is gone."""
    return (_folder() / name).stat().st_size


def remove_file(name: str) -> None:
    """Delete the stored file of a batch; one that is gone is fine."""
    (_folder() / name).unlink(missing_ok=True)


def _folder() -> Path:
    return settings().data_dir / "imports"
