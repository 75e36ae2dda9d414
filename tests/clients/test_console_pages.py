"""The frame of the console's pages, and the files that they are made of."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from console_yard import Visitor
from live import Live


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("console-pages") / "home", settings="preload = []\n").start()
    yield server
    server.close()


@pytest.fixture
def visitor(live: Live) -> Visitor:
    return Visitor(live).enter()


PLACES = (
    "/",
    "/login",
    "/runs",
    "/runs/5",
    "/jobs",
    "/jobs/5",
    "/sql",
    "/workflows",
    "/workflows/5",
    "/dremio",
    "/admin",
)


def test_every_address_of_the_console_is_a_page_under_a_strict_policy(live: Live) -> None:
    replies = [Visitor(live, headers={}).ask("GET", path) for path in PLACES]

    policies = {reply.headers["content-security-policy"] or "" for reply in replies}
    (policy,) = policies
    assert {reply.status for reply in replies} == {200}
    assert policy.startswith("default-src 'none'; script-src 'self' 'sha256-")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert Visitor(live, headers={}).ask("GET", "/runs/five").status == 401


def told_with(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="told">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def ahead(page: str, kind: str) -> list[str]:
    return re.findall(rf'<link rel="{kind}"[^>]* href="([^"]+)">', page)


def test_a_page_says_who_is_there_and_names_ahead_what_it_will_ask_for(visitor: Visitor) -> None:
    page = visitor.ask("GET", "/runs/5").read().decode()

    assert told_with(page)["session"] == visitor.told("GET", "/console/v1/session")
    assert ahead(page, "preload") == ["/console/v1/runs/5"]
    modules = ahead(page, "modulepreload")
    assert {name.partition("/ui/")[2] for name in modules} >= {"main.js", "run.js", "log.js"}
    assert not any("login" in name or "jobs" in name for name in modules)
    assert {visitor.ask("GET", name).status for name in modules + ahead(page, "stylesheet")} == {200}


def test_a_page_names_nothing_ahead_for_strangers_and_for_addresses_with_a_query(live: Live, visitor: Visitor) -> None:
    strangers = Visitor(live).ask("GET", "/runs/5")
    page = strangers.read().decode()
    filtered = visitor.ask("GET", "/runs?phase=failed").read().decode()

    assert strangers.headers["cache-control"] == "no-store"
    assert told_with(page)["session"] == {"user": None}
    assert ahead(page, "preload") == ahead(filtered, "preload") == []
    assert any(name.endswith("/ui/login.js") for name in ahead(page, "modulepreload"))


def test_a_name_in_a_page_cannot_leave_the_place_of_what_is_told(visitor: Visitor) -> None:
    name = "eve</script><script>alert(1)"
    refused = visitor.ask("POST", "/runyard/v1/users", {"name": name, "role": "viewer"})
    page = visitor.ask("GET", "/runs").read().decode()

    assert refused.status == 400
    assert page.count("</script>") == 3


def test_files_are_kept_for_ever_and_sent_once(live: Live) -> None:
    visitor = Visitor(live, headers={})
    page = visitor.ask("GET", "/").read().decode()
    (main,) = re.findall(r'src="(/static/\w+/ui/main\.js)"', page)

    first = visitor.ask("GET", main, accept_encoding="gzip")
    again = visitor.ask("GET", main, if_none_match=first.headers["etag"] or "")

    assert first.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert first.headers["content-encoding"] == "gzip"
    assert (again.status, again.read()) == (304, b"")
    assert visitor.ask("GET", "/static/0000000000000000/ui/main.js").status == 404
    assert visitor.ask("GET", main.replace("ui/main.js", "../app.py")).status == 404
