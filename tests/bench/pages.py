"""``pages``: how many of each public page a core gives, and how long the slowest twentieth waits.

Each is measured twice: as a user gets it, with public pages kept for a moment, and with nothing kept.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from app.kernel.settings import Settings
from tests.bench.measured import Bench, demo_festival
from tests.bench.wrk import run_wrk
from tests.support.service import Service

SLUG = "phu-nu-sang-tao-2026"
PAGES = {
    "edition": "/e/{slug}",
    "tickets": "/e/{slug}/tickets",
    "order": "/e/{slug}/tickets/order?n-{type_id}=1",
    "programme": "/e/{slug}/programme",
    "session": "/e/{slug}/programme/{session_id}",
    "catalogue": "/e/{slug}/catalogue",
    "exhibitors": "/e/{slug}/catalogue?view=exhibitors",
    "exhibitor": "/e/{slug}/exhibitors/{organisation_id}",
    "booth": "/e/{slug}/booths/{booth_id}",
    "product": "/e/{slug}/products/{product_id}",
    "map": "/e/{slug}/map",
    "saved": "/e/{slug}/saved",
    "contest": "/e/{slug}/contest",
    "idea": "/e/{slug}/contest/{entry_id}",
    "apply": "/e/{slug}/apply",
    "pass": "/pass/{pass_secret}",
    "pass_check": "/P/{pass_code}",
    "wards": "/places/wards?ward=hang",
    "sign_in": "/sign-in",
    "help": "/help",
    "help_role": "/help/visitor",
    "password": "/sign-in/password",
    "gate": "/gate",
    "passes": "/pass",
    "enter": "/e/{slug}/contest/enter",
    "contact": "/e/{slug}/exhibitors/{organisation_id}/contact",
}
#: Public pages that are not measured, each with its reason.
LEFT_OUT = {
    "/": "leads on to the edition",
    "/s/{code}": "leads on to what the code stands for",
    "/p/{code}": "is /P/{code}",
    "/e/{slug}/apply/{step}": "forms of the same kind as the one before them, filled in by few",
    "/e/{slug}/invoices/done/{secret}": "seen once for each invoice",
    "/e/{slug}/invoices/done/{secret}/card": "leads on to the invoice",
    "/e/{slug}/invoices/done/{secret}/proof": "leads on to the invoice",
    "/e/{slug}/tickets/done/{secret}": "seen once for each order",
    "/e/{slug}/tickets/again": "asked for by few, once",
    "/e/{slug}/tickets/done/{secret}/answers": "asked for by few, once",
    "/e/{slug}/tickets/done/{secret}/cancel": "asked for by few, once",
    "/e/{slug}/tickets/done/{secret}/card": "leads on to the order",
    "/e/{slug}/tickets/done/{secret}/change/{item_id}": "asked for by few, once",
    "/e/{slug}/tickets/done/{secret}/give/{item_id}": "asked for by few, once",
    "/e/{slug}/tickets/done/{secret}/give/{item_id}/withdraw": "leads on to the order",
    "/e/{slug}/tickets/done/{secret}/names": "asked for by few, once",
    "/e/{slug}/tickets/done/{secret}/names/sheet": "leads on to the order",
    "/e/{slug}/tickets/done/{secret}/pay/{change_id}": "asked for by few, once",
    "/e/{slug}/tickets/done/{secret}/pay/{change_id}/card": "leads on to what is to be paid",
    "/e/{slug}/tickets/done/{secret}/pay/{change_id}/proof": "leads on to what is to be paid",
    "/e/{slug}/tickets/group": "asked for by few, once",
    "/e/{slug}/tickets/done/{secret}/proof": "leads on to the order",
    "/e/{slug}/tickets/done/{secret}/resend": "leads on to the order",
    "/e/{slug}/tickets/given/{token}": "seen once for each ticket that is given away",
    "/e/{slug}/register": "a form of two fields, open at few festivals",
    "/gate/count": "seen by gate phones, and kept on them",
    "/pay/card/back": "leads on to the order",
    "/pay/card/done": "seen once for each order",
    "/invite/{token}": "seen once for each device",
    "/pass/{secret}/data": "asked for by few, once",
    "/sign-in/two-step": "as /sign-in, for organisers alone",
    "/sign-in/{token}": "seen once for each link",
    "/take-over/{token}": "seen once for each card",
}
CONNECTIONS = 16
#: What is told of a page with nothing kept, too.
UNCACHED = ("requests_per_second_per_core", "requests_per_second", "p50_ms", "p95_ms", "client_cpu_share")


def run(engine: str, seconds: float) -> dict[str, Any]:
    """Ask for each public page for ``seconds``, with the booths published, once as it is and once with nothing kept.

    Raises SystemExit, naming them, when pages do not answer 200.
    """
    figures: dict[str, Any] = {}
    kept = Settings.model_fields["public_page_seconds"].default
    with demo_festival(engine) as bench:
        with bench.running(public_page_seconds=kept) as service:
            bench.home.python("-m", "tests.journeys.support.installation", "publish")
            said = bench.home.python("-m", "tests.journeys.support.installation", "numbers")
            numbers = {"slug": SLUG, **json.loads(said.splitlines()[-1])}
            paths = {name: path.format_map(numbers) for name, path in PAGES.items()}
            refuse(failures(service.url, paths))
            for name, path in paths.items():
                figures[name] = measure(bench, service, path, seconds)
        with bench.running(public_page_seconds=0) as service:
            refuse(failures(service.url, paths))
            for name, path in paths.items():
                found = measure(bench, service, path, seconds)
                figures[name]["errors"] += found["errors"]
                figures[name] |= {f"uncached_{key}": found[key] for key in UNCACHED}
    refuse({name: f"{found['errors']} errors under load" for name, found in figures.items() if found["errors"]})
    return {
        "requests_per_second_per_core": min(found["requests_per_second_per_core"] for found in figures.values()),
        "uncached_requests_per_second_per_core": min(
            found["uncached_requests_per_second_per_core"] for found in figures.values()
        ),
        "public_page_seconds": kept,
        "pages": figures,
    }


class Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: it is an error, as any answer but 200."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        """Go nowhere."""


def failures(url: str, paths: Mapping[str, str]) -> dict[str, str]:
    """Return what was wrong with each page that did not answer 200."""
    wrong = {}
    for name, path in paths.items():
        try:
            with urllib.request.build_opener(Stay).open(url + path, timeout=30):
                pass
        except urllib.error.HTTPError as error:
            wrong[name] = f"answered {error.code} at {path}"
    return wrong


def refuse(wrong: Mapping[str, str]) -> None:
    """Raise SystemExit when anything is ``wrong``, which maps pages to what is."""
    if wrong:
        raise SystemExit("\n".join(f"{name}: {what}" for name, what in wrong.items()))


def measure(bench: Bench, service: Service, path: str, seconds: float) -> dict[str, Any]:
    """Measure one page after a second of warming up."""
    with urllib.request.urlopen(service.url + path, timeout=10) as answer:
        size = len(answer.read())
    run_wrk(service.url + path, "page.lua", seconds=1, connections=CONNECTIONS)
    before = bench.cpu_seconds(service)
    load = run_wrk(service.url + path, "page.lua", seconds=seconds, connections=CONNECTIONS)
    used = bench.cpu_seconds(service) - before
    return {
        "requests_per_second_per_core": round(load.requests / used, 1),
        "requests_per_second": round(load.per_second, 1),
        "p50_ms": load.p50_ms,
        "p95_ms": load.p95_ms,
        "errors": load.not_2xx + load.broken,
        "bytes": size,
        "client_cpu_share": round(load.client_seconds / (load.client_seconds + used), 3),
    }
