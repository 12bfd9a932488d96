"""``import``: a sheet of very many attendees is uploaded and accepted while the gates go on scanning."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx
import xlsxwriter

from tests.bench.measured import Bench, demo_festival
from tests.support.client import CSRF_HEADER
from tests.support.processes import own_mib
from tests.support.service import Service

ROWS = 100_000
PATH = "/api/v1/gate/redeem"
#: Each gate's phone scans so often: a queue that moves on.
SCAN_SECONDS = 0.5
QUIET_SECONDS = 10.0
LONGEST_SECONDS = 1_200.0
TICKET_TYPE = "NGAY"
FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi")
GIVEN = ("Hoa", "Lan", "Hương", "Mai", "Bình", "Cúc", "Đào", "Tuyết", "Yến")


def run(engine: str, seconds: float, form: str = "csv") -> dict[str, Any]:
    """Load ``ROWS`` attendees over HTTP from a sheet of this form; it takes as long as it does, not ``seconds``."""
    sheet_file = FORMS[form]()
    with demo_festival(engine) as bench:
        folder = bench.home.folder
        make_room(bench)
        count = int(6 * (LONGEST_SECONDS / SCAN_SECONDS))
        bench.home.python("-m", "tests.bench.passes", str(min(count, 6_000)), str(folder))
        with bench.running() as service:
            gates = Gates(service, folder)
            with gates.scanning() as quiet:
                time.sleep(QUIET_SECONDS)
            with gates.scanning() as during, Memory(service) as memory:
                began = time.monotonic()
                loaded = upload_and_accept(bench, service, f"attendees.{form}", sheet_file)
                took = time.monotonic() - began
    if gates.errors:
        raise SystemExit(f"{gates.errors} scans were not answered")
    return {
        "rows_per_second": round(ROWS / took, 1),
        "rows": ROWS,
        "format": form,
        "result": loaded["result"],
        "seconds_reading": round(loaded["seconds_reading"], 1),
        "seconds_loading": round(took - loaded["seconds_reading"], 1),
        "peak_mib": round(memory.peak, 1),
        "gate_p99_ms_during": percentile(during),
        "gate_p99_ms_before": percentile(quiet),
        "gate_longest_ms_during": round(1000 * max(during), 1),
        "gate_scans_during": len(during),
        "gate_errors": gates.errors,
    }


def percentile(seconds: list[float]) -> float:
    """Return the 99th percentile in milliseconds."""
    return round(1000 * quantiles(seconds, n=100)[98], 1)


def make_room(bench: Bench) -> None:
    """Give the ticket type a quota that is wide enough, as an organiser would: by a sheet."""
    sheet = bench.home.folder / "types.csv"
    sheet.write_text(f"Mã,Tên vé,Số lượng\n{TICKET_TYPE},Vé tham quan,{2 * ROWS}\n", encoding="utf-8")
    bench.home.run("import", "ticket_types", str(sheet))


def attendees() -> Iterator[tuple[str, ...]]:
    """Give the rows of the sheet, its headers first."""
    yield ("Họ và tên", "Số điện thoại", "Email", "Loại vé", "Ngôn ngữ")
    for number in range(ROWS):
        name = f"{FAMILY[number % len(FAMILY)]} Thị {GIVEN[number % len(GIVEN)]} {number}"
        yield (name, f"09{10_000_000 + number}", f"khach{number}@example.vn", TICKET_TYPE, "vi")


def as_csv() -> bytes:
    """Return the sheet as CSV."""
    return "\n".join(",".join(row) for row in attendees()).encode()


def as_xlsx() -> bytes:
    """Return the sheet as a workbook, its texts shared as spreadsheets write them."""
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet("Khách")
        for number, row in enumerate(attendees()):
            sheet.write_row(number, 0, row)
    return buffer.getvalue()


FORMS = {"csv": as_csv, "xlsx": as_xlsx}


def upload_and_accept(bench: Bench, service: Service, name: str, sheet_file: bytes) -> dict[str, Any]:
    """Upload the sheet and accept it as soon as it is read; returns the sheet as the API shows it in the end.

    Raises RuntimeError when it could not be read or loaded.
    """
    with httpx.Client(base_url=service.url, timeout=60, follow_redirects=True) as client:
        link = bench.home.python("-m", "tests.journeys.support.installation", "link", "manager", "/me").splitlines()[-1]
        client.get("/")
        token = {CSRF_HEADER: client.cookies["fg_csrf"]}
        client.post(link, headers=token).raise_for_status()
        token = {CSRF_HEADER: client.cookies["fg_csrf"]}
        numbers = json.loads(bench.home.python("-m", "tests.journeys.support.installation", "numbers").splitlines()[-1])
        base = f"/api/v1/manage/{numbers['edition_id']}/imports"
        began = time.monotonic()
        files = {"file": (name, sheet_file)}
        answer = client.post(base, data={"kind": "attendees"}, files=files, headers=token)
        answer.raise_for_status()
        sheet = f"{base}/{answer.json()['id']}"
        read = wait_for(client, sheet, "previewed")
        seconds = time.monotonic() - began
        if read["problem_count"]:
            raise RuntimeError(f"{read['problem_count']} cells are wrong: {read['problems'][:2]}")
        client.post(f"{sheet}/accept", headers=token).raise_for_status()
        return wait_for(client, sheet, "loaded") | {"seconds_reading": seconds}


def wait_for(client: httpx.Client, sheet: str, state: str) -> dict[str, Any]:
    """Ask for a sheet until it is in a state. Raises RuntimeError when it fails, or takes too long."""
    ends = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < ends:
        found: dict[str, Any] = client.get(sheet).raise_for_status().json()
        if found["state"] == state:
            return found
        if found["failure"]:
            raise RuntimeError(found["failure"])
        time.sleep(0.25)
    raise RuntimeError(f"the sheet did not get {state}")


class Memory:
    """Watches how much memory the service uses, with all that it starts."""

    def __init__(self, service: Service) -> None:
        self.peak = 0.0
        self._pid = service.pid
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(0.3):
            self.peak = max(self.peak, own_mib(self._pid))


@dataclass
class Gates:
    """Phones that scan by the clock: a scan that had to wait for the one before it is late by that wait, too."""

    service: Service
    folder: Path
    errors: int = 0
    _taken: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._codes = (self.folder / "codes").read_text().split()
        self._tokens = (self.folder / "tokens").read_text().split()

    def scanning(self) -> Scanning:
        """Let every gate scan for the time being; gives the seconds each answer took."""
        return Scanning(self, self._tokens)

    def next_code(self) -> tuple[int, str]:
        """Return a number of the scan and the code of a pass."""
        with self._lock:
            self._taken += 1
            return self._taken, self._codes[self._taken % len(self._codes)]


class Scanning:
    """One thread for each gate, from enter to exit."""

    def __init__(self, gates: Gates, tokens: list[str]) -> None:
        self._gates = gates
        self._end = threading.Event()
        self._took: list[float] = []
        self._threads = [
            threading.Thread(target=self._scan, args=(token, number), daemon=True)
            for number, token in enumerate(tokens)
        ]

    def __enter__(self) -> list[float]:
        for thread in self._threads:
            thread.start()
        return self._took

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _scan(self, token: str, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._gates.service.home.port, timeout=60)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        due = time.monotonic() + SCAN_SECONDS * number / len(self._threads)
        while not self._end.wait(max(0.0, due - time.monotonic())):
            scan, code = self._gates.next_code()
            connection.request("POST", PATH, json.dumps({"client_id": f"import-{scan}", "code": code}), headers)
            answer = connection.getresponse()
            answer.read()
            self._took.append(time.monotonic() - due)
            self._gates.errors += answer.status != 200
            due += SCAN_SECONDS
        connection.close()
