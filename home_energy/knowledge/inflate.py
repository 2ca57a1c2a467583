"""Packed bytes, unpacked within a limit: a small file may be packed out of a huge one."""

import zlib

from home_energy.errors import UnreadableDocument

_GZIP_OR_ZLIB = 47


class Inflate:
    """Unpacks gzip and zlib data that arrives in pieces, and keeps what came out."""

    def __init__(self, limit: int) -> None:
        """Raise UnreadableDocument in `feed` when more than `limit` bytes come out."""
        self._limit = limit
        self._decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
        self.data = bytearray()

    def feed(self, piece: bytes) -> None:
        """Unpack one more piece; raises UnreadableDocument."""
        while piece:
            try:
                self.data += self._decoder.decompress(piece, self._limit + 1 - len(self.data))
            except zlib.error as exc:
                raise UnreadableDocument("is packed in a way that cannot be unpacked") from exc
            if len(self.data) > self._limit:
                raise too_large(self._limit)
            piece = self._decoder.unused_data
            if self._decoder.eof and piece:
                # A file may be several packed ones, one behind the other.
                self._decoder = zlib.decompressobj(_GZIP_OR_ZLIB)

    def finish(self) -> bytes:
        """Return everything; raises UnreadableDocument when the end is missing."""
        if not self._decoder.eof:
            raise UnreadableDocument("broke off before its end")
        return bytes(self.data)


def inflate(data: bytes, limit: int) -> bytes:
    """Unpack a whole file; raises UnreadableDocument."""
    unpacking = Inflate(limit)
    unpacking.feed(data)
    return unpacking.finish()


def too_large(limit: int) -> UnreadableDocument:
    """Say that something is larger than `limit` bytes."""
    size = f"{limit // 1024**2} MB" if limit >= 1024**2 else f"{limit:,} bytes"
    return UnreadableDocument(f"larger than {size}")
