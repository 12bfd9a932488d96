"""What a module hands to ``app/main.py``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.kernel.audit_words import LogWords
from app.kernel.sealing import Sealed


@dataclass(frozen=True, kw_only=True)
class Module:
    """One module: its routes, its jobs by kind, the sheets it can import, the words of its actions in the log, what it
    holds of people (``personal``, an ``accounts.personal.registry.PersonalData``), and its columns of sealed texts.

    ``startup`` runs once per process when the database is open.
    """

    name: str
    route_handlers: Sequence[Any] = ()
    jobs: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    sheet_kinds: Sequence[Any] = ()
    log: LogWords = field(default_factory=LogWords)
    personal: Any = None
    sealed: Sequence[Sealed] = ()
    startup: Callable[[], Any] | None = None


def template_folders(root: Path) -> list[Path]:
    """Every ``templates`` folder of the house."""
    found = (path for top in ("app", "booths", "ticketing") for path in (root / top).rglob("templates"))
    return sorted(path for path in found if path.is_dir() and "node_modules" not in path.parts)
