"""The simulated interlock board as a process: JSON lines in and out.

Out: {"serial": "/dev/pts/3"} first, then {"t": 12.3, "pin": "strike", "level": true} for every transition.
In: {"set": {"door_closed": false}}, {"jam": true}, {"line": "pulled"}, {"kill": true}, {"restart": true};
end of input ends the board.
"""

import argparse
import json
import queue
import sys
import threading
from pathlib import Path

from sallyport_rig.doorway import Walk
from sallyport_rig.interlock_board import InterlockBoard, Transition
from sallyport_rig.interlock_keys import BoardKeys


def _print(board: InterlockBoard, transitions: "queue.SimpleQueue[Transition]") -> None:
    print(json.dumps({"serial": board.serial_path}), flush=True)
    while True:
        transition = transitions.get()
        print(json.dumps({"t": transition.t, "pin": transition.name, "level": transition.level}), flush=True)


def _complain(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def obey(board: InterlockBoard, order: dict[str, object]) -> None:
    """Do what one line asks; ValueError for an unknown order."""
    for word, value in order.items():
        if word == "set" and isinstance(value, dict):
            for name, level in value.items():
                board.set_input(name, bool(level))
        elif word == "jam":
            board.jam_bolt(bool(value))
        elif word == "line":
            board.line = str(value)
        elif word == "kill":
            board.kill()
        elif word == "restart":
            board.restart()
        else:
            raise ValueError(f"unknown order {word}")


def main() -> None:
    """Run one board until standard input ends."""
    parser = argparse.ArgumentParser(description="A simulated interlock board running the shipped firmware.")
    parser.add_argument("--dir", type=Path, required=True, help="holds flash.bin, the uart link and console.log")
    parser.add_argument("--keys", type=Path, help='JSON {"epoch", "lane", "down", "up"} (keys in hex), for a new board')
    parser.add_argument("--walk", action="store_true", help="a person opens the door 1 s after the strike")
    options = parser.parse_args()
    keys = None
    if options.keys:
        raw = json.loads(options.keys.read_text())
        keys = BoardKeys(raw["epoch"], raw["lane"], bytes.fromhex(raw["down"]), bytes.fromhex(raw["up"]))
    with InterlockBoard(options.dir, keys, walk=Walk() if options.walk else None, log=_complain) as board:
        printer = threading.Thread(target=_print, args=(board, board.transitions()), daemon=True)
        printer.start()
        for line in sys.stdin:
            try:
                obey(board, json.loads(line))
            except (ValueError, KeyError) as error:
                _complain(f"not understood: {error}")


if __name__ == "__main__":
    main()
