"""`runyard arazzo check` and `show`: documents that are read and not run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from runyard.arazzo.apis.sources import Api
from runyard.arazzo.checks import Finding, check
from runyard.arazzo.http.fetching import is_remote, url_of
from runyard.arazzo.http.limits import Limits
from runyard.arazzo.records import Record
from runyard.cli.arazzo_documents import document_text, opened, refusing, tell
from runyard.cli.output import print_json
from runyard.core.errors import RunyardError

if TYPE_CHECKING:
    from runyard.arazzo.running.loading import Loaded


class Checked(Record):
    """What was found in a document."""

    named: str
    findings: Sequence[Finding]


def check_file(file: str, *, sources: Mapping[str, str], hosts: Sequence[str], strict: bool) -> Checked:
    """Check a document, with the sources that are at hand; say which are not."""
    with refusing():
        text = document_text(file, sources, limits=Limits(hosts=tuple(hosts)))
        loaded = opened(text, {name: url_of(place) for name, place in sources.items()})
        at_hand = dict(_at_hand(loaded, sources))
        planned = loaded if at_hand.keys() == loaded.sources.keys() else None
        return Checked(named=text.named, findings=check(text.text, at_hand, strict=strict, planned=planned))


def _at_hand(loaded: Loaded, sources: Mapping[str, str]) -> Iterator[tuple[str, Api | Loaded]]:
    for name, source in loaded.sources.items():
        if name not in sources and is_remote(source.url):
            tell(
                f"source {name}: {source.url} was not read, so that its operations were not looked up; --source {name}="
            )
            continue
        try:
            yield name, loaded.source(name)
        except RunyardError as error:
            tell(str(error))


def print_findings(checked: Checked, *, as_json: bool) -> None:
    """Print findings one a line, as compilers do, or as JSON."""
    if as_json:
        print_json({"file": checked.named, "findings": [_record(finding) for finding in checked.findings]})
        return
    for finding in checked.findings:
        kind = click.style(_kind(finding), fg="red" if finding.is_error else "yellow")
        place = f"{checked.named}:{finding.place.line}:{finding.place.column}"
        click.echo(f"{place}: {kind}: {finding.message}{f' {finding.hint}' if finding.hint else ''}")
    errors = sum(finding.is_error for finding in checked.findings)
    warnings = len(checked.findings) - errors
    tell(f"{checked.named}: {_counted(errors, 'error')}, {_counted(warnings, 'warning')}")


def _kind(finding: Finding) -> str:
    return "error" if finding.is_error else "warning"


def _counted(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"


def _record(finding: Finding) -> dict[str, Any]:
    place = {"line": finding.place.line, "column": finding.place.column}
    return {"kind": _kind(finding), **place, "message": finding.message, "hint": finding.hint}


def show_file(file: str, *, mermaid: bool) -> list[str]:
    """Return a document as lines to read, or as a chart to draw."""
    from runyard.arazzo.running.calls import WorkflowPlace  # noqa: PLC0415 - see main.py
    from runyard.arazzo.told.document_secrets import learn_defaults  # noqa: PLC0415 - see main.py
    from runyard.arazzo.told.masking import Masking  # noqa: PLC0415 - see main.py

    with refusing():
        loaded = opened(document_text(file, {}), {})
    if mermaid:
        from runyard.arazzo.told.mermaid import flowchart as drawn  # noqa: PLC0415 - see main.py
    else:
        from runyard.arazzo.told.outline import outline as drawn  # noqa: PLC0415 - see main.py
    masking = Masking()  # of a document with credentials in it, which none should have
    for workflow in loaded.document.workflows:
        learn_defaults(masking, WorkflowPlace(loaded=loaded, workflow=workflow))
    return [masking.text(line) for line in drawn(loaded.document)]
