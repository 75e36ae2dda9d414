"""Write down the relations and types of PostgreSQL's catalogs, as the PostgreSQL of the tests has them.

Run it again when that PostgreSQL is raised: tools/make_pg_catalog.py
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "src" / "runyard" / "sql" / "pg_catalog"
sys.path.insert(0, str(ROOT / "tests"))

from postgres_server import PostgresServer, running_server  # noqa: E402 - the tests' folder has to be found first

RELATIONS = """
SELECT n.nspname || '.' || c.relname, c.oid, c.relkind,
  string_agg(a.attname || ' ' || coalesce(b.typname, t.typname), ' ' ORDER BY a.attnum)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
  JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type b ON b.oid = nullif(t.typbasetype, 0)
WHERE n.nspname IN ('pg_catalog', 'information_schema') AND c.relkind IN ('r', 'v') AND a.attnum > 0
GROUP BY 1, 2, 3 ORDER BY 1
"""
TYPES = """
SELECT oid, typname, typlen, typbyval, typtype, typcategory, typispreferred, typdelim, typelem, typarray, typalign,
  typstorage, format_type(oid, NULL)
FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND typrelid = 0 AND oid < 10000
  AND typelem NOT IN (SELECT oid FROM pg_type WHERE typrelid <> 0) ORDER BY oid
"""


def lines(server: PostgresServer, statement: str, separator: str) -> Iterator[str]:
    for row in server.execute(statement):
        yield separator.join("t" if value is True else "f" if value is False else str(value) for value in row)


def main() -> None:
    with running_server() as server:
        (FOLDER / "relations.txt").write_text("\n".join(lines(server, RELATIONS, " ")) + "\n")
        (FOLDER / "types.txt").write_text("\n".join(lines(server, TYPES, "|")) + "\n")


if __name__ == "__main__":
    main()
