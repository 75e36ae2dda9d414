from __future__ import annotations

import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from raw_server import Line, sends, serving
from upstream import Asked, Told, answering, in_turn

from runyard.client.channel import Call, Channel
from runyard.client.connection import DATABRICKS, Connection
from runyard.client.credentials import Bearer
from runyard.client.errors import BrokenAnswer, CallFailed, GivenUp, Unreachable
from runyard.client.retrying import Patience, retry_after
from runyard.client.stop import Stop

QUICK = Patience(try_s=2, total_s=5, tries=4, first_pause_s=0.001, longest_pause_s=0.01)
HANGS_S = 120  # what is to be given up before
SOON_S = 60  # of a machine under load
READ = Call(operation="getJobRun", method="GET", path="/api/2.2/jobs/runs/get", members={"run_id": 7})
START = Call(operation="runJobNow", path="/api/2.2/jobs/run-now", members={"job_id": 7})
AGAIN = Call(operation="runJobNow", path="/api/2.2/jobs/run-now", members={"job_id": 7}, repeatable=True)
SECRET = "dapi-0123-very-secret"


def channel(url: str, *, patience: Patience = QUICK) -> Channel:
    connection = Connection(name="prod", service=DATABRICKS, url=url, credentials=Bearer(token=SECRET))
    return Channel(connection, patience=patience)


def test_a_read_goes_out_with_its_token_and_its_members_in_the_query() -> None:
    with answering(lambda _: Told(body={"run_id": 7})) as cloud:
        answer = channel(cloud.url).call(READ)

    assert answer == {"run_id": 7}
    assert (cloud.asked[0].path, cloud.asked[0].query) == ("/api/2.2/jobs/runs/get", {"run_id": "7"})
    assert cloud.asked[0].headers["authorization"] == f"Bearer {SECRET}"


def test_flags_go_out_in_lower_case_and_what_is_none_stays_at_home() -> None:
    with answering(lambda _: Told()) as cloud:
        channel(cloud.url).call(
            Call(operation="x", method="GET", path="/x", members={"active_only": True, "page_token": None})
        )

    assert cloud.asked[0].query == {"active_only": "true"}


def test_names_in_a_path_are_filled_in_and_told_nowhere_else() -> None:
    with answering(lambda _: Told()) as cloud:
        channel(cloud.url).call(
            Call(
                operation="x",
                method="PUT",
                path="/api/2.0/permissions/jobs/{job_id}",
                members={"job_id": "a/b", "c": 1},
            )
        )

    assert (cloud.asked[0].path, cloud.asked[0].members) == ("/api/2.0/permissions/jobs/a%2Fb", {"c": 1})


def test_calls_in_turn_share_one_connection() -> None:
    ports: set[str] = set()

    def talk(line: Line) -> None:
        ports.add(str(line.connection.getpeername()[1]))
        for _ in range(3):
            line.request()
            line.answer(b"{}")

    with serving(talk) as cloud:
        one = channel(cloud.url)
        for _ in range(3):
            one.call(READ)
        one.close()

    assert len(ports) == 1


def test_a_connection_that_was_hung_up_meanwhile_is_not_used_again() -> None:
    hung_up = threading.Event()

    def first(line: Line) -> None:
        line.request()
        line.answer(b"{}")
        line.connection.shutdown(socket.SHUT_RDWR)
        hung_up.set()

    def second(line: Line) -> None:
        line.request()
        line.answer(b'{"run_id": 8}')

    with serving(first, second) as cloud:
        one = channel(cloud.url)
        one.call(START)
        assert hung_up.wait(60)
        answer = one.call(START)
        one.close()

    assert (answer, cloud.connections) == ({"run_id": 8}, 2)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_read_is_tried_again_while_the_service_is_busy(status: int) -> None:
    with answering(in_turn(Told(status=status), Told(status=status), Told(body={"run_id": 7}))) as cloud:
        answer = channel(cloud.url).call(READ)

    assert (answer, len(cloud.asked)) == ({"run_id": 7}, 3)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 501])
def test_a_refusal_is_not_tried_again(status: int) -> None:
    with answering(lambda _: Told(status=status)) as cloud, pytest.raises(CallFailed) as refused:
        channel(cloud.url).call(READ)

    assert (refused.value.status, len(cloud.asked)) == (status, 1)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_start_without_a_name_of_its_own_is_sent_once(status: int) -> None:
    with answering(lambda _: Told(status=status)) as cloud, pytest.raises(CallFailed):
        channel(cloud.url).call(START)

    assert len(cloud.asked) == 1


def test_a_start_that_may_be_repeated_is() -> None:
    with answering(in_turn(Told(status=503), Told(body={"run_id": 9}))) as cloud:
        answer = channel(cloud.url).call(AGAIN)

    assert (answer, len(cloud.asked)) == ({"run_id": 9}, 2)


def test_what_was_turned_away_for_too_many_calls_is_asked_again_whatever_it_is() -> None:
    with answering(in_turn(Told(status=429), Told(body={"run_id": 9}))) as cloud:
        answer = channel(cloud.url).call(START)

    assert (answer, len(cloud.asked)) == ({"run_id": 9}, 2)


def test_the_last_refusal_is_told_with_the_words_of_the_service() -> None:
    body = {"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "Too many requests."}
    told = Told(status=429, body=body, headers={"x-request-id": "r-1"})
    with answering(lambda _: told) as cloud, pytest.raises(CallFailed) as refused:
        channel(cloud.url).call(READ)

    text = "getJobRun on prod: 429 REQUEST_LIMIT_EXCEEDED: Too many requests. (request r-1)"
    assert (str(refused.value), refused.value.code, refused.value.request_id, len(cloud.asked)) == (
        text,
        "REQUEST_LIMIT_EXCEEDED",
        "r-1",
        4,
    )


def test_a_pause_that_is_asked_for_is_kept() -> None:
    moments: list[float] = []

    def answer(_: Asked) -> Told:
        moments.append(time.monotonic())
        return Told(status=503, headers={"retry-after": "1"}) if len(moments) == 1 else Told()

    with answering(answer) as cloud:
        channel(cloud.url).call(READ)

    assert 1.0 <= moments[1] - moments[0] < SOON_S


def test_a_pause_beyond_the_time_there_is_ends_the_call_at_once() -> None:
    before = time.monotonic()
    told = Told(status=429, headers={"retry-after": "3600"})
    with answering(lambda _: told) as cloud, pytest.raises(CallFailed):
        channel(cloud.url).call(READ)

    assert (len(cloud.asked), time.monotonic() - before < SOON_S) == (1, True)


def test_a_pause_may_be_a_number_or_a_date() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    past = "Wed, 21 Oct 2015 07:28:00 GMT"

    assert retry_after("7") == 7
    assert 25 < (retry_after(soon) or 0) <= 30
    assert retry_after(past) == 0
    assert (retry_after(""), retry_after("soon"), retry_after("-1"), retry_after("٣")) == (None, None, None, None)


def test_a_read_survives_a_connection_that_breaks() -> None:
    def ok(line: Line) -> None:
        line.request()
        line.answer(b'{"run_id": 7}')

    with serving(sends(b""), sends(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"), ok) as cloud:
        answer = channel(cloud.url).call(READ)

    assert (answer, cloud.connections) == ({"run_id": 7}, 3)


def test_a_start_whose_connection_breaks_says_that_it_may_have_happened() -> None:
    with serving(sends(b"")) as cloud, pytest.raises(Unreachable, match="may have been carried out"):
        channel(cloud.url).call(START)

    assert cloud.connections == 1


def test_an_answer_that_is_cut_each_time_is_an_error() -> None:
    half = b'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"runs": ['
    with serving(sends(half)) as cloud, pytest.raises(BrokenAnswer, match="broke off"):
        channel(cloud.url).call(READ)

    assert cloud.connections == 4


def test_a_chunked_answer_that_is_cut_is_an_error() -> None:
    half = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"runs":\r\n5\r\n['
    with serving(sends(half)) as cloud, pytest.raises(BrokenAnswer):
        channel(cloud.url).call(READ)


@pytest.mark.parametrize("body", [b"", b"{", b"<html>Welcome</html>", b"[1]", b"7", b"\xff"])
def test_an_answer_that_is_no_object_is_an_error(body: bytes) -> None:
    with answering(lambda _: Told(body=body)) as cloud:
        one = channel(cloud.url)
        with pytest.raises(BrokenAnswer):
            one.call(READ)


def test_what_changes_something_may_be_answered_with_nothing() -> None:
    with answering(in_turn(Told(status=204, body=b""), Told(body=b""))) as cloud:
        one = channel(cloud.url)

        assert [one.call(START), one.call(START)] == [{}, {}]


def test_a_proxy_of_the_environment_is_asked_for_what_lies_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(lambda _: Told(body={"run_id": 7})) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        answer = channel("http://far.invalid/base").call(READ)

    assert answer == {"run_id": 7}
    assert proxy.asked[0].path == "/base/api/2.2/jobs/runs/get"
    assert proxy.asked[0].headers["host"] == "far.invalid"


def test_what_is_encrypted_goes_through_a_tunnel(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(sends(b"HTTP/1.1 403 Forbidden\r\n\r\n")) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        with pytest.raises(Unreachable, match="403"):
            channel("https://far.invalid").call(READ)

    assert proxy.heard[0].startswith("CONNECT far.invalid:443 HTTP/1.")
    assert not [text for text in proxy.heard if SECRET in text]


@pytest.mark.parametrize("variable", ["http_proxy", "all_proxy"])
def test_this_machine_is_never_behind_a_proxy(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    with answering(lambda _: Told(body={"run_id": 7})) as cloud:
        assert channel(cloud.url).call(READ) == {"run_id": 7}


def test_a_page_of_a_proxy_is_told_in_its_words() -> None:
    page = b"<html><h1>502 Bad Gateway</h1><hr>nginx</html>"
    with (
        answering(lambda _: Told(status=404, body=page)) as cloud,
        pytest.raises(CallFailed, match="404: 502 Bad Gateway nginx"),
    ):
        channel(cloud.url).call(READ)


def test_a_redirect_is_no_answer_and_gets_no_token() -> None:
    elsewhere = Told(status=302, headers={"location": "http://127.0.0.1:1/"})
    with answering(lambda _: elsewhere) as cloud, pytest.raises(CallFailed) as refused:
        channel(cloud.url).call(READ)

    assert (refused.value.status, len(cloud.asked)) == (302, 1)


def test_a_service_that_hangs_is_given_up_in_time() -> None:
    def hang(line: Line) -> None:
        line.request()
        line.connection.settimeout(HANGS_S)
        line.connection.recv(1)

    before = time.monotonic()
    with serving(hang) as cloud, pytest.raises(Unreachable, match="timed out"):
        channel(cloud.url, patience=Patience(try_s=0.2, total_s=1, tries=2, first_pause_s=0.01)).call(READ)

    assert time.monotonic() - before < SOON_S


def test_a_service_that_trickles_is_given_up_in_time() -> None:
    over = threading.Event()

    def trickle(line: Line) -> None:
        line.request()
        line.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        for _ in range(HANGS_S * 50):
            line.say(b" ")
            over.wait(0.02)

    before = time.monotonic()
    with serving(trickle) as cloud, pytest.raises(Unreachable, match=r"too long|timed out"):
        channel(cloud.url, patience=Patience(try_s=0.3, total_s=0.5, tries=1)).call(READ)

    assert time.monotonic() - before < SOON_S


def test_nobody_at_the_address_is_told_with_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(Unreachable, match=url):
        channel(url).call(START)


def test_a_call_is_given_up_while_it_waits_for_its_answer() -> None:
    heard = threading.Event()

    def hang(line: Line) -> None:
        line.request()
        heard.set()
        line.connection.settimeout(HANGS_S)
        line.connection.recv(1)

    stop = Stop()

    def give_up() -> None:
        heard.wait(60)
        stop.set()

    threading.Thread(target=give_up).start()
    before = time.monotonic()
    with serving(hang) as cloud, pytest.raises(GivenUp):
        channel(cloud.url, patience=Patience(try_s=HANGS_S, total_s=HANGS_S)).call(READ, stop=stop)

    assert time.monotonic() - before < SOON_S


def test_a_call_is_given_up_while_it_pauses() -> None:
    stop = Stop()

    def answer(_: Asked) -> Told:
        threading.Timer(0.05, stop.set).start()
        return Told(status=503, headers={"retry-after": str(HANGS_S)})

    before = time.monotonic()
    with answering(answer) as cloud, pytest.raises(GivenUp):
        channel(cloud.url, patience=Patience(total_s=2 * HANGS_S)).call(READ, stop=stop)

    assert time.monotonic() - before < SOON_S


def test_many_threads_may_call_at_once() -> None:
    with answering(lambda asked: Told(body={"run_id": int(asked.query["run_id"])})) as cloud:
        one = channel(cloud.url)
        found: list[int] = []

        def ask(number: int) -> None:
            for at in range(20):
                call = Call(operation="x", method="GET", path="/x", members={"run_id": number * 100 + at})
                found.append(one.call(call)["run_id"])

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        one.close()

    assert sorted(found) == sorted(number * 100 + at for number in range(8) for at in range(20))
