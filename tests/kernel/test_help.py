import re

import httpx
import pytest

from app.kernel.errors import NotFound
from app.kernel.help import FOLDER, ROLES, anchors_of, read_help
from app.kernel.i18n import LOCALES
from app.kernel.web import ROOT


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("role", ROLES)
def test_each_role_finds_help_in_each_language(role: str, locale: str) -> None:
    assert (FOLDER / locale / f"{role}.md").exists()
    title, sections = read_help(role, locale)
    assert title
    assert sections


@pytest.mark.parametrize("role", ROLES)
def test_languages_have_the_same_headings(role: str) -> None:
    assert len({len(read_help(role, locale)[1]) for locale in LOCALES}) == 1


def test_every_way_to_a_part_of_the_help_leads_there() -> None:
    pages = [path.read_text() for path in (ROOT / "app/payments/templates/payments").glob("*.html")]
    wanted = {name for page in pages for name in re.findall(r'help_link\("([^"]+)"\)', page)}
    assert len(wanted) > 5
    assert wanted <= set(anchors_of("finance"))


@pytest.mark.parametrize("role", ROLES)
def test_no_two_parts_of_a_page_have_one_name(role: str) -> None:
    anchors = anchors_of(role)
    assert len(set(anchors)) == len(anchors)


async def test_a_long_page_begins_with_its_headings(client: httpx.AsyncClient) -> None:
    for lang, heading in (("en", "Closing the day"), ("vi", read_help("finance", "vi")[1][10][0])):
        shown = (await client.get(f"/help/finance?lang={lang}")).text
        assert f'<a href="#closing-the-day">{heading}</a>' in shown
        assert re.search(rf'id="closing-the-day"><h2>{heading}</h2>', shown)
    assert "#" not in "".join(re.findall(r"<main.*</main>", (await client.get("/help/judge")).text, re.DOTALL))


def test_nothing_outside_the_folder_is_read() -> None:
    for name in ("../settings", "nobody", ""):
        with pytest.raises(NotFound):
            read_help(name, "en")


async def test_the_pages_open(client: httpx.AsyncClient) -> None:
    for path in ("/help", "/help/gate"):
        assert (await client.get(path)).status_code == 200
    assert (await client.get("/help/nobody")).status_code == 404
