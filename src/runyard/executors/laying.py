"""How files are laid into an attempt's folder before its process begins."""

from __future__ import annotations

import tempfile
from pathlib import Path


def lay(file: Path, content: bytes) -> Path:
    """Write a file whole, for its owner's eyes only, as parameters may be secrets.

    An order may be made twice: the process of the first, which reads already, keeps what was there.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, made = tempfile.mkstemp(dir=file.parent)  # mode 0600
    with open(descriptor, "wb") as opened:  # noqa: PTH123 - a descriptor is no path
        opened.write(content)
    return Path(made).replace(file)
