from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runyard.core.cron import Schedule
from runyard.core.cron_text import parse_aws, parse_quartz
from runyard.core.errors import InvalidRequest

OF = "allowed: *, and lists (a,b), ranges (a-b) and steps (a/n, a-b/n) of"
DAYS = f"{OF} 1-31; or alone ?, L, L-n (n is 0-30), LW, L-nW, nW."
WEEKDAYS = f"{OF} 1-7 (1 is Sunday) or SUN-SAT; or alone ?, L, nL, n#k (k is 1-5)."
QUARTZ_FIELDS = "write six or seven: seconds minutes hours day-of-month month day-of-week [year]."
AWS_FORMS = (
    "write cron(minutes hours day-of-month month day-of-week year), rate(1 minute | hour | day), "
    "or rate(n minutes | hours | days) with n of 2-999999."
)


def test_each_field_is_read_into_its_own_numbers() -> None:
    schedule = parse_quartz("5 */20 22-1 1,15 JAN,jul-sep ? 2027-2028")

    assert schedule.seconds == (5,)
    assert schedule.minutes == (0, 20, 40)
    assert schedule.hours == (0, 1, 22, 23)
    assert list(schedule.day_rule.days(2027, 2)) == [1, 15]
    assert schedule.months == (1, 7, 8, 9)
    assert schedule.years == (2027, 2028)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0 0 12 * * ?", "0 0 12 * * ? *"),
        ("0 0 12 * * ?", "  0\t0 12  1-31 1-12 ? 1970-2199 "),
        ("0 /5 12 ? * MON", "0 */5 12 ? * 2"),
        ("0 0 12 ? NOV-FEB fri#3", "0 0 12 ? 11,12,1,2 6#3"),
        ("0 50-10/10 12 L-0 * ?", "0 50,0,10 12 L-00 * ?"),
    ],
)
def test_two_spellings_of_one_schedule_are_equal(one: str, other: str) -> None:
    assert parse_quartz(one) == parse_quartz(other)


def test_aws_leaves_out_the_seconds() -> None:
    assert parse_aws("cron(15 10 ? * 6L 2027-2029)") == parse_quartz("0 15 10 ? * 6L 2027-2029")


@pytest.mark.parametrize(
    ("number", "field", "value", "fault", "allowed"),
    [
        (0, "seconds", "60", "'60', which is out of bounds", f"{OF} 0-59."),
        (1, "minutes", "0/60", "'0/60', whose step is not in 1-59", f"{OF} 0-59."),
        (1, "minutes", "*/0", "'*/0', whose step is not in 1-59", f"{OF} 0-59."),
        (1, "minutes", "5,,6", "'', which is not understood", f"{OF} 0-59."),
        (1, "minutes", "-5", "'-5', which is not understood", f"{OF} 0-59."),
        (1, "minutes", "5-", "'5-', which is not understood", f"{OF} 0-59."),
        (1, "minutes", "*5", "'*5', which is not understood", f"{OF} 0-59."),
        (1, "minutes", "1/", "'1/', which is not understood", f"{OF} 0-59."),
        (1, "minutes", "٣", "'٣', which is not understood", f"{OF} 0-59."),
        (2, "hours", "24", "'24', which is out of bounds", f"{OF} 0-23."),
        (2, "hours", "8-24", "'24', which is out of bounds", f"{OF} 0-23."),
        (2, "hours", "?", "'?', which is not understood", f"{OF} 0-23."),
        (2, "hours", "MON", "'MON', which is out of bounds", f"{OF} 0-23."),
        (2, "hours", "99999", "'99999', which is not understood", f"{OF} 0-23."),
        (3, "day-of-month", "0", "'0', which is out of bounds", DAYS),
        (3, "day-of-month", "32", "'32', which is out of bounds", DAYS),
        (3, "day-of-month", "32W", "'32W', which is not understood", DAYS),
        (3, "day-of-month", "0W", "'0W', which is not understood", DAYS),
        (3, "day-of-month", "L-31", "'L-31', which is not understood", DAYS),
        (3, "day-of-month", "L-", "'L-', which is not understood", DAYS),
        (3, "day-of-month", "1,L", "'L', which is not understood", DAYS),
        (3, "day-of-month", "15W,20", "'15W', which is not understood", DAYS),
        (3, "day-of-month", "1,?", "'?', which is not understood", DAYS),
        (3, "day-of-month", "6#3", "'6#3', which is not understood", DAYS),
        (4, "month", "13", "'13', which is out of bounds", f"{OF} 1-12 or JAN-DEC."),
        (4, "month", "FOO", "'FOO', which is out of bounds", f"{OF} 1-12 or JAN-DEC."),
        (4, "month", "2-jul", "'2-JUL', which is not understood", f"{OF} 1-12 or JAN-DEC."),
        (4, "month", "JAN-JUN/2", "'JAN-JUN/2', which is not understood", f"{OF} 1-12 or JAN-DEC."),
        (4, "month", "JANUARY", "'JANUARY', which is not understood", f"{OF} 1-12 or JAN-DEC."),
        (6, "year", "1969", "'1969', which is out of bounds", f"{OF} 1970-2199."),
        (6, "year", "2200", "'2200', which is out of bounds", f"{OF} 1970-2199."),
        (6, "year", "2029-2027", "'2029-2027', which ends before it begins", f"{OF} 1970-2199."),
    ],
)
def test_a_field_that_says_nothing_sensible_is_refused_with_its_name(
    number: int, field: str, value: str, fault: str, allowed: str
) -> None:
    parts = ["0", "0", "0", "1", "*", "?", "*"]
    parts[number] = value
    expression = " ".join(parts)

    with pytest.raises(InvalidRequest) as refused:
        parse_quartz(expression)

    told = f"The {field} field {value!r} of cron expression {expression!r} has {fault}; {allowed}"
    assert str(refused.value) == told


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", f"Cron expression '' has 0 fields; {QUARTZ_FIELDS}"),
        ("0 12 * * *", f"Cron expression '0 12 * * *' has 5 fields; {QUARTZ_FIELDS}"),
        ("0 0 12 * * ? * *", f"Cron expression '0 0 12 * * ? * *' has 8 fields; {QUARTZ_FIELDS}"),
        (
            "0 0 12 * * *",
            (
                "Cron expression '0 0 12 * * *' has '*' as day-of-month and '*' as day-of-week; "
                "exactly one of the two must be ?."
            ),
        ),
        (
            "0 0 12 ? * ?",
            (
                "Cron expression '0 0 12 ? * ?' has '?' as day-of-month and '?' as day-of-week; "
                "exactly one of the two must be ?."
            ),
        ),
        (
            "0 0 12 ? * 0",
            f"The day-of-week field '0' of cron expression '0 0 12 ? * 0' has '0', which is out of bounds; {WEEKDAYS}",
        ),
        (
            "0 0 12 ? * 6#6",
            (
                "The day-of-week field '6#6' of cron expression '0 0 12 ? * 6#6' has '6#6', which is not understood; "
                f"{WEEKDAYS}"
            ),
        ),
        (
            "0 0 12 ? * 2#1,5",
            (
                "The day-of-week field '2#1,5' of cron expression '0 0 12 ? * 2#1,5' has '2#1', "
                f"which is not understood; {WEEKDAYS}"
            ),
        ),
        (
            "0 0 12 ? * 8L",
            (
                "The day-of-week field '8L' of cron expression '0 0 12 ? * 8L' has '8L', which is not understood; "
                f"{WEEKDAYS}"
            ),
        ),
        (
            "1," * 500 + "1 0 12 * * ?",
            f"Cron expression '{'1,' * 20}…' has 1012 characters; at most 1000 are allowed.",
        ),
    ],
)
def test_an_expression_that_is_none_is_refused_with_what_to_write(expression: str, message: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_quartz(expression)

    assert str(refused.value) == message


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "0 12 * * ? *",
        "CRON(0 12 * * ? *)",
        "cron(0 12 * * ? *) ",
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(0 minutes)",
        "rate(-5 minutes)",
        "rate(1.5 hours)",
        "rate(5 weeks)",
        "rate(1000000 days)",
        "rate(5  minutes)",
    ],
)
def test_what_is_no_aws_expression_is_refused_with_the_forms_there_are(expression: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_aws(expression)

    assert str(refused.value) == f"Schedule expression {expression!r} is not understood; {AWS_FORMS}"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            "cron(0 12 * * ?)",
            (
                "Schedule expression 'cron(0 12 * * ?)' has 5 fields; "
                "write six: cron(minutes hours day-of-month month day-of-week year)."
            ),
        ),
        (
            "cron(0 12 * * * *)",
            (
                "Cron expression 'cron(0 12 * * * *)' has '*' as day-of-month and '*' as day-of-week; "
                "exactly one of the two must be ?."
            ),
        ),
        (
            "cron(0 25 * * ? *)",
            (
                "The hours field '25' of cron expression 'cron(0 25 * * ? *)' has '25', which is out of bounds; "
                f"{OF} 0-23."
            ),
        ),
    ],
)
def test_a_wrong_aws_cron_is_refused_like_a_quartz_one(expression: str, message: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_aws(expression)

    assert str(refused.value) == message


@given(st.lists(st.text("0123456789*?/-,#LWMONFEB", max_size=6) | st.text(max_size=4), min_size=5, max_size=8))
def test_any_text_is_read_or_refused_in_words(texts: list[str]) -> None:
    try:
        schedule = parse_quartz(" ".join(texts))
    except InvalidRequest as refused:
        assert str(refused)  # noqa: PT017 - either end is right; only another error is not
    else:
        assert isinstance(schedule, Schedule)
