"""The one sentence that the ``fairground`` command says when it cannot do what it was asked."""

import ast
import os
import socket
import sys
import urllib.request
from pathlib import Path
from types import ModuleType

import pytest

import app
from app import cli, commands
from app.kernel.settings import settings
from tests.support.command import fairground, sentence
from tests.support.guard import start_guarded
from tests.support.postgres import free_port
from tests.support.service import CLI, wait_for_page

pytestmark = pytest.mark.slow

NOT_BUILT = (
    "The front end is not built: the scanner, the tablet's offline mode and the plan editor are off. "
    "`fairground assets` builds it.\n"
)
HALLS = Path(__file__).parents[1] / "app" / "demo" / "sheets" / "halls.xlsx"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder for what a command leaves behind."""
    return tmp_path / "var"


def test_a_busy_port(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for command in ("demo", "serve"):
            said = sentence(fairground(home, command, "--port", str(port)))
            assert said == f"port {port} on 127.0.0.1 is in use; choose another with --port."


@pytest.mark.parametrize("host", ["nowhere.invalid", "192.0.2.1"])
def test_a_host_that_is_another_machine(home: Path, host: str) -> None:
    said = sentence(fairground(home, "serve", "--host", host))
    assert said == f"{host} is no address of this machine; --host takes one of its own."


def test_a_port_that_is_none(home: Path) -> None:
    done = fairground(home, "serve", "--port", "99999")
    assert done.returncode == 2
    said = done.stderr.splitlines()[-1]
    assert said == "fairground serve: error: argument --port: 99999 is no port; ports are numbers from 1 to 65535"


def test_a_database_in_a_folder_that_cannot_be(home: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    said = sentence(fairground(home, "migrate", DATABASE_URL=f"sqlite:///{tmp_path}/file/var/fair.sqlite"))
    assert said == f"the database cannot be reached: {tmp_path}/file/var: Not a directory."


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    said = sentence(fairground(tmp_path / "file" / "var", "migrate"))
    assert said == f"the data folder {tmp_path / 'file' / 'var'} cannot be made: Not a directory."


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What the command says in this process, when it is refused: one line, and exit status 1."""
    with pytest.raises(SystemExit) as ended:
        cli.main(list(arguments))
    said = capsys.readouterr()
    assert (ended.value.code, said.out, said.err.count("\n")) == (1, "", 1)
    return said.err.strip().removeprefix("fairground: ")


def test_a_folder_without_permission_to_write(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Root may write everywhere, so that the system's answer is put in its mouth."""
    folder = settings().data_dir
    monkeypatch.setattr(os, "access", lambda path, mode: (path, mode) != (folder, os.W_OK | os.X_OK))
    assert refused(capsys, "migrate") == f"no permission to write in the data folder {folder}."


@pytest.mark.parametrize("command", ["migrate", "serve"])
def test_a_database_that_may_only_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """As after `sudo fairground migrate`, or on a file system that is mounted to be read."""
    file = tmp_path / "fairground.sqlite"
    file.touch()
    known = settings().model_copy(update={"database_url": f"sqlite:///{file}"})
    monkeypatch.setattr("app.kernel.settings.settings", lambda: known)
    options = ["--port", str(free_port())] if command != "migrate" else []
    for path, said in ((file, f"the database {file}"), (tmp_path, f"in the folder of the database, {tmp_path}")):
        monkeypatch.setattr(os, "access", lambda asked, mode, path=path: (asked, bool(mode & os.W_OK)) != (path, True))
        assert refused(capsys, command, *options) == f"no permission to write {said}."


def test_a_backup_without_permission_to_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As of one that was copied into a container, whose user is another one."""
    monkeypatch.setattr(os, "access", lambda _path, mode: mode != os.R_OK)
    assert refused(capsys, "restore", str(HALLS)) == f"no permission to read {HALLS}."


def test_a_file_without_permission_to_write(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def forbidden() -> None:
        raise PermissionError(13, "Permission denied", "/srv/secret.key")

    monkeypatch.setattr(cli, "_check_writable", forbidden)
    assert refused(capsys, "migrate") == "no permission to write /srv/secret.key."


def test_a_python_that_is_too_old(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 14, "final", 0))
    monkeypatch.setattr(sys, "version", "3.10.14 (main, Mar 19 2024, 21:46:18) [GCC 12.2.0]")
    assert refused(capsys, "demo") == "Python 3.11 or newer is needed; this is 3.10.14."


@pytest.mark.parametrize("module", [app, commands, cli], ids=lambda module: module.__name__)
def test_a_python_that_is_too_old_can_read_its_refusal(module: ModuleType) -> None:
    """It reads all that comes before the refusal, and evaluates no annotation in it."""
    source = Path(str(module.__file__)).read_text()
    tree = ast.parse(source, feature_version=(3, 7))
    annotated = [one for one in ast.walk(tree) if isinstance(one, ast.AnnAssign | ast.arg | ast.FunctionDef)]
    assert "from __future__ import annotations" in source.splitlines() or annotated == []


def test_nothing_of_ours_but_the_parser_is_read_before_the_refusal() -> None:
    tree = ast.parse(Path(cli.__file__).read_text())
    sources = [one.module for one in tree.body if isinstance(one, ast.ImportFrom)]
    assert [name for name in sources if name and name.startswith("app")] == ["app.commands"]
    known = [
        one.module for one in ast.parse(Path(commands.__file__).read_text()).body if isinstance(one, ast.ImportFrom)
    ]
    assert [name for name in known if name and name.startswith("app")] == []


@pytest.mark.parametrize(("manifest", "said"), [({}, NOT_BUILT), ({"site.js": "site.js"}, "")])
def test_serving_without_the_front_end_says_what_is_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], manifest: dict[str, str], said: str
) -> None:
    monkeypatch.setattr("app.kernel.web._manifest", lambda: manifest)
    cli._say_assets()
    assert capsys.readouterr() == ("", said)


BUILD = "def build(root, *, temporary_node):\n    return {} if temporary_node else 'no Node'\n"


def test_the_front_end_is_built_or_it_is_said_why_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The hook itself has tests of its own; a build takes npm's registry, which not every machine reaches."""
    hook = tmp_path / "app" / "web" / "hatch_build.py"
    hook.parent.mkdir(parents=True)
    monkeypatch.setattr("app.kernel.web.ROOT", tmp_path)
    hook.write_text(BUILD.format("'npm could not install the packages: network unreachable'"))
    assert refused(capsys, "assets") == (
        "the front end could not be built: npm could not install the packages: network unreachable"
    )
    hook.write_text(BUILD.format(None))
    cli.main(["assets"])
    assert capsys.readouterr() == (
        "The front end is built. A service that is running has it once it is started again.\n",
        "",
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2"])
def test_it_is_served_at_the_host_and_nowhere_else(home: Path, tmp_path: Path, host: str) -> None:
    port, log = free_port(), tmp_path / "service.log"
    env = os.environ | {"DATA_DIR": str(home), "DATABASE_URL": f"sqlite:///{home / 'fairground.sqlite'}"}
    with log.open("wb") as output:
        guarded = start_guarded([*CLI, "serve", "--host", host, "--port", str(port)], env=env, output=output)
    try:
        wait_for_page(f"http://{host}:{port}/healthz", guarded, log, 60)
        other = "127.0.0.2" if host == "127.0.0.1" else "127.0.0.1"
        with pytest.raises(OSError, match="refused"):
            urllib.request.urlopen(f"http://{other}:{port}/healthz", timeout=10)
    finally:
        guarded.stop()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SECRET_KEY", "short", "the setting SECRET_KEY is not right: at least 32 characters are needed."),
        (
            "KEY_ENCRYPTION_KEY",
            "short",
            "the setting KEY_ENCRYPTION_KEY is not right: at least 32 characters are needed.",
        ),
        (
            "DATABASE_URL",
            "mysql://somewhere",
            "the database cannot be reached: DATABASE_URL must begin with sqlite:/// or postgresql://.",
        ),
        (
            "BASE_URL",
            "hoi-cho.vn",
            "the setting BASE_URL is not right: an address such as https://hoi-cho.vn is needed, without a path.",
        ),
        (
            "SMS_URL",
            "http://sms.example.vn/send",
            "the setting SMS_URL is not right: an address that begins with https:// is needed; "
            "http:// is for this machine and private networks alone.",
        ),
        (
            "DATABASE_URL",
            "sqlite:///",
            "the setting DATABASE_URL is not right: a file is needed, as in sqlite:///var/fairground.sqlite.",
        ),
        ("DATABASE_URL", "postgresql://[::1/fair", "the setting DATABASE_URL is not right: Invalid IPv6 URL."),
        (
            "CLOCK_OFFSET_SECONDS",
            "99999999999999",
            "the setting CLOCK_OFFSET_SECONDS is not right: Input should be less than or equal to 1000000000.",
        ),
        (
            "LOG_LEVEL",
            "LOUD",
            "the setting LOG_LEVEL is not right: Input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'.",
        ),
    ],
)
def test_a_setting_that_is_not_right(home: Path, name: str, value: str, said: str) -> None:
    assert sentence(fairground(home, "migrate", **{name: value})) == said


@pytest.mark.parametrize("content", ["LOG_LEVEL=INFO\n".encode("utf-16"), b"MAIL_FROM=H\xf4i <ve@hoi.example>\n"])
def test_a_file_of_settings_that_is_no_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    (tmp_path / ".env").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    assert refused(capsys, "migrate") == "the file .env is no text in UTF-8; save it as one."


def test_a_file_of_settings_without_permission_to_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def forbidden(*_arguments: object, **_named: object) -> str:
        raise PermissionError(13, "Permission denied", ".env")

    monkeypatch.setattr(Path, "read_text", forbidden)
    assert refused(capsys, "migrate") == "no permission to read the file .env."


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--host", "", "an address is needed; 0.0.0.0 stands for all"),
        ("--workers", "0", "0 is no number of processes from 1 to 64"),
        ("--workers", "-5", "-5 is no number of processes from 1 to 64"),
        ("--workers", "many", "many is no number of processes from 1 to 64"),
    ],
)
def test_options_that_are_not_right(capsys: pytest.CaptureFixture[str], option: str, value: str, said: str) -> None:
    for command in ("demo", "serve"):
        with pytest.raises(SystemExit) as ended:
            cli.main([command, f"{option}={value}"])
        line = capsys.readouterr().err.splitlines()[-1]
        assert (ended.value.code, line) == (2, f"fairground {command}: error: argument {option}: {said}")


@pytest.mark.parametrize("name", ["", " \u200b ", "N" * 201])
def test_an_organiser_without_a_name(home: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    said = refused(capsys, "admin", "create", "--name", name, "--email", "hoa@example.vn")
    assert said == "a name of 1 to 200 characters is needed."


@pytest.mark.parametrize("command", [("demo", "--no-serve"), ("migrate",), ("import", "halls", str(HALLS))])
def test_a_server_that_is_not_there(home: Path, command: tuple[str, ...]) -> None:
    said = sentence(fairground(home, *command, DATABASE_URL="postgresql://who:secret@127.0.0.1:1/fairground"))
    assert said.startswith("the database cannot be reached: ")
    assert "secret" not in said


def test_a_file_that_is_no_database(home: Path, tmp_path: Path) -> None:
    (tmp_path / "letter.sqlite").write_text("Kính gửi Quý vị " * 9)
    url = f"sqlite:///{tmp_path / 'letter.sqlite'}"
    assert sentence(fairground(home, "migrate", DATABASE_URL=url)) == (
        "the database cannot be reached: file is not a database."
    )


@pytest.mark.parametrize(
    ("kind", "path", "said"),
    [
        ("halls", "nowhere.csv", "nowhere.csv is not a file."),
        ("halls", __file__, "name one edition with --edition (here: none)."),
        ("elephants", __file__, "name one edition with --edition (here: none)."),
    ],
)
def test_an_import_into_a_new_installation(home: Path, kind: str, path: str, said: str) -> None:
    url = f"sqlite:///{home / 'fairground.sqlite'}"
    assert sentence(fairground(home, "import", kind, path, DATABASE_URL=url)) == said
