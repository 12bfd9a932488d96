"""What a public page weighs, and what it brings along."""

import gzip
import json
import re
from datetime import datetime
from pathlib import Path

import httpx

from app.main import register_modules
from tests.support.festival import make_festival
from tests.web.conftest import BUILD, ROOT, WEB

BUDGET = 100_000


def compressed(path: Path) -> int:
    """Bytes on the wire: gzip for texts, fonts as they are."""
    data = path.read_bytes()
    return len(data) if path.suffix == ".woff2" else len(gzip.compress(data, 9))


def test_styles_script_and_typeface_of_a_public_page_stay_under_100_kb(manifest: dict[str, str]) -> None:
    names = ["site.css", "site.js", *(name for name in manifest if name.endswith(".woff2"))]
    assert sum(compressed(BUILD / manifest[name]) for name in names) < BUDGET


async def test_the_first_view_of_an_edition_stays_under_100_kb_but_for_its_photos(
    client: httpx.AsyncClient, frozen_now: datetime, manifest: dict[str, str]
) -> None:
    register_modules()
    edition = (await make_festival(frozen_now)).edition
    shown = await client.get(edition.path)
    links = re.findall(r'<(?:link|script)[^>]* (?:href|src)="/static/([^"]+)"', shown.text)
    names = {link.removeprefix("build/") for link in links if link.startswith("build/")}
    for name in [name for name in names if name.endswith(".css")]:
        names |= set(re.findall(r'/static/build/([^")]+\.woff2)', (BUILD / name).read_text(encoding="utf-8")))
    if re.search(r" hx-(?:get|post)=", shown.text):
        names.add(manifest["htmx.js"])
    assert {manifest["site.css"], manifest["site.js"]} <= names
    assert len([name for name in names if name.endswith(".woff2")]) == 4
    weights = {name: compressed(BUILD / name) for name in names}
    weights |= {link: compressed(BUILD.parent / link) for link in links if not link.startswith("build/")}
    assert "icon.svg" in weights
    page = len(gzip.compress(shown.content, 4))  # as the service itself does
    assert sum(weights.values()) + page < BUDGET, (page, weights)


def test_htmx_comes_only_to_pages_that_use_it(manifest: dict[str, str]) -> None:
    assert "htmx.js" in manifest
    assert "defineExtension" not in (BUILD / manifest["site.js"]).read_text(encoding="utf-8")


def test_the_typeface_is_latin_and_vietnamese_in_two_weights(manifest: dict[str, str]) -> None:
    assert {name for name in manifest if name.endswith(".woff2")} == {
        f"be-vietnam-pro-{subset}-{weight}-normal.woff2" for subset in ("latin", "vietnamese") for weight in (400, 600)
    }
    assert (BUILD / manifest["fonts/ttf/BeVietnamPro-Regular.ttf"]).read_bytes()[:4] == b"\x00\x01\x00\x00"
    assert (BUILD / manifest["fonts/ttf/BeVietnamPro-SemiBold.ttf"]).read_bytes()[:4] == b"\x00\x01\x00\x00"


def test_every_built_name_changes_with_its_content_but_workers_and_print_fonts(manifest: dict[str, str]) -> None:
    plain = {name for name, file in manifest.items() if not re.search(r"-[0-9A-Z]{8}\.\w+$", file)}
    assert {name for name in plain if not name.endswith((".ttf", "-sw.js"))} == set()
    assert [file for file in manifest.values() if not (BUILD / file).is_file()] == []


def test_every_island_is_built(manifest: dict[str, str]) -> None:
    islands = {
        f"{path.parents[2].name}-{path.parent.name}.js"
        for parent in ("app", "booths", "ticketing")
        for path in (ROOT / parent).glob("*/ui/*/main.ts")
    }
    assert islands - manifest.keys() == set()


def test_the_messages_of_scripts_are_known(manifest: dict[str, str]) -> None:
    messages = json.loads((BUILD / "messages.json").read_text(encoding="utf-8"))
    scripts = {name.removesuffix(".js") for name in manifest if name.endswith(".js")}
    assert messages.keys() == {name for name in scripts if not name.endswith("-sw")}
    assert "Undo" in messages["site"]


def test_the_lock_file_names_no_host() -> None:
    lock = json.loads((WEB / "package-lock.json").read_text(encoding="utf-8"))
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []


def test_styles_without_a_build_need_no_other_file() -> None:
    folder = WEB / "static" / "css"
    for sheet in folder.glob("*.css"):
        for wanted in re.findall(r'(?:@import |url\()"\./([^"]+)"', sheet.read_text(encoding="utf-8")):
            assert (folder / wanted).is_file(), f"{sheet.name} asks for {wanted}"
