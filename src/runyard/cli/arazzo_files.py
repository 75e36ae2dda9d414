"""The files that a workflow's run leaves: its HAR archive and its JUnit XML, each made only if it is asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runyard.arazzo.records import Record
from runyard.arazzo.running.progress import Observer
from runyard.arazzo.told.masking import Masking
from runyard.cli.arazzo_documents import Refused

if TYPE_CHECKING:
    from runyard.arazzo.told.har import HarArchive
    from runyard.arazzo.told.junit import JUnitReport


class Files(Record):
    """The files that are written at the end, and what hears of the run for them."""

    har: HarArchive | None
    har_file: Path | None
    junit: JUnitReport | None
    junit_file: Path | None

    @classmethod
    def of(cls, *, har: Path | None, junit: Path | None) -> Files:
        """Prepare what was asked for; refuse a place where nothing can be written, before the run."""
        for file in (har, junit):
            if file is not None and not file.absolute().parent.is_dir():
                raise Refused(f"{file} cannot be written: there is no folder {file.absolute().parent}.")
        return cls(har=_archive() if har else None, har_file=har, junit=_report() if junit else None, junit_file=junit)

    @property
    def observers(self) -> list[Observer]:
        """Those who must hear of the run."""
        return [one for one in (self.har, self.junit) if one is not None]

    def write(self, masking: Masking) -> None:
        """Write them; what turned out to be a secret only later is masked now."""
        if self.har is not None and self.har_file is not None:
            from importlib.metadata import version  # noqa: PLC0415 - slow, and seldom asked

            archive = masking.texts(self.har.archive(version=version("runyard")))
            _write(self.har_file, json.dumps(archive, ensure_ascii=False, indent=1))
        if self.junit is not None and self.junit_file is not None:
            _write(self.junit_file, self.junit.xml(masking.text).decode())


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}.") from error


def _archive() -> HarArchive:
    from runyard.arazzo.told.har import HarArchive  # noqa: PLC0415 - see main.py

    return HarArchive()


def _report() -> JUnitReport:
    from runyard.arazzo.told.junit import JUnitReport  # noqa: PLC0415 - see main.py

    return JUnitReport()
