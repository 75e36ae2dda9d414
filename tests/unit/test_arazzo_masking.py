"""No secret of a run is in anything that is told of it."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import asdict

import pytest

from runyard.arazzo.http.exchange import Exchange, HttpRequest, HttpResponse
from runyard.arazzo.running.progress import Judged, StepPlace, StepReport, WorkflowReport
from runyard.arazzo.told.masked import Masked
from runyard.arazzo.told.masking import MASK, MOST_HEARD, Masking
from runyard.arazzo.told.secret_names import is_secret_name
from runyard.arazzo.told.veils import veiled

SECRET = 'dapi/0+1 é&<2>"3'
PLACE = StepPlace(workflows=("main",), step="login")
JSON = (("Content-Type", "application/json; charset=utf-8"),)
FORM = (("content-type", "application/x-www-form-urlencoded"),)


def knowing(*secrets: object) -> Masking:
    masking = Masking()
    for secret in secrets:
        masking.learn(secret)
    return masking


def exchange(request: HttpRequest, response: HttpResponse | None = None) -> Exchange:
    return Exchange(request=request, response=response, began_at=1.0, took_s=0.1)


def masked(one: Exchange, masking: Masking | None = None) -> Exchange:
    masking = masking or Masking()
    masking.learn_exchange(one)
    return veiled(masking, one)


@pytest.mark.parametrize(
    "name",
    [
        "token",
        "accessToken",
        "access_token",
        "ACCESS_TOKEN",
        "X-Api-Key",
        "apikey",
        "apiKey",
        "client_secret",
        "clientSecret",
        "password",
        "userPassword2",
        "db.passwd",
        "Authorization",
        "proxyAuthorization",
        "X-Auth",
        "private_key",
        "Set-Cookie",
        "awsSecretAccessKey",
        "credentials",
        "$inputs.token",
    ],
)
def test_names_of_secrets_are_known(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "-",
        "jobId",
        "idempotencyToken",
        "idempotency_token",
        "next_page_token",
        "nextPageToken",
        "pageToken",
        "ClientRequestToken",
        "token_type",
        "tokenCount",
        "max_tokens",
        "task_key",
        "key",
        "author",
        "authorizationUrl",
        "monkey",
        "tokenizer",
    ],
)
def test_names_that_only_look_like_secrets_are_told_apart(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        f"Bearer {SECRET}!",
        "http://host/a?x=dapi/0%2B1%20%C3%A9%26%3C2%3E%223",
        "http://host/dapi%2F0%2B1%20%C3%A9%26%3C2%3E%223/x",
        "a=dapi%2F0%2B1+%C3%A9%26%3C2%3E%223&b=1",
        json.dumps({"a": [SECRET]}),
        json.dumps({"a": SECRET}, ensure_ascii=False),
        '<a>dapi/0+1 é&amp;&lt;2&gt;"3</a>',
    ],
)
def test_a_secret_is_found_however_it_is_spelt(text: str) -> None:
    assert MASK in knowing(SECRET).text(text)
    assert "dapi" not in knowing(SECRET).text(text)


def test_a_short_secret_is_masked_only_where_it_stands_alone() -> None:
    masking = knowing("ab", 7)

    assert masking.value({"x": "ab", "y": "cab", "z": 7, "n": 70, "l": ["ab", None, True]}) == {
        "x": MASK,
        "y": "cab",
        "z": MASK,
        "n": 70,
        "l": [MASK, None, True],
    }


def test_a_longer_secret_is_masked_before_one_that_is_part_of_it() -> None:
    assert knowing("secret", "secret-longer").text("secret-longer, secret") == f"{MASK}, {MASK}"


def test_members_with_the_name_of_a_secret_are_masked_whatever_they_hold() -> None:
    value = {"user": "ada", "token": "abc", "deep": [{"api_key": {"id": 1}}], "password": None, "secret": False}

    assert Masking().value(value) == {
        "user": "ada",
        "token": MASK,
        "deep": [{"api_key": MASK}],
        "password": None,
        "secret": False,
    }


def test_credentials_in_free_texts_are_masked() -> None:
    text = "Authorization: Bearer abcdefghijklmnop.q failed at https://h/p?api_key=x1&page=2#top; basic authentication"

    assert Masking().text(text) == (
        f"Authorization: Bearer {MASK} failed at https://h/p?api_key={MASK}&page=2#top; basic authentication"
    )


def test_a_password_in_an_address_is_masked_in_any_text() -> None:
    text = "no answer from https://ada:hunter2@api.example/a@b?x=1 for ada@example.com"

    assert Masking().text(text) == f"no answer from https://{MASK}@api.example/a@b?x=1 for ada@example.com"


def test_of_very_many_tokens_the_newest_are_known_by_their_value_and_inputs_always_are() -> None:
    masking = knowing("input-secret")
    for number in range(2 * MOST_HEARD):
        response = HttpResponse(status=200, body=b'{"token": "heard-%06d"}' % number)
        masking.learn_exchange(exchange(HttpRequest(method="GET", url="http://h/"), response))

    assert masking.text("heard-001999 input-secret") == f"{MASK} {MASK}"
    assert masking.text("heard-000001") == "heard-000001"


def test_inputs_are_secret_by_their_schema_or_their_name() -> None:
    masking = Masking()
    properties = {
        "pin": {"type": "string", "format": "password"},
        "hidden": {"type": "integer", "writeOnly": True},
        "login": {"type": "object", "properties": {"phrase": {"format": "password"}}},
        "plain": True,
    }
    inputs = {
        "pin": "pin-1234",
        "hidden": 98765,
        "token": "tok-1",
        "login": {"phrase": "open sesame"},
        "plain": "shown",
    }
    masking.learn_inputs(inputs, properties)

    assert masking.text("pin-1234 98765 tok-1 open+sesame shown") == f"{MASK} {MASK} {MASK} {MASK} shown"
    assert masking.value(inputs) == {
        "pin": MASK,
        "hidden": MASK,
        "token": MASK,
        "login": {"phrase": MASK},
        "plain": "shown",
    }


def test_headers_that_carry_secrets_are_masked_and_their_scheme_is_told() -> None:
    one = masked(
        exchange(
            HttpRequest(
                method="GET",
                url="http://ada:hunter22@host/",
                headers=(
                    ("authorization", "Bearer tok-12345"),
                    ("Proxy-Authorization", "Basic " + b64encode(b"me:open sesame").decode()),
                    ("Cookie", "sid=abcdefgh; theme=dark-mode"),
                    ("X-Api-Key", "key-12345"),
                    ("X-Echo", "tok-12345 key-12345 open sesame hunter22 abcdefgh"),
                    ("Accept", "*/*"),
                ),
            ),
            HttpResponse(status=200, headers=(("Set-Cookie", "session=qwertzui; Path=/"), ("X-Session", "qwertzui"))),
        )
    )

    assert one.request.url == f"http://{MASK}@host/"
    assert one.request.headers == (
        ("authorization", f"Bearer {MASK}"),
        ("Proxy-Authorization", f"Basic {MASK}"),
        ("Cookie", MASK),
        ("X-Api-Key", MASK),
        ("X-Echo", " ".join([MASK] * 5)),
        ("Accept", "*/*"),
    )
    assert one.response is not None
    assert one.response.headers == (("Set-Cookie", MASK), ("X-Session", MASK))


def test_what_a_response_calls_a_token_is_a_secret_from_then_on() -> None:
    masking = Masking()
    login = masked(
        exchange(
            HttpRequest(method="POST", url="http://h/", headers=FORM, body=b"user=ada&password=hunter22&empty="),
            HttpResponse(status=200, headers=JSON, body=b'{"access_token": "fresh-token", "expires_in": 60}'),
        ),
        masking,
    )
    later = masked(exchange(HttpRequest(method="GET", url="http://h/a/fresh-token?q=hunter22")), masking)

    assert login.request.body == b"user=ada&password=***&empty="
    assert login.response is not None
    assert json.loads(login.response.body) == {"access_token": MASK, "expires_in": 60}
    assert later.request.url == f"http://h/a/{MASK}?q={MASK}"


def test_the_parameter_that_an_api_takes_its_key_in_is_masked() -> None:
    masking = Masking()
    masking.learn_names(["X-Yard"])
    body = b'{ "x-yard": "short",\n "note": "kept" }'
    one = masked(
        exchange(
            HttpRequest(
                method="POST", url="http://h/?X-Yard=yard-4711", headers=(("x-yard", "yard-4712"), *JSON), body=body
            )
        ),
        masking,
    )

    assert one.request.url == f"http://h/?X-Yard={MASK}"
    assert one.request.headers[0] == ("x-yard", MASK)
    assert one.request.body == b'{"x-yard": "***", "note": "kept"}'


@pytest.mark.parametrize(
    "body",
    [b'{ "note" : "a  b" }', b'{"next_page_token": "x", "token": null}', b"\xff\x00 token", b"<token/>", b"[" * 5000],
)
def test_a_body_without_secrets_stays_as_it_was_written(body: bytes) -> None:
    request = HttpRequest(method="POST", url="http://h/", headers=JSON, body=body)

    assert masked(exchange(request)).request.body == body


class Heard:
    """Keeps everything it is told, as text."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def workflow_began(self, workflows: tuple[str, ...]) -> None:
        self.texts.append(str(workflows))

    def step_began(self, place: StepPlace) -> None:
        self.texts.append(str(place))

    def exchanged(self, place: StepPlace, exchange: Exchange) -> None:
        self.texts.append(str((place, exchange)))

    def waits(self, place: StepPlace, seconds: float, why: str) -> None:
        self.texts.append(str((place, seconds, why)))

    def step_ended(self, report: StepReport) -> None:
        self.texts.append(json.dumps(asdict(report), default=str))

    def workflow_ended(self, report: WorkflowReport) -> None:
        self.texts.append(json.dumps(asdict(report), default=str))


def test_whoever_hears_of_a_run_hears_no_secret() -> None:
    heard = Heard()
    observer = Masked(knowing("tok-12345"), [heard])
    request = HttpRequest(method="GET", url="http://h/tok-12345", headers=(("Authorization", "Bearer tok-12345"),))
    one = exchange(request, HttpResponse(status=500, body=b"tok-12345 is wrong"))
    observer.workflow_began(("main",))
    observer.step_began(PLACE)
    observer.exchanged(PLACE, one)
    observer.waits(PLACE, 1.0, "tok-12345")
    judged = Judged(
        condition="x == 'tok-12345'", type="simple", holds=False, saw={"$inputs.token": "t"}, error="tok-12345"
    )
    report = StepReport(
        place=PLACE,
        succeeded=False,
        tries=1,
        outputs={"echo": "tok-12345", "token": "other"},
        criteria=(judged,),
        exchange=one,
        message="tok-12345 failed",
        began_at=1.0,
        took_s=1.0,
    )
    observer.step_ended(report)
    ended = {
        "workflows": ("main",),
        "succeeded": False,
        "inputs": {"token": "tok-12345"},
        "outputs": {"a": ["tok-12345"]},
    }
    observer.workflow_ended(WorkflowReport(**ended, steps=1, message="no tok-12345", began_at=1.0, took_s=1.0))  # type: ignore[arg-type]  # plain facts

    assert len(heard.texts) == 6
    assert "tok-12345" not in "".join(heard.texts)
    assert '"token": "***"' in heard.texts[4]
    assert '"$inputs.token": "***"' in heard.texts[4]
