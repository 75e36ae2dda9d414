from __future__ import annotations

import urllib.request

import pytest

from runyard.web.claims import Keys
from runyard.web.job_environment import job_environment

URL = "http://127.0.0.1:8642"
KEYS = Keys(access_key="key", secret_key="secret", token="token")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize("given", ["no_proxy", "NO_PROXY"])
def test_a_job_reaches_its_server_past_an_inherited_proxy(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.setenv(given, "intranet.example")
    for name, value in job_environment(URL, KEYS, {}).items():
        monkeypatch.setenv(name, value)

    assert urllib.request.proxy_bypass("127.0.0.1:8642")
    assert urllib.request.proxy_bypass("intranet.example")
    assert not urllib.request.proxy_bypass("pypi.example")


def test_a_job_hears_nothing_of_proxies_where_there_are_none() -> None:
    environment = job_environment(URL, KEYS, {"STAGE": "test"})

    assert not {name for name in environment if "proxy" in name.lower()}
    assert environment["STAGE"] == "test"
    assert environment["AWS_ENDPOINT_URL"] == URL
