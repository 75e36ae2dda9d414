"""What can go wrong, in our own words; each dialect has one table that spells them on its wire."""

from __future__ import annotations


class RunyardError(Exception):
    """Something the caller should hear of; the message says what was wrong and what to do."""


class NotFound(RunyardError):
    """The thing named does not exist in this workspace."""

    def __init__(self, kind: str, name: object) -> None:
        super().__init__(f"{kind.capitalize()} {name} not found.")
        self.kind = kind
        self.name = name


class AlreadyExists(RunyardError):
    """A thing of that name is there already."""

    def __init__(self, kind: str, name: object) -> None:
        super().__init__(f"{kind.capitalize()} {name} already exists. Choose another name or update it.")
        self.kind = kind
        self.name = name


class InvalidRequest(RunyardError):
    """The request cannot be understood or breaks a rule; nothing was done."""


class Missing(InvalidRequest):
    """What a task names (a file, another job) is not there when its turn comes."""


class WrongState(RunyardError):
    """The thing is not in a state that allows this."""


class LimitReached(RunyardError):
    """A limit on how many may run at once is reached, and the caller did not ask to wait."""

    def __init__(self, message: str, *, job_name: str) -> None:
        super().__init__(message)
        self.job_name = job_name


class NotSupported(RunyardError):
    """This cannot be executed here; the message says why and what to do."""


class Forbidden(RunyardError):
    """The caller is known, and may not do this."""

    def __init__(self, *, user: str, role: str, need: str, action: str) -> None:
        super().__init__(
            f"{action} needs the role {need}; the credential is one of {user}, good for {role}. "
            f"An administrator can change that: `runyard users role {user} {need}`."
        )
        self.user = user
        self.role = role
        self.need = need
        self.action = action


class LedgerUnavailable(RunyardError):
    """The ledger could not be read or written; nothing of the request was recorded."""
