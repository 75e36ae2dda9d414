from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from upstream import Asked, Told, answering, in_turn

from runyard.client.channel import Call, Channel
from runyard.client.connection import DATABRICKS, GLUE, Connection
from runyard.client.credentials import AwsKeys, Bearer, Credentials
from runyard.client.errors import CallFailed, WrongConnection
from runyard.client.native import NativeClient
from runyard.client.retrying import Patience
from runyard.dialects.aws_signature import SignedRequest
from runyard.web.sigv4 import verify

QUICK = Patience(try_s=2, total_s=5, tries=4, first_pause_s=0.001, longest_pause_s=0.01)
READ = Call(operation="getJobRun", method="GET", path="/api/2.2/jobs/runs/get", members={"run_id": 7})
SECRET = "dapi-0123-very-secret"


def channel(url: str, credentials: Credentials | None = None) -> Channel:
    known = credentials or Bearer(token=SECRET)
    connection = Connection(name="prod", service=DATABRICKS, url=url, credentials=known)
    return Channel(connection, patience=QUICK)


def test_no_secret_is_shown_by_records_and_errors() -> None:
    keys = AwsKeys(access_key="AK", secret_key=SECRET, session_token=SECRET, region="eu-west-1")
    shown = [
        repr(Connection(name="a", service=GLUE, url="http://x", credentials=keys)),
        repr(keys),
        repr(Bearer(token=SECRET)),
    ]

    def echo(asked: Asked) -> Told:
        return Told(status=403, body={"message": f"bad {asked.headers['authorization']}"})

    with answering(echo) as cloud, pytest.raises(CallFailed) as refused:
        channel(cloud.url).call(READ)
    shown.append(str(refused.value))
    shown.append(repr(refused.value))

    assert not [text for text in shown if SECRET in text]
    assert "bad Bearer …" in shown[-1]


@pytest.mark.parametrize(
    "secret", [f"{SECRET}\n", f"{SECRET}\r", f" {SECRET}", f"{SECRET}ü", f"“{SECRET}”", f"{SECRET}\x00"]
)
def test_a_secret_that_no_header_carries_is_refused_without_showing_it(secret: str) -> None:
    keys = AwsKeys(access_key="AK", secret_key="sk", session_token=secret, region="eu-west-1")

    def calls() -> Iterator[Callable[[], object]]:
        yield lambda: channel("http://127.0.0.1:9", Bearer(token=secret)).call(READ)
        yield lambda: channel("http://127.0.0.1:9", keys).call(READ)
        yield lambda: NativeClient("http://127.0.0.1:9", secret, patience_s=0, timeout_s=1)

    with pytest.raises(WrongConnection, match=r"^prod: The token has U\+"):
        channel("http://127.0.0.1:9", Bearer(token=secret)).call(READ)
    for call in calls():
        with pytest.raises(WrongConnection, match=r"which no header carries there") as refused:
            call()
        assert SECRET not in str(refused.getrepr(style="native"))


@pytest.mark.parametrize("url", ["ftp://host", "host:80", "http://", "http://user:word@host", "http://[::1"])
def test_what_is_no_address_is_refused_without_showing_a_password(url: str) -> None:
    with pytest.raises(WrongConnection) as refused:
        channel(url)

    assert "word" not in str(refused.value)


def test_a_signed_call_is_believed_by_the_verifier() -> None:
    keys = AwsKeys(access_key="AK", secret_key=SECRET, region="eu-west-1")
    with answering(lambda _: Told(body={"JobRun": {}})) as cloud:
        connection = Connection(name="aws", service=GLUE, url=cloud.url, credentials=keys, region="eu-west-1")
        Channel(connection).call(Call(operation="GetJobRun", members={"JobName": "ä", "RunId": "jr"}))
    asked = cloud.asked[0]
    request = SignedRequest(method="POST", path=asked.path, headers=tuple(asked.headers.items()), body=asked.body)

    identity = verify(request, {"AK": SECRET}.get, now=int(time.time() * 1000))

    assert (identity.access_key, identity.region, identity.service) == ("AK", "eu-west-1", "glue")
    assert asked.headers["x-amz-target"] == "AWSGlue.GetJobRun"


def test_throttling_of_aws_under_status_400_is_tried_again() -> None:
    keys = AwsKeys(access_key="AK", secret_key=SECRET, region="eu-west-1")
    busy = Told(status=400, body={"__type": "com.amazonaws.glue#ThrottlingException", "Message": "Rate exceeded"})
    with answering(in_turn(busy, Told(body={"JobRunId": "jr"}))) as cloud:
        connection = Connection(name="aws", service=GLUE, url=cloud.url, credentials=keys, region="eu-west-1")
        answer = Channel(connection, patience=QUICK).call(Call(operation="StartJobRun", members={"JobName": "a"}))

    assert (answer, len(cloud.asked)) == ({"JobRunId": "jr"}, 2)


def test_an_error_of_aws_has_its_code_without_what_stands_around_it() -> None:
    keys = AwsKeys(access_key="AK", secret_key=SECRET, region="eu-west-1")
    told = Told(
        status=400,
        body={"__type": "EntityNotFoundException", "Message": "Job a not found."},
        headers={"x-amzn-errortype": "EntityNotFoundException:http://internal", "x-amzn-requestid": "q"},
    )
    with answering(lambda _: told) as cloud:
        one = Channel(Connection(name="aws", service=GLUE, url=cloud.url, credentials=keys, region="eu-west-1"))
        with pytest.raises(CallFailed) as refused:
            one.call(Call(operation="GetJob", members={"JobName": "a"}))

    assert str(refused.value) == "GetJob on aws: 400 EntityNotFoundException: Job a not found. (request q)"
