"""``fairground doctor`` finds what was broken on purpose, and is content with what is sound."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from piccolo.apps.migrations.tables import Migration

from app.kernel import doctor, outbox
from app.kernel import settings as settings_module
from app.kernel.backup import back_up
from app.kernel.clock import now
from app.kernel.database import close_database, dialect, fetch, open_database
from app.kernel.doctor import examine
from app.kernel.enums import ChannelKind
from app.kernel.images import store_image
from app.kernel.jobs import enqueue
from app.kernel.resealing import reseal
from app.kernel.settings import settings
from app.kernel.signing import ensure_key
from app.main import register_modules
from app.payments import plugin as payments
from tests.events.factories import make_edition
from tests.kernel.mail_server import mail_server
from tests.kernel.test_images import picture
from tests.payments.factories import Seller, make_document, put_on_sale

pytestmark = pytest.mark.engines
Configure = Callable[..., None]


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Change settings; a sound set-up to begin with."""

    def change(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        settings_module.secret_key.cache_clear()

    register_modules()
    monkeypatch.setattr(doctor, "assets_built", lambda: True)
    change(
        DATA_DIR=str(tmp_path),
        BASE_URL="https://hoi.example",
        KEY_ENCRYPTION_KEY="k" * 32,
        REQUIRE_TWO_STEP="true",
        SMS_URL="https://sms.example",
        BANK_BIN="970436",
        BANK_ACCOUNT="0011001932418",
        BANK_ACCOUNT_NAME="HOI LHPN",
    )
    yield change
    settings.cache_clear()
    settings_module.secret_key.cache_clear()


def as_superuser() -> list[str]:
    """What is said of the tests' own role; ``test_roles.py`` has others."""
    if dialect() == "sqlite":
        return []
    return [
        "The database role fairground is a superuser: whoever breaks into the service can change the log of changes. "
        "Give it rights on rows alone with .docker/roles.sql."
    ]


async def said(level: str) -> list[str]:
    return [finding.sentence for finding in [found async for found in examine()] if finding.level == level]


async def test_a_sound_set_up_is_fine(database: str, configure: Configure, tmp_path: Path) -> None:
    await ensure_key("test", now())
    await store_image(picture(), now=now())
    async with mail_server() as server:
        configure(SMTP_HOST="127.0.0.1", SMTP_PORT=str(server.port), SMTP_TLS="none")
        await back_up(tmp_path / "all.zip", now=now())
        assert (await said("wrong"), await said("mind")) == ([], as_superuser())
        assert len(await said("fine")) == 12


async def test_voluntary_second_steps_are_named_at_a_public_address(database: str, configure: Configure) -> None:
    sentence = "REQUIRE_TWO_STEP is off: whoever reads an owner's messages can sign in in her place."
    found = {}
    for address in ("https://hoi.example", "http://localhost:8000"):
        configure(REQUIRE_TWO_STEP="false", BASE_URL=address)
        found[address] = (await said("mind")).count(sentence)
    assert found == {"https://hoi.example": 1, "http://localhost:8000": 0}


async def test_settings_that_do_not_fit_are_named(database: str, configure: Configure, tmp_path: Path) -> None:
    configure(BASE_URL="http://hoi.example", DEMO="true", SECRET_KEY="", SMTP_HOST="127.0.0.1", SMTP_PORT="1")
    settings_module.secret_key()
    (tmp_path / "secret.key").chmod(0o644)
    assert await said("wrong") == [
        "BASE_URL http://hoi.example is not HTTPS: cameras and offline pages do not work on phones.",
        "DEMO is on at a public address: everybody can read all messages.",
        f"{tmp_path}/secret.key can be read by others. Run `chmod 600 {tmp_path}/secret.key`.",
        "The mail server 127.0.0.1 does not take us: SMTPConnectError.",
    ]
    configure(
        BASE_URL="http://localhost:8000", DEMO="false", CLOCK_OFFSET_SECONDS="60", KEY_ENCRYPTION_KEY="", SMTP_HOST=""
    )
    assert "CLOCK_OFFSET_SECONDS is set: the service lives in another time." in await said("wrong")
    configure(CLOCK_OFFSET_SECONDS="0", SMS_URL="")
    assert await said("mind") == [
        "BASE_URL is http://localhost:8000: nobody but this machine can follow links.",
        "KEY_ENCRYPTION_KEY is empty: who has SECRET_KEY and the database can sign passes.",
        *as_superuser(),
        "No mail server is set (SMTP_HOST): mails wait.",
        "Neither SMS_URL nor ZALO_URL is set: who has a phone number only gets no message.",
        "No backup was made yet. Run `fairground backup FILE --keys KEYFILE`.",
    ]


async def test_payers_without_an_account_to_transfer_to_are_minded(database: str, configure: Configure) -> None:
    assert "People transfer money to HOI LHPN, account 0011001932418." in await said("fine")
    configure(BANK_ACCOUNT_NAME="")
    assert "No BANK_ACCOUNT_NAME: payers cannot compare the name that their bank shows." in await said("mind")
    configure(BANK_ACCOUNT="")
    assert "No BANK_BIN and BANK_ACCOUNT: payers are not told where to transfer money to." in await said("mind")


async def test_a_database_that_a_newer_version_has_changed_is_told(database: str, configure: Configure) -> None:
    await Migration.insert(Migration(name="2099-01-01T00:00:00", app_name="kernel"))
    assert any("is newer than this program (migration 2099-01-01T00:00:00" in found for found in await said("wrong"))


async def test_settings_that_everybody_can_read_are_told(
    database: str, configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    kept = tmp_path / ".env"
    kept.write_text("")
    told = "Every account of this machine can read .env. Run `chmod 600 .env`."
    kept.chmod(0o644)
    assert told in await said("wrong")
    kept.chmod(0o640)
    assert told not in await said("wrong")


@pytest.mark.parametrize(
    ("url", "minded"),
    [
        ("sqlite:///fair.sqlite", False),
        ("postgresql://fair:secret@database:5432/fair", False),
        ("postgresql://fair:secret@10.0.0.7/fair", False),
        ("postgresql:///fair", False),
        ("postgresql://fair:secret@db.example.vn/fair", True),
        ("postgresql://fair:secret@db.example.vn/fair?sslmode=require", True),
        ("postgresql://fair:secret@db.example.vn/fair?sslmode=verify-full&sslrootcert=ca.pem", False),
    ],
)
async def test_a_far_database_whose_certificate_nobody_checks_is_named(
    database: str, configure: Configure, url: str, minded: bool
) -> None:
    configure(DATABASE_URL=url)
    sentence = (
        "What passes between here and the database at db.example.vn can be read or forged on its way: "
        "DATABASE_URL wants ?sslmode=verify-full&sslrootcert=FILE."
    )
    assert [found for found in await said("mind") if "on its way" in found] == ([sentence] if minded else [])


async def test_lost_photos_and_a_key_that_does_not_fit(database: str, configure: Configure, tmp_path: Path) -> None:
    await ensure_key("test", now())
    digest = await store_image(picture(), now=now())
    next((tmp_path / "media").rglob(f"{digest}.*")).unlink()
    configure(KEY_ENCRYPTION_KEY="another" * 5)
    assert await said("wrong") == [
        "Signing key 1 cannot be opened: KEY_ENCRYPTION_KEY is not the one it was made with.",
        "1 secrets are sealed under a key that is not set. Put it into KEY_ENCRYPTION_KEY_OLD and run "
        "`fairground keys reseal`.",
        "1 of 1 photos are not in the data folder. Restore them.",
    ]


async def test_secrets_under_an_old_key_are_told(database: str, configure: Configure) -> None:
    await ensure_key("test", now())
    configure(KEY_ENCRYPTION_KEY="another" * 5, KEY_ENCRYPTION_KEY_OLD="k" * 32)
    old = "1 secrets are sealed under an old key. Run `fairground keys reseal`, then take KEY_ENCRYPTION_KEY_OLD away."
    assert [sentence for sentence in await said("mind") if "sealed" in sentence] == [old]
    await reseal()
    done = "Nothing is sealed under an old key any more: take KEY_ENCRYPTION_KEY_OLD away."
    assert [sentence for sentence in await said("mind") if "sealed" in sentence] == [done]
    configure(KEY_ENCRYPTION_KEY_OLD="")
    assert [sentence for sentence in await said("fine") if "sealed" in sentence] == [
        "All 1 sealed secrets are under the present key."
    ]


async def test_cards_that_are_not_charged_or_noticed_late_are_told(
    database: str, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "_looks", [])
    payments.start()
    put_on_sale(monkeypatch, Seller())

    def cards(sentences: list[str]) -> list[str]:
        return [sentence for sentence in sentences if "STRIPE" in sentence or "Stripe" in sentence]

    await ensure_key("test", now())
    assert cards(await said("mind")) == []
    configure(STRIPE_TEST_SECRET_KEY="sk_test_1")
    assert cards(await said("mind")) == [
        "STRIPE_TEST_SECRET_KEY alone is set: cards are not charged.",
        "No STRIPE_WEBHOOK_SECRET: card payments are noticed minutes later.",
    ]
    edition = await make_edition()
    sells = "Festivals bill in Stripe's sandbox"
    assert not [one for one in await said("mind") if sells in one]  # nothing is sold yet
    await make_document(edition)
    assert [one.partition(":")[0] for one in await said("mind") if sells in one] == [f"{sells} ({edition.slug})"]
    await fetch("UPDATE edition SET state = 'closed'")
    assert not [one for one in await said("mind") if sells in one]
    await fetch("UPDATE edition SET state = 'open'")
    configure(DEMO="true")
    assert not [one for one in await said("mind") if sells in one]
    configure(STRIPE_TEST_SECRET_KEY="", STRIPE_SECRET_KEY="sk_live_1", STRIPE_WEBHOOK_SECRET="whsec_1")
    assert cards(await said("wrong")) == [
        "STRIPE_SECRET_KEY is set and DEMO is on: real cards are charged for what nobody sells."
    ]
    configure(DEMO="false", BASE_URL="http://localhost:8000")
    assert cards(await said("mind")) == [
        "STRIPE_SECRET_KEY is set: real cards are charged, though BASE_URL is http://localhost:8000."
    ]
    configure(BASE_URL="https://hoi.example")
    assert cards(await said("mind")) == []
    assert cards(await said("fine")) == ["People pay by card through Stripe, live."]


async def test_work_that_nobody_does(database: str, configure: Configure) -> None:
    earlier = now() - timedelta(minutes=20)
    await outbox.send_message(
        to="hoa@example.com", channel=ChannelKind.MAIL, subject="Vé", body="Xin chào", locale="vi", now=earlier
    )
    await enqueue("test.due", run_at=earlier, now=earlier)
    configure(JOBS_INLINE="false")
    assert await said("wrong") == [
        f"1 mail waits since {earlier:%Y-%m-%d %H:%M} UTC.",
        f"1 task waits since {earlier:%Y-%m-%d %H:%M} UTC.",
        "Nobody does the background work: does `fairground worker` run?",
    ]


async def test_an_old_database_is_told_and_no_more_is_asked(empty_database: str, configure: Configure) -> None:
    (sentence,) = await said("wrong")
    assert sentence.endswith("migrations are waiting. Run `fairground migrate`.")


async def test_a_backup_that_is_old_is_told(database: str, configure: Configure, tmp_path: Path) -> None:
    at = now() - timedelta(days=3)
    await back_up(tmp_path / "all.zip", now=at)
    assert f"The last backup was made at {at:%Y-%m-%d %H:%M} UTC." in await said("mind")


async def test_the_front_end_and_the_database_are_looked_at(
    database: str, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "assets_built", lambda: False)
    monkeypatch.setattr(doctor, "LEAST_FREE_BYTES", 1 << 60)
    wrong = await said("wrong")
    assert wrong[0].startswith("The disk of ")
    assert wrong[1:] == ["The scanner, the tablet and the plan editor are not built. Run `fairground assets`."]
    if dialect() == "postgres":
        monkeypatch.setattr(doctor, "OLDEST_POSTGRES", 990_000)
        assert [one for one in await said("wrong") if one.startswith("PostgreSQL 14 or newer")] != []
        return
    await fetch("PRAGMA wal_checkpoint(TRUNCATE)")
    await close_database()
    path = Path(database.removeprefix("sqlite:///"))
    data = path.read_bytes()
    path.write_bytes(data[:8192] + b"\x00" * 8192 + data[16384:])
    await open_database()
    assert (await doctor._database()).level == "wrong"
