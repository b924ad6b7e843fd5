"""The firmware's folders on the path, as they are on the board; and the simulation that runs on every interpreter."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
for folder in (ROOT / "firmware/interlock", Path(__file__).parent / "simulation"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
