"""The demo's festival stands at the same moment each time it is loaded, and the command says how it goes."""

from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from pathlib import Path

import pytest

from app.commands import build_parser
from app.demo import command, loader
from app.kernel.clock import now
from app.kernel.database import close_database
from app.kernel.settings import settings

START = datetime.fromisoformat("2026-10-16T08:30:00+07:00")


async def test_the_festival_is_loaded_as_of_its_first_morning(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[datetime] = []

    async def load_demo(_report: loader.Report, at: datetime) -> None:
        told.extend((at, now()))

    async def sign_in_links(at: datetime) -> list[tuple[str, str]]:
        told.append(at)
        return []

    monkeypatch.setattr(loader, "load_demo", load_demo)
    monkeypatch.setattr(loader, "sign_in_links", sign_in_links)
    await close_database()
    assert await command._prepare() == ([], True)
    assert told[:2] == [START, START]
    assert told[2] != START


class Terminal(StringIO):
    """What somebody sits before."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "shown"),
    [
        (StringIO(), "  halls\n  passes\n  nothing\n"),
        (
            Terminal(),
            f"\r\033[K  {'░' * 28} halls"
            f"\r\033[K  {'█' * 7}{'░' * 21} halls"
            f"\r\033[K  {'█' * 28} passes"
            f"\r\033[K  {'█' * 28} nothing"
            "\r\033[K",
        ),
    ],
    ids=["a log", "a terminal"],
)
def test_progress_fills_a_line_on_a_terminal_and_is_plain_lines_in_a_log(
    monkeypatch: pytest.MonkeyPatch, stream: StringIO, shown: str
) -> None:
    monkeypatch.setattr("sys.stderr", stream)
    progress = command.Progress()
    for what, done, total in (("halls", 0, 4), ("halls", 1, 4), ("passes", 4, 4), ("nothing", 0, 0)):
        progress(what, done, total)
    progress.finish()
    assert stream.getvalue() == shown


@pytest.fixture
def standing(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bool]]:
    """What the command finds, instead of a festival that takes half a minute to load; and whether it serves."""
    found = {"built": True, "loaded": True}

    async def whose_database() -> str:
        return "empty"

    async def prepare() -> tuple[list[tuple[str, str]], bool]:
        return [("Visitor", "http://here/e/x"), ("Organiser", "http://here/sign-in/y")], found["loaded"]

    for name in ("DEMO", "LOG_LEVEL", "BASE_URL"):
        monkeypatch.setenv(name, "")  # so that what the command sets goes again
        monkeypatch.delenv(name)
    monkeypatch.setattr(command, "_whose_database", whose_database)
    monkeypatch.setattr(command, "_prepare", prepare)
    monkeypatch.setattr(command, "_clock", settings.cache_clear)
    monkeypatch.setattr(command, "_serve", lambda _options, *, fresh: found.update(served=True, fresh=fresh))
    monkeypatch.setattr("app.kernel.web._manifest", lambda: {"site.js": "site.js"} if found["built"] else {})
    yield found
    settings.cache_clear()


def said(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """What the command says of a festival that stands."""
    command.run_demo(build_parser().parse_args(["demo", *options]), lambda: None, SystemExit)
    return capsys.readouterr().out


HERE = """
The demo festival stands at {url}/ — sign in as:

  Visitor    http://here/e/x
  Organiser  http://here/sign-in/y
{also}
Messages that would be sent: {url}/dev/outbox

"""
ALONE = "\nThese links open on this machine alone. For phones, name its address in their network with --host.\n"
READ = "\nIt is a demo: whoever reaches it reads its messages, and the links in them.\n"
OFF = (
    "The front end is not built (no npm registry?): the scanner, the tablet's offline mode and the plan editor "
    "are off. `fairground assets` builds it.\n"
)


@pytest.mark.parametrize(
    ("options", "url", "also"),
    [
        ((), "http://127.0.0.1:8000", ""),
        (("--host", "localhost", "--port", "8100"), "http://localhost:8100", ""),
        (("--host", "::1"), "http://[::1]:8000", ""),
        (("--host", "192.168.1.5"), "http://192.168.1.5:8000", READ),
        (("--host", "0.0.0.0"), "http://127.0.0.1:8000", ALONE + READ),
    ],
)
def test_the_links_are_printed_and_who_may_reach_them(
    standing: dict[str, bool], capsys: pytest.CaptureFixture[str], options: tuple[str, ...], url: str, also: str
) -> None:
    assert said(capsys, *options) == HERE.format(url=url, also=also)
    assert (standing["served"], standing["fresh"]) == (True, True)


@pytest.mark.parametrize("in_a_file", [False, True])
def test_an_address_of_ones_own_opens_elsewhere(
    standing: dict[str, bool],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    in_a_file: bool,
) -> None:
    if in_a_file:
        (tmp_path / ".env").write_text("BASE_URL=https://hoi.example\n")
        monkeypatch.chdir(tmp_path)
    else:
        monkeypatch.setenv("BASE_URL", "https://hoi.example")
    assert said(capsys, "--host", "0.0.0.0") == HERE.format(url="https://hoi.example", also=READ)


@pytest.mark.parametrize(
    ("options", "loaded", "says"),
    [(("--no-serve",), True, True), (("--no-serve",), False, True), ((), False, True), ((), True, False)],
    ids=["loaded", "there already", "served again", "loaded and served by `serve`, which says it"],
)
@pytest.mark.parametrize("built", [False, True])
def test_without_a_front_end_it_is_said_once_what_is_off(
    standing: dict[str, bool],
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    loaded: bool,
    says: bool,
    built: bool,
) -> None:
    standing.update(built=built, loaded=loaded)
    whole = HERE.format(url="http://127.0.0.1:8000", also="")
    assert said(capsys, *options) == whole + (OFF if says and not built else "")
    assert standing.get("served", False) == ("--no-serve" not in options)
