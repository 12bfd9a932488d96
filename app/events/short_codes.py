"""Short codes: seven characters on a card that lead to a booth, a product, an idea or a session.

A module registers a resolver for its kind; ``/s/{code}`` goes where the resolver says.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from app.events.errors import ShortCodeUnknown
from app.events.tables import ShortCode
from app.events.typed_codes import new_code, read_code
from app.kernel.database import write_transaction

LENGTH = 7
Resolver = Callable[[int], Awaitable[str | None]]
_resolvers: dict[str, Resolver] = {}


def register_resolver(kind: str, resolver: Resolver) -> None:
    """Say what codes of a kind lead to: ``resolver(target_id)`` gives a path on this site, or None.

    Raises ValueError when another resolver has the kind.
    """
    if _resolvers.setdefault(kind, resolver) != resolver:
        raise ValueError(f"short codes of kind {kind} already have a resolver")


async def register_short_code(kind: str, target_id: int, edition_id: int, now: datetime) -> str:
    """The code of a target; the first call makes it, in the caller's transaction."""
    return (await register_short_codes(kind, [target_id], edition_id, now))[target_id]


async def register_short_codes(kind: str, target_ids: Sequence[int], edition_id: int, now: datetime) -> dict[int, str]:
    """The codes of many targets by their ids, missing ones made in a few statements."""
    wanted = list(dict.fromkeys(target_ids))
    async with write_transaction():
        found = await codes_of(kind, wanted)
        while missing := [target_id for target_id in wanted if target_id not in found]:
            for start in range(0, len(missing), 500):
                # A target that has a code keeps it, and a code that is taken is drawn again in the next turn.
                await ShortCode.insert(
                    *(
                        ShortCode(
                            code=new_code(LENGTH), edition=edition_id, kind=kind, target_id=target_id, created_at=now
                        )
                        for target_id in missing[start : start + 500]
                    )
                ).on_conflict(action="DO NOTHING")
            found = await codes_of(kind, wanted)
        return found


async def codes_of(kind: str, target_ids: Sequence[int]) -> dict[int, str]:
    """Codes by target, for those that have one."""
    found: dict[int, str] = {}
    for start in range(0, len(target_ids), 500):
        rows = await ShortCode.select(ShortCode.target_id, ShortCode.code).where(
            (ShortCode.kind == kind) & ShortCode.target_id.is_in(list(target_ids[start : start + 500]))
        )
        found |= {row["target_id"]: row["code"] for row in rows}
    return found


async def resolve_short_code(typed: str) -> tuple[dict[str, Any], str]:
    """The code's row (code, kind, target_id, edition) and the path that it leads to.

    Raises ShortCodeUnknown for a code that is mistyped, unknown, or whose target is gone.
    """
    code = read_code(typed, LENGTH)
    if code is None:
        raise ShortCodeUnknown(code=typed[:12])
    row = await ShortCode.select().where(ShortCode.code == code).first()
    resolver = _resolvers.get(row["kind"]) if row else None
    path = await resolver(row["target_id"]) if row and resolver else None
    if row is None or path is None:
        raise ShortCodeUnknown(code=code)
    return row, path
