"""docker-compose.yml: every service without rights it does not need, watched, and run by commands that exist."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.cli import build_parser
from app.kernel.settings import Settings
from app.main import LIFE_SIGN
from tests.support.roles import OWNER, SCRIPT, SERVICE
from tests.test_routes import handlers

ROOT = Path(__file__).resolve().parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("app", "worker", "backup", "migrate")
ONCE = ("migrate",)


def test_there_is_one_of_each() -> None:
    assert sorted(SERVICES) == ["app", "backup", "caddy", "database", "migrate", "worker"]
    assert SERVICES["app"]["command"][-2:] == ["--workers", "2"]
    assert int(SERVICES["database"]["image"].removeprefix("postgres:")) >= 17
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["caddy"]


@pytest.mark.parametrize("name", sorted(set(SERVICES) - set(ONCE)))
def test_every_service_is_watched_and_comes_back(name: str) -> None:
    service = SERVICES[name]
    assert (service["restart"], service["healthcheck"]["test"][0]) == ("unless-stopped", "CMD")


def test_the_app_is_asked_whether_it_is_ready() -> None:
    (_cmd, program, _c, code) = SERVICES["app"]["healthcheck"]["test"]
    port = build_parser().parse_args(["serve"]).port
    assert (program, code) == (
        "python",
        f"import urllib.request; urllib.request.urlopen('http://127.0.0.1:{port}/readyz')",
    )
    assert "/readyz" in {path for path, _handler in handlers()}


@pytest.mark.parametrize(
    ("name", "inside", "sign", "too_old"),
    [
        ("worker", f"/tmp/{LIFE_SIGN.name}", LIFE_SIGN.name, 3 * 60),
        ("backup", "/backups", "fairground-2026-10-16.zip", 3 * 86_400),
    ],
)
def test_what_leaves_no_sign_any_more_is_not_healthy(
    tmp_path: Path, name: str, inside: str, sign: str, too_old: int
) -> None:
    """The very line, in a shell, over a folder of the test's."""
    (_cmd, shell, _c, line) = SERVICES[name]["healthcheck"]["test"]
    assert line.count(inside) == 1
    line = line.replace("$$", "$").replace(inside, str(tmp_path / sign if inside.endswith(sign) else tmp_path))

    def healthy() -> bool:
        return subprocess.run([shell, "-c", line], check=False, capture_output=True).returncode == 0

    seen = [healthy()]
    (tmp_path / sign).touch()
    seen.append(healthy())
    then = time.time() - too_old
    os.utime(tmp_path / sign, (then, then))
    assert [*seen, healthy()] == [False, True, False]


@pytest.mark.slow
def test_the_backup_is_made_once_a_day_and_kept_two_weeks(tmp_path: Path) -> None:
    """The script itself, until it goes to sleep; it sleeps in a child, so that all of its group is ended."""
    folders = {"BACKUP_DIR": tmp_path / "backups", "BACKUP_KEYS_DIR": tmp_path / "keys", "DATA_DIR": tmp_path / "var"}
    for folder in folders.values():
        folder.mkdir()
    old = [tmp_path / "backups" / "fairground-2026-01-01.zip", tmp_path / "keys" / "fairground-2026-01-01.keys.json"]
    for path in old:
        path.touch()
        os.utime(path, (0, 0))
    environment = os.environ | {
        **{name: str(folder) for name, folder in folders.items()},
        "DATABASE_URL": f"sqlite:///{tmp_path}/var/fair.sqlite",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    subprocess.run(["fairground", "migrate"], env=environment, check=True, capture_output=True)
    script = subprocess.Popen(["sh", str(ROOT / ".docker" / "backup.sh")], env=environment, start_new_session=True)
    try:
        for _wait in range(600):
            if not any(path.exists() for path in old):
                break
            time.sleep(0.1)
    finally:
        os.killpg(script.pid, signal.SIGTERM)
        script.wait()
    (made,) = (tmp_path / "backups").iterdir()
    (keys,) = (tmp_path / "keys").iterdir()
    assert (made.stem, zipfile.is_zipfile(made)) == (keys.name.removesuffix(".keys.json"), True)


@pytest.mark.parametrize("name", OURS)
def test_ours_write_to_their_volumes_alone(name: str) -> None:
    service = SERVICES[name]
    assert (service["read_only"], service["cap_drop"], service["tmpfs"]) == (True, ["ALL"], ["/tmp"])
    assert service["environment"]["JOBS_INLINE"] == "false"
    unknown = set(map(str.lower, service["environment"])) - set(Settings.model_fields)
    assert unknown == {"database_owner_password"}


def test_only_who_has_business_outside_has_a_way_out() -> None:
    """``internal`` networks lead nowhere else. The worker sends mails and messages, the app asks Stripe for the page
    that a payer waits for, Caddy fetches its certificate."""
    assert COMPOSE["networks"] == {"inside": {"internal": True}, "outside": None}
    on = {name: service["networks"] for name, service in SERVICES.items()}
    inside, both = ["inside"], ["inside", "outside"]
    assert on == {
        "app": both,
        "backup": inside,
        "caddy": both,
        "database": inside,
        "migrate": inside,
        "worker": both,
    }


@pytest.mark.parametrize("name", OURS)
def test_only_who_migrates_can_become_the_owner(name: str) -> None:
    """The file .env stands in each container's environment: the owner's password is taken out of it again."""
    environment = SERVICES[name]["environment"]
    role = environment["DATABASE_URL"].removeprefix("postgresql://").partition(":")[0]
    assert (role, environment["DATABASE_OWNER_PASSWORD"]) == (OWNER if name in ONCE else SERVICE, "")
    needed = {"database": {"condition": "service_healthy"}}
    waits = {"migrate": {"condition": "service_completed_successfully"}}
    assert SERVICES[name]["depends_on"] == (needed if name in ONCE else waits)
    assert SERVICES[name]["restart"] == ("no" if name in ONCE else "unless-stopped")


def test_the_database_makes_both_roles() -> None:
    database = SERVICES["database"]
    assert database["healthcheck"]["test"][1:4] == ["pg_isready", "-h", "127.0.0.1"]  # not before the script has run
    script = "./.docker/roles.sql:/docker-entrypoint-initdb.d/roles.sql:ro"
    assert database["volumes"].count(script) == 1
    asked = re.findall(r"^\\getenv \w+ (\w+)$", SCRIPT.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(asked) == sorted(name for name in database["environment"] if name.startswith("DATABASE_"))


@pytest.mark.parametrize("name", ["app", "worker", "migrate"])
def test_the_command_is_one_of_ours(name: str) -> None:
    first, *arguments = SERVICES[name]["command"]
    assert first == "fairground"
    assert build_parser().parse_args(arguments).command in ("serve", "worker", "migrate")


def test_the_backup_calls_a_command_of_ours() -> None:
    script = (ROOT / SERVICES["backup"]["command"][1]).read_text(encoding="utf-8")
    (called,) = re.findall(r"if fairground (.+); then", script)
    assert build_parser().parse_args(called.replace('"', "").split()).command == "backup"


def test_named_volumes_and_files_exist() -> None:
    used = {part.partition(":")[0] for service in SERVICES.values() for part in service["volumes"]}
    assert {name for name in used if not name.startswith(".")} == set(COMPOSE["volumes"])
    for name in ("Caddyfile", "Caddyfile.lan", "Dockerfile"):
        assert (ROOT / ".docker" / name).is_file()


@pytest.mark.parametrize("name", ["Caddyfile", "Caddyfile.lan"])
def test_over_http_the_api_is_refused_and_pages_are_led_on(name: str) -> None:
    """Whoever sends a token in clear shall notice; a person who typed the name shall not."""
    text = (ROOT / ".docker" / name).read_text(encoding="utf-8")
    plain = text.partition("\nhttp://{$SITE_ADDRESS} {\n")[2]
    handled = re.findall(r"^\thandle (.*)\{\n\t\t(\w+).*?( 403)?$", plain, re.MULTILINE)
    assert handled[-2:] == [("/api/* ", "respond", " 403"), ("", "redir", "")]
    assert "reverse_proxy" not in plain


@pytest.mark.parametrize("name", ["Caddyfile", "Caddyfile.lan"])
def test_no_address_that_was_asked_for_comes_into_a_log(name: str) -> None:
    """What Caddy says of an app that is away names the request, and with it a one-time link."""
    text = (ROOT / ".docker" / name).read_text(encoding="utf-8")
    fields = re.search(
        r"^\{\n.*?\tlog \{\n\t\tformat filter \{.*?fields \{\n(.*?)\t\t\t\}\n", text, re.DOTALL | re.MULTILINE
    )
    assert fields is not None
    assert {"request>uri delete", "request>headers delete"} <= {line.strip() for line in fields[1].splitlines()}


def schema_says(path: Path) -> list[str]:
    """What is wrong with a compose file by the specification's own schema."""
    command = [sys.executable, "-m", "check_jsonschema", "--output-format", "json"]
    command += ["--builtin-schema", "vendor.compose-spec", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [error["path"] for error in json.loads(done.stdout).get("errors", [])]


def test_the_file_is_what_compose_takes(tmp_path: Path) -> None:
    assert schema_says(ROOT / "docker-compose.yml") == []
    broken = tmp_path / "docker-compose.yml"
    broken.write_text(yaml.safe_dump({"services": {"app": {"image": "fairground", "restarts": "always"}}}))
    assert schema_says(broken) == ["$.services.app"]


def test_the_image_runs_as_nobody_special() -> None:
    lines = (ROOT / ".docker" / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("USER ")] == ["USER fairground"]
