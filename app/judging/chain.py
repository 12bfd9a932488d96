"""The chain of a ballot's revisions and the anchor of a round: pure functions, no database.

A revision's hash is SHA-256 over the canonical JSON (keys sorted, no blanks, UTF-8) of its content and the hash
before it. The judge appears by pseudonym and the comments by salted hash, so personal data can go and the chain stay.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

GENESIS = ""
"""What stands before the first revision."""


@dataclass(frozen=True)
class Link:
    """What the hash of one revision covers."""

    assignment_id: int
    number: int
    client_id: str
    pseudonym: str
    scores: Mapping[str, int]
    comments_hash: str
    scored_at: datetime
    received_at: datetime
    prev_hash: str


def canonical(value: Any) -> bytes:
    """The one JSON form of a value that is hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def instant(value: datetime) -> str:
    """An instant in UTC to the millisecond, which both engines store exactly."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds")


def comments_digest(salt: str, to_team: str, to_jury: str) -> str:
    """Salted SHA-256 of a ballot's two comments."""
    return hashlib.sha256(canonical([salt, to_team, to_jury])).hexdigest()


def revision_hash(link: Link) -> str:
    """SHA-256 of a revision and of the hash before it, in hexadecimal."""
    content = [
        link.assignment_id,
        link.number,
        link.client_id,
        link.pseudonym,
        dict(link.scores),
        link.comments_hash,
        instant(link.scored_at),
        instant(link.received_at),
        link.prev_hash,
    ]
    return hashlib.sha256(canonical(content)).hexdigest()


def anchor_digest(prev_digest: str, heads: Sequence[Sequence[Any]]) -> str:
    """One SHA-256 over ``[ballot id, revision number, head hash]`` of every ballot in order, and the anchor before."""
    return hashlib.sha256(canonical([prev_digest, [list(head) for head in heads]])).hexdigest()
