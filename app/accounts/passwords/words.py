"""Words that no password may hold: whoever guesses tries them first. ``app/OPERATIONS.md`` lists them.

They are the name of the program, the person's own name, mail address and phone number, and what modules add: the names
of the festivals. Capitals, accents, blanks and signs do not count.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator

from app.kernel.names import search_text

PROGRAM = "fairground"
#: Shorter ones stand in too many good passwords by chance.
LEAST_LETTERS = 6
PHONE_DIGITS = 8

WordsProvider = Callable[[], Awaitable[Iterable[str]]]

_providers: list[WordsProvider] = []


def add_words(provider: WordsProvider) -> None:
    """Let a module add names; doing it again changes nothing."""
    if provider not in _providers:
        _providers.append(provider)


async def word_held(password: str, *, full_name: str, email: str | None, phone: str | None) -> bool:
    """Whether a password holds such a word."""
    names = [name for provider in _providers for name in await provider()]
    words = {
        PROGRAM,
        *_runs(full_name),
        *(_squeezed(text) for text in ((email or "").partition("@")[0], email or "")),
        *(re.sub(r"\d+$", "", _squeezed(name)) for name in names),
    }
    typed = _squeezed(password)
    number = (phone or "")[-PHONE_DIGITS:]
    return bool(number and number in typed) or any(word in typed for word in words if len(word) >= LEAST_LETTERS)


def _runs(name: str) -> Iterator[str]:
    """Each row of neighbouring words, written as one: who is Nguyễn Thị Hoa is nguyenthihoa, nguyenthi and thihoa."""
    words = [_squeezed(word) for word in name.split()]
    for start in range(len(words)):
        for end in range(start + 1, len(words) + 1):
            yield "".join(words[start:end])


def _squeezed(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", search_text(text))
