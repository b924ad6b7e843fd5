"""A log of small records in two flash pages that survives a power cut at any write.

A record is `sequence u32 | payload | check 8`, the check the first 8 bytes of SHA-256 over the rest: a torn record is
no record. Records fill one page, then the other, which `tidy` has erased in advance. A write is read back.
The flash door: `read(page, at, size)`, `program(page, at, data)` (clears bits only), `erase(page)` (sets all bits).
"""

import hashlib
import struct

PAGE_BYTES = 4096
FRAMING = 12
PIECE = 256


class FlashError(Exception):
    """A write or an erase did not take, or found no room. A restart makes room; if that fails, replace the board."""


class Pages:
    """Two pages, `first` and `first + 1`, of records whose payloads have `size` bytes."""

    def __init__(self, flash, first: int, size: int) -> None:
        self._flash = flash
        self._first = first
        self._slot = size + FRAMING
        self._slots = PAGE_BYTES // self._slot
        self._filled = [self._used(0), self._used(1)]  # slots of each page that are not blank; torn ones count
        self._page = 0  # that of the newest record
        self.sequence = 0  # of the newest record; 0 when there is none
        for page in (0, 1):
            for sequence, _ in self._scan(page):
                if sequence > self.sequence:
                    self.sequence, self._page = sequence, page

    def _read(self, page: int, at: int, size: int) -> bytes:
        return self._flash.read(self._first + page, at, size)

    def _scan(self, page: int):
        """Yields (sequence, payload) of each valid record of a page, in order."""
        for slot in range(self._filled[page]):
            raw = self._read(page, slot * self._slot, self._slot)
            if _check(raw[:-8]) == raw[-8:]:
                yield struct.unpack(">I", raw[:4])[0], raw[4:-8]

    def _used(self, page: int) -> int:
        """Slots up to the last that is not blank, read in small pieces: the heap has no large ones to spare."""
        end = self._slots * self._slot
        while end:
            start = max(0, end - PIECE)
            written = self._read(page, start, end - start).rstrip(b"\xff")
            if written:
                return (start + len(written) + self._slot - 1) // self._slot
            end = start
        return 0

    def records(self):
        """Yields (sequence, payload) of the valid records, oldest first; a gap in the sequence was erased."""
        for page in (1 - self._page, self._page):
            yield from self._scan(page)

    def untidy(self) -> bool:
        """Whether the other page waits to be erased."""
        return self._filled[1 - self._page] > 0

    def tidy(self) -> None:
        """Erase the page that does not hold the newest record. Stalls for up to 0.4 s: only when locked and idle."""
        self._flash.erase(self._first + 1 - self._page)
        if self._used(1 - self._page):
            raise FlashError("a flash page did not erase")
        self._filled[1 - self._page] = 0

    def room(self) -> int:
        """Records that can be written before the next `tidy`."""
        return self._slots - self._filled[self._page] + (0 if self.untidy() else self._slots)

    def turn(self) -> None:
        """Let the next record go to the other page."""
        self._filled[self._page] = self._slots

    def append(self, payload: bytes) -> None:
        """Write a record; when this returns, it is in flash. FlashError if there is no room or the write was lost."""
        if self._filled[self._page] == self._slots:
            if self.untidy():
                raise FlashError("the flash log is full: it is tidied when the door is locked and idle")
            self._page = 1 - self._page
        raw = struct.pack(">I", self.sequence + 1) + payload
        raw += _check(raw)
        at = self._filled[self._page] * self._slot
        self._filled[self._page] += 1
        self._flash.program(self._first + self._page, at, raw)
        if self._read(self._page, at, self._slot) != raw:
            raise FlashError("a flash write was lost")
        self.sequence += 1


def _check(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()[:8]
