"""What settings refuse: messages that strangers could read on their way."""

from pathlib import Path

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


@pytest.mark.parametrize(
    ("mode", "key", "takes"),
    [
        ("sandbox", "", True),
        ("sandbox", "sk_test_1", True),
        ("sandbox", "rk_test_1", True),
        ("sandbox", "sk_live_1", False),
        ("sandbox", "pk_test_1", False),
        ("live", "sk_live_1", True),
        ("live", "rk_live_1", True),
        ("live", "sk_test_1", False),
    ],
)
def test_a_key_of_stripe_is_one_of_its_mode(mode: str, key: str, takes: bool) -> None:
    name, kind = ("stripe_test_secret_key", "test") if mode == "sandbox" else ("stripe_secret_key", "live")
    sentence = f"{name}: a key that begins with sk_{kind}_ or rk_{kind}_ is needed"
    if key.startswith("sk_"):
        other, place = ("live", "SECRET_KEY") if kind == "test" else ("test", "TEST_SECRET_KEY")
        sentence = (
            f"{name}: this is a {other} key, which belongs into STRIPE_{place}; STRIPE_MODE is not needed any more"
        )
    assert refused(**{name: key}) == ([] if takes else [sentence])


@pytest.mark.parametrize(
    ("mode", "base", "takes"),
    [
        ("sandbox", "http://127.0.0.1:9", True),
        ("sandbox", "http://stripe-mock:12111", True),
        ("sandbox", "https://api.example.com", False),
        ("sandbox", "nowhere", False),
        ("live", "http://127.0.0.1:9", False),
        ("live", "", True),
    ],
)
def test_a_stand_in_for_stripe_is_near_and_never_live(mode: str, base: str, takes: bool) -> None:
    sentence = "stripe_api_base: this is for tests: near addresses alone, and not while STRIPE_SECRET_KEY is set"
    keys = {"stripe_test_secret_key": "sk_test_1"} | ({"stripe_secret_key": "sk_live_1"} if mode == "live" else {})
    assert refused(**keys, stripe_api_base=base) == ([] if takes else [sentence])


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("database_url", "sqlite:///var/fair.sqlite", ""),
        ("database_url", "sqlite:////srv/fair.sqlite", ""),
        ("database_url", "sqlite:fair.sqlite", "a file is needed, as in sqlite:///var/fairground.sqlite"),
        ("database_url", "sqlite://", "a file is needed, as in sqlite:///var/fairground.sqlite"),
        ("database_url", "sqlite:////", "a file is needed, as in sqlite:///var/fairground.sqlite"),
        ("base_url", "https://hoi.example:8443", ""),
        ("base_url", "http://hoi.example:0", "Port out of range 1-65535"),
        ("base_url", "http://hoi.example:99999", "Port out of range 0-65535"),
        ("smtp_port", "65535", ""),
        ("smtp_port", "65536", "Input should be less than or equal to 65535"),
        ("smtp_port", "0", "Input should be greater than or equal to 1"),
        ("clock_offset_seconds", "-9999999999", "Input should be greater than or equal to -1000000000"),
        ("mail_from", "ve@hoi.example", ""),
        ("mail_from", "Hội chợ <ve@hoi.example>", ""),
        ("mail_from", "", "a sender such as Hội chợ <ve@hoi-cho.vn> is needed"),
        ("mail_from", "Hội chợ", "a sender such as Hội chợ <ve@hoi-cho.vn> is needed"),
        ("bank_bin", "970436", ""),
        ("bank_bin", "VCB", "six digits are needed"),
        ("bank_bin", "９７０４３６", "six digits are needed"),
        ("bank_account", "0011001932418", ""),
        ("bank_account", "0011 0019", "at most 19 digits and letters are taken, without spaces or signs"),
        ("bank_account", "1" * 20, "at most 19 digits and letters are taken, without spaces or signs"),
    ],
)
def test_what_could_not_work_is_refused_before_anybody_meets_it(name: str, value: str, said: str) -> None:
    assert refused(**{name: value}) == ([f"{name}: {said}"] if said else [])


def test_a_setting_that_is_refused_is_not_repeated() -> None:
    with pytest.raises(ValidationError) as error:
        Settings(stripe_test_secret_key="sk_live_nobody_shall_read_this")
    assert "nobody_shall_read" not in str(error.value)


def test_a_file_of_settings_is_read_and_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text(
        "# of this installation\nMAIL_FROM='Hội chợ <ve@hoi.example>'\nsession_days=3\nORDER_BRAKE=7\nNOT_OURS=1\n",
        encoding="utf-8",
    )
    for name in ("MAIL_FROM", "SESSION_DAYS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ORDER_BRAKE", "8")
    monkeypatch.chdir(tmp_path)
    found = Settings()
    assert (found.mail_from, found.session_days, found.order_brake) == ("Hội chợ <ve@hoi.example>", 3, 8)
    monkeypatch.chdir("/")
    assert (Settings().session_days, Settings().order_brake) == (Settings.model_fields["session_days"].default, 8)
