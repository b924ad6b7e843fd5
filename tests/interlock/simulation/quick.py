"""Plays random schedules in a process of its own: `quick.py FIRST COUNT` prints what happened in them, as JSON.

CPython's own CRC and HMAC stand in for the wire's, which are byte loops: the same values (tests/wire), a third of the
time. Everything else is the shipped firmware, unchanged.
"""

import binascii
import hmac
import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "firmware/interlock"), str(ROOT / "protocol")]


def main() -> None:
    import schedules

    from sallyport_interlock import once
    from sallyport_wire import frames

    frames.crc16 = lambda data: binascii.crc_hqx(data, 0xFFFF)
    frames.hmac_sha256 = once.hmac_sha256 = lambda key, message: hmac.digest(key, message, "sha256")
    print(json.dumps(schedules.run_many(int(sys.argv[1]), int(sys.argv[2]))))


if __name__ == "__main__":
    main()
