"""Grant to strike, in ms: from the grant on the pseudo-terminal to the energised strike; and the time of a start.

python bench/interlock.py [--visits N]
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from sallyport_rig.interlock_board import InterlockBoard
from sallyport_rig.interlock_host import InterlockHost
from sallyport_rig.interlock_keys import BoardKeys
from sallyport_wire import messages as wire

KEYS = BoardKeys(1, "MDI-LANE-1", bytes(range(1, 33)), bytes(range(101, 133)))


def visit(board: InterlockBoard, host: InterlockHost, number: int) -> tuple[float, float]:
    """(request to nonce, grant to strike) in ms; the pair's line then ends the opening at once."""
    transitions = board.transitions()
    asked = time.monotonic()
    host.ask(number.to_bytes(16, "big"))
    shown = host.hear(wire.NONCE)
    nonce_ms = (time.monotonic() - asked) * 1000
    granted = time.monotonic()
    host.grant(shown)
    while (transition := transitions.get(timeout=5)).name != "strike":
        pass
    strike_ms = (transition.t - granted) * 1000
    board.set_input("peer_free", False)
    board.wait_for("strike", False, 5)
    board.set_input("peer_free", True)
    time.sleep(1.1)  # the rate limit
    return nonce_ms, strike_ms


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--visits", type=int, default=30)
    visits = parser.parse_args().visits
    with (
        tempfile.TemporaryDirectory() as directory,
        InterlockBoard(Path(directory), KEYS) as board,
        InterlockHost(board.serial_path, KEYS) as host,
    ):
        boot = host.hear(wire.BOOT)
        nonces, strikes = zip(*[visit(board, host, n) for n in range(visits)], strict=True)
        starts = []
        for _ in range(5):
            start = time.monotonic()
            board.restart()
            host.hear(wire.BOOT)
            starts.append((time.monotonic() - start) * 1000)
    worst = sorted(strikes)
    print(f"visits                     {visits}")
    print(f"open request to nonce      {statistics.median(nonces):6.1f} ms median")
    print(f"grant to strike energised  {statistics.median(strikes):6.1f} ms median, ", end="")
    print(f"{worst[int(visits * 0.95)]:.1f} ms p95, {worst[-1]:.1f} ms at most (bar: 20 ms median)")
    print(f"power to BOOT              {statistics.median(starts):6.1f} ms median")
    free = boot.free / 1024
    print(f"free heap at BOOT          {free:6.1f} KiB of 128 KiB, beside the simulator's own 7 KiB: ", end="")
    print(f"{(free + 7) / 1.28:.0f} % without them (bar: 60 %)")


if __name__ == "__main__":
    main()
