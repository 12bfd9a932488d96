"""What a sheet proposes to load in place of what its cells hold, and what was chosen where that is open."""

import json
from collections.abc import Mapping
from typing import Any

from app.kernel.sheets.checking import Examined, choice_key
from app.kernel.sheets.errors import ChoiceUnknown
from app.kernel.sheets.limits import MAX_STORED_PROBLEMS
from app.kernel.sheets.model import said
from app.kernel.tables import ImportBatch


def stored_proposals(examined: Examined) -> dict[Any, Any]:
    """How many there are and the first of them, as a batch keeps them: those first of which one is to be chosen."""
    ordered = sorted(examined.proposals, key=lambda one: not one.options)
    kept = [one.as_dict() for one in ordered[:MAX_STORED_PROBLEMS]]
    return {"proposal_count": len(ordered), "proposals": json.dumps(kept, ensure_ascii=False)}


def proposals_of(batch: ImportBatch) -> list[dict[str, Any]]:
    """The stored proposals, at most 500, each with its sentence in the reader's language.

    ``becomes`` is None where one of ``options`` is still to be chosen; what was written can be chosen, too.
    """
    found: list[dict[str, Any]] = json.loads(batch.proposals)
    for one in found:
        one["message"] = said(one["message"], one.pop("params"))
    return found


def choices_of(batch: ImportBatch) -> dict[str, str]:
    """What was chosen for cells, by their key."""
    found: dict[str, str] = json.loads(batch.choices)
    return found


def check_choices(batch: ImportBatch, choices: Mapping[tuple[int, str], str]) -> dict[str, str]:
    """Choices by the key of their cell. Raises ChoiceUnknown for one that the cell does not offer."""
    offered = {(one["row"], one["name"]): {*one["options"], one["written"]} for one in json.loads(batch.proposals)}
    for (row, name), value in choices.items():
        if value not in offered.get((row, name), ()):
            raise ChoiceUnknown(row=row)
    return {choice_key(row, name): value for (row, name), value in choices.items()}
