"""A small festival with one of everything, and people of every role: for tests that walk all pages."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from app.accounts.actor import SYSTEM, Actor
from app.accounts.enums import DeviceKind, GivenThrough, Role
from app.accounts.queries import actor_of_person
from app.accounts.services.devices import let_search
from app.accounts.services.registering import Newcomer, register_person
from app.accounts.tables import Assistance, Consent, RoleGrant
from app.events.passes.choosing import Choice, Wanted
from app.events.passes.printing import start_printing
from app.events.queries import EditionInfo
from app.events.schemas import SessionValues
from app.events.services.programme import save_session
from app.events.short_codes import register_short_code
from app.events.tables import Track
from app.judging.enums import AsideReason, ContestState
from app.judging.queries.ballots import tasks_of_judge
from app.judging.queries.contests import criteria_of, rounds_of
from app.judging.services.contests import create_contest, open_round, set_contest_state
from app.judging.services.entries import enter_idea, submit_idea
from app.judging.services.panels import add_judge, assign_judges
from app.judging.tables import Award, EntryMember, SetAside
from app.kernel.enums import ChannelKind
from app.kernel.money import Money
from app.kernel.outbox import send_message
from app.kernel.security import hash_token
from app.kernel.sheets import SheetContext, batches
from app.payments.enums import PaymentMethod
from app.payments.lines import Line
from app.payments.queries import credit_notes_of, invoices_for
from app.payments.services.corrections import credit_document
from app.payments.services.documents import open_document
from app.payments.services.drawers import open_drawer
from app.payments.services.issuing import Payer
from app.payments.services.legal_files import keep_legal_file
from app.payments.services.recording import record_payment
from app.payments.services.service_invoices import invoice_secret, issue_service_invoice
from app.payments.sheets import STATEMENTS
from app.payments.tables import PaymentEvent
from app.payments.tables_proof import PaymentProof
from booths.allocation.enums import FEE_PURPOSE
from booths.allocation.services.applications import submit_application
from booths.allocation.services.by_hand import hold_for_application
from booths.allocation.services.fees import bill_booths
from booths.allocation.tables import AllocationRun, Application
from booths.catalogue.tables import Lead, ProductPhoto
from tests.booths.catalogue.factories import Fair, make_product, make_stand
from tests.booths.factories import make_application, make_booth, make_hall
from tests.events.factories import make_edition
from tests.judging.scene import IDEA
from tests.payments.factories import make_entry
from tests.support.factories import make_device, make_holder, make_organisation, make_person
from tests.support.factories_ticketing import (
    make_change,
    make_gate,
    make_list,
    make_order,
    make_pass,
    make_question,
    make_ticket_type,
)
from tests.support.factories_vouchers import make_voucher
from ticketing.checkin.enums import Verdict
from ticketing.checkin.tables import Scan
from ticketing.sales.services.orders import PURPOSE, sell_at_box_office
from ticketing.sales.services.quotas import QuotaValues, create_quota
from ticketing.sales.services.registering import set_registering
from ticketing.sales.tables import OrderItem, TicketOrder
from ticketing.sales.tables_own import Handover, OrderRules
from ticketing.sales.tables_vouchers import Voucher

#: Who walks the pages. Everyone but the last four holds her role in the festival itself.
ROLES = tuple(Role)


@dataclass
class Festival:
    """The edition, one id for each name of a path's parameter, and the people by what they are."""

    edition: EditionInfo
    ids: dict[str, Any]
    people: dict[str, Actor] = field(default_factory=dict)
    gate_token: str = ""
    judge_token: str = ""


async def make_festival(now: datetime) -> Festival:
    """Make the festival as it is on its first morning, with one thing of every kind."""
    edition = await make_edition(now=now)
    fair = Fair(edition, await make_hall(edition.id, width=30, depth=30))
    found = Festival(edition, {"edition_id": edition.id, "slug": edition.slug, "hall_id": fair.hall_id})
    await _people(found, now)
    await _fair(found, fair, now)
    await _tickets(found, now)
    await _contest(found, now)
    await _programme(found, now)
    await _office(found, now)
    return found


async def _people(found: Festival, now: datetime) -> None:
    here = found.edition.id
    other = await make_edition("hoi-cho-khac", now=now)
    for role in ROLES:
        if role not in (Role.EXHIBITOR_OWNER, Role.EXHIBITOR_MEMBER, Role.JUDGE, Role.TEAM_MEMBER):
            person = await make_holder(role, edition_id=here, now=now)
            found.people[role.value] = await actor_of_person(person.id)
    person = await make_holder(Role.OWNER, edition_id=other.id, now=now)
    found.people["owner_elsewhere"] = await actor_of_person(person.id)
    stranger = await make_organisation(now=now)
    person = await make_holder(Role.EXHIBITOR_OWNER, edition_id=here, organisation_id=stranger.id, now=now)
    found.people["exhibitor_elsewhere"] = await actor_of_person(person.id)


async def _fair(found: Festival, fair: Fair, now: datetime) -> None:
    here = found.edition.id
    stand = await make_stand(fair, name="Hợp tác xã Lụa Vạn Phúc")
    found.people["exhibitor_owner"] = stand.owner
    member = await make_holder(Role.EXHIBITOR_MEMBER, edition_id=here, organisation_id=stand.organisation_id, now=now)
    found.people["exhibitor_member"] = await actor_of_person(member.id)
    product_id = await make_product(stand)
    photo = ProductPhoto(product=product_id, hash="a" * 64)
    await photo.save()
    lead = Lead(
        edition=here,
        organisation=stand.organisation_id,
        product=product_id,
        name="Phan Thị Khách",
        phone="+84911111111",
        client_id="lead-1",
        created_at=now,
    )
    await lead.save()
    application_id, _organisation = await make_application(here, name="Hộ gốm Bát Tràng")
    application = await Application.objects().get(Application.id == application_id)
    assert application is not None
    found.people["applicant"] = await actor_of_person(application.contact)
    draft_id, _created = await submit_application(
        edition_id=here,
        organisation_id=(await make_organisation(name="Hộ nón làng Chuông")).id,
        contact_id=application.contact,
        cells_wanted=1,
        draft=True,
        actor=SYSTEM,
        now=now,
    )
    held_id, _organisation = await make_application(here, name="Hợp tác xã Mây tre Phú Vinh")
    held_booth_id = await make_booth(here, fair.hall_id, "Z1", [(29, 29)])
    await hold_for_application(edition_id=here, booth_id=held_booth_id, application_id=held_id, actor=SYSTEM, now=now)
    billed_id, _created = await submit_application(
        edition_id=here,
        organisation_id=(await make_organisation(name="Hộ tranh Đông Hồ")).id,
        contact_id=application.contact,
        cells_wanted=1,
        actor=SYSTEM,
        now=now,
    )
    await hold_for_application(
        edition_id=here,
        booth_id=await make_booth(here, fair.hall_id, "Z2", [(28, 29)], price_minor=2_000_000),
        application_id=billed_id,
        tell_now=True,
        actor=SYSTEM,
        now=now,
    )
    await bill_booths(edition_id=here, actor=SYSTEM, now=now)
    (bill,) = await invoices_for(FEE_PURPOSE, [billed_id])
    run = AllocationRun(edition=here, state="proposed", started_at=now, finished_at=now)
    await run.save()
    found.ids |= {
        "organisation_id": stand.organisation_id,
        "booth_id": stand.booth_id,
        "product_id": product_id,
        "photo_id": photo.id,
        "lead_id": lead.id,
        "application_id": application_id,
        "draft_id": draft_id,
        "billed_id": billed_id,
        "bill_id": bill.id,
        "held_booth_id": held_booth_id,
        "run_id": run.id,
        "code": await register_short_code("booth", stand.booth_id, here, now),
    }


async def _tickets(found: Festival, now: datetime) -> None:
    here = found.edition.id
    type_id = await make_ticket_type(here, now=now, group_most=40)
    await set_registering(edition_id=here, ticket_type=type_id, actor=SYSTEM, now=now)
    order = await make_order(here, {type_id: 1}, now=now)
    hall = QuotaValues(name="Hội trường", size=400)
    found.ids["quota_id"] = await create_quota(edition_id=here, values=hall, actor=SYSTEM, now=now)
    costs = await make_ticket_type(here, now=now, code="COSTS", price_minor=50_000, quotas=[found.ids["quota_id"]])
    found.ids["question_id"] = await make_question(here, now=now, types=[type_id, costs])
    await make_voucher(here, code="HOA2026", max_uses=5)
    (voucher,) = await Voucher.select(Voucher.id).where(Voucher.code == "HOA2026")
    found.ids |= {"voucher_id": voucher["id"], "voucher_code": "HOA2026"}
    until = now + timedelta(days=30)
    await OrderRules(
        edition=here, names_until=until, answers_until=until, changes_until=until, handing_until=until, back_until=until
    ).save()
    (item,) = await OrderItem.select(OrderItem.id).where(OrderItem.ticket_order == order.order_id)
    given = Handover(
        order_item=item["id"],
        name="Ni Luh Ayu",
        contact="ayu@example.com",
        secret_hash=hash_token("festival-given"),
        offered_at=now,
        expires_at=until,
    )
    await given.save()
    sale = await sell_at_box_office(
        edition_id=here,
        client_id="box-office-1",
        counts={costs: 1},
        holder_name="Bùi Thị Quầy",
        actor=found.people["finance"],
        now=now,
    )
    issued = await make_pass(found.edition, now=now)
    list_id = await make_list(here, now=now)
    gate_id, phone, found.gate_token = await make_gate(here, list_id, now=now)
    assert phone.device_id is not None
    await let_search(device_id=phone.device_id, edition_id=here, may_search=True, actor=SYSTEM, now=now)
    scan = Scan(
        client_id="scan-1",
        list_id=list_id,
        gate_id=gate_id,
        device_id=phone.device_id,
        event_pass=issued.id,
        at=now,
        device_at=now,
        offline=True,
        verdict=Verdict.LATE_CONFLICT,
        reason=Verdict.ALREADY_ADMITTED,
        previous_at=now,
        previous_gate_id=gate_id,
    )
    await scan.save()
    document = await open_document(
        edition_id=here,
        purpose=PURPOSE,
        subject_id=order.order_id,
        payer=Payer(name="Lê Thị Lan"),
        description="2 vé người lớn",
        currency="VND",
        lines=[Line(description="Vé người lớn", unit_minor=50_000)],
        now=now,
    )
    await TicketOrder.update({TicketOrder.payment_document: document.id}).where(TicketOrder.id == order.order_id)
    change_id, difference = await make_change(item["id"], type_id, invoice=document, now=now)
    for of_order in (document.id, difference):
        for content in (b"%PDF-1.7", b"<?xml version='1.0'?><a/>"):
            await keep_legal_file(document_id=of_order, content=content, actor=SYSTEM, now=now)
    sponsored = await issue_service_invoice(
        edition_id=here,
        client_id="festival-sponsor",
        payer=Payer(name="Ngân hàng Sông Hồng"),
        email="ketoan@songhong.example",
        phone=None,
        description="Nhà tài trợ vàng",
        lines=[Line(description="Tài trợ vàng", unit_minor=1_000_000)],
        due_on=None,
        actor=SYSTEM,
        now=now,
    )
    await credit_document(document_id=sponsored.id, amount=Money(1_000, "VND"), reason="Bớt", actor=SYSTEM, now=now)
    (credit_note,) = await credit_notes_of(sponsored.id)
    stage = await issue_service_invoice(
        edition_id=here,
        client_id="festival-paid-twice",
        payer=Payer(name="Công ty Sân khấu Tràng An"),
        email="trangan@example.com",
        phone=None,
        description="Sân khấu",
        lines=[Line(description="Thuê sân khấu", unit_minor=50_000)],
        due_on=None,
        actor=SYSTEM,
        now=now,
    )
    for billed_id in (sponsored.id, stage.id, found.ids["bill_id"]):
        for content in (b"%PDF-1.7", b"<?xml version='1.0'?><a/>"):
            await keep_legal_file(document_id=billed_id, content=content, actor=SYSTEM, now=now)
    for name in ("FT-once", "FT-twice"):
        paid = await record_payment(
            document_id=stage.id,
            method=PaymentMethod.TRANSFER,
            amount=Money(50_000, "VND"),
            actor=None,
            now=now,
            provider_reference=name,
        )
    proof = PaymentProof(document=stage.id, content=b"a picture", mime="image/jpeg", size_bytes=9, sent_at=now)
    await proof.save()
    notice = PaymentEvent(provider="stripe", event_id="evt_1", kind="charge.refunded", payload="{}", received_at=now)
    await notice.save()
    found.ids |= {
        "type_id": type_id,
        "order_id": order.order_id,
        "order_secret": order.secret,
        "item_id": item["id"],
        "change_id": change_id,
        "given_token": "festival-given",
        "invoice_secret": invoice_secret("festival-sponsor"),
        "credit_note_id": credit_note.id,
        "sale_id": sale.order_id,
        "pass_id": issued.id,
        "print_id": await start_printing(
            edition_id=here, wanted=Wanted(choice=Choice(pass_id=issued.id)), actor=SYSTEM, now=now
        ),
        "pass_secret": issued.secret,
        "pass_code": issued.code,
        "list_id": list_id,
        "gate_id": gate_id,
        "gate_device_id": phone.device_id,
        "scan_id": scan.id,
        "document_id": stage.id,
        "order_document_id": document.id,
        "payment_id": paid.payment_id,
        "proof_id": proof.id,
        "event_id": notice.id,
        "drawer_id": await open_drawer(
            edition_id=here, float_=Money(200_000, "VND"), actor=found.people["manager"], now=now
        ),
    }


async def _contest(found: Festival, now: datetime) -> None:
    here, chair = found.edition.id, found.people["jury_chair"]
    contest_id = await create_contest(edition_id=here, actor=chair, now=now)
    await set_contest_state(contest_id=contest_id, state=ContestState.OPEN, actor=chair, now=now)
    leader = await actor_of_person((await make_person(name="Nguyễn Thị Thoi", now=now)).id)
    entry_id = await enter_idea(edition_id=here, values=IDEA, actor=leader, now=now)
    await submit_idea(entry_id=entry_id, actor=leader, now=now)
    judge_id = await add_judge(
        contest_id=contest_id,
        full_name="Lê Văn Chấm",
        phone="+84922222222",
        email=None,
        organisation="Quỹ Khởi Nghiệp",
        actor=chair,
        now=now,
    )
    round_id = (await rounds_of(contest_id))[0].id
    await open_round(round_id=round_id, actor=chair, now=now)
    await assign_judges(round_id=round_id, actor=chair, now=now, per_entry=1)
    task = (await tasks_of_judge(judge_id))[0]
    aside = SetAside(
        assignment=task.assignment_id, client_id="aside-1", reason=AsideReason.CONFLICT, scored_at=now, received_at=now
    )
    await aside.save()
    award = Award(round=round_id, entry=entry_id, rank=1, title='{"vi": "Giải nhất"}', created_at=now)
    await award.save()
    member = await EntryMember.objects().get(EntryMember.entry == entry_id)
    assert member is not None
    tablet, found.judge_token = await make_device(kind=DeviceKind.JUDGE, edition_id=here, person_id=judge_id, now=now)
    found.people["judge"] = await actor_of_person(judge_id)
    found.people["team_member"] = await actor_of_person(leader.person_id or 0)
    found.ids |= {
        "entry_id": entry_id,
        "round_id": round_id,
        "criterion_id": (await criteria_of(round_id))[0].id,
        "person_id": judge_id,
        "assignment_id": task.assignment_id,
        "aside_id": aside.id,
        "award_id": award.id,
        "member_id": member.id,
        "judge_device_id": tablet.id,
    }


async def _programme(found: Festival, now: datetime) -> None:
    values = SessionValues(
        title={"vi": "Kể chuyện lụa", "en": "Stories of silk"},
        starts_at=now + timedelta(hours=1),
        ends_at=now + timedelta(hours=2),
        track="Làng nghề",
        place="Sân khấu",
        speaker="Phạm Thu Đông",
    )
    found.ids["session_id"] = await save_session(edition_id=found.edition.id, values=values, actor=SYSTEM, now=now)
    track = await Track.objects().get(Track.edition == found.edition.id)
    assert track is not None
    found.ids["track_id"] = track.id


async def _office(found: Festival, now: datetime) -> None:
    here = found.edition.id
    found.ids["message_id"] = await send_message(
        to="+84912345678",
        channel=ChannelKind.SMS,
        subject="Vé của bạn",
        body="Chào bạn",
        locale="vi",
        edition_id=here,
        now=now,
    )
    context = SheetContext(edition_id=here, actor=SYSTEM, now=now)
    sheet = "Tên đơn vị,Điện thoại,Số ô\nHộ gốm,không phải số,1\n".encode()
    found.ids["batch_id"] = (await batches.preview("applications", sheet, "don-dang-ky.csv", context)).id
    at_the_bank = replace(context, desk=STATEMENTS.desk)
    statement = "Ngày,Ghi có,Nội dung\n15/10/2026,50.000,Chuyển tiền\n".encode()
    found.ids["statement_id"] = (await batches.preview(STATEMENTS.name, statement, "sao-ke.csv", at_the_bank)).id
    found.ids["transfer_id"] = (await make_entry("Chuyển tiền", edition=found.edition)).id
    grant = await RoleGrant.objects().get((RoleGrant.edition_id == here) & (RoleGrant.role == Role.FLOOR.value))
    assert grant is not None
    found.ids["grant_id"] = grant.id
    consent = Consent(person=found.people["exhibitor_owner"].person_id, purpose="contact", given=True, at=now)
    await consent.save()
    found.ids["consent_id"] = consent.id
    found.ids["helped_id"], _place = await register_person(
        newcomer=Newcomer(full_name="Lò Thị Mai", organisation="Hộ thổ cẩm Lò Thị Mai", ward="Mai Châu"),
        through=GivenThrough.IN_PERSON,
        wording="Tôi đồng ý.",
        edition_id=here,
        actor=found.people["floor"],
        now=now,
    )
    found.ids["coded_id"], _place = await register_person(
        newcomer=Newcomer(full_name="Sùng Thị Dua", organisation="Hộ lanh Sùng Thị Dua", ward="Lùng Tám"),
        through=GivenThrough.PAPER,
        wording="Tôi đồng ý.",
        edition_id=here,
        actor=found.people["floor"],
        now=now,
    )
    values: dict[Any, Any] = {
        Assistance.contact: "+84912345698",
        Assistance.code_hash: hash_token(f"{found.ids['coded_id']}:123456"),
        Assistance.code_expires_at: now + timedelta(minutes=20),
    }
    await Assistance.update(values).where(Assistance.person == found.ids["coded_id"])
