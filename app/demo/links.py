"""One way in per role, for the newcomer who looks around the demo festival."""

from datetime import datetime

from app.accounts.enums import Role
from app.accounts.queries import actor_of_person, person_by_contact
from app.accounts.services.sign_in import make_sign_in_link
from app.accounts.tables import Organisation, Person
from app.demo import festival
from app.demo.association import union_of
from app.events.queries import edition_by_slug
from app.judging.enums import PanelRole
from app.judging.queries.contests import contest_of_edition
from app.judging.queries.panels import panel_of
from app.judging.services.panels import make_judge_cards
from app.judging.tables import EntryMember
from app.kernel.settings import settings
from booths.allocation.tables import Application

HOME_UNION = union_of("Xã Bát Tràng")
MINUTES = 24 * 60
GATE_LEAD = next(person for person in festival.STAFF if person[3] is Role.GATE_LEAD)


async def sign_in_links(now: datetime) -> list[tuple[str, str]]:
    """Role and address for each role: links to sign in, good once and for a day, and the public page."""
    edition = await edition_by_slug(festival.SLUG, drafts=True)
    organiser = await _person(festival.ORGANISER[1])
    found = [("Organiser", await _link(organiser, f"/manage/{edition.id}", now))]
    exhibitor = await _exhibitor(edition.id)
    if exhibitor is not None:
        person_id, organisation_id = exhibitor
        found.append(("Exhibitor", await _link(person_id, f"/exhibitor/{organisation_id}/{edition.id}", now)))
    found += [
        ("Visitor", f"{settings().base_url}{edition.path}"),
        ("Gate lead", await _link(await _person(GATE_LEAD[1]), f"/manage/{edition.id}/checkin", now)),
    ]
    contest = await contest_of_edition(edition.id)
    if contest is not None:
        panel = await panel_of(contest.id)
        chair = next(member for member in panel if member.role is PanelRole.CHAIR)
        judge = next(member for member in panel if member.role is PanelRole.JUDGE)
        actor = await actor_of_person(organiser)
        cards = await make_judge_cards(contest_id=contest.id, person_ids=[judge.person_id], actor=actor, now=now)
        found.append(("Jury chair", await _link(chair.person_id, f"/manage/{edition.id}/contest", now)))
        found += [("Judge's card", card.url) for card in cards]
        found.append(("Team", await _link(await _team(contest.id), "/team/", now)))
    found.append(("Association", await _link(await _union(), "/me", now)))
    found.append(("Expert", await _link(await _expert(), "/me", now)))
    return found


async def _link(person_id: int, next_path: str, now: datetime) -> str:
    link, _code = await make_sign_in_link(person_id=person_id, next_path=next_path, now=now, minutes=MINUTES)
    return link


async def _person(phone: str) -> int:
    found = await person_by_contact(phone=phone, email=None)
    assert found is not None
    return int(found["id"])


async def _exhibitor(edition_id: int) -> tuple[int, int] | None:
    """Contact and organisation of the first application."""
    query = Application.select(Application.contact, Application.organisation)
    row = await query.where(Application.edition == edition_id).order_by(Application.id).first()
    return None if row is None else (row["contact"], row["organisation"])


async def _team(contest_id: int) -> int:
    """The leader of the first idea."""
    query = EntryMember.select(EntryMember.person).where(EntryMember.entry.contest == contest_id)
    row = await query.order_by(EntryMember.id).first()
    assert row is not None
    return int(row["person"])


async def _union() -> int:
    """Who answers for the women's union of a commune of craft villages."""
    row = await Organisation.select(Organisation.contact).where(Organisation.name == HOME_UNION).first()
    assert row is not None
    return int(row["contact"])


async def _expert() -> int:
    row = await Person.select(Person.id).where(Person.is_expert.eq(True)).order_by(Person.id).first()
    assert row is not None
    return int(row["id"])
