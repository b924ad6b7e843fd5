"""Versions of the message contract. A version outside MIN..CURRENT is refused; raising CURRENT needs a new frozen test."""

from typing import Final

MIN: Final = 1
CURRENT: Final = 1
