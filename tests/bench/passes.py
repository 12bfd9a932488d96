"""Issues passes and binds gate phones for ``checkin``: ``python -m tests.bench.passes COUNT FOLDER [PHONES]``.

Run in the environment of the installation. Writes ``codes`` and ``tokens`` (one a line) for the client, and
``passes.json`` for the floor, into FOLDER. A phone is bound for each gate, or PHONES of them, by turns at the gates;
then ``cards`` are those of two phones more, which nobody has bound.
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from app.accounts.actor import SYSTEM
from app.accounts.enums import DeviceKind
from app.accounts.services.devices import make_device_invite, pair_device
from app.events.enums import PassKind
from app.events.passes.services import PassRequest, issue_passes_bulk
from app.events.tables import Edition
from app.kernel import clock
from app.kernel.database import close_database, open_database
from ticketing.checkin.tables import CheckInList, Gate

CHUNK = 5000


async def prepare(count: int, phones: int | None = None) -> dict[str, Any]:
    """Issue the passes and pair a phone for each gate of a list that takes visitors."""
    edition = await Edition.objects().order_by(Edition.id).first()
    assert edition is not None
    now = clock.now()
    wanted = PassRequest(
        kind=PassKind.VISITOR,
        valid_from=now - timedelta(days=400),
        valid_until=now + timedelta(days=400),
        holder_name="Nguyễn Thị Thử",
        label="Thử tải",
    )
    issued = []
    for start in range(0, count, CHUNK):
        requests = [wanted] * min(CHUNK, count - start)
        issued += await issue_passes_bulk(edition_id=edition.id, requests=requests, now=now)
    lists = await CheckInList.objects().where(CheckInList.edition == edition.id).order_by(CheckInList.id)
    taking = next(made for made in lists if not kinds_of(made) or PassKind.VISITOR.value in kinds_of(made))
    gates = await Gate.objects().where(Gate.check_in_list == taking.id).order_by(Gate.id)
    tokens, devices, cards = [], [], []
    wanted_phones = len(gates) if phones is None else phones
    for gate in islice(cycle(gates), wanted_phones + (0 if phones is None else 2)):
        _, address = await make_device_invite(
            kind=DeviceKind.GATE,
            edition_id=edition.id,
            label=f"bench {gate.id}",
            subject_id=gate.id,
            actor=SYSTEM,
            now=now,
        )
        if len(tokens) == wanted_phones:
            cards.append(address)
            continue
        device, token = await pair_device(invite_token=address.rpartition("/")[2], now=now)
        tokens.append(token)
        devices.append(device.id)
    return {
        "edition_id": edition.id,
        "list_id": taking.id,
        "gates": [gate.id for gate in gates],
        "devices": devices,
        "tokens": tokens,
        "cards": cards,
        "codes": [made.code for made in issued],
        "serials": [made.serial for made in issued],
        "pass_kinds": kinds_of(taking),
    }


def kinds_of(made: CheckInList) -> list[str]:
    """Return the kinds of pass that a list takes; none means every kind."""
    kinds: list[str] = json.loads(made.pass_kinds)
    return kinds


async def main(count: int, folder: Path, phones: int | None = None) -> None:
    """Prepare and write the files."""
    await open_database()
    try:
        made = await prepare(count, phones)
    finally:
        await close_database()
    (folder / "codes").write_text("\n".join(made.pop("codes")) + "\n")
    (folder / "tokens").write_text("\n".join(made.pop("tokens")) + "\n")
    (folder / "cards").write_text("\n".join(made.pop("cards")) + "\n")
    (folder / "passes.json").write_text(json.dumps(made))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:])))
