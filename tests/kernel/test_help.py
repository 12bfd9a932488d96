import httpx
import pytest

from app.kernel.errors import NotFound
from app.kernel.help import FOLDER, ROLES, read_help
from app.kernel.i18n import LOCALES


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


def test_nothing_outside_the_folder_is_read() -> None:
    for name in ("../settings", "nobody", ""):
        with pytest.raises(NotFound):
            read_help(name, "en")


async def test_the_pages_open(client: httpx.AsyncClient) -> None:
    for path in ("/help", "/help/gate"):
        assert (await client.get(path)).status_code == 200
    assert (await client.get("/help/nobody")).status_code == 404
