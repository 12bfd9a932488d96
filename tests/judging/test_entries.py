"""What a team may do with its idea, and nobody else."""

from datetime import timedelta

import pytest

from app.accounts.actor import ANONYMOUS
from app.accounts.enums import Role
from app.accounts.queries import actor_of_person
from app.judging.enums import ContestState, EntryState
from app.judging.errors import CallEnded, CallNotBegun, ContestNotOpen, EntryIncomplete, EntryNotEditable
from app.judging.queries import contests as contest_queries
from app.judging.queries.entries import entries_of_person, entry_by_id, list_entries, members_of
from app.judging.queries.results import entries_of_round
from app.judging.services import entries
from app.judging.services.contests import open_round, set_contest_state
from app.judging.services.entries import (
    enter_idea,
    invite_member,
    remove_member,
    submit_idea,
    update_idea,
    withdraw_idea,
)
from app.kernel.audit import list_entries as audit_entries
from app.kernel.errors import NotFound, SignInNeeded
from app.kernel.tables import OutboxMessage
from tests.conftest import NOW
from tests.judging.scene import IDEA, person, scene
from tests.support.race import losers, overtaken, race, unguarded

pytestmark = pytest.mark.usefixtures("database")


async def test_an_idea_is_begun_changed_sent_in_and_taken_back() -> None:
    found = await scene(NOW, entries=0, judges=0, opened=False)
    leader = await person("Lò Thị Hiên", 7, NOW)
    entry_id = await enter_idea(edition_id=found.edition_id, values={"title": " Khung  cửi "}, actor=leader, now=NOW)
    entry = await entry_by_id(entry_id)
    assert (entry.title, entry.state, entry.short_code) == ("Khung cửi", EntryState.DRAFT, "")
    assert leader.person_id is not None
    assert (await actor_of_person(leader.person_id)).has(Role.TEAM_MEMBER, edition_id=found.edition_id)
    with pytest.raises(EntryIncomplete) as caught:
        await submit_idea(entry_id=entry_id, actor=leader, now=NOW)
    assert set(caught.value.fields) == {"team_name", "summary", "problem", "solution"}
    await update_idea(entry_id=entry_id, values={**IDEA, "title": "Khung cửi mượn"}, actor=leader, now=NOW)
    code = await submit_idea(entry_id=entry_id, actor=leader, now=NOW)
    assert len(code) == 7
    assert await submit_idea(entry_id=entry_id, actor=leader, now=NOW) == code
    with pytest.raises(EntryIncomplete):
        await update_idea(entry_id=entry_id, values={"summary": " "}, actor=leader, now=NOW)
    await withdraw_idea(entry_id=entry_id, actor=leader, now=NOW)
    await withdraw_idea(entry_id=entry_id, actor=leader, now=NOW)
    with pytest.raises(EntryNotEditable):
        await update_idea(entry_id=entry_id, values=IDEA, actor=leader, now=NOW)
    actions = [row["action"] for row in (await audit_entries(subject_type="entry", subject_id=entry_id))[0]]
    assert actions == ["entry.withdraw", "entry.submit", "entry.update", "entry.create"]


async def test_another_team_cannot_touch_an_idea() -> None:
    found = await scene(NOW, entries=2, judges=0, opened=False)
    for act in (
        update_idea(entry_id=found.entry_ids[0], values=IDEA, actor=found.leaders[1], now=NOW),
        submit_idea(entry_id=found.entry_ids[0], actor=found.leaders[1], now=NOW),
        withdraw_idea(entry_id=found.entry_ids[0], actor=found.leaders[1], now=NOW),
        remove_member(entry_id=found.entry_ids[0], member_id=1, actor=found.leaders[1], now=NOW),
        update_idea(entry_id=found.entry_ids[0], values=IDEA, actor=ANONYMOUS, now=NOW),
    ):
        with pytest.raises(NotFound):
            await act
    with pytest.raises(SignInNeeded):
        await enter_idea(edition_id=found.edition_id, values=IDEA, actor=ANONYMOUS, now=NOW)


async def test_members_are_added_once_and_taken_out_but_not_the_leader() -> None:
    found = await scene(NOW, entries=1, judges=0, opened=False)
    entry_id, leader = found.entry_ids[0], found.leaders[0]
    for _turn in range(2):
        await invite_member(
            entry_id=entry_id, full_name="Vàng Thị Mai", phone="+84912345678", email=None, actor=leader, now=NOW
        )
    team = await members_of(entry_id)
    assert [member.role for member in team] == ["leader", "member"]
    assert len(await entries_of_person(team[1].person_id)) == 1
    for member in team:
        await remove_member(entry_id=entry_id, member_id=member.id, actor=leader, now=NOW)
    assert [member.role for member in await members_of(entry_id)] == ["leader"]


async def test_everybody_in_the_team_is_told_once_that_the_idea_has_come() -> None:
    found = await scene(NOW, entries=0, judges=0, opened=False)
    leader = await person("Lò Thị Hiên", 7, NOW)
    entry_id = await enter_idea(edition_id=found.edition_id, values=IDEA, actor=leader, now=NOW)
    phones = ["+84912345678", "+84912345679"]
    invite = {"entry_id": entry_id, "email": None, "actor": leader, "now": NOW}
    await invite_member(full_name="Vàng Thị Mai", phone=phones[0], **invite)
    assert await OutboxMessage.count() == 0  # nobody is written to on a leader's word alone
    await submit_idea(entry_id=entry_id, actor=leader, now=NOW)
    for _turn in range(2):
        await invite_member(full_name="Giàng Thị Dủa", phone=phones[1], **invite)
    told = [row["to_address"] for row in await OutboxMessage.select().order_by(OutboxMessage.id)]
    assert sorted(told[1:]) == phones
    assert len(told) == 3


async def test_the_call_ends_at_its_hour() -> None:
    found = await scene(NOW, entries=1, judges=0, opened=False)
    await set_contest_state(contest_id=found.contest_id, state=ContestState.CLOSED, actor=found.chair, now=NOW)
    with pytest.raises(ContestNotOpen):
        await update_idea(entry_id=found.entry_ids[0], values=IDEA, actor=found.leaders[0], now=NOW)
    await set_contest_state(contest_id=found.contest_id, state=ContestState.OPEN, actor=found.chair, now=NOW)
    from app.judging.tables import Contest

    await Contest.update({Contest.entries_close_at: NOW}).where(Contest.id == found.contest_id)
    with pytest.raises(ContestNotOpen):
        await update_idea(entry_id=found.entry_ids[0], values=IDEA, actor=found.leaders[0], now=NOW)
    await update_idea(entry_id=found.entry_ids[0], values=IDEA, actor=found.leaders[0], now=NOW - timedelta(seconds=1))


async def test_after_the_end_a_draft_is_kept_but_not_sent_in() -> None:
    found = await scene(NOW, entries=0, judges=0, opened=False)
    leader = await person("Lò Thị Hiên", 7, NOW)
    end = NOW + timedelta(hours=1)
    await set_contest_state(
        contest_id=found.contest_id, state=ContestState.OPEN, entries_close_at=end, actor=found.chair, now=NOW
    )
    entry_id = await enter_idea(edition_id=found.edition_id, values=IDEA, actor=leader, now=NOW)
    await update_idea(entry_id=entry_id, values={"summary": "Viết tiếp sau giờ."}, actor=leader, now=end)
    with pytest.raises(CallEnded) as caught:
        await submit_idea(entry_id=entry_id, actor=leader, now=end)
    assert "16 Oct 2026 09:30" in caught.value.sentence()
    entry = await entry_by_id(entry_id)
    assert (entry.state, entry.summary) == (EntryState.DRAFT, "Viết tiếp sau giờ.")
    with pytest.raises(CallEnded):
        await enter_idea(edition_id=found.edition_id, values=IDEA, actor=leader, now=end)
    await submit_idea(entry_id=entry_id, actor=leader, now=end - timedelta(seconds=1))
    with pytest.raises(CallEnded):
        await update_idea(entry_id=entry_id, values={"summary": "Sau giờ."}, actor=leader, now=end)


async def test_nothing_is_sent_in_before_the_call_begins() -> None:
    found = await scene(NOW, entries=0, judges=0, opened=False)
    from app.judging.tables import Contest

    await Contest.update({Contest.entries_open_at: NOW + timedelta(hours=1)}).where(Contest.id == found.contest_id)
    with pytest.raises(CallNotBegun):
        await enter_idea(edition_id=found.edition_id, values=IDEA, actor=found.chair, now=NOW)
    await enter_idea(edition_id=found.edition_id, values=IDEA, actor=found.chair, now=NOW + timedelta(hours=1))


@pytest.mark.race
async def test_an_idea_sent_in_is_in_the_round_or_was_refused() -> None:
    found = await scene(NOW, entries=0, judges=0, opened=False)
    leaders = [await person(f"Lò Thị {letter}", 200 + number, NOW) for number, letter in enumerate("ABCDEFGH")]
    ids = [await enter_idea(edition_id=found.edition_id, values=IDEA, actor=leader, now=NOW) for leader in leaders]

    async def act(number: int) -> object:
        if number == len(ids) // 2:
            await open_round(round_id=found.round_ids[0], actor=found.chair, now=NOW)
            return None
        place = number if number < len(ids) // 2 else number - 1
        return await submit_idea(entry_id=ids[place], actor=leaders[place], now=NOW)

    losers(await race(len(ids) + 1, act), ContestNotOpen)
    sent = {entry_id for entry_id in ids if (await entry_by_id(entry_id)).state == EntryState.SUBMITTED}
    assert sent == {entry["id"] for entry in await entries_of_round(found.round_ids[0])}


@pytest.mark.race
async def test_without_holding_the_contest_an_idea_sent_in_misses_the_round(monkeypatch: pytest.MonkeyPatch) -> None:
    found = await scene(NOW, entries=0, judges=0, opened=False)
    leader = await person("Lò Thị A", 200, NOW)
    entry_id = await enter_idea(edition_id=found.edition_id, values=IDEA, actor=leader, now=NOW)
    unguarded(monkeypatch, entries)
    await overtaken(
        monkeypatch,
        contest_queries,
        "hold_contest",
        lambda: submit_idea(entry_id=entry_id, actor=leader, now=NOW),
        lambda: open_round(round_id=found.round_ids[0], actor=found.chair, now=NOW),
    )
    assert (await entry_by_id(entry_id)).state == EntryState.SUBMITTED
    assert await entries_of_round(found.round_ids[0]) == []


async def test_the_list_is_searched_filtered_and_in_vietnamese_order() -> None:
    found = await scene(NOW, entries=7, judges=0, opened=False)
    lines, total = await list_entries(found.contest_id)
    assert total == 7
    assert [line.title for line in lines] == [
        "Áo dài cho bà",
        "Chợ quê trên xe",
        "Đèn lồng gấp",
        "Giấy sắn",
        "Trà sen ướp lạnh",
        "Ủ rác bếp",
        "Ví lụa",
    ]
    assert lines[0].leader == "Nguyễn Thị B"
    for search in ("giay san", "GIẤY", "quoc oai giấy"):
        assert [line.title for line in (await list_entries(found.contest_id, search=search))[0]] == ["Giấy sắn"]
    assert (await list_entries(found.contest_id, search="%"))[1] == 7
    assert (await list_entries(found.contest_id, state="draft"))[1] == 0
    assert (await list_entries(found.contest_id, category="Môi trường", page=2)) == ([], 7)
