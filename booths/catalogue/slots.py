"""The slot of the catalogue's public pages: another module renders a part there, such as the audience vote."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from litestar import Request

from app.events.queries import EditionInfo


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a page: a template that gets ``part.context``, beside ``edition``."""

    template: str
    context: dict[str, Any] = field(default_factory=dict)


#: (edition, "product" or "exhibitor", its id, the request) → what to show, or None.
VoteProvider = Callable[[EditionInfo, str, int, Request[Any, Any, Any]], Awaitable[Part | None]]

_votes: list[VoteProvider] = []


def add_vote_provider(provider: VoteProvider) -> None:
    """Let a module render the audience vote on the pages of products and exhibitors; again changes nothing."""
    if provider not in _votes:
        _votes.append(provider)


async def vote_parts(edition: EditionInfo, kind: str, target_id: int, request: Request[Any, Any, Any]) -> list[Part]:
    """What the providers show for a product or an exhibitor."""
    found = [await provider(edition, kind, target_id, request) for provider in _votes]
    return [part for part in found if part is not None]
