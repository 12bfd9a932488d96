"""A page speaks one language: in Vietnamese and Indonesian no stored word and no English sentence shows through."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.accounts.services.handing_over import make_card
from app.accounts.services.sign_in import make_sign_in_link
from app.kernel.i18n import LOCALE_NAMES
from app.main import register_modules
from tests.journeys.support.places import PLACES
from tests.support.client import new_browser, sign_in
from tests.support.factories import make_holder
from tests.support.festival import Festival, make_festival
from tests.support.messages import read_catalogue
from ticketing.checkin.services.gates import invite_phone

LEFT_OUT = ("api-docs", "demo-", "public-help", "public-not-found")
#: What the small festival calls otherwise than the journeys' one, and who has it there.
HERE = {
    "own_application_id": "application_id",
    "own_entry_id": "entry_id",
    "own_secret": "order_secret",
    "own_item_id": "item_id",
    "own_change_id": "change_id",
    "box_office_order_id": "sale_id",
}
APPLICANT = "{own_application_id}"
READ_ALOUD = ("aria-label", "alt", "title", "placeholder", "data-label", "data-confirm", "data-confirm-word")
SILENT = ("script", "style", "template")
EMPTY = {"input", "img", "br", "hr", "meta", "link", "path", "rect", "source", "use", "circle"}
#: Stored words that are also words: of a language, or a name.
ALSO_WORDS = {"vi": {"zalo", "sms"}, "id": {"zalo", "sms", "online", "artisan"}}
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|\{\w+\}")


class Text(HTMLParser):
    """Collects what a reader sees or hears: texts and telling attributes; a language's own name may stand."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.skipping: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if (self.skipping and tag not in EMPTY) or tag in SILENT or (given.get("lang") == "en" and tag != "html"):
            self.skipping.append(tag)
        if not self.skipping:
            self.found += [value for name, value in attrs if name in READ_ALOUD and value]

    def handle_endtag(self, tag: str) -> None:
        if self.skipping and tag not in EMPTY:
            self.skipping.pop()

    def handle_data(self, data: str) -> None:
        words = " ".join(data.split())
        if words and not self.skipping and words not in LOCALE_NAMES.values():
            self.found.append(words)


@lru_cache(maxsize=1)
def stored_words() -> frozenset[str]:
    """Return every value of every closed set in the project."""
    found = set()
    for top in ("app", "booths", "ticketing"):
        package = importlib.import_module(top)
        for module in pkgutil.walk_packages(package.__path__, f"{top}."):
            if module.name.endswith(".enums"):
                for one in vars(importlib.import_module(module.name)).values():
                    if isinstance(one, type) and issubclass(one, StrEnum) and one is not StrEnum:
                        found |= {member.value for member in one}
    return frozenset(found)


@lru_cache(maxsize=2)
def english(locale: str) -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """Return what must not stand on a page in a language: messages, and those with places to fill as patterns."""
    pairs: dict[str, tuple[str, ...]] = {}
    for one in read_catalogue(locale):
        own, other = ((text,) if isinstance(text, str) else tuple(text) for text in (one.id, one.string))
        pairs |= {message: other for message in own if message}
    said = {text for other in pairs.values() for text in other}
    plain, patterns = set(), []
    for message in pairs:
        if message in said:
            continue
        if not PLACEHOLDER.search(message):
            plain.add(" ".join(message.split()))
        elif len(PLACEHOLDER.sub(" ", message).split()) > 2:
            pieces = PLACEHOLDER.split(" ".join(message.split()))[:: PLACEHOLDER.groups + 1]
            patterns.append(re.compile(".+?".join(re.escape(piece) for piece in pieces)))
    return frozenset(plain), tuple(patterns)


def faults(page: str, locale: str) -> Iterator[str]:
    """Yield each text of a page that is no word of the language."""
    reader = Text()
    reader.feed(page)
    plain, patterns = english(locale)
    coded = stored_words() - ALSO_WORDS[locale]
    for text in reader.found:
        if text in coded or any("_" in word and word in coded for word in re.findall(r"\w+", text)):
            yield f"stored word: {text}"
        elif text in plain or any(pattern.fullmatch(text) for pattern in patterns):
            yield f"English: {text}"


def places() -> Iterator[tuple[str, str | None]]:
    """Yield (path, who opens it)."""
    for place in PLACES:
        if not place.name.startswith(LEFT_OUT):
            yield place.path, "applicant" if APPLICANT in place.path else place.role


async def numbers(festival: Festival, now: datetime) -> dict[str, Any]:
    """An example of each id that a path may name, and of the secrets behind links."""
    owner = festival.people["owner"].person_id or 0
    link, _code = await make_sign_in_link(person_id=owner, next_path="/me", now=now)
    _device, invite = await invite_phone(
        edition_id=festival.edition.id, gate_id=festival.ids["gate_id"], label="Máy mới", actor=SYSTEM, now=now
    )
    here: dict[str, Any] = {"edition_id": festival.edition.id, "now": now}
    twice = [
        await make_holder(Role.FLOOR, name="Nguyễn Thị Thanh Hương", phone=phone, **here)
        for phone in ("+84977123456", "+62977123456")
    ]
    known = {"twice_id": twice[0].id, "twice_again_id": twice[1].id}
    card = await make_card(
        person_id=festival.ids["helped_id"], edition_id=festival.edition.id, actor=festival.people["owner"], now=now
    )
    links = {"sign_in_token": link, "invite_token": invite, "take_over_token": card}
    tokens = {name: address.rpartition("/")[2] for name, address in links.items()}
    return festival.ids | known | tokens | {name: festival.ids[other] for name, other in HERE.items()}


async def browser_of(festival: Festival, who: str | None, locale: str) -> httpx.AsyncClient:
    browser = new_browser()
    if who is not None:
        await sign_in(browser, festival.people[who].person_id or 0)
    browser.headers["accept-language"] = locale
    browser.cookies.set("fg_lang", locale, domain="testserver.local")
    return browser


@pytest.mark.once
@pytest.mark.parametrize("locale", ["vi", "id"])
async def test_every_page_speaks_the_readers_language(
    client: httpx.AsyncClient, frozen_now: datetime, locale: str
) -> None:
    register_modules()
    festival = await make_festival(frozen_now)
    ids = await numbers(festival, frozen_now)
    wrong = []
    browsers: dict[str | None, httpx.AsyncClient] = {}
    for path, who in places():
        if who not in browsers:
            browsers[who] = await browser_of(festival, who, locale)
        answer = await browsers[who].get(path.format(**ids))
        if answer.is_redirect:
            continue
        assert answer.status_code in (200, 409, 410), path
        wrong += [f"{path}: {fault}" for fault in faults(answer.text, locale)]
    for browser in browsers.values():
        await browser.aclose()
    assert "\n".join(wrong) == ""


def test_the_check_sees_what_it_looks_for() -> None:
    page = '<p>queued</p><p>box_office</p><p>Đã gửi</p><a aria-label="Log of changes">x</a><p lang="en">Sent</p>'
    assert list(faults(page, "vi")) == ["stored word: queued", "stored word: box_office", "English: Log of changes"]
