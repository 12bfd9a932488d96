"""Mail: ten thousand people are told of new days through a server that refuses, delays and drops; who got what?"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any

from aiosmtpd.smtp import SMTP

from tests.bench.measured import demo_festival
from tests.support.service import Home, Service, running_service

GONE = "gone-"
"""How addresses begin that the server refuses for good."""

LONGEST_SECONDS = 900.0
OK = "250 OK"


@dataclass
class Moody:
    """A mail server that, once for each address at most, refuses for now, delays, or drops before or after its yes."""

    chance: random.Random
    moods: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)
    taken: Counter[str] = field(default_factory=Counter)
    addresses: dict[str, str] = field(default_factory=dict)

    def mood(self, address: str) -> str:
        """How it treats an address this time."""
        if address in self.seen:
            return "kind"
        self.seen.add(address)
        (chosen,) = self.chance.choices(("kind", "refuses", "delays", "drops", "drops_late"), (80, 8, 6, 3, 3))
        self.moods[chosen] += 1
        return chosen

    async def handle_RCPT(self, _server: SMTP, _session: Any, envelope: Any, address: str, _options: list[str]) -> str:
        """Take the recipient or not."""
        if address.startswith(GONE):
            return "550 no such user"
        if (mood := self.mood(address)) == "refuses":
            return "450 try again later"
        envelope.rcpt_tos.append(address)
        envelope.mood = mood
        return OK

    async def handle_DATA(self, server: SMTP, _session: Any, envelope: Any) -> str:
        """Take the mail in the mood of its recipient."""
        mood = getattr(envelope, "mood", "kind")
        if mood == "delays":
            await asyncio.sleep(self.chance.uniform(0.2, 3.0))
        if mood != "drops":
            mail_id = str(message_from_bytes(envelope.content)["Message-ID"])
            self.taken[mail_id] += 1
            self.addresses[mail_id] = envelope.rcpt_tos[0]
        if mood in ("drops", "drops_late") and server.transport is not None:
            server.transport.abort()
        return OK


async def run(engine: str, people: int) -> dict[str, Any]:
    """Tell so many people; returns what came of it, and every kind of fault with its number."""
    moody = Moody(random.Random(7))
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: SMTP(moody, hostname="mail.test", loop=loop), "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    with demo_festival(engine) as bench:
        settings = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(port), "SMTP_TLS": "none"}
        home = dataclasses.replace(bench.home, settings={**bench.home.settings, **settings})
        concerned = json.loads(await asyncio.to_thread(ask, home, "postpone", str(people)))
        started = time.monotonic()
        with running_service(home, ["demo", "--port", str(home.port)]) as service:
            states = await _until_quiet(home, service)
        seconds = time.monotonic() - started
        listening.close()
    twice = sum(count - 1 for count in moody.taken.values())
    told = Counter(moody.addresses.values())
    faults = {
        "sent_and_not_arrived": len(states["sent"]) - len(set(states["sent"]) & told.keys()),
        "failed_and_arrived": len(set(states["failed"]) & told.keys()),
        "failed_though_the_address_is_good": sum(not address.startswith(GONE) for address in states["failed"]),
        "neither_sent_nor_failed": len(states["waiting"]) + len(states["sending"]),
        "two_mails_to_one_person": sum(count - 1 for count in told.values()),
        "arrived_again_without_cause": max(0, twice - moody.moods["drops_late"]),
        "not_written_to": concerned - sum(len(addresses) for addresses in states.values()),
    }
    return {
        "engine": engine,
        "concerned": concerned,
        "sent": len(states["sent"]),
        "failed": len(states["failed"]),
        "same_mail_arrived_again": twice,
        "moods": dict(moody.moods),
        "seconds": round(seconds, 1),
        "refused": [],
        "faults": faults,
    }


def ask(home: Home, *question: str) -> str:
    """Ask the installation itself."""
    return home.python("-m", "tests.faults.mail_inside", *question).splitlines()[-1]


async def _until_quiet(home: Home, service: Service) -> dict[str, list[str]]:
    """Wait until no message waits any more; returns addresses by the state of their messages."""
    end = time.monotonic() + LONGEST_SECONDS
    while True:
        await asyncio.sleep(5)
        states: dict[str, list[str]] = json.loads(await asyncio.to_thread(ask, home, "states"))
        left = len(states["waiting"]) + len(states["sending"])
        print(f"{len(states['sent'])} sent, {left} wait, {len(states['failed'])} failed", flush=True)
        if (not states["untold"] and not left) or time.monotonic() > end:
            del states["untold"]
            return states
