"""The words of the language that are offered while somebody types."""

from __future__ import annotations

KEYWORDS = tuple(
    ["SELECT", "FROM", "WHERE", "GROUP", "BY", "ORDER", "HAVING", "LIMIT", "OFFSET", "DISTINCT", "AS", "JOIN", "LEFT", "RIGHT", "FULL", "OUTER", "INNER", "CROSS", "NATURAL", "ON", "USING", "UNION", "ALL", "INTERSECT", "EXCEPT", "WITH", "RECURSIVE", "VALUES", "CASE", "WHEN", "THEN", "ELSE", "END", "AND", "OR", "NOT", "IN", "IS", "NULL", "LIKE", "BETWEEN", "EXISTS", "CAST", "OVER", "PARTITION", "ASC", "DESC", "NULLS", "FIRST", "LAST", "FILTER", "INSERT", "INTO", "UPDATE", "REPLACE", "SET", "DELETE", "RETURNING", "EXEC", "SHOW", "EXTENDED", "PROVIDERS", "SERVICES", "RESOURCES", "METHODS", "DESCRIBE", "METHOD", "REGISTRY", "LIST", "EXPLAIN", "CREATE", "VIEW", "MATERIALIZED", "REFRESH", "DROP", "BEGIN", "COMMIT", "ROLLBACK", "TRUE", "FALSE"]
)
USUAL_FUNCTIONS = ("count", "sum", "min", "max", "avg", "json_extract", "json_each", "coalesce")
"""Of SQLite's own functions those that are offered first."""
