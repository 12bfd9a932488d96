"""The chain's hashes are fixed for good."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from app.judging.chain import Link, anchor_digest, comments_digest, revision_hash

LINK = Link(
    assignment_id=7,
    number=1,
    client_id="c-1",
    pseudonym="ab" * 16,
    scores={"2": 4, "1": 5},
    comments_hash=comments_digest("00" * 16, "Rõ ràng.", ""),
    scored_at=datetime(2026, 10, 16, 1, 30, 0, 123000, tzinfo=UTC),
    received_at=datetime(2026, 10, 16, 1, 30, 1, tzinfo=UTC),
    prev_hash="",
)


def test_the_hash_of_a_known_revision_never_changes() -> None:
    assert revision_hash(LINK) == "d7240f36e65a07a542fab584c3695789f84575af5149c3a3779b2b8009c6f281"


def test_the_order_of_scores_and_the_zone_do_not_matter() -> None:
    hanoi = timezone(timedelta(hours=7))
    same = replace(LINK, scores={"1": 5, "2": 4}, scored_at=LINK.scored_at.astimezone(hanoi))
    assert revision_hash(same) == revision_hash(LINK)


def test_each_part_counts() -> None:
    others = [
        replace(LINK, assignment_id=8),
        replace(LINK, number=2),
        replace(LINK, client_id="c-2"),
        replace(LINK, pseudonym="cd" * 16),
        replace(LINK, scores={"1": 5, "2": 3}),
        replace(LINK, comments_hash="x"),
        replace(LINK, scored_at=LINK.scored_at + timedelta(milliseconds=1)),
        replace(LINK, received_at=LINK.received_at + timedelta(milliseconds=1)),
        replace(LINK, prev_hash="0" * 64),
    ]
    assert len({revision_hash(link) for link in [LINK, *others]}) == 10


def test_an_anchor_covers_order_and_the_anchor_before() -> None:
    heads = [[1, 1, "a"], [2, 3, "b"]]
    digests = {anchor_digest("", heads), anchor_digest("", heads[::-1]), anchor_digest("x", heads)}
    assert len(digests) == 3
