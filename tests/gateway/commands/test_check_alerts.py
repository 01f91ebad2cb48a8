"""`c360 check` and the receivers of alerts."""

import base64
from collections.abc import Sequence

import pytest

SECRET = base64.b64encode(b"k" * 32).decode()
CONFIG = f"""
[identity]
development = true
[sources.billing]
kind = "dummybilling"
base_url = "http://127.0.0.1:9"
api_key = "sk_1"
[alerts]
finance_approver = {{ url = "https://hooks.example.com/c360", secret = "{SECRET}" }}
platform_admin = {{ url = "https://93.184.216.34/", secret = "{SECRET}" }}
"""


async def test_a_receiver_whose_name_leads_into_the_house_is_named(c360, dummies, tmp_path, monkeypatch) -> None:
    async def resolved(host: str, port: int) -> Sequence[str]:
        return [host] if host[0].isdigit() else ["10.0.0.7"]

    monkeypatch.setattr("gateway.outbound._resolved", resolved)
    path = tmp_path / "gateway.toml"
    path.write_text(CONFIG)

    status, _, err = await c360("check", "--config", path)

    assert status == 1
    [line] = [line for line in err.splitlines() if "[alerts]" in line]
    assert "finance_approver.url cannot be posted to: the name leads to an address that is not public" in line
    assert SECRET not in err


@pytest.mark.parametrize("url", ["http://hooks.example.com/", "https://10.0.0.1/"])
async def test_a_receiver_that_can_never_be_right_is_wrong_configuration(c360, dummies, tmp_path, url) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(CONFIG.replace("https://hooks.example.com/c360", url))
    status, _, err = await c360("check", "--config", path)
    assert status == 2
    assert "[alerts] finance_approver.url" in err
