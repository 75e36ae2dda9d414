"""Runs an entry point of an installed Python package in a process of its own."""

from __future__ import annotations

from runyard.executors.launcher.order import Order
from runyard.executors.process import RUNTIME, process_order
from runyard.executors.work import Place, Work


def order(work: Work, place: Place) -> Order:
    """Return the order for a function of a package.

    The spec holds `package_name`, `entry_point`, `parameters` (texts) or `named_parameters` (which become
    `--name=text`), and optionally what process.py reads, first of all the wheel among `packages`.
    """
    spec = work.spec
    named = [f"--{name}={text}" for name, text in (spec.get("named_parameters") or {}).items()]
    parameters = [str(each) for each in spec.get("parameters") or ()]
    return process_order(
        work,
        place,
        script=RUNTIME / "wheel_entry.py",
        preloaded=True,
        argv=[spec["package_name"], spec["entry_point"], *parameters, *named],
    )
