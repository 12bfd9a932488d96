"""What a team hears when a round is published: its prize first, and what the jury wrote only where it wrote."""

from datetime import datetime

import pytest

from app.accounts.tables import Person
from app.judging.queries.ballots import tasks_of_judge
from app.judging.services.awards import give_award, publish_awards
from app.judging.services.ballots import submit_ballot
from app.judging.services.contests import lock_round
from app.kernel.database import fetch
from app.kernel.settings import settings
from tests.conftest import NOW
from tests.judging.scene import Scene, ballot, scene
from tests.support.client import new_browser, sign_in

pytestmark = pytest.mark.usefixtures("client", "frozen_now")
WRITTEN = "The jury wrote to you; you can read it on the same page."


async def published() -> Scene:
    """A published round of two ideas: the first has won and was written to, the second heard nothing."""
    found = await scene(NOW, entries=2, judges=1)
    winner, judge = found.entry_ids[0], found.judges[0]
    assert judge.person_id is not None
    (task,) = [task for task in await tasks_of_judge(judge.person_id) if task.entry["id"] == winner]
    await submit_ballot(assignment_id=task.assignment_id, ballot=await ballot(task, NOW), actor=judge, now=NOW)
    for number, leader in enumerate(found.leaders):
        await Person.update({Person.email: f"team{number}@example.vn", Person.locale: "en"}).where(
            Person.id == leader.person_id
        )
    round_id = found.round_ids[0]
    await lock_round(round_id=round_id, actor=found.chair, now=NOW)
    await give_award(round_id=round_id, entry_id=winner, rank=1, actor=found.chair, now=NOW)
    await publish_awards(round_id=round_id, confirmed=True, actor=found.chair, now=NOW)
    return found


async def test_the_mail_names_the_prize_and_the_comment_where_there_is_one() -> None:
    found = await published()
    rows = await fetch(
        "SELECT subject, body_text FROM outbox_message WHERE unique_key LIKE 'round:%' ORDER BY unique_key"
    )
    (won, prize), (other, told) = [(row["subject"], row["body_text"]) for row in rows]
    assert won == "Startup idea contest, First round: First prize for your idea"
    assert other == "Startup idea contest, First round: the result"
    link = f"{settings().base_url}/team/ideas/{found.entry_ids[0]}"
    assert prize.splitlines()[2:] == [
        "in First round of Startup idea contest, Creative, your idea “Giấy sắn” has won: First prize.",
        f"More about it: {link}",
        "",
        WRITTEN,
    ]
    assert WRITTEN not in told


async def test_the_page_of_a_winner_tells_the_prize_and_not_that_it_is_out(frozen_now: datetime) -> None:
    found = await published()
    pages = []
    for leader, entry_id in zip(found.leaders, found.entry_ids, strict=True):
        browser = new_browser()
        assert leader.person_id is not None
        await sign_in(browser, leader.person_id)
        pages.append((await browser.get(f"/team/ideas/{entry_id}?lang=en")).text)
        assert "Read below" not in (await browser.get("/team/?lang=en")).text
    winner, other = pages
    assert "First round is over. Your idea has won: First prize. Read below what the jury wrote." in winner
    assert "does not go on" not in winner
    assert "<p>First round is over. Your idea does not go on from here.</p>" in other
