"""What settings refuse: messages that strangers could read on their way."""

import pytest
from pydantic import ValidationError

from app.kernel.nearby import is_near
from app.kernel.settings import Settings


@pytest.mark.parametrize(
    ("host", "near"),
    [
        ("", True),
        ("localhost", True),
        ("mailpit", True),
        ("mail.lan", True),
        ("Mail.Local.", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("10.1.2.3", True),
        ("172.18.0.5", True),
        ("192.168.1.9", True),
        ("fd00::5", True),
        ("172.32.0.5", False),
        ("8.8.8.8", False),
        ("2001:4860:4860::8888", False),
        ("mail.example.vn", False),
        ("lan.example.vn", False),
        ("notlocal.vn", False),
    ],
)
def test_near_is_this_machine_and_private_networks(host: str, near: bool) -> None:
    assert is_near(host) == near


def refused(**values: str) -> list[str]:
    """What the settings say against these values."""
    try:
        Settings(**values)
    except ValidationError as error:
        return [f"{one['loc'][0]}: {one['msg'].removeprefix('Value error, ')}" for one in error.errors()]
    return []


@pytest.mark.parametrize(
    ("host", "tls", "takes"),
    [
        ("mail.example.vn", "none", False),
        ("mail.example.vn", "starttls", True),
        ("mail.example.vn", "tls", True),
        ("mailpit", "none", True),
        ("127.0.0.1", "none", True),
        ("", "none", True),
    ],
)
def test_mails_in_clear_stay_near(host: str, tls: str, takes: bool) -> None:
    sentence = "smtp_tls: in clear mails go to this machine and private networks alone; starttls or tls is needed"
    assert refused(smtp_host=host, smtp_tls=tls) == ([] if takes else [sentence])


@pytest.mark.parametrize("name", ["sms_url", "zalo_url"])
@pytest.mark.parametrize(
    ("value", "takes"),
    [
        ("", True),
        ("https://sms.example.vn/send", True),
        ("http://127.0.0.1:9/", True),
        ("http://gateway:8080/send", True),
        ("http://sms.example.vn/send", False),
        ("http://8.8.8.8/", False),
        ("ftp://gateway/", False),
        ("https://", False),
        ("sms.example.vn", False),
    ],
)
def test_messages_in_clear_stay_near(name: str, value: str, takes: bool) -> None:
    sentence = "an address that begins with https:// is needed; http:// is for this machine and private networks alone"
    assert refused(**{name: value}) == ([] if takes else [f"{name}: {sentence}"])
