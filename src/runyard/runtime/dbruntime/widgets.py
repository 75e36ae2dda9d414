"""`dbutils.widgets`: the parameters of a job, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .utility import Utility


class InputWidgetNotDefined(Exception):
    """There is neither a widget nor a parameter of this name."""


class Widgets(Utility):
    """Holds what a notebook's widgets say; what the job gives goes before a widget's own default."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = dict(given)
        self._defined: dict[str, str] = {}

    def text(self, name: str, defaultValue: str = "", label: str | None = None) -> None:  # noqa: ARG002 - nobody sees a label here
        """Define a widget that takes any text."""
        self._define(name, defaultValue)

    def dropdown(self, name: str, defaultValue: str, choices: Sequence[str], label: str | None = None) -> None:  # noqa: ARG002 - as above
        """Define a widget that takes one of the choices."""
        self._define(name, _one_of(choices, defaultValue, name))

    def combobox(self, name: str, defaultValue: str, choices: Sequence[str], label: str | None = None) -> None:  # noqa: ARG002 - as above
        """Define a widget that takes any text and suggests some."""
        self._define(name, defaultValue)

    def multiselect(self, name: str, defaultValue: str, choices: Sequence[str], label: str | None = None) -> None:  # noqa: ARG002 - as above
        """Define a widget that takes several of the choices; its value joins them by commas."""
        for each in defaultValue.split(","):
            _one_of(choices, each, name)
        self._define(name, defaultValue)

    def get(self, name: str) -> str:
        """Return the value of a widget or parameter."""
        values = self.getAll()
        if name not in values:
            known = ", ".join(sorted(values)) or "none"
            raise InputWidgetNotDefined(
                f"No input widget named {name} is defined. Define it with dbutils.widgets.text, or give the job a "
                f"parameter of this name; known are: {known}."
            )
        return values[name]

    def getArgument(self, name: str, defaultValue: str | None = None) -> str:
        """Return the value of a widget or parameter, or the default if there is neither."""
        return defaultValue if defaultValue is not None and name not in self.getAll() else self.get(name)

    def getAll(self) -> dict[str, str]:
        """Return all values by name."""
        return {**self._defined, **self._given}

    def remove(self, name: str) -> None:
        """Remove a widget; a parameter of the job stays."""
        if name not in self._defined:
            raise InputWidgetNotDefined(f"No input widget named {name} is defined, so none can be removed.")
        del self._defined[name]

    def removeAll(self) -> None:
        """Remove all widgets; the parameters of the job stay."""
        self._defined.clear()

    def _define(self, name: str, default: str) -> None:
        self._defined[name] = str(default)

    def give(self, values: Mapping[str, str]) -> None:
        """Take values as a job would give them: the arguments of `%run`."""
        self._given.update(values)


def _one_of(choices: Sequence[str], value: str, name: str) -> str:
    if value not in choices:
        raise ValueError(f"The default {value!r} of the widget {name} is none of its choices: {', '.join(choices)}.")
    return value
