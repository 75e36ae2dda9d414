"""How one of our modules becomes a process of its own, in whatever interpreter, without being installed there."""

from __future__ import annotations

from pathlib import Path

# The package is made by hand so that neither site-packages are needed nor another version there is found.
PROGRAM = (
    "import sys, types; own = types.ModuleType('runyard'); own.__path__ = [sys.argv[1]]; "
    "sys.modules['runyard'] = own; from runyard.executors.launcher.{module} import main; main(sys.argv[2:])"
)

ALONE = ("-I", "-S")  # neither the environment nor site-packages have a say


def command(python: str, module: str, *arguments: str, flags: tuple[str, ...] = ()) -> list[str]:
    """Return the command line that runs main() of a sibling of this module."""
    package = str(Path(__file__).parents[2])
    return [python, *flags, "-c", PROGRAM.format(module=module), package, *arguments]


def is_own(module: str) -> bool:
    """Tell whether a loaded module is ours and not the user's."""
    return module == "runyard" or module.startswith("runyard.")
