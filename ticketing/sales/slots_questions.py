"""What asks questions of sales elsewhere: check-in says which of its lists do."""

from collections.abc import Awaitable, Callable

Askers = Callable[[int, int], Awaitable[list[str]]]
_askers: list[Askers] = []


def add_askers(askers: Askers) -> None:
    """Register who says, of an edition and a question's number, what asks it; doing it again changes nothing."""
    if askers not in _askers:
        _askers.append(askers)


async def lists_that_ask(edition_id: int, question_id: int) -> list[str]:
    """The names of what asks a question of an edition elsewhere than when a ticket is ordered."""
    return [name for askers in _askers for name in await askers(edition_id, question_id)]
