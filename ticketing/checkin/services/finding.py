"""Finding people by name at a gate, for phones that a gate lead lets search."""

from app.accounts.actor import Actor
from app.events.passes.naming import names_of_labels, read_label
from app.events.typed_codes import show_code
from app.kernel.errors import NotAllowed
from app.kernel.names import search_text
from ticketing.checkin.queries import passes_named
from ticketing.checkin.schemas import FoundPass
from ticketing.checkin.services.gates import rule_of

#: More are not worth reading at a gate: a further word of the name leaves fewer.
MOST_FOUND = 20


def check_may_search(actor: Actor) -> None:
    """Raises NotAllowed for a phone without the role of search."""
    if not actor.may_search:
        raise NotAllowed


async def find_by_name(*, actor: Actor, name: str) -> tuple[list[FoundPass], bool]:
    """Passes of the phone's edition whose holder's name has every word: (at most ``MOST_FOUND``, whether there are
    more).

    Raises NotAllowed, GateNotFound.
    """
    check_may_search(actor)
    rule = await rule_of(actor)
    words = search_text(name).replace("-", " ").split()
    if not words:
        return [], False
    rows = await passes_named(rule.edition_id, rule.list_id, words, MOST_FOUND + 1)
    names = await names_of_labels(rule.edition_id)
    found = [
        FoundPass(
            name=row["holder_name"],
            type=read_label(row["label"], names),
            code=show_code(row["short_code"]),
            inside=bool(row["inside"]),
        )
        for row in rows[:MOST_FOUND]
    ]
    return found, len(rows) > MOST_FOUND
