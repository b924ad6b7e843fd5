"""Which firmware an interlock is to run: the files that go onto a board, and the digest that a board states of them."""

import re
from hashlib import sha256
from pathlib import Path
from typing import Final

from sallyport_protocol.errors import RoadError

_TREE: Final = Path(__file__).parents[2]
_PACKED: Final = Path(__file__).parents[1] / "sallyport_firmware"
"""Where the wheel has them: the same folders below this one."""
_FIRMWARE, _PROTOCOL = "firmware/interlock", "protocol"


def shipped() -> dict[str, Path]:
    """Name on the board to file here, in the order of the digest (`identity.FILES`). Raises RoadError."""
    root = next((each for each in (_TREE, _PACKED) if (each / _FIRMWARE / "main.py").is_file()), None)
    if root is None:
        raise RoadError("the interlock's firmware is not here; install Sallyport again, or work in its source tree")
    identity = root / _FIRMWARE / "sallyport_interlock/identity.py"
    listed = identity.read_text().split("FILES = (")[1].split(")")[0]
    names = re.findall(r'"([^"]+)"', listed)
    return {name: root / (_PROTOCOL if name.startswith("sallyport_wire/") else _FIRMWARE) / name for name in names}


def firmware_digest() -> bytes:
    """What a board with these files states in BOOT and STATUS; 32 bytes. Raises RoadError."""
    whole = sha256()
    for name, path in shipped().items():
        whole.update(name.encode() + b"\0" + sha256(path.read_bytes()).digest())
    return whole.digest()
