"""The demo festival loads whole through the import, and leaves the newcomer something to upload."""

from datetime import date

import pytest
from piccolo.conf.apps import Finder
from piccolo.table import Table

from app.accounts.enums import Role, UnitLevel
from app.accounts.errors import InviteNotValid
from app.accounts.queries import actor_of_person, grants_of
from app.accounts.services.devices import pair_device
from app.accounts.services.sign_in import redeem_link
from app.accounts.tables import Device, Organisation, Person, RoleGrant
from app.demo import festival
from app.demo.links import TITLES, sign_in_links
from app.demo.loader import SHEETS, load_demo, load_sheet
from app.demo.sales import SALES, TICKETS_SOLD
from app.events.queries import edition_by_slug
from app.events.tables import Hall, Pass, ProgrammeSession, Track
from app.judging.tables import Assignment, Entry, PanelMember, Round
from app.kernel.audit import list_entries
from app.kernel.sheets import SheetContext
from app.kernel.sheets.batches import preview
from app.kernel.sheets.kept import problems_of
from app.kernel.tables import OutboxMessage
from app.main import register_modules, start_modules
from app.payments.enums import Account, DocumentState
from app.payments.queries import documents
from app.payments.tables import PaymentDocument
from booths.allocation.tables import Allocation, Application
from booths.catalogue.tables import Certificate, ExhibitorProfile, Product, ProductPhoto
from booths.floorplan.tables import Booth, Cell
from tests.conftest import NOW
from tests.payments.books import account, check_books
from ticketing.checkin.queries import gate_rule
from ticketing.checkin.tables import Admission, CheckInList, Gate
from ticketing.sales.tables import TicketOrder, TicketType

pytestmark = pytest.mark.slow

EXPECTED: dict[type[Table], int] = {
    Hall: 2,
    Cell: 260,
    Booth: 180,
    Application: 95,
    Allocation: 0,
    Organisation: 246,
    TicketType: 3,
    TicketOrder: 2000 + len(SALES),
    Pass: 2000 + TICKETS_SOLD,
    Gate: 6,
    CheckInList: 2,
    Admission: 0,
    Track: 3,
    ProgrammeSession: 14,
    Product: 320,
    Certificate: 163,
    ProductPhoto: 320,
    ExhibitorProfile: 95,
    Entry: 60,
    Round: 3,
    PanelMember: 14,
    Assignment: 0,
}


ENTRY = ("added_at", "at", "created_at", "granted_at", "issued_at", "loaded_at", "opened_at", "updated_at")


async def moments_of_entry() -> set[object]:
    """When anything of the festival was entered, by every column that says so."""
    found: set[object] = set()
    for table in Finder().get_table_classes():
        for column in (column for column in table._meta.columns if column._meta.name in ENTRY):
            found |= set(await table.select(column).where(column.is_not_null()).output(as_list=True))
    return found


async def roles_behind(address: str) -> set[Role]:
    """The roles of whoever uses a printed link, or whose card it is."""
    token = address.rpartition("/")[2]
    if "/sign-in/" in address:
        person_id: int | None = (await redeem_link(token=token, now=NOW))[0]
    else:
        person_id = (await pair_device(invite_token=token, now=NOW))[0].person
    assert person_id is not None
    return {grant.role for grant in await grants_of(person_id)}


@pytest.mark.engines
@pytest.mark.usefixtures("database")
async def test_the_festival_is_loaded_whole_and_the_late_sheet_fits_in() -> None:
    register_modules()
    await start_modules()
    told: list[tuple[str, int, int]] = []
    await load_demo(lambda *step: told.append(step), NOW)

    assert {table: await table.count() for table in EXPECTED} == EXPECTED
    assert len(set(await Certificate.select(Certificate.product).output(as_list=True))) == 139
    assert await Organisation.count().where(Organisation.unit_level == UnitLevel.BRANCH) == 24
    assert await Organisation.count().where(Organisation.valid_from == date(2025, 7, 1)) == 126
    assert await moments_of_entry() == {NOW}
    assert [done for _what, done, _total in told] == sorted(done for _what, done, _total in told)
    assert all(done <= total for _what, done, total in told)
    assert await Person.count().where(Person.is_expert.eq(True)) == 20
    assert await RoleGrant.count().where(RoleGrant.role == "exhibitor_owner") == 95
    assert await RoleGrant.count().where(RoleGrant.role == "exhibitor_member") == 1
    assert await PanelMember.count().where(PanelMember.role == "judge") == 12
    assert await PanelMember.count().where(PanelMember.role == "chair") == 2

    edition = await edition_by_slug(festival.SLUG)
    paid = await documents(edition.id, state=DocumentState.PAID)
    assert paid.total == len(SALES)
    assert [one.amount.amount_minor for one in reversed(paid.items)][:5] == [50_000, 100_000, 150_000, 50_000, 600_000]
    assert {await OutboxMessage.count(), await PaymentDocument.count() - paid.total} == {0}
    await check_books(edition)
    assert await account(edition, Account.REVENUE) == -sum(one.amount.amount_minor for one in paid.items)

    owner = await Person.objects().get(Person.phone == festival.ORGANISER[1])
    assert owner is not None
    context = SheetContext(edition_id=edition.id, actor=await actor_of_person(owner.id), now=NOW)

    spoilt = SHEETS.joinpath("applications_with_errors.xlsx").read_bytes()
    batch = await preview("applications", spoilt, "applications_with_errors.xlsx", context)
    assert len(problems_of(batch)) == 5
    await load_sheet("applications", "applications_late.xlsx", context)
    assert await Application.count() == 107
    await load_sheet("applications", "applications.xlsx", context)
    assert await Application.count() == 107

    links = await sign_in_links(NOW)
    assert [role for role, _address in links] == [
        "Visitor",
        "Organiser",
        "Manager",
        "Floor",
        "Finance",
        "Gate lead",
        "Jury chair",
        "Gate phone",
        "Judge's card",
        "Exhibitor",
        "Exhibitor's staff",
        "Team",
    ]
    assert len({address for _role, address in links}) == len(links)
    for role in Role:  # a new role needs its way in, too
        assert role in await roles_behind(dict(links)[TITLES[role]])

    token = dict(links)["Gate phone"].rpartition("/")[2]
    again = dict(await sign_in_links(NOW))["Gate phone"].rpartition("/")[2]
    with pytest.raises(InviteNotValid):
        await pair_device(invite_token=token, now=NOW)
    phone, _token = await pair_device(invite_token=again, now=NOW)
    assert await gate_rule(phone.subject_id or 0) is not None
    assert dict(await sign_in_links(NOW))["Gate phone"].rpartition("/")[2] != again
    assert await Device.count().where(Device.kind == "gate") == 2
    entries, _total = await list_entries(edition_id=edition.id)
    doers = {entry["actor_person_id"] for entry in entries if entry["action"] in ("device.invite", "device.revoke")}
    assert doers == {None}
