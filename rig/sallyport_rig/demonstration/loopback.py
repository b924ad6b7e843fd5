"""What the demonstration takes from its own machine."""

import json
import random
import socket
from pathlib import Path
from typing import Final

from sallyport_protocol.errors import RoadError
from sallyport_rig.interlock_keys import BoardKeys

_OURS: Final = range(20_000, 32_000)


def free_port() -> int:
    """A loopback port that nobody has at this moment, and that no outgoing connection is given later.

    Systems give outgoing connections ports from 32768 (Linux) or 49152 (IANA) up, so ours lie below. Raises RoadError.
    """
    for port in random.sample(_OURS, len(_OURS)):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RoadError(f"no port from {_OURS.start} to {_OURS.stop} is free on 127.0.0.1; end some of the programs there")


def read_board_keys(path: Path) -> BoardKeys:
    """The keys that the provisioner made for one board: what is loaded by cable."""
    keys = json.loads(path.read_text())
    return BoardKeys(keys["epoch"], keys["lane"], bytes.fromhex(keys["key_down"]), bytes.fromhex(keys["key_up"]))
