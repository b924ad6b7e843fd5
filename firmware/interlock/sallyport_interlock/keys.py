"""The board's two keys: loaded by cable only, with a higher epoch, and the old ones erased.

`commission` runs over the board's USB port with the box open (`import sallyport_interlock.keys`), never over the UART:
no message of the serial protocol can reach it.
"""

import struct

from sallyport_interlock import journal, once
from sallyport_interlock.pages import Pages

RECORD = ">I16s32s32s"  # epoch, lane, down key, up key
RECORD_BYTES = 84


def logs(flash) -> tuple:
    """The three logs in flash: single use, journal, keys."""
    return Pages(flash, 0, once.RECORD_BYTES), Pages(flash, 2, journal.RECORD_BYTES), Pages(flash, 4, RECORD_BYTES)


def load(log) -> tuple:
    """(epoch, lane, down key, up key); ValueError when there are none."""
    newest = None
    for _, newest in log.records():
        pass
    if newest is None:
        raise ValueError("no keys: load them by cable")
    return struct.unpack(RECORD, newest)


def commission(flash, epoch: int, lane: bytes, down_key: bytes, up_key: bytes) -> None:
    """Load keys; on a blank board begin its counters, which outlive rekeying. ValueError if the epoch does not rise."""
    if len(lane) != 16 or len(down_key) != 32 or len(up_key) != 32 or down_key == up_key:
        raise ValueError("a lane has 16 bytes and the two keys, which differ, have 32 each")
    once_log, _, log = logs(flash)
    if not 0 < epoch <= 0xFFFFFFFF or (log.sequence and epoch <= load(log)[0]):
        raise ValueError("the epoch must be higher than the last one")
    if log.untidy():
        log.tidy()
    log.turn()
    log.append(struct.pack(RECORD, epoch, lane, down_key, up_key))
    log.tidy()
    if not once_log.sequence:
        once_log.append(struct.pack(once.RECORD, 0, 0, 0, 0, 0, bytes(16), 0))
