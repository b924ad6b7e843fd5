"""Whether this machine can speak: the prisoner's page says its instructions aloud where the browser finds an engine."""

from shutil import which
from typing import Final

ENGINE: Final = "speech-dispatcher"
"""The program that browsers on Linux speak through."""
SILENT: Final = (
    "no speech engine: instructions are written, not spoken"
    " (apt-get install speech-dispatcher-espeak-ng; the browser needs --enable-speech-dispatcher)"
)


def speech_missing(engine: str = ENGINE) -> str:
    """What to say when there is none; empty when there is one."""
    return "" if which(engine) else SILENT
