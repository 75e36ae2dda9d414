"""Exit statuses that mean something beyond success (0) and failure (1)."""

REFUSED = 2  # the call is wrong, and nothing was done
INTERRUPTED = 130  # what shells say of a program that Ctrl-C ended
