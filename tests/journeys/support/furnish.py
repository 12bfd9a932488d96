"""Adds to a demo festival what its pages of single things show: an order that waits for its money, a paired phone, a
late conflict, a sheet with wrong cells, links of one use; and ideas with their judges.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from app.accounts.actor import SYSTEM, Actor
from app.accounts.enums import DeviceKind, GivenThrough, OrganisationKind, RecordKind, Role
from app.accounts.queries import actor_of_person
from app.accounts.services.devices import pair_device
from app.accounts.services.handing_over import make_card
from app.accounts.services.merging import merge_records
from app.accounts.services.people import create_organisation, create_person, grant_role
from app.accounts.services.registering import Newcomer, register_person
from app.events.passes.choosing import Choice, Wanted
from app.events.passes.printing import start_printing
from app.judging.queries.contests import criteria_of
from app.judging.services.ballots import BallotInput, submit_ballot
from app.judging.services.contests import open_round
from app.judging.services.panels import assign_judges
from app.kernel.database import fetch
from app.kernel.money import Money
from app.kernel.security import hash_token
from app.kernel.sheets import SheetContext, batches
from app.main import register_modules, start_modules
from app.payments.lines import Line
from app.payments.queries import document_by_id
from app.payments.services.drawers import open_drawer
from app.payments.services.issuing import Payer
from app.payments.services.service_invoices import invoice_secret, issue_service_invoice
from app.payments.sheets import STATEMENTS
from booths.allocation.queries_fees import Plan
from booths.allocation.services.by_hand import hold_for_application
from booths.allocation.services.fees import bill_booths, set_fee_plan
from booths.catalogue.services.leads import leave_contact
from tests.journeys.support.installation import holder
from tests.support.factories_ticketing import make_change
from tests.support.factories_vouchers import make_voucher
from tests.support.service import ROOT
from ticketing.checkin.enums import Verdict
from ticketing.checkin.schemas import QueuedScan
from ticketing.checkin.services.gates import invite_phone
from ticketing.checkin.services.redeeming import redeem_pass, redeem_queue
from ticketing.sales.enums import QuestionKind
from ticketing.sales.services.orders import place_order, sell_at_box_office
from ticketing.sales.services.questions import QuestionValues, create_question
from ticketing.sales.services.quotas import QuotaValues, create_quota
from ticketing.sales.services.registering import set_registering, types_for_registering
from ticketing.sales.tables_own import Handover

SHEET = ROOT / "app" / "demo" / "sheets" / "applications_with_errors.xlsx"


async def furnish(numbers: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Add them and return ``numbers`` with theirs."""
    register_modules()
    await start_modules()
    return {
        **numbers,
        **await _fair(numbers, now),
        **await _orders(numbers, now),
        **await _gates(numbers, now),
        **await _twice(numbers, now),
        **await _helped(numbers, now),
        **await _transfers(numbers, now),
        **await _drawer(numbers, now),
        **await _sponsor(numbers, now),
        **await _prints(numbers, now),
    }


async def _prints(numbers: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Have a badge made."""
    here, wanted = numbers["edition_id"], Wanted(choice=Choice(pass_id=numbers["pass_id"]))
    return {"print_id": await start_printing(edition_id=here, wanted=wanted, actor=SYSTEM, now=now)}


async def _fair(numbers: dict[str, Any], now: datetime) -> dict[str, Any]:
    here = numbers["edition_id"]
    await hold_for_application(
        edition_id=here,
        booth_id=numbers["booth_id"],
        application_id=numbers["own_application_id"],
        tell_now=True,
        actor=SYSTEM,
        now=now,
    )
    plan = Plan(first_percent=40, first_days=7, rest_due_on=now.date() + timedelta(days=30))
    await set_fee_plan(edition_id=here, plan=plan, actor=SYSTEM, now=now)
    await bill_booths(edition_id=here, actor=SYSTEM, now=now)
    await leave_contact(
        edition_id=here,
        organisation_id=numbers["organisation_id"],
        name="Lê Ngọc Ánh",
        phone="+84912345678",
        message="Tôi muốn đặt hai mươi chiếc cho cửa hàng ở Hội An, mong được báo giá.",
        consent_wording="Đồng ý",
        consented=True,
        client_id="furnish-lead",
        now=now,
    )
    context = SheetContext(edition_id=here, actor=SYSTEM, now=now)
    batch = await batches.preview("applications", SHEET.read_bytes(), SHEET.name, context)
    return {"batch_id": batch.id}


async def _transfers(numbers: dict[str, Any], now: datetime) -> dict[str, Any]:
    """A transfer that somebody has to assign, and a statement that is looked at."""
    context = SheetContext(edition_id=numbers["edition_id"], actor=SYSTEM, now=now, desk=STATEMENTS.desk)
    content = "Ngày giao dịch,Số tiền ghi có,Nội dung,Số bút toán\n15/10/2026 14:02:37,{},{},FT2628812345678{}\n"
    loaded = content.format("150.000", "NGUYEN THI HOA chuyen tien ve", 1).encode()
    await batches.accept((await batches.preview(STATEMENTS.name, loaded, "sao-ke-1.csv", context)).id, context)
    (left,) = await fetch("SELECT id FROM bank_entry ORDER BY id DESC LIMIT 1")
    shown = content.format("70.000", "LE VAN BINH", 2).encode()
    statement = await batches.preview(STATEMENTS.name, shown, "sao-ke-2.csv", context)
    return {"transfer_id": left["id"], "statement_id": statement.id}


async def _sponsor(numbers: dict[str, Any], now: datetime) -> dict[str, Any]:
    """An invoice of a sponsor, with a line that is exempt."""
    await issue_service_invoice(
        edition_id=numbers["edition_id"],
        client_id="furnish-sponsor",
        payer=Payer(name="Ngân hàng Thương mại Cổ phần Sông Hồng", tax_code="0100109106"),
        email="ketoan@songhong.example",
        phone=None,
        description="Nhà tài trợ vàng",
        lines=[
            Line(description="Tài trợ vàng", unit_minor=50_000_000),
            Line(description="Tập huấn cho hộ kinh doanh", unit_minor=500_000, quantity=3, exempt_reason="Dạy nghề"),
        ],
        due_on=None,
        actor=SYSTEM,
        now=now,
    )
    return {"invoice_secret": invoice_secret("furnish-sponsor")}


async def _drawer(numbers: dict[str, Any], now: datetime) -> dict[str, Any]:
    """A drawer that somebody has left open."""
    person = await create_person(full_name="Trần Thị Quầy", email="quay@example.org", now=now)
    cashier = await actor_of_person(person.id)
    here = numbers["edition_id"]
    return {"drawer_id": await open_drawer(edition_id=here, float_=Money(500_000, "VND"), actor=cashier, now=now)}


async def _helped(numbers: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Somebody whom an officer registered, and her hand-over card."""
    here = numbers["edition_id"]
    officer = await actor_of_person(await holder(Role.OWNER))
    person_id, _place = await register_person(
        newcomer=Newcomer(full_name="Lò Thị Mai", organisation="Hộ thổ cẩm Lò Thị Mai", ward="Mai Châu"),
        through=GivenThrough.PAPER,
        wording="Tôi đồng ý để ban tổ chức đăng ký cho tôi và điền thay tôi.",
        edition_id=here,
        actor=officer,
        now=now,
    )
    address = await make_card(person_id=person_id, edition_id=here, actor=officer, now=now)
    return {"helped_id": person_id, "take_over_token": address.rpartition("/")[2]}


def _ward(type_id: int) -> QuestionValues:
    """A question for tickets of a type, which may be left open."""
    return QuestionValues(
        kind=QuestionKind.CHOICE,
        wording={"vi": "Bạn ở phường nào?", "id": "Anda dari kelurahan mana?", "en": "Which ward are you from?"},
        choices=[{"vi": "Phường Hoàn Kiếm"}, {"vi": "Phường Tây Hồ"}],
        types=[type_id],
    )


async def _orders(numbers: dict[str, Any], now: datetime) -> dict[str, Any]:
    here = numbers["edition_id"]
    (paid,) = await fetch("SELECT id FROM ticket_type WHERE price_minor > 0 ORDER BY id LIMIT 1")
    held = await place_order(
        edition_id=here,
        client_id="furnish-order",
        counts={paid["id"]: 2},
        full_name="Nguyễn Thị Hoa",
        phone="+84912345679",
        email=None,
        locale="vi",
        now=now,
    )
    (free, *_others) = await types_for_registering(here)
    await set_registering(edition_id=here, ticket_type=free, actor=SYSTEM, now=now)
    quota = await create_quota(
        edition_id=here, values=QuotaValues(name="Hội trường A", size=300), actor=SYSTEM, now=now
    )
    await fetch("UPDATE ticket_type SET group_most = 40 WHERE id = {} RETURNING id", numbers["type_id"])
    question = await create_question(edition_id=here, values=_ward(paid["id"]), actor=SYSTEM, now=now)
    await make_voucher(here, code="HOA2026", max_uses=5, note="Báo chí")
    (voucher,) = await fetch("SELECT id FROM voucher WHERE code = 'HOA2026'")
    (order,) = await fetch("SELECT payment_document FROM ticket_order WHERE id = {}", held.order_id)
    sold = await sell_at_box_office(
        edition_id=here,
        client_id="furnish-sale",
        counts={numbers["type_id"]: 2},
        holder_name="",
        actor=await actor_of_person(await holder(Role.GATE_LEAD)),
        now=now,
    )
    own = await sell_at_box_office(
        edition_id=here,
        client_id="furnish-own-order",
        counts={paid["id"]: 2, numbers["type_id"]: 1},
        holder_name="Lê Thị Hà",
        actor=await actor_of_person(await holder(Role.GATE_LEAD)),
        now=now,
    )
    own_items = await fetch("SELECT id FROM order_item WHERE ticket_order = {} ORDER BY id", own.order_id)
    offer = Handover(
        order_item=own_items[-1]["id"],
        name="Siti Rahayu",
        contact="siti@example.com",
        secret_hash=hash_token("furnish-given"),
        offered_at=now,
        expires_at=now + timedelta(days=2),
    )
    await offer.save()
    (bill,) = await fetch("SELECT payment_document AS id FROM ticket_order WHERE id = {}", own.order_id)
    change_id, _difference = await make_change(
        own_items[0]["id"], paid["id"], invoice=await document_by_id(bill["id"]), now=now
    )
    return {
        "own_secret": own.secret,
        "own_item_id": own_items[1]["id"],
        "own_change_id": change_id,
        "given_token": "furnish-given",
        "order_secret": held.secret,
        "document_id": order["payment_document"],
        "box_office_order_id": sold.order_id,
        "quota_id": quota,
        "question_id": question,
        "voucher_id": voucher["id"],
    }


async def _gates(numbers: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Pair a phone that lets the same pass in twice, the second time without a network."""
    here = numbers["edition_id"]
    device_id, address = await invite_phone(
        edition_id=here, gate_id=numbers["gate_id"], label="Điện thoại cổng chính", actor=SYSTEM, now=now
    )
    await pair_device(invite_token=address.rpartition("/")[2], now=now)
    phone = Actor(
        device_id=device_id,
        device_kind=DeviceKind.GATE.value,
        edition_id=here,
        subject_id=numbers["gate_id"],
    )
    await redeem_pass(actor=phone, client_id="furnish-first", code=numbers["pass_code"], now=now)
    again = QueuedScan(client_id="furnish-again", code=numbers["pass_code"], device_at=now, shown=Verdict.ADMITTED)
    await redeem_queue(actor=phone, scans=[again], now=now)
    _device_id, invite = await invite_phone(
        edition_id=here, gate_id=numbers["gate_id"], label="Điện thoại mới", actor=SYSTEM, now=now
    )
    (scan,) = await fetch("SELECT id FROM scan WHERE client_id = 'furnish-again'")
    return {"gate_device_id": device_id, "invite_token": invite.rpartition("/")[2], "scan_id": scan["id"]}


async def _twice(numbers: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Register a woman and two businesses twice, and merge the records of one business."""
    here = numbers["edition_id"]
    people = [
        await create_person(full_name=name, phone=phone, now=now)
        for name, phone in (("Nguyễn Thị Thanh Hương", "+84977123456"), ("NGUYỄN THANH HƯƠNG", "+62977123456"))
    ]
    for person in people:
        await grant_role(person_id=person.id, role=Role.FLOOR, edition_id=here, actor=SYSTEM, now=now)
    kept, merged, *_waiting = [
        await create_organisation(name=name, kind=kind, ward="Phường Vạn Phúc", actor=SYSTEM, now=now)
        for name, kind in (
            ("Công ty TNHH Một thành viên Tơ lụa Thanh Hương", OrganisationKind.COMPANY),
            ("Tơ lụa Thanh Hương", OrganisationKind.HOUSEHOLD),
            ("Hợp tác xã Nón lá Quê Nhà", OrganisationKind.COOPERATIVE),
            ("HTX NÓN LÁ QUÊ NHÀ", OrganisationKind.COOPERATIVE),
        )
    ]
    await merge_records(
        kind=RecordKind.ORGANISATION,
        kept_id=kept.id,
        merged_id=merged.id,
        edition_id=here,
        festival="Hội chợ",
        actor=await actor_of_person(await holder(Role.OWNER)),
        now=now,
    )
    return {"twice_id": people[0].id, "twice_again_id": people[1].id}


async def begin_judging(numbers: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Open the first round, which ends the call, give every idea its judges, let those of one idea score it, and
    return what the first judge has still to score.
    """
    round_id = numbers["round_id"]
    chair, judge_id = await actor_of_person(await holder(Role.JURY_CHAIR)), await holder(Role.JUDGE)
    await open_round(round_id=round_id, actor=chair, now=now)
    await assign_judges(round_id=round_id, actor=chair, now=now)
    done, waiting = await fetch(
        "SELECT id, entry FROM contest_assignment WHERE judge = {} ORDER BY id LIMIT 2", judge_id
    )
    criteria = await criteria_of(round_id)
    for task in await fetch("SELECT id, judge FROM contest_assignment WHERE entry = {} ORDER BY id", done["entry"]):
        ballot = BallotInput(
            client_id=f"furnish-ballot-{task['id']}",
            base_hash="",
            scores={str(one.id): 3 + (one.id + task["id"]) % 3 for one in criteria},
            comment_to_team="Rất rõ ràng. Hãy nói thêm về giá bán.",
            comment_to_jury="",
            scored_at=now,
        )
        judge = await actor_of_person(task["judge"])
        await submit_ballot(assignment_id=task["id"], ballot=ballot, actor=judge, now=now)
    return {"assignment_id": waiting["id"]}
