"""How an end reads: every message that the launcher or the runner makes, once."""

from __future__ import annotations

import signal
import traceback

CANCELLED = "cancelled"
TIMED_OUT = "timed_out"
LAUNCHER_LOST = "launcher_lost"

PREPARATION = "preparation"
LIBRARY_INSTALLATION = "library_installation"

MESSAGE_LIMIT = 10_000
TRACE_LIMIT = 100_000

UNREADABLE = "What the process told at its end cannot be read: {why}."

CAUSES = {
    CANCELLED: "The run was cancelled.",
    TIMED_OUT: "The run did not finish within its timeout of {timeout}.",
    LAUNCHER_LOST: "The launcher that watched this process died, and the process with it.",
}


def of_cause(cause: str, *, timeout_ms: int | None) -> str:
    """Say why we ended the run."""
    return CAUSES.get(cause, "The run was ended: {cause}.").format(
        cause=cause, timeout=f"{(timeout_ms or 0) / 1000:g} s"
    )


def of_exit(exit_code: int | None, signal_number: int | None) -> str | None:
    """Say how a process ended that left no word of its own; nothing when it succeeded."""
    if signal_number is not None:
        return f"The process was ended by signal {_signal_name(signal_number)}."
    return f"Command failed with exit code {exit_code}" if exit_code else None


def _signal_name(number: int) -> str:
    named = {each.value: each.name for each in signal.Signals}
    return f"{number} ({named[number]})" if number in named else str(number)


def of_exception(error: BaseException) -> str:
    """Say what the last line of a traceback says."""
    lines = list(traceback.TracebackException(type(error), error, None).format_exception_only())
    # A syntax error is told in several lines, of which the one that names it comes last.
    line = next((each for each in lines if each.startswith("SyntaxError")), lines[0])
    return shortened(line.strip(), limit=MESSAGE_LIMIT)


def trace_of(error: BaseException) -> str:
    """Return the whole traceback as Python prints it."""
    return shortened("".join(traceback.format_exception(error)), limit=TRACE_LIMIT)


def shortened(text: str, *, limit: int) -> str:
    """Keep both ends of a text that is too long for the ledger."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"
