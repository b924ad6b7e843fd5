"""Versions of the message contract. Outside MIN..CURRENT a message is refused; raising CURRENT needs a frozen test."""

from typing import Final

MIN: Final = 1
CURRENT: Final = 1
