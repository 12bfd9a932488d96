"""A contest with teams and judges, for tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from app.accounts.actor import SYSTEM, Actor, Grant
from app.accounts.enums import OrganisationKind, Role
from app.accounts.queries import actor_of_person
from app.accounts.services.people import create_organisation, create_person
from app.events.enums import EditionState
from app.events.tables import Edition
from app.judging.enums import ContestState
from app.judging.queries.ballots import JudgeTask, tasks_of_judge
from app.judging.queries.contests import criteria_of, rounds_of
from app.judging.services.ballots import BallotInput
from app.judging.services.contests import create_contest, open_round, set_contest_state
from app.judging.services.entries import enter_idea, submit_idea
from app.judging.services.panels import add_judge, assign_judges
from tests.support.client import Browser, new_browser, sign_in

IDEA = {
    "title": "Giấy sắn",
    "team_name": "Thoi Đưa",
    "summary": "Bã sắn thành giấy gói hàng chịu ẩm.",
    "problem": "Làng nghề thải hai mươi tấn bã mỗi vụ.",
    "solution": "Phối bã với bột giấy thu hồi, ép thành giấy dày.",
    "category": "Môi trường",
    "ward": "Xã Quốc Oai, Hà Nội",
}
TITLES = ("Giấy sắn", "Áo dài cho bà", "Trà sen ướp lạnh", "Đèn lồng gấp", "Chợ quê trên xe", "Ủ rác bếp", "Ví lụa")


@dataclass
class Scene:
    """What a test needs to know of the contest it runs in."""

    edition_id: int
    contest_id: int
    round_ids: list[int]
    chair: Actor
    leaders: list[Actor] = field(default_factory=list)
    entry_ids: list[int] = field(default_factory=list)
    judges: list[Actor] = field(default_factory=list)


async def person(name: str, number: int, now: datetime) -> Actor:
    """A person with a phone number made of ``number``, as an actor without roles."""
    made = await create_person(full_name=name, phone=f"+8491{number:07d}", now=now)
    return await actor_of_person(made.id)


async def scene(now: datetime, *, entries: int = 3, judges: int = 3, opened: bool = True, per_entry: int = 3) -> Scene:
    """An edition with a contest, its ideas sent in, its jury, and, if ``opened``, round 1 assigned and open."""
    organiser = await create_organisation(name="Hội Phụ nữ", kind=OrganisationKind.ASSOCIATION, actor=SYSTEM, now=now)
    edition = Edition(
        slug="sang-tao",
        name='{"vi": "Sáng tạo", "en": "Creative"}',
        starts_on=date(2026, 10, 16),
        ends_on=date(2026, 10, 18),
        organiser=organiser.id,
        parts='["contest"]',
        state=EditionState.OPEN,
        created_at=now,
    )
    await edition.save()
    base = await person("Trưởng Ban", 1, now)
    chair = Actor(person_id=base.person_id, full_name=base.full_name, grants=(Grant(Role.JURY_CHAIR, edition.id),))
    contest_id = await create_contest(edition_id=edition.id, actor=chair, now=now)
    found = Scene(edition.id, contest_id, [round_.id for round_ in await rounds_of(contest_id)], chair)
    await set_contest_state(contest_id=contest_id, state=ContestState.OPEN, actor=chair, now=now)
    for number in range(entries):
        leader = await person(f"Nguyễn Thị {'ABCDEFGHIJ'[number % 10]}", 100 + number, now)
        title = TITLES[number % len(TITLES)] + (f" {number}" if number >= len(TITLES) else "")
        values = {**IDEA, "title": title, "team_name": f"Nhóm {number}"}
        entry_id = await enter_idea(edition_id=edition.id, values=values, actor=leader, now=now)
        await submit_idea(entry_id=entry_id, actor=leader, now=now)
        found.leaders.append(leader)
        found.entry_ids.append(entry_id)
    for number in range(judges):
        judge_id = await add_judge(
            contest_id=contest_id,
            full_name=f"Lê Văn {'KLMNOPQRST'[number % 10]}",
            phone=f"+8492{number:07d}",
            email=None,
            organisation=f"Quỹ {number}",
            actor=chair,
            now=now,
        )
        found.judges.append(await actor_of_person(judge_id))
    if opened:
        await open_round(round_id=found.round_ids[0], actor=chair, now=now)
        await assign_judges(round_id=found.round_ids[0], actor=chair, now=now, per_entry=per_entry)
    return found


async def first_task(judge: Actor) -> JudgeTask:
    """The first idea that a judge was given."""
    assert judge.person_id is not None
    return (await tasks_of_judge(judge.person_id))[0]


async def ballot(
    task: JudgeTask, now: datetime, *, client_id: str = "one", base: str = "", score: int = 4, comment: str = "Rõ ràng."
) -> BallotInput:
    """A whole ballot with the same score everywhere."""
    scores = {str(criterion.id): score for criterion in await criteria_of(task.round_id)}
    return BallotInput(client_id, base, scores, comment, "Chỉ cho ban giám khảo.", now)


async def browser_of(actor: Actor) -> Browser:
    """A browser that somebody is signed in with."""
    assert actor.person_id is not None
    browser = new_browser()
    await sign_in(browser, actor.person_id)
    return browser
