"""What is secret in a journey, how it could be written, and the few places that may hold it."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

NOWHERE = "(?!)"
BODIES = frozenset(("outbox_message.body_text", "outbox_message.body_html"))
OUTBOX = "^/dev/outbox"


@dataclass(frozen=True)
class Kind:
    """A kind of secret. ``pages`` matches the paths of pages that may show one, ``columns`` are those that may hold it;
    where ``of_its_page``, the page whose own address is the secret may, too. Nothing else may, in any writing.
    """

    name: str
    pages: str = NOWHERE
    columns: frozenset[str] = frozenset()
    of_its_page: bool = False
    whole_word: bool = False

    def stands_in(self, text: str, writing: str) -> bool:
        """Whether a text holds it; six digits have to be a word, and no fraction of a second."""
        if self.whole_word and writing in text:
            return re.search(rf"(?<![\w.]){re.escape(writing)}(?!\w)", text) is not None
        return writing in text

    def may_be_shown_at(self, address: str, writing: str) -> bool:
        """Whether the page at an address may hold it."""
        path = re.sub("^[a-z]+://[^/]+", "", address)
        return re.search(self.pages, path) is not None or (self.of_its_page and writing in path)


#: What the settings hold: ``SECRET_KEY``, the key that seals, passwords and tokens of other services; private keys.
KEY = Kind("key")
#: Lets a browser or a device in.
COOKIE = Kind("cookie")
#: Of forms: stands in those of the browser that it was given to (``People.leaks`` knows which), and nowhere else.
FORM_TOKEN = Kind("token of forms")
#: A link good once: the message that brings it holds it, which the demo shows; so does the page that it leads to.
ONCE = Kind("one-time link", OUTBOX, BODIES, of_its_page=True)
#: A link that its holder keeps, of an order or a pass: besides, the order leads to its passes and a phone to those
#: that it remembers.
KEPT = Kind("link of a holder", rf"{OUTBOX}|^/pass$|/tickets/done/", BODIES, of_its_page=True)
#: Six digits, of a message or an app.
CODE = Kind("code", OUTBOX, BODIES, whole_word=True)
PASSWORD = Kind("password")
#: What an app shares, and recovery codes: shown once each, where two-step sign-in is set up.
APP = Kind("second step", "^/account/two-step$")

KINDS = {kind.name: kind for kind in (KEY, COOKIE, FORM_TOKEN, ONCE, KEPT, CODE, PASSWORD, APP)}
Sought = dict[str, Kind]
"""The kind of each secret by each of its writings."""


def writings(secret: bytes | str) -> set[str]:
    """Return how a secret could be printed: as it is, quoted, in hexadecimal, in Base64 wherever it begins in it."""
    raw = secret if isinstance(secret, bytes) else secret.encode()
    found = {raw.hex(), raw.hex().upper(), repr(raw)[2:-1]}
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw).decode()
        whole = encoded[(0, 2, 3)[before] : len(encoded) if (before + len(raw)) % 3 == 0 else encoded.find("=") - 1]
        found |= {whole, whole.replace("+", "-").replace("/", "_")}
    if isinstance(secret, str):
        found |= {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), html.escape(secret)}
        found |= {json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    return found


def in_fours(text: str) -> str:
    """Return a text as people read it off: in groups of four."""
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def kinds_in(text: str, sought: Mapping[str, Kind]) -> list[tuple[str, Kind]]:
    """Return each writing of a secret that stands in a text, with its kind."""
    return [(writing, kind) for writing, kind in sought.items() if kind.stands_in(text, writing)]
