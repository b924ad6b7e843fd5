"""The samples are a module for these tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
