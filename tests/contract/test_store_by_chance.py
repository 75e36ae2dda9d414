from __future__ import annotations

from contextlib import closing

from chance import play
from hypothesis import given, settings
from hypothesis import strategies as st
from postgres_server import PostgresServer

from runyard.store.store import open_store


@settings(deadline=None, max_examples=10)
@given(st.data())
def test_the_same_events_leave_the_same_rows_in_each_database(postgres: PostgresServer, data: st.DataObject) -> None:
    with closing(open_store("sqlite://")) as one, closing(open_store(postgres.new_database())) as other:
        play(data, one, other, steps=25)
