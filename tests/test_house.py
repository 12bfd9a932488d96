"""The house rules that no linter knows."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("app", "booths", "ticketing")
TOP_LEVEL = {*PACKAGES, "tests", "pyproject.toml", "docker-compose.yml", "README.md"}
LONGEST_FILE = 450
WRITTEN_BY_HAND = {".py", ".ts", ".mjs", ".js", ".css", ".html", ".md", ".typ", ".toml", ".yml", ".lua"}


def committed_files() -> list[Path]:
    """Return every file that git knows or would take in, relative to the root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    names = {name for name in done.stdout.decode().split("\0") if name}
    return sorted(Path(name) for name in names if (ROOT / name).is_file())


def test_the_top_level_is_exactly_as_fixed() -> None:
    names = {path.parts[0] for path in committed_files()}
    assert {name for name in names if not name.startswith(".")} == TOP_LEVEL


def test_no_file_is_too_long_to_read() -> None:
    too_long = {}
    for path in committed_files():
        if path.suffix in WRITTEN_BY_HAND and "migrations" not in path.parts:
            lines = (ROOT / path).read_text(encoding="utf-8").count("\n")
            if lines > LONGEST_FILE:
                too_long[str(path)] = lines
    assert too_long == {}


def test_every_module_has_its_tests() -> None:
    modules = {path.parent for path in committed_files() if path.name in ("plugin.py", "piccolo_app.py")}
    modules |= {Path("app/web"), Path("app/demo")}
    missing = []
    for module in sorted(modules):
        mirrored = ROOT / "tests" / Path(*[part for part in module.parts if part != "app"])
        if not [*mirrored.rglob("test_*.py"), *mirrored.rglob("*.test.ts")]:
            missing.append(str(module))
    assert missing == []


def test_no_generated_file_is_committed() -> None:
    generated = [path for path in committed_files() if path.suffix in (".mo", ".pyc", ".sqlite", ".whl")]
    assert generated == []


def test_nothing_names_a_registry_host() -> None:
    hosts = [".".join(parts) for parts in (("registry", "npmjs"), ("files", "pythonhosted"), ("pypi", "org"))]
    naming = []
    for path in committed_files():
        if path.suffix in WRITTEN_BY_HAND | {".json", ".txt", ".lock", ""}:
            text = (ROOT / path).read_text(encoding="utf-8", errors="replace")
            naming += [f"{path}: {host}" for host in hosts if host in text]
    assert naming == []


def test_dependencies_have_an_upper_bound() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    assert [line for line in wanted if "<" not in line] == []


def test_every_dependency_is_constrained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {
        line.split(">")[0].split("[")[0].strip().lower()
        for line in [*project["dependencies"], *project["optional-dependencies"]["test"]]
    }
    lines = (ROOT / ".ci" / "constraints.txt").read_text().split()
    assert all("==" in line and "/" not in line for line in lines)
    assert wanted - {line.split("==")[0].lower() for line in lines} == set()


def test_the_readme_lists_every_setting_and_no_other() -> None:
    from app.kernel.settings import Settings

    wanted = []
    for name, setting in Settings.model_fields.items():
        default = str(setting.get_default())
        shown = f"`{default}`" if default else "empty"
        wanted.append(f"| `{name.upper()}` | {shown} | {setting.description} |")
    assert [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("| `")] == wanted


def test_every_setting_is_read_by_somebody() -> None:
    from app.kernel.settings import Settings

    code = [ROOT / path for path in committed_files() if path.parts[0] in PACKAGES and path.suffix == ".py"]
    text = "\n".join(path.read_text() for path in code)
    assert [name for name in Settings.model_fields if f".{name}" not in text] == []


def test_the_journeys_seek_every_secret_of_the_settings() -> None:
    """The old key seals nothing of theirs; Stripe's switches cards on, and people.py seeks it beside these."""
    from app.kernel.settings import Settings
    from tests.journeys.support.people import SECRET_SETTINGS

    ends = ("_key", "_token", "_password", "_secret")
    secret = {name.upper() for name in Settings.model_fields if name.endswith(ends)}
    assert secret - SECRET_SETTINGS.keys() == {"STRIPE_SECRET_KEY", "STRIPE_TEST_SECRET_KEY"}


def test_the_file_of_settings_stays_on_the_machine_and_reaches_the_service() -> None:
    assert "/.env" in (ROOT / ".gitignore").read_text().splitlines()
    assert ".env" in (ROOT / ".dockerignore").read_text().splitlines()
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert [services[name]["env_file"] for name in ("app", "worker", "backup")] == [".env"] * 3


def test_every_dependency_stands_in_a_decision_record_with_its_licence() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lines = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    wanted = {re.split(r"[\[>=<]", line)[0] for line in [*lines, *project["project"]["optional-dependencies"]["test"]]}
    web = json.loads((ROOT / "app" / "web" / "package.json").read_text())
    wanted |= {*web["dependencies"], *web["devDependencies"]}
    licence = re.compile(r"\b(MIT|BSD-\d|0BSD|ISC|Apache-2|MPL-2|OFL-1|GPL-3)")
    records = [line for path in (ROOT / "app" / "decisions").glob("*.md") for line in path.read_text().splitlines()]
    named = {name for line in records if licence.search(line) for name in re.findall(r"@?\w[\w./-]*\w", line)}
    assert wanted - named == set()


def test_what_the_code_imports_is_a_dependency_of_its_own() -> None:
    imported: set[str] = set()
    for path in committed_files():
        if path.parts[0] in PACKAGES and path.suffix == ".py" and path.name != "hatch_build.py":
            for node in ast.walk(ast.parse((ROOT / path).read_text())):
                if isinstance(node, ast.Import):
                    imported |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    imported.add(node.module.partition(".")[0])
    sources = packages_distributions()
    needed = {sources[name][0].lower().replace("_", "-") for name in imported - {*PACKAGES} if name in sources}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {re.split(r"[\[>=<]", line)[0] for line in project["dependencies"]}
    assert needed - declared - {"numpy"} == set()  # highspy brings its own


def test_only_the_outbox_chooses_by_which_channel_a_person_is_reached() -> None:
    code = [path for path in committed_files() if path.parts[0] in PACKAGES and path.suffix == ".py"]
    naming = {path for path in code if "ChannelKind." in (ROOT / path).read_text()}
    assert naming == {Path("app/kernel/outbox.py"), Path("app/kernel/enums.py")}


#: Functions of the product that nothing in it calls, each with its reason.
CALLED_FROM_OUTSIDE = {
    "add_vote_provider": "the slot for votes on products and exhibitors",
    "forget_keys": "a test begins with a new database and must forget what was read from the one before",
    "forget_labels": "as forget_keys",
    "oldest_due_seconds": "a figure for whoever watches over the service",
}


def test_every_public_function_is_called_by_the_product() -> None:
    defined: dict[str, str] = {}
    used: set[str] = set()
    for path in committed_files():
        if path.parts[0] not in PACKAGES or "migrations" in path.parts:
            continue
        if path.suffix == ".html":
            used.update(re.findall(r"\w+", (ROOT / path).read_text()))
        elif path.suffix == ".py":
            tree = ast.parse((ROOT / path).read_text())
            for node in tree.body:
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
                    defined[node.name] = str(path)
            for part in ast.walk(tree):
                if isinstance(part, ast.Name):
                    used.add(part.id)
                elif isinstance(part, ast.Attribute):
                    used.add(part.attr)
                elif isinstance(part, ast.Constant) and isinstance(part.value, str):
                    used.update(re.findall(r"^[\w.]+:(\w+)$", part.value))  # as child processes and servers name them
    assert {name: path for name, path in defined.items() if name not in used | CALLED_FROM_OUTSIDE.keys()} == {}
    assert CALLED_FROM_OUTSIDE.keys() - (defined.keys() - used) == set()


def test_every_template_is_used() -> None:
    templates = [path for path in committed_files() if path.suffix == ".html" and "templates" in path.parts]
    code = [path for path in committed_files() if path.parts[0] in PACKAGES and path.suffix in (".py", ".html")]
    text = "\n".join((ROOT / path).read_text() for path in code)
    assert [str(path) for path in templates if f'"{path.parent.name}/{path.name}"' not in text] == []


def test_ci_calls_the_suite_and_nothing_else() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert [line for line in lines[1:] if line.strip()] == ['cd "$(dirname "${BASH_SOURCE[0]}")/.." && exec tests/run']
