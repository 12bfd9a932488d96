"""Asks an installation for things that journeys need: ``python -m tests.journeys.support.installation WHAT …``.

Run in the environment of the installation, in a process of its own, since Playwright holds a test's event loop. With
``stay`` it goes on, taking a question from each line of its input, as JSON, and answering in a line.
``link ROLE NEXT_PATH`` prints a sign-in link of the first person who holds the role; ``numbers`` prints, as JSON, an
example of each id that a path may name; ``furnish`` adds what the demo festival has none of and prints them with its
ids; ``judging`` opens the first round and prints the ids that come with it; ``gate`` prints the address of a new card
for a gate phone, ``judge`` that of a judge's tablet; ``passes N`` prints, as JSON, what the QR codes of N passes say
that nobody has used; ``earlier CODE MINUTES`` puts the admission of a pass so much earlier and prints its time of day;
``code KIND`` prints the path behind the latest QR code of a booth or a product; ``publish`` allocates all booths and
publishes them; ``long`` gives every third person and thing a name of 200 letters without a space; ``sealed`` prints, as
JSON, what is sealed in the database; ``phone ROLE`` prints the number of the first person who holds the role;
``expire`` lets the time of all held orders be over and prints how many they were; ``taken NAME`` prints how many
places of a ticket type are in use.
"""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.accounts.services.sign_in import make_sign_in_link
from app.accounts.tables import RoleGrant
from app.kernel.clock import now
from app.kernel.database import close_database, fetch, open_database, write_transaction
from app.kernel.settings import settings

A_YEAR = 365 * 24 * 60
NUMBERS = {
    "edition_id": "SELECT id FROM edition ORDER BY id",
    "organisation_id": "SELECT organisation AS id FROM role_grant g WHERE role = 'exhibitor_owner' ORDER BY g.id",
    "own_application_id": (
        "SELECT a.id FROM application a JOIN role_grant g ON g.organisation = a.organisation "
        "WHERE g.role = 'exhibitor_owner' ORDER BY g.id"
    ),
    "session_id": "SELECT id FROM programme_session ORDER BY id",
    "order_id": "SELECT id FROM ticket_order ORDER BY id",
    "type_id": "SELECT id FROM ticket_type ORDER BY id",
    "round_id": "SELECT id FROM contest_round ORDER BY number",
    "entry_id": "SELECT id FROM contest_entry WHERE state <> 'draft' ORDER BY id",
    "document_id": "SELECT id FROM payment_document ORDER BY id",
    "hall_id": "SELECT id FROM hall ORDER BY id",
    "booth_id": "SELECT id FROM booth ORDER BY id",
    "application_id": "SELECT id FROM application ORDER BY id",
    "run_id": "SELECT id FROM allocation_run ORDER BY id DESC",
    "product_id": "SELECT id FROM product ORDER BY id",
    "gate_id": "SELECT id FROM gate ORDER BY id",
    "list_id": "SELECT id FROM check_in_list ORDER BY id",
    "batch_id": "SELECT id FROM import_batch ORDER BY id",
    "pass_id": "SELECT id FROM pass WHERE kind = 'visitor' ORDER BY id",
    "pass_code": "SELECT code AS id FROM pass WHERE kind = 'visitor' ORDER BY id",
    "own_entry_id": (
        "SELECT m.entry AS id FROM contest_entry_member m JOIN role_grant g ON g.person = m.person "
        "WHERE g.role = 'team_member' ORDER BY g.id"
    ),
}


async def holder(role: Role) -> int:
    """Find the first person who holds a role now. Raises LookupError when nobody does."""
    grant = (
        await RoleGrant.select(RoleGrant.person)
        .where((RoleGrant.role == role.value) & RoleGrant.revoked_at.is_null())
        .order_by(RoleGrant.id)
        .first()
    )
    if grant is None:
        raise LookupError(f"nobody is {role}")
    return int(grant["person"])


async def link(role: str, next_path: str) -> str:
    """Make a link, good once, for the first person who holds the role now. Raises LookupError when nobody does."""
    person_id = await holder(Role(role))
    address, _code = await make_sign_in_link(person_id=person_id, next_path=next_path, now=now(), minutes=A_YEAR)
    return address


async def numbers() -> str:
    """Find an example of each id, where there is one, and the secret of a pass."""
    return json.dumps(await found_numbers())


async def found_numbers() -> dict[str, Any]:
    """Return what ``numbers`` prints."""
    from app.events.passes.services import secret_of

    found: dict[str, Any] = {}
    for name, sql in NUMBERS.items():
        for row in await fetch(f"{sql} LIMIT 1"):
            found[name] = row["id"]
    (own,) = await fetch("SELECT secret_seed FROM pass WHERE id = {}", found["pass_id"])
    return {**found, "pass_secret": secret_of(own["secret_seed"])}


async def furnish() -> str:
    """Add what the demo festival has none of, and print what ``numbers`` does with it."""
    from tests.journeys.support.furnish import furnish

    made = await furnish(await found_numbers(), now())
    address, _code = await make_sign_in_link(person_id=await holder(Role.OWNER), next_path="/me", now=now())
    return json.dumps({**made, "sign_in_token": address.rpartition("/")[2]})


async def long() -> str:
    """Give every third person and thing, and the pass of ``numbers``, a name as long as forms accept, in one word."""
    name = "Nguyễn" * 33 + "ab"
    texts = json.dumps({"vi": name[:160], "en": name[:160], "id": name[:160]})
    async with write_transaction():
        await fetch("UPDATE person SET full_name = {}, expertise = {} WHERE id % 3 = 1", name, name)
        await fetch("UPDATE person SET email = CAST(id AS VARCHAR) || {} WHERE id % 3 = 1", "nguyen" * 30 + "@x.vn")
        await fetch("UPDATE organisation SET name = {}, ward = {} WHERE id % 3 = 1", name, name[:120])
        await fetch("UPDATE application SET category = {} WHERE id % 3 = 1", name[:80])
        await fetch("UPDATE product SET name = {} WHERE id % 3 = 1", texts)
        await fetch("UPDATE contest_entry SET title = {}, team_name = {} WHERE id % 3 = 1", name[:160], name[:120])
        await fetch("UPDATE programme_session SET title = {}, speaker = {} WHERE id % 3 = 1", texts, name)
        await fetch("UPDATE outbox_message SET subject = {}, to_address = {} WHERE id % 3 = 1", name, name)
        await fetch("UPDATE pass SET holder_name = {} WHERE id % 3 = 1 OR kind = 'visitor'", name[:160])
    return "done"


async def judging() -> str:
    """Let judging begin; prints the ids that there are only then."""
    from tests.journeys.support.furnish import begin_judging

    return json.dumps(await begin_judging(await found_numbers(), now()))


async def gate() -> str:
    """Make a card for a phone at the first gate."""
    from ticketing.checkin.services.gates import invite_phone

    first = (await fetch("SELECT id, edition FROM gate ORDER BY id LIMIT 1"))[0]
    _, address = await invite_phone(
        edition_id=first["edition"], gate_id=first["id"], label="Điện thoại thử", actor=SYSTEM, now=now()
    )
    return address


async def judge() -> str:
    """Make a card for the tablet of the first judge who has something to score."""
    from app.accounts.enums import DeviceKind
    from app.accounts.services.devices import make_device_invite

    first = (await fetch("SELECT judge FROM contest_assignment ORDER BY id LIMIT 1"))[0]
    edition = (await fetch("SELECT edition FROM contest ORDER BY id LIMIT 1"))[0]
    _, address = await make_device_invite(
        kind=DeviceKind.JUDGE,
        edition_id=edition["edition"],
        label="Máy bảng thử",
        person_id=first["judge"],
        actor=SYSTEM,
        now=now(),
    )
    return address


async def passes(count: str) -> str:
    """Find what the QR codes of visitors' passes say, passes that nobody has used."""
    from app.events.passes.codec import qr_text

    sql = (
        "SELECT code FROM pass WHERE kind = 'visitor' AND state = 'issued' "
        "AND id NOT IN (SELECT event_pass FROM admission) ORDER BY id LIMIT {}"
    )
    return json.dumps([qr_text(row["code"], settings().base_url) for row in await fetch(sql, int(count))])


async def earlier(code: str, minutes: str) -> str:
    """Put the admission of a pass into the past; gives the time of day it has then where the festival is."""
    from app.events.passes.codec import code_in
    from app.events.tables import Pass
    from ticketing.checkin.tables import Admission

    admitted = await Pass.select(Pass.id).where(Pass.code == code_in(code)).first()
    assert admitted is not None
    last = await Admission.objects().where(Admission.event_pass == admitted["id"]).first()
    assert last is not None
    last.admitted_at -= timedelta(minutes=int(minutes))
    await last.save()
    return f"{last.admitted_at.astimezone(ZoneInfo('Asia/Ho_Chi_Minh')):%H:%M}"


async def code(kind: str) -> str:
    """Find the path behind the latest QR code of a kind, such as ``booth``.

    Raises LookupError when none was made.
    """
    rows = await fetch("SELECT code FROM short_code WHERE kind = {} ORDER BY id DESC LIMIT 1", kind)
    if not rows:
        raise LookupError(f"there is no code of a {kind}")
    return f"/s/{rows[0]['code']}"


async def publish() -> str:
    """Let the running service work out the booths, and publish them; prints how many exhibitors have one.

    Raises RunNotProposed when there is no proposal after a minute.
    """
    from booths.allocation.services.runs import publish_run, start_allocation

    edition_id = (await fetch("SELECT id FROM edition ORDER BY id LIMIT 1"))[0]["id"]
    run_id = await start_allocation(edition_id=edition_id, actor=SYSTEM, now=now())
    for _second in range(60):
        if (await fetch("SELECT state FROM allocation_run WHERE id = {}", run_id))[0]["state"] != "running":
            break
        await asyncio.sleep(1)
    return str(await publish_run(run_id=run_id, edition_id=edition_id, actor=SYSTEM, now=now()))


async def sealed() -> str:
    """Open all that is sealed; prints, as JSON, private keys in hexadecimal and what authenticator apps share."""
    from app.accounts.services.two_step import SEALED as APPS
    from app.kernel.sealing import Sealed, unseal
    from app.kernel.signing import SEALED as KEYS

    async def opened(one: Sealed) -> list[bytes]:
        rows = await one.column._meta.table.select(one.column, *one.reads)
        return [unseal(row[one.column._meta.name], one.context(row), one.purpose) for row in rows]

    keys, apps = await opened(KEYS), await opened(APPS)
    return json.dumps({"keys": [key.hex() for key in keys], "apps": [secret.decode() for secret in apps]})


async def phone(role: str) -> str:
    """Find the phone number of the first person who holds a role."""
    return str((await fetch("SELECT phone FROM person WHERE id = {}", await holder(Role(role))))[0]["phone"])


async def expire() -> str:
    """Let every order go that waits for its money, as if its time were over."""
    from ticketing.sales.services.orders import HOLD_MINUTES
    from ticketing.sales.services.outcomes import expire_orders

    return str(await expire_orders(now=now() + timedelta(minutes=HOLD_MINUTES + 1)))


async def taken(name: str) -> str:
    """Count the places of a ticket type that are in use, by a part of its Vietnamese name."""
    rows = await fetch("SELECT name, sold + held AS taken FROM ticket_type ORDER BY id")
    names = [(row["name"] if isinstance(row["name"], dict) else json.loads(row["name"]), row["taken"]) for row in rows]
    return str(next(count for named, count in names if name in named["vi"]))


QUESTIONS: dict[str, Callable[..., Awaitable[str]]] = {
    "link": link,
    "numbers": numbers,
    "furnish": furnish,
    "judging": judging,
    "gate": gate,
    "judge": judge,
    "passes": passes,
    "earlier": earlier,
    "code": code,
    "publish": publish,
    "long": long,
    "sealed": sealed,
    "phone": phone,
    "expire": expire,
    "taken": taken,
}


async def stay() -> None:
    """Answer until the input ends."""
    for line in sys.stdin:
        what, *arguments = json.loads(line)
        try:
            answer = {"answer": await QUESTIONS[what](*arguments)}
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), flush=True)


async def main(what: str, *arguments: str) -> None:
    """Print the answer, or one after the other."""
    await open_database()
    try:
        if what == "stay":
            await stay()
        else:
            print(await QUESTIONS[what](*arguments))
    finally:
        await close_database()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
