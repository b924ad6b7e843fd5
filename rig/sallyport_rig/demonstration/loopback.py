"""What the demonstration takes from its own machine."""

import json
import socket
from pathlib import Path

from sallyport_rig.interlock_keys import BoardKeys


def free_port() -> int:
    """A loopback port that nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def read_board_keys(path: Path) -> BoardKeys:
    """The keys that the provisioner made for one board: what is loaded by cable."""
    keys = json.loads(path.read_text())
    return BoardKeys(keys["epoch"], keys["lane"], bytes.fromhex(keys["key_down"]), bytes.fromhex(keys["key_up"]))
