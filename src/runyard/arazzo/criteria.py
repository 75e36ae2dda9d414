"""Criteria of steps and actions: simple, regex, jsonpath and xpath, each in time and with its reasons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from runyard.arazzo import conditions, jsonpath, xpath
from runyard.arazzo.errors import NotDecided, NotUnderstood
from runyard.arazzo.expressions import EMBEDDED, Scope, Version, evaluate, parse
from runyard.arazzo.values import MISSING, as_text

SECONDS = 5.0
# kind -> the versions that may be named; the first is meant when none is.
VERSIONS: Mapping[str, tuple[str, ...]] = {
    "simple": (),
    "regex": (),
    "jsonpath": ("rfc9535", "draft-goessner-dispatch-jsonpath-00"),
    "xpath": ("xpath-31", "xpath-30", "xpath-20", "xpath-10"),
}


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """A criterion as its document has it, checked."""

    condition: str
    kind: str = "simple"
    version: str | None = None
    context: str | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether a criterion holds, by which values, what went wrong, and what its author should be told."""

    passed: bool
    seen: tuple[tuple[str, Any], ...] = ()
    error: str | None = None
    advice: str | None = None


@dataclass(frozen=True, kw_only=True)
class Judging:
    """How criteria are judged: by which specification, with or without leniency, in which time."""

    version: Version = Version.V1_1
    lenient: bool = True
    seconds: float = SECONDS


def read_criterion(document: Any) -> Criterion:
    """The criterion that a Criterion Object describes."""
    members = document if isinstance(document, dict) else {}
    condition = members.get("condition")
    if not isinstance(condition, str):
        raise NotUnderstood("A criterion has a condition, which is a text", as_text(document), 0)
    kind, version = _kind(members.get("type", "simple"), condition)
    context = members.get("context")
    if kind != "simple" and not isinstance(context, str):
        raise NotUnderstood(f"A criterion of type {kind} needs a context, such as $response.body", condition, 0)
    return Criterion(condition=condition, kind=kind, version=version, context=context)


def _kind(given: Any, condition: str) -> tuple[str, str | None]:
    kind, version = (given.get("type"), given.get("version")) if isinstance(given, dict) else (given, None)
    if not isinstance(kind, str) or kind not in VERSIONS:
        raise NotUnderstood(f"A criterion's type is one of {', '.join(VERSIONS)}, not {as_text(kind)}", condition, 0)
    known = VERSIONS[kind]
    if version is not None and version not in known:
        choice = f"one of {', '.join(known)}" if known else "none"
        raise NotUnderstood(f"The version of a {kind} criterion is {choice}, not {as_text(version)}", condition, 0)
    return kind, version or next(iter(known), None)


def judge(criterion: Criterion, scope: Scope, judging: Judging | None = None) -> Verdict:
    """Decide a criterion; what cannot be read or decided fails and says why."""
    judging = judging or Judging()
    try:
        return JUDGES[criterion.kind](criterion, scope, judging)
    except (NotUnderstood, NotDecided) as error:
        return Verdict(passed=False, error=str(error))


def _simple(criterion: Criterion, scope: Scope, judging: Judging) -> Verdict:
    answer = conditions.judge(conditions.parse_condition(criterion.condition, judging.version), scope)
    return Verdict(passed=answer.passed, seen=answer.seen)


def _with_context(
    decide: Callable[[Criterion, str, Any, Judging], Verdict],
) -> Callable[[Criterion, Scope, Judging], Verdict]:
    def judge_context(criterion: Criterion, scope: Scope, judging: Judging) -> Verdict:
        value = evaluate(parse(criterion.context or "", judging.version), scope)
        if value is MISSING or value is None:
            return Verdict(passed=False, seen=((criterion.context or "", value),))
        condition = _filled(criterion.condition, scope, judging.version)
        verdict = decide(criterion, condition, value, judging)
        return replace(verdict, seen=((criterion.context or "", value), *verdict.seen))

    return judge_context


def _filled(text: str, scope: Scope, version: Version) -> str:
    """The condition with its `{$…}` replaced; braces that hold no expression belong to the pattern."""

    def value(inner: str, whole: str) -> str:
        try:
            return as_text(evaluate(parse(inner, version), scope))
        except NotUnderstood:
            return whole

    return EMBEDDED.sub(lambda found: value(found[1], found[0]), text)


def _regex(_: Criterion, condition: str, value: Any, judging: Judging) -> Verdict:
    from runyard.arazzo.bounded import matches  # noqa: PLC0415  # 50 ms that only patterns need

    return Verdict(passed=matches(condition, as_text(value), seconds=judging.seconds))


def _jsonpath(_: Criterion, condition: str, value: Any, judging: Judging) -> Verdict:
    found = jsonpath.judge(condition, value, lenient=judging.lenient, seconds=judging.seconds)
    return Verdict(passed=found.passed, seen=found.seen, advice=found.advice)


def _xpath(criterion: Criterion, condition: str, value: Any, judging: Judging) -> Verdict:
    version = (criterion.version or VERSIONS["xpath"][0]).removeprefix("xpath-")
    return Verdict(passed=xpath.judge(condition, as_text(value), version=version, seconds=judging.seconds))


JUDGES: Mapping[str, Callable[[Criterion, Scope, Judging], Verdict]] = {
    "simple": _simple,
    "regex": _with_context(_regex),
    "jsonpath": _with_context(_jsonpath),
    "xpath": _with_context(_xpath),
}
