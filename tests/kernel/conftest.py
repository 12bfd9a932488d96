"""Fixtures of the kernel's tests: settings of one test, servers that take its messages, a template of its own."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from app.kernel import outbox
from app.kernel import settings as settings_module
from app.kernel.channels import mail as mail_channel
from app.kernel.documents import pdf
from app.kernel.settings import Settings, settings
from tests.kernel.mail_server import Gateway, MailServer, gateway, mail_server

Configure = Callable[..., Settings]
Template = Callable[[str], None]


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Change settings for one test, wherever they are read."""

    def change(**values: Any) -> Settings:
        changed = settings().model_copy(update=values)
        for module in (outbox, mail_channel, settings_module):
            monkeypatch.setattr(module, "settings", lambda: changed)
        return changed

    return change


@pytest.fixture
async def mail(configure: Configure) -> AsyncIterator[MailServer]:
    """A running mail server that the settings name."""
    async with mail_server() as server:
        configure(
            smtp_host="127.0.0.1", smtp_port=server.port, smtp_tls="none", mail_from="Hội chợ <fair@fair.example>"
        )
        yield server


@pytest.fixture
async def sms(configure: Configure) -> AsyncIterator[Gateway]:
    """A running gateway that the settings name for SMS and Zalo."""
    async with gateway() as made:
        configure(sms_url=made.url, sms_token="sms-token", zalo_url=made.url, zalo_token="zalo-token")
        yield made


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Template:
    """Put a template called ``tests/sample.typ`` where a module's would lie."""
    (tmp_path / "tests").mkdir()
    monkeypatch.setattr(pdf, "template_folders", lambda _root: [pdf.SHARED, tmp_path])

    def write(body: str, name: str = "sample") -> None:
        (tmp_path / "tests" / f"{name}.typ").write_text('#import "/base.typ": *\n' + body)

    return write
