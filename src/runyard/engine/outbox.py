"""Tells those outside what was recorded for them: a thread that tries until it is told or given up."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from runyard.core.ids import Ids
from runyard.core.notice import LEASE_MS, Channel, Notice, next_try_at
from runyard.engine.delivery import Undeliverable
from runyard.engine.notices import Herald, add_event, sound
from runyard.store.ledger import Ledger
from runyard.store.store import Store

log = logging.getLogger(__name__)

AT_ONCE = 50
TOGETHER = 4  # so that one destination that does not answer holds up few others
IDLE_S = 60.0


class Outbox:
    """Delivers notices; the runs they tell of never wait for it."""

    def __init__(
        self,
        store: Store,
        deliver: Callable[[Notice], None],
        *,
        heralds: Mapping[str, Herald],
        ids: Ids,
        clock: Callable[[], int],
    ) -> None:
        self._store = store
        self._deliver = deliver
        self._heralds = heralds
        self._ids = ids
        self._clock = clock
        self._wake = threading.Event()
        self._stopping = False
        self._pool = ThreadPoolExecutor(TOGETHER, thread_name_prefix="notices")
        self._thread = threading.Thread(target=self._watch, name="outbox", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def wake(self) -> None:
        """Look again: there is something new to tell."""
        self._wake.set()

    def close(self) -> None:
        """Finish what is being told; the rest waits for the next server."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._pool.shutdown()

    def _watch(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                self.do_what_is_due()
                pause = self._pause()
            except Exception:  # outermost loop of the thread: what is to be told later must be told in any case
                log.exception("notices could not be told; they are again in a second")
                pause = 1.0
            self._wake.wait(pause)

    def do_what_is_due(self) -> None:
        """Tell everything whose moment has come, and sound the alarms."""
        while not self._stopping:
            due = self._store.read(lambda ledger: ledger.untold_notices(self._clock(), AT_ONCE))
            for alarm in due:
                if alarm.channel is Channel.ALARM:
                    self._sound(alarm)
            taken = self._store.write(lambda ledger, due=due: self._take(ledger, due))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
            list(self._pool.map(self._tell, taken))
            if not due:
                return

    def _sound(self, alarm: Notice) -> None:
        self._store.write(lambda ledger: sound(ledger, self._heralds, alarm, ids=self._ids, now=self._clock()))

    def _take(self, ledger: Ledger, due: list[Notice]) -> list[Notice]:
        until = self._clock() + LEASE_MS
        letters = [notice for notice in due if notice.channel is not Channel.ALARM]
        return [
            replace(notice, tries=notice.tries + 1, due_at=until)
            for notice in letters
            if ledger.take_notice(notice, until=until)
        ]

    def _tell(self, notice: Notice) -> None:
        try:
            self._deliver(notice)
        except Undeliverable as error:
            self._in_trouble(notice, str(error), is_final=error.is_final)
        except Exception as error:  # outermost of one notice: the others must not wait for its mending
            log.exception("notice %d of run %d could not be told", notice.id, notice.run_id)
            self._in_trouble(notice, f"{type(error).__name__}: {error}", is_final=False)
        else:
            told = replace(notice, due_at=None, told_at=self._clock(), trouble=None)
            self._store.write(lambda ledger: _save(ledger, told))

    def _in_trouble(self, notice: Notice, text: str, *, is_final: bool) -> None:
        now = self._clock()
        due_at = None if is_final else next_try_at(notice.tries, now=now)
        after = replace(notice, due_at=due_at, trouble=text)

        def note(ledger: Ledger) -> None:
            _save(ledger, after)
            if due_at is None:
                detail = {"what": notice.what, "channel": notice.channel, "to": notice.address, "message": text}
                add_event(ledger, notice, "not_told", detail, id_=self._ids.next(), at=now)

        self._store.write(note)

    def _pause(self) -> float:
        at = self._store.read(lambda ledger: ledger.next_notice())
        return IDLE_S if at is None else min(max((at - self._clock()) / 1000, 0), IDLE_S)


def _save(ledger: Ledger, notice: Notice) -> None:
    """Write what became of a notice, or forget it if its run is gone."""
    if notice.due_at is None and ledger.run_anywhere(notice.run_id) is None:
        ledger.remove_notice(notice.id)
    else:
        ledger.save_notice(notice)
