"""What the shell of `runyard sql` offers while somebody types."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from runyard.sql.callables.functions import FUNCTIONS
from runyard.sql.catalog import Catalog, Resource
from runyard.sql.forms.keywords import KEYWORDS, USUAL_FUNCTIONS

WORD = re.compile(r"[\w.$]*\Z")
NAMES = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*")
CALLING = ("EXEC", "METHOD", "EXTENDED")


class Words(Completer):
    """Offers keywords and functions, resources, and the columns and methods of those that the text names."""

    def __init__(self, catalog: Catalog) -> None:
        self._paths = [one.path for one in catalog.resources] + list(catalog.aliases)
        self._of_path = {one.path: one for one in catalog.resources}
        self._of_path.update({alias: self._of_path[path] for alias, path in catalog.aliases.items()})
        self._keywords = [*KEYWORDS, *USUAL_FUNCTIONS, *FUNCTIONS]

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        """Offer what begins with the word before the cursor."""
        del complete_event
        before = document.text_before_cursor
        found = WORD.search(before)
        word = found.group() if found else ""
        for text, kind in self.offered(word, document.text, before[: len(before) - len(word)]):
            yield Completion(text, start_position=-len(word), display_meta=kind)

    def offered(self, word: str, text: str, before: str) -> list[tuple[str, str]]:
        """Return what may stand here, each with what it is."""
        if "." in word:
            return self._dotted(word, before)
        if not word:
            return []
        named = self._named(text) or self._of_path.values()  # nothing may stand behind FROM yet
        columns = [(column.name, "column") for one in named for column in one.columns]
        keywords = [(key.lower() if word.islower() else key, "") for key in self._keywords]
        providers = [(path.partition(".")[0], "resources") for path in self._paths]
        known = dict.fromkeys([*columns, *providers, *keywords])
        start = word.lower()
        return [(one, kind) for one, kind in known if one.lower().startswith(start) and one.lower() != start]

    def _dotted(self, word: str, before: str) -> list[tuple[str, str]]:
        start = word.lower()
        depth = start.count(".") + 1
        parts = dict.fromkeys(".".join(path.split(".")[:depth]) for path in self._paths if path.startswith(start))
        if parts:
            return [(one, "resource" if one in self._of_path else "resources") for one in parts if one != start]
        of = word.rpartition(".")[0]
        resource = self._of_path.get(of.lower())
        if resource is None:
            return []
        calls = before.rstrip().upper().endswith(CALLING)
        names = [one.name for one in (resource.methods if calls else resource.columns)]
        return [(f"{of}.{name}", resource.name) for name in names if f"{of}.{name}".lower().startswith(start)]

    def _named(self, text: str) -> list[Resource]:
        names = {found.lower() for found in NAMES.findall(text)}
        return [one for path, one in self._of_path.items() if path in names]
