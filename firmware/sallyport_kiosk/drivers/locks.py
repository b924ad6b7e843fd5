"""Which line leads to the interlock: `serial:/dev/ttyAMA0?baud=115200`."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from sallyport_kiosk.drivers.device_uri import DeviceUri
from sallyport_kiosk.drivers.lock_line import BAUD, UartLockLine
from sallyport_protocol.errors import MalformedError

KINDS: Final = {"serial": ("baud",)}


def make_lock_line(uri: str, home: Path = Path(), on_state: Callable[[bool, str], None] | None = None) -> UartLockLine:
    """The line of `uri`, not yet started; paths are relative to `home`. Raises MalformedError."""
    name = DeviceUri.parse(uri, KINDS)
    baud = name.number("baud", BAUD)
    if not 1_200 <= baud <= 4_000_000:
        raise MalformedError(f"{uri!r}: baud is 1200 to 4000000")
    return UartLockLine(str(name.path(home)), baud, on_state)
