"""How documents and API descriptions are fetched: from files and from addresses, within limits."""

from __future__ import annotations

from pathlib import Path

import pytest
from raw_server import says, serving

from runyard.arazzo.http.exchange import Unreachable
from runyard.arazzo.http.fetching import Fetch, url_of
from runyard.arazzo.http.limits import Limits


def test_a_document_is_a_file_or_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert url_of("https://example.com/a.yml") == "https://example.com/a.yml"
    assert url_of("file:///a.yml") == "file:///a.yml"
    assert url_of("a b.yml") == f"{tmp_path.as_uri()}/a%20b.yml"


def test_a_text_is_fetched_once(tmp_path: Path) -> None:
    file = tmp_path / "a b.yml"
    file.write_text("\ufeffarazzo: é", encoding="utf-8")
    fetch = Fetch()
    first = fetch(url_of(str(file)))
    file.unlink()

    assert first == "arazzo: é"
    assert fetch(url_of(str(file))) == first


def test_an_address_is_fetched_over_redirects_to_elsewhere() -> None:
    with serving(says(b"openapi: 3.1.0")) as there:
        place = f"Location: {there.url}/api.yml"
        with serving(says(b"", place, status="301 Moved")) as here:
            assert Fetch()(here.url) == "openapi: 3.1.0"

    assert there.heard[0].startswith("GET /api.yml ")


def test_what_cannot_be_fetched_says_why(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    fetch = Fetch(Limits(response_bytes=100))
    (tmp_path / "large").write_bytes(b"x" * 101)

    with pytest.raises(Unreachable, match="No such file"):
        fetch(url_of(str(tmp_path / "absent")))
    with pytest.raises(Unreachable, match="Is a directory"):
        fetch(url_of(str(tmp_path)))
    with pytest.raises(Unreachable, match="no text in UTF-8"):
        fetch(url_of(str(tmp_path / "binary")))
    with pytest.raises(Unreachable, match="larger than 100 bytes"):
        fetch(url_of(str(tmp_path / "large")))
    with pytest.raises(Unreachable, match="neither a file nor an address"):
        fetch("ftp://host/file")
    talk = says(b"no", status="404 Not Found")
    with serving(talk) as server, pytest.raises(Unreachable, match=r"answers 404 Not Found\."):
        fetch(server.url)


def test_a_document_from_elsewhere_names_no_file_of_this_machine(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("text")

    url = url_of(str(tmp_path / "a"))
    with pytest.raises(Unreachable, match="from elsewhere"):
        Fetch(files=False)(url)
    assert Fetch(files=False, named=[url])(url) == "text"  # which the caller chose
