"""The journeys' look for secrets finds what stands openly, wherever and however it is written."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.kernel.audit import record
from app.kernel.enums import ChannelKind
from app.kernel.jobs import enqueue
from app.kernel.outbox import send_message
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.journeys.support.leaks import in_files, in_tables
from tests.journeys.support.secrets import CODE, COOKIE, KEY, KINDS, ONCE, Kind, kinds_in, writings

SECRET = "a-token/of one's own, long enough"
WRITTEN = (
    *(SECRET, "a-token/of%20one%27s%20own%2C%20long%20enough", "a-token%2Fof+one%27s+own%2C+long+enough"),
    *("a-token/of one&#x27;s own, long enough", SECRET.encode().hex(), SECRET.encode().hex().upper()),
    *(base64.b64encode(before + SECRET.encode() + b"after").decode() for before in (b"", b"1", b"12", b"123")),
    *(base64.urlsafe_b64encode(before + b"\xfb" + SECRET.encode()).decode() for before in (b"", b"1", b"12")),
)


@pytest.mark.parametrize("written", WRITTEN)
def test_a_secret_is_found_however_it_is_written(written: str) -> None:
    sought = dict.fromkeys(writings(SECRET), KEY)
    assert kinds_in(f"before {written} after", sought) != []
    assert kinds_in("before a-token of one's own after", sought) == []


def test_a_private_key_is_found_in_every_form_that_it_is_kept_in() -> None:
    private = Ed25519PrivateKey.generate()
    raw = private.private_bytes_raw()
    sought = dict.fromkeys(writings(raw), KEY)
    kept = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    for written in (kept, raw.hex(), repr(raw), base64.urlsafe_b64encode(raw).decode()):
        assert [kind for _writing, kind in kinds_in(f"key={written}", sought)] != [], written
    assert kinds_in(repr(Ed25519PrivateKey.generate().private_bytes_raw()), sought) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [("Your code is 123456. Or", True), ("0:00.123456", False), ("91234567", False), ("order 123456", True)],
)
def test_six_digits_are_found_as_a_word(text: str, found: bool) -> None:
    assert bool(kinds_in(text, {"123456": CODE})) == found


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_secret_in_a_file_is_found(kind: Kind, tmp_path: Path) -> None:
    (tmp_path / "var" / "media").mkdir(parents=True)
    for name in ("service.log", "var/media/upload.bin", "var/demo.json"):
        (tmp_path / name).write_bytes(b'\xff{"message": "shown 123456 here"}')
    (tmp_path / "fairground.sqlite").write_text("the database itself: 123456")
    assert in_files(tmp_path, {"123456": kind}) == {
        f"{kind.name} in service.log",
        f"{kind.name} in var/media/upload.bin",
        f"{kind.name} in var/demo.json",
    }


@pytest.mark.engines
async def test_a_secret_in_the_log_of_changes_a_job_or_a_message_is_found(database: str) -> None:
    edition = await make_edition("mot-dia-chi-rieng")
    await record(
        actor=None, action="edition.update", subject_type="edition", subject_id=1, after={"x": "tok-1"}, now=NOW
    )
    job_id = await enqueue("sample", {"link": "https://x/tok-1"}, now=NOW)
    await send_message(to="a@x.vn", channel=ChannelKind.MAIL, subject="tok-1", body="tok-1", locale="vi", now=NOW)
    assert job_id > 0

    async def found(text: str, kind: Kind) -> set[str]:
        return await asyncio.to_thread(in_tables, database, {text: kind})

    outside = {"audit_entry.after", "job.payload", "outbox_message.subject"}
    assert await found("tok-1", ONCE) == {f"one-time link in {column}" for column in outside}
    assert await found("tok-1", COOKIE) == {f"cookie in {column}" for column in (*outside, "outbox_message.body_text")}
    assert await found(edition.slug, KEY) == {"key in audit_entry.after", "key in edition.slug"}
    assert await found("nowhere", KEY) == set()
