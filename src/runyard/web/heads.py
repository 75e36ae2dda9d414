"""How long the head of a request may be: uvicorn alone would keep one of any length, from anybody."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LONGEST_HEAD = 64 * 1024  # bytes that are no body and end no head; of a head behind a body, from its second piece on
TOO_LONG = b"The head of the request is longer than any that this server answers."
REFUSAL = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\n\r\n%b" % (len(TOO_LONG), TOO_LONG)
)


class BoundedHeads(HttpToolsProtocol):
    """One connection, which ends where much comes and neither a head is whole nor a piece of a body is there."""

    _length = 0  # bytes since a head began, or since a head or a piece of a body was there
    _has_moved = False  # in this piece a head was whole, or something of a body was there

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        self._has_moved = False
        super().data_received(data)
        self._length = 0 if self._has_moved else self._length + len(data)
        if self._length > LONGEST_HEAD and not self.transport.is_closing():
            if self.cycle is None or self.cycle.response_complete:
                self.transport.write(REFUSAL)
            self.transport.close()

    def on_headers_complete(self) -> None:
        """Have a whole head."""
        self._has_moved = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Have a piece of a body."""
        self._has_moved = True
        super().on_body(body)
