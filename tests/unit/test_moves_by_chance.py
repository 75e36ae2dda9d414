from __future__ import annotations

from contextlib import closing

from chance import play
from graphs import UNHURRIED
from hypothesis import given
from hypothesis import strategies as st

from runyard.store.store import open_store


@UNHURRIED
@given(st.data())
def test_whatever_happens_in_whatever_order_the_ledger_stays_true(data: st.DataObject) -> None:
    with closing(open_store("sqlite://")) as one, closing(open_store("sqlite://")) as forgetful:
        play(data, one, forgetful, steps=40)
