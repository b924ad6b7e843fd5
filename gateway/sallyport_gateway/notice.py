"""Something that officers must be told."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Notice:
    """An alarm's code and its sentence; `prison` None: of the whole estate."""

    code: str
    sentence: str
    prison: str | None = None
