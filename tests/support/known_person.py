"""Somebody of whom a festival holds everything that it can hold of a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from app.accounts.actor import SYSTEM, Actor, FillingIn
from app.accounts.enums import ConsentPurpose, ContactKind, DeviceKind, OrganisationKind, Role
from app.accounts.queries import actor_of_person
from app.accounts.services.contacts import ask_for_contact, confirm_contact_by_link
from app.accounts.services.devices import make_device_invite
from app.accounts.services.people import create_organisation, grant_role
from app.accounts.services.sign_in import request_sign_in, start_session
from app.accounts.services.two_step import start_half_sign_in
from app.accounts.tables import Assistance, Consent, RecoveryCode, Session, TwoStep
from app.events.schemas import SessionValues
from app.events.services.programme import save_session
from app.judging.queries.ballots import tasks_of_judge
from app.judging.queries.contests import contest_of_edition, rounds_of
from app.judging.services.ballots import submit_ballot
from app.judging.services.panels import add_judge, set_assignment
from app.judging.tables import Entry, EntryMember
from app.kernel import audit
from app.kernel.enums import ChannelKind
from app.kernel.jobs import enqueue
from app.kernel.money import Money
from app.kernel.names import search_text, text_key
from app.kernel.outbox import send_message
from app.kernel.security import hash_token
from app.kernel.sheets import SheetContext, batches
from app.kernel.tables import Job
from app.payments.enums import PaymentMethod
from app.payments.lines import Line
from app.payments.services.issuing import Payer
from app.payments.services.recording import record_payment
from app.payments.services.service_invoices import issue_service_invoice
from app.payments.tables import PaymentDocument
from app.payments.tables_proof import PaymentProof
from booths.allocation.services.applications import submit_application
from booths.catalogue.tables import Lead
from tests.judging.scene import ballot
from tests.support.contacts import last_body, token_sent
from tests.support.factories import make_person
from tests.support.factories_ticketing import make_order, make_question, make_ticket_type
from tests.support.festival import Festival
from ticketing.checkin.tables import Scan
from ticketing.sales.services.answers import Answers
from ticketing.sales.services.handing_over import accept_ticket
from ticketing.sales.services.orders import PURPOSE
from ticketing.sales.tables import OrderItem
from ticketing.sales.tables_own import Handover, RefundAccount

NAME = "Đặng Thị Quỳnh Xoá"
PHONE = "+84987654321"
EMAIL = "quynh.xoa@example.com"
OLD_EMAIL = "quynh.cu@example.com"
NEW_PHONE = "+84987654322"
PRICE = 50_000


async def make_known_person(festival: Festival, now: datetime) -> Actor:
    """Make her; every module of the festival comes to know her."""
    here = festival.edition.id
    person = await make_person(name=NAME, phone=PHONE, email=OLD_EMAIL, now=now)
    her = await actor_of_person(person.id)
    await start_session(person_id=person.id, browser="Chrome · Android", old_token=None, now=now)
    await _new_contacts(person.id, her, now)
    await request_sign_in(contact=EMAIL, next_path="/", now=now)
    await grant_role(person_id=person.id, role=Role.FLOOR, edition_id=here, actor=SYSTEM, now=now)
    await Consent(
        person=person.id, purpose=ConsentPurpose.CONTACT, edition_id=here, given=True, wording="Được gọi lại", at=now
    ).save()
    await TwoStep(person=person.id, secret_sealed="sealed", created_at=now, confirmed_at=now).save()
    await RecoveryCode(person=person.id, code_hash="hashed", created_at=now).save()
    await start_half_sign_in(person_id=person.id, next_path=f"/?name={NAME}", now=now)
    await make_device_invite(
        kind=DeviceKind.GATE, edition_id=here, label=NAME, person_id=person.id, actor=SYSTEM, now=now
    )
    await _helped(festival, her, now)
    await _fair(festival, her, now)
    await _tickets(festival, her, now)
    await _contest(festival, her, now)
    await _office(festival, her, now)
    return await actor_of_person(person.id)


async def _new_contacts(person_id: Any, her: Actor, now: datetime) -> None:
    """Change her mail address, and let a new phone number wait for its code."""
    session = await Session.objects().get(Session.person == person_id)
    assert session is not None
    fresh = replace(her, session_id=session.id)
    await ask_for_contact(kind=ContactKind.EMAIL, address=EMAIL, actor=fresh, now=now)
    await confirm_contact_by_link(token=token_sent(await last_body(EMAIL)), actor=fresh, now=now)
    await ask_for_contact(kind=ContactKind.PHONE, address=NEW_PHONE, actor=fresh, now=now)


async def _helped(festival: Festival, her: Actor, now: datetime) -> None:
    """An officer may fill in for her, and did; her phone waits to be proven, her card to be used."""
    assert her.person_id is not None
    row = Assistance(
        person=her.person_id, edition_id=festival.edition.id, registered_at=now, allowed_at=now, contact=PHONE
    )
    row.card_hash, row.code_hash = "hashed card", "hashed code"
    await row.save()
    officer = FillingIn(her.person_id, NAME, festival.edition.id, officer_id=0, officer_name="Cán bộ Hoa")
    await audit.record(
        actor=Actor(person_id=her.person_id, full_name=NAME, filling_in=officer),
        action="organisation.update",
        subject_type="organisation",
        subject_id=festival.ids["organisation_id"],
        edition_id=festival.edition.id,
        after={"phone": PHONE},
        now=now,
    )


async def _fair(festival: Festival, her: Actor, now: datetime) -> None:
    business = await create_organisation(
        name="Hộ nước mắm Cát Hải",
        kind=OrganisationKind.HOUSEHOLD,
        actor=her,
        now=now,
        contact=her.person_id,
        phone=PHONE,
        email=EMAIL,
        address=f"Nhà bà {NAME}, xã Cát Hải",
    )
    await submit_application(
        edition_id=festival.edition.id,
        organisation_id=business.id,
        contact_id=her.person_id,
        cells_wanted=1,
        note=f"Gọi {NAME}, 0987 654 321",
        actor=her,
        now=now,
    )
    lead = Lead(
        edition=festival.edition.id,
        organisation=festival.ids["organisation_id"],
        name=NAME,
        phone=PHONE,
        message="Xin gọi lại",
        client_id="her-lead",
        created_at=now,
    )
    await lead.save()


async def _tickets(festival: Festival, her: Actor, now: datetime) -> None:
    here = festival.edition.id
    free = await make_ticket_type(here, now=now)
    dear = await make_ticket_type(here, now=now, price_minor=PRICE)
    own = {"full_name": NAME, "phone": PHONE}
    await make_order(here, {free: 1}, now=now, **own)
    paid = await make_order(here, {dear: 1}, now=now, **own)
    await make_order(here, {dear: 1}, now=now, **own)
    bill = await PaymentDocument.objects().get(
        (PaymentDocument.purpose == PURPOSE) & (PaymentDocument.subject_id == paid.order_id)
    )
    assert bill is not None
    await record_payment(
        document_id=bill.id,
        method=PaymentMethod.CASH,
        amount=Money(PRICE, "VND"),
        actor=festival.people["finance"],
        now=now,
    )
    await RefundAccount(ticket_order=paid.order_id, bank="BIDV", number="0987654321", holder=NAME).save()
    asked = await make_question(here, now=now, types=[free])
    said = Answers(given={(free, 1): {asked: f"Tôi là {NAME}"}})
    await make_order(here, {free: 1}, now=now, answers=said, **own)
    others = await make_order(here, {free: 1}, now=now)
    (item,) = await OrderItem.select(OrderItem.id).where(OrderItem.ticket_order == others.order_id)
    await Handover(
        order_item=item["id"],
        name=NAME,
        contact=PHONE,
        secret_hash=hash_token("to-her"),
        offered_at=now,
        expires_at=now + timedelta(days=7),
    ).save()
    await accept_ticket(token="to-her", name=NAME, actor=None, now=now)
    await PaymentProof(
        document=bill.id,
        content=b"what she paid",
        mime="image/jpeg",
        size_bytes=13,
        sent_at=now,
        sent_by=her.person_id,
        looked_at=now,
        looked_by=her.person_id,
    ).save()
    await issue_service_invoice(
        edition_id=here,
        client_id="her-sponsor-invoice",
        payer=Payer(name="Công ty Tơ Lụa"),
        email=None,
        phone=PHONE,
        description="Tài trợ",
        lines=[Line(description="Tài trợ", unit_minor=PRICE)],
        due_on=None,
        actor=festival.people["finance"],
        now=now,
    )
    settled: dict[Any, Any] = {
        Scan.settled_by: her.person_id,
        Scan.settled_at: now,
        Scan.undone_by: her.person_id,
        Scan.undone_at: now,
    }
    await Scan.update(settled).where(Scan.id == festival.ids["scan_id"])


async def _contest(festival: Festival, her: Actor, now: datetime) -> None:
    here, chair = festival.edition.id, festival.people["jury_chair"]
    contest = await contest_of_edition(here)
    assert contest is not None
    title = f"Nước mắm của {NAME}"
    idea = Entry(
        contest=contest.id,
        title=title,
        title_key=text_key(title),
        search=search_text(title, NAME),
        problem=f"{NAME} kể.",
        team_name=NAME,
        created_by=her.person_id,
        updated_at=now,
        created_at=now,
    )  # sent in before its round began
    await idea.save()
    await EntryMember(entry=idea.id, person=her.person_id).save()
    judge_id = await add_judge(
        contest_id=contest.id,
        full_name=NAME,
        phone=PHONE,
        email=None,
        organisation="Quỹ Biển",
        actor=chair,
        now=now,
    )
    assert judge_id == her.person_id
    (round_, *_later) = await rounds_of(contest.id)
    await set_assignment(
        round_id=round_.id,
        entry_id=festival.ids["entry_id"],
        judge_id=judge_id,
        assigned=True,
        actor=chair,
        now=now,
    )
    task = (await tasks_of_judge(judge_id))[0]
    sent = await ballot(task, now, client_id="her-ballot", comment=f"Hỏi {NAME}")
    await submit_ballot(assignment_id=task.assignment_id, ballot=sent, actor=her, now=now)


async def _office(festival: Festival, her: Actor, now: datetime) -> None:
    here = festival.edition.id
    values = SessionValues(
        title={"vi": f"Trò chuyện cùng {NAME}"}, speaker=NAME, starts_at=now, ends_at=now + timedelta(hours=1)
    )
    await save_session(edition_id=here, values=values, actor=SYSTEM, now=now)
    await send_message(
        to="+84911111111",
        channel=ChannelKind.SMS,
        subject="Bạn đồng hành",
        body=f"{NAME} ({EMAIL}) đi cùng bạn",
        locale="vi",
        edition_id=here,
        now=now,
    )
    sheet = f"Tên đơn vị,Điện thoại,Số ô\nHộ khác,không phải số,1\n{NAME},0987654321,1\n".encode()
    await batches.preview("applications", sheet, f"{NAME}.csv", SheetContext(edition_id=here, actor=her, now=now))
    job = await enqueue("somebody.else", {"name": NAME}, actor=her, now=now)
    ended: dict[Any, Any] = {Job.state: "failed", Job.error: f"No seat for {NAME}", Job.finished_at: now}
    await Job.update(ended).where(Job.id == job)
    await audit.record(
        actor=her,
        action="pass.issue",
        subject_type="pass",
        subject_id=festival.ids["pass_id"],
        edition_id=here,
        after={"holder_name": NAME, "note": ["x", PHONE]},
        now=now,
    )
