"""The bodies of answers as they were before they were compressed, within the same limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from runyard.arazzo.http.incoming import Broken, too_large

GZIP = 31
ZLIB = 15
RAW = -15
DEFLATED = 8
GZIP_BEGINS = b"\x1f\x8b"


def decoded(data: bytes, codings: str, *, largest: int) -> bytes:
    """Return a body as its header Content-Encoding says; refuse one that is larger than it may be then."""
    for coding in reversed(codings.split(",")):
        if data and (decode := CODINGS.get(coding.strip())):
            data = decode(data, largest)
    return data


def _gunzipped(data: bytes, largest: int) -> bytes:
    """Return what the members of a gzip file hold, one behind the other."""
    whole = bytearray()
    while data.startswith(GZIP_BEGINS):
        piece, data = _inflated(data, GZIP, largest - len(whole))
        whole += piece
    return bytes(whole)


def _undeflated(data: bytes, largest: int) -> bytes:
    """Return what was deflated: as the standard says, or without its header as some servers do."""
    has_header = data[0] & 0x0F == DEFLATED and int.from_bytes(data[:2]) % 31 == 0
    return _inflated(data, ZLIB if has_header else RAW, largest)[0]


def _inflated(data: bytes, bits: int, largest: int) -> tuple[bytes, bytes]:
    import zlib  # noqa: PLC0415  # many answers are not compressed

    engine = zlib.decompressobj(bits)
    try:
        whole = engine.decompress(data, largest + 1)
    except zlib.error as error:
        raise Broken(f"its body is not compressed as its headers say ({error})") from error
    if len(whole) > largest:
        raise too_large(largest)
    if not engine.eof:
        raise Broken("its compressed body ends too early")
    return whole, engine.unused_data


CODINGS: Mapping[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzipped,
    "x-gzip": _gunzipped,
    "deflate": _undeflated,
}
