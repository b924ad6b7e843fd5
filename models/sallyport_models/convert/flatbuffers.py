"""Reads tables of the FlatBuffers format in place, by field number. A read outside the bytes raises struct.error.

A table begins with the way back to its vtable, which says where each field is (flatbuffers.dev/internals).
"""

import struct
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """A FlatBuffers table: its bytes and where it starts."""

    data: bytes
    at: int

    def field(self, index: int) -> int:
        """Position of a field, 0 when it is absent."""
        vtable = self.at - self._read("i", self.at)
        slot = 4 + 2 * index
        offset = self._read("H", vtable + slot) if slot < self._read("H", vtable) else 0
        return self.at + offset if offset else 0

    def number(self, index: int, form: str = "i", default: int = 0) -> int:
        at = self.field(index)
        return self._read(form, at) if at else default

    def table(self, index: int) -> "Table":
        at = self.field(index)
        return Table(self.data, self._follow(at)) if at else Table(b"\x04\x00\x04\x00\x04\x00\x00\x00", 4)

    def tables(self, index: int) -> list["Table"]:
        count, start = self._vector(index)
        return [Table(self.data, self._follow(start + 4 * at)) for at in range(count)]

    def numbers(self, index: int, form: str = "i") -> list[int]:
        count, start = self._vector(index)
        return list(struct.unpack_from(f"<{count}{form}", self.data, start)) if count else []

    def content(self, index: int) -> bytes:
        count, start = self._vector(index)
        return self.data[start : start + count]

    def _vector(self, index: int) -> tuple[int, int]:
        at = self.field(index)
        start = self._follow(at) if at else 0
        return (self._read("I", start), start + 4) if at else (0, 0)

    def _follow(self, at: int) -> int:
        return at + self._read("I", at)

    def _read(self, form: str, at: int) -> int:
        value: int = struct.unpack_from("<" + form, self.data, at)[0]
        return value
