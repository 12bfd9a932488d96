"""What goes with the mail that brings passes."""

import io
import re
from datetime import date, timedelta
from email.message import EmailMessage

import pytest
from PIL import Image

from app.accounts.actor import SYSTEM
from app.events.enums import PassKind
from app.events.passes.attaching import MOST_IN_A_PDF, attachments_of, make_calendar, make_pdf, make_picture
from app.events.passes.codec import qr_text
from app.events.passes.handing_out import HandedOut, hand_out_pass
from app.events.passes.queries import pass_by_id
from app.events.passes.services import issue_pass
from app.events.passes.states import revoke_pass
from app.events.queries import EditionInfo, edition_by_id
from app.events.services.postponing import postpone_edition
from app.kernel import outbox
from app.kernel.channels import making
from app.kernel.settings import settings
from app.main import register_modules, start_modules
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.kernel.conftest import configure, mail  # noqa: F401 - fixtures
from tests.kernel.mail_server import MailServer
from tests.support.pdf_codes import codes_of
from tests.support.pdf_text import text_of

pytestmark = pytest.mark.engines


async def issue(edition: EditionInfo, name: str = "Lan", first: int = 16, last: int = 18) -> int:
    begin, end = edition.window_of(date(2026, 10, first), date(2026, 10, last))
    made = await issue_pass(
        edition_id=edition.id, kind=PassKind.VISITOR, holder_name=name, valid_from=begin, valid_until=end, now=NOW
    )
    return made.id


async def test_passes_go_as_pictures_a_pdf_and_a_calendar(database: str) -> None:
    edition = await make_edition()
    ids = [await issue(edition, name) for name in ("Lan", "Mai")]
    found = attachments_of(edition, ids)
    slug = edition.slug
    assert [one.filename for one in found] == [f"{slug}.pdf", f"{slug}-1.png", f"{slug}-2.png", f"{slug}.ics"]
    pdf, picture = await make_pdf(ids), await make_picture(ids[:1])
    assert pdf is not None
    assert picture is not None
    codes = [qr_text((await pass_by_id(one)).code, settings().base_url) for one in ids]
    assert codes_of(pdf) == codes
    assert {"Lan", "Mai"} <= set(text_of(pdf).split("\n"))
    assert Image.open(io.BytesIO(picture)).format == "PNG"


async def test_of_many_go_only_what_is_small(database: str) -> None:
    edition = await make_edition()
    assert [one.mime for one in attachments_of(edition, range(1, 41))] == ["application/pdf", "text/calendar"]
    assert [one.mime for one in attachments_of(edition, range(MOST_IN_A_PDF + 1))] == ["text/calendar"]
    assert attachments_of(edition, []) == []


async def test_a_pass_that_was_withdrawn_meanwhile_does_not_go(database: str) -> None:
    edition = await make_edition()
    ids = [await issue(edition, name) for name in ("Lan", "Mai")]
    await revoke_pass(pass_id=ids[0], reason="", actor=SYSTEM, now=NOW)
    made = await make_pdf(ids)
    assert made is not None
    assert "Lan" not in text_of(made)
    await revoke_pass(pass_id=ids[1], reason="", actor=SYSTEM, now=NOW)
    assert [await make(ids) for make in (make_pdf, make_picture, make_calendar)] == [None, None, None]


async def test_a_calendar_has_each_day_once(database: str) -> None:
    edition = await make_edition()
    ids = [await issue(edition), await issue(edition, "Mai", 17, 18), await issue(edition, "An", 18, 18)]
    calendar = ((await make_calendar(ids)) or b"").decode()
    assert re.findall(r"DTSTART:(\w+)", calendar) == [f"202610{day}T010000Z" for day in (16, 17, 18)]
    assert re.findall(r"UID:(\S+)", calendar) == [
        f"pass-{edition.id}-1-{number}@testserver.local" for number in (1, 2, 3)
    ]


async def test_an_edition_put_off_moves_its_entries(database: str) -> None:
    """The same entries under a higher number: a calendar that has them moves them."""
    register_modules()
    await start_modules()  # they say what moves with an edition
    edition = await make_edition()
    one = await issue(edition)
    before = ((await make_calendar([one])) or b"").decode()
    await postpone_edition(
        edition_id=edition.id,
        starts_on=edition.starts_on + timedelta(days=7),
        seen=edition.starts_on,
        reason="",
        actor=SYSTEM,
        now=NOW,
    )
    after = ((await make_calendar([one])) or b"").decode()
    assert re.findall(r"UID:(\S+)", after) == re.findall(r"UID:(\S+)", before)
    assert int(re.findall(r"SEQUENCE:(\d+)", after)[0]) > int(re.findall(r"SEQUENCE:(\d+)", before)[0])
    assert "DTSTART:20261023T010000Z" in after
    assert (await edition_by_id(edition.id)).starts_on == date(2026, 10, 23)


async def test_a_guests_mail_brings_her_pass(database: str, mail: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    for name, maker in (("events.passes_pdf", make_pdf), ("events.pass_picture", make_picture)):
        monkeypatch.setitem(making._makers, name, maker)
    monkeypatch.setitem(making._makers, "events.passes_calendar", make_calendar)
    edition = await make_edition()
    given = HandedOut(
        kind=PassKind.SPEAKER,
        holder_name="Đỗ Thị Thúy",
        first_day=edition.starts_on,
        last_day=edition.starts_on,
        email="thuy@example.vn",
    )
    await hand_out_pass(edition_id=edition.id, given=given, actor=SYSTEM, now=NOW)
    await outbox.deliver_due(NOW)
    (message,) = mail.mails
    assert isinstance(message, EmailMessage)
    kinds = [one.get_content_type() for one in message.iter_attachments()]
    assert kinds == ["application/pdf", "image/png", "text/calendar"]
