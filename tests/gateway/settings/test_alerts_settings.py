"""[alerts] of gateway.toml."""

import base64
from pathlib import Path

import pytest

from gateway.settings import Settings, SettingsError, load_settings

SECRET = base64.b64encode(b"k" * 32).decode()
BASE = """
[identity]
issuer = "https://id.example.com/"
audience = "urn:c360:gateway"
tenant = "acme"

[sources.billing]
kind = "dummybilling"
base_url = "https://billing.example.com/"
api_key = "sk_1"
"""

pytestmark = pytest.mark.usefixtures("dummies")


def load(directory: Path, text: str) -> Settings:
    path = directory / "gateway.toml"
    path.write_text(BASE + text)
    return load_settings(path)


def test_each_role_has_a_receiver_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALERTS_SECRET", f"whsec_{SECRET}")
    settings = load(
        tmp_path,
        '[alerts]\nallow = ["hooks.corp.example"]\n'
        'finance_approver = { url = "https://hooks.example.com/c360", secret = "${ALERTS_SECRET}" }\n'
        '[alerts.platform_admin]\nurl = "https://10.0.0.1.example.com/"\nsecret = "${ALERTS_SECRET}"\n',
    )
    assert set(settings.alerts.receivers) == {"finance_approver", "platform_admin"}
    assert settings.alerts.receivers["finance_approver"].url == "https://hooks.example.com/c360"
    assert settings.alerts.allow == ("hooks.corp.example",)
    assert f"whsec_{SECRET}" in settings.secrets()
    assert SECRET not in repr(settings.alerts)


def test_nobody_is_told_where_the_section_is_not_there(tmp_path: Path) -> None:
    assert load(tmp_path, "").alerts.receivers == {}


@pytest.mark.parametrize(
    ("section", "words"),
    [
        (f'boss = {{ url = "http://hooks.example.com/", secret = "{SECRET}" }}', ["boss.url", "not https"]),
        (f'boss = {{ url = "http://127.0.0.1:9/", secret = "{SECRET}" }}', ["boss.url", "listed in allow"]),
        (f'boss = {{ url = "https://192.168.0.1/", secret = "{SECRET}" }}', ["boss.url", "not public"]),
        ('boss = { url = "https://hooks.example.com/", secret = "tell-nobody!" }', ["boss.secret", "base64"]),
        ('boss = { url = "https://hooks.example.com/", secret = "c2hvcnQ=" }', ["boss.secret", "24 to 64"]),
        ('boss = { url = "https://hooks.example.com/" }', ["boss.secret", "missing"]),
        ('boss = { url = "https://hooks.example.com/", secret = "c2hvcnQ=", retries = 3 }', ["boss"]),
        ('boss = "https://hooks.example.com/"', ["boss", "not a table"]),
        ("allow = 3", ["allow"]),
    ],
)
def test_what_is_wrong_is_one_sentence_with_the_key_and_without_the_secret(
    tmp_path: Path, section: str, words: list[str]
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, f"[alerts]\n{section}\n")
    said = str(caught.value)
    assert all(word in said for word in [*words, "[alerts]"])
    assert "tell-nobody" not in said
    assert "\n" not in said


def test_a_loopback_receiver_may_be_listed(tmp_path: Path) -> None:
    text = f'[alerts]\nallow = ["127.0.0.1", "[::1]"]\nboss = {{ url = "http://[::1]:9/", secret = "{SECRET}" }}\n'
    assert load(tmp_path, text).alerts.receivers["boss"].url == "http://[::1]:9/"
