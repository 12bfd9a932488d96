"""One way in per role, for the newcomer who looks around the demo festival."""

from datetime import datetime
from typing import Any

from app.accounts.actor import SYSTEM
from app.accounts.enums import EXHIBITOR_ROLES, Role
from app.accounts.services.devices import renew_device_invite
from app.accounts.services.sign_in import make_sign_in_link
from app.accounts.tables import RoleGrant
from app.demo import festival
from app.events.queries import EditionInfo, edition_by_slug
from app.judging.enums import PanelRole
from app.judging.queries.contests import contest_of_edition
from app.judging.queries.panels import panel_of
from app.judging.services.panels import make_judge_cards
from app.kernel.settings import settings
from ticketing.checkin.queries import devices_of, gates_of
from ticketing.checkin.services.gates import invite_phone

MINUTES = 24 * 60
PHONE = "Điện thoại soát vé dùng thử"
#: What the way into each role is called here.
TITLES = {
    Role.OWNER: "Organiser",
    Role.MANAGER: "Manager",
    Role.FLOOR: "Floor",
    Role.FINANCE: "Finance",
    Role.GATE_LEAD: "Gate lead",
    Role.JURY_CHAIR: "Jury chair",
    Role.JUDGE: "Judge's card",
    Role.EXHIBITOR_OWNER: "Exhibitor",
    Role.EXHIBITOR_MEMBER: "Exhibitor's staff",
    Role.TEAM_MEMBER: "Team",
}
#: Where a desk begins below the edition's own address.
DESKS = {
    Role.OWNER: "",
    Role.MANAGER: "",
    Role.FLOOR: "/floorplan",
    Role.FINANCE: "/payments",
    Role.GATE_LEAD: "/gates",
    Role.JURY_CHAIR: "/contest",
}


async def sign_in_links(now: datetime) -> list[tuple[str, str]]:
    """Who and address for each role that somebody holds: links to sign in, good once and for a day, the public page."""
    edition = await edition_by_slug(festival.SLUG, drafts=True)
    found = [("Visitor", f"{settings().base_url}{edition.path}")]
    for role, page in DESKS.items():
        holder = await _holder(role, edition.id)
        if holder is not None:
            found.append((TITLES[role], await _link(holder["person"], f"/manage/{edition.id}{page}", now)))
    found += await _gate_card(edition, now)
    found += await _judge_card(edition, now)
    for role in EXHIBITOR_ROLES:
        holder = await _holder(role, edition.id)
        if holder is not None:
            page = f"/exhibitor/{holder['organisation']}/{edition.id}"
            found.append((TITLES[role], await _link(holder["person"], page, now)))
    team = await _holder(Role.TEAM_MEMBER, edition.id)
    if team is not None:
        found.append((TITLES[Role.TEAM_MEMBER], await _link(team["person"], "/team/", now)))
    return found


async def _link(person_id: int, next_path: str, now: datetime) -> str:
    link, _code = await make_sign_in_link(person_id=person_id, next_path=next_path, now=now, minutes=MINUTES)
    return link


async def _gate_card(edition: EditionInfo, now: datetime) -> list[tuple[str, str]]:
    """The address of a card that binds this browser as a phone at the first gate; one that nobody used is renewed."""
    gates = await gates_of(edition.id)
    if not gates:
        return []
    for phone in await devices_of(edition.id):
        if phone["label"] == PHONE and phone["paired_at"] is None:
            return [("Gate phone", await renew_device_invite(device_id=phone["id"], actor=SYSTEM, now=now, days=2))]
    _device_id, address = await invite_phone(
        edition_id=edition.id, gate_id=gates[0]["id"], label=PHONE, actor=SYSTEM, now=now
    )
    return [("Gate phone", address)]


async def _judge_card(edition: EditionInfo, now: datetime) -> list[tuple[str, str]]:
    """The address of a judge's card for a tablet, not of the chair's own; cards that nobody used yet end."""
    contest = await contest_of_edition(edition.id)
    if contest is None:
        return []
    judges = [member.person_id for member in await panel_of(contest.id) if member.role is PanelRole.JUDGE]
    cards = await make_judge_cards(contest_id=contest.id, person_ids=judges[:1], actor=SYSTEM, now=now)
    return [(TITLES[Role.JUDGE], card.url) for card in cards]


async def _holder(role: Role, edition_id: int) -> dict[str, Any] | None:
    """Who was given a role first and still has it, in the edition or in all: her ``person`` and ``organisation``."""
    row: dict[str, Any] | None = (
        await RoleGrant.select(RoleGrant.person, RoleGrant.organisation)
        .where(
            (RoleGrant.role == role.value)
            & RoleGrant.revoked_at.is_null()
            & ((RoleGrant.edition_id == edition_id) | RoleGrant.edition_id.is_null())
        )
        .order_by(RoleGrant.id)
        .first()
    )
    return row
