"""Telling a server of a run whose work is done here: from a thread, so that the work never waits for it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from runyard.client.errors import CallFailed, ClientError
from runyard.client.native import NativeClient, Record

LEASE_S = 60.0
"""The server takes us for dead when it has heard nothing for so long."""
HEARTBEAT_S = 5.0  # also how soon a stop on the server is heard of
AGAIN_S = 1.0
LAST_WORD_S = 10.0
HAS_ENDED = "wrong_state"


class Recording:
    """One run on the server. What cannot be told now is told later; the newest word of each execution is enough."""

    def __init__(
        self, client: NativeClient, name: str, tasks: Sequence[str], *, verdict: str, settings: Mapping[str, Any]
    ) -> None:
        run = client.record(name, tasks, verdict=verdict, settings=settings, lease_s=LEASE_S)
        self.run_id: int = run["id"]
        self.is_over = False  # it has ended on the server: somebody stopped it there, or we were silent too long
        self.trouble = ""  # why something could not be told
        self._client = client
        self._untold: dict[tuple[str, int], Record] = {}
        self._changed = threading.Condition()
        self._is_closing = False
        self._thread = threading.Thread(target=self._watch, name="recording", daemon=True)
        self._thread.start()

    def say(self, told: Record) -> None:
        """Tell of an execution soon; a later word of the same takes the place of this one."""
        with self._changed:
            self._untold[told["task"], told["number"]] = told
            self._changed.notify()

    def close(self) -> bool:
        """Tell the last word, and return whether the server has heard everything."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join(LAST_WORD_S)
        has_told = not (self._thread.is_alive() or self._untold or self.trouble)
        self._client.close()
        return has_told

    def _watch(self) -> None:
        while not self.is_over:
            with self._changed:
                if not (self._untold or self._is_closing):
                    self._changed.wait(HEARTBEAT_S)
                said = dict(self._untold)
                is_last = self._is_closing
            if (self._tell(said) and is_last) or (is_last and self.is_over):
                return

    def _tell(self, said: Mapping[tuple[str, int], Record]) -> bool:
        """Tell, and forget what has been told unless there is newer word of it."""
        try:
            self._client.tell(self.run_id, list(said.values()), lease_s=LEASE_S)
        except CallFailed as error:
            self.is_over = error.code == HAS_ENDED
            if not self.is_over:
                self.trouble = str(error)  # it would be refused again
        except ClientError:
            with self._changed:
                self._changed.wait(AGAIN_S)
            return False
        with self._changed:
            self._untold = {key: told for key, told in self._untold.items() if told is not said.get(key)}
            return not self._untold
