# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""Aggregates, and functions of windows."""

from __future__ import annotations

from collections.abc import Sequence

from ..column_types import BIGINT, BOOLEAN, DOUBLE, INTEGER, VARCHAR, ColumnType, decimal, list_of
from .functions import Function, row, same
from .scope import Typed


def _sum(arguments: Sequence[Typed]) -> ColumnType:
    return decimal(38, arguments[0].type.scale)


def _listed(arguments: Sequence[Typed]) -> ColumnType:
    return list_of(arguments[0].type)


# `{d}` stands where DISTINCT goes.
AGGREGATES: dict[str, list[Function]] = {
    "COUNT": [row("any", BIGINT, "count({d}{0}){s}")],
    "SUM": [
        row("whole", BIGINT, "CAST(sum({d}{0}){s} AS BIGINT)"),
        row("decimal", _sum, "sum({d}{0}){s}"),
        row("float", DOUBLE, "sum({d}CAST({0} AS DOUBLE)){s}"),
    ],
    # The average of decimals is a DOUBLE too: deriveAvgAggType of Dremio's open-source server knows no other.
    # Of exact numbers it is their sum over their count, as Dremio plans it: so sums of parts give the same bits.
    "AVG": [
        row(
            "whole",
            DOUBLE,
            "(CAST(CAST(sum({d}{0}){s} AS DECIMAL(38,0)) AS DOUBLE) / CAST(count({d}{0}){s} AS DOUBLE))",
        ),
        row("decimal", DOUBLE, "(CAST(sum({d}{0}){s} AS DOUBLE) / CAST(count({d}{0}){s} AS DOUBLE))"),
        row("float", DOUBLE, "avg({d}{0}){s}"),
    ],
    "MIN": [row("flat", same, "min({d}{0}){s}")],
    "MAX": [row("flat", same, "max({d}{0}){s}")],
    "ANY_VALUE": [row("flat", same, "any_value({0}){s}")],
    # BaseArrayAggAccumulator of Dremio's open-source server leaves NULLs out; of no rows it is an empty list.
    "ARRAY_AGG": [row("flat", _listed, "list_filter(coalesce(list({d}{0}){s}, []), lambda x: x IS NOT NULL)")],
    "NDV": [row("flat", BIGINT, "approx_count_distinct({0}){s}")],
    "APPROX_COUNT_DISTINCT": [row("flat", BIGINT, "approx_count_distinct({0}){s}")],
    "STDDEV": [row("double", DOUBLE, "stddev_samp({d}{0}){s}")],
    "STDDEV_SAMP": [row("double", DOUBLE, "stddev_samp({d}{0}){s}")],
    "STDDEV_POP": [row("double", DOUBLE, "stddev_pop({d}{0}){s}")],
    "VARIANCE": [row("double", DOUBLE, "var_samp({d}{0}){s}")],
    "VAR_SAMP": [row("double", DOUBLE, "var_samp({d}{0}){s}")],
    "VAR_POP": [row("double", DOUBLE, "var_pop({d}{0}){s}")],
    "CORR": [row("double double", DOUBLE, "corr({0}, {1}){s}")],
    "COVAR_POP": [row("double double", DOUBLE, "covar_pop({0}, {1}){s}")],
    "COVAR_SAMP": [row("double double", DOUBLE, "covar_samp({0}, {1}){s}")],
    "BOOL_AND": [row("boolean", BOOLEAN, "bool_and({0}){s}")],
    "BOOL_OR": [row("boolean", BOOLEAN, "bool_or({0}){s}")],
    "BIT_AND": [row("whole", same, "bit_and({0}){s}")],
    "BIT_OR": [row("whole", same, "bit_or({0}){s}")],
    "MEDIAN": [row("double", DOUBLE, "quantile_cont({0}, 0.5){s}")],
    "GROUPING": [row("any", INTEGER, "CAST(grouping({0}) AS INTEGER)")],
}
# With WITHIN GROUP (ORDER BY …): `{w}` is that order, `{o}` what it orders by.
ORDERED: dict[str, list[Function]] = {
    "LISTAGG": [
        row("text", VARCHAR, "listagg({d}{0}, '' {w}){s}"),
        row("text text", VARCHAR, "listagg({d}{0}, {1} {w}){s}", literals=(1,)),
    ],
    "PERCENTILE_CONT": [row("number", DOUBLE, "quantile_cont({o}, {0}){s}", literals=(0,))],
    "PERCENTILE_DISC": [row("number", DOUBLE, "quantile_disc({o}, {0}){s}", literals=(0,))],
}
WINDOWS: dict[str, list[Function]] = {
    "ROW_NUMBER": [row("", BIGINT, "row_number(){s}")],
    "RANK": [row("", BIGINT, "rank(){s}")],
    "DENSE_RANK": [row("", BIGINT, "dense_rank(){s}")],
    "PERCENT_RANK": [row("", DOUBLE, "percent_rank(){s}")],
    "CUME_DIST": [row("", DOUBLE, "cume_dist(){s}")],
    "NTILE": [row("whole", INTEGER, "CAST(ntile({0}){s} AS INTEGER)", literals=(0,))],
    "LAG": [
        row("any", same, "lag({0}){s}"),
        row("any whole", same, "lag({0}, {1}){s}", literals=(1,)),
    ],
    "LEAD": [
        row("any", same, "lead({0}){s}"),
        row("any whole", same, "lead({0}, {1}){s}", literals=(1,)),
    ],
    "FIRST_VALUE": [row("any", same, "first_value({0}){s}")],
    "LAST_VALUE": [row("any", same, "last_value({0}){s}")],
}
