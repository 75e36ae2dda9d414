"""The dialect of queries: what is read by reader.py and written by writer.py."""

from __future__ import annotations

from typing import ClassVar

from sqlglot.dialects.sqlite import SQLite

from runyard.sql.grammar.reader import Reader
from runyard.sql.grammar.writer import Writer


class Language(SQLite):
    """SQLite's, with what people of StackQL, PostgreSQL and Databricks write beside it."""

    class Tokenizer(SQLite.Tokenizer):
        """Names are quoted in one way; our own tokens have turned the others into it."""

        IDENTIFIERS: ClassVar[list[str | tuple[str, str]]] = ['"']

    Parser = Reader
    Generator = Writer


LANGUAGE = Language()
