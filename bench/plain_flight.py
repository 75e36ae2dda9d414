"""A server of pyarrow.flight and nothing else: one Parquet file, from the disk and from memory."""

from __future__ import annotations

import sys
from typing import Any

import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyarrow import flight


class Plain(flight.FlightServerBase):  # type: ignore[misc]  # pyarrow has no types
    def __init__(self, file: str) -> None:
        super().__init__("grpc+tcp://127.0.0.1:0")
        self.file = file
        self.table = pq.read_table(file)

    def do_get(self, _: Any, ticket: Any) -> Any:
        if ticket.ticket == b"memory":
            return flight.RecordBatchStream(self.table)
        return flight.RecordBatchStream(ds.dataset(self.file).scanner().to_reader())


if __name__ == "__main__":
    server = Plain(sys.argv[1])
    print(server.port, flush=True)
    server.serve()
