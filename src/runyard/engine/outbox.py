"""Tells those outside what was recorded for them: a thread that tries until it is told or given up."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from runyard.core.ids import Ids
from runyard.core.notice import LEASE_MS, Channel, Notice, next_try_at
from runyard.engine.delivery import Undeliverable
from runyard.engine.notices import Herald, add_event, sound
from runyard.engine.watcher import Watcher
from runyard.store.ledger import Ledger
from runyard.store.store import Store

log = logging.getLogger(__name__)

AT_ONCE = 50
TOGETHER = 4  # so that one destination that does not answer holds up few others


class Outbox(Watcher):
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
        super().__init__("outbox", clock=clock)
        self._store = store
        self._deliver = deliver
        self._heralds = heralds
        self._ids = ids
        self._pool = ThreadPoolExecutor(TOGETHER, thread_name_prefix="notices")

    def close(self) -> None:
        """Finish what is being told; the rest waits for the next server."""
        super().close()
        self._pool.shutdown()

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

    def due_at(self) -> int | None:
        """Return when the next notice is to be told."""
        return self._store.read(lambda ledger: ledger.next_notice())

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


def _save(ledger: Ledger, notice: Notice) -> None:
    """Write what became of a notice, or forget it if its run is gone."""
    if notice.due_at is None and ledger.run_anywhere(notice.run_id) is None:
        ledger.remove_notice(notice.id)
    else:
        ledger.save_notice(notice)
