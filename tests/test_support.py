"""The harness itself: fresh databases, races that are races, servers that go, a summary that is true."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.kernel.database import fetch, write_transaction
from tests.support.guard import child_pids, start_guarded
from tests.support.queries import counted_queries
from tests.support.race import losers, meet_after, race, unguarded, winners
from tests.support.suite import Step, Suite

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]


async def rows_of_new_table() -> int:
    await fetch("CREATE TABLE only_mine (number INTEGER)")
    await fetch("INSERT INTO only_mine (number) VALUES ({})", 1)
    return len(await fetch("SELECT number FROM only_mine"))


@pytest.mark.engines
async def test_each_test_has_a_database_of_its_own(database: str) -> None:
    assert await rows_of_new_table() == 1


@pytest.mark.engines
async def test_nothing_is_left_of_the_test_before(database: str) -> None:
    assert await rows_of_new_table() == 1


async def test_an_empty_database_has_no_tables(empty_database: str) -> None:
    with pytest.raises(Exception, match="migration"):
        await fetch("SELECT * FROM migration")


async def stock_left() -> int:
    return int((await fetch("SELECT number FROM stock"))[0]["number"])


async def take_the_last_one(_: int) -> str:
    """Read, then write: safe only when nobody comes in between."""
    async with write_transaction():
        left = await stock_left()
        if left < 1:
            raise LookupError
        await fetch("UPDATE stock SET number = {}", left - 1)
        await fetch("INSERT INTO sold (number) VALUES ({})", left)
    return "mine"


async def stock_of_one() -> None:
    await fetch("CREATE TABLE stock (number INTEGER)")
    await fetch("CREATE TABLE sold (number INTEGER)")
    await fetch("CREATE UNIQUE INDEX sold_once ON sold (number)")
    await fetch("INSERT INTO stock (number) VALUES ({})", 1)


@pytest.mark.race
async def test_a_race_has_one_winner(database: str) -> None:
    await stock_of_one()
    results = await race(8, take_the_last_one)
    assert winners(results) == ["mine"]
    assert len(losers(results, Exception)) == 7


@pytest.mark.race
async def test_the_control_oversells(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await stock_of_one()
    await fetch("DROP INDEX sold_once")
    unguarded(monkeypatch, sys.modules[__name__])
    meet_after(monkeypatch, sys.modules[__name__], "stock_left", parties=8)
    results = await race(8, take_the_last_one)
    assert len(winners(results)) == 8


@pytest.mark.engines
async def test_queries_are_counted(database: str) -> None:
    await stock_of_one()
    with counted_queries() as sent:
        await stock_left()
        async with write_transaction():
            await stock_left()
    await stock_left()
    assert sent == ["SELECT number FROM stock"] * 2


async def test_a_crash_is_no_orderly_loss() -> None:
    async def crash(_: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(AssertionError, match=r"lost by ZeroDivisionError.*, not by LookupError$"):
        losers(await race(2, crash), LookupError)


async def test_who_may_lose_in_two_ways_loses_in_no_third() -> None:
    async def lose(number: int) -> None:
        raise (KeyError, ZeroDivisionError, MemoryError)[number]

    assert len(losers(await race(2, lose), ZeroDivisionError, LookupError)) == 2
    with pytest.raises(AssertionError, match=r"MemoryError.*, not by ZeroDivisionError or LookupError$"):
        losers(await race(3, lose), ZeroDivisionError, LookupError)


def test_a_guarded_command_ends_with_all_that_came_of_it(tmp_path: Path) -> None:
    grandchild = f"import subprocess, sys; subprocess.run({SLEEP!r})"
    remove = tmp_path / "folder"
    remove.mkdir()
    guarded = start_guarded([sys.executable, "-c", grandchild], remove=[remove])
    wait_for(lambda: len(child_pids(guarded.pid)) == 1)
    pids = [guarded.pid, *child_pids(guarded.pid)]
    assert guarded.running
    guarded.stop()
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
    assert not remove.exists()


def test_a_guarded_command_starts_again_and_leaves_nothing(tmp_path: Path) -> None:
    remove = tmp_path / "folder"
    remove.mkdir()
    guarded = start_guarded(SLEEP, remove=[remove])
    first = guarded.pid
    guarded.start_again()
    assert (Path(f"/proc/{first}").exists(), Path(f"/proc/{guarded.pid}").exists()) == (False, True)
    assert remove.exists()
    guarded.stop()
    assert not Path(f"/proc/{guarded.pid}").exists()
    assert not remove.exists()


def test_a_guarded_command_ends_when_the_caller_is_killed() -> None:
    caller = (
        "import sys, time; from tests.support.guard import start_guarded; "
        f"print(start_guarded({SLEEP!r}).pid, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", caller], stdout=subprocess.PIPE)
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    process.communicate()
    wait_for(lambda: not Path(f"/proc/{pid}").exists())


def wait_for(condition: object, seconds: float = 10) -> None:
    """Wait until a condition holds; fails when it does not within ``seconds``."""
    assert callable(condition)
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("taken", "failed", "times"),
    [
        (150.0, 0, "         150.0 s  in all; the target is 180 s on two cores\n"),
        (
            200.5,
            1,
            "         200.5 s  in all; the target is 180 s on two cores\nSLOW      20.5 s  over the target\n",
        ),
        (
            200.5,
            0,
            "         200.5 s  in all; the target is 180 s on two cores\nSLOW      20.5 s  over the target\n",
        ),
    ],
)
def test_the_summary_says_how_long_a_run_took_and_fails_by_its_tests_alone(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    taken: float,
    failed: int,
    times: str,
) -> None:
    suite = Suite(tmp_path, 180, [Step("Lint", 1, failed, 0, 2.25)], started=1_000.0)
    monkeypatch.setattr(time, "monotonic", lambda: 1_000.0 + taken)
    code = suite.summary()
    first = f"{'FAILED' if failed else 'ok':7}    2.2 s  Lint: 1 passed, {failed} failed, 0 skipped\n"
    assert capsys.readouterr().out == f"\n== Summary\n{first}{times}\n1 passed, {failed} failed, 0 skipped\n"
    assert code == failed
