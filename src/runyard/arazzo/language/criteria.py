"""Criteria of steps and actions: simple, regex, jsonpath and xpath, each in time and with its reasons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from runyard.arazzo.documents.document import Criterion
from runyard.arazzo.language import conditions, xpath
from runyard.arazzo.language.errors import NotDecided, NotUnderstood
from runyard.arazzo.language.expressions import EMBEDDED, Scope, Version, evaluate, parse
from runyard.arazzo.language.formulas import expression
from runyard.arazzo.language.logic import LONGEST
from runyard.arazzo.language.selecting import xpath_version
from runyard.arazzo.language.values import MISSING, as_text
from runyard.arazzo.records import Record

SECONDS = 5.0
# kind -> the versions that may be named; the first is meant when none is.
VERSIONS: Mapping[str, tuple[str, ...]] = {
    "simple": (),
    "regex": (),
    "jsonpath": ("rfc9535", "draft-goessner-dispatch-jsonpath-00"),
    "xpath": ("xpath-31", "xpath-30", "xpath-20", "xpath-10"),
}


class Verdict(Record):
    """Whether a criterion holds, by which values, what went wrong, and what its author should be told."""

    passed: bool
    seen: tuple[tuple[str, Any], ...] = ()
    error: str | None = None
    advice: str | None = None


class Judging(Record):
    """How criteria are judged: by which specification, with or without leniency, in which time."""

    version: Version = Version.V1_1
    lenient: bool = True
    seconds: float = SECONDS


def _checked(criterion: Criterion) -> None:
    """Refuse a criterion of a kind or version that nobody knows, or without what its kind needs."""
    kind, condition = criterion.type, criterion.condition
    if kind not in VERSIONS:
        raise NotUnderstood(f"A criterion's type is one of {', '.join(VERSIONS)}, not {kind}", condition, 0)
    known = VERSIONS[kind]
    if criterion.version is not None and criterion.version not in known:
        choice = f"one of {', '.join(known)}" if known else "none"
        raise NotUnderstood(f"The version of a {kind} criterion is {choice}, not {criterion.version}", condition, 0)
    if kind != "simple" and criterion.context is None:
        raise NotUnderstood(f"A criterion of type {kind} needs a context, such as $response.body", condition, 0)


def problem(criterion: Criterion, judging: Judging | None = None) -> str | None:
    """What is wrong with a criterion whatever it will be asked of; None if nothing can be told yet."""
    try:
        _checked(criterion)
        JUDGES[criterion.type](criterion, judging or Judging())
        if not EMBEDDED.search(criterion.condition):  # what fills them makes another text of it
            READS[criterion.type](criterion)
    except NotUnderstood as error:
        return str(error)
    except NotDecided:
        return None  # it takes longer to read than anybody waits for a check
    return None


Judge = Callable[[Scope], Verdict]


def judge(criterion: Criterion, scope: Scope, judging: Judging | None = None) -> Verdict:
    """Decide a criterion once."""
    return reader(criterion, judging)(scope)


def reader(criterion: Criterion, judging: Judging | None = None) -> Judge:
    """How to decide a criterion, read once; what cannot be read or decided fails and says why."""
    try:
        _checked(criterion)
        decide = JUDGES[criterion.type](criterion, judging or Judging())
    except NotUnderstood as error:
        failed = Verdict(passed=False, error=str(error))
        return lambda _: failed
    return partial(_decided, decide)


def _decided(decide: Judge, scope: Scope) -> Verdict:
    try:
        return decide(scope)
    except (NotUnderstood, NotDecided) as error:
        return Verdict(passed=False, error=str(error))


def _simple(criterion: Criterion, judging: Judging) -> Judge:
    condition = conditions.parse_condition(criterion.condition, judging.version)

    def decide(scope: Scope) -> Verdict:
        answer = conditions.judge(condition, scope)
        return Verdict(passed=answer.passed, seen=answer.seen)

    return decide


def _with_context(decide: Callable[[Criterion, str, Any, Judging], Verdict]) -> Callable[[Criterion, Judging], Judge]:
    def read(criterion: Criterion, judging: Judging) -> Judge:
        text = criterion.context or ""
        context = expression(text, judging.version)

        def judge_context(scope: Scope) -> Verdict:
            value = context(scope)
            if value is MISSING or value is None:
                return Verdict(passed=False, seen=((text, value),))
            condition = _filled(criterion.condition, scope, judging.version)
            verdict = decide(criterion, condition, value, judging)
            return verdict.but(seen=((text, value), *verdict.seen))

        return judge_context

    return read


def _filled(text: str, scope: Scope, version: Version) -> str:
    """The condition with its `{$…}` replaced; braces that hold no expression belong to the pattern."""

    def value(inner: str, whole: str) -> str:
        try:
            found = evaluate(parse(inner, version), scope)
        except NotUnderstood:
            return whole
        text = as_text(found)
        if len(text) > LONGEST:
            raise NotDecided(f"{whole} has {len(text):,} characters, too many for a condition.")
        return text

    return EMBEDDED.sub(lambda found: value(found[1], found[0]), text)


def _regex(_: Criterion, condition: str, value: Any, judging: Judging) -> Verdict:
    from runyard.arazzo.language.bounded import matches  # noqa: PLC0415  # 50 ms that only patterns need

    return Verdict(passed=matches(condition, as_text(value), seconds=judging.seconds))


def _jsonpath(_: Criterion, condition: str, value: Any, judging: Judging) -> Verdict:
    from runyard.arazzo.language import jsonpath  # noqa: PLC0415  # its patterns take time to compile

    found = jsonpath.judge(condition, value, lenient=judging.lenient, seconds=judging.seconds)
    return Verdict(passed=found.passed, seen=found.seen, advice=found.advice)


def _xpath(criterion: Criterion, condition: str, value: Any, judging: Judging) -> Verdict:
    version = xpath_version(criterion.version)
    return Verdict(passed=xpath.judge(condition, as_text(value), version=version, seconds=judging.seconds))


JUDGES: Mapping[str, Callable[[Criterion, Judging], Judge]] = {
    "simple": _simple,
    "regex": _with_context(_regex),
    "jsonpath": _with_context(_jsonpath),
    "xpath": _with_context(_xpath),
}


def _read_regex(criterion: Criterion) -> None:
    from runyard.arazzo.language.bounded import compiled  # noqa: PLC0415  # as above

    compiled(criterion.condition)


def _read_jsonpath(criterion: Criterion) -> None:
    from runyard.arazzo.language import jsonpath  # noqa: PLC0415  # as above

    jsonpath.refuse_unreadable(criterion.condition, seconds=SECONDS)


def _read_xpath(criterion: Criterion) -> None:
    xpath.refuse_unreadable(criterion.condition, version=xpath_version(criterion.version), seconds=SECONDS)


READS: Mapping[str, Callable[[Criterion], None]] = {
    "simple": lambda _: None,  # it is read with its judge
    "regex": _read_regex,
    "jsonpath": _read_jsonpath,
    "xpath": _read_xpath,
}
"""How the text of each kind is read without a value to ask it of; what is no text of its kind raises NotUnderstood."""
