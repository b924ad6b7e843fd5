# ruff: noqa: PTH123, SIM115, B905
# The flash of the simulated board, in the file SALLYPORT_FLASH. As NOR flash does, programming only clears bits.
# SALLYPORT_CUT "n how": the power fails at the n-th program or erase from start; how is "before", "torn", "after".

import os

import machine

_PAGE = 4096
_BYTES = 24576
_file = open(os.getenv("SALLYPORT_FLASH"), "r+b")
_cut_at, _how = (os.getenv("SALLYPORT_CUT") or "0 no").split(" ")
_operations = 0


def _write(at, data):
    """One operation on the chip, whole, or not, or half."""
    global _operations
    _operations += 1
    cut = _operations == int(_cut_at)
    if cut and _how == "before":
        machine.cut()
    _file.seek(at)
    if cut and _how == "torn":  # half of the bytes that change
        old = _file.read(len(data))
        changed = [n for n in range(len(data)) if data[n] != old[n]]
        half = changed[len(changed) // 2] if changed else 0
        data = data[:half]
        _file.seek(at)
    _file.write(data)
    _file.flush()
    if cut:
        machine.cut()


class Flash:
    def __init__(self, start=0, len=_BYTES):
        self._start = start
        self._len = len

    def readblocks(self, block, data, offset=0):
        _file.seek(self._start + block * _PAGE + offset)
        _file.readinto(data)

    def writeblocks(self, block, data, offset):
        assert offset % 256 == 0 and len(data) % 256 == 0
        old = bytearray(len(data))
        self.readblocks(block, old, offset)
        _write(self._start + block * _PAGE + offset, bytes([a & b for a, b in zip(old, data)]))

    def ioctl(self, what, block):
        if what == 4:
            return self._len // _PAGE
        if what == 6:
            _write(self._start + block * _PAGE, b"\xff" * _PAGE)
            return 0
