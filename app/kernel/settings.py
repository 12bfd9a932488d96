"""Settings: everything that differs between installations, read from the environment and a ``.env`` file."""

import re
from contextlib import suppress
from datetime import date
from email.utils import parseaddr
from functools import lru_cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.kernel.nearby import is_near


class Settings(BaseSettings):
    """Each field is an environment variable of the same name in capitals; README.md lists them all."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, hide_input_in_errors=True)

    database_url: str = Field(
        default="sqlite:///var/fairground.sqlite",
        description="`sqlite:///path` or `postgresql://user:password@host:port/name`; nothing else changes",
    )
    base_url: str = Field(
        default="http://127.0.0.1:8000",
        description="Where people reach the service; stands in links, mails and QR codes",
    )
    data_dir: Path = Field(default=Path("var"), description="Folder of uploads, photos and keys of this installation")
    secret_key: str = Field(
        default="",
        description="At least 32 characters; signs forms and links. Empty: one is made in `DATA_DIR/secret.key`",
    )
    key_encryption_key: str = Field(
        default="",
        description="At least 32 characters; encrypts the private signing keys and the secrets of two-step sign-in "
        "at rest. Empty: derived from `SECRET_KEY`",
    )
    key_encryption_key_old: str = Field(
        default="",
        description="Earlier keys, separated by commas, that still open what was encrypted under them, "
        "until `fairground keys reseal` is done",
    )
    demo: bool = Field(
        default=False, description="Demo mode: messages are shown on screen and sign-in links are printed"
    )
    clock_offset_seconds: int = Field(
        default=0,
        ge=-(10**9),
        le=10**9,
        description="Added to the real time; the demo festival uses it to stand in its own days",
    )
    jobs_inline: bool = Field(
        default=True, description="Run background jobs inside the web process, without a `fairground worker`"
    )
    database_pool_size: int = Field(
        default=8, ge=1, le=100, description="Connections kept per process (PostgreSQL and SQLite alike)"
    )
    public_page_seconds: float = Field(
        default=1.0, ge=0, le=60, description="How long a public page is kept for readers who are not signed in; 0: not"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Least severe log line that is written"
    )
    metrics_token: str = Field(
        default="", description="Bearer token that `/metrics` (Prometheus) wants; empty: there is no such page"
    )
    session_days: int = Field(default=14, ge=1, le=90, description="Days a sign-in lasts when unused")
    require_two_step: bool = Field(
        default=False,
        description="Owners, managers and finance need two-step sign-in: without it they reach only the page that "
        "sets it up",
    )
    session_longest_days: int = Field(
        default=30, ge=1, le=365, description="Days after which a sign-in ends, however much it is used"
    )
    organiser_session_hours: int = Field(
        default=12, ge=1, le=720, description="Hours an organiser's sign-in lasts when unused"
    )
    organiser_session_days: int = Field(
        default=7, ge=1, le=365, description="Days after which an organiser's sign-in ends, however much it is used"
    )
    order_brake: int = Field(
        default=600,
        ge=0,
        description="Orders in ten minutes under contacts that nobody signed in with, for each edition, from which on "
        "such an order is taken at its second try, a minute later; 0: never",
    )
    application_draft_days: int = Field(
        default=14,
        ge=4,
        le=365,
        description="Days until an application that was never sent is deleted; a reminder goes 3 days before",
    )
    mail_from: str = Field(default="Fairground <fairground@localhost>", description="Sender of mails")
    smtp_host: str = Field(default="", description="Mail server; empty: mails wait in the outbox")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Port of the mail server")
    smtp_user: str = Field(default="", description="User at the mail server")
    smtp_password: str = Field(default="", description="Password at the mail server")
    smtp_tls: Literal["none", "starttls", "tls"] = Field(
        default="starttls",
        description="Encryption towards the mail server: `starttls`, `tls` or, on this machine and private networks "
        "alone, `none`",
    )
    sms_url: str = Field(default="", description="HTTPS address of the SMS gateway; empty: SMS wait")
    sms_token: str = Field(default="", description="Bearer token of the SMS gateway")
    zalo_url: str = Field(
        default="",
        description="HTTPS address of the Zalo ZNS gateway; set: what goes to a phone goes there, not by SMS",
    )
    zalo_token: str = Field(default="", description="Bearer token of the Zalo ZNS gateway")
    bank_bin: str = Field(default="", description="Six-digit bank code (NAPAS BIN) shown in VietQR transfers")
    bank_account: str = Field(
        default="", description="Account number of VietQR transfers; what comes to another one waits for a person"
    )
    bank_account_name: str = Field(default="", description="Name of the account of VietQR transfers")
    instant_transfer_ceiling: int = Field(
        default=500_000_000,
        ge=1_000_000,
        description="Highest amount in VND that banks transfer at once; what is above is split over several VietQR "
        "codes",
    )
    sepay_api_key: str = Field(
        default="",
        description="Key that SePay sends with each notice of a transfer, at least 16 characters; empty: its notices "
        "are refused",
    )
    einvoice_url: str = Field(
        default="",
        description="HTTPS address of the provider of legal e-invoices; empty: they are typed by hand, and their files "
        "loaded up",
    )
    einvoice_token: str = Field(default="", description="Bearer token of the provider of e-invoices")
    einvoice_provider: str = Field(
        default="", max_length=60, description="Name of the provider of e-invoices, as it stands on papers"
    )
    einvoice_since: str = Field(
        default="",
        description="First day (`2026-01-31`) whose paid invoices get an e-invoice by the provider; empty: all that "
        "have none",
    )
    stripe_secret_key: str = Field(
        default="",
        description="Live key of Stripe, secret (`sk_live_`) or restricted (`rk_live_`): real cards are charged; "
        "empty: none is",
    )
    stripe_test_secret_key: str = Field(
        default="",
        description="Test key of Stripe (`sk_test_`, `rk_test_`), for editions that try cards out; with neither key "
        "nobody pays by card",
    )
    stripe_webhook_secret: str = Field(
        default="",
        description="Signing secret of Stripe's webhook, or several separated by commas: of both modes, or while it is "
        "changed; empty: what Stripe tells is refused",
    )
    stripe_account: str = Field(
        default="", description="Stripe account (`acct_`) whose events are taken, where the webhook hears of several"
    )
    stripe_api_base: str = Field(
        default="",
        description="Address of a server that is asked in Stripe's place, for tests: on this machine or a private "
        "network alone, and only with a test key alone",
    )

    @field_validator("database_url")
    @classmethod
    def _names_a_file(cls, value: str) -> str:
        """Raises ValueError also for what is no address at all; what is no PostgreSQL, the engine says."""
        if urlsplit(value).scheme == "sqlite" and not re.match(r"sqlite:///+[^/]", value):
            raise ValueError("a file is needed, as in sqlite:///var/fairground.sqlite")
        return value

    @field_validator("base_url")
    @classmethod
    def _address_of_a_site(cls, value: str) -> str:
        """Links append a path to it, and QR codes write it in capitals: so it has no path of its own."""
        parts = urlsplit(value.rstrip("/"))
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query or parts.fragment:
            raise ValueError("an address such as https://hoi-cho.vn is needed, without a path")
        if parts.port == 0:  # one beyond all ports raises by itself
            raise ValueError("Port out of range 1-65535")
        return value.rstrip("/")

    @field_validator("secret_key", "key_encryption_key")
    @classmethod
    def _long_enough(cls, value: str) -> str:
        if value and len(value) < 32:
            raise ValueError("at least 32 characters are needed")
        return value

    @field_validator("mail_from")
    @classmethod
    def _sends_mail(cls, value: str) -> str:
        name, _at, host = parseaddr(value)[1].rpartition("@")
        if not name or not host:
            raise ValueError("a sender such as Hội chợ <ve@hoi-cho.vn> is needed")
        return value

    @field_validator("bank_bin")
    @classmethod
    def _bank_at_napas(cls, value: str) -> str:
        """No VietQR code can be made with another, and everybody's bill would break."""
        if value and not re.fullmatch(r"[0-9]{6}", value):
            raise ValueError("six digits are needed")
        return value

    @field_validator("bank_account")
    @classmethod
    def _account_of_vietqr(cls, value: str) -> str:
        """As above."""
        if value and not re.fullmatch(r"[0-9A-Za-z]{1,19}", value):
            raise ValueError("at most 19 digits and letters are taken, without spaces or signs")
        return value

    @field_validator("sepay_api_key")
    @classmethod
    def _not_guessed(cls, value: str) -> str:
        """Who knows it can say that money came."""
        if value and len(value) < 16:
            raise ValueError("at least 16 characters are needed")
        return value

    @field_validator("smtp_tls")
    @classmethod
    def _mails_are_sealed(cls, value: str, info: ValidationInfo) -> str:
        """Sign-in links go out by mail."""
        if value == "none" and not is_near(info.data.get("smtp_host", "")):
            raise ValueError("in clear mails go to this machine and private networks alone; starttls or tls is needed")
        return value

    @field_validator("sms_url", "zalo_url", "einvoice_url")
    @classmethod
    def _messages_are_sealed(cls, value: str) -> str:
        """Sign-in links, names on bills and a token go there."""
        parts = urlsplit(value)
        near = parts.scheme == "http" and parts.hostname and is_near(parts.hostname)
        if value and not near and (parts.scheme != "https" or not parts.hostname):
            raise ValueError(
                "an address that begins with https:// is needed; http:// is for this machine and private networks alone"
            )
        return value

    @field_validator("einvoice_since")
    @classmethod
    def _a_day(cls, value: str) -> str:
        """Raises ValueError for what is no day."""
        return date.fromisoformat(value).isoformat() if value else ""

    @field_validator("stripe_secret_key", "stripe_test_secret_key")
    @classmethod
    def _key_of_its_mode(cls, value: str, info: ValidationInfo) -> str:
        """A test key takes no money, and a live key takes real money: neither shall happen by mistake."""
        kind, other = ("live", "test") if info.field_name == "stripe_secret_key" else ("test", "live")
        if value.startswith((f"sk_{other}_", f"rk_{other}_")):
            place = "STRIPE_TEST_SECRET_KEY" if other == "test" else "STRIPE_SECRET_KEY"
            raise ValueError(f"this is a {other} key, which belongs into {place}; STRIPE_MODE is not needed any more")
        if value and not value.startswith((f"sk_{kind}_", f"rk_{kind}_")):
            raise ValueError(f"a key that begins with sk_{kind}_ or rk_{kind}_ is needed")
        return value

    @field_validator("stripe_api_base")
    @classmethod
    def _stripe_itself_when_live(cls, value: str, info: ValidationInfo) -> str:
        """The secret key goes there."""
        host = urlsplit(value).hostname
        if value and (info.data.get("stripe_secret_key", "") or not host or not is_near(host)):
            raise ValueError("this is for tests: near addresses alone, and not while STRIPE_SECRET_KEY is set")
        return value.rstrip("/")

    @property
    def einvoices_from(self) -> date | None:
        """First day whose paid invoices get an e-invoice by the provider; None when all do that have none."""
        return date.fromisoformat(self.einvoice_since) if self.einvoice_since else None

    @property
    def media_dir(self) -> Path:
        """Folder of stored images and uploads, named by hash."""
        return self.data_dir / "media"

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies are sent over HTTPS only."""
        return self.base_url.startswith("https://")


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()


@lru_cache(maxsize=1)
def secret_key() -> bytes:
    """The installation's secret: ``SECRET_KEY``, or one made once in the data folder.

    Several processes may ask for it at once on the first start; all get the same.
    """
    import os
    import secrets
    from tempfile import NamedTemporaryFile

    if settings().secret_key:
        return settings().secret_key.encode()
    path = settings().data_dir / "secret.key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=path.parent, prefix=".secret-") as file:  # readable by its owner alone
            file.write(secrets.token_hex(32))
            file.flush()
            with suppress(FileExistsError):
                os.link(file.name, path)
    return path.read_text().strip().encode()
